//! Why a text is no value of a property, and what would be.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::text::{KeyLocationFault, MountpointFault};
use crate::number::NumberError;
use crate::property::{self, Property, Range, Word};
use crate::quoted::Quoted;
use crate::release::Release;

/// A text that is refused as the value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    property: Property,
    text: Box<str>,
    release: Release,
    fault: ValueFault,
}

/// What is wrong with the value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueFault {
    /// The release does not have the property.
    TooNew,
    /// None of the property's words.
    Word,
    /// Not a number.
    Number(NumberError),
    /// Not the way `zfs get -p` prints a number.
    Literal,
    /// No limit is to be written `none`.
    WriteNone,
    /// `auto` is for `refreservation` only.
    Auto,
    /// A number out of range.
    Range {
        /// The number that was meant.
        number: u64,
        /// The numbers that are taken.
        range: Range,
    },
    /// Longer than a value can be.
    TooLong {
        /// The greatest length, in bytes.
        limit: usize,
    },
    /// A NUL character, which no argument of a command can hold.
    Nul,
    /// No mount point.
    Mountpoint(MountpointFault),
    /// No place to read a key from.
    KeyLocation(KeyLocationFault),
    /// An NFS option that is not known, or a list of hosts that cannot be read.
    ShareNfs {
        /// Which part of the value.
        option: Box<str>,
    },
    /// Neither `on` nor `off`: all that `sharesmb` takes on Linux.
    ShareSmb,
    /// OpenZFS for Linux has no such labels: the property cannot be set at all.
    Unsupported,
}

impl ValueError {
    pub(super) fn new(property: Property, text: &str, release: Release, fault: ValueFault) -> Self {
        Self { property, text: text.into(), release, fault }
    }

    /// The property.
    pub const fn property(&self) -> Property {
        self.property
    }

    /// The refused text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it.
    pub const fn fault(&self) -> &ValueFault {
        &self.fault
    }

    /// What could stand in the text's place: the nearest that is accepted.
    pub fn suggestions(&self) -> Vec<String> {
        match &self.fault {
            ValueFault::Word => self.nearest_word().map(ToString::to_string).into_iter().collect(),
            ValueFault::WriteNone => vec!["none".into()],
            ValueFault::Range { number, range } => near(*number, *range),
            ValueFault::ShareSmb => vec!["on".into(), "off".into()],
            _ => Vec::new(),
        }
    }

    fn nearest_word(&self) -> Option<&'static str> {
        let words = self.property.words(self.release).map(Word::text);
        property::nearest(&self.text, words.map(|word| (word, word)))
    }

    /// The release that brought the word, if it is one of a later release.
    fn word_since(&self) -> Option<Release> {
        let mut releases = Release::ALL.iter().copied();
        releases.find(|release| self.property.number_of(&self.text, *release).is_some())
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { property, release, .. } = self;
        let text = Quoted(&self.text);
        write!(f, "{property}: ")?;
        match &self.fault {
            ValueFault::TooNew => {
                write!(f, "came with OpenZFS {}; this is {release}", property.since())
            }
            ValueFault::Word => {
                if let Some(since) = self.word_since() {
                    return write!(f, "{text} came with OpenZFS {since}; this is {release}");
                }
                let words = property.values_text(*release).unwrap_or_default();
                write!(f, "{text} is none of {words}{}", property::near(self.nearest_word()))
            }
            ValueFault::Number(error) => error.fmt(f),
            ValueFault::Literal => write!(f, "{text} is not how `zfs get -p` prints a number"),
            ValueFault::WriteNone => write!(f, "{text} is refused: to have no limit, write `none`"),
            ValueFault::Auto => f.write_str("`auto` is for refreservation only"),
            ValueFault::Range { number, range } => {
                text.fmt(f)?;
                if self.text.parse() != Ok(*number) {
                    write!(f, ", that is {number},")?;
                }
                write!(f, " is not {}", in_words(*range))?;
                match near(*number, *range) {
                    near if near.is_empty() => Ok(()),
                    near => write!(f, " (nearest: {})", near.join(" and ")),
                }
            }
            ValueFault::TooLong { limit } => {
                let length = self.text.len();
                write!(f, "{length} bytes are too long: OpenZFS {release} takes at most {limit}")
            }
            ValueFault::Nul => write!(f, "{text} has a NUL character in it"),
            ValueFault::Mountpoint(fault) => write!(f, "{text} {fault}"),
            ValueFault::KeyLocation(fault) => write!(f, "{text} {fault}"),
            ValueFault::ShareNfs { option } => {
                write!(f, "{} is no option of NFS shares on Linux", Quoted(option))
            }
            ValueFault::ShareSmb => write!(f, "{text} is neither `on` nor `off`, all Linux takes"),
            ValueFault::Unsupported => f.write_str("cannot be set on Linux, which has no labels"),
        }
    }
}

impl core::error::Error for ValueError {}

fn in_words(range: Range) -> String {
    let zero = if range.or_zero { "zero or " } else { "" };
    let power = if range.power_of_two { "a power of two " } else { "" };
    let least = short(range.least);
    match range.greatest {
        u64::MAX => format!("{zero}{power}{least} or more"),
        greatest => format!("{zero}{power}from {least} to {}", short(greatest)),
    }
}

/// The numbers of a range next to `number`, below and above, as they can be written.
fn near(number: u64, range: Range) -> Vec<String> {
    let (below, above) = if range.power_of_two {
        let below = number.checked_ilog2().map_or(0, |log| 1 << log);
        (below, number.checked_next_power_of_two().unwrap_or(u64::MAX))
    } else {
        (number, number)
    };
    let clamp = |number: u64| number.clamp(range.least, range.greatest);
    let mut near = vec![short(clamp(below)), short(clamp(above))];
    near.dedup();
    near
}

/// A number as short as it can be written without loss: `1M`, `1536`.
fn short(number: u64) -> String {
    let mut rest = number;
    let mut units = ["", "K", "M", "G", "T", "P", "E"].into_iter().peekable();
    while rest != 0 && rest % 1024 == 0 && units.len() > 1 {
        rest /= 1024;
        units.next();
    }
    format!("{rest}{}", units.next().unwrap_or_default())
}
