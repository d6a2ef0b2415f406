//! What a run did is taken back, last step first.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};

use super::apply::{Applied, Effect};
use super::holders::holders;
use super::tree::Perms;
use super::{ExecError, World};
use crate::layout::{Action, Layout, Mount, PlaceKind, Source, Step, StepId};
use crate::path::AbsolutePath;

/// What became of a step that was to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undone {
    /// It is as before.
    TakenBack,
    /// There was nothing to take back.
    Nothing,
    /// It stays, for the reason given: it is in a store, or something was put into it.
    Stays(&'static str),
    /// It could not be taken back.
    Failed(ExecError),
}

/// A process that another thread is just starting holds all that this one has open, until it runs its program.
const UNMOUNT_ATTEMPTS: u32 = 10;
const UNMOUNT_PAUSE: Duration = Duration::from_millis(20);

impl World {
    /// Takes back what a run did, in the exact reverse order. All steps are tried: what stays, stays with its reason.
    ///
    /// Nothing is removed from a store, and nothing that is not empty is removed at all.
    pub fn undo(&self, layout: &Layout, applied: &Applied) -> Vec<(StepId, Undone)> {
        let undo = |done: &super::Done| {
            let step = usize::try_from(done.step.0).ok().and_then(|at| layout.steps().get(at));
            let undone = step.map(|step| self.take_back(step, &done.effect));
            let outcome = undone.unwrap_or(Ok(Undone::Nothing));
            (done.step, outcome.unwrap_or_else(Undone::Failed))
        };
        applied.done.iter().rev().map(undo).collect()
    }

    fn take_back(&self, step: &Step, effect: &Effect) -> Result<Undone, ExecError> {
        let path = step.action.path();
        match effect {
            Effect::Mounted { id } => {
                if self.mount_id(path)? != *id {
                    return Ok(Undone::Stays("another mount is on it by now"));
                }
                if let Action::Mount(Mount {
                    source: Source::Bind { recursive: true, .. }, ..
                }) = &step.action
                {
                    self.unmount_below(*id)?;
                }
                self.unmount(path)?;
                Ok(Undone::TakenBack)
            }
            Effect::Created { in_store: true } => Ok(Undone::Stays("it is in a store")),
            Effect::Created { in_store: false } => self.remove(step),
            &Effect::Adjusted { before: (uid, gid, mode) } => {
                let Some(found) = self.tree.find(path)? else { return Ok(Undone::Nothing) };
                let set = found.set(Perms { uid, gid, mode });
                set.map_err(ExecError::system(path, "owner and mode"))?;
                Ok(Undone::TakenBack)
            }
            Effect::CopiedIn => Ok(Undone::Stays("it may have been changed since it was copied")),
            Effect::AlreadySo | Effect::Differs(_) | Effect::NothingToCopy => Ok(Undone::Nothing),
        }
    }

    /// Unmounts what is on top at a path; if it is in use, says by whom.
    pub(super) fn unmount(&self, path: &AbsolutePath) -> Result<(), ExecError> {
        let spot = self.tree.spot(path)?;
        let handle = spot.handle()?;
        let mut attempts = 1..=UNMOUNT_ATTEMPTS;
        loop {
            let unmounted = umount2(handle.as_c_str(), MntFlags::UMOUNT_NOFOLLOW);
            match (unmounted, attempts.next()) {
                (Err(Errno::EBUSY), Some(_)) => std::thread::sleep(UNMOUNT_PAUSE),
                (Err(Errno::EBUSY), None) => {
                    let holders = self.mount_id(path).map(holders).unwrap_or_default();
                    return Err(ExecError::Busy { path: path.clone(), holders });
                }
                (unmounted, _) => {
                    return unmounted.map_err(ExecError::system(path, "unmounting"));
                }
            }
        }
    }

    /// Unmounts what a recursive bind brought along, the last first.
    pub(super) fn unmount_below(&self, id: u64) -> Result<(), ExecError> {
        let table = self.table()?;
        let mut tree = BTreeSet::from([id]);
        let mut below = Vec::new();
        // A mount stands behind the one it is on.
        for mount in table.mounts() {
            if tree.contains(&mount.parent) {
                tree.insert(mount.id);
                below.push(mount);
            }
        }
        for mount in below.into_iter().rev() {
            let point = AbsolutePath::new(&mount.point).ok();
            let point = point.and_then(|point| point.rebased(&self.root, &AbsolutePath::root()));
            if let Some(point) = point {
                self.unmount(&point)?;
            }
        }
        Ok(())
    }

    fn remove(&self, step: &Step) -> Result<Undone, ExecError> {
        let Action::Create(place) = &step.action else { return Ok(Undone::Nothing) };
        let spot = self.tree.spot(&place.path)?;
        let Some(found) = spot.find()? else { return Ok(Undone::Nothing) };
        let is_unchanged = match &place.kind {
            PlaceKind::Directory => found.is_directory(),
            PlaceKind::File(_) => !found.is_directory() && found.stat.st_size == 0,
            PlaceKind::Link { to } => spot.target().is_ok_and(|target| target == to.as_bytes()),
        };
        if !is_unchanged {
            return Ok(Undone::Stays("it was changed since it was created"));
        }
        match spot.remove(found.is_directory()) {
            Ok(()) => Ok(Undone::TakenBack),
            Err(ExecError::System { errno: Errno::ENOTEMPTY, .. }) => {
                Ok(Undone::Stays("something was put into it"))
            }
            Err(error) => Err(error),
        }
    }
}
