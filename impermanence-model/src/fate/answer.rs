//! The answers.

use crate::host::Backing;
use crate::layout::{Entry, Layout, Place};
use crate::path::{AbsolutePath, BadPath};

/// What becomes of a path at the next boot. `Display` gives the reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate<'l> {
    /// It is there again, with its content.
    Survives(Survival<'l>),
    /// It is gone.
    Lost(Loss<'l>),
    /// The directory is there again, and empty but for what is mounted in it.
    Recreated(Recreated<'l>),
    /// An entry keeps the place, but another file system is mounted over it: what is written here goes to that, and
    /// is gone.
    Hidden(Hidden<'l>),
    /// Nobody can say.
    Unknown(Unknown),
}

impl Fate<'_> {
    /// Whether it is there again with its content.
    pub fn survives(&self) -> bool {
        matches!(self, Self::Survives(_))
    }

    /// Whether what is written there is gone after a reboot.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Hidden(_))
    }

    /// One word: `survives`, `lost`, `recreated`, `hidden` or `unknown`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Survives(_) => "survives",
            Self::Lost(_) => "lost",
            Self::Recreated(_) => "recreated",
            Self::Hidden(_) => "hidden",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Why something survives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survival<'l> {
    pub(super) path: Box<[u8]>,
    /// The mount point, link or file that it is on or below.
    pub on: &'l AbsolutePath,
    /// What keeps it.
    pub backing: &'l Backing,
    /// The entry that it is on; none on a file system of its own, or on a persistent root.
    pub entry: Option<&'l Entry>,
}

impl Survival<'_> {
    /// Where it is in the store, if an entry keeps it.
    pub fn kept_at(&self) -> Option<AbsolutePath> {
        let entry = self.entry?;
        AbsolutePath::new(&self.path).ok()?.rebased(&entry.path, &entry.source())
    }
}

/// Why something is lost.
#[derive(Clone)]
pub struct Loss<'l> {
    pub(super) layout: &'l Layout,
    pub(super) path: Box<[u8]>,
    /// The mount point that it is on: often `/`.
    pub on: &'l AbsolutePath,
    /// What becomes of what is written there.
    pub backing: &'l Backing,
}

impl<'l> Loss<'l> {
    /// The kept path that shares most components with this one: often the one that was meant.
    pub fn nearest(&self) -> Option<&'l AbsolutePath> {
        self.layout.nearest_kept(&self.path)
    }

    /// Why it is lost on purpose, if a service declares it.
    pub fn on_purpose(&self) -> Option<&'l crate::layout::ServiceState> {
        self.layout.ephemeral(&self.path)
    }
}

impl PartialEq for Loss<'_> {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.on, self.backing) == (&other.path, other.on, other.backing)
    }
}

impl Eq for Loss<'_> {}

impl std::fmt::Debug for Loss<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loss").field("on", self.on).field("backing", self.backing).finish()
    }
}

/// A directory that is made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recreated<'l> {
    /// As what it is made.
    pub place: &'l Place,
    /// What becomes of what else is written there.
    pub backing: &'l Backing,
}

/// What hides an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden<'l> {
    /// The mount point that is on top.
    pub by: &'l AbsolutePath,
    /// What becomes of what is written there.
    pub backing: &'l Backing,
    /// The entry beneath.
    pub beneath: &'l AbsolutePath,
}

/// Why nobody can say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// It is no absolute path without `..`.
    NoPath(BadPath),
    /// It is below this path, which is declared as a file.
    BelowFile(AbsolutePath),
    /// It is on a file system of which the declaration does not say what becomes.
    NotDeclared(String),
}
