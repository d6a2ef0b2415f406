//! A plan as data: ordered steps, what is blocked, and what is left alone.

mod action;
mod blocked;
mod expect;
mod reason;
mod risk;
mod undo;
mod untouched;

use std::fmt;

use zfs_props::name::DatasetName;
use zfs_props::release::Release;

pub use action::{Action, Assignment};
pub use blocked::{Blocked, Obstacle};
pub use expect::Expectation;
pub use reason::{Difference, Reason};
pub use risk::Risk;
pub use undo::Undo;
pub use untouched::{Kept, Names, Untouched};

use crate::command::Command;

/// What to do, in order, to make a machine what its declaration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Plan {
    pub(crate) release: Release,
    pub(crate) steps: Vec<Step>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) untouched: Vec<Untouched>,
}

impl Plan {
    /// The OpenZFS release whose rules hold.
    pub fn release(&self) -> Release {
        self.release
    }

    /// The steps, in the order they run.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What cannot be done, or may not; whatever depends on it is not among the steps.
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// What is left alone, and why.
    pub fn untouched(&self) -> &[Untouched] {
        &self.untouched
    }

    /// There is nothing to do. (Something may still be blocked.)
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The number of a [`Step`] in its plan, from 1, in the order of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct StepId(pub(crate) usize);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One change, with what it needs and why it is there. Serialized, it has its command besides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
#[non_exhaustive]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// Steps that must have succeeded before.
    pub needs: Vec<StepId>,
    /// The dataset that it changes or makes.
    pub dataset: DatasetName,
    /// What it does.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What it brings about besides.
    pub risk: Risk,
    /// Undeclared datasets that inherit the change; empty unless the policy lets them follow.
    pub heirs: Vec<DatasetName>,
    /// Mounted datasets below that are unmounted and mounted again.
    pub remounts: Vec<DatasetName>,
    /// What it was planned from: where this does not hold any more, the plan is stale.
    pub expects: Vec<Expectation>,
    /// What takes it back.
    pub undo: Undo,
}

impl Step {
    /// The exact command.
    pub fn command(&self) -> Command {
        self.action.command([&self.dataset])
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Step {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut step = serializer.serialize_struct("Step", 11)?;
        step.serialize_field("id", &self.id)?;
        step.serialize_field("needs", &self.needs)?;
        step.serialize_field("dataset", &self.dataset)?;
        step.serialize_field("action", &self.action)?;
        step.serialize_field("command", self.command().argv())?;
        step.serialize_field("reason", &self.reason)?;
        step.serialize_field("risk", &self.risk)?;
        step.serialize_field("heirs", &self.heirs)?;
        step.serialize_field("remounts", &self.remounts)?;
        step.serialize_field("expects", &self.expects)?;
        step.serialize_field("undo", &self.undo)?;
        step.end()
    }
}
