//! One thing that is done at boot.

use super::{Copy, Mount, Place};
use crate::origin::Origin;
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// The number of a step: its index in [`Layout::steps`](super::Layout::steps).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct StepId(pub u32);

/// One thing that is done at boot, and what has to be done before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// When.
    pub stage: Stage,
    /// The steps that this one needs directly, in order; each has a lower number. Any order of the steps
    /// in which each comes after those gives the same tree.
    pub needs: Vec<StepId>,
    /// Who declared it; for a parent directory, what it is the parent of.
    pub origin: Origin,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Action {
    /// A directory, file or link is created, if it is missing.
    Create(Place),
    /// A file system or a bind is mounted.
    Mount(Mount),
    /// A file is copied from the store.
    CopyIn(Copy),
}

impl Action {
    /// The path that it is about.
    pub fn path(&self) -> &AbsolutePath {
        match self {
            Self::Create(place) => &place.path,
            Self::Mount(mount) => &mount.target,
            Self::CopyIn(copy) => &copy.to,
        }
    }
}
