//! What only properties of pools have.

use super::{ColumnWidth, Mutability, PoolProperty, Stored, UnknownName, ValueType, Word};
use super::{as_name, column, facts, nearest};
use crate::release::Release;

facts!(PoolProperty, "property of pools");

impl PoolProperty {
    /// Whether it is never set by a user (OpenZFS `zpool_prop_readonly`).
    pub const fn is_readonly(self) -> bool {
        matches!(self.mutability(), Mutability::ReadOnly)
    }

    /// Whether it is set when the pool is created or imported only (OpenZFS `zpool_prop_setonce`).
    pub const fn is_settable_once(self) -> bool {
        matches!(self.mutability(), Mutability::Once)
    }
}
