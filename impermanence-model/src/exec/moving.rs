//! Data is copied into a store, and compared.
//!
//! Everything of a file goes along: owner, mode, times, extended attributes (and with them access control lists and
//! capabilities), further names of the same file. What is mounted below is kept elsewhere, and stays. Sockets are
//! passed over: the program that listens makes its own.

use std::collections::HashMap;
use std::ffi::CString;
use std::fs::File;
use std::io::Read;

use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{SFlag, UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use super::tree::{Found, errno};
use super::{ExecError, World, sys};
use crate::path::AbsolutePath;

impl World {
    /// Copies all of `from` to `to`. What is there already has to be the same.
    pub(super) fn copy_data(
        &self,
        from: &AbsolutePath,
        to: &AbsolutePath,
    ) -> Result<(), ExecError> {
        let mount = self.mount_id(from)?;
        let mut waiting = vec![(from.clone(), to.clone())];
        let mut directories = Vec::new();
        // Where the first name of a file with several went.
        let mut names: HashMap<(u64, u64), AbsolutePath> = HashMap::new();
        while let Some((from, to)) = waiting.pop() {
            let Some(found) = self.tree.find(&from)? else { continue };
            self.copy_one(&from, &found, &to, &mut names)?;
            if found.is_directory() {
                for (below, facts) in self.tree.names(&from)? {
                    let moved = below.rebased(&from, &to);
                    if let (Some(moved), true) = (moved, facts.mount.is_none_or(|id| id == mount)) {
                        waiting.push((below, moved));
                    }
                }
                directories.push((from, to));
            }
        }
        // What is put into a directory changes its times, so that they come last, and the innermost first.
        for (from, to) in directories.iter().rev() {
            if let (Some(found), Some(copy)) = (self.tree.find(from)?, self.tree.find(to)?) {
                dress(&found, &copy).map_err(ExecError::system(to, "times and attributes"))?;
            }
        }
        Ok(())
    }

    fn copy_one(
        &self,
        from: &AbsolutePath,
        found: &Found,
        to: &AbsolutePath,
        names: &mut HashMap<(u64, u64), AbsolutePath>,
    ) -> Result<(), ExecError> {
        let spot = self.tree.spot(to)?;
        let has_names = found.kind() == SFlag::S_IFREG && found.stat.st_nlink > 1;
        let key = has_names.then_some((found.stat.st_dev, found.stat.st_ino));
        if let Some(there) = spot.find()? {
            // Mount points and the like were made before, pipes perhaps cut off; owner and mode are those of what is copied.
            let has_content = matches!(found.kind(), SFlag::S_IFREG | SFlag::S_IFLNK);
            let same_device = found.stat.st_rdev == there.stat.st_rdev;
            if found.kind() == there.kind() && same_device && !has_content {
                return there.set(found.perms()).map_err(ExecError::system(to, "owner and mode"));
            }
            let is_new = there.kind() == SFlag::S_IFREG && there.stat.st_size == 0;
            if !is_new || found.kind() != SFlag::S_IFREG {
                self.same(from, found, to, &there)?;
                let Some(key) = key else { return Ok(()) };
                // Copied before an interruption, and perhaps without its other names.
                let first = self.tree.spot(names.entry(key).or_insert_with(|| to.clone()))?;
                if first.find()?.is_none_or(|first| first.is(&there)) {
                    return Ok(());
                }
            }
            spot.remove(false)?;
        }
        let perms = found.perms();
        match found.kind() {
            SFlag::S_IFDIR => spot.make_directory(perms),
            SFlag::S_IFLNK => {
                spot.make_link(&self.tree.spot(from)?.target()?, perms)?;
                let timed = times(found, &spot.handle()?);
                timed.map_err(ExecError::system(to, "times"))
            }
            SFlag::S_IFREG => {
                if let Some(first) = key.and_then(|key| names.get(&key)) {
                    return spot.link_to(&self.tree.spot(first)?);
                }
                let mut source = File::open(found.handle())
                    .map_err(errno)
                    .map_err(ExecError::system(from, "opening"))?;
                let copy = |file: &mut File| std::io::copy(&mut source, file).map(drop);
                spot.copy_file(perms, copy, |copy| dress(found, copy))?;
                names.extend(key.map(|key| (key, to.clone())));
                Ok(())
            }
            SFlag::S_IFSOCK => Ok(()),
            _ => {
                spot.make_special(found)?;
                let copy = spot.find()?;
                let set =
                    copy.map_or(Ok(()), |copy| copy.set(perms).and_then(|()| dress(found, &copy)));
                set.map_err(ExecError::system(to, "owner, mode and times"))
            }
        }
    }

    /// An error unless all of `from` is in `to`, byte by byte, with its owners and modes.
    pub(super) fn holds_all(
        &self,
        from: &AbsolutePath,
        to: &AbsolutePath,
    ) -> Result<(), ExecError> {
        let mount = self.mount_id(from)?;
        let mut waiting = vec![(from.clone(), to.clone())];
        while let Some((from, to)) = waiting.pop() {
            let Some(found) = self.tree.find(&from)? else { continue };
            if found.kind() == SFlag::S_IFSOCK {
                continue;
            }
            let Some(there) = self.tree.find(&to)? else {
                return Err(ExecError::Differ { path: from, other: to, what: "one is missing" });
            };
            self.same(&from, &found, &to, &there)?;
            if found.is_directory() {
                for (below, facts) in self.tree.names(&from)? {
                    let moved = below.rebased(&from, &to);
                    if let (Some(moved), true) = (moved, facts.mount.is_none_or(|id| id == mount)) {
                        waiting.push((below, moved));
                    }
                }
            }
        }
        Ok(())
    }

    fn same(
        &self,
        from: &AbsolutePath,
        found: &Found,
        to: &AbsolutePath,
        there: &Found,
    ) -> Result<(), ExecError> {
        let differ = |what| ExecError::Differ { path: from.clone(), other: to.clone(), what };
        if found.kind() != there.kind() {
            return Err(differ("one is something else"));
        }
        let is_link = found.kind() == SFlag::S_IFLNK;
        if found.perms() != there.perms() && !is_link {
            return Err(differ("owner or mode"));
        }
        if is_link {
            let target = |path| self.tree.spot(path)?.target();
            return if target(from)? == target(to)? {
                Ok(())
            } else {
                Err(differ("where they lead"))
            };
        }
        if found.kind() == SFlag::S_IFREG {
            let equal = equal(found, there).map_err(errno);
            if !equal.map_err(ExecError::system(from, "comparing"))? {
                return Err(differ("content"));
            }
        }
        Ok(())
    }
}

/// Whether two files have the same bytes.
fn equal(one: &Found, other: &Found) -> std::io::Result<bool> {
    if one.stat.st_size != other.stat.st_size {
        return Ok(false);
    }
    let (mut one, mut other) = (File::open(one.handle())?, File::open(other.handle())?);
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let count = one.read(&mut left)?;
        let (Some(left), Some(right)) = (left.get(..count), right.get_mut(..count)) else {
            return Ok(false);
        };
        match other.read_exact(right) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if left != right {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
    }
}

/// Extended attributes and times; owner and mode it has.
fn dress(from: &Found, to: &Found) -> nix::Result<()> {
    let handle = |found: &Found| CString::new(found.handle()).map_err(|_| Errno::EINVAL);
    let (from_handle, to_handle) = (handle(from)?, handle(to)?);
    match sys::attribute_names(&from_handle) {
        // The file system has none.
        Err(Errno::EOPNOTSUPP) => {}
        names => {
            for name in names? {
                let value = sys::attribute(&from_handle, &name)?;
                sys::set_attribute(&to_handle, &name, &value)?;
            }
        }
    }
    let (accessed, modified) = stamps(from);
    let follow = UtimensatFlags::FollowSymlink;
    utimensat(AT_FDCWD, to_handle.as_c_str(), &accessed, &modified, follow)
}

/// The times of a link itself.
fn times(from: &Found, to: &CString) -> nix::Result<()> {
    let (accessed, modified) = stamps(from);
    let stay = UtimensatFlags::NoFollowSymlink;
    utimensat(AT_FDCWD, to.as_c_str(), &accessed, &modified, stay)
}

fn stamps(found: &Found) -> (TimeSpec, TimeSpec) {
    let stat = &found.stat;
    (
        TimeSpec::new(stat.st_atime, stat.st_atime_nsec),
        TimeSpec::new(stat.st_mtime, stat.st_mtime_nsec),
    )
}
