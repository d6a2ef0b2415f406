//! What both worlds share: locks, records, the clock, and those who are told.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, Flock, FlockArg, fcntl};

use super::{file, process};
use crate::command::Command;
use crate::preseed::{Event, Fault};
use crate::render::systemd::escape;
use crate::service::Service;

/// Tells somebody, or says why that was not possible.
pub type Tell = dyn FnMut(&Event) -> Result<(), String> + Send;

/// Looks at a service's data, or says what is wrong with it.
pub type Check = dyn FnMut(&Service, &Path) -> Result<(), String> + Send;

/// Where records are, and who is told.
pub struct Tools {
    /// Where the notes of restores that have begun are kept: outside of everything that is restored.
    pub state: PathBuf,
    /// Where locks are: lost with a reboot, as their holders are.
    pub run: PathBuf,
    /// Words before every command here, such as `["nice"]`.
    pub prefix: Vec<String>,
    /// Tells somebody of an event; an error is reported, and changes nothing.
    pub tell: Box<Tell>,
    /// How far a transfer is.
    pub progress: Box<dyn FnMut(super::pipe::Progress) + Send>,
    /// Whether data that is there is what the service can use, by its mountpoint.
    pub check: Box<Check>,
    pub(super) started: Instant,
    pub(super) locks: BTreeMap<String, Flock<File>>,
    pub(super) restic_subfolders: Option<bool>,
}

impl Tools {
    /// Records below `/var/lib/restore-chain`, locks below `/run/restore-chain`; nobody is told, and data that is there
    /// passes no check.
    pub fn new() -> Self {
        Self {
            state: "/var/lib/restore-chain".into(),
            run: "/run/restore-chain".into(),
            prefix: Vec::new(),
            tell: Box::new(|_| Ok(())),
            progress: Box::new(|_| {}),
            check: Box::new(|_, _| Err("nobody said how its content is checked".to_owned())),
            started: Instant::now(),
            locks: BTreeMap::new(),
            restic_subfolders: None,
        }
    }

    /// Records and locks below this folder.
    pub fn below(folder: impl Into<PathBuf>) -> Self {
        let state: PathBuf = folder.into();
        Self { run: state.join("run"), state, ..Self::new() }
    }

    pub(super) fn clock(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    pub(super) fn now() -> Timestamp {
        Timestamp::now()
    }

    pub(super) fn lock(&mut self, service: &Service) -> Result<bool, Fault> {
        fs::create_dir_all(&self.run).map_err(failed)?;
        let path = self.run.join(format!("{}.lock", escape(&service.name)));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => {
                // What this process starts holds the lock, too: if this one is killed, nobody else begins before its
                // last child has ended.
                fcntl(&*lock, FcntlArg::F_SETFD(FdFlag::empty())).map_err(failed)?;
                self.locks.insert(service.name.clone(), lock);
                Ok(true)
            }
            Err((_, Errno::EAGAIN)) => Ok(false),
            Err((_, error)) => Err(failed(error)),
        }
    }

    pub(super) fn unlock(&mut self, service: &Service) {
        self.locks.remove(&service.name);
    }

    /// A record of a service, outside of its data.
    pub(super) fn record(&self, service: &Service, what: &str) -> PathBuf {
        self.state.join(format!("{}.{what}", escape(&service.name)))
    }

    pub(super) fn read_record<T: std::str::FromStr>(
        &self,
        service: &Service,
        what: &str,
    ) -> Result<Option<T>, Fault> {
        let text = file::read(&self.record(service, what)).map_err(failed)?;
        // One that cannot be read says nothing: what is on disk is looked at without it.
        Ok(text.and_then(|text| text.parse().ok()))
    }

    pub(super) fn write_record(
        &self,
        service: &Service,
        what: &str,
        text: &impl std::fmt::Display,
    ) -> Result<(), Fault> {
        file::write(&self.record(service, what), &format!("{text}\n")).map_err(failed)
    }

    pub(super) fn remove_record(&self, service: &Service, what: &str) -> Result<(), Fault> {
        file::remove(&self.record(service, what)).map_err(failed)
    }

    /// Runs a command here that has to succeed.
    pub(super) fn run(&self, command: &Command, limit: u64) -> Result<Vec<u8>, Fault> {
        self.run_with(command, &[], limit)
    }

    pub(super) fn run_with(
        &self,
        command: &Command,
        environment: &[(String, String)],
        limit: u64,
    ) -> Result<Vec<u8>, Fault> {
        let command =
            Command::new(self.prefix.iter().cloned()).args(command.argv().iter().cloned());
        process::run(&command, environment, Duration::from_secs(limit)).map_err(Fault::from)
    }

    pub(super) fn tell(&mut self, event: &Event) -> Result<(), Fault> {
        (self.tell)(event).map_err(Fault::Failed)
    }
}

impl Default for Tools {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::Failed(error.to_string())
}
