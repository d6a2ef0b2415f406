//! A live tree is walked for what the next boot would throw away.
//!
//! A mount is not crossed, not even one of the same file system: the kernel is asked to open within the mount
//! (`RESOLVE_NO_XDEV`, openat2(2)), and a file's mount is compared by its id (`STATX_MNT_ID`, statx(2)); the device
//! number says nothing about binds. Links are never followed.

use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2, readlinkat};

use super::{ExecError, World, sys};
use crate::audit::{Kind, Listed, Passed, Report, Rules, State, Tally};
use crate::path::AbsolutePath;

/// How far a walk has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'p> {
    /// Directories that were read.
    pub directories: u64,
    /// Entries that were seen in them.
    pub entries: u64,
    /// The directory that was read last.
    pub at: &'p AbsolutePath,
}

/// The walk reports about this often, in entries.
const REPORT_EVERY: u64 = 1 << 14;

/// More than this many threads wait for one another in the kernel.
const MAX_THREADS: usize = 4;

impl World {
    /// Walks every volatile file system of the rules, and sums up what lies on it and is not kept.
    ///
    /// `progress` is told every 16,384 entries, by whichever thread comes there, and can end the walk: the report
    /// is then of what was seen, and there is an entry in `unread` for what was not.
    pub fn audit(
        &self,
        rules: &Rules,
        progress: impl Fn(Progress<'_>) -> ControlFlow<()> + Sync,
    ) -> Result<Report, ExecError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let mut tally = Tally::default();
        for start in rules.starts() {
            let Some(found) = self.tree.find(start)? else { continue };
            let facts = sys::facts(found.fd.as_fd(), c"");
            let mount = facts.and_then(|facts| facts.mount.ok_or(Errno::ENOSYS));
            let mount = mount.map_err(ExecError::system(start, "looking for its mount"))?;
            let prefix = if start.is_root() { &[][..] } else { start.as_bytes() };
            let walk = Walk {
                rules,
                top: found.fd,
                prefix,
                mount,
                queue: Queue::of(
                    Task { path: Vec::new(), state: rules.start(start.as_bytes()) },
                    threads,
                ),
                progress: &progress,
                directories: AtomicU64::new(0),
                entries: AtomicU64::new(0),
                is_ended: AtomicBool::new(false),
            };
            std::thread::scope(|scope| {
                let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| walk.work())).collect();
                tally.join(walk.work());
                for other in others {
                    if let Ok(part) = other.join() {
                        tally.join(part);
                    }
                }
            });
        }
        Ok(tally.report())
    }
}

/// A directory to read.
struct Task {
    /// Its path below the walk's beginning, with a slash in front; empty for that itself.
    path: Vec<u8>,
    state: State,
}

struct Walk<'w, P> {
    rules: &'w Rules,
    /// Where it begins.
    top: OwnedFd,
    /// The path of that; empty for the root.
    prefix: &'w [u8],
    /// Its mount.
    mount: u64,
    queue: Queue,
    progress: &'w P,
    directories: AtomicU64,
    entries: AtomicU64,
    is_ended: AtomicBool,
}

