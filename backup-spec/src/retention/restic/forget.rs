//! `restic forget` as a whole: filters, groups, the policy, and what is refused.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::evaluate::evaluate;
use super::group::{Filter, GroupBy, groups};
use super::keep::Keep;
use super::order::{Entry, newest_first};
use super::verdict::{Group, Verdict};
use crate::Snapshot;
use crate::retention::{Decision, Policy};

/// A policy, the snapshots that it is applied to, and how they are grouped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Forget {
    /// What is kept.
    pub keep: Keep,
    /// Which snapshots are looked at.
    pub filter: Filter,
    /// Which of them are decided about together.
    pub group_by: GroupBy,
    /// Whether an empty policy removes everything that the filter lets through. It needs a filter.
    pub unsafe_allow_remove_all: bool,
}

/// What `restic forget` refuses. No group is touched then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Every count is 0, every duration is nothing, and there are no tags.
    #[error("the policy keeps nothing at all; give at least one --keep option")]
    NoPolicy,
    /// An empty policy may remove everything only of what a filter names.
    #[error("--unsafe-allow-remove-all needs --host, --tag or --path")]
    RemoveAllWithoutFilter,
    /// The policy would leave nothing of a group.
    #[error("the policy would keep no snapshot of the group: {group}")]
    NothingKept {
        /// What its snapshots have in common.
        group: String,
    },
}

impl Forget {
    /// Decides about every snapshot that the filter lets through, as a restic on a machine that runs on UTC.
    ///
    /// `now` is the clock's time: a snapshot of a later time is in the future, and no duration counts
    /// from it.
    ///
    /// # Errors
    ///
    /// [`Refusal`]; restic then leaves every group as it is.
    pub fn apply<'a>(
        &'a self,
        snapshots: &'a [Snapshot],
        now: Timestamp,
    ) -> Result<Verdict<'a>, Refusal> {
        self.apply_in(snapshots, now, &TimeZone::UTC)
    }

    /// The same, by a restic on a machine in this zone (its `TZ`, or `/etc/localtime`). Durations reach back on the machine's
    /// clock if the newest snapshot was taken on one that showed the same: across a change to summer time that is an hour
    /// more or less.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_in<'a>(
        &'a self,
        snapshots: &'a [Snapshot],
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Verdict<'a>, Refusal> {
        apply(self, &self.keep, snapshots, (now, zone))
    }
}

fn apply<'a>(
    options: &Forget,
    keep: &'a Keep,
    snapshots: &'a [Snapshot],
    clock: (Timestamp, &TimeZone),
) -> Result<Verdict<'a>, Refusal> {
    let is_empty = keep.is_empty();
    if is_empty && !options.unsafe_allow_remove_all {
        return Err(Refusal::NoPolicy);
    }
    if is_empty && options.filter.is_empty() {
        return Err(Refusal::RemoveAllWithoutFilter);
    }
    let decide = |(key, entries): (_, Vec<Entry>)| {
        let ordered = newest_first(snapshots, entries);
        let (mut kept, mut removed) = (Vec::new(), Vec::with_capacity(ordered.len()));
        evaluate(keep, snapshots, &ordered, clock, |index, marks| {
            if marks.is_empty() { removed.push(index) } else { kept.push((index, marks)) }
        });
        let group = Group { key, keep, snapshots, kept, removed };
        if group.kept.is_empty() && !is_empty {
            return Err(Refusal::NothingKept { group: group.key.to_string() });
        }
        Ok(group)
    };
    let groups = groups(snapshots, options.group_by, &options.filter, keep);
    Ok(Verdict { groups: groups.into_iter().map(decide).collect::<Result<_, _>>()? })
}

impl Keep {
    /// Decides about snapshots grouped by host and paths, as `restic forget` does by default on a machine that runs on UTC.
    ///
    /// # Errors
    ///
    /// As [`Forget::apply`].
    pub fn apply<'a>(
        &'a self,
        snapshots: &'a [Snapshot],
        now: Timestamp,
    ) -> Result<Verdict<'a>, Refusal> {
        self.apply_in(snapshots, now, &TimeZone::UTC)
    }

    /// The same on a machine in this zone: see [`Forget::apply_in`].
    ///
    /// # Errors
    ///
    /// As [`Forget::apply`].
    pub fn apply_in<'a>(
        &'a self,
        snapshots: &'a [Snapshot],
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Verdict<'a>, Refusal> {
        apply(&Forget::default(), self, snapshots, (now, zone))
    }
}

/// What the filter does not let through stays.
impl Policy for Forget {
    type Refusal = Refusal;

    fn decide(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Vec<Decision>, Refusal> {
        Ok(decisions(&self.apply(snapshots, now)?, snapshots.len()))
    }

    fn keeps(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Vec<bool>, Refusal> {
        Ok(stays(&self.apply(snapshots, now)?, snapshots.len()))
    }
}

impl Policy for Keep {
    type Refusal = Refusal;

    fn decide(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Vec<Decision>, Refusal> {
        Ok(decisions(&self.apply(snapshots, now)?, snapshots.len()))
    }

    fn keeps(&self, snapshots: &[Snapshot], now: Timestamp) -> Result<Vec<bool>, Refusal> {
        Ok(stays(&self.apply(snapshots, now)?, snapshots.len()))
    }
}

fn decisions(verdict: &Verdict<'_>, count: usize) -> Vec<Decision> {
    let mut decisions = vec![Decision::Keep("not looked at".to_owned()); count];
    let mut set = |index: usize, decision| {
        if let Some(place) = decisions.get_mut(index) {
            *place = decision;
        }
    };
    for group in &verdict.groups {
        for kept in group.kept() {
            set(kept.index(), Decision::Keep(kept.reasons().to_string()));
        }
        for &index in &group.removed {
            set(index as usize, Decision::Remove("no rule keeps it".to_owned()));
        }
    }
    decisions
}

fn stays(verdict: &Verdict<'_>, count: usize) -> Vec<bool> {
    let mut stays = vec![true; count];
    for &index in verdict.groups.iter().flat_map(|group| &group.removed) {
        if let Some(place) = stays.get_mut(index as usize) {
            *place = false;
        }
    }
    stays
}
