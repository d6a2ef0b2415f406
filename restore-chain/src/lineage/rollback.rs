//! What `zfs rollback` destroys, and what stops it.
//!
//! zfs-rollback(8), OpenZFS 2.1 to 2.4: only to the newest snapshot; with `-r` newer snapshots and bookmarks of this one
//! dataset are destroyed first, with `-R` clones of them too. Datasets below it are not rolled back.

use zfs_props::name::DatasetName;

use super::version::{Lineage, Version};

/// What a rollback does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rollback {
    /// The snapshot that the dataset goes back to.
    pub to: Version,
    /// Snapshots and bookmarks that are destroyed, oldest first. Among them are protective snapshots that were taken
    /// just before: a copy that is to survive has to be a clone or another dataset.
    pub destroys: Vec<Version>,
    /// Clones that are destroyed with them (`-R`).
    pub clones: Vec<DatasetName>,
    /// Which replica can no longer be continued: its newest common snapshot is among those destroyed.
    pub breaks_replication: bool,
}

/// Why a rollback is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No such snapshot.
    #[error("{dataset} has no snapshot @{name}")]
    NoSnapshot {
        /// The dataset.
        dataset: DatasetName,
        /// The snapshot that is not there.
        name: String,
    },
    /// Newer snapshots or bookmarks, and neither `-r` nor `-R`.
    #[error("{} newer snapshots and bookmarks of {dataset} would have to be destroyed; that needs -r", .newer.len())]
    Newer {
        /// The dataset.
        dataset: DatasetName,
        /// What is newer.
        newer: Vec<Version>,
    },
    /// A newer snapshot is held.
    #[error("{held} of {dataset} is newer and held: release it first")]
    Held {
        /// The dataset.
        dataset: DatasetName,
        /// What is held.
        held: Box<Version>,
    },
    /// A newer snapshot has clones, and no `-R`.
    #[error(
        "{cloned} of {dataset} is newer and has clones; promote them first (-R would destroy them)"
    )]
    Cloned {
        /// The dataset.
        dataset: DatasetName,
        /// What has clones.
        cloned: Box<Version>,
    },
}

/// How much a rollback may destroy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing but changes since the newest snapshot.
    Changes,
    /// `-r`: newer snapshots and bookmarks.
    Newer,
    /// `-R`: clones of newer snapshots, too.
    Clones,
}

/// What rolling `dataset` back to `@name` would do. `replica` is whoever receives from it.
pub fn check(
    dataset: &Lineage,
    name: &str,
    reach: Reach,
    replica: Option<&Lineage>,
) -> Result<Rollback, Refusal> {
    let whose = || dataset.dataset.clone();
    let Some(to) = dataset.snapshot(name) else {
        return Err(Refusal::NoSnapshot { dataset: whose(), name: name.to_owned() });
    };
    let newer = dataset.versions().iter().filter(|version| version.createtxg > to.createtxg);
    let newer: Vec<Version> = newer.cloned().collect();
    if reach == Reach::Changes && !newer.is_empty() {
        return Err(Refusal::Newer { dataset: whose(), newer });
    }
    if let Some(held) = newer.iter().find(|version| version.holds > 0) {
        return Err(Refusal::Held { dataset: whose(), held: Box::new(held.clone()) });
    }
    if reach < Reach::Clones {
        if let Some(cloned) = newer.iter().find(|version| !version.clones.is_empty()) {
            return Err(Refusal::Cloned { dataset: whose(), cloned: Box::new(cloned.clone()) });
        }
    }
    let common = replica.and_then(|replica| super::path::newest_common(dataset, replica));
    let common = common.and_then(|(at, _)| dataset.versions().get(at));
    let breaks_replication = common.is_some_and(|common| common.createtxg > to.createtxg);
    let clones = newer.iter().flat_map(|version| version.clones.iter().cloned()).collect();
    Ok(Rollback { to: to.clone(), destroys: newer, clones, breaks_replication })
}
