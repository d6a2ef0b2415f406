//! What is done from each state, forwards and backwards.

use std::collections::BTreeSet;

use zfs_props::name::{DatasetName, SnapshotName};

use super::moves::{compare, copy, zfs};
use super::{From, Migration, Move, State, Stuck};
use crate::command::Command;
use crate::observed::Observed;
use crate::plan::Action;

/// What to do from a state, in order; the first failure ends it, and a new observation says where that is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Phase {
    /// Which phase.
    pub step: Step,
    /// The state that it begins in.
    pub from: State,
    /// What to do.
    pub moves: Vec<Move>,
}

/// The phases of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Step {
    /// Back up, and create the new dataset aside.
    Create,
    /// Copy while the services run.
    Seed,
    /// Stop, copy what changed, verify, switch, start.
    CutOver,
    /// Finish a switch that was interrupted.
    Finish,
    /// See that the services run on the new copy, and keep the old one.
    Hold {
        /// Seconds since 1970 in UTC.
        until: u64,
    },
    /// Destroy the old copy.
    Retire,
    /// Go back to the old copy, with what was written since the switch.
    Return,
}

/// Why nothing is to be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotNow {
    /// A person has to look.
    #[error(transparent)]
    Stuck(#[from] Stuck),
    /// Nobody allowed the old copy to be destroyed.
    #[error("{0} holds the old copy, whose time is over; grant its destruction by this name")]
    NoGrant(String),
    /// Nobody allowed these snapshots of the old copy to be destroyed with it.
    #[error("{} would be destroyed with the old copy; grant the destruction of each by this name", .0.join(", "))]
    Snapshots(Vec<String>),
    /// The migration is done: there is nothing more to do, and no way back.
    #[error("the migration is done, and the old copy is gone")]
    Done,
}

impl Migration {
    /// What to do next. `occupied` is as for [`state`](Self::state); `now` is in seconds since 1970 in UTC; `grants`
    /// name what may be destroyed: the old copy as [`old_copy`](Self::old_copy) does, and each of its snapshots by its full
    /// name, as for a [`Policy`](crate::Policy).
    pub fn next(
        &self,
        observed: &Observed,
        occupied: &BTreeSet<String>,
        now: u64,
        grants: &BTreeSet<String>,
    ) -> Result<Phase, NotNow> {
        let from = self.state(observed, occupied)?;
        let at = Scene { migration: self, observed: Some(observed) };
        let (step, moves) = match from {
            State::Begin => (Step::Create, at.create()),
            State::Created => (Step::Seed, at.seed()),
            State::Seeded => (Step::CutOver, at.cut_over(now)),
            State::Switching => (Step::Finish, at.finish(now)),
            State::Returning => (Step::Return, at.finish_return()),
            State::Switched { since } => {
                let until = since.saturating_add(self.hold);
                if now < until {
                    (Step::Hold { until }, at.settle())
                } else if grants.contains(&self.old_copy()) {
                    let snapshots = at.old_snapshots().into_iter().map(|name| name.to_string());
                    let kept: Vec<_> = snapshots.filter(|name| !grants.contains(name)).collect();
                    if !kept.is_empty() {
                        return Err(NotNow::Snapshots(kept));
                    }
                    (Step::Retire, at.retire())
                } else {
                    return Err(NotNow::NoGrant(self.old_copy()));
                }
            }
            State::Done => return Err(NotNow::Done),
        };
        Ok(Phase { step, from, moves })
    }

    /// What leads back to the services running on the old copy, with nothing lost that they wrote since.
    ///
    /// The new dataset is left, unmounted, for a person to destroy. (The old dataset's mountpoint is set on
    /// it from then on, though it may have been inherited before.)
    pub fn back(&self, observed: &Observed, occupied: &BTreeSet<String>) -> Result<Phase, NotNow> {
        let from = self.state(observed, occupied)?;
        let at = Scene { migration: self, observed: Some(observed) };
        let moves = match from {
            State::Begin => Vec::new(),
            State::Created | State::Seeded => at.stay(),
            State::Switching | State::Returning => at.finish_return(),
            State::Switched { .. } => at.copy_back(),
            State::Done => return Err(NotNow::Done),
        };
        Ok(Phase { step: Step::Return, from, moves })
    }
}

/// A migration where something was observed, or as a runbook tells it, where all goes well.
pub(super) struct Scene<'m> {
    pub(super) migration: &'m Migration,
    pub(super) observed: Option<&'m Observed>,
}

fn mounted_at(dataset: &DatasetName, path: &str) -> Move {
    let command = Command::new(["findmnt", "--source"]).arg(dataset);
    let command = command.args(["--mountpoint".to_owned(), path.to_owned()]);
    Move::Run { command, proof: super::Proof::Success }
}

