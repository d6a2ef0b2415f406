//! A directory, file or link that has to exist.

use crate::owner::{Enforcement, Mode, Owner};
use crate::path::AbsolutePath;

/// A directory, file or link that is created if it is missing.
///
/// Created in the tree as it is at that step: `/var/lib/nixos` below a mounted `/var/lib` is made in what is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Place {
    /// Where.
    pub path: AbsolutePath,
    /// What.
    pub kind: PlaceKind,
    /// Whose.
    pub owner: Owner,
    /// Permissions; a link has none.
    pub mode: Mode,
    /// What is done if it exists with another owner or mode.
    pub enforcement: Enforcement,
    /// Why it has this owner and mode.
    pub why: Why,
    /// The home it is in: its user may have replaced any component below that home by a link.
    pub home: Option<AbsolutePath>,
}

/// Which rule decided over owner and mode. An earlier one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Why {
    /// It is an entry with an owner or mode of its own.
    Entry,
    /// An entry in it says so.
    Parent,
    /// It is a home, or in one.
    Home,
    /// It has to be so, or its programs refuse it: `/var/lib/private`, say.
    Known,
    /// Nobody says anything: `root:root`, 0755.
    Default,
}

/// What is created.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum PlaceKind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Content),
    /// A symbolic link to a file or directory of a store. An existing file that is not this link is not replaced.
    Link {
        /// What it points to.
        to: AbsolutePath,
    },
}

/// What a file that is missing is created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Content {
    /// Nothing: a mount point, or a file that its program fills.
    Empty,
    /// `uninitialized` and a newline: a first boot, as machine-id(5) has it.
    Uninitialized,
}

impl Content {
    /// The bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Empty => b"",
            Self::Uninitialized => b"uninitialized\n",
        }
    }
}

/// A file that is copied from the store at boot, and back at shutdown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Copy {
    /// In the store.
    pub from: AbsolutePath,
    /// Where its program reads and replaces it.
    pub to: AbsolutePath,
    /// Whose.
    pub owner: Owner,
    /// Permissions.
    pub mode: Mode,
}
