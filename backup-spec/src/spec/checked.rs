//! A declaration that was checked, and what follows from it by computation.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use declared::Node;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zfs_props::name::DatasetName;

use super::{Problem, Problems, Spec, check, read};
use crate::health::Ages;
use crate::name::Name;
use crate::replication::Replication;
use crate::scan::Scan;
use crate::schedule::{Bounds, Schedule};
use crate::snapshots::{Period, Policies};
use crate::span::Span;
use crate::units::Task;

/// A [`Spec`] without problems, with the bounds of its schedules. Everything that is derived is derived from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    spec: Spec,
    /// Of what runs; what never runs has none.
    bounds: BTreeMap<Task, Bounds>,
    /// Of the datasets that are named for sanoid or for a replication: from one mark of their snapshots to the next.
    periods: BTreeMap<DatasetName, Period>,
}

impl Deref for Checked {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        &self.spec
    }
}

impl Spec {
    /// Everything that is in force and runs by a timer, sorted.
    pub fn tasks(&self) -> BTreeSet<Task> {
        let jobs = self.jobs.iter().filter(|(_, job)| job.enable);
        let forget = self.repositories.iter().filter(|(_, r)| r.forget.is_some());
        let check = self.repositories.iter().filter(|(_, r)| r.check.is_some());
        let replication = self.replication.iter().filter(|(_, r)| r.enable);
        let tasks = jobs.map(|(name, _)| Task::Backup(name.clone()));
        let tasks = tasks.chain(forget.map(|(name, _)| Task::Forget(name.clone())));
        let tasks = tasks.chain(check.map(|(name, _)| Task::Check(name.clone())));
        let pitr = self.pitr.iter().filter(|(_, archive)| archive.enable);
        let bases = pitr.flat_map(|(name, archive)| {
            let numbers = (1..).zip(&archive.pitr.base).map(|(nth, _)| nth);
            numbers.map(|nth| Task::BaseBackup(nth, name.clone()))
        });
        let tasks =
            tasks.chain(bases).chain(replication.map(|(name, _)| Task::Replicate(name.clone())));
        tasks.chain(self.sanoid.as_ref().map(|_| Task::Snapshot)).collect()
    }

    /// When a task runs; `None` if there is no such task.
    pub fn schedule(&self, task: &Task) -> Option<Cow<'_, Schedule>> {
        match task {
            Task::Backup(name) => Some(&self.jobs.get(name)?.schedule),
            Task::Forget(name) => Some(&self.repositories.get(name)?.forget.as_ref()?.schedule),
            Task::Check(name) => Some(&self.repositories.get(name)?.check.as_ref()?.schedule),
            Task::Replicate(name) => Some(&self.replication.get(name)?.schedule),
            Task::BaseBackup(nth, name) => {
                return self.pitr.get(name)?.schedule(*nth).map(Cow::Owned);
            }
            Task::Snapshot => Some(&self.sanoid.as_ref()?.schedule),
        }
        .map(Cow::Borrowed)
    }
}

impl Checked {
    /// Reads a tree that is at hand: [`Spec::from_node`] and [`Spec::check`] in one, for those who go on with what follows.
    /// The schedules are gone through once.
    pub fn from_node(node: &Node) -> Result<Self, Problems> {
        read::checked(node)
    }

    /// A declaration with its bounds, whatever is wrong with it, and what that is.
    pub(super) fn with_problems(spec: Spec) -> (Self, Vec<Problem>) {
        // Many tasks share a schedule; the gaps of each are looked for once.
        let mut known: BTreeMap<String, Option<Bounds>> = BTreeMap::new();
        let mut bounds = BTreeMap::new();
        for task in spec.tasks() {
            let Some(schedule) = spec.schedule(&task) else { continue };
            let key = format!("{schedule:?}");
            let found = known.entry(key).or_insert_with(|| {
                schedule.clone().into_owned().in_zone(spec.zone.zone()).bounds()
            });
            bounds.extend(found.map(|found| (task, found)));
        }
        let sent = spec.replication.values().map(Replication::source);
        let policies = spec.sanoid.as_ref().and_then(|sanoid| Policies::of(sanoid, sent).ok());
        let periods = policies.iter().flat_map(Policies::periods).collect();
        let checked = Self { spec, bounds, periods };
        let problems = check::problems(&checked);
        (checked, problems)
    }

