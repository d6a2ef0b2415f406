//! Services whose data is in datasets, by the commands `zfs` and `zpool`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use zfs_props::name::DatasetName;

use super::mounts::{self, Mount};
use super::pipe;
use super::restic::{SNAPSHOTS, Source, sync_filesystem};
use super::tools::{Tools, failed};
use crate::candidates::{Candidate, Method};
use crate::command::Command;
use crate::lineage::{self, Guid, Lineage};
use crate::preseed::{
    self, Act, Aside, Content, Event, Fault, Intent, Occupant, Pool, Record, Sight, Staging,
    Target, Verified, World, chown,
};
use crate::service::Service;

/// The local property that says that files came to their end: the dataset's guid.
const FETCHED: &str = "restore-chain:fetched";

/// Datasets.
pub struct Zfs {
    /// Records, locks, and who is told.
    pub tools: Tools,
}

/// A dataset as it is listed.
struct Listed {
    guid: u64,
    armed: bool,
    mountpoint: String,
    token: Option<String>,
}

/// What a look or a small command may take, in seconds.
const LOOK: u64 = 30;

/// What `zfs send -t` says of a token whose snapshots are gone, or were made anew under the same name (OpenZFS 2.1 to 2.4,
/// `lib/libzfs/libzfs_sendrecv.c`, `zfs_send_resume_impl`).
const STALE: [&str; 2] = ["no longer exists", "is no longer the same snapshot"];

/// The columns of [`listed`].
const COLUMNS: &str = "name,guid,canmount,mountpoint,receive_resume_token";

/// A line of those columns.
fn listed(line: &str) -> Result<(DatasetName, Listed), Fault> {
    let mut cells = line.split('\t');
    let mut next = || cells.next().unwrap_or_default();
    let name: DatasetName = next().parse().map_err(failed)?;
    let guid = next().parse().map_err(failed)?;
    let (armed, mountpoint) = (next() == "on", next().to_owned());
    let token = Some(next().to_owned()).filter(|token| !matches!(token.as_str(), "-" | ""));
    Ok((name, Listed { guid, armed, mountpoint, token }))
}

/// Whether a `mountpoint` leads to a path, however it is spelt: ZFS keeps `//`, `.` and `..`, and mounts there all the same.
fn is_place(mountpoint: &str, path: &str) -> bool {
    let mut parts = Vec::new();
    for part in mountpoint.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    mountpoint.starts_with('/')
        && parts.into_iter().eq(path.split('/').filter(|part| !part.is_empty()))
}

/// Whether a dataset that is mounted there has nothing in it but the folder of its snapshots, which may be listed like any other.
fn is_empty(place: &Path) -> Result<bool, Fault> {
    for entry in fs::read_dir(place).map_err(failed)? {
        if entry.map_err(failed)?.file_name() != SNAPSHOTS {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a folder holds anything but folders. What is mounted below it is somebody else's.
fn holds_files(folder: &Path) -> Result<bool, Fault> {
    let top = match fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        top => top.map_err(failed)?,
    };
    if !top.is_dir() {
        return Ok(true);
    }
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let metadata = entry.metadata().map_err(failed)?;
            if !metadata.is_dir() {
                return Ok(true);
            }
            if metadata.dev() == top.dev() {
                open.push(entry.path());
            }
        }
    }
    Ok(false)
}

/// A failure that says that a dataset is not there; any other one is none.
fn absent<T>(fault: Fault) -> Result<Option<T>, Fault> {
    match fault {
        Fault::Failed(why) if why.contains("dataset does not exist") => Ok(None),
        other => Err(other),
    }
}

impl Zfs {
    /// Datasets, with these tools.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }

    fn zfs<W: Into<String>>(
        &self,
        words: impl IntoIterator<Item = W>,
        limit: u64,
    ) -> Result<String, Fault> {
        let output = self.tools.run(&Command::new(["zfs"]).args(words), limit)?;
        String::from_utf8(output).map_err(failed)
    }

