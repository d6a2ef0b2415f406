//! Actions, and whatever has to be mounted and unmounted besides.

use std::collections::BTreeSet;

use zfs_props::name::DatasetName;

use crate::apply::World as _;
use crate::path::is_within;
use crate::plan::{Action, Step, StepId};
use crate::sim::{Refusal, Zfs};

/// The mounted datasets at and below one.
pub(super) fn mounted_at(zfs: &Zfs, top: &DatasetName) -> BTreeSet<DatasetName> {
    zfs.mounted_within(top).cloned().collect()
}

/// Actions for the sake of a step, carried out as they are found.
pub(super) struct Remount<'z> {
    pub(super) zfs: &'z mut Zfs,
    pub(super) of: &'z Step,
    pub(super) actions: Vec<(DatasetName, Action)>,
}

impl Remount<'_> {
    pub(super) fn run(&mut self, dataset: &DatasetName, action: &Action) -> Result<(), Refusal> {
        self.zfs.run(&self.of.inverse(dataset, action, StepId(1)))?;
        self.actions.push((dataset.clone(), action.clone()));
        Ok(())
    }

    pub(super) fn run_all(&mut self, actions: &[(DatasetName, Action)]) -> Result<(), Refusal> {
        actions.iter().try_for_each(|(dataset, action)| self.run(dataset, action))
    }

    pub(super) fn place(&self, name: &DatasetName) -> String {
        self.zfs.mountpoint(name).unwrap_or_default()
    }

    /// Mounts it, and what is mounted within its place again on top of it. What was unmounted along with that can be what
    /// its place lies in.
    pub(super) fn mount(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        let inner = self.zfs.mounted_below(&self.place(name)).cloned().collect();
        let mut all = self.unmount_with_all(inner)?;
        all.insert(name.clone());
        for name in self.missing(all) {
            self.run(&name, &Action::Mount)?;
        }
        Ok(())
    }

    /// Those that are not mounted, outermost first.
    pub(super) fn missing(&self, all: impl IntoIterator<Item = DatasetName>) -> Vec<DatasetName> {
        let missing = all.into_iter().filter(|name| !self.zfs.is_mounted(name));
        let mut missing: Vec<_> = missing.map(|name| (self.place(&name), name)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.into_iter().map(|(_, name)| name).collect()
    }

    /// Unmounts these and all that is mounted within them.
    pub(super) fn unmount_with_all(
        &mut self,
        mut all: BTreeSet<DatasetName>,
    ) -> Result<BTreeSet<DatasetName>, Refusal> {
        let mut work: Vec<DatasetName> = all.iter().cloned().collect();
        while let Some(outer) = work.pop() {
            let place = self.place(&outer);
            let below = self.zfs.mounted_within(&outer).chain(self.zfs.mounted_below(&place));
            let new = below.filter(|name| all.insert((*name).clone())).cloned();
            work.extend(new);
        }
        self.unmount(all)
    }

    /// Unmounts these, in an order that can be; returns all that were unmounted.
    ///
    /// `zfs unmount` takes those below in the tree along, wherever they are mounted: then innermost first is not enough.
    pub(super) fn unmount(
        &mut self,
        all: BTreeSet<DatasetName>,
    ) -> Result<BTreeSet<DatasetName>, Refusal> {
        let mut gone = BTreeSet::new();
        let mut left: Vec<_> = all.into_iter().map(|name| (self.place(&name), name)).collect();
        left.sort();
        while !left.is_empty() {
            left.retain(|(_, name)| !gone.contains(name) && self.zfs.is_mounted(name));
            // What is covered is not found at its place before that is gone which covers it.
            let is_free = |(_, name): &(String, DatasetName)| {
                !self.zfs.is_covered(name) && self.holds_nothing(name, &left)
            };
            let next = left.iter().rposition(is_free);
            // If all of them hold another one, the last tells.
            let next = next.or(left.len().checked_sub(1));
            let Some((_, name)) = next.map(|at| left.remove(at)) else { break };
            gone.extend(mounted_at(self.zfs, &name));
            self.run(&name, &Action::Unmount)?;
        }
        Ok(gone)
    }

    /// Nothing of these is mounted within what would be unmounted with a dataset.
    fn holds_nothing(&self, top: &DatasetName, left: &[(String, DatasetName)]) -> bool {
        let along = mounted_at(self.zfs, top);
        let is_there = |name: &DatasetName| !along.contains(name) && !self.zfs.is_covered(name);
        let mut others = left.iter().filter(|(_, name)| is_there(name));
        let places: Vec<String> = along.iter().map(|name| self.place(name)).collect();
        !others.any(|(other, _)| places.iter().any(|place| is_within(other, place)))
    }
}