    /// The declaration, to be changed and checked again.
    pub fn into_spec(self) -> Spec {
        self.spec
    }

    /// What the job of this name reads.
    pub fn scan(&self, job: &Name) -> Option<Scan> {
        let (name, job) = self.jobs.get_key_value(job)?;
        Some(Scan::of(name, job, &self.excludes))
    }

    /// What the schedule of a task makes certain; `None` if there is no such task, or it never runs.
    pub fn bounds(&self, task: &Task) -> Option<Bounds> {
        self.bounds.get(task).copied()
    }

    /// When a task is due next after `now`, before any random delay.
    pub fn next_after(&self, task: &Task, now: Timestamp) -> Option<Timestamp> {
        self.schedule(task)?.into_owned().in_zone(self.zone.zone()).timer.next_after(now)
    }

    /// The age of the last complete run that health can explain; from then on something is wrong.
    pub fn bound(&self, task: &Task) -> Option<Span> {
        self.bounds(task).map(|bounds| bounds.worst)
    }

    /// The ages of a task's last complete run that are worth an alert: those that are declared for backups, or its
    /// [`bound`](Self::bound) and twice that.
    pub fn ages(&self, task: &Task) -> Option<Ages> {
        let declared = self.alerts.backup.filter(|_| matches!(task, Task::Backup(_)));
        Some(declared.unwrap_or(Ages::from_bound(self.bound(task)?)))
    }

    /// The longest time between two snapshots that are due once in a period: sanoid takes one when it runs after a mark.
    pub fn snapshot_gap(&self, period: Period) -> Option<Span> {
        // The clock of a zone can go back for an hour, and most marks with it.
        let still = *self.zone.zone() == TimeZone::UTC || !period.follows_clock;
        let back = if still { Span::ZERO } else { Span::from_secs(3600) };
        Some(self.bound(&Task::Snapshot)?.saturating_add(period.length).saturating_add(back))
    }

    /// The datasets that sanoid takes snapshots of, of those that it or a replication names, and the longest time between two.
    pub fn snapshotted(&self) -> impl Iterator<Item = (&DatasetName, Span)> {
        self.periods
            .iter()
            .filter_map(|(dataset, period)| Some((dataset, self.snapshot_gap(*period)?)))
    }

    /// Those of them that a replication sends.
    pub(super) fn snapshotted_by(
        &self,
        replication: &Replication,
    ) -> impl Iterator<Item = (&DatasetName, Span)> {
        // A dataset comes before what is below it, and that before everything else.
        let source = replication.source();
        let from = self.periods.range(source.clone()..);
        let below = from.take_while(move |(name, _)| *name == source || name.is_under(source));
        let sent = below.filter(|(dataset, _)| replication.includes(dataset));
        sent.filter_map(|(dataset, period)| Some((dataset, self.snapshot_gap(*period)?)))
    }

    /// The ages of a dataset's newest snapshot that are worth an alert.
    pub fn snapshot_ages(&self, dataset: &DatasetName) -> Option<Ages> {
        let gap = self.snapshot_gap(*self.periods.get(dataset)?)?;
        Some(self.alerts.snapshot.unwrap_or(Ages::from_bound(gap)))
    }

    /// How far a replication can be behind in health: it runs so often, and what it sends is taken so often.
    pub fn lag_bound(&self, replication: &Name) -> Option<Span> {
        let task = Task::Replicate(replication.clone());
        let declared = self.replication.get(replication)?;
        let mut gap = Span::ZERO;
        if !declared.takes_snapshots() {
            let longest = self.snapshotted_by(declared).map(|(_, longest)| longest);
            gap = longest.max().unwrap_or_default();
        }
        Some(self.bound(&task)?.saturating_add(gap))
    }

    /// The lags of a replication that are worth an alert.
    pub fn lag_ages(&self, replication: &Name) -> Option<Ages> {
        let bound = self.lag_bound(replication)?;
        Some(self.alerts.lag.unwrap_or(Ages::from_bound(bound)))
    }

    /// The replications that are in force, with their [`lag_ages`](Self::lag_ages).
    pub fn replications_with_ages(&self) -> impl Iterator<Item = (&Name, Ages)> {
        let enabled = self.replication.iter().filter(|(_, replication)| replication.enable);
        enabled.filter_map(|(name, _)| Some((name, self.lag_ages(name)?)))
    }
}
