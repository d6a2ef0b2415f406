//! The search for copies: everything declared that could hold a subject's bytes, and whether it does.

use std::collections::BTreeMap;

use zfs_props::name::DatasetName;

use super::class::{Consistency, Subject, Tier};
use super::entry::{Amount, Copy, Held, Refused, Via, Why};
use super::index::{Index, Read};
use super::inventory::{Filesystem, Inventory};
use crate::job::{Job, Source};
use crate::name::Name;
use crate::path::AbsolutePath;
use crate::scan::{Scan, Verdict};
use crate::snapshots::Policies;
use crate::span::Span;
use crate::spec::Checked;
use crate::units::{self, Task};

/// What was found for one subject so far.
pub(super) struct Search<'c> {
    pub(super) spec: &'c Checked,
    pub(super) inventory: &'c Inventory,
    pub(super) index: &'c Index<'c>,
    pub(super) policies: &'c Policies,
    /// The consistency that a copy must have to count.
    pub(super) wanted: Consistency,
    pub(super) copies: Vec<Copy>,
    pub(super) refused: Vec<Refused>,
}

impl Search<'_> {
    fn refuse(&mut self, task: Task, tier: Tier, why: Why) {
        self.refused.push(Refused { via: Via::Task(task), tier, why });
    }

    /// Counts a copy, unless it is less consistent than asked for, or its worst case is never.
    fn found(
        &mut self,
        (task, tier, offsite): (Task, Tier, bool),
        consistency: Consistency,
        worst: Option<Span>,
        held: Held,
    ) {
        if consistency < self.wanted {
            return self.refuse(task, tier, Why::Consistency(consistency));
        }
        if worst.is_none() {
            return self.refuse(task, tier, Why::Never);
        }
        let consistency = Some(consistency);
        self.copies.push(Copy { tier, via: Via::Task(task), offsite, consistency, worst, held });
    }

    /// Snapshots in the dataset's own pool.
    pub(super) fn snapshots(&mut self, dataset: &DatasetName) {
        let place = (Task::Snapshot, Tier::LocalSnapshot, false);
        match self.snapshot_gap(dataset) {
            Some(gap) => self.found(place, Consistency::Crash, Some(gap), Held::Whole),
            None if self.policies.get(dataset).is_some() => {
                self.refuse(Task::Snapshot, Tier::LocalSnapshot, Why::NoSnapshots);
            }
            None => {}
        }
    }

    fn snapshot_gap(&self, dataset: &DatasetName) -> Option<Span> {
        self.spec.snapshot_gap(self.policies.period(dataset)?)
    }

    /// Replications of the dataset, by its own name or with a parent.
    pub(super) fn replications(&mut self, dataset: &DatasetName) {
        for (name, replication) in self.index.replications(dataset) {
            let task = Task::Replicate(name.clone());
            let why = if !replication.enable {
                Some(Why::Disabled)
            } else if replication.stays_in_pool(dataset) {
                Some(Why::SamePool)
            } else {
                None
            };
            if let Some(why) = why {
                self.refuse(task, Tier::Replication, why);
                continue;
            }
            let sent = if replication.takes_snapshots() {
                Some(Span::ZERO)
            } else {
                self.snapshot_gap(dataset)
            };
            let Some(sent) = sent else {
                self.refuse(task, Tier::Replication, Why::NothingToSend);
                continue;
            };
            let worst = self.spec.bound(&task).map(|worst| worst.saturating_add(sent));
            let place = (task, Tier::Replication, replication.offsite);
            self.found(place, Consistency::Crash, worst, Held::Whole);
        }
    }

    /// Archives of a database whose files are the subject, or lie on it.
    pub(super) fn archives(&mut self, subject: &Subject) {
        for (name, archive) in self.index.archives(subject) {
            for (repository, offsite) in archive.repositories() {
                let tier = if offsite { Tier::OffsiteBackup } else { Tier::NasBackup };
                // Without full backups there is nothing that WAL could be replayed on: the check has refused that.
                let Some(nth) = archive.full(repository) else { continue };
                let task = Task::BaseBackup(nth, name.clone());
                if !archive.enable {
                    self.refuse(task, tier, Why::Disabled);
                    continue;
                }
                let worst = archive.worst_loss();
                self.found((task, tier, offsite), Consistency::Transaction, worst, Held::Database);
            }
        }
    }

    /// Jobs that read files.
    pub(super) fn jobs(&mut self, subject: &Subject, payload: &[String]) {
        let index = self.index;
        let top = match subject {
            Subject::Path(path) => Some(path),
            Subject::Dataset(dataset) => self.inventory.mount_of(dataset),
        };
        match (subject, top) {
            (_, Some(top)) => {
                let wanted = wanted(top, payload);
                index.reading(&wanted).for_each(|read| self.job(read, top, &wanted));
            }
            // Only a job that names the dataset is about it.
            (Subject::Dataset(dataset), None) => {
                for read in index.cloning(dataset) {
                    let Some((task, tier, _)) = self.place(read) else { continue };
                    self.refuse(task, tier, Why::NotMounted);
                }
            }
            (Subject::Path(_), None) => {}
        }
    }

    /// What a job makes, the tier that it meets, and whether it goes to another site.
    fn place(&self, Read { name, job, .. }: &Read<'_>) -> Option<(Task, Tier, bool)> {
        let repository = self.spec.repositories.get(&job.repository)?;
        let tier = if repository.offsite { Tier::OffsiteBackup } else { Tier::NasBackup };
        Some((Task::Backup((*name).clone()), tier, repository.offsite))
    }

    fn job(&mut self, read: &Read<'_>, top: &AbsolutePath, wanted: &[AbsolutePath]) {
        let Some(place) = self.place(read) else { return };
        let Read { name, job, scan } = read;
        let directory =
            self.spec.repositories.get(&job.repository).and_then(|found| found.directory());
        let ordinary = wanted.iter().map(|path| scan.ordinary(path));
        let mut verdicts = ordinary.map(|path| (scan.verdict(&path, self.inventory), path));
        let why = match verdicts.find(|(verdict, _)| !verdict.is_included()) {
            // A job elsewhere has nothing to do with it.
            Some((Verdict::NotRead, _)) => return,
            Some((Verdict::OtherFilesystem { .. }, _)) => Some(Why::NotDescended),
            Some((verdict, path)) => Some(Why::NotHeld { path, verdict }),
            None if !job.enable => Some(Why::Disabled),
            None if self.same_pool(directory, top) => Some(Why::SamePool),
            None => self.no_place(name, scan).map(Why::NoPlaceForClone),
        };
        if let Some(why) = why {
            return self.refuse(place.0, place.1, why);
        }
        let held = held(scan, top, self.inventory);
        let worst = self.spec.bound(&place.0);
        self.found(place, consistency(job), worst, held);
    }

    /// The dataset that a job's clone would be made below, if it is not there.
    fn no_place(&self, name: &Name, scan: &Scan) -> Option<DatasetName> {
        let parent = units::clone_names(name, scan.dataset()?).ok()?.parent;
        self.inventory.kind(&parent).is_none().then_some(parent)
    }

    /// Whether a directory lies in the same pool as a path.
    fn same_pool(&self, directory: Option<&AbsolutePath>, path: &AbsolutePath) -> bool {
        let pool = |path: &AbsolutePath| match self.inventory.resolve(path)?.1 {
            Filesystem::Dataset(dataset) => Some(dataset.pool()),
            Filesystem::Other(_) => None,
        };
        directory
            .is_some_and(|directory| pool(directory).is_some() && pool(directory) == pool(path))
    }

    /// Tiers that someone else answers for.
    pub(super) fn vouched(&mut self, subject: &Subject) {
        for (_, tier) in Tier::WORDS {
            let Some(who) = self.inventory.voucher(subject, *tier) else { continue };
            self.copies.push(Copy {
                tier: *tier,
                via: Via::Voucher(who.to_owned()),
                offsite: matches!(tier, Tier::OffsiteBackup),
                consistency: None,
                worst: None,
                held: Held::Vouched,
            });
        }
    }
}

