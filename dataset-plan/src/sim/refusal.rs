//! Why the simulated ZFS refuses a command.

use zfs_props::check::CheckError;
use zfs_props::name::{DatasetName, NameError};

/// Why the simulated ZFS refused a command.
///
/// As with the real one, a part of a refused command may have been done: a dataset was created and could not be
/// mounted, or one of several properties was set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is such a dataset already.
    #[error("{0} exists already")]
    Exists(DatasetName),
    /// There is such a snapshot already.
    #[error("snapshot {0} exists already")]
    SnapshotExists(String),
    /// The dataset, or the parent of a new one, is not there.
    #[error("{0} does not exist")]
    Missing(DatasetName),
    /// The snapshot is not there.
    #[error("snapshot {0} does not exist")]
    NoSnapshot(String),
    /// Only filesystems hold others, are mounted and unmounted.
    #[error("{0} is a volume")]
    Volume(DatasetName),
    /// A name that nothing can be given.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A property that the command does not take, or not with this value.
    #[error("{dataset}: {error}")]
    Property {
        /// The dataset.
        dataset: DatasetName,
        /// What is wrong.
        error: CheckError,
    },
    /// What needs more space than a quota leaves, or a limit below what is taken.
    #[error(
        "{dataset}: {property} does not fit: a quota, a reservation or what is used stands against it"
    )]
    NoSpace {
        /// The dataset.
        dataset: DatasetName,
        /// The property.
        property: &'static str,
    },
    /// A value that is longer than the kernel takes.
    #[error("{dataset}: the value of {property} is too long")]
    TooLong {
        /// The dataset.
        dataset: DatasetName,
        /// The property.
        property: zfs_props::key::PropertyName,
    },
    /// A property that is not given up.
    #[error("{dataset}: {property} cannot be reverted")]
    NotInheritable {
        /// The dataset.
        dataset: DatasetName,
        /// The property.
        property: zfs_props::key::PropertyName,
    },
    /// A volume without a device.
    #[error("{0} has no device")]
    NoDevice(DatasetName),
    /// A volume that cannot be resized.
    #[error("{0} is read-only")]
    ReadOnly(DatasetName),
    /// There are datasets or snapshots below it.
    #[error("{0} has children or snapshots")]
    HasChildren(DatasetName),
    /// Clones depend on the snapshot.
    #[error("snapshot {0} has clones")]
    HasClones(String),
    /// Something keeps the snapshot.
    #[error("snapshot {0} is held")]
    Held(String),
    /// The hold is there already, or not there.
    #[error("snapshot {snapshot}: hold {tag:?} is there already, or is not there")]
    Tag {
        /// The snapshot.
        snapshot: String,
        /// The name of the hold.
        tag: String,
    },
    /// A snapshot that is not the latest.
    #[error("there are later snapshots than {0}")]
    NotLatest(String),
    /// A dataset cannot be moved there.
    #[error("{from} cannot become {to}")]
    Rename {
        /// Where it is.
        from: DatasetName,
        /// Where it cannot be.
        to: DatasetName,
    },
    /// A dataset that is no clone.
    #[error("{0} is not a clone")]
    NotAClone(DatasetName),
    /// It cannot be mounted as it is.
    #[error("{0} cannot be mounted")]
    NotMountable(DatasetName),
    /// Something is mounted within it.
    #[error("{0} is busy: something is mounted within it")]
    Busy(DatasetName),
    /// It is mounted already.
    #[error("{0} is mounted already")]
    Mounted(DatasetName),
    /// It is not mounted.
    #[error("{0} is not mounted")]
    Unmounted(DatasetName),
    /// A directory to be owned is not a mountpoint.
    #[error("nothing is mounted at {0}")]
    NotMounted(String),
    /// What is sent does not fit to what is there.
    #[error("{0} cannot receive this stream")]
    Stream(DatasetName),
    /// Its key is not loaded, or there is none.
    #[error("{0} has no key, or it is loaded or unloaded already")]
    Key(DatasetName),
}
