//! What a plan leaves as it is.

use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;

use crate::observed::Raw;
use crate::tree::lossy;

/// A dataset, or some of its properties, that the plan leaves as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Untouched {
    /// The dataset.
    pub dataset: DatasetName,
    /// Why.
    pub why: Kept,
}

/// Why something is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Kept {
    /// It is declared as a base dataset.
    Base,
    /// Nobody declared it.
    Undeclared,
    /// Declared datasets live below it; its own properties are not declared.
    Holds,
    /// It is as declared.
    InSync,
    /// Owner and mode of its directory were not observed, though they are declared.
    UnseenDirectory,
    /// These local settings of a declared dataset are not declared.
    Settings(Vec<LocalValue>),
}

/// A value that a dataset has of its own, displayed as `atime=off`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalValue {
    /// The property.
    pub property: PropertyName,
    /// As `zfs get -p` prints it.
    pub value: Raw,
}

impl fmt::Display for LocalValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.property, lossy(&self.value))
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::Base => f.write_str("base dataset"),
            Kept::Undeclared => f.write_str("not declared"),
            Kept::Holds => f.write_str("holds declared datasets"),
            Kept::InSync => f.write_str("as declared"),
            Kept::UnseenDirectory => f.write_str("owner and mode of the directory not observed"),
            Kept::Settings(settings) => {
                f.write_str("set here and not declared: ")?;
                for (n, setting) in settings.iter().enumerate() {
                    let comma = if n > 0 { ", " } else { "" };
                    write!(f, "{comma}{setting}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(feature = "serde")]
mod serialize {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use super::LocalValue;

    /// As the text `property=value`.
    impl Serialize for LocalValue {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for LocalValue {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let (name, value) = text.split_once('=').ok_or_else(|| {
                Error::custom(format_args!("{text:?} is not of the form property=value"))
            })?;
            let property = name.parse().map_err(Error::custom)?;
            Ok(LocalValue { property, value: value.as_bytes().into() })
        }
    }
}
