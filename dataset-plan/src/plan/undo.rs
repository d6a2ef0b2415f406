//! What takes a step back.

use zfs_props::name::DatasetName;

use super::Action;

/// What takes a [`Step`](super::Step) back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Undo {
    /// These, in this order, each on its dataset.
    Do(Vec<(DatasetName, Action)>),
    /// Nothing does.
    Impossible {
        /// Why.
        because: String,
    },
}
