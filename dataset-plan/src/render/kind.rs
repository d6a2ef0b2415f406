//! Actions by what they mean to whoever reads a plan.

use crate::plan::Action;

/// What an action means to a reader. Ordered as a summary lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    rank: u8,
    /// The word for one such step.
    pub(super) verb: &'static str,
    /// What follows the number of such steps.
    pub(super) counted: &'static str,
    pub(super) weight: Weight,
}

/// How much an action changes, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Changes,
    Creates,
    Destroys,
}

impl Kind {
    pub(super) fn of(action: &Action) -> Kind {
        use Weight::{Changes, Creates, Destroys};
        let (rank, verb, counted, weight) = match action {
            Action::Create { .. } => (0, "create", "to create", Creates),
            Action::CreateVolume { .. } => (1, "create volume", "volumes to create", Creates),
            Action::Clone { .. } => (2, "clone", "to clone", Creates),
            Action::Set(_) => (3, "set", "to change", Changes),
            Action::Inherit(_) => (4, "inherit", "properties to inherit", Changes),
            Action::Revert(_) => (5, "revert", "properties to take as received", Changes),
            Action::Rename { .. } => (6, "rename", "to rename", Changes),
            Action::Promote => (7, "promote", "to promote", Changes),
            Action::LoadKey => (8, "load key", "keys to load", Changes),
            Action::Unmount => (9, "unmount", "to unmount", Changes),
            Action::Mount => (10, "mount", "to mount", Changes),
            Action::Own { .. } => (11, "own", "directories to own", Changes),
            Action::Snapshot(_) => (12, "snapshot", "to snapshot", Creates),
            Action::Hold { .. } => (13, "hold", "snapshots to hold", Changes),
            Action::Release { .. } => (14, "release", "holds to release", Changes),
            Action::Rollback(_) => (15, "roll back", "to roll back", Destroys),
            Action::DestroySnapshot(_) => {
                (16, "destroy snapshot", "snapshots to destroy", Destroys)
            }
            Action::Destroy => (17, "destroy", "to destroy", Destroys),
        };
        Kind { rank, verb, counted, weight }
    }
}
