//! Services whose data is in a plain folder, on any filesystem that keeps times of birth.
//!
//! The folder is the service's mountpoint; staging and what is set aside are folders beside it. Records are files in
//! [`Tools::state`], bound to the folder by its inode number and time of birth: a folder that was removed and made anew is
//! another one, and what is written down of the old one does not count for it. So is the mountpoint that it lies in: while
//! nothing is mounted there, the folder is not gone, and nothing is brought back in its place.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use jiff::Timestamp;

use super::mounts;
use super::restic::{Source, sync_filesystem};
use super::tools::{Tools, failed};
use crate::preseed::{
    Act, Aside, Content, Event, Fault, Intent, Pool, Record, Sight, Staging, Target, Verified,
    World, aside, chown,
};
use crate::service::Service;

/// The record of the mountpoint that a complete folder lies in.
const MOUNTPOINT: &str = "mountpoint";

/// Plain folders, restored by restic.
pub struct Folder {
    /// Records, locks, and who is told.
    pub tools: Tools,
}

/// What a folder is called beside the service's own.
struct Paths {
    own: PathBuf,
    staging: PathBuf,
    /// Staging while it is filled.
    part: PathBuf,
}

impl Paths {
    fn of(service: &Service) -> Self {
        let place = service.mountpoint.as_str();
        let beside = |what: &str| PathBuf::from(format!("{place}{what}"));
        Self {
            own: place.into(),
            staging: beside(".restore-staging"),
            part: beside(".restore-part"),
        }
    }

    /// Where a folder was set aside.
    fn aside(service: &Service, aside: &Aside) -> PathBuf {
        let name = aside.name.as_str();
        let what = name.strip_prefix(aside.of.as_str()).unwrap_or(name);
        PathBuf::from(format!("{}{what}", service.mountpoint))
    }
}

/// What stands for a folder, wherever it is renamed to; none if it is not there.
fn identity(path: &Path) -> Result<Option<u64>, Fault> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !metadata.is_dir() {
        return Err(failed(format!("{} is no folder", path.display())));
    }
    let born =
        metadata.created().map_err(|error| failed(format!("{}: {error}", path.display())))?;
    let born = born.duration_since(UNIX_EPOCH).map_err(failed)?.as_nanos();
    // FNV-1a: the same for every release.
    let bytes = metadata.ino().to_le_bytes().into_iter().chain(born.to_le_bytes());
    Ok(Some(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })))
}

impl Folder {
    /// Folders, with these tools.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }

    fn discard(&self, service: &Service) -> Result<(), Fault> {
        let paths = Paths::of(service);
        self.tools.remove_record(service, "verified")?;
        Self::remove(&paths.staging)?;
        Self::remove(&paths.part)?;
        self.tools.remove_record(service, "staging")
    }

    fn remove(path: &Path) -> Result<(), Fault> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    fn rename(from: &Path, to: &Path) -> Result<(), Fault> {
        if identity(to)?.is_some() {
            return Err(failed(format!("{} exists", to.display())));
        }
        fs::rename(from, to).map_err(failed)?;
        super::file::sync_folder(to.parent().unwrap_or(Path::new("/"))).map_err(failed)
    }

