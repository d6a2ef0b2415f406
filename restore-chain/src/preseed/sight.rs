//! What is on disk.

use std::fmt;

use zfs_props::name::DatasetName;

use super::names::Aside;
use super::record::{Intent, Record, Verified};

/// The state of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Pool {
    /// `ONLINE`
    #[default]
    Online,
    /// `DEGRADED`: it works, without its redundancy.
    Degraded,
    /// Not imported, suspended or faulted.
    Unavailable,
}

/// What is below a mountpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Content {
    /// Nothing.
    Empty,
    /// Something.
    Data,
    /// Nobody can tell: it is not mounted.
    Unknown,
}

/// The service's dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Target {
    /// Its guid.
    pub guid: u64,
    /// Its completion record: only a local property counts, and only with the dataset's own guid.
    pub complete: Option<Record>,
    /// That its content was compared, by the same rule.
    pub verified: Option<Verified>,
    /// Whether it is mounted at the service's mountpoint, as a whole, and nothing over it.
    pub mounted: bool,
    /// Whether it is mounted by itself (`canmount=on`).
    pub armed: bool,
    /// What is in it, judged only while it is mounted there.
    pub content: Content,
}

/// The staging dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Staging {
    /// Its guid.
    pub guid: u64,
    /// The candidate it is filled from; none: it is nobody's staging, and has the name by chance.
    pub candidate: Option<String>,
    /// That its content was compared.
    pub verified: Option<Verified>,
    /// Whether an interrupted receive into it can go on.
    pub resumable: bool,
}

/// What else is at a service's mountpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Occupant {
    /// A dataset that is mounted there, or would be at the next boot.
    Dataset(DatasetName),
    /// A mount of another kind: a share, a folder that is bound there. By its source.
    Mount(String),
    /// Nothing is mounted there, and the folder itself holds files: of a service that began without its dataset, say. A mount
    /// would cover them. By its path.
    Files(String),
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dataset(dataset) => write!(f, "{dataset}"),
            Self::Mount(source) => f.write_str(source),
            Self::Files(path) => write!(f, "files in {path} itself"),
        }
    }
}

/// Everything that decides what is done next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Sight {
    /// The pool.
    pub pool: Pool,
    /// The dataset above the service's, if that is not there.
    pub missing_parent: Option<DatasetName>,
    /// The service's dataset.
    pub target: Option<Target>,
    /// The staging dataset.
    pub staging: Option<Staging>,
    /// What was set aside, now or long ago.
    pub asides: Vec<Aside>,
    /// Whatever else is at the service's mountpoint.
    pub occupant: Option<Occupant>,
    /// The record of a restore that has begun.
    pub intent: Option<Intent>,
}
