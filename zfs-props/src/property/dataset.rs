//! What only properties of datasets have.

use super::{
    ColumnWidth, Mutability, Notation, Property, Range, Stored, UnknownName, ValueType, Word,
};
use super::{as_name, column, facts, nearest};
use crate::kind::{DatasetKind, Kinds};
use crate::release::Release;

facts!(Property, "property of datasets");

impl Property {
    /// Whether `zfs set` refuses it; what is set at creation counts (OpenZFS `zfs_prop_readonly`).
    pub const fn is_readonly(self) -> bool {
        matches!(self.mutability(), Mutability::ReadOnly) || self.is_settable_once()
    }

    /// Whether it is set when the dataset is created, and never again (OpenZFS `zfs_prop_setonce`).
    pub const fn is_settable_once(self) -> bool {
        matches!(self.mutability(), Mutability::Once | Mutability::OnceDefault)
    }

    /// Whether datasets below take it over (OpenZFS `zfs_prop_inheritable`).
    pub const fn is_inheritable(self) -> bool {
        matches!(self.mutability(), Mutability::Inherited | Mutability::Once)
    }

    /// Whether `zfs allow` can give a user the right to set it (OpenZFS `zfs_prop_delegatable`).
    pub const fn is_delegatable(self) -> bool {
        !matches!(self.mutability(), Mutability::ReadOnly) && !matches!(self, Self::Mlslabel)
    }

    /// Whether `zfs change-key` sets it, and after creation nothing else does
    /// (OpenZFS `zfs_prop_encryption_key_param`; the key's location is not among them).
    pub const fn is_key_parameter(self) -> bool {
        matches!(self, Self::Keyformat | Self::Pbkdf2salt | Self::Pbkdf2iters)
    }

    /// What it belongs to.
    pub const fn kinds(self, release: Release) -> Kinds {
        self.row().kinds_in(release)
    }

    /// Whether a dataset of this kind can have it.
    pub const fn applies_to(self, kind: DatasetKind, release: Release) -> bool {
        self.kinds(release).contains(kind.only())
    }

    /// Whether a snapshot of a dataset of the kind `head` shows it: `volsize` is for snapshots of
    /// volumes only (OpenZFS `zprop_valid_for_type` with `headcheck`).
    pub const fn applies_to_snapshot_of(self, head: DatasetKind, release: Release) -> bool {
        self.kinds(release).bits() == Kinds::SNAPSHOT.bits() || self.applies_to(head, release)
    }

    /// How `zfs get` writes it, if it is a number.
    pub fn notation(self) -> Option<Notation> {
        (self.value_type() == ValueType::Number).then_some(self.row().notation)
    }

    /// Which numbers it can be set to whatever the pool and the dataset are: any, if `None`. A pool
    /// may take less (OpenZFS `zfs_valid_proplist`, `lib/libzfs/libzfs_dataset.c`).
    pub const fn range(self, release: Release) -> Option<Range> {
        self.row().range_in(release)
    }
}
