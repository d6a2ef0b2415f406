//! Words for a POSIX shell.

/// A word that a POSIX shell reads as exactly `word` (POSIX.1-2024, shell, 2.2.2 single-quotes).
pub fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+=.,:/@%".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A command line that a POSIX shell splits into exactly these words.
pub fn line<S: AsRef<str>>(words: &[S]) -> String {
    let mut line = String::new();
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            line.push(' ');
        }
        line.push_str(&quoted(word.as_ref()));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::line;

    /// What `sh` makes of the line is the words.
    #[test]
    fn a_shell_reads_back_every_word() {
        let words =
            ["", "a b", "it's", "$HOME `id` \\ \"", "new\nline", "*?[", "~", "#x", "é", "-o", "!x"];
        let script = format!("printf '%s\\0' {}", line(&words));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let wanted: String = words.iter().flat_map(|word| [*word, "\0"]).collect();
        assert_eq!(output.stdout, wanted.as_bytes(), "{script}");
    }
}
