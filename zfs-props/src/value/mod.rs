//! Values of native properties.
//!
//! A [`Value`] is what is stored, together with how it was written: `gzip` and `gzip-6`, `1M` and
//! `1048576` are equal as values and keep their spelling.
//!
//! ```
//! use zfs_props::property::{Feature, Property};
//! use zfs_props::release::Release;
//! use zfs_props::value::Value;
//!
//! let size = Value::parse(Property::Recordsize, "1M", Release::LATEST)?;
//! assert_eq!(size.number(), Some(1 << 20));
//! assert_eq!(size.to_string(), "1048576");
//! assert_eq!(size.feature_needed(), Some(Feature::LargeBlocks));
//! assert_eq!(size, Value::from_literal(Property::Recordsize, "1048576", Release::LATEST)?);
//!
//! let error = Value::parse(Property::Recordsize, "3K", Release::LATEST).unwrap_err();
//! assert_eq!(error.suggestions(), ["2K", "4K"]);
//! # Ok::<(), zfs_props::value::ValueError>(())
//! ```
//!
//! # What is checked
//!
//! [`Value::parse`] knows the property and the release, nothing else. What depends on the pool (its
//! greatest block size, its features), on the dataset (kind, block size, key) or on other
//! properties is not its business: `refreservation=auto` passes, and is for volumes only;
//! `keylocation=none` passes, and is for unencrypted datasets only. Neither does it ask whether the
//! property can be set.
//!
//! There is no serde for a value alone: what a text means depends on the property. Its spelling is
//! what is written down.

mod error;
mod share;
mod text;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::number;
use crate::property::{Feature, Notation, Property, Stored, ValueType, Word};
use crate::release::Release;
use crate::table::row::Unlimited;

pub use error::{ValueError, ValueFault};
pub(crate) use text::longest_text;
pub use text::{KeyLocationFault, check_key_location};

/// A value of a native property of datasets, in one release. Equal if the property and what is
/// stored are.
#[derive(Debug, Clone)]
pub struct Value {
    property: Property,
    release: Release,
    held: Held,
}

#[derive(Debug, Clone)]
enum Held {
    Number { number: u64, spelling: Arc<str> },
    Text(Arc<str>),
}

impl Value {
    /// Reads what stands right of `=` in `zfs set` (OpenZFS `zprop_parse_value`,
    /// `lib/libzfs/libzfs_util.c`, and those checks of `zfs_valid_proplist`,
    /// `lib/libzfs/libzfs_dataset.c`, that look at nothing but the value).
    pub fn parse(property: Property, text: &str, release: Release) -> Result<Self, ValueError> {
        let refuse = |fault| ValueError::new(property, text, release, fault);
        if !property.exists_in(release) {
            return Err(refuse(ValueFault::TooNew));
        }
        let held = match property.value_type() {
            ValueType::Word => Held::Number {
                number: property
                    .number_of(text, release)
                    .ok_or_else(|| refuse(ValueFault::Word))?,
                spelling: text.into(),
            },
            ValueType::Number => Held::Number {
                number: parse_number(property, text, release).map_err(refuse)?,
                spelling: text.into(),
            },
            ValueType::Text => {
                text::check(property, text, release).map_err(refuse)?;
                Held::Text(text.into())
            }
        };
        Ok(Self { property, release, held })
    }

    /// Reads what `zfs get -p` prints: the reverse of `to_string`. A value that a pool holds is
    /// taken even if it could not be set.
    pub fn from_literal(
        property: Property,
        literal: &str,
        release: Release,
    ) -> Result<Self, ValueError> {
        let refuse = |fault| ValueError::new(property, literal, release, fault);
        let number = match property.value_type() {
            ValueType::Text => return Ok(Self::from_text(property, literal, release)),
            ValueType::Word if property == Property::Mounted => match literal {
                "yes" => Ok(1),
                "no" => Ok(0),
                _ => Err(ValueFault::Word),
            },
            ValueType::Word => property.number_of(literal, release).ok_or(ValueFault::Word),
            ValueType::Number => number_from_literal(property, literal),
        };
        let held = Held::Number { number: number.map_err(refuse)?, spelling: literal.into() };
        Ok(Self { property, release, held })
    }

    /// The value that is stored as `number`, if the property is a number, or a word with that
    /// number.
    pub fn from_number(property: Property, number: u64, release: Release) -> Option<Self> {
        let is_one = match property.value_type() {
            ValueType::Text => false,
            ValueType::Word => property.word_for(number, release).is_some(),
            ValueType::Number => true,
        };
        let with = |spelling| Self { property, release, held: Held::Number { number, spelling } };
        is_one.then(|| with(with(Arc::default()).to_set_argument().into()))
    }

    /// What the property is where nobody has set it; `None` if there is no such value.
    pub fn default_of(property: Property, release: Release) -> Option<Self> {
        match property.default(release)? {
            Stored::Number(number) => Self::from_number(property, number, release),
            Stored::Text(text) => Some(Self::from_text(property, text, release)),
        }
    }

    fn from_text(property: Property, text: &str, release: Release) -> Self {
        Self { property, release, held: Held::Text(text.into()) }
    }

