//! What only properties of vdevs have.

use super::{ColumnWidth, Mutability, Stored, UnknownName, ValueType, VdevProperty, Word};
use super::{as_name, column, facts, nearest};
use crate::release::Release;

facts!(VdevProperty, "property of vdevs");

impl VdevProperty {
    /// Whether it is never set by a user (OpenZFS `vdev_prop_readonly`).
    pub const fn is_readonly(self) -> bool {
        matches!(self.mutability(), Mutability::ReadOnly)
    }
}
