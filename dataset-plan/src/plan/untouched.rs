//! What a plan leaves as it is.

use std::fmt;

use zfs_props::name::DatasetName;

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
    /// These local settings of a declared dataset are not declared: `atime=off`.
    Settings(Vec<String>),
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
                write!(f, "set here and not declared: {}", settings.join(", "))
            }
        }
    }
}
