//! Names and values of systemd's mount units.
//!
//! A mount unit's name is made of its path, and systemd refuses the unit where the two disagree (systemd.mount(5)).
//! `/` becomes `-`, and every byte but letters, digits, `:`, `_` and `.` becomes `\x` and two hexadecimal digits; so do a
//! dash, every byte of a character beyond ASCII, and a dot at the very beginning.

use std::fmt::Write;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use super::tmpfiles::hex;
use super::{Inexpressible, NotEscaped};
use crate::path::AbsolutePath;

/// A unit's name is shorter than this, in bytes (`UNIT_NAME_MAX` in systemd's src/basic/unit-name.h).
const NAME_MAX: usize = 256;

/// The key with which systemd 249 and later shorten names that are too long (src/basic/unit-name.c).
const HASH_KEY: [u8; 16] = [
    0xec, 0xf2, 0x37, 0xfb, 0x58, 0x32, 0x4a, 0x32, 0x84, 0x9f, 0x06, 0x9b, 0x0d, 0x21, 0xeb, 0x9a,
];

/// A path as part of a unit's name: what `systemd-escape --path` prints.
///
/// ```
/// use impermanence_model::{AbsolutePath, escape::unit};
///
/// let path = AbsolutePath::new("/srv/foo-bar/ü")?;
/// assert_eq!(unit::path(&path), r"srv-foo\x2dbar-\xc3\xbc");
/// assert_eq!(unit::read_path(r"srv-foo\x2dbar-\xc3\xbc")?, path);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn path(path: &AbsolutePath) -> String {
    let bytes = path.as_bytes();
    let relative = bytes.strip_prefix(b"/").unwrap_or(bytes);
    if relative.is_empty() {
        return "-".to_owned();
    }
    let mut name = String::with_capacity(relative.len());
    for (at, &byte) in relative.iter().enumerate() {
        match byte {
            b'/' => name.push('-'),
            b'.' if at > 0 => name.push('.'),
            b':' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => name.push(char::from(byte)),
            _ => {
                let _ = write!(name, "\\x{byte:02x}");
            }
        }
    }
    name
}

/// The path of an escaped name: what `systemd-escape --unescape --path` prints.
///
/// It reads more than [`path`] writes, as systemd does: any byte that is not a backslash stands for itself, and a
/// slash may be escaped. What would decode to a path that is not in normal form is refused; so is a NUL byte,
/// at which systemd would end.
pub fn read_path(name: &str) -> Result<AbsolutePath, NotEscaped> {
    let refuse =
        |why| NotEscaped { text: name.to_owned(), of: "an escaped path of a unit's name", why };
    let mut bytes = vec![b'/'];
    let mut rest = if name == "-" { &[][..] } else { name.as_bytes() };
    if rest.is_empty() && name.is_empty() {
        return Err(refuse("the root is `-`"));
    }
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, after) = match (first, tail) {
            (b'-', _) => (b'/', tail),
            (b'\\', [b'x', high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => return Err(refuse("`\\x` is followed by two hexadecimal digits")),
            },
            (b'\\', _) => return Err(refuse("a backslash is followed by `x`")),
            _ => (first, tail),
        };
        bytes.push(byte);
        rest = after;
    }
    let path = AbsolutePath::new(bytes.clone());
    match path {
        Ok(path) if path.as_bytes() == bytes => Ok(path),
        _ => Err(refuse("it decodes to a path that is not in normal form")),
    }
}

