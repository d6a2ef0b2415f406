//! The world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use zfs_props::name::DatasetName;

use super::fault::{Behaviour, Crash};
use crate::candidates::{Candidate, Method, Need};
use crate::lineage::Version;
use crate::path::AbsolutePath;
use crate::preseed::{self, Act, Event, Fault, Intent, Occupant, Pool, Verified};
use crate::service::Service;

/// Files by their path below a mountpoint.
pub type Files = Arc<BTreeMap<String, String>>;

/// A dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dataset {
    /// Its guid.
    pub guid: u64,
    /// Its files.
    pub files: Files,
    /// Where it is mounted.
    pub mounted: Option<String>,
    /// Where it is to be mounted.
    pub mountpoint: Option<String>,
    /// `canmount=on`
    pub armed: bool,
    /// Local properties.
    pub local: BTreeMap<String, String>,
    /// Properties that came with a stream, or from above.
    pub inherited: BTreeMap<String, String>,
    /// An interrupted receive that can go on.
    pub resumable: bool,
    /// Owner of the files.
    pub owner: Option<String>,
}

/// A copy somewhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Copy {
    files: Files,
    behaviour: Behaviour,
    /// Whether an interrupted transfer can go on.
    resumable: bool,
    /// How long it takes.
    seconds: u64,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) datasets: BTreeMap<DatasetName, Dataset>,
    /// Shared by the copies of a world, of which there are many while it is explored.
    copies: Arc<BTreeMap<String, Copy>>,
    /// Files of one service in a copy that others have files in, too: by staging and candidate.
    parts: BTreeMap<(DatasetName, String), Files>,
    /// What is mounted that is no dataset, by where.
    mounts: BTreeMap<String, String>,
    /// Folders that hold files of their own, which are seen while nothing is mounted there.
    bare: BTreeSet<String>,
    pub(super) intents: BTreeMap<String, Intent>,
    pub(super) locked: BTreeSet<String>,
    pub(super) pool: Pool,
    /// Whether the datasets above those of services are there.
    pub(super) parents: bool,
    pub(super) clock: u64,
    next_guid: u64,
    pub(super) failing: BTreeSet<&'static str>,
    pub(super) hanging: BTreeSet<&'static str>,
    /// Whether data that is there passes the check of its content.
    existing_is_valid: bool,
    pub(super) crash: Option<Crash>,
    /// How many acts there have been since the last start.
    pub(super) acts: usize,
    pub(super) told: Vec<Event>,
    /// Each act, with the time it began at, if somebody wants to know.
    pub(super) journal: Option<Vec<(u64, String)>>,
}

