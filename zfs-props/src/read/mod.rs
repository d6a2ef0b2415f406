//! Reading what `zfs get`, `zfs list` and `zpool get` print, without losing or inventing anything.
//!
//! [`text`] reads the output of `-H`, [`json`] that of `-j`, [`table`] what is printed for people. They
//! hand out [`Record`]s, borrowed from the input, and end in a [`Document`] that says how far the whole
//! can be trusted. Every record says so for itself ([`Trust`]), because none of the formats is lossless:
//!
//! | format | loses | shows as |
//! |---|---|---|
//! | without `-p` | numbers are rounded, dates cut | [`Trust::Pretty`], only where the text stands for more than one number |
//! | `-H` | a newline in a value ends the line and may forge others (openzfs/zfs issue 11642); a tab adds a field | [`Trust::Ambiguous`], see [`text`] |
//! | `-j --json-int` | numbers above 2<sup>63</sup>-1, leading zeros, empty values | [`Trust::Clipped`] |
//! | `-j` | everything after a character that the locale cannot decode, with exit status 0 | [`Trust::Truncated`] |
//! | `-j` | characters above U+FFFF | [`Trust::Ambiguous`], see [`json`] |
//! | all but `-j` | the end of a long ancestor's name in `inherited from ...` | [`Trust::Ambiguous`], where 112 bytes are printed |
//! | tables for people | blanks at the end of a text | [`Trust::Ambiguous`], see [`table`] |
//!
//! **The one lossless read** of a value whose bytes may be anything is one property of one dataset:
//! `zfs get -Hp -o value PROPERTY DATASET`, read by [`text::only_value`]. What is absent and what is
//! the text `-` are told apart by the source alone (`-` for what is absent).

mod foresight;
mod forgery;
pub mod json;
mod lines;
pub mod table;
pub mod text;
mod trust;

use alloc::borrow::Cow;
use alloc::string::String;

use crate::source::Source;

/// One property of one dataset (or pool, or vdev), as it was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The dataset, pool or vdev.
    pub dataset: Cow<'a, str>,
    /// The property's name, as it was printed; of `zfs list -H`, as the caller named the column. This
    /// and the dataset's are empty where they were not printed.
    pub property: Cow<'a, str>,
    /// The value, as it was printed. A property's value is bytes: user properties need not be UTF-8.
    pub value: Cow<'a, [u8]>,
    /// What a received stream brought, where that was printed and is not `-`.
    pub received: Option<Cow<'a, [u8]>>,
    /// Where the value comes from; `None` if no source was printed (`zfs list -H`).
    pub source: Option<Source<Cow<'a, str>>>,
    /// How far this record can be trusted by itself; see also [`Document::trust_of`].
    pub trust: Trust,
}

impl Record<'_> {
    /// The value as text, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.value).ok()
    }

    /// Whether the dataset has no such property, or the property no value: `-` from source `-`.
    /// Without a source this is `false`: a user property may hold the text `-`.
    pub fn is_absent(&self) -> bool {
        &*self.value == b"-" && self.source == Some(Source::None)
    }
}

/// How far something that was read can be trusted, best first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Trust {
    /// What is printed determines what is stored.
    #[default]
    Exact,
    /// A number or date shortened for people: other numbers print the same.
    Pretty,
    /// A number that did not fit, or that stands where a text was stored (`--json-int`).
    Clipped,
    /// The output ends early.
    Truncated,
    /// What is stored, or whether this was printed for this property at all, cannot be told.
    Ambiguous,
}

/// What is known of a whole output once it has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document<'a> {
    /// Number of records handed out.
    pub records: usize,
    /// Number of lines that are no record, each of which was handed out as a [`ReadError`]. One that
    /// is cut counts as the [`cut`](Self::cut), not here.
    pub malformed: usize,
    /// The worst of all records and of the document itself.
    pub trust: Trust,
    /// Where the output ends early. Lines cut between two of them cannot be told: see to the exit
    /// status.
    pub cut: Option<Cut>,
    doubts: forgery::Doubts<'a>,
}

impl<'a> Document<'a> {
    /// How far a record of this document can be trusted, now that everything has been read: a line
    /// that betrays an earlier one as forged may come long after it.
    pub fn trust_of(&self, record: &Record<'_>) -> Trust {
        if self.doubts.covers(&record.dataset, &record.property) {
            Trust::Ambiguous
        } else {
            record.trust
        }
    }

    /// The datasets none of whose records can be trusted, sorted.
    pub fn doubted(&self) -> &[&'a str] {
        &self.doubts.all
    }

    /// Adds what only the whole shows.
    fn conclude(mut self, watch: forgery::Watch<'a>) -> Self {
        self.doubts = watch.conclude();
        if self.malformed > 0 || !self.doubts.is_empty() {
            self.trust = Trust::Ambiguous;
        }
        self
    }

    fn count(&mut self, trust: Trust) {
        self.records += 1;
        self.trust = self.trust.max(trust);
    }

    /// A line that is no record: broken by a value, or cut.
    fn note_malformed(&mut self, watch: &mut forgery::Watch<'a>, is_ended: bool) {
        if is_ended {
            watch.malformed();
            self.malformed += 1;
        } else {
            self.cut_at(watch.dataset(), "");
        }
    }

    fn cut_at(&mut self, dataset: &str, property: &str) {
        self.trust = self.trust.max(Trust::Truncated);
        self.cut = Some(Cut { dataset: dataset.into(), property: property.into() });
    }
}

/// Where an output ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cut {
    /// The dataset that was being printed; empty if none was.
    pub dataset: String,
    /// The property that was being printed; empty if none was. In JSON its value is usually the one
    /// with the bytes that the locale could not decode.
    pub property: String,
}

/// A place in the input that is not what OpenZFS prints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
#[non_exhaustive]
pub struct ReadError {
    /// Line, counted from 1.
    pub line: usize,
    /// Byte in that line, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: ReadFault,
}

/// What is wrong at a place in the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFault {
    /// A line has another number of fields than columns were asked for.
    #[error(
        "{found} fields, {expected} columns were asked for: a value holds a tab or a newline, or \
         the columns are others; read that value by itself (zfs get -Hp -o value)"
    )]
    Fields {
        /// How many fields the line has.
        found: usize,
        /// How many columns were asked for.
        expected: usize,
    },
    /// The line is none of the table's.
    #[error(
        "the fields do not stand below the heads of the columns: a value holds a newline, or this is \
         no table of OpenZFS; read it with -Hp or -jp"
    )]
    Layout,
    /// The source column holds something else.
    #[error(
        "{found:?} is no source: -, default, temporary, local, received or `inherited from` a dataset"
    )]
    Source {
        /// What stands there.
        found: String,
    },
    /// The name or property column is empty or not UTF-8.
    #[error("{found:?} is no name of a dataset or property")]
    Name {
        /// What stands there.
        found: String,
    },
    /// The output of a read of one value does not end in a newline.
    #[error("no newline at the end: the output was cut")]
    Unended,
    /// Not JSON, or not a document of properties.
    #[error("expected {expected}: no complete output of `get -j` or `list -j`")]
    Json {
        /// What would be right.
        expected: &'static str,
    },
}
