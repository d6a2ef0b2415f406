//! The copies that a loss leaves, as `restore-chain` looks at them: the ways back of one item.

use std::collections::BTreeMap;

use backup_spec::coverage::{Copy, Entry, Held, Via};
use backup_spec::span::Span;
use backup_spec::units::Task;
use jiff::{SignedDuration, Timestamp};
use restore_chain::candidates::restic::ResticSnapshot;
use restore_chain::candidates::{Candidate, Database, Policy, Replica, Repository, Seen};
use restore_chain::lineage::{Lineage, Version};
use restore_chain::pitr::{Archive, BaseBackup, Lsn, SegmentSize, Target, TimelineId, Wish};
use restore_chain::{Candidates, Inventory, Service};

use super::item::Item;
use super::piece::{self, BY_HAND};
use super::system::System;
use super::{Loss, past};
use crate::Failure;

/// What `restore-chain` would do: the ways back, the first one first, and why others are none.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// In the order in which they are tried.
    pub chain: Vec<Candidate>,
    /// What is no way back, and why.
    pub not: Vec<String>,
}

impl Ways {
    /// The ways back that a loss leaves. By hand, whoever restores brings the secrets along.
    pub fn of(
        system: &System,
        item: &Item,
        entry: &Entry,
        loss: Loss,
        by_hand: bool,
    ) -> Result<Self, Failure> {
        let name = item.dataset.clone().map_or_else(|| "elsewhere".parse(), Ok)?;
        let service = Service::new(&item.name, name, item.place().parse()?);
        let mut inventory = Inventory::new(&system.copies.host, system.now);
        inventory.local = Seen::Here(BTreeMap::new());
        let mut databases = Vec::new();
        let mut not = Vec::new();
        for copy in entry.copies.iter().filter(|copy| loss.leaves(copy)) {
            let worst = match loss {
                Loss::File => past::worst(system, item.dataset.as_ref(), copy),
                _ => copy.worst,
            };
            let Via::Task(task) = &copy.via else { continue };
            let Some(point) = worst.and_then(|worst| before(system.now, worst)) else {
                not.push(format!("{task}: nothing here says that it keeps what is old enough"));
                continue;
            };
            let seen = Copied { system, item, service: &service, point, by_hand };
            match task {
                Task::Snapshot => {
                    inventory.local = Seen::Here(lineage(service.dataset.clone(), point));
                }
                Task::Replicate(_) => inventory.replicas.extend(seen.replica(task)),
                Task::Backup(_) => inventory.repositories.extend(seen.repository(task, copy)),
                Task::BaseBackup(..) => databases.extend(seen.database(task)),
                _ => {}
            }
        }
        let mut found = Candidates::discover(&inventory, &service);
        for database in databases {
            let databases = BTreeMap::from([(service.name.clone(), database)]);
            let only = Inventory {
                databases,
                local: Seen::Here(BTreeMap::new()),
                ..Inventory::new(&system.copies.host, system.now)
            };
            let more = Candidates::discover(&only, &service);
            found.candidates.extend(more.candidates);
            found.rejected.extend(more.rejected);
        }
        let (chain, rejected) = match found.choose(&Policy::default()) {
            Ok(choice) => (choice.chain, choice.rejected),
            Err(none) => (Vec::new(), none.rejected),
        };
        // That a lost dataset has neither snapshots nor data left goes without saying, and what is lost is not begun anew.
        let telling = rejected
            .iter()
            .filter(|rejected| !matches!(rejected.id.as_str(), "local" | "adopt" | "empty"));
        not.extend(telling.map(|rejected| format!("{}: {}", rejected.id, rejected.why)));
        Ok(Self { chain, not })
    }
}

/// So long before now.
fn before(now: Timestamp, age: Span) -> Option<Timestamp> {
    now.checked_sub(
        SignedDuration::try_from(std::time::Duration::from_micros(age.as_micros())).ok()?,
    )
    .ok()
}

/// A dataset with one snapshot.
fn lineage(
    dataset: zfs_props::DatasetName,
    point: Timestamp,
) -> BTreeMap<zfs_props::DatasetName, Lineage> {
    let version = Version::snapshot("autosnap", 1, 1, point.as_second());
    [(dataset.clone(), Lineage::new(dataset, vec![version]))].into()
}

