//! The vocabulary in which properties are described.

use crate::property::Feature;
use crate::release::Release;

/// How a property's value is stored (OpenZFS `zprop_type_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// An unsigned 64-bit number.
    Number,
    /// Text.
    Text,
    /// One of a table of words, each with the number that is stored for it (OpenZFS: "index").
    Word,
}

/// Whether and when a property can be set, and whether it is inherited (OpenZFS `zprop_attr_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mutability {
    /// Never set by a user.
    ReadOnly,
    /// Set at any time, never inherited (OpenZFS: "default").
    Settable,
    /// Set at any time and inherited by what is below (OpenZFS: "inherit").
    Inherited,
    /// Set when the dataset is created and inherited by what is created below (OpenZFS: "onetime").
    Once,
    /// Set when the dataset is created, never inherited (OpenZFS: "onetime default").
    OnceDefault,
}

/// How `zfs get` writes a number; `zfs get -p` writes all digits (OpenZFS `zfs_prop_get`,
/// `lib/libzfs/libzfs_dataset.c`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notation {
    /// Shortened: `1.50K`, and bare below 1024: `512` (OpenZFS `zfs_nicenum`).
    Short,
    /// Shortened with a unit: `1.50K`, `512B` (OpenZFS `zfs_nicebytes`).
    Bytes,
    /// All digits, always.
    Plain,
    /// Hundredths: 137 is `1.37x`, with `-p` `1.37`.
    Ratio,
    /// Seconds since 1970 (UTC), written as local date and time.
    Date,
}

/// A word a property can be set to, and the number stored for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word {
    text: &'static str,
    number: u64,
    since: Release,
    feature: Option<Feature>,
}

impl Word {
    /// `text` stored as `number`, known from the oldest modelled release on.
    pub(crate) const fn new(text: &'static str, number: u64) -> Self {
        Self { text, number, since: Release::V2_1, feature: None }
    }

    pub(crate) const fn since(mut self, release: Release) -> Self {
        self.since = release;
        self
    }

    pub(crate) const fn needs(mut self, feature: Feature) -> Self {
        self.feature = Some(feature);
        self
    }

    /// What is written.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// What is stored.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The pool feature that must be enabled before this word can be set.
    pub const fn feature(&self) -> Option<Feature> {
        self.feature
    }

    pub(crate) const fn exists_in(&self, release: Release) -> bool {
        release.is_at_least(self.since)
    }
}

/// What a property holds, in the form it is stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stored<T> {
    /// A number; also what is stored for a word.
    Number(u64),
    /// A text.
    Text(T),
}

/// Which numbers a property can be set to, whatever the pool and the dataset are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Range {
    /// The least.
    pub least: u64,
    /// The greatest.
    pub greatest: u64,
    /// Whether only powers of two between them.
    pub power_of_two: bool,
    /// Whether zero too.
    pub or_zero: bool,
}

impl Range {
    pub(crate) const fn new(least: u64, greatest: u64) -> Self {
        Self { least, greatest, power_of_two: false, or_zero: false }
    }

    pub(crate) const fn power_of_two(mut self) -> Self {
        self.power_of_two = true;
        self
    }

    pub(crate) const fn or_zero(mut self) -> Self {
        self.or_zero = true;
        self
    }

    /// Whether `number` is in it.
    pub const fn contains(&self, number: u64) -> bool {
        number == 0 && self.or_zero
            || self.least <= number
                && number <= self.greatest
                && (!self.power_of_two || number.is_power_of_two())
    }
}
