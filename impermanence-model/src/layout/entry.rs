//! An entry of a declaration, as it was decided: where, how and for whom it is kept.

use std::fmt;

use crate::host::Kind;
use crate::origin::Origin;
use crate::owner::{Enforcement, Mode, Owner};
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// A directory or file that is kept, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Entry {
    /// Where programs find it.
    pub path: AbsolutePath,
    /// What it is.
    pub kind: Kind,
    /// The store that keeps it.
    pub store: AbsolutePath,
    /// How.
    pub via: Via,
    /// From when on it is there.
    pub stage: Stage,
    /// Whose.
    pub owner: Owner,
    /// Permissions.
    pub mode: Mode,
    /// What is done where it exists with others.
    pub enforcement: Enforcement,
    /// Who declared it.
    pub origin: Origin,
}

impl Entry {
    /// Where it is kept.
    pub fn source(&self) -> AbsolutePath {
        self.path.inside(&self.store)
    }
}

/// How an entry is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Via {
    /// A bind mount from the store.
    Bind,
    /// A bind mount with the mounts below the source.
    Rbind,
    /// A link into the store.
    Symlink,
    /// Copied in at boot, and out at shutdown.
    Copy,
    /// It is in a directory that is kept in the same store, so nothing has to be done.
    Within(AbsolutePath),
    /// A file system of its own is mounted there, so nothing has to be done.
    FileSystem,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind => f.write_str("bind"),
            Self::Rbind => f.write_str("recursive bind"),
            Self::Symlink => f.write_str("symbolic link"),
            Self::Copy => f.write_str("copy at boot and shutdown"),
            Self::Within(path) => write!(f, "with {path}"),
            Self::FileSystem => f.write_str("file system of its own"),
        }
    }
}