/// A copy, as old as it can be.
struct Copied<'c> {
    system: &'c System,
    item: &'c Item,
    service: &'c Service,
    point: Timestamp,
    by_hand: bool,
}

impl Copied<'_> {
    fn replica(&self, task: &Task) -> Option<Replica> {
        let Task::Replicate(name) = task else { return None };
        let job = &self.system.copies.replication.get(name)?.job;
        let machine = job.target.host.clone().unwrap_or_else(|| self.system.name.clone());
        let there = job.target_of(&self.service.dataset)?;
        let mut replica =
            Replica::new(&machine, job.source.dataset.clone(), job.target.dataset.clone());
        replica.recursive = job.recursive;
        if job.target.host.is_some() {
            let user = job.target.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
            replica.transport = vec!["ssh".to_owned(), format!("{user}{machine}")];
            replica.key = self.system.keys.get(&machine).filter(|_| !self.by_hand).cloned();
        }
        replica.datasets = Seen::Here(lineage(there, self.point));
        Some(replica)
    }

    fn repository(&self, task: &Task, copy: &Copy) -> Option<Repository> {
        let (Task::Backup(name), Held::Files { path, .. }) = (task, &copy.held) else {
            return None;
        };
        let job = self.system.copies.jobs.get(name)?;
        let repository = self.system.copies.repositories.get(&job.repository)?;
        let root = self.system.copies.scan(name)?.scanned(path)?;
        let tags: Vec<String> = job.tags.iter().map(ToString::to_string).collect();
        let on_share = piece::machine(self.system, job.repository.as_str()).is_some();
        let secret = |path: &backup_spec::path::AbsolutePath| path.as_str().parse().ok();
        Some(Repository {
            name: job.repository.to_string(),
            url: repository.url.to_string(),
            password_file: if self.by_hand {
                BY_HAND.parse().ok()?
            } else {
                secret(&repository.password_file)?
            },
            environment_file: repository
                .environment_file
                .as_ref()
                .filter(|_| !self.by_hand)
                .and_then(secret),
            remote: on_share || repository.directory().is_none(),
            jobs: [(self.item.name.clone(), (tags.clone(), root.as_str().parse().ok()?))].into(),
            rate: None,
            snapshots: Seen::Here(vec![ResticSnapshot {
                id: format!("{:0<64}", 1),
                time: self.point,
                hostname: self.system.copies.host.clone(),
                paths: vec![root.to_string()],
                tags,
                summary: None,
            }]),
        })
    }

    /// A base backup of the day before, and the log since.
    fn database(&self, task: &Task) -> Option<Database> {
        use backup_spec::pitr::{Storage, Tool};
        let Task::BaseBackup(nth, name) = task else { return None };
        let archive = self.system.copies.pitr.get(name)?;
        let number = archive.base(*nth)?.repository;
        let (source, remote) = match &archive.pitr.tool {
            Tool::Barman(barman) => (barman.destination.clone(), true),
            Tool::PgBackRest(tool) => {
                let repository =
                    tool.repositories.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
                match &repository.storage {
                    Storage::S3 { bucket, .. } => (format!("s3:{bucket}"), true),
                    Storage::Posix => (
                        repository.path.clone(),
                        piece::machine(self.system, &repository.path).is_some(),
                    ),
                }
            }
        };
        let size = SegmentSize::default();
        let backup = BaseBackup {
            name: task.to_string(),
            timeline: TimelineId(1),
            start: Lsn(size.bytes()),
            checkpoint: Lsn(size.bytes()),
            stop: Lsn(size.bytes() + 1),
            stop_time: before(self.point, Span::from_secs(86_400))?,
            damaged: false,
        };
        let log =
            Archive::from_names(size, ["000000010000000000000001", "000000010000000000000002"]);
        Some(Database {
            source,
            wish: Wish::new(Target::Time(self.point)),
            seen: Seen::Here((vec![backup], log)),
            journal: None,
            remote,
            secrets: archive
                .environment_file()
                .and_then(|file| file.parse().ok())
                .into_iter()
                .collect(),
            seconds: None,
        })
    }
}