    /// The property.
    pub const fn property(&self) -> Property {
        self.property
    }

    /// The release whose words count.
    pub const fn release(&self) -> Release {
        self.release
    }

    /// What is stored.
    pub fn stored(&self) -> Stored<&str> {
        match &self.held {
            Held::Number { number, .. } => Stored::Number(*number),
            Held::Text(text) => Stored::Text(text),
        }
    }

    /// The number stored, for words too; `None` for texts.
    pub fn number(&self) -> Option<u64> {
        match self.stored() {
            Stored::Number(number) => Some(number),
            Stored::Text(_) => None,
        }
    }

    /// The text stored; `None` for numbers and words.
    pub fn text(&self) -> Option<&str> {
        match self.stored() {
            Stored::Number(_) => None,
            Stored::Text(text) => Some(text),
        }
    }

    /// The word shown for it, which need not be the one it was written with; `None` for numbers and
    /// texts.
    pub fn word(&self) -> Option<&'static str> {
        self.property.word_for(self.number()?, self.release)
    }

    /// How it was written.
    pub fn spelling(&self) -> &str {
        match &self.held {
            Held::Number { spelling, .. } => spelling,
            Held::Text(text) => text,
        }
    }

    /// What to write right of `=` to have exactly this: as [`Display`](fmt::Display), but `none`
    /// for a quota of 0, and `auto` for the `refreservation` that stands for it.
    pub fn to_set_argument(&self) -> String {
        match (self.property.row().unlimited, self.number()) {
            (Unlimited::OnlyWord, Some(0)) | (Unlimited::Greatest, Some(u64::MAX)) => "none".into(),
            _ if self.is_auto() => "auto".into(),
            _ => self.to_string(),
        }
    }

    /// Whether it is `refreservation=auto`: the space a volume needs to never run out. The kernel
    /// never sees it; the commands replace it by a number of bytes.
    pub fn is_auto(&self) -> bool {
        self.property == Property::Refreservation && self.number() == Some(AUTO)
    }

    /// The pool feature that must be enabled before this can be set (OpenZFS `zfs_check_settable`,
    /// `module/zfs/zfs_ioctl.c`). What pools older than features lack is not modelled.
    pub fn feature_needed(&self) -> Option<Feature> {
        let number = self.number()?;
        let word = self.property.words(self.release).find(|word| word.number() == number);
        let needed = self.property.row().needed_within;
        let needed = needed.filter(|n| (n.least..=n.greatest).contains(&number)).map(|n| n.feature);
        word.and_then(Word::feature).or(needed)
    }
}

/// What stands for `refreservation=auto` until the commands have computed it.
const AUTO: u64 = u64::MAX;

fn parse_number(property: Property, text: &str, release: Release) -> Result<u64, ValueFault> {
    let unlimited = property.row().unlimited;
    let number = match text {
        "none" if unlimited == Unlimited::Greatest => u64::MAX,
        "none" => 0,
        "auto" if property == Property::Refreservation => AUTO,
        "auto" if unlimited == Unlimited::OnlyWord => return Err(ValueFault::WriteNone),
        "auto" => return Err(ValueFault::Auto),
        _ => match number::parse(text).map_err(ValueFault::Number)? {
            0 if unlimited == Unlimited::OnlyWord => return Err(ValueFault::WriteNone),
            number => number,
        },
    };
    match property.range(release) {
        Some(range) if !range.contains(number) => Err(ValueFault::Range { number, range }),
        _ => Ok(number),
    }
}

fn number_from_literal(property: Property, literal: &str) -> Result<u64, ValueFault> {
    let digits = |text: &str| {
        let all = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_: &u64| all)
    };
    let number = match property.notation() {
        Some(Notation::Ratio) => literal
            .split_once('.')
            .filter(|(_, hundredths)| hundredths.len() == 2)
            .and_then(|(whole, hundredths)| {
                digits(whole)?.checked_mul(100)?.checked_add(digits(hundredths)?)
            }),
        _ if literal == "none" && property.row().unlimited == Unlimited::Greatest => Some(u64::MAX),
        _ => digits(literal),
    };
    number.ok_or(ValueFault::Literal)
}

/// As `zfs get -p` prints it (OpenZFS `zfs_prop_get`, `lib/libzfs/libzfs_dataset.c`), all digits
/// and the first word stored so.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match self.stored() {
            Stored::Text(text) => return f.pad(text),
            Stored::Number(number) => number,
        };
        if self.property == Property::Mounted {
            return f.pad(if number == 0 { "no" } else { "yes" });
        }
        if let Some(word) = self.word() {
            return f.pad(word);
        }
        let shows_none = self.release.is_at_least(Release::V2_2);
        if self.property.row().unlimited == Unlimited::Greatest && number == u64::MAX && shows_none
        {
            return f.pad("none");
        }
        match self.property.notation() {
            Some(Notation::Ratio) => f.pad(&format!("{}.{:02}", number / 100, number % 100)),
            _ => number.fmt(f),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        (self.property, self.stored()) == (other.property, other.stored())
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.property, self.stored()).hash(state);
    }
}
