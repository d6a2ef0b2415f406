//! From an inventory to the ways back of one service.

use jiff::Timestamp;

use super::candidate::{Candidate, Consequence, Kind, Method, Need, Tested, way};
use super::inventory::{Inventory, Replica, Repository, Seen};
use super::rejection::{Rejected, Rejection};
use super::restic::Job;
use super::secrets::{Secrets, made_from};
use super::snapshot_name::Purpose;
use crate::lineage::{Lineage, Version};
use crate::pitr;
use crate::service::Service;

/// All ways back of a service, and what is none: every kind there is appears in one of the two lists, unless nothing of that
/// kind is declared for the service.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The service.
    pub service: Service,
    /// The present time.
    pub now: Timestamp,
    /// In the order of the inventory.
    pub candidates: Vec<Candidate>,
    /// What is no way back, and why.
    pub rejected: Vec<Rejected>,
}

impl Candidates {
    /// Looks for every way back.
    pub fn discover(inventory: &Inventory, service: &Service) -> Self {
        let (candidates, rejected) = (Vec::new(), Vec::new());
        let mut found = Self { service: service.clone(), now: inventory.now, candidates, rejected };
        for replica in &inventory.replicas {
            found.replica(replica);
        }
        found.local(inventory);
        for repository in &inventory.repositories {
            found.repository(repository, &inventory.host);
        }
        found.database(inventory);
        found.reject_where(|candidate| secret_inside(candidate, service, &inventory.secrets));
        for candidate in &mut found.candidates {
            candidate.tested = last_drill(candidate, inventory, service);
        }
        found.empty(inventory);
        found.adopt(inventory);
        found
    }

    /// Moves the candidates for which there is a reason to those that are none.
    pub(super) fn reject_where(&mut self, why: impl Fn(&Candidate) -> Option<Rejection>) {
        for candidate in std::mem::take(&mut self.candidates) {
            match why(&candidate) {
                Some(why) => self.reject(&candidate.id, candidate.point, why),
                None => self.candidates.push(candidate),
            }
        }
    }

    pub(super) fn reject(&mut self, id: &str, point: Option<Timestamp>, why: Rejection) {
        self.rejected.push(Rejected { id: id.to_owned(), point, why });
    }

