//! Fields of fstab(5), which the kernel's mount tables share: a byte that would end the field is `\` and three octal
//! digits.
//!
//! Two readers matter, and they differ. libmount (`mount`, `findmnt`) takes any three octal digits; glibc's
//! `getmntent` (`systemd-fstab-generator` 252) takes `\040`, `\011`, `\012` and `\134` alone. Only these four are
//! written, so that both read the same.

use std::borrow::Cow;

/// The bytes that both readers know by their octal form: they separate fields, end lines, or begin an escape.
const ESCAPED: [u8; 4] = *b" \t\n\\";

/// A value as a field of fstab.
///
/// ```
/// use impermanence_model::escape::fstab;
///
/// assert_eq!(fstab::field(b"/srv/a b").as_ref(), br"/srv/a\040b");
/// assert_eq!(fstab::read(br"/srv/a\040b").as_ref(), b"/srv/a b");
/// ```
///
/// A field has at least one byte, and the first of a line does not begin with `#`: both hold for absolute paths.
pub fn field(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.iter().any(|byte| ESCAPED.contains(byte)) {
        return Cow::Borrowed(value);
    }
    let mut field = Vec::with_capacity(value.len() + 8);
    for &byte in value {
        if ESCAPED.contains(&byte) {
            field.extend([b'\\', digit(byte >> 6), digit(byte >> 3), digit(byte)]);
        } else {
            field.push(byte);
        }
    }
    Cow::Owned(field)
}

/// The last octal digit of a number.
fn digit(number: u8) -> u8 {
    b'0' + (number & 7)
}

/// The value of a field, by libmount's rule: `\` and three octal digits are a byte, any other `\` is itself.
///
/// Of three digits above `\377` the last eight bits count, as in libmount 2.38.
pub fn read(field: &[u8]) -> Cow<'_, [u8]> {
    if !field.contains(&b'\\') {
        return Cow::Borrowed(field);
    }
    let mut value = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        if let [b'\\', a @ b'0'..=b'7', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] = rest {
            value.push(((a & 7) << 6) | ((b & 7) << 3) | (c & 7));
            rest = after;
        } else {
            value.push(first);
            rest = tail;
        }
    }
    Cow::Owned(value)
}

#[cfg(test)]
mod tests {
    use super::{field, read};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(value: Vec<u8>) {
            let written = field(&value);
            prop_assert!(!written.iter().any(|byte| b" \t\n".contains(byte)));
            let again = read(&written).into_owned();
            prop_assert_eq!(again, value);
        }
    }
}
