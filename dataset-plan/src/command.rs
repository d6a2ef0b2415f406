//! An argument vector, and its text for a POSIX shell.

use std::fmt;

/// A program with its arguments, to be run without a shell.
///
/// Displayed, it is one line for a POSIX shell, quoted so that every argument survives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Command(Vec<String>);

impl Command {
    /// A program with its first arguments.
    pub fn new<const N: usize>(words: [&str; N]) -> Self {
        Self(words.map(str::to_owned).into())
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = String>) -> Self {
        self.0.extend(args);
        self
    }

    pub(crate) fn arg(self, arg: impl fmt::Display) -> Self {
        self.args([arg.to_string()])
    }

    /// Arguments that are no options, even where one begins like one: a user property may be called `-:x`.
    pub(crate) fn operands(self, operands: impl IntoIterator<Item = String>) -> Self {
        let operands: Vec<String> = operands.into_iter().collect();
        let end = operands.iter().any(|operand| operand.starts_with('-'));
        self.args(end.then(|| "--".to_owned())).args(operands)
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
            write!(f, "{blank}{}", quoted(word))?;
        }
        Ok(())
    }
}

/// A word that a POSIX shell reads as exactly `word` (POSIX.1-2024, shell, 2.2.2 single-quotes).
pub(crate) fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+=.,:/@%".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    /// What `sh` makes of the quoted word is the word.
    #[test]
    fn a_shell_reads_back_every_word() {
        let words =
            ["", "a b", "it's", "$HOME `id` \\ \"", "new\nline", "*?[", "~", "#x", "é", "-o"];
        for word in words {
            let script = format!("printf %s {}", quoted(word));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(output.stdout, word.as_bytes(), "{script}");
        }
    }
}
