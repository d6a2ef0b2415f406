//! systemd unit files as data: written so that systemd reads every value back as it was meant.

use std::fmt;
use std::fmt::Write;

/// A unit file: sections of settings, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFile {
    sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    name: String,
    settings: Vec<(String, String)>,
}

/// A line that is neither a section nor a setting of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadUnitFile {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl UnitFile {
    /// Begins a section.
    #[must_use]
    pub fn section(mut self, name: &str) -> Self {
        self.sections.push(Section { name: name.to_owned(), settings: Vec::new() });
        self
    }

    /// Adds a setting to the last section, its value as it stands in the file.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl fmt::Display) -> Self {
        if let Some(section) = self.sections.last_mut() {
            section.settings.push((key.to_owned(), value.to_string()));
        }
        self
    }

    /// Adds a setting if there is a value for it.
    #[must_use]
    pub fn set_some(self, key: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// Adds a command: run as these words, whatever is in them. The program, which is the first, has a name that systemd
    /// takes: an absolute path or a name alone, without its prefixes, quotes, backslashes and control characters.
    #[must_use]
    pub fn command(self, key: &str, words: &[String]) -> Self {
        self.set(key, command(words))
    }

    /// Adds a command whose failure means nothing.
    #[must_use]
    pub fn try_command(self, key: &str, words: &[String]) -> Self {
        self.set(key, format_args!("-{}", command(words)))
    }

    /// The values of a setting, in order, as they stand in the file.
    pub fn get<'u>(&'u self, section: &'u str, key: &'u str) -> impl Iterator<Item = &'u str> {
        let sections = self.sections.iter().filter(move |s| s.name == section);
        let settings = sections.flat_map(|section| &section.settings);
        settings.filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// Reads a unit file as [`Display`](fmt::Display) writes it; comments and empty lines are passed over. Lines are not
    /// continued.
    pub fn parse(text: &str) -> Result<Self, BadUnitFile> {
        let mut unit = Self::default();
        // To systemd, these two end a line as well (`categorize_eol`, `src/basic/fileio.c`).
        let lines = text.lines().enumerate();
        let lines = lines.flat_map(|(n, line)| line.split(['\r', '\0']).map(move |line| (n, line)));
        for (n, line) in lines {
            let bad = |what| BadUnitFile { line: n + 1, what };
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                let name =
                    name.strip_suffix(']').ok_or_else(|| bad("the section is not closed"))?;
                unit = unit.section(name);
                continue;
            }
            let (key, value) = line.split_once('=').ok_or_else(|| bad("no `=`"))?;
            if unit.sections.is_empty() {
                return Err(bad("a setting before any section"));
            }
            // Of two backslashes, the first escapes the second.
            if (value.len() - value.trim_end_matches('\\').len()) % 2 == 1 {
                return Err(bad("a line that is continued"));
            }
            unit = unit.set(key, value);
        }
        Ok(unit)
    }
}

impl fmt::Display for UnitFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, section) in self.sections.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            writeln!(f, "[{}]", section.name)?;
            for (key, value) in &section.settings {
                writeln!(f, "{key}={value}")?;
            }
        }
        Ok(())
    }
}

/// A command line of a unit (systemd.service(5), "Command lines"): `:` in front turns variables off, each word is quoted where
/// it has to be. The first is a program that systemd can name: it begins with none of its prefixes.
fn command(words: &[String]) -> String {
    let mut line = String::from(":");
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            line.push(' ');
        }
        line.push_str(&quoted(word));
    }
    line
}