impl<P: Fn(Progress<'_>) -> ControlFlow<()> + Sync> Walk<'_, P> {
    /// Reads directories until there are none left.
    fn work(&self) -> Tally {
        let mut tally = Tally::default();
        // Directories below the one just read come next, so that few are waiting.
        let mut own: Vec<Task> = Vec::new();
        while let Some(task) = self.queue.next(&mut own) {
            let is_ended = self.is_ended.load(Ordering::Relaxed);
            if is_ended || self.read(&task, &mut own, &mut tally).is_err() {
                tally.not_read(&self.absolute(&task.path));
            }
        }
        tally
    }

    fn read(&self, task: &Task, below: &mut Vec<Task>, tally: &mut Tally) -> Result<(), Errno> {
        let directory = match self.open(&task.path) {
            Err(Errno::EXDEV) => {
                tally.pass(Passed::OtherMount);
                return Ok(());
            }
            // Removed since its name was read.
            Err(Errno::ENOENT) => return Ok(()),
            opened => opened?,
        };
        let mut directory = Dir::from_fd(directory)?;
        let handle = directory.as_fd().try_clone_to_owned().map_err(|_| Errno::EMFILE)?;
        let mut path = self.absolute(&task.path);
        if path.last() != Some(&b'/') {
            path.push(b'/');
        }
        let (base, mut count) = (path.len(), 0);
        for entry in directory.iter() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            count += 1;
            path.truncate(base);
            path.extend_from_slice(name.to_bytes());
            match self.entry(task, handle.as_fd(), name, entry.file_type(), &path, tally) {
                Ok(Some(state)) => {
                    let relative = path.get(self.prefix.len()..).unwrap_or_default().to_vec();
                    below.push(Task { path: relative, state });
                }
                Ok(None) | Err(Errno::ENOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        path.truncate(base);
        self.told(count, &path);
        Ok(())
    }

    /// Counts an entry; for a directory that is to be read, what it is.
    fn entry(
        &self,
        task: &Task,
        directory: BorrowedFd<'_>,
        name: &CStr,
        kind: Option<Type>,
        path: &[u8],
        tally: &mut Tally,
    ) -> Result<Option<State>, Errno> {
        let enter = |tally: &mut Tally| match self.rules.enter(task.state, path) {
            State::Stopped(why) => {
                tally.pass(why);
                None
            }
            state => Some(state),
        };
        if kind == Some(Type::Directory) {
            return Ok(enter(tally));
        }
        let facts = sys::facts(directory, name)?;
        let kind = u32::from(facts.mode) & libc::S_IFMT;
        if kind == libc::S_IFDIR {
            // A file system that does not say so in its listing.
            return Ok(enter(tally));
        }
        if facts.mount != Some(self.mount) {
            tally.pass(Passed::OtherMount);
            return Ok(None);
        }
        let target = if kind == libc::S_IFLNK { Some(readlinkat(directory, name)?) } else { None };
        let kind = target.as_ref().map_or(Kind::File, |target| {
            Kind::Link(std::os::unix::ffi::OsStrExt::as_bytes(target.as_os_str()))
        });
        let (bytes, modified) = (facts.blocks.saturating_mul(512), facts.modified);
        tally.add(self.rules, task.state, &Listed { path, kind, bytes, modified });
        Ok(None)
    }

    /// Opens a directory within the mount.
    fn open(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        let relative = path.get(1..).filter(|path| !path.is_empty()).unwrap_or(b".");
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let within = ResolveFlag::RESOLVE_NO_XDEV
            | ResolveFlag::RESOLVE_NO_SYMLINKS
            | ResolveFlag::RESOLVE_BENEATH;
        openat2(&self.top, relative, OpenHow::new().flags(flags).resolve(within))
    }

    fn absolute(&self, path: &[u8]) -> Vec<u8> {
        [self.prefix, path].concat()
    }

    fn told(&self, count: u64, at: &[u8]) {
        let directories = self.directories.fetch_add(1, Ordering::Relaxed) + 1;
        let before = self.entries.fetch_add(count, Ordering::Relaxed);
        let entries = before + count;
        if before / REPORT_EVERY == entries / REPORT_EVERY {
            return;
        }
        let Ok(at) = AbsolutePath::new(at) else { return };
        if (self.progress)(Progress { directories, entries, at: &at }).is_break() {
            self.is_ended.store(true, Ordering::Relaxed);
        }
    }
}

/// Directories that wait for a thread.
struct Queue {
    shared: Mutex<Shared>,
    changed: Condvar,
    /// Threads that wait.
    idle: AtomicUsize,
}

struct Shared {
    tasks: Vec<Task>,
    /// Threads that may still find directories.
    busy: usize,
}

impl Queue {
    fn of(task: Task, threads: usize) -> Self {
        let shared = Mutex::new(Shared { tasks: vec![task], busy: threads });
        Self { shared, changed: Condvar::new(), idle: AtomicUsize::new(0) }
    }

    /// The next directory: the thread's own, or else one that another gave away. None when nobody has any left.
    fn next(&self, own: &mut Vec<Task>) -> Option<Task> {
        let lock = || self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = own.pop() {
            if self.idle.load(Ordering::Relaxed) > 0 && !own.is_empty() {
                lock().tasks.extend(own.drain(..own.len().div_ceil(2)));
                self.changed.notify_all();
            }
            return Some(task);
        }
        let mut shared = lock();
        shared.busy = shared.busy.saturating_sub(1);
        loop {
            if let Some(task) = shared.tasks.pop() {
                shared.busy += 1;
                return Some(task);
            }
            if shared.busy == 0 {
                self.changed.notify_all();
                return None;
            }
            self.idle.fetch_add(1, Ordering::Relaxed);
            shared = self.changed.wait(shared).unwrap_or_else(PoisonError::into_inner);
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
