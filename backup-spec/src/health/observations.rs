//! What a host says about its tasks, snapshots and space.

use crate::span::Span;
use std::collections::BTreeMap;

use jiff::Timestamp;
use zfs_props::name::DatasetName;

use super::record::Record;
use crate::name::Name;
use crate::units::Task;

/// What was observed. What is not in it is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observations {
    /// The runs of each task.
    pub tasks: BTreeMap<Task, Record>,
    /// The time of the newest snapshot of each dataset; `None`: it has none.
    pub snapshots: BTreeMap<DatasetName, Option<Timestamp>>,
    /// How far a replication is behind for each dataset, from its newest snapshot at the source to the newest that both sides
    /// have; `None`: they have none in common.
    pub lags: BTreeMap<(Name, DatasetName), Option<Span>>,
    /// How full each dataset is.
    pub capacity: BTreeMap<DatasetName, Capacity>,
    /// How the last restore at the start of a service ended.
    pub preseeds: BTreeMap<Name, Preseed>,
}

/// Space of a dataset, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capacity {
    /// `used`.
    pub used: u64,
    /// `available`.
    pub available: u64,
}

impl Capacity {
    /// From the two properties.
    pub fn new(used: u64, available: u64) -> Self {
        Self { used, available }
    }

    /// Whether more than so many percent are used; nothing is rounded.
    pub fn exceeds(self, percent: u8) -> bool {
        let (used, available) = (u128::from(self.used), u128::from(self.available));
        used * 100 > u128::from(percent) * (used + available)
    }
}

/// How the restore at the start of a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preseed {
    /// There was something to restore, and it was.
    Restored,
    /// There was nothing to do.
    Skipped,
    /// It failed.
    Failed,
}
