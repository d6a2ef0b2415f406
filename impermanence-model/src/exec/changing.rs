//! A running system is changed from one layout to another: the steps of [`change::plan`](crate::change::plan).

use std::collections::BTreeSet;
use std::io;

use nix::errno::Errno;
use nix::sys::stat::SFlag;

use super::{ExecError, World};
use crate::change::{Change, Holding, Observed, Plan};
use crate::layout::{Layout, Mount, Source};
use crate::live::State;
use crate::path::AbsolutePath;

/// A change that stopped.
#[derive(Clone, Debug, thiserror::Error)]
#[error("step {} ({change}) was not done: {error}; go on with it when that is put right", at + 1)]
pub struct Stopped {
    /// The index of the step in [`Plan::steps`]: all before it are done.
    pub at: usize,
    /// The step.
    pub change: Change,
    /// Why.
    #[source]
    pub error: ExecError,
}

impl World {
    /// Looks what lies at the paths of [`to_look_at`](crate::change::to_look_at). What is mounted below one of them is no
    /// part of it.
    pub fn observe(&self, paths: &BTreeSet<AbsolutePath>) -> Result<Observed, ExecError> {
        let holding = |path: &AbsolutePath| Ok((path.clone(), self.holding(path)?));
        Ok(Observed { at: paths.iter().map(holding).collect::<Result<_, _>>()? })
    }

    fn holding(&self, path: &AbsolutePath) -> Result<Holding, ExecError> {
        let found = match self.tree.find(path) {
            // A file is where a directory above it would be.
            Ok(None) | Err(ExecError::Other { .. }) => return Ok(Holding::Nothing),
            Ok(Some(found)) => found,
            Err(error) => return Err(error),
        };
        let size = |bytes: i64| u64::try_from(bytes).unwrap_or_default();
        match found.kind() {
            SFlag::S_IFREG => return Ok(Holding::File { bytes: size(found.stat.st_size) }),
            SFlag::S_IFDIR => {}
            // It leads elsewhere, where its content is.
            SFlag::S_IFLNK => return Ok(Holding::Nothing),
            _ => return Ok(Holding::Files { files: 1, bytes: 0 }),
        }
        let (mut files, mut bytes, mount) = (0, 0, self.mount_id(path)?);
        let mut waiting = vec![path.clone()];
        while let Some(directory) = waiting.pop() {
            for (below, facts) in self.tree.names(&directory)? {
                if facts.mount.is_some_and(|id| id != mount) {
                    continue;
                }
                if u32::from(facts.mode) & libc::S_IFMT == libc::S_IFDIR {
                    waiting.push(below);
                } else {
                    (files, bytes) = (files + 1, bytes + facts.size);
                }
            }
        }
        Ok(if files == 0 { Holding::Nothing } else { Holding::Files { files, bytes } })
    }

    /// Carries out the steps of a plan from its step `from` on, stopping at the first that fails. Each can be done again,
    /// whether it was done or not.
    ///
    /// `before` is told each step before it is done, and can decline; at [`Change::Quiesce`] it stops whoever uses
    /// the paths.
    pub fn change(
        &self,
        new: &Layout,
        plan: &Plan,
        from: usize,
        mut before: impl FnMut(&Change) -> io::Result<()>,
    ) -> Result<(), Box<Stopped>> {
        for (at, change) in plan.steps.iter().enumerate().skip(from) {
            let agreed = before(change).map_err(|error| ExecError::Declined {
                path: about(change),
                error: error.to_string(),
            });
            let done = agreed.and_then(|()| self.do_change(new, change));
            done.map_err(|error| Box::new(Stopped { at, change: change.clone(), error }))?;
        }
        Ok(())
    }

