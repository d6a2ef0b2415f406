//! Snapshots, bookmarks, and the dataset that they are of.

use std::fmt;

use zfs_props::name::DatasetName;

/// What identifies a snapshot, wherever it is and whatever it is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Guid(pub u64);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({})", self.0)
    }
}

/// What can be the base of an incremental send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum Kind {
    /// What a snapshot was, without its data: a base on the sending side, never on the receiving one.
    ///
    /// At one `createtxg` it sorts before the snapshot it was made of, so that the snapshot is preferred.
    Bookmark,
    /// A snapshot.
    Snapshot,
}

impl Kind {
    /// `#` or `@`.
    pub const fn sign(self) -> char {
        match self {
            Self::Bookmark => '#',
            Self::Snapshot => '@',
        }
    }
}

/// A snapshot or bookmark of one dataset.
///
/// Displayed without the dataset: `@daily-1`, `#base`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Version {
    /// Snapshot or bookmark.
    pub kind: Kind,
    /// What follows the `@` or `#`.
    pub name: String,
    /// Its identity.
    pub guid: Guid,
    /// The transaction group it was created in: orders the versions of one dataset, and means nothing in another pool.
    pub createtxg: u64,
    /// Seconds since 1970 by the clock of the machine that created it; a received snapshot keeps it.
    pub creation: i64,
    /// Holds (`userrefs`).
    pub holds: u64,
    /// Clones of it.
    pub clones: Vec<DatasetName>,
    /// Bytes written between the snapshot before and this one; none: not observed.
    pub written: Option<u64>,
    /// Of a snapshot of an encrypted dataset: what its blocks are encrypted with, besides the key (`ivsetguid`). A raw stream
    /// fits onto a snapshot with the sender's own one only. 0: nobody knows (a snapshot received otherwise); none: not
    /// encrypted, or not observed.
    #[cfg_attr(feature = "serde", serde(default))]
    pub ivset: Option<u64>,
}

impl Version {
    /// A snapshot without holds and clones.
    pub fn snapshot(name: impl Into<String>, guid: u64, createtxg: u64, creation: i64) -> Self {
        let (kind, name, guid) = (Kind::Snapshot, name.into(), Guid(guid));
        let (holds, clones, written, ivset) = (0, Vec::new(), None, None);
        Self { kind, name, guid, createtxg, creation, holds, clones, written, ivset }
    }

    /// A bookmark.
    pub fn bookmark(name: impl Into<String>, guid: u64, createtxg: u64, creation: i64) -> Self {
        Self { kind: Kind::Bookmark, ..Self::snapshot(name, guid, createtxg, creation) }
    }

    /// Whether it is a snapshot.
    pub fn is_snapshot(&self) -> bool {
        self.kind == Kind::Snapshot
    }

    /// The order of one dataset's versions: by `createtxg`, a bookmark before its snapshot.
    pub(crate) fn order(&self) -> (u64, Kind) {
        (self.createtxg, self.kind)
    }

    /// The full name.
    pub fn of(&self, dataset: &DatasetName) -> String {
        format!("{dataset}{self}")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.sign(), self.name)
    }
}

/// Whether a dataset is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum Encryption {
    /// `encryption=off`.
    Off,
    /// Any cipher.
    On,
    /// Not observed.
    #[default]
    Unknown,
}

/// What is known of the dataset itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Head {
    /// Bytes written since the newest snapshot; none: not observed, and so taken for changed.
    pub written: Option<u64>,
    /// Whether it is encrypted.
    pub encryption: Encryption,
    /// Whether its key is loaded (`keystatus`); none: not encrypted, or not observed.
    pub key_loaded: Option<bool>,
    /// `receive_resume_token`: an interrupted receive that can go on.
    pub resume_token: Option<String>,
    /// Whether it is a volume.
    pub volume: bool,
    /// Whether there are datasets below it.
    pub children: bool,
    /// The snapshot that it is a clone of.
    pub origin: Option<String>,
    /// How many more snapshots the limits of it and its ancestors allow; none: no limit.
    pub snapshots_left: Option<u64>,
}

/// A dataset with its snapshots and bookmarks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lineage {
    /// Its name.
    pub dataset: DatasetName,
    /// Snapshots and bookmarks, in the order of their `createtxg`, bookmarks first at the same one.
    versions: Vec<Version>,
    /// The dataset itself.
    pub head: Head,
}

impl Lineage {
    /// A dataset with these versions, in any order.
    pub fn new(dataset: DatasetName, mut versions: Vec<Version>) -> Self {
        // What `zfs list` prints is nearly sorted, and that is what a merge sort likes.
        versions.sort_by_key(Version::order);
        Self { dataset, versions, head: Head::default() }
    }

    /// With what is known of the dataset itself.
    #[must_use]
    pub fn with_head(mut self, head: Head) -> Self {
        self.head = head;
        self
    }

    /// Snapshots and bookmarks, oldest first; a bookmark before the snapshot of the same `createtxg`.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Snapshots alone, oldest first.
    pub fn snapshots(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.versions.iter().filter(|version| version.is_snapshot())
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Option<&Version> {
        self.snapshots().next_back()
    }

    /// The snapshot of this name.
    pub fn snapshot(&self, name: &str) -> Option<&Version> {
        self.snapshots().find(|version| version.name == name)
    }

    /// Adds a version, which may be older than others.
    pub fn insert(&mut self, version: Version) {
        let at = self.versions.partition_point(|other| other.order() <= version.order());
        self.versions.insert(at, version);
    }

    /// Changes the snapshot of this name.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut Version)) {
        let mut versions = self.versions.iter_mut();
        if let Some(version) =
            versions.find(|version| version.is_snapshot() && version.name == name)
        {
            change(version);
        }
    }

    /// Keeps those versions only.
    pub fn retain(&mut self, keep: impl FnMut(&Version) -> bool) {
        self.versions.retain(keep);
    }
}
