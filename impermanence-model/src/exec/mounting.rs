//! Mounts.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::apply::{Check, Effect};
use super::bind::{Bind, Made};
use super::tree::{Found, Spot, errno};
use super::{ExecError, FileSystems, World, options, sys};
use crate::layout::{BindOf, Mount, Source};
use crate::live::{self, State};
use crate::mountinfo::MountTable;
use crate::path::AbsolutePath;

impl World {
    /// Mounts, if it is not yet, hiding what is there only if it may; and whether `table` still says how things are.
    pub(super) fn mount(
        &self,
        mount: &Mount,
        table: &mut MountTable,
        may_hide: bool,
    ) -> Result<(Effect, bool), ExecError> {
        let target = &mount.target;
        match self.state(mount, table) {
            State::Mounted { .. } => return Ok((Effect::AlreadySo, true)),
            State::Missing => {}
            state => {
                return Err(ExecError::Occupied { path: target.clone(), found: state.to_string() });
            }
        }
        let Some(onto) = self.tree.find(target)? else {
            return Err(ExecError::system(target, "looking for the mount point")(Errno::ENOENT));
        };
        match &mount.source {
            Source::Device { device, fs_type } if fs_type == "tmpfs" => {
                not_hiding(target, &onto, may_hide)?;
                self.mount_tmpfs(mount, device, &onto)?;
            }
            Source::Device { .. } if self.mounter.is_some() => {
                not_hiding(target, &onto, may_hide)?;
                self.mount_by_host(mount, &onto)?;
            }
            Source::Device { device, fs_type } => {
                let (path, what) = (target.clone(), format!("{device}, {fs_type}"));
                return Err(ExecError::NotMounted { path, what });
            }
            Source::Bind { from, of, recursive } => {
                if !self.is_bound_onto_itself(from, &onto)? {
                    not_hiding(target, &onto, may_hide)?;
                }
                self.bind(mount, from, *of, *recursive, &onto)?;
            }
        }
        let id = self.mount_id(target)?;
        let is_current = self.record(mount, id, table);
        Ok((Effect::Mounted { id }, is_current))
    }

    pub(super) fn check_mount(&self, mount: &Mount, table: &MountTable) -> Check {
        match self.state(mount, table) {
            State::Mounted { .. } => Check::Done,
            State::Missing => Check::Todo,
            state => Check::Differs(state.to_string()),
        }
    }

    /// How it stands; the root itself, and stand-ins, are as they are.
    pub(super) fn state(&self, mount: &Mount, table: &MountTable) -> State {
        let is_own = matches!(&mount.source, Source::Device { fs_type, .. } if fs_type != "tmpfs");
        let target = mount.target.inside(&self.root);
        match table.at(target.as_bytes()) {
            _ if mount.target.is_root() => State::Mounted { id: 0 },
            Some(found) if is_own && self.file_systems == FileSystems::StandIns => {
                State::Mounted { id: found.id }
            }
            _ => mount.state(table, &self.root),
        }
    }

    fn bind(
        &self,
        mount: &Mount,
        from: &AbsolutePath,
        of: BindOf,
        recursive: bool,
        onto: &Found,
    ) -> Result<(), ExecError> {
        let target = &mount.target;
        let Some(source) = self.tree.find(from)? else {
            return Err(ExecError::system(from, "looking for what is bound")(Errno::ENOENT));
        };
        let wanted = if of == BindOf::Directory { "a directory" } else { "a file" };
        for (path, found) in [(from, &source), (target, onto)] {
            if found.is_directory() != (of == BindOf::Directory) {
                let (path, found) = (path.clone(), found.word());
                return Err(ExecError::Other { path, found, wanted });
            }
        }
        let spot = self.tree.spot(target)?;
        let (name, wanted) = (spot.handle()?, options::for_bind(mount)?);
        let bind = Bind { from: &source.fd, onto: &onto.fd, name: &name, recursive, wanted };
        let failed = |errno| ExecError::system(target, "mounting")(errno);
        if bind.make(self.calls).map_err(failed)? == Made::WithoutOptions {
            for (_, name, options) in self.mounted_below(target, recursive)? {
                bind.give_options(&name, &options).map_err(failed)?;
            }
        }
        match self.tree.find(target)? {
            Some(top) if top.is(&source) => Ok(()),
            _ => {
                let found =
                    "what was bound is not what the path leads to now: it was moved meanwhile";
                Err(ExecError::Occupied { path: target.clone(), found: found.to_owned() })
            }
        }
    }

