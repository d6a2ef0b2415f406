//! What lies where something would be mounted.

use std::collections::BTreeMap;

use crate::path::AbsolutePath;

/// What was found at the paths of [`to_look_at`](super::to_look_at).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// By path; one that is missing was not looked at.
    pub at: BTreeMap<AbsolutePath, Holding>,
}

/// What is at a path, as it is seen before the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Holding {
    /// Nothing, or directories without a file in them.
    Nothing,
    /// A file.
    File {
        /// Of how many bytes.
        bytes: u64,
    },
    /// A directory with files in it.
    Files {
        /// How many.
        files: u64,
        /// Of how many bytes together.
        bytes: u64,
    },
}

impl Holding {
    /// Whether there is content that could be hidden.
    pub fn is_data(self) -> bool {
        !matches!(self, Self::Nothing | Self::File { bytes: 0 })
    }
}

impl Observed {
    /// All of these are empty.
    pub fn nothing_at(paths: impl IntoIterator<Item = AbsolutePath>) -> Self {
        Self { at: paths.into_iter().map(|path| (path, Holding::Nothing)).collect() }
    }
}
