//! What is written down: in properties of datasets, and for the time of a restore in a file.
//!
//! One line of `key=value;`, so that it fits into a ZFS user property; `%`, `;`, `=` and control characters of values are
//! written as `%` and two hexadecimal digits. Unknown keys are kept out of account: a later release may add some.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// Why a text is no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Something that is no `key=value`.
    #[error("{0:?} is no key=value")]
    Syntax(String),
    /// A key that is missing, or whose value is not possible.
    #[error("{key} is {}; records are written by this crate alone", .value.as_ref().map_or("missing".to_owned(), |v| format!("{v:?}")))]
    Value {
        /// Which key.
        key: &'static str,
        /// What it says.
        value: Option<String>,
    },
}

/// Keys and values of a line.
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn parse(text: &str) -> Result<Self, RecordError> {
        let parts = text.trim_end().split(';').filter(|part| !part.is_empty());
        let fields = parts.map(|part| {
            let syntax = || RecordError::Syntax(part.chars().take(80).collect());
            let (key, value) = part.split_once('=').ok_or_else(syntax)?;
            Ok((key.to_owned(), unescape(value).ok_or_else(syntax)?))
        });
        fields.collect::<Result<_, _>>().map(Self)
    }

    fn text(&self, key: &'static str) -> Result<&str, RecordError> {
        self.0.get(key).map(String::as_str).ok_or(RecordError::Value { key, value: None })
    }

    fn get<T: FromStr>(&self, key: &'static str) -> Result<T, RecordError> {
        let text = self.text(key)?;
        text.parse().map_err(|_| RecordError::Value { key, value: Some(text.to_owned()) })
    }

    fn optional<T: FromStr>(&self, key: &'static str) -> Result<Option<T>, RecordError> {
        if self.0.contains_key(key) { self.get(key).map(Some) } else { Ok(None) }
    }
}

fn unescape(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits)
                .ok()
                .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A value with what would end it written otherwise.
struct Escaped<'v>(&'v str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '%' | ';' | '=' | '\0'..='\x1f' | '\x7f' => write!(f, "%{:02X}", u32::from(c)),
            c => write!(f, "{c}"),
        })
    }
}

/// That the content of a dataset was compared with its source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Verified {
    /// The dataset: a record that came along with a stream, or was inherited, has another guid.
    pub guid: u64,
    /// The candidate.
    pub candidate: String,
    /// The data is as it was then.
    pub point: Timestamp,
    /// When it was compared.
    pub at: Timestamp,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guid, candidate, point, at } = self;
        write!(f, "v=1;guid={guid};by={};point={point};at={at}", Escaped(candidate))
    }
}

impl FromStr for Verified {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let fields = Fields::parse(text)?;
        let candidate = fields.text("by")?.to_owned();
        Ok(Self {
            guid: fields.get("guid")?,
            candidate,
            point: fields.get("point")?,
            at: fields.get("at")?,
        })
    }
}

/// How a dataset came to be complete.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum RecordKind {
    /// It was restored, from this candidate, as it was then.
    Restored {
        /// The candidate.
        candidate: String,
        /// The data is as it was then.
        point: Timestamp,
    },
    /// It was there, and taken over after its content was checked.
    Adopted,
    /// It started empty, as the service's declaration allows.
    Empty,
}

/// That a dataset is complete: the service may start, and no restore touches the dataset any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Record {
    /// The dataset: a record that came along with a stream, or was inherited, has another guid.
    pub guid: u64,
    /// How.
    pub kind: RecordKind,
    /// When.
    pub at: Timestamp,
    /// How long the restore took, in seconds; the last run of it, if it was interrupted.
    pub seconds: u64,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=1;guid={}", self.guid)?;
        match &self.kind {
            RecordKind::Restored { candidate, point } => {
                write!(f, ";kind=restored;by={};point={point}", Escaped(candidate))?;
            }
            RecordKind::Adopted => f.write_str(";kind=adopted")?,
            RecordKind::Empty => f.write_str(";kind=empty")?,
        }
        write!(f, ";at={};seconds={}", self.at, self.seconds)
    }
}

impl FromStr for Record {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let fields = Fields::parse(text)?;
        let kind = match fields.text("kind")? {
            "restored" => {
                let candidate = fields.text("by")?.to_owned();
                RecordKind::Restored { candidate, point: fields.get("point")? }
            }
            "adopted" => RecordKind::Adopted,
            "empty" => RecordKind::Empty,
            other => return Err(RecordError::Value { key: "kind", value: Some(other.to_owned()) }),
        };
        Ok(Self {
            guid: fields.get("guid")?,
            kind,
            at: fields.get("at")?,
            seconds: fields.get("seconds")?,
        })
    }
}

/// That a restore has begun: kept outside of what is restored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Intent {
    /// When it began.
    pub at: Timestamp,
    /// The guid of the dataset that will be set aside, where there is one.
    pub aside: Option<u64>,
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=1;at={}", self.at)?;
        self.aside.map_or(Ok(()), |guid| write!(f, ";aside={guid}"))
    }
}

impl FromStr for Intent {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let fields = Fields::parse(text)?;
        Ok(Self { at: fields.get("at")?, aside: fields.optional("aside")? })
    }
}