/// One word of a command line, or of a setting that takes a list of words: words of programs (`ExecStart=`), assignments
/// (`Environment=`), paths (`RequiresMountsFor=`). The last knows no `\xNN`, and paths have no control characters.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+=.,:/@*?[]~^!(|)".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for character in word.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '%' => text.push_str("%%"),
            '\n' => text.push_str("\\n"),
            _ if character.is_ascii_control() => {
                let _ = write!(text, "\\x{:02x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

/// The path of a setting that is one path to the end of its line, such as that of a condition: only specifiers mean something
/// in it (`config_parse_unit_condition_path` of systemd). A blank at the end would be stripped, and a backslash would continue the line, so that a `/` ends it.
pub(crate) fn whole(path: &str) -> String {
    let mut text = path.replace('%', "%%");
    if text.ends_with([' ', '\\']) {
        text.push('/');
    }
    text
}

/// The path of `EnvironmentFile=`, which is a pattern of glob(7) to the end of its line (systemd.exec(5)).
pub(crate) fn pattern(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let front = path.trim_end_matches(' ');
    for character in front.chars() {
        match character {
            '\\' | '*' | '?' | '[' => text.extend(['\\', character]),
            '%' => text.push_str("%%"),
            _ => text.push(character),
        }
    }
    // At the end of a line they would be stripped.
    text.extend(std::iter::repeat_n("[ ]", path.len() - front.len()));
    text
}

/// The words of a command line as [`UnitFile::command`] writes it, and whether its failure counts. `None` if it was not
/// written so.
pub fn read_command(line: &str) -> Option<(Vec<String>, bool)> {
    let (line, counts) = match line.strip_prefix('-') {
        Some(line) => (line, false),
        None => (line, true),
    };
    let mut rest = line.strip_prefix(':')?;
    let mut words = Vec::new();
    loop {
        let (word, after) = if let Some(inner) = rest.strip_prefix('"') {
            read_quoted(inner)?
        } else {
            let end = rest.find(' ').unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end)?;
            (word.to_owned(), after)
        };
        words.push(word);
        match after.strip_prefix(' ') {
            Some(after) => rest = after,
            None => return after.is_empty().then_some((words, counts)),
        }
    }
}

fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut rest = text;
    loop {
        let character = rest.chars().next()?;
        rest = rest.get(character.len_utf8()..)?;
        match character {
            '"' => return Some((word, rest)),
            '%' => {
                rest = rest.strip_prefix('%')?;
                word.push('%');
            }
            '\\' => {
                let escaped = rest.chars().next()?;
                rest = rest.get(escaped.len_utf8()..)?;
                match escaped {
                    '"' | '\\' => word.push(escaped),
                    'n' => word.push('\n'),
                    'x' => {
                        let (digits, after) = rest.split_at_checked(2)?;
                        word.push(char::from(u8::from_str_radix(digits, 16).ok()?));
                        rest = after;
                    }
                    _ => return None,
                }
            }
            _ => word.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let words: Vec<String> = [
            "restic", "-x", "", "a b", "100%", "$HOME", "\"\\", "a\nb\t", ";", "é", "--a=b c", "'",
        ]
        .map(String::from)
        .into();
        let unit = UnitFile::default()
            .section("Service")
            .set("Type", "oneshot")
            .command("ExecStart", &words)
            .try_command("ExecStopPost", &words)
            .section("Install");
        let read = UnitFile::parse(&unit.to_string()).unwrap();
        assert_eq!(read, unit);
        let start = read.get("Service", "ExecStart").next().unwrap();
        assert_eq!(read_command(start), Some((words.clone(), true)));
        let stop = read.get("Service", "ExecStopPost").next().unwrap();
        assert_eq!(read_command(stop), Some((words, false)));
        let escaped =
            UnitFile::default().section("Service").set("EnvironmentFile", pattern("/a\\"));
        assert_eq!(UnitFile::parse(&escaped.to_string()).as_ref(), Ok(&escaped));
        // `systemd-analyze verify` (252) says of `a=a\rb` that the line `b` has no `=`.
        let ended = UnitFile::default().section("a").set("b", "c").set("d", "e");
        assert_eq!(UnitFile::parse("[a]\r\nb=c\rd=e\r"), Ok(ended));
        for bad in ["x", "a=b", "[a]\na=a\rb\n", "[a", "[a]\nb=c\\", "[a]\nb=\\\\\\"] {
            assert!(UnitFile::parse(bad).is_err(), "{bad}");
        }
    }
}
