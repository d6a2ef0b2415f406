//! The tree below the root directory, walked and added to without ever following a link.
//!
//! Users own directories on the way to mount points below their homes, and can put a link in the place of any
//! component while we work. So a path is never resolved by the kernel's ordinary walk: it is opened with
//! `RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH` (openat2(2)), or, where the kernel has no such call and to name the
//! component that is in the way, one component after another with `O_NOFOLLOW`. What is found is then held by a file
//! descriptor, and never looked up again.
//!
//! What is new gets its owner and mode under a name of its own, and is then given the wanted one: no crash leaves
//! a directory with half of its properties, which would be taken for one that was there before.

use std::ffi::CString;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::{FchmodatFlags, FileStat, Mode, SFlag, fchmodat, fstatat, mkdirat, mknodat};
use nix::unistd::{Gid, LinkatFlags, Uid, UnlinkatFlags, fchownat, linkat, symlinkat, unlinkat};

use super::error::ExecError;
use super::sys;
use crate::path::AbsolutePath;

/// For what is only held, not read.
const HOLD: OFlag = OFlag::O_PATH.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// A root directory.
#[derive(Debug)]
pub(super) struct Tree {
    root: OwnedFd,
}

/// Something that is there.
#[derive(Debug)]
pub(super) struct Found {
    /// Holds it (`O_PATH`).
    pub(super) fd: OwnedFd,
    pub(super) stat: FileStat,
}

/// Owner and mode in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Perms {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u16,
}

impl Found {
    fn of(fd: OwnedFd) -> Result<Self, Errno> {
        let stat = fstatat(&fd, "", AtFlags::AT_EMPTY_PATH)?;
        Ok(Self { fd, stat })
    }

    pub(super) fn kind(&self) -> SFlag {
        SFlag::from_bits_truncate(self.stat.st_mode & SFlag::S_IFMT.bits())
    }

    /// What it is, for messages.
    pub(super) fn word(&self) -> &'static str {
        match self.kind() {
            SFlag::S_IFDIR => "a directory",
            SFlag::S_IFREG => "a file",
            SFlag::S_IFLNK => "a symbolic link",
            _ => "a special file",
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind() == SFlag::S_IFDIR
    }

    pub(super) fn perms(&self) -> Perms {
        let mode = u16::try_from(self.stat.st_mode & 0o7777).unwrap_or_default();
        Perms { uid: self.stat.st_uid, gid: self.stat.st_gid, mode }
    }

    /// Whether both are the same directory or file, whichever way they were reached.
    pub(super) fn is(&self, other: &Self) -> bool {
        (self.stat.st_dev, self.stat.st_ino) == (other.stat.st_dev, other.stat.st_ino)
    }

