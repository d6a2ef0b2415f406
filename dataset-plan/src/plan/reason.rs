//! Why a step is in the plan.

use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::source::Source;

use super::StepId;
use crate::setting::short;

/// Why a step is in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Reason {
    /// The dataset is declared and does not exist.
    Missing {
        /// The declaration, as `services.sonarr`.
        declared: String,
    },
    /// Datasets are declared below it and it does not exist.
    Container {
        /// The first of them.
        holds: String,
    },
    /// Observed values are not the declared ones.
    Differs(Vec<Difference>),
    /// The directory is not owned as declared.
    Directory {
        /// The declaration, as `services.sonarr`.
        declared: String,
        /// What it is now: `root:root 0755`.
        observed: String,
    },
    /// The dataset shall be mounted, and is not.
    NotMounted {
        /// The declaration.
        declared: String,
    },
    /// It is mounted below a place where another one is mounted or unmounted.
    InTheWay {
        /// The other one.
        of: DatasetName,
    },
    /// A dataset that shall be mounted is encrypted, and its key is not loaded.
    KeyNeeded {
        /// The dataset.
        by: String,
    },
    /// The dataset has a new name.
    Moved {
        /// The new name.
        to: DatasetName,
    },
    /// The dataset shall not depend on another one.
    Clone {
        /// What it depends on.
        of: SnapshotName,
        /// The declaration.
        declared: String,
    },
    /// The dataset is declared absent, and a grant names what is destroyed.
    Absent,
    /// It takes a step of another plan back.
    Undoes(StepId),
}

/// One property that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Difference {
    /// The property.
    pub property: PropertyName,
    /// Who declares it, as `profiles.sqlite`.
    pub declared: String,
    /// The value it has, as `zfs get -p` prints it; `None`: it is not set (user properties).
    pub observed: Option<String>,
    /// Where that comes from; [`Source::None`] where it is not set.
    pub source: Source<DatasetName>,
    /// It is as declared now, but a change further up would change it.
    pub protects: bool,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Missing { declared } => write!(f, "declared by {declared}, does not exist"),
            Reason::Container { holds } => write!(f, "does not exist, and shall hold {holds}"),
            Reason::Directory { declared, observed } => {
                write!(f, "declared by {declared}, is {observed}")
            }
            Reason::NotMounted { declared } => write!(f, "declared by {declared}, is not mounted"),
            Reason::InTheWay { of } => write!(f, "mounted below the mountpoint of {of}"),
            Reason::KeyNeeded { by } => write!(f, "{by} shall be mounted, its key is not loaded"),
            Reason::Moved { to } => write!(f, "declared as moved to {to}"),
            Reason::Clone { of, declared } => {
                write!(f, "declared by {declared} without an origin, is a clone of {of}")
            }
            Reason::Absent => write!(f, "declared absent, and granted"),
            Reason::Undoes(step) => write!(f, "takes step {step} back"),
            Reason::Differs(differences) => {
                for (n, difference) in differences.iter().enumerate() {
                    let comma = if n > 0 { "; " } else { "" };
                    write!(f, "{comma}{difference}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { property, declared, observed, source, protects } = self;
        match observed.as_ref().map(|literal| short(property, literal)) {
            None => write!(f, "{property} is not set, declared by {declared}"),
            Some(value) if *protects => {
                write!(f, "{property} would not stay {value} ({source}), declared by {declared}")
            }
            Some(value) if *source == Source::Temporary => write!(
                f,
                "{property} is {value} by a mount option, what is stored is not shown, declared by {declared}"
            ),
            Some(value) => write!(f, "{property} is {value} ({source}), declared by {declared}"),
        }
    }
}
