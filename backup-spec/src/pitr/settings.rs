//! What postgresql.conf has to say.

use std::fmt::Write;

use super::{Pitr, Tool};

/// A word for the shell that PostgreSQL runs `archive_command` with, where `%` is PostgreSQL's own.
fn word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+=.,:/@%".contains(&byte);
    let quoted = if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    };
    quoted.replace('%', "%%")
}

impl Pitr {
    /// `archive_command`: a line for a shell, in which PostgreSQL replaces `%p` by the path of the segment.
    pub fn archive_command(&self) -> String {
        let argv = match &self.tool {
            Tool::Barman(barman) => barman.archive(),
            Tool::PgBackRest(tool) => tool.archive(),
        };
        let words: Vec<String> = argv.iter().map(|argument| word(argument)).collect();
        format!("{} %p", words.join(" "))
    }

    /// The settings, in the order of their names, with their plain values.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("archive_command", self.archive_command()),
            ("archive_mode", "on".to_owned()),
            // A number without a unit is in seconds.
            ("archive_timeout", self.archive_timeout.as_secs().to_string()),
            ("wal_level", "replica".to_owned()),
        ];
        settings.extend(self.max_wal_senders.map(|count| ("max_wal_senders", count.to_string())));
        settings.sort_unstable();
        settings
    }

    /// The same as lines of postgresql.conf, values in quotes.
    pub fn postgresql_conf(&self) -> String {
        let mut text = String::new();
        for (name, value) in self.settings() {
            // Within quotes, PostgreSQL reads backslash sequences.
            let value = value.replace('\\', r"\\").replace('\'', "''");
            let _ = writeln!(text, "{name} = '{value}'");
        }
        text
    }
}
