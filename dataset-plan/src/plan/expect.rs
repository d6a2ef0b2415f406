//! What a step was planned from.

use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;

/// Something that was observed and that a [`Step`](super::Step) rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Expectation {
    /// There is no such dataset.
    Absent(DatasetName),
    /// The dataset is there, and is the one with this guid, if it was known.
    Present {
        /// The dataset.
        dataset: DatasetName,
        /// Its property `guid`.
        guid: Option<u64>,
    },
    /// A property is what it was.
    Value {
        /// The dataset.
        dataset: DatasetName,
        /// The property.
        property: PropertyName,
        /// As `zfs get -p` prints it; `None`: not set.
        value: Option<String>,
        /// As `zfs get` prints it.
        source: String,
    },
    /// The dataset is, or is not, mounted.
    Mounted {
        /// The dataset.
        dataset: DatasetName,
        /// Its property `mounted`.
        mounted: bool,
    },
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expectation::Absent(dataset) => write!(f, "{dataset} does not exist"),
            Expectation::Present { dataset, guid: None } => write!(f, "{dataset} exists"),
            Expectation::Present { dataset, guid: Some(guid) } => {
                write!(f, "{dataset} exists and has guid {guid}")
            }
            Expectation::Value { dataset, property, value: None, .. } => {
                write!(f, "{property} of {dataset} is not set")
            }
            Expectation::Value { dataset, property, value: Some(value), source } => {
                write!(f, "{property} of {dataset} is {value} ({source})")
            }
            Expectation::Mounted { dataset, mounted } => {
                write!(f, "{dataset} is {}mounted", if *mounted { "" } else { "not " })
            }
        }
    }
}