    fn pool(&self, name: &str) -> Result<Pool, Fault> {
        let command = Command::new(["zpool", "list", "-H", "-o", "health", name]);
        match self.tools.run(&command, LOOK) {
            Ok(health) => Ok(match String::from_utf8_lossy(&health).trim() {
                "ONLINE" => Pool::Online,
                "DEGRADED" => Pool::Degraded,
                _ => Pool::Unavailable,
            }),
            Err(Fault::Failed(why)) if why.contains("no such pool") => Ok(Pool::Unavailable),
            Err(fault) => Err(fault),
        }
    }

    /// All filesystems.
    fn list(&self) -> Result<BTreeMap<DatasetName, Listed>, Fault> {
        let text = self.zfs(["list", "-Hp", "-t", "filesystem", "-o", COLUMNS], LOOK)?;
        text.lines().map(listed).collect()
    }

    /// The guid of a dataset; none if it is not there.
    fn guid(&self, dataset: &DatasetName) -> Result<Option<u64>, Fault> {
        match self.zfs(["list", "-Hp", "-o", "guid", dataset.as_str()], LOOK) {
            Ok(text) => text.trim_end().parse().map(Some).map_err(failed),
            Err(fault) => absent(fault),
        }
    }

    /// The guid of staging, which has to be there.
    fn guid_of_staging(&self, staging: &DatasetName) -> Result<u64, Fault> {
        self.guid(staging)?.ok_or_else(|| failed("staging is gone"))
    }

    /// The candidate that a dataset is staging of; none if it is not ours. What has taken its place keeps the mark, and is none any
    /// more, whatever it is called.
    fn filled_from(marks: &BTreeMap<String, String>, guid: u64) -> Option<String> {
        let complete = marks.get(preseed::COMPLETE).and_then(|text| text.parse::<Record>().ok());
        let staged = marks.get(preseed::STAGING).cloned();
        staged.filter(|_| complete.is_none_or(|record| record.guid != guid))
    }

    /// Our properties of a dataset, those alone that are set on itself.
    fn marks(&self, dataset: &DatasetName) -> Result<BTreeMap<String, String>, Fault> {
        let wanted = [preseed::COMPLETE, preseed::VERIFIED, preseed::STAGING, FETCHED].join(",");
        let text = self
            .zfs(["get", "-Hp", "-o", "property,value,source", &wanted, dataset.as_str()], LOOK)?;
        let mut marks = BTreeMap::new();
        for line in text.lines() {
            let mut cells = line.split('\t');
            if let (Some(property), Some(value), Some("local")) =
                (cells.next(), cells.next(), cells.next())
            {
                marks.insert(property.to_owned(), value.to_owned());
            }
        }
        Ok(marks)
    }

    fn set(
        &self,
        dataset: &DatasetName,
        property: &str,
        value: &impl std::fmt::Display,
        limit: u64,
    ) -> Result<(), Fault> {
        self.zfs(["set", &format!("{property}={value}"), dataset.as_str()], limit).map(drop)
    }

    fn lineage(&self, dataset: &DatasetName) -> Result<Option<Lineage>, Fault> {
        match self.tools.run(&lineage::read::command(dataset), LOOK) {
            Ok(output) => {
                let text = String::from_utf8(output).map_err(failed)?;
                Ok(lineage::read::lineages(&text).map_err(failed)?.remove(dataset))
            }
            Err(fault) => absent(fault),
        }
    }

