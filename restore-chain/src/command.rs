//! An argument vector, and its text for a POSIX shell.

use std::fmt;

/// A program with its arguments, run without a shell.
///
/// Displayed, it is one line for a POSIX shell, quoted so that every argument survives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Command(Vec<String>);

impl Command {
    /// A program with its arguments.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, word: impl fmt::Display) -> Self {
        self.0.push(word.to_string());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.0.extend(words.into_iter().map(Into::into));
        self
    }

    /// Carried elsewhere by other words, such as `["ssh", "backup@nas-1"]`; without any, it stays here. `ssh` makes one line of all
    /// that follows, for a shell there (ssh(1)): that one gets words that survive it.
    #[must_use]
    pub fn through(&self, transport: &[String]) -> Self {
        let there = Self::new(transport.iter().cloned());
        if transport.iter().any(|word| word.rsplit('/').next() == Some("ssh")) {
            return there.args(self.0.iter().map(|word| Quoted(word).to_string()));
        }
        there.args(self.0.iter().cloned())
    }

    /// The program and its arguments.
    pub fn argv(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, word) in self.0.iter().enumerate() {
            let blank = if n > 0 { " " } else { "" };
            write!(f, "{blank}{}", Quoted(word))?;
        }
        Ok(())
    }
}

/// A word that a POSIX shell reads as exactly this text (POSIX.1-2024, shell, 2.2.2 single-quotes).
struct Quoted<'w>(&'w str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+=.,:/@%#".contains(&b);
        if !self.0.is_empty() && !self.0.starts_with('#') && self.0.bytes().all(plain) {
            return f.write_str(self.0);
        }
        write!(f, "'{}'", self.0.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    /// What `sh` makes of the line are the arguments.
    #[test]
    fn a_shell_reads_back_every_word() {
        let words = [
            "",
            "a b",
            "it's",
            "$HOME `id` \\ \"",
            "new\nline",
            "*?[",
            "~",
            "#x",
            "é",
            "-o",
            "a#b",
        ];
        let line = Command::new(["printf", "%s|"]).args(words).to_string();
        let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            words.map(|w| format!("{w}|")).concat(),
            "{line}"
        );
    }
}
