//! Which snapshots stay: the retention of restic, sanoid and zrepl, evaluated as these tools do it.
//!
//! [`restic`], [`sanoid`] and [`zrepl`] each have a policy type with the tool's own grammar, and an
//! answer with the tool's own reasons. What they have in common is [`Policy`]; [`compare()`] says where two
//! of them disagree about the same snapshots, [`preview()`] what a change of policy would newly destroy,
//! and [`simulate`] what a schedule and a policy leave over the months.

pub mod bucket;
pub mod compare;
pub mod preview;
pub mod restic;
pub mod sanoid;
pub mod simulate;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
pub mod zrepl;

#[cfg(feature = "serde")]
mod text;

use std::fmt::Display;

use jiff::Timestamp;

use crate::Snapshot;

pub use compare::compare;
pub use preview::preview;

/// What a policy decides about one snapshot, and the reason in the terms of its tool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Decision {
    /// It stays.
    Keep(String),
    /// It goes.
    Remove(String),
}

impl Decision {
    fn new(keeps: bool, reason: String) -> Self {
        if keeps { Self::Keep(reason) } else { Self::Remove(reason) }
    }

    /// Whether the snapshot stays.
    pub fn keeps(&self) -> bool {
        matches!(self, Self::Keep(_))
    }

    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Keep(reason) | Self::Remove(reason) => reason,
        }
    }
}

/// What one run of a tool does to the snapshots there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// What it adds.
    pub taken: Vec<Snapshot>,
    /// For each snapshot there was, in order: whether it stays.
    pub kept: Vec<bool>,
    /// For each of `taken`: whether it is still there after the run.
    pub kept_taken: Vec<bool>,
}

/// A retention of any tool.
pub trait Policy {
    /// What the tool says when it refuses to act.
    type Refusal: Display;

    /// Decides about every snapshot, in the order given.
    ///
    /// # Errors
    ///
    /// What the tool refuses. Nothing is removed then.
    fn decide(
        &self,
        snapshots: &[Snapshot],
        now: Timestamp,
    ) -> Result<Vec<Decision>, Self::Refusal>;

    /// Whether each snapshot stays, in the order given: [`decide`](Self::decide) without the words.
    ///
    /// # Errors
    ///
    /// As [`decide`](Self::decide).
    fn keeps(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Vec<bool>, Self::Refusal> {
        Ok(self.decide(snapshots, now)?.iter().map(Decision::keeps).collect())
    }

    /// One run at `now`: a snapshot is taken, then the retention is applied to it and all others.
    /// A tool that does it otherwise says so here.
    ///
    /// # Errors
    ///
    /// As [`decide`](Self::decide).
    fn run(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Run, Self::Refusal> {
        let taken = vec![Snapshot::new(now.to_string(), now)];
        let mut all = snapshots.to_vec();
        all.extend_from_slice(&taken);
        let mut kept = self.keeps(&all, now)?;
        let kept_taken = kept.split_off(snapshots.len().min(kept.len()));
        Ok(Run { taken, kept, kept_taken })
    }
}