    /// Everything from the oldest snapshot to the newest, whatever of it is there already.
    fn receive(
        &mut self,
        service: &Service,
        candidate: &Candidate,
        staging: &DatasetName,
        limit: u64,
    ) -> Result<(), Fault> {
        let Method::Replica { from, oldest, newest, transport, raw, .. } = &candidate.method else {
            return Err(failed("no replica"));
        };
        let until = self.tools.clock().saturating_add(limit);
        // The oldest in full, then the others; each can be interrupted once. And what an earlier run has left may be of no use.
        for _ in 0..6 {
            let there = self.lineage(staging)?;
            let token = there.as_ref().and_then(|lineage| lineage.head.resume_token.clone());
            if let Some(token) = &token {
                if self.is_stale(token, transport)? {
                    // Otherwise every later receive would fail. What arrived in full stays.
                    self.zfs(["receive", "-A", staging.as_str()], LOOK)?;
                    continue;
                }
            }
            let last = there.as_ref().and_then(Lineage::newest);
            if token.is_none() && last.is_some_and(|last| last.guid == newest.guid) {
                return Ok(());
            }
            if let (None, Some(last)) = (&token, last) {
                if !self.has(transport, &last.of(from), last.guid)? {
                    self.discard(service, staging, LOOK)?;
                    continue;
                }
            }
            let mut send = Command::new(["zfs", "send"]);
            let mut receive = Command::new(["zfs", "receive", "-s", "-u"]);
            match (token, last) {
                (Some(token), _) => send = send.args(["-t", &token]),
                (None, Some(last)) => {
                    send = if *raw { send.arg("-w") } else { send };
                    send = send.arg("-I").arg(format!("{from}@{}", last.name)).arg(newest.of(from));
                }
                (None, None) => {
                    send = if *raw { send.arg("-w") } else { send };
                    send = send.arg(oldest.of(from));
                    let mark = format!("{}={}", preseed::STAGING, candidate.id);
                    receive = receive.args([
                        "-o",
                        "canmount=noauto",
                        "-o",
                        "mountpoint=none",
                        "-o",
                        &mark,
                    ]);
                }
            }
            let left = until.saturating_sub(self.tools.clock());
            if left == 0 {
                return Err(Fault::TimedOut);
            }
            let send = send.through(transport).through(&self.tools.prefix);
            let receive = receive.arg(staging).through(&self.tools.prefix);
            let progress = &mut self.tools.progress;
            pipe::run(&send, &receive, &[], Duration::from_secs(left), progress)?;
        }
        Err(failed("the newest snapshot did not arrive"))
    }

