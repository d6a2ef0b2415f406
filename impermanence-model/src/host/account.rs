//! Users: whose home is where.

use crate::owner::Mode;
use crate::path::AbsolutePath;

/// A user, as NixOS declares one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number, if it is fixed.
    pub uid: Option<u32>,
    /// Its group's name or number.
    pub group: String,
    /// Its home.
    pub home: AbsolutePath,
    /// Permissions of the home.
    pub home_mode: Mode,
}
