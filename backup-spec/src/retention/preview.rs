//! What a change of policy would newly destroy.

use jiff::Timestamp;

use super::compare::CompareError;
use super::{Decision, Policy};
use crate::Snapshot;

/// A snapshot that is there today and would go with the new policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub struct Destroyed<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// Why the old policy keeps it.
    pub kept_because: String,
    /// Why the new one does not.
    pub removed_because: String,
}

/// What the new policy removes and the old one keeps, in the order given: what is lost by the change
/// alone. A policy that was declared and never applied (`old` = [`Everything`]) is a change too.
///
/// # Errors
///
/// If one of them refuses to decide; with a refusal of the new policy nothing is destroyed.
pub fn preview<'a, O: Policy, N: Policy>(
    old: &O,
    new: &N,
    snapshots: &'a [Snapshot],
    now: Timestamp,
) -> Result<Vec<Destroyed<'a>>, CompareError<O::Refusal, N::Refusal>> {
    let old = old.decide(snapshots, now).map_err(CompareError::Left)?;
    let new = new.decide(snapshots, now).map_err(CompareError::Right)?;
    let all = snapshots.iter().zip(old.into_iter().zip(new));
    Ok(all
        .filter_map(|(snapshot, decisions)| match decisions {
            (Decision::Keep(kept_because), Decision::Remove(removed_because)) => {
                Some(Destroyed { snapshot, kept_because, removed_because })
            }
            _ => None,
        })
        .collect())
}

/// No retention: every snapshot stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Everything;

impl Policy for Everything {
    type Refusal = std::convert::Infallible;

    fn decide(
        &self,
        snapshots: &[Snapshot],
        _now: Timestamp,
    ) -> Result<Vec<Decision>, Self::Refusal> {
        Ok(vec![Decision::Keep("nothing is removed".to_owned()); snapshots.len()])
    }
}