    /// Whether the sender still has a snapshot, and not another one of its name.
    fn has(&self, transport: &[String], snapshot: &str, guid: Guid) -> Result<bool, Fault> {
        let ask = Command::new(["zfs", "get", "-Hp", "-o", "value", "guid", snapshot]);
        match self.tools.run(&ask.through(transport), LOOK) {
            Ok(found) => Ok(String::from_utf8_lossy(&found).trim() == guid.0.to_string()),
            Err(Fault::Failed(why)) if why.contains("does not exist") => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Whether the sender has lost what a resumed send needs. That it cannot be asked is a fault, and no answer.
    fn is_stale(&self, token: &str, transport: &[String]) -> Result<bool, Fault> {
        let ask = Command::new(["zfs", "send", "-nvt", token]);
        match self.tools.run(&ask.through(transport), LOOK) {
            Ok(_) => Ok(false),
            Err(Fault::Failed(why)) if STALE.iter().any(|stale| why.contains(stale)) => Ok(true),
            Err(fault) => Err(fault),
        }
    }

    /// Where staging is mounted while files are brought into it.
    fn workshop(&self, service: &Service) -> PathBuf {
        self.tools.run.join("mounts").join(crate::render::systemd::escape(&service.name))
    }

    fn restore_files(
        &mut self,
        service: &Service,
        candidate: &Candidate,
        staging: &DatasetName,
        limit: u64,
    ) -> Result<(), Fault> {
        let place = self.workshop(service);
        let at = format!("mountpoint={}", place.display());
        let mark = format!("{}={}", preseed::STAGING, candidate.id);
        self.zfs(
            ["create", "-o", "canmount=noauto", "-o", &at, "-o", &mark, staging.as_str()],
            LOOK,
        )?;
        self.zfs(["mount", staging.as_str()], LOOK)?;
        let part = place.join(".restore-part");
        let content = Source::of(&candidate.method)?.restore(&mut self.tools, &part, limit)?;
        // Before it is emptied, which is a change.
        let metadata = fs::symlink_metadata(&content).map_err(failed)?;
        for entry in fs::read_dir(&content).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            fs::rename(entry.path(), place.join(entry.file_name())).map_err(failed)?;
        }
        fs::remove_dir_all(&part).map_err(failed)?;
        give_metadata(&metadata, &place)?;
        sync_filesystem(&place)?;
        self.zfs(["unmount", staging.as_str()], LOOK)?;
        let guid = self.guid_of_staging(staging)?;
        self.set(staging, FETCHED, &guid, LOOK)
    }

    /// Whether there is anything in staging. Snapshots are taken of an emptied dataset, too, and sent: the newest of all may well be
    /// of the loss itself. Without its key nobody can look; then it is seen where it is mounted in the end.
    fn look_inside(&self, service: &Service, staging: &DatasetName) -> Result<(), Fault> {
        let key = self.zfs(["get", "-Hp", "-o", "value", "keystatus", staging.as_str()], LOOK)?;
        if key.trim_end() == "unavailable" {
            return Ok(());
        }
        let at = self.workshop(service);
        self.set(staging, "mountpoint", &at.display(), LOOK)?;
        if self.while_mounted(service, staging, is_empty)? {
            return Err(failed("nothing is in it: it is of a time when the data was lost"));
        }
        Ok(())
    }

    /// Looks into staging, which is not changed by that.
    fn while_mounted<T>(
        &self,
        service: &Service,
        staging: &DatasetName,
        look: impl FnOnce(&Path) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let place = self.workshop(service);
        // A run that was killed while it looked has left it mounted.
        let left = mounts::at(&place.to_string_lossy())?;
        if left.is_some_and(|mount| mount.source == staging.as_str()) {
            self.zfs(["unmount", staging.as_str()], LOOK)?;
        }
        self.zfs(["mount", "-o", "ro", staging.as_str()], LOOK)?;
        let seen = look(&place);
        self.zfs(["unmount", staging.as_str()], LOOK)?;
        seen
    }

    fn verify(
        &mut self,
        service: &Service,
        candidate: &Candidate,
        staging: &DatasetName,
        limit: u64,
    ) -> Result<(), Fault> {
        let guid = self.guid_of_staging(staging)?;
        match &candidate.method {
            Method::Replica { newest: wanted, .. } | Method::Local { snapshot: wanted } => {
                let dataset = match &candidate.method {
                    Method::Local { .. } => &service.dataset,
                    _ => staging,
                };
                let lineage = self.lineage(dataset)?.ok_or_else(|| failed("staging is gone"))?;
                let arrived = lineage.snapshots().any(|version| version.guid == wanted.guid);
                if !arrived || lineage.head.resume_token.is_some() {
                    return Err(failed(format!("{wanted} did not arrive in full")));
                }
                self.look_inside(service, staging)?;
            }
            Method::Restic { .. } => {
                if self.marks(staging)?.get(FETCHED) != Some(&guid.to_string()) {
                    return Err(failed("staging was not filled to its end"));
                }
                let source = Source::of(&candidate.method)?;
                let compare = |place: &Path| source.verify(&self.tools, place, limit);
                self.while_mounted(service, staging, compare)?;
            }
            other => return Err(not_here(other)),
        }
        let point = candidate.point.ok_or_else(|| failed("no data comes back that way"))?;
        let candidate = candidate.id.clone();
        let verified = Verified { guid, candidate, point, at: Timestamp::now() };
        self.set(staging, preseed::VERIFIED, &verified, LOOK)
    }

    fn discard(&self, service: &Service, staging: &DatasetName, limit: u64) -> Result<(), Fault> {
        // Nothing but what bears our mark.
        let guid = self.guid_of_staging(staging)?;
        if Self::filled_from(&self.marks(staging)?, guid).is_none() {
            return Err(failed(format!("{staging} bears no mark of ours")));
        }
        let place = self.workshop(service);
        if mounts::at(&place.to_string_lossy())?.is_some() {
            self.zfs(["unmount", "-f", staging.as_str()], limit)?;
        }
        self.zfs(["destroy", "-r", staging.as_str()], limit).map(drop)
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName, limit: u64) -> Result<(), Fault> {
        let names = self.zfs(
            ["list", "-H", "-t", "filesystem,volume", "-o", "name", "-d", "1", from.as_str()],
            LOOK,
        )?;
        if let Some(below) = names.lines().find(|name| *name != from.as_str()) {
            return Err(failed(format!("{below} is below {from}, and would move with it")));
        }
        self.zfs(["rename", from.as_str(), to.as_str()], limit).map(drop)
    }

    fn perform(&mut self, service: &Service, act: &Act, limit: u64) -> Result<(), Fault> {
        let own = service.dataset.as_str();
        match act {
            Act::Note(intent) => self.tools.write_record(service, "intent", intent),
            Act::Forget => self.tools.remove_record(service, "intent"),
            Act::Fetch { candidate, staging } => match &candidate.method {
                Method::Replica { .. } => self.receive(service, candidate, staging, limit),
                Method::Local { snapshot } => {
                    let mark = format!("{}={}", preseed::STAGING, candidate.id);
                    let snapshot = snapshot.of(&service.dataset);
                    let words = [
                        "clone",
                        "-o",
                        "canmount=noauto",
                        "-o",
                        "mountpoint=none",
                        "-o",
                        &mark,
                        &snapshot,
                    ];
                    self.zfs(words.into_iter().chain([staging.as_str()]), limit).map(drop)
                }
                Method::Restic { .. } => self.restore_files(service, candidate, staging, limit),
                other => Err(not_here(other)),
            },
            Act::Verify { candidate, staging } => self.verify(service, candidate, staging, limit),
            Act::Discard { staging } => self.discard(service, staging, limit),
            Act::Disarm => self.zfs(["set", "canmount=noauto", own], limit).map(drop),
            Act::Arm => self.zfs(["set", "canmount=on", own], limit).map(drop),
            Act::Unmount => self.zfs(["unmount", own], limit).map(drop),
            Act::SetAside(aside) => self.rename(&aside.of, &aside.name, limit),
            Act::PutBack(aside) => self.rename(&aside.name, &aside.of, limit),
            Act::SwapIn { staging } => self.rename(staging, &service.dataset, limit),
            Act::CreateEmpty => {
                covers_nothing(service)?;
                let at = format!("mountpoint={}", service.mountpoint);
                self.zfs(["create", "-o", &at, own], limit).map(drop)
            }
            Act::SetProperties => {
                // A mountpoint that is set is mounted, if the dataset is armed already.
                covers_nothing(service)?;
                let at = ("mountpoint".to_owned(), service.mountpoint.to_string());
                let properties = std::iter::once(&at).chain(&service.properties);
                let pairs = properties.map(|(name, value)| format!("{name}={value}"));
                let words = std::iter::once("set".to_owned()).chain(pairs);
                self.zfs(words.chain([own.to_owned()]), limit).map(drop)
            }
            Act::Mount => {
                covers_nothing(service)?;
                self.zfs(["mount", own], limit).map(drop)
            }
            Act::SetOwner => match &service.owner {
                Some(owner) => {
                    let place = service.mountpoint.as_str();
                    let mut others = mounts::below(place)?;
                    // Nobody can change a snapshot.
                    others.push(format!("{}/{SNAPSHOTS}", place.trim_end_matches('/')));
                    self.tools.run(&chown(owner, place, &others), limit).map(drop)
                }
                None => Ok(()),
            },
            Act::CheckExisting => {
                (self.tools.check)(service, Path::new(service.mountpoint.as_str()))
                    .map_err(Fault::Failed)
            }
            Act::Complete(record) => self.set(&service.dataset, preseed::COMPLETE, record, limit),
            Act::Wait(seconds) => {
                std::thread::sleep(Duration::from_secs(*seconds));
                Ok(())
            }
        }
    }
}

/// Refuses to mount a service's dataset over what is mounted below: who is at work there would write into it from then on.
fn covers_nothing(service: &Service) -> Result<(), Fault> {
    let place = service.mountpoint.as_str();
    if mounts::at(place)?.is_some_and(|mount| mount.source == service.dataset.as_str()) {
        return Ok(());
    }
    match mounts::below(place)?.first() {
        None => Ok(()),
        Some(below) => Err(failed(format!(
            "{below} is mounted below, and would be covered: unmount it first, and mount it again afterwards"
        ))),
    }
}

/// Databases have tools of their own, and for what brings no copy there is nothing to fetch.
fn not_here(method: &Method) -> Fault {
    failed(format!("{} is not restored into a dataset", method.kind()))
}

/// Owner, group, mode and times of a folder for another one. (Extended attributes of the folder itself are not taken along.)
fn give_metadata(of: &fs::Metadata, to: &Path) -> Result<(), Fault> {
    std::os::unix::fs::chown(to, Some(of.uid()), Some(of.gid())).map_err(failed)?;
    fs::set_permissions(to, of.permissions()).map_err(failed)?;
    let mut times = fs::FileTimes::new();
    if let (Ok(accessed), Ok(modified)) = (of.accessed(), of.modified()) {
        times = times.set_accessed(accessed).set_modified(modified);
    }
    fs::File::open(to).and_then(|folder| folder.set_times(times)).map_err(failed)
}

impl World for Zfs {
    fn clock(&mut self) -> u64 {
        self.tools.clock()
    }

