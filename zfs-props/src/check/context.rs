//! What a verdict depends on beside the properties themselves.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::kind::DatasetKind;
use crate::property::Feature;
use crate::release::Release;
use crate::reservation::Vdev;

/// What is done, with which release, where.
///
/// What is not said is as on a fresh system: the newest release, a pool it made on one disk with all
/// features, a parent that is neither encrypted nor zoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    pub(super) release: Release,
    pub(super) operation: Operation,
    pub(super) pool: Option<PoolFacts>,
    pub(super) accounts: Option<Accounts>,
    pub(super) key: Key,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    Create { kind: DatasetKind, parent: DatasetFacts },
    CreateRoot,
    Set(DatasetFacts),
    ChangeKey(DatasetFacts),
}

impl Context {
    const fn new(operation: Operation) -> Self {
        Self { release: Release::LATEST, operation, pool: None, accounts: None, key: Key::Unseen }
    }

    /// `zfs create` of a filesystem or volume, below one that is neither encrypted nor zoned.
    pub const fn create(kind: DatasetKind) -> Self {
        Self::create_in(DatasetFacts::filesystem(), kind)
    }

    /// `zfs create` of a filesystem or volume below this filesystem.
    pub const fn create_in(parent: DatasetFacts, kind: DatasetKind) -> Self {
        Self::new(Operation::Create { kind, parent })
    }

    /// `zpool create -O`: the properties of a new pool's own dataset.
    pub const fn create_root() -> Self {
        Self::new(Operation::CreateRoot)
    }

    /// `zfs set` on a dataset.
    pub const fn set(dataset: DatasetFacts) -> Self {
        Self::new(Operation::Set(dataset))
    }

    /// `zfs change-key -o` on a dataset.
    pub const fn change_key(dataset: DatasetFacts) -> Self {
        Self::new(Operation::ChangeKey(dataset))
    }

    /// With this release.
    #[must_use]
    pub const fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// In this pool.
    #[must_use]
    pub fn pool(mut self, pool: PoolFacts) -> Self {
        self.pool = Some(pool);
        self
    }

    /// With these users and groups.
    #[must_use]
    pub fn accounts(mut self, accounts: Accounts) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// With this key where the properties say that a new one is read.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// The kind of dataset that the properties are for.
    pub const fn kind(&self) -> DatasetKind {
        match &self.operation {
            Operation::Create { kind, .. } => *kind,
            Operation::CreateRoot => DatasetKind::Filesystem,
            Operation::Set(dataset) | Operation::ChangeKey(dataset) => dataset.kind.kind(),
        }
    }

    /// The dataset that has them already.
    pub(super) const fn dataset(&self) -> Option<&DatasetFacts> {
        match &self.operation {
            Operation::Set(dataset) | Operation::ChangeKey(dataset) => Some(dataset),
            Operation::Create { .. } | Operation::CreateRoot => None,
        }
    }

    /// Whether the dataset is created below an encrypted one.
    pub(super) const fn is_parent_encrypted(&self) -> bool {
        matches!(&self.operation, Operation::Create { parent, .. } if parent.encrypted)
    }

    /// The pool, or what it is assumed to be.
    pub(super) fn pool_facts(&self) -> Cow<'_, PoolFacts> {
        match &self.pool {
            Some(pool) => Cow::Borrowed(pool),
            None => Cow::Owned(PoolFacts::of(self.release)),
        }
    }
}

/// What matters of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolFacts {
    /// The greatest block size its features allow, in bytes: its property `maxblocksize`.
    pub max_block_size: u64,
    /// Its features that are enabled or active.
    pub features: BTreeSet<Feature>,
    /// Its top-level vdevs that hold data.
    pub vdevs: Vec<Vdev>,
    /// Whether it has a special vdev: the feature `allocation_classes` is active.
    pub has_special_vdev: bool,
}

impl PoolFacts {
    /// A pool as `release` makes it on one disk with sectors of 4 KiB.
    pub fn of(release: Release) -> Self {
        Self {
            max_block_size: 16 << 20,
            features: Feature::ALL.iter().copied().filter(|f| f.exists_in(release)).collect(),
            vdevs: alloc::vec![Vdev::Plain { ashift: 12 }],
            has_special_vdev: false,
        }
    }
}

/// What matters of a dataset that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatasetFacts {
    /// What it is.
    pub kind: KindFacts,
    /// Whether its property `zoned` is `on`.
    pub zoned: bool,
    /// Whether its property `encryption` is other than `off`.
    pub encrypted: bool,
}

/// What matters of one kind of dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindFacts {
    /// A filesystem.
    Filesystem {
        /// Its property `version`; 5 since 2010.
        version: u64,
    },
    /// A volume.
    Volume(VolumeFacts),
    /// A snapshot, of whatever.
    Snapshot,
}

/// What matters of a volume that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeFacts {
    /// Its property `volsize`, in bytes.
    pub size: u64,
    /// Its property `volblocksize`, in bytes.
    pub block_size: u64,
    /// Its property `refreservation`, in bytes; 0 is none.
    pub refreservation: u64,
}

impl DatasetFacts {
    const fn new(kind: KindFacts) -> Self {
        Self { kind, zoned: false, encrypted: false }
    }

    /// A filesystem of the newest version, not encrypted.
    pub const fn filesystem() -> Self {
        Self::new(KindFacts::Filesystem { version: 5 })
    }

    /// A volume, not encrypted.
    pub const fn volume(volume: VolumeFacts) -> Self {
        Self::new(KindFacts::Volume(volume))
    }

    /// A snapshot, of whatever.
    pub const fn snapshot() -> Self {
        Self::new(KindFacts::Snapshot)
    }

    /// The version of a filesystem.
    pub(super) const fn version(&self) -> Option<u64> {
        match self.kind {
            KindFacts::Filesystem { version } => Some(version),
            _ => None,
        }
    }
}

impl KindFacts {
    /// The kind of dataset.
    pub const fn kind(self) -> DatasetKind {
        match self {
            Self::Filesystem { .. } => DatasetKind::Filesystem,
            Self::Volume(_) => DatasetKind::Volume,
            Self::Snapshot => DatasetKind::Snapshot,
        }
    }
}

/// The users and groups of a system with their numbers: what `userquota@alice` means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounts {
    /// The users.
    pub users: BTreeMap<String, u32>,
    /// The groups.
    pub groups: BTreeMap<String, u32>,
}

/// What the place holds that a new key is read from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Key {
    /// Not looked at: taken for good.
    #[default]
    Unseen,
    /// It cannot be read.
    Unreadable,
    /// These bytes: of the file, or what is typed with the newline.
    Bytes(Vec<u8>),
}
