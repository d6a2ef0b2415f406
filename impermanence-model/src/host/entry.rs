//! One directory or file that shall be kept.

use crate::layout::Propagation;
use crate::origin::Origin;
use crate::owner::{Enforcement, Mode};
use crate::path::{AbsolutePath, HomePath};
use crate::stage::Stage;

/// A directory or file that a layer declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Where.
    pub at: At,
    /// What.
    pub kind: Kind,
    /// The store that keeps it; none: the host's only one.
    pub store: Option<AbsolutePath>,
    /// How; none: what suits it.
    pub how: Option<How>,
    /// Whether what a link points to is created; none: directories are.
    pub create: Option<bool>,
    /// Its own owner and mode.
    pub own: Ownership,
    /// Those of the directory it is in.
    pub parent: Ownership,
    /// What is done where it exists with others; none: set at every boot for a directory whose owner or mode is
    /// declared, given once for everything else.
    pub enforcement: Option<Enforcement>,
    /// When it has to be there; none: what its path and what is below it ask for.
    pub stage: Option<Stage>,
    /// Mount options.
    pub options: Vec<String>,
    /// How mounts below it travel between namespaces.
    pub propagation: Option<Propagation>,
    /// Who declared it.
    pub origin: Origin,
}

impl Declared {
    /// An entry with nothing but a path.
    pub fn new(at: At, kind: Kind, origin: Origin) -> Self {
        Self {
            at,
            kind,
            store: None,
            how: None,
            create: None,
            own: Ownership::default(),
            parent: Ownership::default(),
            enforcement: None,
            stage: None,
            options: Vec::new(),
            propagation: None,
            origin,
        }
    }
}

/// Where an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// There.
    Path(AbsolutePath),
    /// Below a user's home.
    Home {
        /// Whose.
        user: String,
        /// The rest of the path.
        path: HomePath,
    },
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Kind {
    /// A directory with all that is below it.
    Directory,
    /// One file.
    File,
}

/// How something is kept in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum How {
    /// A bind mount: mounts below the source stay behind.
    Bind,
    /// A bind mount with the mounts below the source.
    Rbind,
    /// A symbolic link into the store.
    Symlink,
    /// For a file: the directory that it is in is kept.
    Parent,
    /// For a file: copied in at boot, and out at shutdown.
    Copy,
}

impl How {
    /// As it is declared, and what it means.
    pub const ALL: [(&'static str, Self); 5] = [
        ("bind", Self::Bind),
        ("rbind", Self::Rbind),
        ("symlink", Self::Symlink),
        ("parent", Self::Parent),
        ("copy", Self::Copy),
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, how)| *how == self).map_or("", |(word, _)| word)
    }
}

/// An owner and a mode, as far as they are declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// User name or number.
    pub user: Option<String>,
    /// Group name or number.
    pub group: Option<String>,
    /// Permissions.
    pub mode: Option<Mode>,
}

impl Ownership {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.user.is_none() && self.group.is_none() && self.mode.is_none()
    }
}