    fn do_change(&self, new: &Layout, change: &Change) -> Result<(), ExecError> {
        match change {
            Change::Quiesce(_) => Ok(()),
            Change::CopyOut(copy) => self.copy_back(copy, new).map(drop),
            Change::CopyIn(copy) => self.copy_in(copy, new).map(drop),
            Change::Unmount(mount) => self.take_away(mount),
            Change::Unlink(path) => self.unlink(path),
            Change::Clear(path) => self.clear(path),
            Change::SetAside { from, to } => self.set_aside(from, to),
            Change::Create(place) => self.create(place, new, &self.table()?).map(drop),
            Change::CopyData { from, to } => self.copy_data(from, to),
            Change::Verify { from, to } => self.holds_all(from, to),
            // Whatever is beneath was moved, or is hidden by decision: the plan says so.
            Change::Mount(mount) => {
                let mut table = self.table()?;
                self.mount(mount, &mut table, true)?;
                self.settle(mount, new, &table)
            }
        }
    }

    fn take_away(&self, mount: &Mount) -> Result<(), ExecError> {
        loop {
            let state = self.state(mount, &self.table()?);
            let id = match state {
                State::Missing => return Ok(()),
                State::Mounted { id } => id,
                // Ours is on top all the same.
                State::Stale { .. } | State::WrongOptions { .. } | State::Stacked { .. } => {
                    self.mount_id(&mount.target)?
                }
                _ => {
                    let (path, found) = (mount.target.clone(), state.to_string());
                    return Err(ExecError::Occupied { path, found });
                }
            };
            if matches!(mount.source, Source::Bind { recursive: true, .. }) {
                self.unmount_below(id)?;
            }
            self.unmount(&mount.target)?;
            if !matches!(state, State::Stacked { .. }) {
                return Ok(());
            }
        }
    }

    fn unlink(&self, path: &AbsolutePath) -> Result<(), ExecError> {
        match self.tree.find(path)? {
            Some(found) if found.kind() == SFlag::S_IFLNK => self.tree.spot(path)?.remove(false),
            _ => Ok(()),
        }
    }

    /// Removes an empty file, or directories in which nothing is but directories.
    fn clear(&self, path: &AbsolutePath) -> Result<(), ExecError> {
        let Some(found) = self.tree.find(path)? else { return Ok(()) };
        match found.kind() {
            SFlag::S_IFLNK => return Ok(()),
            SFlag::S_IFREG if found.stat.st_size == 0 => {
                return self.tree.spot(path)?.remove(false);
            }
            SFlag::S_IFDIR => {}
            _ => return Err(ExecError::Hides { path: path.clone() }),
        }
        let mut directories = vec![path.clone()];
        let mut at = 0;
        while let Some(directory) = directories.get(at) {
            for (below, facts) in self.tree.names(&directory.clone())? {
                if u32::from(facts.mode) & libc::S_IFMT != libc::S_IFDIR {
                    return Err(ExecError::Hides { path: path.clone() });
                }
                directories.push(below);
            }
            at += 1;
        }
        directories.iter().rev().try_for_each(|below| self.tree.spot(below)?.remove(true))
    }

    fn set_aside(&self, from: &AbsolutePath, to: &AbsolutePath) -> Result<(), ExecError> {
        let (old, new) = (self.tree.spot(from)?, self.tree.spot(to)?);
        match (old.find()?, new.find()?) {
            (Some(found), _) if found.kind() == SFlag::S_IFLNK => Ok(()),
            (None, Some(_)) => Ok(()),
            (None, None) => Err(ExecError::system(from, "renaming")(Errno::ENOENT)),
            (Some(_), Some(there)) => {
                let (path, found) = (to.clone(), there.word());
                Err(ExecError::Other { path, found, wanted: "nothing" })
            }
            (Some(_), None) => old.rename_to(&new),
        }
    }
}

/// The path that a step is about.
fn about(change: &Change) -> AbsolutePath {
    match change {
        Change::CopyOut(copy) | Change::CopyIn(copy) => copy.to.clone(),
        Change::Quiesce(paths) => paths.first().cloned().unwrap_or_else(AbsolutePath::root),
        Change::Unmount(mount) | Change::Mount(mount) => mount.target.clone(),
        Change::Unlink(path) | Change::Clear(path) => path.clone(),
        Change::SetAside { from, .. } => from.clone(),
        Change::Create(place) => place.path.clone(),
        Change::CopyData { to, .. } | Change::Verify { to, .. } => to.clone(),
    }
}