/// The name of the mount unit of a path, with its suffix `.mount`.
///
/// One that would be too long is cut and ends in a hash of the whole, as systemd makes it: it can no longer be read
/// back, and [`is_hashed`] tells.
pub fn mount_name(path: &AbsolutePath) -> String {
    const SUFFIX: &str = ".mount";
    const DIGITS: usize = 16;
    let mut name = self::path(path);
    name.push_str(SUFFIX);
    if name.len() < NAME_MAX {
        return name;
    }
    let mut hasher = SipHasher24::new_with_key(&HASH_KEY);
    hasher.write(name.as_bytes());
    // systemd hashes the string with its end.
    hasher.write_u8(0);
    let hash = hasher.finish().to_le_bytes();
    // All of it is ASCII, so that it can be cut anywhere.
    name.truncate(NAME_MAX - 1 - "_".len() - DIGITS - SUFFIX.len());
    name.push('_');
    for byte in hash {
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(SUFFIX);
    name
}

/// Whether the path's unit has a shortened name, from which the path cannot be read.
pub fn is_hashed(path: &AbsolutePath) -> bool {
    self::path(path).len() + ".mount".len() >= NAME_MAX
}

/// A value as the right side of `What=`, `Where=` or `Options=`: the value itself, `%` doubled.
///
/// These settings know neither quotes nor escapes (systemd 252: `String is not UTF-8 clean`, `Where= setting
/// doesn't match unit name`), so that some values have no form: those with a line break, those that are not
/// UTF-8, and those that end in a blank (stripped) or a backslash (continues the line).
pub fn value(value: &[u8]) -> Result<String, Inexpressible> {
    let refuse = |why| Inexpressible { value: value.to_vec(), format: "a unit file", why };
    let Ok(text) = std::str::from_utf8(value) else {
        return Err(refuse("unit files are UTF-8"));
    };
    if text.contains(['\n', '\r']) {
        return Err(refuse("a setting is one line, and no escape stands for a line break"));
    }
    if text.ends_with([' ', '\t']) || text.starts_with([' ', '\t']) {
        return Err(refuse("blanks at either end of a setting are stripped"));
    }
    if text.ends_with('\\') {
        return Err(refuse("a backslash at the end continues the line"));
    }
    Ok(text.replace('%', "%%"))
}

/// The value of a setting that [`value`] wrote.
pub fn read_value(text: &str) -> Result<Vec<u8>, NotEscaped> {
    let mut pieces = text.split("%%");
    if pieces.any(|piece| piece.contains('%')) {
        let why = "a percent sign is doubled";
        return Err(NotEscaped { text: text.to_owned(), of: "a value without specifiers", why });
    }
    Ok(text.replace("%%", "%").into_bytes())
}

/// A value as one word of a command line (`ExecStart=`), which knows quotes and escapes: every byte but NUL has a form.
///
/// ```
/// use impermanence_model::escape::unit;
///
/// assert_eq!(unit::word(b"/srv/100% of $HOME"), r#""/srv/100%% of $$HOME""#);
/// assert_eq!(unit::word(b"/srv/\xff\n"), r#""/srv/\xff\x0a""#);
/// ```
pub fn word(value: &[u8]) -> String {
    let mut word = String::from("\"");
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => word.extend(['\\', character]),
                '%' | '$' => word.extend([character, character]),
                _ if character.is_ascii_control() => {
                    let _ = write!(word, "\\x{:02x}", u32::from(character));
                }
                _ => word.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(word, "\\x{byte:02x}");
        }
    }
    word.push('"');
    word
}

/// A path as a word of `RequiresMountsFor=`, a list whose words may stand in double quotes, where a backslash makes the next
/// byte itself and nothing else (`extract_first_word` of systemd without `EXTRACT_CUNESCAPE`).
///
/// ```
/// use impermanence_model::{AbsolutePath, escape::unit};
///
/// let path = AbsolutePath::new(r#"/srv/100% of $HOME \ ""#)?;
/// assert_eq!(unit::listed(&path)?, r#""/srv/100%% of $HOME \\ \"""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Line breaks, and what is not UTF-8, have no form.
pub fn listed(path: &AbsolutePath) -> Result<String, Inexpressible> {
    let bytes = path.as_bytes();
    let refuse = |why| Inexpressible { value: bytes.to_vec(), format: "a unit file", why };
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("unit files are UTF-8"))?;
    if text.contains(['\n', '\r']) {
        return Err(refuse("a setting is one line, and no escape stands for a line break"));
    }
    let mut word = String::with_capacity(text.len() + 2);
    word.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => word.extend(['\\', character]),
            '%' => word.push_str("%%"),
            _ => word.push(character),
        }
    }
    word.push('"');
    Ok(word)
}

/// A path as a value of its own mount unit, or of one whose path it ends with.
///
/// Where the path has no form as a [`value`], systemd can still take it from the unit's name: `%f` is the unit's path
/// (systemd.unit(5)), and `/persist%f` the same path in a store.
pub(crate) fn value_in(bytes: &[u8], unit: &AbsolutePath) -> Result<String, Inexpressible> {
    value(bytes).or_else(|literal| {
        let is_utf8 = std::str::from_utf8(unit.as_bytes()).is_ok();
        match bytes.strip_suffix(unit.as_bytes()) {
            Some(before) if is_utf8 && !is_hashed(unit) => Ok(value(before)? + "%f"),
            _ => Err(literal),
        }
    })
}
