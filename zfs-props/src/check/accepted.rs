//! The normal form of accepted properties.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::{CheckError, Lint};
use crate::key::PropertyName;
use crate::property::{Property, Stored};
use crate::release::Release;
use crate::set::PropertySet;
use crate::value::Value;

/// Properties as OpenZFS would send them to the kernel, and what it adds by itself, by property.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    settings: BTreeMap<PropertyName, (Setting, Origin)>,
    pub(super) has_new_key: bool,
    pub(super) lints: Vec<Lint>,
}

/// What an accepted property is set to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// The value of a native property.
    Value(Value),
    /// The text of a user property.
    Text(Box<str>),
    /// The limit of an account, in bytes or files; 0 is none.
    Limit(u64),
    /// A number drawn when it is sent: the salt of a passphrase.
    Random,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Given,
    Added,
}

impl Accepted {
    /// The value of a native property, given or added.
    pub fn get(&self, property: Property) -> Option<&Value> {
        match self.settings.get(&PropertyName::Native(property)) {
            Some((Setting::Value(value), _)) => Some(value),
            _ => None,
        }
    }

    /// All properties with what they are set to, native ones first, in OpenZFS's order. Who an account
    /// is, is a number here, unless the context knows no accounts.
    pub fn iter(&self) -> impl Iterator<Item = (&PropertyName, &Setting)> {
        self.settings.iter().map(|(name, (setting, _))| (name, setting))
    }

    /// What OpenZFS adds by itself.
    pub fn added(&self) -> impl Iterator<Item = &Value> {
        self.settings.values().filter_map(|setting| match setting {
            (Setting::Value(value), Origin::Added) => Some(value),
            _ => None,
        })
    }

    /// Whether a new key is made, so that the dataset becomes the root of what the key encrypts.
    pub const fn has_new_key(&self) -> bool {
        self.has_new_key
    }

    /// What the kernel may refuse yet, and what is hardly meant.
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    /// What was given, in its normal form: checked again, it gives the same.
    pub fn to_set(&self) -> PropertySet {
        let mut set = PropertySet::new();
        for (name, (setting, origin)) in &self.settings {
            let text = match (setting, origin) {
                (_, Origin::Added) | (Setting::Random, _) => continue,
                // Written as a number, it was not meant for `auto`, which filesystems do not take.
                (Setting::Value(value), _) if value.is_auto() && value.spelling() != "auto" => {
                    value.to_string()
                }
                (Setting::Value(value), _) => value.to_set_argument(),
                (Setting::Text(text), _) => text.to_string(),
                (Setting::Limit(limit), _) => limit.to_string(),
            };
            set.set(&name.to_string(), Stored::Text(&text));
        }
        set
    }

    pub(super) fn give(&mut self, name: PropertyName, setting: Setting) {
        self.settings.insert(name, (setting, Origin::Given));
    }

    /// Replaces the value of a property that was given.
    pub(super) fn replace(&mut self, value: Value) {
        self.give(value.property().into(), Setting::Value(value));
    }

    pub(super) fn add(&mut self, value: Option<Value>) {
        if let Some(value) = value {
            let name = value.property().into();
            self.settings.insert(name, (Setting::Value(value), Origin::Added));
        }
    }

    pub(super) fn add_random(&mut self, property: Property) {
        self.settings.insert(property.into(), (Setting::Random, Origin::Added));
    }

    pub(super) fn number(&self, property: Property) -> Option<u64> {
        self.get(property)?.number()
    }
}

/// A verdict as it comes about: what would be accepted, and what is not.
#[derive(Debug)]
pub(crate) struct Outcome<T> {
    pub(super) accepted: T,
    pub(super) errors: Vec<CheckError>,
}

impl<T> Outcome<T> {
    pub(crate) fn or_first(self) -> Result<T, CheckError> {
        match self.errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(self.accepted),
        }
    }

    pub(crate) fn or_all(self) -> Result<T, Vec<CheckError>> {
        if self.errors.is_empty() { Ok(self.accepted) } else { Err(self.errors) }
    }

    pub(super) fn note(&mut self, verdict: Result<(), CheckError>) {
        self.errors.extend(verdict.err());
    }

    /// Whether one of these properties is refused, so that rules about them together say nothing.
    pub(super) fn refused(&self, properties: &[Property], release: Release) -> bool {
        let refused = self.errors.iter().map(|error| Property::resolve(error.property(), release));
        refused.flatten().any(|property| properties.contains(&property))
    }
}
