//! What a property can belong to: the four kinds of dataset, pools, and vdevs.

use core::fmt;

/// A kind of dataset, as the property `type` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DatasetKind {
    /// A mountable tree of files.
    Filesystem,
    /// A block device.
    Volume,
    /// A read-only state of a filesystem or volume at one time.
    Snapshot,
    /// A mark where a snapshot was, good as the start of an incremental send.
    Bookmark,
}

impl DatasetKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::Filesystem, Self::Volume, Self::Snapshot, Self::Bookmark];

    /// The word in `zfs get type` and after `zfs list -t`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filesystem => "filesystem",
            Self::Volume => "volume",
            Self::Snapshot => "snapshot",
            Self::Bookmark => "bookmark",
        }
    }

    /// The kind a word of `zfs get type` names.
    ///
    /// ```
    /// use zfs_props::kind::DatasetKind;
    ///
    /// assert_eq!(DatasetKind::from_name("volume"), Some(DatasetKind::Volume));
    /// assert_eq!(DatasetKind::from_name("VOLUME"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// The set with just this kind.
    pub const fn only(self) -> Kinds {
        match self {
            Self::Filesystem => Kinds::FILESYSTEM,
            Self::Volume => Kinds::VOLUME,
            Self::Snapshot => Kinds::SNAPSHOT,
            Self::Bookmark => Kinds::BOOKMARK,
        }
    }
}

impl fmt::Display for DatasetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

bitflags::bitflags! {
    /// What a property belongs to. The bits are OpenZFS's (`zfs_type_t`, `include/sys/fs/zfs.h`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Kinds: u8 {
        /// Filesystems.
        const FILESYSTEM = 1;
        /// Snapshots.
        const SNAPSHOT = 2;
        /// Volumes.
        const VOLUME = 4;
        /// Pools.
        const POOL = 8;
        /// Bookmarks.
        const BOOKMARK = 16;
        /// Virtual devices, of which a pool is made.
        const VDEV = 32;
    }
}
