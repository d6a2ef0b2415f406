//! One property's value as declared or observed, compared by meaning.

use std::fmt;
use std::sync::Arc;

use zfs_props::display::Printed;
use zfs_props::key::PropertyName;
use zfs_props::number;
use zfs_props::property::{Property, Stored, ValueType};
use zfs_props::release::Release;
use zfs_props::value::{Value, ValueError};

/// What `encryption=on` stood for when a dataset was made, which is what is printed from then on: the second one before
/// OpenZFS 0.8.4 (`ZIO_CRYPT_ON_VALUE`, `include/sys/zio.h`).
const ENCRYPTED: [&str; 2] = ["aes-256-gcm", "aes-256-ccm"];

/// What a property is, or shall be, set to.
///
/// Two settings are equal if ZFS would store the same: `1M` and `1048576`, `gzip` and `gzip-6`,
/// quota `none` and `0`. Values of user properties are compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// The value of one of ZFS's own properties.
    Native(Value),
    /// The text of a user property; the empty text is a value too.
    User(Arc<str>),
}

impl Setting {
    /// Reads what stands right of `=` in `zfs set`.
    pub fn parse(name: &PropertyName, text: &str, release: Release) -> Result<Self, ValueError> {
        match name {
            PropertyName::Native(property) => {
                Value::parse(*property, text, release).map(Self::Native)
            }
            _ => Ok(Self::User(text.into())),
        }
    }

    /// Reads what `zfs get -p` prints; `None` for a value that this release does not know.
    pub(crate) fn observed(name: &PropertyName, text: &str, release: Release) -> Option<Self> {
        match name {
            PropertyName::Native(property) => {
                Value::from_literal(*property, text, release).ok().map(Self::Native)
            }
            _ => Some(Self::User(text.into())),
        }
    }

    /// What to write right of `=` in `zfs set`: as it was written in the declaration.
    pub fn argument(&self) -> &str {
        match self {
            Self::Native(value) => value.spelling(),
            Self::User(text) => text,
        }
    }

    /// Whether `zfs get -p` prints this. What is stored is printed in one way, so that mostly nothing
    /// has to be parsed to compare; a `false` may still be the same value as another release spelt it.
    pub(crate) fn is_printed_as(&self, raw: &[u8]) -> bool {
        self.compare(raw) == Some(true)
    }

    /// The same, where that is certain; `None`: it has to be parsed.
    fn compare(&self, raw: &[u8]) -> Option<bool> {
        let text = match self {
            Self::User(text) => return Some(text.as_bytes() == raw),
            Self::Native(value)
                if value.property() == Property::Encryption && value.word() == Some("on") =>
            {
                return ENCRYPTED.iter().any(|suite| suite.as_bytes() == raw).then_some(true);
            }
            Self::Native(value) if value.property().value_type() == ValueType::Word => {
                if value.spelling().as_bytes() == raw {
                    return Some(true);
                }
                value.word().unwrap_or_default()
            }
            Self::Native(value) => match (value.word(), value.text(), value.number()) {
                (Some(word), _, _) => word,
                (None, Some(text), _) => text,
                (None, None, number) => return Some(decimal(raw)? == number?),
            },
        };
        (text.as_bytes() == raw).then_some(true)
    }

    /// What was printed is this value, however it is spelt.
    pub(crate) fn is(&self, name: &PropertyName, raw: &[u8], release: Release) -> bool {
        self.compare(raw).unwrap_or_else(|| {
            let text = std::str::from_utf8(raw).ok();
            let printed = text.and_then(|text| Self::observed(name, text, release));
            printed.is_some_and(|printed| printed == *self)
        })
    }

    /// What `zfs get -p` prints once it is set.
    pub(crate) fn printed(&self) -> String {
        match self {
            Self::Native(value) => value.to_string(),
            Self::User(text) => text.to_string(),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native(value) => f.write_str(value.spelling()),
            Self::User(text) if text.is_empty() => f.write_str("(empty)"),
            Self::User(text) => f.write_str(text),
        }
    }
}

/// A number in plain digits.
fn decimal(raw: &[u8]) -> Option<u64> {
    // `parse` takes a sign as well.
    let unsigned = raw.first()?.is_ascii_digit();
    std::str::from_utf8(raw).ok().filter(|_| unsigned)?.parse().ok()
}

/// What `zfs get -p` printed, shorter where nothing is lost by it: `128K` for 131072.
pub(crate) fn short(name: &PropertyName, literal: &str) -> String {
    let shorter = || {
        let property = name.native()?;
        let number = number::parse(literal).ok()?;
        let printed = Printed::of(property, Stored::Number(number), Release::LATEST)?;
        let short = printed.pretty().to_string();
        (number::parse(&short) == Ok(number) || number == 0).then_some(short)
    };
    shorter().unwrap_or_else(|| literal.to_owned())
}