impl Scene<'_> {
    /// Mounts a dataset unless it is mounted: a copy from or to a bare directory would be of the wrong data.
    fn mount(&self, dataset: &DatasetName, otherwise: bool) -> Option<Move> {
        let mounted = match self.observed {
            Some(observed) => observed.dataset(dataset)?.mounted == Some(true),
            None => otherwise,
        };
        (!mounted).then(|| zfs(dataset, Action::Mount))
    }

    fn mount_old(&self) -> Option<Move> {
        match &self.migration.from {
            From::Directory => None,
            From::Dataset(old) => self.mount(old, true),
        }
    }

    /// The services' path is the new dataset, or else nothing goes on.
    fn in_place(&self) -> Move {
        mounted_at(&self.migration.to, &self.migration.path)
    }

    /// The new copy is aside, and the old one at a path, or else nothing is copied: a bare directory is as good as no copy,
    /// and as a source it would empty the other one. (`mounted=yes` does not say where.)
    fn both_at(&self, new: &str, old: &str) -> impl Iterator<Item = Move> + use<> {
        let new = mounted_at(&self.migration.to, new);
        let old = match &self.migration.from {
            From::Directory => None,
            From::Dataset(name) => Some(mounted_at(name, old)),
        };
        std::iter::once(new).chain(old)
    }

    /// The snapshots of the old copy, as far as they were observed.
    fn old_snapshots(&self) -> Vec<SnapshotName> {
        let From::Dataset(old) = &self.migration.from else { return Vec::new() };
        let found = self.observed.and_then(|observed| observed.dataset(old));
        let snapshots = found.map(|dataset| dataset.snapshots.as_slice()).unwrap_or_default();
        snapshots.iter().filter_map(|snapshot| old.snapshot(&snapshot.name).ok()).collect()
    }

    pub(super) fn create(&self) -> Vec<Move> {
        let Migration { to, properties, .. } = self.migration;
        let place = self.migration.place(&self.migration.staging(), "noauto", "created");
        let properties = properties.iter().cloned().chain(place).collect();
        let create = zfs(to, Action::Create { properties, mount: true });
        self.migration.backed_up().into_iter().chain([create]).collect()
    }

    pub(super) fn seed(&self) -> Vec<Move> {
        let Migration { to, path, .. } = self.migration;
        let mounts = self.mount(to, false).into_iter().chain(self.mount_old());
        let staging = self.migration.staging();
        let guards = self.both_at(&staging, path);
        let copied = [copy(path, &staging), self.migration.mark("seeded")];
        mounts.chain(guards).chain(copied).collect()
    }

    pub(super) fn cut_over(&self, now: u64) -> Vec<Move> {
        let Migration { to, path, .. } = self.migration;
        let staging = self.migration.staging();
        let mut moves: Vec<Move> = self.migration.systemctl("stop").into_iter().collect();
        moves.extend(self.mount(to, true).into_iter().chain(self.mount_old()));
        moves.extend(self.both_at(&staging, path));
        moves.extend([copy(path, &staging), compare(path, &staging)]);
        moves.extend([self.migration.mark("switching"), self.migration.move_old(true)]);
        moves.extend(self.switch(now));
        moves
    }

    fn switch(&self, now: u64) -> impl Iterator<Item = Move> {
        let marker = format!("switched@{now}");
        let place = self.migration.place(&self.migration.path, "on", &marker);
        let switch = zfs(&self.migration.to, Action::Set(place));
        [switch, self.in_place()].into_iter().chain(self.migration.systemctl("start"))
    }

    fn finish(&self, now: u64) -> Vec<Move> {
        let stop = self.migration.systemctl("stop").into_iter();
        stop.chain(self.mount(&self.migration.to, true)).chain(self.switch(now)).collect()
    }

    pub(super) fn settle(&self) -> Vec<Move> {
        let mount = self.mount(&self.migration.to, true).into_iter();
        mount.chain([self.in_place()]).chain(self.migration.systemctl("start")).collect()
    }

    pub(super) fn retire(&self) -> Vec<Move> {
        let mut moves = vec![self.in_place()];
        match &self.migration.from {
            From::Directory => moves.push(self.migration.remove_kept()),
            From::Dataset(old) => {
                let destroy = |name| zfs(old, Action::DestroySnapshot(name));
                moves.extend(self.old_snapshots().into_iter().map(destroy));
                let found = self.observed.map(|observed| observed.dataset(old));
                if found.is_none_or(|found| found.is_some()) {
                    moves.push(zfs(old, Action::Destroy));
                }
            }
        }
        moves.push(self.migration.mark("done"));
        moves
    }

    /// The old copy is in its place: the services run, and the new dataset is out of the way.
    pub(super) fn stay(&self) -> Vec<Move> {
        let mounted = match self.observed.map(|observed| observed.dataset(&self.migration.to)) {
            Some(dataset) => dataset.is_some_and(|dataset| dataset.mounted == Some(true)),
            None => true,
        };
        let unmount = mounted.then(|| zfs(&self.migration.to, Action::Unmount));
        let start = self.migration.systemctl("start");
        self.mount_old().into_iter().chain(unmount).chain(start).collect()
    }

    pub(super) fn copy_back(&self) -> Vec<Move> {
        let Migration { to, path, .. } = self.migration;
        let kept = self.migration.kept();
        let mut moves: Vec<Move> = self.migration.systemctl("stop").into_iter().collect();
        moves.extend(self.mount(to, true).into_iter().chain(self.mount_old()));
        moves.extend(self.both_at(path, &kept));
        moves.extend([copy(path, &kept), compare(path, &kept)]);
        moves.extend(self.put_back());
        moves
    }

    /// The new copy aside, wherever an interrupted switch left it, and the old one in its place.
    fn put_back(&self) -> impl Iterator<Item = Move> {
        let aside = self.migration.place(&self.migration.staging(), "noauto", "returning");
        let aside = zfs(&self.migration.to, Action::Set(aside));
        let back = [aside, self.migration.move_old(false), self.migration.mark("seeded")];
        back.into_iter().chain(self.migration.systemctl("start"))
    }

    pub(super) fn finish_return(&self) -> Vec<Move> {
        let stop = self.migration.systemctl("stop").into_iter();
        stop.chain(self.put_back()).collect()
    }
}