    /// What was seen, or why that is no answer.
    fn look<'s, T>(&mut self, id: &str, seen: &'s Seen<T>) -> Option<&'s T> {
        match seen {
            Seen::Here(here) => Some(here),
            Seen::Failed(error) => {
                self.reject(id, None, Rejection::Unknown(error.clone()));
                None
            }
            Seen::Unknown => {
                self.reject(id, None, Rejection::Unknown("nobody looked".to_owned()));
                None
            }
        }
    }

    fn replica(&mut self, replica: &Replica) {
        let id = way(Kind::Replica, &replica.name);
        let Some(there) = replica.of(&self.service.dataset) else { return };
        let Some(datasets) = self.look(&id, &replica.datasets) else { return };
        let Some(lineage) = datasets.get(&there) else {
            return self.reject(&id, None, Rejection::Absent);
        };
        let Some(newest) = self.newest(&id, lineage, Purpose::restores_from_replica) else {
            return;
        };
        let sent = lineage.snapshots().filter(|version| version.createtxg <= newest.0.createtxg);
        let bytes = sent
            .map(|version| version.written)
            .try_fold(0_u64, |all, one| Some(all.saturating_add(one?)));
        let Some(oldest) = lineage.snapshots().next() else { return };
        let mut needs = vec![Need::Source(replica.name.clone())];
        if !replica.transport.is_empty() {
            needs.push(Need::Network);
        }
        needs.extend(replica.key.clone().map(Need::Secret));
        let method = Method::Replica {
            replica: replica.name.clone(),
            from: there,
            oldest: Box::new(oldest.clone()),
            newest: Box::new(newest.0.clone()),
            transport: replica.transport.clone(),
            raw: replica.raw,
        };
        let seconds = seconds(bytes, replica.rate);
        let candidate = Candidate::new(id, method, Some(newest.1));
        self.candidates.push(Candidate { bytes, seconds, needs, ..candidate });
    }

    /// The newest snapshot of exactly this dataset that is a way back, and when it is of.
    fn newest<'l>(
        &mut self,
        id: &str,
        lineage: &'l Lineage,
        purpose: fn(Purpose) -> bool,
    ) -> Option<(&'l Version, Timestamp)> {
        for version in lineage.snapshots().rev() {
            let id = format!("{id} {version}");
            let Ok(point) = Timestamp::from_second(version.creation) else {
                self.reject(&id, None, Rejection::Future);
                continue;
            };
            if !purpose(Purpose::of(&version.name)) {
                self.reject(&id, Some(point), Rejection::Purpose);
            } else if point > self.now {
                self.reject(&id, Some(point), Rejection::Future);
            } else {
                return Some((version, point));
            }
        }
        self.reject(id, None, Rejection::Absent);
        None
    }

    fn local(&mut self, inventory: &Inventory) {
        let Some(datasets) = self.look("local", &inventory.local) else { return };
        let dataset = self.service.dataset.clone();
        let Some(lineage) = datasets.get(&dataset) else {
            return self.reject("local", None, Rejection::Absent);
        };
        let Some((snapshot, point)) = self.newest("local", lineage, Purpose::restores_locally)
        else {
            return;
        };
        let ahead = inventory.replicas.iter().any(|replica| {
            let there = replica.of(&dataset);
            let Seen::Here(datasets) = &replica.datasets else { return false };
            let theirs = there.and_then(|there| datasets.get(&there)).and_then(Lineage::newest);
            let common = theirs
                .and_then(|theirs| lineage.snapshots().find(|version| version.guid == theirs.guid));
            common.is_some_and(|common| common.createtxg > snapshot.createtxg)
        });
        let method = Method::Local { snapshot: Box::new(snapshot.clone()) };
        let id = way(Kind::Local, &snapshot.to_string());
        let mut candidate = Candidate::new(id, method, Some(point));
        (candidate.bytes, candidate.seconds) = (Some(0), Some(0));
        candidate.needs.push(Need::Dataset(dataset));
        if ahead {
            candidate.consequence = Consequence::ReplicasAhead;
        }
        self.candidates.push(candidate);
    }

    fn repository(&mut self, repository: &Repository, host: &str) {
        let Some((tags, root)) = repository.jobs.get(&self.service.name) else { return };
        let id = way(Kind::Restic, &repository.name);
        let Some(snapshots) = self.look(&id, &repository.snapshots) else { return };
        let job = Job { host, tags, root };
        let mut newest_first: Vec<_> = snapshots.iter().collect();
        newest_first.sort_by(|a, b| (b.time, &b.id).cmp(&(a.time, &a.id)));
        let mut taken: Option<String> = None;
        for snapshot in newest_first {
            let short = snapshot.id.get(..8).unwrap_or(&snapshot.id);
            let id = format!("{id} {short}");
            let why = match (job.accepts(snapshot, self.now), &taken) {
                (Ok(()), None) => {
                    let mut needs = vec![
                        Need::Source(repository.name.clone()),
                        Need::Secret(repository.password_file.clone()),
                    ];
                    needs.extend(repository.environment_file.clone().map(Need::Secret));
                    needs.extend(repository.remote.then_some(Need::Network));
                    taken = Some(id.clone());
                    let method = Method::Restic {
                        repository: repository.name.clone(),
                        url: repository.url.clone(),
                        password_file: repository.password_file.clone(),
                        environment_file: repository.environment_file.clone(),
                        snapshot: snapshot.id.clone(),
                        root: root.clone(),
                    };
                    let bytes = snapshot.bytes();
                    let seconds = seconds(bytes, repository.rate);
                    let candidate = Candidate::new(id, method, Some(snapshot.time));
                    self.candidates.push(Candidate { bytes, seconds, needs, ..candidate });
                    continue;
                }
                (Ok(()), Some(newer)) => Rejection::Older(newer.clone()),
                (Err(why), _) => why,
            };
            self.reject(&id, Some(snapshot.time), why);
        }
        if taken.is_none() {
            self.reject(&id, None, Rejection::Absent);
        }
    }

    fn database(&mut self, inventory: &Inventory) {
        let Some(database) = inventory.databases.get(&self.service.name) else { return };
        let id = way(Kind::Pitr, &database.source);
        let Some((backups, archive)) = self.look(&id, &database.seen) else { return };
        if backups.is_empty() {
            return self.reject(&id, None, Rejection::Absent);
        }
        let choice = match pitr::choose(backups, archive, &database.wish, database.journal.as_ref())
        {
            Ok(choice) => choice,
            Err(unreachable) => {
                return self.reject(&id, None, Rejection::Unreachable(unreachable.to_string()));
            }
        };
        // At least as new as the backup; how much newer only the log's content tells.
        let point = match &choice.settings.target {
            pitr::Target::Time(time) => *time,
            _ => choice.backup.stop_time,
        };
        let mut needs = vec![Need::Source(database.source.clone())];
        needs.extend(database.secrets.iter().cloned().map(Need::Secret));
        needs.extend(database.remote.then_some(Need::Network));
        let method = Method::Pitr { source: database.source.clone(), choice: Box::new(choice) };
        let candidate = Candidate::new(id, method, Some(point));
        self.candidates.push(Candidate { seconds: database.seconds, needs, ..candidate });
    }
}

/// Seconds for so many bytes at so many a second, rounded up.
fn seconds(bytes: Option<u64>, rate: Option<u64>) -> Option<u64> {
    bytes.zip(rate).map(|(bytes, rate)| bytes.div_ceil(rate.max(1)))
}

/// Whether what a candidate needs, or what that is made from, lies on what it would restore.
fn secret_inside(candidate: &Candidate, service: &Service, all: &Secrets) -> Option<Rejection> {
    let mut needed = candidate.needs.iter().filter_map(|need| match need {
        Need::Secret(path) => Some(path),
        _ => None,
    });
    let secrets =
        needed.find_map(|secret| made_from(all, secret, |at| service.mountpoint.contains(at)))?;
    Some(Rejection::SecretInside { secrets, dataset: service.dataset.clone() })
}

/// What the last drill of a service that tried this way has shown.
fn last_drill(candidate: &Candidate, inventory: &Inventory, service: &Service) -> Option<Tested> {
    let way = candidate.method.way();
    let drills = inventory.drills.iter().filter(|drill| drill.service == service.name);
    let trials = drills.filter_map(|drill| {
        let trial = drill.trials.iter().rev().find(|trial| trial.way == way)?;
        Some(Tested { at: drill.at, passed: trial.passed })
    });
    trials.max_by_key(|tested| tested.at)
}
