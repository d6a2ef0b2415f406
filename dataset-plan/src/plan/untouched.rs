//! What a plan leaves as it is.

use std::fmt;
use std::sync::Arc;

use zfs_props::key::PropertyName;
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
    /// A declared dataset has these properties of its own, which are not declared.
    Settings(Names),
}

/// Names of properties; shared, since many datasets have the same. Displayed with commas between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Arc<[PropertyName]>);

impl Names {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PropertyName> {
        self.0.iter()
    }
}

impl FromIterator<PropertyName> for Names {
    fn from_iter<I: IntoIterator<Item = PropertyName>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
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
                write!(f, "set here and not declared: {settings}")
            }
        }
    }
}

#[cfg(feature = "serde")]
mod serialize {
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};
    use zfs_props::key::PropertyName;

    use super::Names;

    /// As a list.
    impl Serialize for Names {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter())
        }
    }

    impl<'de> Deserialize<'de> for Names {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Vec::<PropertyName>::deserialize(deserializer).map(Self::from_iter)
        }
    }
}