    fn mount_tmpfs(&self, tmpfs: &Mount, device: &str, onto: &Found) -> Result<(), ExecError> {
        let (wanted, data) = options::read(tmpfs);
        let failed = || ExecError::system(&tmpfs.target, "mounting");
        let (flags, handle) = (MsFlags::from_bits_retain(wanted.flags), onto.handle());
        mount(Some(device), handle.as_str(), Some("tmpfs"), flags, Some(data.as_str()))
            .map_err(failed())?;
        if wanted.attributes.propagation == 0 {
            return Ok(());
        }
        let spot = self.tree.spot(&tmpfs.target)?;
        let name = spot.handle()?;
        let flags = tmpfs.propagation.map_or(0, options::propagation);
        let (flags, none) = (MsFlags::from_bits_retain(flags), None::<&str>);
        mount(none, name.as_c_str(), none, flags, none).map_err(failed())
    }

    fn mount_by_host(&self, mount: &Mount, onto: &Found) -> Result<(), ExecError> {
        let Some(mounter) = &self.mounter else { return Ok(()) };
        mounter(mount, Path::new(&onto.handle())).map_err(|error| ExecError::Mounter {
            path: mount.target.clone(),
            error: error.to_string(),
        })
    }

    /// Whether the mount point is what is bound, as in a directory that is bound itself: then nothing is hidden.
    fn is_bound_onto_itself(&self, from: &AbsolutePath, onto: &Found) -> Result<bool, ExecError> {
        Ok(self.tree.find(from)?.is_some_and(|source| source.is(onto)))
    }

    /// The id of the mount that a path leads to.
    pub(super) fn mount_id(&self, path: &AbsolutePath) -> Result<u64, ExecError> {
        let failed = || ExecError::system(path, "looking for the mount");
        let found = self.tree.find(path)?.ok_or_else(|| failed()(Errno::ENOENT))?;
        mount_of(found.fd.as_fd()).map_err(failed())
    }

    /// Adds a mount to the table; `false` if it has to be read again.
    fn record(&self, mount: &Mount, id: u64, table: &mut MountTable) -> bool {
        let Source::Bind { from, recursive, .. } = &mount.source else { return false };
        let below = |point: &[u8]| {
            let point = AbsolutePath::new(point);
            point.is_ok_and(|point| from.inside(&self.root).is_above(&point))
        };
        if *recursive && table.mounts().iter().any(|mount| below(&mount.point)) {
            return false;
        }
        let target = mount.target.inside(&self.root);
        let source = live::Spot::of(table, &from.inside(&self.root));
        let parent = table.covering(target.as_bytes()).map(|mount| mount.id);
        let (Some(source), Some(parent)) = (source, parent) else { return false };
        table.add(source.mounted(id, parent, &target));
        true
    }

    /// The mount on `target`, and those below it if `recursive`: a handle of each, what keeps it, and its options.
    fn mounted_below(
        &self,
        target: &AbsolutePath,
        recursive: bool,
    ) -> Result<Vec<(Spot, CString, Vec<u8>)>, ExecError> {
        let table = self.table()?;
        let at = target.inside(&self.root);
        let mut found = Vec::new();
        for mount in table.mounts() {
            let Ok(point) = AbsolutePath::new(&mount.point) else { continue };
            let is_it = if recursive { at.contains(&point) } else { at == point };
            let Some(inside) = point.rebased(&self.root, &AbsolutePath::root()) else { continue };
            if is_it && table.is_visible(mount) {
                let spot = self.tree.spot(&inside)?;
                let name = spot.handle()?;
                found.push((spot, name, mount.options.clone()));
            }
        }
        Ok(found)
    }
}

/// The id of the mount that a descriptor is in: `statx`, and before Linux 5.8 `/proc`.
pub(super) fn mount_of(held: BorrowedFd<'_>) -> Result<u64, Errno> {
    if let Ok(sys::Facts { mount: Some(id), .. }) = sys::facts(held, c"") {
        return Ok(id);
    }
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", held.as_raw_fd()));
    let info = info.map_err(errno)?;
    let id = info.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok());
    id.ok_or(Errno::ENOSYS)
}

/// An error if there is something in the mount point, and it may not be hidden.
fn not_hiding(path: &AbsolutePath, onto: &Found, may_hide: bool) -> Result<(), ExecError> {
    let is_empty = onto.is_empty().map_err(ExecError::system(path, "looking into it"))?;
    if is_empty || may_hide {
        return Ok(());
    }
    Err(ExecError::Hides { path: path.clone() })
}
