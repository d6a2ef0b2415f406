//! One step of a change.

use std::fmt;

use crate::layout::{Copy, Mount, Place, Source};
use crate::path::AbsolutePath;

/// How to get from one layout to another on a running system: steps in order. After a crash that was no reboot, go on with
/// the step that was interrupted: each can be done again, whether it was done or not. A reboot boots the old
/// layout or the new one, and either is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Change>,
    /// What is in a store, and kept by no entry any more. Nothing removes it.
    pub left: Vec<Left>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Change {
    /// A file is copied back to the store, as at shutdown.
    CopyOut(Copy),
    /// Whoever uses what is at these paths has to stop: it is about to move.
    Quiesce(Vec<AbsolutePath>),
    /// A mount is taken away; with [`Busy`](crate::sim::Refusal::Busy), who holds it has to let go.
    Unmount(Mount),
    /// A link of the old layout is removed. It is outside of all stores.
    Unlink(AbsolutePath),
    /// An empty file, or a directory in which there is nothing but directories, is removed: a link comes there, or a
    /// directory where a file was. Refused if anything else is in it; done if it is not there.
    Clear(AbsolutePath),
    /// A file or directory outside of all stores gets another name beside it, because a link comes there.
    SetAside {
        /// Its name.
        from: AbsolutePath,
        /// Its new name.
        to: AbsolutePath,
    },
    /// What is missing is created.
    Create(Place),
    /// Data is copied into the store, with owners, modes, times, links and attributes. What is there already is
    /// overwritten only by the same, so that it can be done again.
    CopyData {
        /// From here, which stays as it is.
        from: AbsolutePath,
        /// To here.
        to: AbsolutePath,
    },
    /// The two are compared, byte by byte. A difference ends the change before anything is hidden.
    Verify {
        /// The original.
        from: AbsolutePath,
        /// The copy.
        to: AbsolutePath,
    },
    /// Something is mounted.
    Mount(Mount),
    /// A file is copied from the store.
    CopyIn(Copy),
}

/// What an entry left in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Left {
    /// Where in the store.
    pub at: AbsolutePath,
    /// The path that it had for programs.
    pub was: AbsolutePath,
}

impl Plan {
    /// Whether nothing has to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CopyOut(copy) => write!(f, "copy {} to {}", copy.to, copy.from),
            Self::Quiesce(paths) => {
                f.write_str("stop whoever uses")?;
                paths.iter().try_for_each(|path| write!(f, " {path}"))
            }
            Self::Unmount(mount) => write!(f, "unmount {}", mount.target),
            Self::Unlink(path) => write!(f, "remove the link {path}"),
            Self::Clear(path) => write!(f, "remove the empty {path}"),
            Self::SetAside { from, to } => write!(f, "rename {from} to {to}"),
            Self::Create(place) => write!(f, "create {}", place.path),
            Self::CopyData { from, to } => write!(f, "copy all of {from} into {to}"),
            Self::Verify { from, to } => write!(f, "compare {from} with {to}"),
            Self::Mount(mount) => match &mount.source {
                Source::Bind { from, .. } => write!(f, "mount {from} on {}", mount.target),
                Source::Device { device, .. } => write!(f, "mount {device} on {}", mount.target),
            },
            Self::CopyIn(copy) => write!(f, "copy {} to {}", copy.from, copy.to),
        }
    }
}

impl fmt::Display for Plan {
    /// A line for each step, and one for what is left.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:>3}. {step}", number + 1)?;
        }
        for left in &self.left {
            writeln!(f, "     left in the store: {} (was {})", left.at, left.was)?;
        }
        Ok(())
    }
}
