//! A declaration that was checked, and what follows from it by computation.

use std::collections::BTreeSet;
use std::ops::Deref;

use zfs_props::name::DatasetName;

use super::Spec;
use crate::health::Ages;
use crate::name::Name;
use crate::scan::Scan;
use crate::schedule::Schedule;
use crate::span::Span;
use crate::units::Task;

/// A [`Spec`] without problems. Everything that is derived is derived from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked(Spec);

impl Deref for Checked {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        &self.0
    }
}

impl Checked {
    pub(super) fn new(spec: Spec) -> Self {
        Self(spec)
    }

    /// The declaration, to be changed and checked again.
    pub fn into_spec(self) -> Spec {
        self.0
    }

    /// What the job of this name reads.
    pub fn scan(&self, job: &Name) -> Option<Scan> {
        Some(self.0.jobs.get_key_value(job)).flatten().map(|(name, job)| Scan::of(name, job, &self.0.excludes))
    }
}

impl Spec {
    /// Everything that is in force and runs by a timer, sorted.
    pub fn tasks(&self) -> BTreeSet<Task> {
        let jobs = self.jobs.iter().filter(|(_, job)| job.enable);
        let forget = self.repositories.iter().filter(|(_, r)| r.forget.is_some());
        let check = self.repositories.iter().filter(|(_, r)| r.check.is_some());
        let replication = self.replication.iter().filter(|(_, r)| r.enable);
        let pitr = self.pitr.iter().filter(|(_, archive)| archive.enable);
        let tasks = jobs.map(|(name, _)| Task::Backup(name.clone()));
        let tasks = tasks.chain(forget.map(|(name, _)| Task::Forget(name.clone())));
        let tasks = tasks.chain(check.map(|(name, _)| Task::Check(name.clone())));
        let tasks = tasks.chain(replication.map(|(name, _)| Task::Replicate(name.clone())));
        let tasks = tasks.chain(pitr.map(|(name, _)| Task::BaseBackup(name.clone())));
        tasks.chain(self.sanoid.as_ref().map(|_| Task::Snapshot)).collect()
    }

    /// When a task runs; `None` if there is no such task.
    pub fn schedule(&self, task: &Task) -> Option<&Schedule> {
        match task {
            Task::Backup(name) => Some(&self.jobs.get(name)?.schedule),
            Task::Forget(name) => Some(&self.repositories.get(name)?.forget.as_ref()?.schedule),
            Task::Check(name) => Some(&self.repositories.get(name)?.check.as_ref()?.schedule),
            Task::Replicate(name) => Some(&self.replication.get(name)?.schedule),
            Task::BaseBackup(name) => Some(&self.pitr.get(name)?.schedule),
            Task::Snapshot => Some(&self.sanoid.as_ref()?.schedule),
        }
    }

    /// The age of the last complete run that health can explain; from then on something is wrong. `None` if the task does not
    /// exist or never runs.
    pub fn bound(&self, task: &Task) -> Option<Span> {
        self.schedule(task)?.worst_loss()
    }

    /// The ages of a task's last complete run that are worth an alert: those that are declared, or its [`bound`](Self::bound)
    /// and twice that.
    pub fn ages(&self, task: &Task) -> Option<Ages> {
        let bound = self.bound(task)?;
        let declared = self.alerts.backup.filter(|_| matches!(task, Task::Backup(_)));
        Some(declared.unwrap_or(Ages { warning: bound, critical: bound.saturating_mul(2) }))
    }

    /// The longest time between two snapshots that sanoid takes of a dataset; `None` if it takes none.
    pub fn snapshot_gap(&self, dataset: &DatasetName) -> Option<Span> {
        let sanoid = self.sanoid.as_ref()?;
        let period = sanoid.shortest_period(dataset)?;
        Some(sanoid.schedule.worst_loss()?.saturating_add(period))
    }

    /// Whether sanoid looks after a dataset at all.
    pub fn is_pruned(&self, dataset: &DatasetName) -> bool {
        self.sanoid.as_ref().is_some_and(|sanoid| sanoid.policy(dataset).is_some())
    }

    /// The datasets that are declared by name for sanoid to take snapshots of, and the longest time between two.
    pub fn snapshotted(&self) -> impl Iterator<Item = (&DatasetName, Span)> {
        let named = self.sanoid.iter().flat_map(|sanoid| sanoid.datasets.keys());
        named.filter_map(|dataset| Some((dataset, self.snapshot_gap(dataset)?)))
    }

    /// The ages of a dataset's newest snapshot that are worth an alert.
    pub fn snapshot_ages(&self, dataset: &DatasetName) -> Option<Ages> {
        let gap = self.snapshot_gap(dataset)?;
        Some(self.alerts.snapshot.unwrap_or(Ages { warning: gap, critical: gap.saturating_mul(2) }))
    }

    /// How far a replication can be behind in health: it runs so often, and what it sends is taken so often.
    pub fn lag_bound(&self, replication: &Name) -> Option<Span> {
        let replication = self.replication.get(replication)?;
        let mut gap = Span::ZERO;
        if !replication.takes_snapshots() {
            for (dataset, longest) in self.snapshotted() {
                if replication.includes(dataset) {
                    gap = gap.max(longest);
                }
            }
        }
        Some(replication.schedule.worst_loss()?.saturating_add(gap))
    }

    /// The lags of a replication that are worth an alert.
    pub fn lag_ages(&self, replication: &Name) -> Option<Ages> {
        let bound = self.lag_bound(replication)?;
        Some(self.alerts.lag.unwrap_or(Ages { warning: bound, critical: bound.saturating_mul(2) }))
    }

    /// The replications that are in force, with their [`lag_ages`](Self::lag_ages).
    pub fn replications_with_ages(&self) -> impl Iterator<Item = (&Name, Ages)> {
        let enabled = self.replication.iter().filter(|(_, replication)| replication.enable);
        enabled.filter_map(|(name, _)| Some((name, self.lag_ages(name)?)))
    }
}