    fn perform(&mut self, service: &Service, act: &Act, limit: u64) -> Result<(), Fault> {
        let paths = Paths::of(service);
        match act {
            Act::Note(intent) => self.tools.write_record(service, "intent", intent),
            Act::Forget => self.tools.remove_record(service, "intent"),
            Act::Fetch { candidate, .. } => {
                self.discard(service)?;
                self.tools.write_record(service, "staging", &candidate.id)?;
                let source = Source::of(&candidate.method)?;
                let content = source.restore(&mut self.tools, &paths.part, limit)?;
                // Staging is there in full, and on the disk, or not at all.
                sync_filesystem(&content)?;
                Self::rename(&content, &paths.staging)
            }
            Act::Verify { candidate, .. } => {
                let guid = identity(&paths.staging)?
                    .ok_or_else(|| failed("staging was not filled to its end"))?;
                Source::of(&candidate.method)?.verify(&self.tools, &paths.staging, limit)?;
                let point = candidate.point.ok_or_else(|| failed("no data comes back that way"))?;
                let candidate = candidate.id.clone();
                let verified = Verified { guid, candidate, point, at: Timestamp::now() };
                // What staging was taken out of is of no use any more.
                Self::remove(&paths.part)?;
                self.tools.write_record(service, "verified", &verified)
            }
            Act::Discard { .. } => self.discard(service),
            Act::SetAside(aside) => Self::rename(&paths.own, &Paths::aside(service, aside)),
            Act::PutBack(aside) => Self::rename(&Paths::aside(service, aside), &paths.own),
            Act::SwapIn { .. } => Self::rename(&paths.staging, &paths.own),
            Act::CreateEmpty => fs::create_dir(&paths.own).map_err(failed),
            Act::SetOwner => match &service.owner {
                Some(owner) => {
                    let place = service.mountpoint.as_str();
                    let mounted = mounts::below(place)?;
                    self.tools.run(&chown(owner, place, &mounted), limit).map(drop)
                }
                None => Ok(()),
            },
            Act::CheckExisting => (self.tools.check)(service, &paths.own).map_err(Fault::Failed),
            Act::Complete(record) => {
                // Staging took its place: whatever has that name later is somebody else's.
                if identity(&paths.staging)?.is_none() && identity(&paths.part)?.is_none() {
                    self.tools.remove_record(service, "staging")?;
                }
                if let Some(mountpoint) = mounts::holding(service.mountpoint.as_str())? {
                    self.tools.write_record(service, MOUNTPOINT, &mountpoint)?;
                }
                self.tools.write_record(service, "complete", record)
            }
            Act::Wait(seconds) => {
                std::thread::sleep(std::time::Duration::from_secs(*seconds));
                Ok(())
            }
            // A folder has no properties, and is where it is.
            Act::Disarm | Act::Arm | Act::Unmount | Act::Mount | Act::SetProperties => Ok(()),
        }
    }

    /// Refuses to look for a folder whose filesystem is not mounted.
    fn is_mounted(&self, service: &Service) -> Result<(), Fault> {
        let mountpoint: Option<String> = self.tools.read_record(service, MOUNTPOINT)?;
        let Some(mountpoint) = mountpoint else { return Ok(()) };
        let mountpoint = mountpoint.trim_end_matches('\n');
        if mounts::at(mountpoint)?.is_some() {
            return Ok(());
        }
        Err(failed(format!(
            "nothing is mounted at {mountpoint}, where the data was: mount it; if the data shall be elsewhere now, remove {}",
            self.tools.record(service, MOUNTPOINT).display()
        )))
    }

    /// Folders that were set aside.
    fn asides(service: &Service) -> Result<Vec<Aside>, Fault> {
        let place = Path::new(service.mountpoint.as_str());
        let (Some(folder), Some(own)) =
            (place.parent(), place.file_name().and_then(|name| name.to_str()))
        else {
            return Ok(Vec::new());
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut asides = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let rest = name.to_str().and_then(|name| name.strip_prefix(own)).unwrap_or_default();
            let guid = rest.rsplit('-').next().and_then(|guid| u64::from_str_radix(guid, 16).ok());
            let made = guid.and_then(|guid| Some((guid, aside(&service.dataset, guid).ok()?)));
            if let Some((guid, name)) = made.filter(|(_, name)| {
                name.as_str().strip_prefix(service.dataset.as_str()) == Some(rest)
            }) {
                asides.push(Aside { name, of: service.dataset.clone(), guid });
            }
        }
        asides.sort();
        Ok(asides)
    }
}

impl World for Folder {
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
        self.is_mounted(service)?;
        let paths = Paths::of(service);
        let verified: Option<Verified> = self.tools.read_record(service, "verified")?;
        let verified = |guid| verified.clone().filter(|verified| verified.guid == guid);
        let complete: Option<Record> = self.tools.read_record(service, "complete")?;
        let target = identity(&paths.own)?.map(|guid| -> Result<Target, Fault> {
            let empty = fs::read_dir(&paths.own).map_err(failed)?.next().is_none();
            let complete = complete.filter(|record| record.guid == guid);
            let content = if empty { Content::Empty } else { Content::Data };
            Ok(Target {
                guid,
                complete,
                verified: verified(guid),
                mounted: true,
                armed: true,
                content,
            })
        });
        let candidate: Option<String> = self.tools.read_record(service, "staging")?;
        let candidate = candidate.map(|candidate| candidate.trim_end().to_owned());
        let staging = match identity(&paths.staging)? {
            Some(guid) => Some((guid, verified(guid))),
            None => identity(&paths.part)?.map(|guid| (guid, None)),
        };
        let staging =
            staging.map(|(guid, verified)| Staging { guid, candidate, verified, resumable: false });
        let intent: Option<Intent> = self.tools.read_record(service, "intent")?;
        let asides = Self::asides(service)?;
        Ok(Sight {
            pool: Pool::Online,
            missing_parent: None,
            target: target.transpose()?,
            staging,
            asides,
            occupant: None,
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