    /// Whether there is nothing in it: no entry, or no byte.
    pub(super) fn is_empty(&self) -> Result<bool, Errno> {
        if !self.is_directory() {
            return Ok(self.stat.st_size == 0);
        }
        let mut entries = Dir::openat(&self.fd, ".", OFlag::O_RDONLY, Mode::empty())?;
        let is_other = |name: &[u8]| !matches!(name, b"." | b"..");
        for entry in entries.iter() {
            if is_other(entry?.file_name().to_bytes()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The path by which system calls without a descriptor reach it.
    pub(super) fn handle(&self) -> String {
        handle(self.fd.as_fd())
    }

    /// Gives it an owner and a mode, in the order in which the set-ID bits survive.
    pub(super) fn set(&self, perms: Perms) -> Result<(), Errno> {
        let (uid, gid) = (Uid::from_raw(perms.uid), Gid::from_raw(perms.gid));
        fchownat(&self.fd, "", Some(uid), Some(gid), AtFlags::AT_EMPTY_PATH)?;
        let mode = Mode::from_bits_truncate(perms.mode.into());
        fchmodat(AT_FDCWD, self.handle().as_str(), mode, FchmodatFlags::FollowSymlink)
    }
}

/// The kernel's number of an error of the standard library.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn errno(error: io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// `/proc/self/fd/N`: the kernel goes to what the descriptor holds, and looks no name up.
pub(super) fn handle(fd: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

impl Tree {
    /// The tree below `root`. This one path may go through links: it is the caller's, as given.
    pub(super) fn open(root: &AbsolutePath) -> Result<Self, ExecError> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let open = nix::fcntl::open(root.as_bytes(), flags, Mode::empty());
        open.map(|root| Self { root })
            .map_err(ExecError::system(root, "opening the root directory"))
    }

    /// The path by which the kernel's table of mounts knows the root: without links.
    pub(super) fn real_path(&self, root: &AbsolutePath) -> Result<AbsolutePath, ExecError> {
        use std::os::unix::ffi::OsStrExt;
        let failed = || ExecError::system(root, "looking where it is");
        let path = readlinkat(AT_FDCWD, handle(self.root.as_fd()).as_str()).map_err(failed())?;
        AbsolutePath::new(path.as_bytes()).map_err(|_| failed()(Errno::ENOENT))
    }

    /// The directory at a path, which has to exist.
    fn directory(&self, path: &AbsolutePath) -> Result<OwnedFd, ExecError> {
        let relative = path.as_bytes().get(1..).unwrap_or_default();
        let relative = if relative.is_empty() { b"." } else { relative };
        let how = OpenHow::new()
            .flags(HOLD | OFlag::O_DIRECTORY)
            .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_BENEATH);
        match openat2(&self.root, relative, how) {
            Ok(fd) => Ok(fd),
            Err(_) => self.step_by_step(path),
        }
    }

    /// The same, naming what is in the way.
    fn step_by_step(&self, path: &AbsolutePath) -> Result<OwnedFd, ExecError> {
        let what = "opening the directory";
        let mut held = openat(&self.root, ".", HOLD, Mode::empty())
            .map_err(ExecError::system(path, "opening the root directory"))?;
        let mut above: Vec<_> = path.ancestors().collect();
        above.pop();
        above.reverse();
        if !path.is_root() {
            above.push(path.clone());
        }
        for at in above {
            let name = at.file_name().unwrap_or_default();
            let next = openat(&held, name, HOLD, Mode::empty());
            let found = next.and_then(Found::of).map_err(ExecError::system(&at, what))?;
            match found.kind() {
                SFlag::S_IFDIR => held = found.fd,
                SFlag::S_IFLNK => return Err(ExecError::Link { path: at }),
                _ => {
                    let (found, wanted) = (found.word(), "a directory");
                    return Err(ExecError::Other { path: at, found, wanted });
                }
            }
        }
        Ok(held)
    }

    /// The names in a directory, and what they are.
    pub(super) fn names(
        &self,
        path: &AbsolutePath,
    ) -> Result<Vec<(AbsolutePath, sys::Facts)>, ExecError> {
        let failed = || ExecError::system(path, "reading the directory");
        let held = self.directory(path)?;
        let mut directory =
            Dir::openat(&held, ".", OFlag::O_RDONLY, Mode::empty()).map_err(failed())?;
        let mut names = Vec::new();
        for entry in directory.iter() {
            let entry = entry.map_err(failed())?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let slash: &[u8] = if path.is_root() { b"" } else { b"/" };
            let below = AbsolutePath::new([path.as_bytes(), slash, name.to_bytes()].concat());
            let below = below.map_err(|_| failed()(Errno::ENAMETOOLONG))?;
            names.push((below, sys::facts(held.as_fd(), name).map_err(failed())?));
        }
        Ok(names)
    }

    /// What is at a path, a link itself; none if there is nothing, nor anything above that it could be in.
    pub(super) fn find(&self, path: &AbsolutePath) -> Result<Option<Found>, ExecError> {
        let Some(parent) = path.parent() else {
            let found = self.directory(path).map(Found::of)?;
            return found.map(Some).map_err(ExecError::system(path, "looking"));
        };
        match self.directory(&parent) {
            Ok(directory) => find_in(&directory, path),
            Err(ExecError::System { errno: Errno::ENOENT, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The directory that `path` is in, and what is there by its name.
    pub(super) fn spot(&self, path: &AbsolutePath) -> Result<Spot, ExecError> {
        let parent = path.parent().unwrap_or_else(AbsolutePath::root);
        Ok(Spot { directory: self.directory(&parent)?, path: path.clone() })
    }
}

fn find_in(directory: &OwnedFd, path: &AbsolutePath) -> Result<Option<Found>, ExecError> {
    let name = path.file_name().unwrap_or(b".");
    match openat(directory, name, HOLD, Mode::empty()).and_then(Found::of) {
        Ok(found) => Ok(Some(found)),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(ExecError::system(path, "looking")(errno)),
    }
}

/// A name in a directory that is held.
pub(super) struct Spot {
    directory: OwnedFd,
    path: AbsolutePath,
}

impl Spot {
    pub(super) fn find(&self) -> Result<Option<Found>, ExecError> {
        find_in(&self.directory, &self.path)
    }

    /// Who owns the directory.
    pub(super) fn keeper(&self) -> Result<u32, ExecError> {
        let stat = fstatat(&self.directory, "", AtFlags::AT_EMPTY_PATH);
        stat.map(|stat| stat.st_uid).map_err(ExecError::system(&self.path, "looking"))
    }

    /// The path of the name, through the held directory: it leads there for as long as this spot is there.
    pub(super) fn handle(&self) -> Result<CString, ExecError> {
        let name = self.path.file_name().unwrap_or(b".");
        let path = [handle(self.directory.as_fd()).as_bytes(), b"/", name].concat();
        CString::new(path).map_err(|_| self.failed("naming it")(Errno::EINVAL))
    }

    fn failed(&self, what: &'static str) -> impl FnOnce(Errno) -> ExecError + use<> {
        ExecError::system(&self.path, what)
    }

    fn name(&self) -> &[u8] {
        self.path.file_name().unwrap_or(b".")
    }

    pub(super) fn make_directory(&self, perms: Perms) -> Result<(), ExecError> {
        let failed = || self.failed("creating the directory");
        let aside = Self::aside(|name| mkdirat(&self.directory, name, Mode::S_IRWXU));
        let aside = aside.map_err(failed())?;
        let made = self.finish(&aside, SFlag::S_IFDIR, perms).and_then(|_| {
            // Takes the place of nothing, or of an empty directory that was made meanwhile.
            nix::fcntl::renameat(&self.directory, aside.as_slice(), &self.directory, self.name())
        });
        made.map_err(|errno| {
            let _ = unlinkat(&self.directory, aside.as_slice(), UnlinkatFlags::RemoveDir);
            failed()(errno)
        })
    }

    pub(super) fn make_file(&self, perms: Perms, content: &[u8]) -> Result<(), ExecError> {
        self.copy_file(perms, |file| file.write_all(content), |_| Ok(()))
    }

    /// A new file: written, given its owner and mode, and whatever else `dress` gives it, before anybody sees it.
    pub(super) fn copy_file(
        &self,
        perms: Perms,
        write: impl FnOnce(&mut File) -> io::Result<()>,
        dress: impl FnOnce(&Found) -> nix::Result<()>,
    ) -> Result<(), ExecError> {
        let aside = self.write_aside(perms, write, dress)?;
        let (directory, flags) = (&self.directory, LinkatFlags::empty());
        let linked = linkat(directory, aside.as_slice(), directory, self.name(), flags);
        let unlinked = unlinkat(directory, aside.as_slice(), UnlinkatFlags::NoRemoveDir);
        linked.and(unlinked).map_err(self.failed("creating the file"))
    }

    /// A file in the place of one that is there, or of nothing: whole, or not at all.
    pub(super) fn replace_file(&self, perms: Perms, content: &[u8]) -> Result<(), ExecError> {
        let aside = self.write_aside(perms, |file| file.write_all(content), |_| Ok(()))?;
        let directory = &self.directory;
        nix::fcntl::renameat(directory, aside.as_slice(), directory, self.name())
            .map_err(self.failed("replacing the file"))
    }

    fn write_aside(
        &self,
        perms: Perms,
        write: impl FnOnce(&mut File) -> io::Result<()>,
        dress: impl FnOnce(&Found) -> nix::Result<()>,
    ) -> Result<Vec<u8>, ExecError> {
        let failed = || self.failed("writing the file");
        let flags =
            OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mut file = None;
        let aside = Self::aside(|name| {
            file = Some(openat(&self.directory, name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?);
            Ok(())
        });
        let aside = aside.map_err(failed())?;
        let written = file.ok_or(Errno::EBADF).and_then(|file| {
            let mut file = File::from(file);
            let synced = write(&mut file).and_then(|()| match file.metadata()?.len() {
                // An empty file has nothing to lose in a crash, and may be one of thousands.
                0 => Ok(()),
                _ => file.sync_all(),
            });
            synced.map_err(errno)
        });
        let made = written
            .and_then(|()| self.finish(&aside, SFlag::S_IFREG, perms))
            .and_then(|found| dress(&found));
        made.map_err(|errno| {
            let _ = unlinkat(&self.directory, aside.as_slice(), UnlinkatFlags::NoRemoveDir);
            failed()(errno)
        })?;
        Ok(aside)
    }

    /// Another name for a file that is there.
    pub(super) fn link_to(&self, other: &Self) -> Result<(), ExecError> {
        let flags = LinkatFlags::empty();
        linkat(&other.directory, other.name(), &self.directory, self.name(), flags)
            .map_err(self.failed("linking"))
    }

    /// A pipe or a device.
    pub(super) fn make_special(&self, like: &Found) -> Result<(), ExecError> {
        let (kind, mode, device) = (like.kind(), Mode::S_IRUSR, like.stat.st_rdev);
        mknodat(&self.directory, self.name(), kind, mode, device)
            .map_err(self.failed("creating it"))
    }

    /// Gives it another name.
    pub(super) fn rename_to(&self, other: &Self) -> Result<(), ExecError> {
        nix::fcntl::renameat(&self.directory, self.name(), &other.directory, other.name())
            .map_err(self.failed("renaming"))
    }

    pub(super) fn make_link(&self, to: &[u8], perms: Perms) -> Result<(), ExecError> {
        let failed = || self.failed("creating the link");
        symlinkat(to, &self.directory, self.name()).map_err(failed())?;
        let (uid, gid) = (Uid::from_raw(perms.uid), Gid::from_raw(perms.gid));
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
        fchownat(&self.directory, self.name(), Some(uid), Some(gid), flags).map_err(failed())
    }

    /// Where a link points.
    pub(super) fn target(&self) -> Result<Vec<u8>, ExecError> {
        use std::os::unix::ffi::OsStringExt;
        let target = readlinkat(&self.directory, self.name());
        target.map(OsStringExt::into_vec).map_err(self.failed("reading the link"))
    }

    /// Removes a file or a link, or a directory that is empty.
    pub(super) fn remove(&self, is_directory: bool) -> Result<(), ExecError> {
        let flag = if is_directory { UnlinkatFlags::RemoveDir } else { UnlinkatFlags::NoRemoveDir };
        unlinkat(&self.directory, self.name(), flag).map_err(self.failed("removing it"))
    }

    /// Makes something under a name that nothing has, and that whoever owns the directory cannot foresee.
    fn aside(mut make: impl FnMut(&[u8]) -> nix::Result<()>) -> Result<Vec<u8>, Errno> {
        loop {
            // The standard library seeds these from the system's randomness, each time anew.
            let number = RandomState::new().build_hasher().finish();
            let name = format!(".persist-{number:016x}.new").into_bytes();
            match make(&name) {
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(errno),
                Ok(()) => return Ok(name),
            }
        }
    }

    /// Owner and mode of what [`aside`](Self::aside) made; whoever owns the directory may have put something else
    /// under its name, which is then neither ours nor empty.
    fn finish(&self, aside: &[u8], kind: SFlag, perms: Perms) -> Result<Found, Errno> {
        let found = Found::of(openat(&self.directory, aside, HOLD, Mode::empty())?)?;
        let is_ours = found.kind() == kind
            && found.stat.st_uid == nix::unistd::geteuid().as_raw()
            && if found.is_directory() { found.is_empty()? } else { found.stat.st_nlink == 1 };
        if !is_ours {
            return Err(Errno::ESTALE);
        }
        found.set(perms)?;
        Ok(found)
    }
}