/// The time of day at the start of the clock.
const EPOCH: i64 = 1_795_262_400;

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A machine with a healthy pool and nothing in it.
    pub fn new() -> Self {
        Self {
            datasets: BTreeMap::new(),
            copies: Arc::default(),
            parts: BTreeMap::new(),
            mounts: BTreeMap::new(),
            bare: BTreeSet::new(),
            intents: BTreeMap::new(),
            locked: BTreeSet::new(),
            pool: Pool::Online,
            parents: true,
            clock: 0,
            next_guid: 1000,
            failing: BTreeSet::new(),
            hanging: BTreeSet::new(),
            existing_is_valid: true,
            crash: None,
            acts: 0,
            told: Vec::new(),
            journal: None,
        }
    }

    /// A replica of this name with these files, that takes a minute; and the candidate that stands for it.
    pub fn add_copy(
        &mut self,
        name: &str,
        from: &DatasetName,
        files: &[(&str, &str)],
    ) -> Candidate {
        let id = format!("replica {name}");
        let copy =
            Copy { files: tree(files), behaviour: Behaviour::Works, resumable: true, seconds: 60 };
        Arc::make_mut(&mut self.copies).insert(id.clone(), copy);
        let version = Box::new(Version::snapshot("newest", 1, 1, EPOCH));
        let (oldest, newest) = (version.clone(), version);
        let (replica, from) = (name.to_owned(), from.clone());
        candidate(
            id,
            Method::Replica { replica, from, oldest, newest, transport: Vec::new(), raw: false },
        )
    }

    /// A repository of this name with these files, that takes ten minutes, and cannot go on where it stopped; and the
    /// candidate that stands for it.
    pub fn add_repository(
        &mut self,
        name: &str,
        root: &AbsolutePath,
        files: &[(&str, &str)],
    ) -> Candidate {
        let id = format!("restic {name}");
        let copy = Copy {
            files: tree(files),
            behaviour: Behaviour::Works,
            resumable: false,
            seconds: 600,
        };
        Arc::make_mut(&mut self.copies).insert(id.clone(), copy);
        candidate(
            id,
            Method::Restic {
                repository: name.to_owned(),
                url: format!("/repo/{name}"),
                password_file: root.clone(),
                environment_file: None,
                snapshot: "0".repeat(64),
                root: root.clone(),
            },
        )
    }

    /// A snapshot of the service's own dataset with these files; and the candidate that stands for it.
    pub fn add_local_snapshot(&mut self, name: &str, files: &[(&str, &str)]) -> Candidate {
        let id = format!("local @{name}");
        let copy =
            Copy { files: tree(files), behaviour: Behaviour::Works, resumable: false, seconds: 1 };
        Arc::make_mut(&mut self.copies).insert(id.clone(), copy);
        let snapshot = Box::new(Version::snapshot(name, 2, 2, EPOCH));
        candidate(id, Method::Local { snapshot })
    }

    /// A way back has these files for this service, and takes as long as the candidate says.
    pub fn add_part(&mut self, service: &Service, candidate: &Candidate, files: &[(&str, &str)]) {
        let resumable = matches!(candidate.method, Method::Replica { .. });
        let seconds = candidate.seconds.unwrap_or(60);
        let copy =
            Copy { files: Files::default(), behaviour: Behaviour::Works, resumable, seconds };
        Arc::make_mut(&mut self.copies).entry(candidate.id.clone()).or_insert(copy);
        if let Ok(staging) = preseed::staging(&service.dataset) {
            self.parts.insert((staging, candidate.id.clone()), tree(files));
        }
    }

    /// A copy as it is for one staging.
    fn copy(&self, candidate: &Candidate, staging: &DatasetName) -> Result<Copy, Fault> {
        let mut copy =
            self.copies.get(&candidate.id).cloned().ok_or_else(|| failed("no such copy"))?;
        if let Some(files) = self.parts.get(&(staging.clone(), candidate.id.clone())) {
            copy.files = files.clone();
            copy.seconds = candidate.seconds.unwrap_or(copy.seconds);
        }
        Ok(copy)
    }

    /// How a way back behaves from now on, by its candidate's name.
    pub fn fail(&mut self, candidate: &str, behaviour: Behaviour) {
        if let Some(copy) = Arc::make_mut(&mut self.copies).get_mut(candidate) {
            copy.behaviour = behaviour;
        }
    }

    /// Acts of this kind ([`Act::word`]), or `tell`, `lock`, `observe`, fail from now on.
    pub fn fail_act(&mut self, word: &'static str) {
        self.failing.insert(word);
    }

    /// Acts of this kind take all the time they have, and are reported as failed, although they are done: as when a tool
    /// is ended while the kernel goes on.
    pub fn hang_act(&mut self, word: &'static str) {
        self.hanging.insert(word);
    }

    /// All acts work again, and all copies.
    pub fn heal(&mut self) {
        self.failing.clear();
        self.hanging.clear();
        for copy in Arc::make_mut(&mut self.copies).values_mut() {
            copy.behaviour = Behaviour::Works;
        }
    }

    /// The state of the pool.
    pub fn set_pool(&mut self, pool: Pool) {
        self.pool = pool;
    }

    /// Whether the datasets above those of services are there, as they are at first.
    pub fn set_parents(&mut self, there: bool) {
        self.parents = there;
    }

    /// Whether data that is there passes the check of its content.
    pub fn set_existing_is_valid(&mut self, valid: bool) {
        self.existing_is_valid = valid;
    }

    /// Ends the run there.
    pub fn crash_at(&mut self, crash: Crash) {
        self.crash = Some(crash);
    }

    /// Another process: the lock of the one that ended is gone.
    pub fn restart(&mut self) {
        self.locked.clear();
        self.crash = None;
        self.acts = 0;
        self.told.clear();
    }

    /// The machine starts again: nothing is mounted but what mounts by itself, in the order of the names; of two for
    /// one place, the first.
    pub fn reboot(&mut self) {
        self.restart();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for dataset in self.datasets.values_mut() {
            let place = dataset.mountpoint.clone().filter(|_| dataset.armed);
            dataset.mounted = place.filter(|place| taken.insert(place.clone()));
        }
    }

    /// Something that is no dataset is mounted there, over whatever else is: a share, a folder that is bound there.
    pub fn mount(&mut self, path: &str, source: &str) {
        self.mounts.insert(path.to_owned(), source.to_owned());
    }

    /// That is not there any more.
    pub fn unmount(&mut self, path: &str) {
        self.mounts.remove(path);
    }

    /// Files are written into the folder itself, below whatever is mounted there.
    pub fn write_below(&mut self, path: &str) {
        self.bare.insert(path.to_owned());
    }

    /// The record of a restore that has begun is lost, as on a root that is rolled back at every boot.
    pub fn lose_intents(&mut self) {
        self.intents.clear();
    }

    /// Adds a dataset, mounted at its mountpoint if nothing else is.
    pub fn add_dataset(
        &mut self,
        name: DatasetName,
        mountpoint: &str,
        files: &[(&str, &str)],
    ) -> &mut Dataset {
        let guid = self.new_guid();
        let free = matches!(self.occupant(mountpoint, &name), None | Some(Occupant::Files(_)));
        let dataset = Dataset {
            guid,
            files: tree(files),
            mounted: free.then(|| mountpoint.to_owned()),
            mountpoint: Some(mountpoint.to_owned()),
            armed: true,
            ..Dataset::default()
        };
        let slot = self.datasets.entry(name).or_default();
        *slot = dataset;
        slot
    }

    /// A dataset, to look at.
    pub fn dataset(&self, name: &DatasetName) -> Option<&Dataset> {
        self.datasets.get(name)
    }

    /// All datasets.
    pub fn datasets(&self) -> &BTreeMap<DatasetName, Dataset> {
        &self.datasets
    }

    /// All datasets, to change: what happens on a machine beside a restore.
    pub fn datasets_mut(&mut self) -> &mut BTreeMap<DatasetName, Dataset> {
        &mut self.datasets
    }

    /// The content of a file, as a service would read it.
    pub fn read(&self, path: &str) -> Option<&str> {
        let mounted = self.datasets.values().filter_map(|dataset| {
            let place = dataset.mounted.as_deref()?;
            let rest = path.strip_prefix(place)?.strip_prefix('/')?;
            Some((place.len(), dataset.files.get(rest)))
        });
        mounted.max_by_key(|(length, _)| *length)?.1.map(String::as_str)
    }

    /// What was told.
    pub fn told(&self) -> &[Event] {
        &self.told
    }

    /// Keeps a journal from now on.
    pub fn keep_journal(&mut self) {
        self.journal = Some(Vec::new());
    }

    /// Each act, with the second it began at, since a journal is kept.
    pub fn journal(&self) -> &[(u64, String)] {
        self.journal.as_deref().unwrap_or_default()
    }

    /// How many acts there have been since the last start.
    pub fn acts(&self) -> usize {
        self.acts
    }

    /// The record of a restore that has begun.
    pub fn intent(&self, service: &str) -> Option<&Intent> {
        self.intents.get(service)
    }

    fn new_guid(&mut self) -> u64 {
        self.next_guid += 1;
        self.next_guid
    }

    /// What else is mounted there, or would be, or is there itself.
    pub(super) fn occupant(&self, mountpoint: &str, but: &DatasetName) -> Option<Occupant> {
        if let Some(source) = self.mounts.get(mountpoint) {
            return Some(Occupant::Mount(source.clone()));
        }
        let mut others = self.datasets.iter().filter(|(name, _)| *name != but);
        let claims = |dataset: &Dataset| {
            dataset.mounted.as_deref() == Some(mountpoint)
                || (dataset.armed && dataset.mountpoint.as_deref() == Some(mountpoint))
        };
        let other = others.find(|(_, dataset)| claims(dataset));
        let own = self.datasets.get(but).and_then(|own| own.mounted.as_deref());
        let bare = own != Some(mountpoint) && self.bare.contains(mountpoint);
        other
            .map(|(name, _)| Occupant::Dataset(name.clone()))
            .or_else(|| bare.then(|| Occupant::Files(mountpoint.to_owned())))
    }

    /// Whether something that is no dataset hides what is mounted there.
    pub(super) fn is_hidden(&self, mountpoint: &str) -> bool {
        self.mounts.contains_key(mountpoint)
    }

    fn own(&mut self, service: &Service) -> Result<&mut Dataset, Fault> {
        self.datasets.get_mut(&service.dataset).ok_or_else(|| failed("dataset does not exist"))
    }

    fn rename(&mut self, from: &DatasetName, to: &DatasetName) -> Result<(), Fault> {
        if self.datasets.contains_key(to) {
            return Err(failed("dataset already exists"));
        }
        let dataset = self.datasets.remove(from).ok_or_else(|| failed("dataset does not exist"))?;
        self.datasets.insert(to.clone(), dataset);
        Ok(())
    }

    /// A copy arrives, whole or by half.
    fn fetch(
        &mut self,
        candidate: &Candidate,
        staging: &DatasetName,
        limit: u64,
        cut: bool,
    ) -> Result<(), Fault> {
        let copy = self.copy(candidate, staging)?;
        let half = half(&copy.files);
        let (files, whole, seconds, result) = match copy.behaviour {
            Behaviour::Absent => return Err(failed("there is no such copy any more")),
            Behaviour::Fails => return Err(failed("the tool failed")),
            Behaviour::FailsHalfway => {
                (half, false, copy.seconds / 2, Err(failed("the connection broke")))
            }
            Behaviour::Hangs => (half, false, limit, Err(Fault::TimedOut)),
            Behaviour::Partial => (half, true, copy.seconds, Ok(())),
            Behaviour::Works if copy.seconds > limit => (half, false, limit, Err(Fault::TimedOut)),
            Behaviour::Works if cut => (half, false, copy.seconds / 2, Ok(())),
            Behaviour::Works => (copy.files.clone(), true, copy.seconds, Ok(())),
        };
        let guid =
            self.datasets.get(staging).map_or_else(|| self.next_guid + 1, |dataset| dataset.guid);
        self.next_guid = self.next_guid.max(guid);
        let mut dataset =
            Dataset { guid, files, resumable: copy.resumable && !whole, ..Dataset::default() };
        dataset.local.insert(preseed::STAGING.to_owned(), candidate.id.clone());
        self.datasets.insert(staging.clone(), dataset);
        self.clock += seconds;
        result
    }

    fn verify(&mut self, candidate: &Candidate, staging: &DatasetName) -> Result<(), Fault> {
        self.clock += 5;
        let copy = self.copy(candidate, staging)?;
        if copy.behaviour == Behaviour::Absent {
            return Err(failed("there is nothing to compare with any more"));
        }
        let whole = copy.files;
        let at = self.time();
        let dataset =
            self.datasets.get_mut(staging).ok_or_else(|| failed("dataset does not exist"))?;
        if dataset.files != whole || dataset.resumable {
            return Err(failed("files are missing"));
        }
        if whole.is_empty() {
            return Err(failed("nothing is in it"));
        }
        let verified = Verified {
            guid: dataset.guid,
            candidate: candidate.id.clone(),
            point: candidate.point.ok_or_else(|| failed("no data comes back that way"))?,
            at,
        };
        dataset.local.insert(preseed::VERIFIED.to_owned(), verified.to_string());
        Ok(())
    }

    pub(super) fn time(&self) -> Timestamp {
        let clock = i64::try_from(self.clock).unwrap_or(i64::MAX / 2);
        let start = Timestamp::from_second(EPOCH).unwrap_or_default();
        start.checked_add(SignedDuration::from_secs(clock)).unwrap_or(start)
    }

    /// Does an act; by half if `cut`.
    pub(super) fn perform(
        &mut self,
        service: &Service,
        act: &Act,
        limit: u64,
        cut: bool,
    ) -> Result<(), Fault> {
        let place = service.mountpoint.to_string();
        match act {
            Act::Fetch { candidate, .. }
                if matches!(candidate.method, Method::Local { .. })
                    && !self.datasets.contains_key(&service.dataset) =>
            {
                Err(failed("no such snapshot"))
            }
            Act::Fetch { candidate, staging } => self.fetch(candidate, staging, limit, cut),
            Act::Discard { staging } => {
                if cut {
                    if let Some(dataset) = self.datasets.get_mut(staging) {
                        dataset.files = half(&dataset.files);
                        dataset.local.remove(preseed::VERIFIED);
                    }
                } else {
                    self.datasets.remove(staging);
                }
                Ok(())
            }
            Act::SetProperties => {
                let dataset = self.own(service)?;
                dataset.mountpoint = Some(place);
                let few = if cut { service.properties.len() / 2 } else { service.properties.len() };
                for (name, value) in service.properties.iter().take(few) {
                    dataset.local.insert(name.clone(), value.clone());
                }
                Ok(())
            }
            Act::SetOwner => {
                let owner = service.owner.as_ref().map(|owner| owner.user.clone());
                self.own(service)?.owner = if cut { None } else { owner };
                Ok(())
            }
            Act::Wait(seconds) => {
                self.clock += seconds;
                Ok(())
            }
            // The others are atomic: by half, nothing has happened.
            _ if cut => Ok(()),
            Act::Verify { candidate, staging } => self.verify(candidate, staging),
            Act::Note(intent) => {
                self.intents.insert(service.name.clone(), intent.clone());
                Ok(())
            }
            Act::Forget => {
                self.intents.remove(&service.name);
                Ok(())
            }
            Act::Disarm | Act::Arm => {
                self.own(service)?.armed = matches!(act, Act::Arm);
                Ok(())
            }
            Act::Unmount => {
                self.own(service)?.mounted = None;
                Ok(())
            }
            Act::SetAside(aside) => self.rename(&aside.of, &aside.name),
            Act::PutBack(aside) => self.rename(&aside.name, &aside.of),
            Act::SwapIn { staging } => self.rename(staging, &service.dataset),
            Act::CreateEmpty => {
                if self.datasets.contains_key(&service.dataset) {
                    return Err(failed("dataset already exists"));
                }
                self.add_dataset(service.dataset.clone(), &place, &[]);
                Ok(())
            }
            Act::Mount => {
                let mut others = self.datasets.iter().filter(|(name, _)| **name != service.dataset);
                let taken = others.any(|(_, other)| other.mounted.as_deref() == Some(&place));
                if taken || self.is_hidden(&place) {
                    return Err(failed("the mountpoint is taken"));
                }
                let dataset = self.own(service)?;
                dataset.mountpoint.get_or_insert_with(|| place.clone());
                dataset.mounted.clone_from(&dataset.mountpoint);
                Ok(())
            }
            Act::CheckExisting if self.existing_is_valid => Ok(()),
            Act::CheckExisting => Err(failed("the content is not what the service can use")),
            Act::Complete(record) => {
                self.own(service)?.local.insert(preseed::COMPLETE.to_owned(), record.to_string());
                Ok(())
            }
        }
    }
}

/// A candidate of the present time.
fn candidate(id: String, method: Method) -> Candidate {
    let needs = match &method {
        Method::Replica { replica, .. } => vec![Need::Source(replica.clone()), Need::Network],
        Method::Restic { repository, .. } => vec![Need::Source(repository.clone())],
        _ => Vec::new(),
    };
    let point = Timestamp::from_second(EPOCH).unwrap_or_default();
    Candidate { needs, ..Candidate::new(id, method, Some(point)) }
}

pub(super) fn failed(why: &str) -> Fault {
    Fault::Failed(why.to_owned())
}

fn tree(files: &[(&str, &str)]) -> Files {
    Arc::new(
        files.iter().map(|(path, content)| ((*path).to_owned(), (*content).to_owned())).collect(),
    )
}

/// The first half of the files.
fn half(files: &Files) -> Files {
    Arc::new(
        files
            .iter()
            .take(files.len() / 2)
            .map(|(path, content)| (path.clone(), content.clone()))
            .collect(),
    )
}
