//! tmpfiles.d(5), as `systemd-tmpfiles` 252 reads it.
//!
//! A line is words, and then an argument that reaches to the line's end. A word may stand in double quotes, where `\`
//! makes the next byte itself and nothing else: `\x20` in a path is `x20`, whatever the manual page's mention of
//! escapes suggests. An argument knows the escapes of C and no quotes. In both, `%` begins a specifier.

use crate::escape::{Inexpressible, NotEscaped};
use crate::path::AbsolutePath;

const FORMAT: &str = "tmpfiles.d";

/// A path as the second word of a line.
///
/// ```
/// use impermanence_model::{AbsolutePath, escape::tmpfiles};
///
/// let path = AbsolutePath::new("/srv/it's 100%")?;
/// assert_eq!(tmpfiles::path(&path)?, br#""/srv/it's 100%%""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A line break has no form in a path.
pub fn path(path: &AbsolutePath) -> Result<Vec<u8>, Inexpressible> {
    let bytes = path.as_bytes();
    if bytes.iter().any(|byte| b"\n\r".contains(byte)) {
        let why = "a path is a word of one line, and no escape stands for a line break";
        return Err(Inexpressible { value: bytes.to_vec(), format: FORMAT, why });
    }
    let mut word = Vec::with_capacity(bytes.len() + 2);
    word.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => word.extend([b'\\', byte]),
            b'%' => word.extend(b"%%"),
            _ => word.push(byte),
        }
    }
    word.push(b'"');
    Ok(word)
}

/// The path of a word that [`path`] wrote.
pub fn read_path(word: &[u8]) -> Result<AbsolutePath, NotEscaped> {
    let refuse = |why| not(word, "a quoted path of tmpfiles.d", why);
    let [b'"', inner @ .., b'"'] = word else {
        return Err(refuse("it stands in double quotes"));
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, after) = match (first, tail) {
            (b'"', _) => return Err(refuse("a quote inside is behind a backslash")),
            (b'\\', [next, after @ ..]) => (*next, after),
            (b'%', [b'%', after @ ..]) => (b'%', after),
            (b'\\' | b'%', _) => {
                return Err(refuse("a backslash escapes, a percent sign is doubled"));
            }
            _ => (first, tail),
        };
        bytes.push(byte);
        rest = after;
    }
    AbsolutePath::new(bytes).map_err(|_| refuse("it is no absolute path in normal form"))
}

/// A value as the argument of a line, such as the target of a symbolic link.
///
/// Every byte has a form here.
pub fn argument(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    for &byte in value {
        match byte {
            b'%' => text.extend(b"%%"),
            b'\\' => text.extend(br"\\"),
            // Blanks at either end would be stripped; a lone `-` means no argument, and starts no path.
            0..=b' ' | 0x7f => text.extend(format!("\\x{byte:02x}").into_bytes()),
            _ => text.push(byte),
        }
    }
    text
}

/// The value of an argument that [`argument`] wrote.
pub fn read_argument(text: &[u8]) -> Result<Vec<u8>, NotEscaped> {
    let mut value = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, after) = match (first, tail) {
            (b'%', [b'%', after @ ..]) => (b'%', after),
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [b'x', high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => {
                    return Err(not(text, ARGUMENT, "`\\x` is followed by two hexadecimal digits"));
                }
            },
            (b'\\' | b'%', _) => {
                return Err(not(text, ARGUMENT, "`\\` and `%` are doubled, or begin `\\x`"));
            }
            _ => (first, tail),
        };
        value.push(byte);
        rest = after;
    }
    Ok(value)
}

const ARGUMENT: &str = "an argument of tmpfiles.d";

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn not(text: &[u8], of: &'static str, why: &'static str) -> NotEscaped {
    NotEscaped { text: String::from_utf8_lossy(text).into_owned(), of, why }
}
