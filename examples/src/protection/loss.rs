//! What can be lost, and what that takes along.

use backup_spec::coverage::{Copy, Tier, Via};
use zfs_props::DatasetName;

/// What is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The power, for a moment.
    Reboot,
    /// The dataset, with its snapshots.
    Dataset,
    /// All disks of the pool that it is in.
    Pool,
    /// All machines at this place.
    Site,
    /// A file, deleted yesterday: up to two days before anybody looks.
    File,
}

impl Loss {
    /// Every one, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Reboot, Self::Dataset, Self::Pool, Self::Site, Self::File];

    /// The head of its column.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reboot => "reboot",
            Self::Dataset => "lost dataset",
            Self::Pool => "lost pool",
            Self::Site => "lost site",
            Self::File => "deleted yesterday",
        }
    }

    /// Whether a copy is there afterwards.
    pub fn leaves(self, copy: &Copy) -> bool {
        let made = matches!(copy.via, Via::Task(_));
        made && match self {
            Self::Reboot | Self::File => true,
            Self::Dataset | Self::Pool => copy.tier != Tier::LocalSnapshot,
            Self::Site => copy.offsite,
        }
    }

    /// Whether another dataset goes with this one.
    pub fn takes(self, of: &DatasetName, other: &DatasetName) -> bool {
        match self {
            Self::Reboot | Self::File => false,
            Self::Dataset => of == other,
            Self::Pool => of.pool() == other.pool(),
            Self::Site => true,
        }
    }
}
