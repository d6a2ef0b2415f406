//! A schedule and a retention over time: what is there in the end, and what an outage costs.
//!
//! ```
//! use backup_spec::retention::{restic, simulate};
//! use jiff::{SignedDuration, Timestamp};
//!
//! let keep: restic::Keep = "--keep-hourly 24 --keep-daily 7".parse()?;
//! let start: Timestamp = "2026-03-01T00:00Z".parse()?;
//! let hourly = (0..24 * 60).map(|hour| start + SignedDuration::from_hours(hour));
//! let history = simulate::simulate(&keep, hourly)?;
//! assert_eq!((history.taken, history.held.len()), (1440, 30));
//! assert_eq!(history.worst_gap(), Some(SignedDuration::from_hours(24)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::{SignedDuration, Timestamp};

use super::Policy;
use super::compare::CompareError;
use crate::Snapshot;

/// What there is after some runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub struct History {
    /// How many snapshots were taken.
    pub taken: usize,
    /// How many were removed.
    pub removed: usize,
    /// What is there, oldest first.
    pub held: Vec<Snapshot>,
}

impl History {
    /// One more run.
    fn run<P: Policy>(&mut self, policy: &P, now: Timestamp) -> Result<(), P::Refusal> {
        let mut run = policy.run(&self.held, now)?;
        self.taken += run.taken.len();
        let before = self.held.len() + run.taken.len();
        let mut kept = run.kept.into_iter();
        self.held.retain(|_| kept.next().unwrap_or(true));
        let mut kept = run.kept_taken.into_iter();
        run.taken.retain(|_| kept.next().unwrap_or(true));
        self.held.append(&mut run.taken);
        self.held.sort_by_key(|snapshot| snapshot.time);
        self.removed += before - self.held.len();
        Ok(())
    }

    /// The longest time between two neighbours: how much one may lose that wants to go back to some
    /// moment in the past. `None` with fewer than two snapshots.
    pub fn worst_gap(&self) -> Option<SignedDuration> {
        let later = self.held.iter().skip(1);
        let gap = |(a, b): (&Snapshot, &Snapshot)| b.time.duration_since(a.time);
        self.held.iter().zip(later).map(gap).max()
    }

    /// How old the newest snapshot is at some time.
    pub fn age(&self, at: Timestamp) -> Option<SignedDuration> {
        self.held.last().map(|newest| at.duration_since(newest.time))
    }

    /// How far back one can go at some time.
    pub fn reach(&self, at: Timestamp) -> Option<SignedDuration> {
        self.held.first().map(|oldest| at.duration_since(oldest.time))
    }
}

/// Runs a policy at each of the times, which must ascend; at the beginning there is nothing.
///
/// Each run costs what the policy costs for what is held then, so that a policy that keeps everything
/// makes this quadratic.
///
/// # Errors
///
/// The first refusal.
pub fn simulate<P: Policy>(
    policy: &P,
    times: impl IntoIterator<Item = Timestamp>,
) -> Result<History, P::Refusal> {
    let mut history = History::default();
    times.into_iter().try_for_each(|now| history.run(policy, now))?;
    Ok(history)
}

/// What the time without runs costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// What is there at the end of an uninterrupted history.
    pub without: History,
    /// What is there with the outage.
    pub with: History,
    /// What only the uninterrupted history has.
    pub lost: Vec<Snapshot>,
    /// From the last run before the outage to the first after it: nothing in between can be restored.
    /// `None` if the outage has no run on one of its sides.
    pub uncovered: Option<SignedDuration>,
}

/// Simulates once with all times, and once without those in `from..until`.
///
/// # Errors
///
/// The first refusal.
pub fn outage<P: Policy>(
    policy: &P,
    times: impl IntoIterator<Item = Timestamp>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Outage, P::Refusal> {
    let times: Vec<Timestamp> = times.into_iter().collect();
    let without = simulate(policy, times.iter().copied())?;
    let with =
        simulate(policy, times.iter().copied().filter(|time| !(from..until).contains(time)))?;
    let ids: std::collections::HashSet<&str> = with.held.iter().map(|s| s.id.as_str()).collect();
    let lost = without.held.iter().filter(|s| !ids.contains(s.id.as_str())).cloned().collect();
    let before = times.iter().copied().filter(|time| *time < from).max();
    let after = times.iter().copied().filter(|time| *time >= until).min();
    let uncovered = before.zip(after).map(|(before, after)| after.duration_since(before));
    Ok(Outage { without, with, lost, uncovered })
}

/// A source that is replicated, and its replica, each with a retention of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replication {
    /// What the source has.
    pub source: History,
    /// What the replica has.
    pub replica: History,
}

impl Replication {
    /// The newest snapshot that both have: what the next incremental send starts from. `None`: the next
    /// send has to be a full one.
    pub fn common(&self) -> Option<&Snapshot> {
        let theirs: std::collections::HashSet<&str> =
            self.replica.held.iter().map(|s| s.id.as_str()).collect();
        self.source.held.iter().rev().find(|ours| theirs.contains(ours.id.as_str()))
    }
}

/// Runs a source at each of the times; until `cut` all it holds is sent to the replica each time, and
/// from then on nothing. Both prune all the while.
///
/// # Errors
///
/// The first refusal of either.
pub fn replicate<S: Policy, R: Policy>(
    source: &S,
    replica: &R,
    times: impl IntoIterator<Item = Timestamp>,
    cut: Timestamp,
) -> Result<Replication, CompareError<S::Refusal, R::Refusal>> {
    let mut state = Replication::default();
    for now in times {
        state.source.run(source, now).map_err(CompareError::Left)?;
        if now < cut {
            let newest = state.replica.held.last().map(|s| s.time);
            let new =
                state.source.held.iter().filter(|s| newest.is_none_or(|newest| s.time > newest));
            let new: Vec<Snapshot> = new.cloned().collect();
            state.replica.taken += new.len();
            state.replica.held.extend(new);
        }
        let held = &mut state.replica.held;
        let mut keeps = replica.keeps(held, now).map_err(CompareError::Right)?.into_iter();
        let before = held.len();
        held.retain(|_| keeps.next().unwrap_or(true));
        state.replica.removed += before - held.len();
    }
    Ok(state)
}
