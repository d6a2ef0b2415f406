//! `--exclude-file`: one pattern a line.

/// What makes a file unreadable to restic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Neither UTF-8 nor, by its byte order mark, UTF-16.
    #[error("line {0}: not UTF-8; write the file as UTF-8, or as UTF-16 with a byte order mark")]
    Encoding(usize),
    /// A line of 64 KiB or more.
    #[error("line {0} is longer than 65535 bytes")]
    TooLong(usize),
}

/// The longest line that restic reads, in bytes.
const LONGEST: usize = 64 * 1024 - 1;

/// The patterns of a file of them: a byte order mark and blanks around each line are dropped, and so are
/// empty lines and comments (`#` first). `$NAME` and `${NAME}` are replaced by what `variable` says, or
/// nothing; `$$` is `$`. In patterns of `--exclude` itself restic replaces nothing.
///
/// # Errors
///
/// [`FileError`]: text that restic would not read, or could not read as text.
pub fn patterns(
    file: &[u8],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<String>, FileError> {
    let text = decode(file)?;
    let mut patterns = Vec::new();
    for (nr, line) in (1..).zip(text.split('\n')) {
        if line.len() > LONGEST {
            return Err(FileError::TooLong(nr));
        }
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            patterns.push(expand(line, &variable));
        }
    }
    Ok(patterns)
}

fn decode(file: &[u8]) -> Result<String, FileError> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks_exact(2);
        // Half a character at the end is one to restic, so that its pattern is another.
        let half = (!pairs.remainder().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        let units = pairs.filter_map(|pair| pair.try_into().ok().map(unit));
        let chars = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        chars.chain(half).collect()
    };
    Ok(match file {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        rest => utf8(rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest))?,
    })
}

fn utf8(bytes: &[u8]) -> Result<String, FileError> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
        FileError::Encoding(before.split(|byte| *byte == b'\n').count())
    })?;
    Ok(text.to_owned())
}

/// As Go's `os.Expand`.
fn expand(text: &str, variable: &impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if after.is_empty() {
            expanded.push('$');
        }
        let (name, used) = name(after);
        match name {
            Some("$") => expanded.push('$'),
            Some(name) => expanded.push_str(&variable(name).unwrap_or_default()),
            // Nothing that could be a name: the `$` stays. What is no proper `${…}` is dropped.
            None if used == 0 && !after.is_empty() => expanded.push('$'),
            None => {}
        }
        rest = after.get(used..).unwrap_or_default();
    }
    expanded.push_str(rest);
    expanded
}

/// The name after a `$`, and how many bytes it takes up.
fn name(after: &str) -> (Option<&str>, usize) {
    let special = |c: u8| c.is_ascii_digit() || b"*#$@!?-".contains(&c);
    let bytes = after.as_bytes();
    match bytes {
        [b'{', c, b'}', ..] if special(*c) => (after.get(1..2), 3),
        [b'{', ..] => match after.find('}') {
            Some(1) => (None, 2),
            Some(end) => (after.get(1..end), end + 1),
            None => (None, 1),
        },
        [c, ..] if special(*c) => (after.get(..1), 1),
        _ => {
            let is_name = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
            let end = bytes.iter().take_while(|c| is_name(c)).count();
            (after.get(..end).filter(|name| !name.is_empty()), end)
        }
    }
}