    fn now(&mut self) -> Timestamp {
        Tools::now()
    }

    fn lock(&mut self, service: &Service) -> Result<bool, Fault> {
        self.tools.lock(service)
    }

    fn unlock(&mut self, service: &Service) {
        self.tools.unlock(service);
    }

    fn observe(&mut self, service: &Service) -> Result<Sight, Fault> {
        let intent: Option<Intent> = self.tools.read_record(service, "intent")?;
        let pool = self.pool(service.dataset.pool())?;
        if pool == Pool::Unavailable {
            return Ok(Sight { pool, intent, ..Sight::default() });
        }
        let listed = self.list()?;
        let place = service.mountpoint.as_str();
        let seen = mounts::at(place)?;
        let own = |mount: &Mount| {
            mount.kind == "zfs" && mount.whole && mount.source == service.dataset.as_str()
        };
        let mounted = seen.as_ref().is_some_and(own);
        let verified = |marks: &BTreeMap<String, String>, guid: u64| {
            let verified =
                marks.get(preseed::VERIFIED).and_then(|text| text.parse::<Verified>().ok());
            verified.filter(|verified| verified.guid == guid)
        };
        let target = listed.get(&service.dataset).map(|own| -> Result<Target, Fault> {
            let marks = self.marks(&service.dataset)?;
            let complete =
                marks.get(preseed::COMPLETE).and_then(|text| text.parse::<Record>().ok());
            let content = match mounted.then(|| is_empty(Path::new(place))).transpose()? {
                None => Content::Unknown,
                Some(true) => Content::Empty,
                Some(false) => Content::Data,
            };
            let complete = complete.filter(|record| record.guid == own.guid);
            Ok(Target {
                guid: own.guid,
                complete,
                verified: verified(&marks, own.guid),
                mounted,
                armed: own.armed,
                content,
            })
        });
        let name = preseed::staging(&service.dataset).map_err(failed)?;
        let staging = listed.get(&name).map(|own| -> Result<Staging, Fault> {
            let marks = self.marks(&name)?;
            let candidate = Self::filled_from(&marks, own.guid);
            Ok(Staging {
                guid: own.guid,
                candidate,
                verified: verified(&marks, own.guid),
                resumable: own.token.is_some(),
            })
        });
        let mut others = listed.iter().filter(|(name, _)| **name != service.dataset);
        let claims = |other: &Listed| other.armed && is_place(&other.mountpoint, place);
        let occupant = match (seen, others.find(|(_, other)| claims(other))) {
            (Some(mount), _) if !mounted => Some(mount.occupant()),
            (_, Some((name, _))) => Some(Occupant::Dataset(name.clone())),
            (None, None) if holds_files(Path::new(place))? => {
                Some(Occupant::Files(place.to_owned()))
            }
            _ => None,
        };
        // The name alone could be anybody's; a dataset keeps its guid when it is renamed.
        let asides = listed.iter().filter_map(|(name, other)| {
            Aside::read(name)
                .filter(|aside| aside.of == service.dataset && aside.guid == other.guid)
        });
        let asides = asides.collect();
        let missing_parent = service.dataset.parent().filter(|above| !listed.contains_key(above));
        Ok(Sight {
            pool,
            missing_parent,
            target: target.transpose()?,
            staging: staging.transpose()?,
            asides,
            occupant,
            intent,
        })
    }

    fn act(&mut self, service: &Service, act: &Act, limit: u64) -> Result<(), Fault> {
        self.perform(service, act, limit)
    }

    fn tell(&mut self, event: &Event) -> Result<(), Fault> {
        self.tools.tell(event)
    }
}
