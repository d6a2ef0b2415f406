//! What a plan does not do, though it is declared.

use std::fmt;

use zfs_props::name::DatasetName;

/// Something that the plan does not do, though it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Blocked {
    /// The dataset.
    pub dataset: DatasetName,
    /// What kind of obstacle.
    pub code: Obstacle,
    /// What cannot be done.
    pub what: String,
    /// What would help.
    pub remedy: String,
}

/// The kind of a [`Blocked`] entry, stable across releases of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Obstacle {
    /// The pool was not observed.
    NoPool,
    /// The parent does not exist, and the policy makes none, or it is a volume.
    NoParent,
    /// A volume where a filesystem is declared.
    WrongKind,
    /// The property can be set at creation only, and differs.
    CreateOnly,
    /// The observation does not say what the property is.
    NotObserved,
    /// The dataset is not mounted where it shall be.
    NotMounted,
    /// Undeclared datasets would inherit the change.
    Heirs,
    /// OpenZFS would refuse it.
    Refused,
    /// Another dataset than the declared one has the name.
    OtherDataset,
    /// The snapshot of a clone is not there.
    NoOrigin,
    /// A key is needed, or a decision about encryption.
    Encryption,
    /// A quota below what is used.
    BelowUsed,
    /// A reservation of more than there is.
    NoSpace,
    /// A volume would lose its end.
    Shrinks,
    /// Something else is mounted there.
    Taken,
    /// Something is mounted below what would have to be unmounted.
    Busy,
    /// A mount would cover another one.
    Covers,
    /// A mount would cover files.
    Occupied,
    /// A step cannot be taken back.
    Irreversible,
    /// Data would be destroyed, and no grant names it, or something depends on it.
    Destroys,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Obstacle::NoPool => "no-pool",
            Obstacle::NoParent => "no-parent",
            Obstacle::WrongKind => "wrong-kind",
            Obstacle::CreateOnly => "create-only",
            Obstacle::NotObserved => "not-observed",
            Obstacle::NotMounted => "not-mounted",
            Obstacle::Heirs => "heirs",
            Obstacle::Refused => "refused",
            Obstacle::OtherDataset => "other-dataset",
            Obstacle::NoOrigin => "no-origin",
            Obstacle::Encryption => "encryption",
            Obstacle::BelowUsed => "below-used",
            Obstacle::NoSpace => "no-space",
            Obstacle::Shrinks => "shrinks",
            Obstacle::Taken => "taken",
            Obstacle::Busy => "busy",
            Obstacle::Covers => "covers",
            Obstacle::Occupied => "occupied",
            Obstacle::Irreversible => "irreversible",
            Obstacle::Destroys => "destroys",
        })
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {} [{}]", self.dataset, self.what, self.remedy, self.code)
    }
}