/// What a copy must hold: what was named, or all of it. Of each, what any ordinary file there could be called is looked for;
/// of a file that is no directory, that is the file.
fn wanted(top: &AbsolutePath, payload: &[String]) -> Vec<AbsolutePath> {
    if payload.is_empty() {
        return vec![top.clone()];
    }
    payload.iter().map(|rest| top.join(rest)).collect()
}

/// What a job leaves a database or program with.
fn consistency(job: &Job) -> Consistency {
    let quiesced = job.hooks.iter().any(|hook| hook.quiesces);
    match job.source {
        _ if quiesced => Consistency::Application,
        Source::Clone { .. } => Consistency::Crash,
        Source::Live {} => Consistency::Torn,
    }
}

/// What a job holds of a path, counted over the files that were listed.
fn held(scan: &Scan, top: &AbsolutePath, inventory: &Inventory) -> Held {
    let mut excluded: BTreeMap<String, Amount> =
        scan.acting_below(top).map(|pattern| (pattern.to_string(), Amount::default())).collect();
    let mut included = Amount::default();
    for (file, bytes) in inventory.files_within(top) {
        match scan.verdict(file, inventory) {
            Verdict::Included => included.add(bytes),
            Verdict::Excluded { pattern, .. } => excluded.entry(pattern).or_default().add(bytes),
            _ => {}
        }
    }
    Held::Files { path: top.clone(), excluded, included }
}
