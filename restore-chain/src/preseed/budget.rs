//! How long everything may take: a sum that has to fit, computed before anything runs.

use std::collections::BTreeMap;

use crate::candidates::{Candidate, Kind};
use crate::quantity::Seconds;

/// How long one kind of way back may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MethodBudget {
    /// Seconds for one attempt to fetch.
    pub timeout: u64,
    /// How often it is tried; at least once.
    pub attempts: u32,
    /// Seconds between attempts.
    pub pause: u64,
}

/// How long everything may take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Budget {
    /// Seconds for the whole unit (`TimeoutStartSec`).
    pub unit: u64,
    /// Seconds for what looks at every file: comparing it with its source, checking what is there, giving it to its owner.
    pub verify: u64,
    /// Seconds for every other step: a rename, a mount, a property.
    pub step: u64,
    /// By kind; those that are missing have [`fallback`](Self::fallback).
    pub methods: BTreeMap<Kind, MethodBudget>,
    /// For every other kind.
    pub fallback: MethodBudget,
}

impl Default for Budget {
    /// Three hours: half an hour for each of two methods in two attempts, ten minutes for a comparison.
    fn default() -> Self {
        let fallback = MethodBudget { timeout: 1800, attempts: 1, pause: 0 };
        Self { unit: 3 * 3600, verify: 600, step: 30, methods: BTreeMap::new(), fallback }
    }
}

/// The sum does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "in the worst case {} are needed ({}) and the unit has {}: {} would never be tried after a hang; give the unit more time, or the methods less",
    Seconds(*.needed), .parts.join(" + "), Seconds(*.unit), .unreachable
)]
pub struct BudgetError {
    /// Seconds that may be needed.
    pub needed: u64,
    /// Seconds that the unit has.
    pub unit: u64,
    /// What the sum is of.
    pub parts: Vec<String>,
    /// The first way back that could not be reached.
    pub unreachable: String,
}

/// Steps beside fetching and verifying, in a run that meets every one of them: note, discard, disarm, unmount, set
/// aside, swap in, put back, arm, properties, mount, owner, complete, forget; looking and locking.
pub(crate) const OTHER_STEPS: u64 = 15;

impl Budget {
    /// The budget of a kind.
    pub fn of(&self, kind: Kind) -> MethodBudget {
        self.methods.get(&kind).copied().unwrap_or(self.fallback)
    }

    /// Seconds that a candidate may take with all its attempts.
    pub fn worst_case(&self, candidate: &Candidate) -> u64 {
        self.worst_case_of(candidate.method.kind())
    }

    /// Seconds that a candidate of this kind may take with all its attempts.
    pub(crate) fn worst_case_of(&self, kind: Kind) -> u64 {
        let MethodBudget { timeout, attempts, pause } = self.of(kind);
        let attempts = u64::from(attempts.max(1));
        // After each attempt, staging is discarded.
        let once = timeout.saturating_add(self.verify).saturating_add(self.step);
        once.saturating_mul(attempts).saturating_add(pause.saturating_mul(attempts - 1))
    }

    /// Seconds that are kept back for what comes after a fetch: all the small steps, and giving files to their owner.
    pub(crate) fn reserve(&self) -> u64 {
        self.step.saturating_mul(OTHER_STEPS).saturating_add(self.verify)
    }

    /// Whether all ways back fit into the unit, one after another, each of them hanging; or, where data is there, its check.
    pub fn check(&self, chain: &[Candidate]) -> Result<(), BudgetError> {
        let mut needed = self.reserve();
        let mut parts = vec![format!("{} for other steps", Seconds(needed))];
        let mut unreachable = None;
        for candidate in chain {
            needed = needed.saturating_add(self.worst_case(candidate));
            parts.push(format!("{} for {}", Seconds(self.worst_case(candidate)), candidate.id));
            if needed >= self.unit && unreachable.is_none() {
                unreachable = Some(candidate.id.clone());
            }
        }
        if let Some(unreachable) = unreachable {
            return Err(BudgetError { needed, unit: self.unit, parts, unreachable });
        }
        let needed = self.reserve().saturating_add(self.verify);
        if needed < self.unit {
            return Ok(());
        }
        parts.truncate(1);
        parts.push(format!("{} for a check of what is there", Seconds(self.verify)));
        let unreachable = "the service".to_owned();
        Err(BudgetError { needed, unit: self.unit, parts, unreachable })
    }
}
