//! Names of permission sets.

use super::{check, name_type};

name_type! {
    /// The name of a permission set of `zfs allow`: `@` and a component, at most 63 bytes.
    PermissionSetName, check::permission_set
}
