//! Moving a service's data into a dataset of its own, from a directory or from another dataset.
//!
//! Which copy counts is always decided by one thing that survives a crash: a user property of the new
//! dataset, set there and not inherited. [`Migration::state`] reads it (and where the old copy is) from an
//! observation; [`Migration::next`] says what to do from there; [`Migration::back`] says what
//! returns to the old copy. A tool does the [moves](Move) of a phase in order, stops at the first that fails, and asks
//! again with a new observation; so does it after a crash. A person follows the
//! [runbook](Migration::runbook), which is the same moves.
//!
//! | state | the marker | which copy counts | the next phase |
//! |---|---|---|---|
//! | [`Begin`](State::Begin) | no dataset | old | create: back up, create, mount aside |
//! | [`Created`](State::Created) | `created` | old | seed: copy while the service runs |
//! | [`Seeded`](State::Seeded) | `seeded`, or old copy still in its place | old | cut over: stop, copy, verify, switch, start |
//! | [`Switching`](State::Switching) | `switching`, old copy put away | both, equal | finish the switch |
//! | [`Switched`](State::Switched) | `switched@SECONDS` | new | hold the old copy, then retire it |
//! | [`Returning`](State::Returning) | `returning`, old copy put away | both, equal | finish the return |
//! | [`Done`](State::Done) | `done` | new | none |
//!
//! The service is stopped from before the last copy until after the switch. Where a crash lies between, the
//! service may have run again on the old copy: so stop, copy and verify are always done over.

mod moves;
mod phase;
mod runbook;
mod state;

pub use moves::{Move, Proof};
pub use phase::{NotNow, Phase, Step};
pub use runbook::Runbook;
pub use state::{State, Stuck};
use zfs_props::name::DatasetName;

use crate::command::Command;
use crate::plan::Assignment;
use crate::unit::UnitName;

/// Data that moves into a dataset of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Where the data is.
    pub from: From,
    /// The new dataset; its parent exists.
    pub to: DatasetName,
    /// The absolute path where the services expect the data, before as after.
    pub path: String,
    /// Properties of the new dataset, but for `mountpoint` and `canmount`, which the migration itself sets.
    pub properties: Vec<Assignment>,
    /// What uses the data, and is stopped meanwhile.
    pub services: Vec<UnitName>,
    /// What makes a backup before anything else; it has to succeed.
    pub backup: Option<Command>,
    /// Seconds for which the old copy is kept after the switch: a day or two, [`Migration::HOLD`].
    pub hold: u64,
}

/// Where data is before it moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// In the directory at [`Migration::path`].
    Directory,
    /// In this dataset without children, which is mounted at [`Migration::path`].
    Dataset(DatasetName),
}

impl Migration {
    /// Two days, in seconds.
    pub const HOLD: u64 = 48 * 60 * 60;

    /// The user property of the new dataset that says how far the migration is.
    pub const MARKER: &'static str = "dataset-plan:migration";

    /// Where the new dataset is mounted until the switch: one place for each dataset.
    pub fn staging(&self) -> String {
        format!("/run/dataset-plan/new/{}", self.to)
    }

    /// Where the old copy is after the switch.
    pub fn kept(&self) -> String {
        match &self.from {
            From::Directory => format!("{}.before-migration", self.path.trim_end_matches('/')),
            From::Dataset(old) => format!("/run/dataset-plan/old/{old}"),
        }
    }

    /// The name that a grant to destroy the old copy has to give: of the dataset, or of the directory.
    pub fn old_copy(&self) -> String {
        match &self.from {
            From::Directory => self.kept(),
            From::Dataset(old) => old.to_string(),
        }
    }
}
