//! What is on top at a path: the root, a file system, or an entry.

use crate::host::Backing;
use crate::index::Index;

/// What is on top at a path, and everything below it that has no cover of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    pub(crate) by: By,
    /// What becomes of what is written there.
    pub(crate) backing: Backing,
}

/// What a cover is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The root.
    Root,
    /// A file system of the host's.
    FileSystem,
    /// A file system that a recursive bind brings along; the number of its entry.
    Submount(usize),
    /// An entry, by its number.
    Entry(usize),
    /// Nothing of its own: a directory that is made at every boot, by the number of its step, on the cover above it.
    Made(usize),
}

/// Every cover of a layout. There is always one at `/`.
pub(crate) type Covers = Index<Cover>;
