//! What takes a plan back, worked out from its last step to the first.

use std::collections::{BTreeMap, BTreeSet};

use super::carried::Carried;
use super::remount::{Remount, mounted_at};
use crate::plan::{Action, Plan, Undo};
use crate::sim::Refusal;
use zfs_props::name::DatasetName;

/// How often the undo is begun anew, with another step that makes way first, or is given up.
const ATTEMPTS: usize = 32;

/// Works out what takes each step back, from the last to the first.
pub(super) fn take_back(plan: &mut Plan, carried: &Carried) {
    // Steps for which others have to make way first, and those that cannot be taken back.
    let (mut aside, mut given_up) = (BTreeSet::new(), BTreeMap::new());
    for attempt in 0..ATTEMPTS {
        let mut zfs = carried.zfs.clone();
        let mut undo: Vec<Option<Undo>> = vec![None; plan.steps.len()];
        let mut refused = None;
        for (at, step) in plan.steps.iter().enumerate().rev() {
            let (Undo::Do(actions), Some(mounted)) = (&step.undo, carried.mounted.get(at)) else {
                continue;
            };
            if given_up.contains_key(&at) {
                continue;
            }
            let mut work = Remount { zfs: &mut zfs, of: step, actions: Vec::new() };
            let done = match mounted {
                Some(mounted) => work.take_back(actions, mounted, aside.contains(&at)),
                None => work.run_all(actions),
            };
            if let Err(refusal) = done {
                refused = Some((at, refusal));
                break;
            }
            if let Some(undo) = undo.get_mut(at) {
                *undo = Some(Undo::Do(work.actions));
            }
        }
        if let Some((at, refusal)) = refused {
            if !aside.insert(at) || attempt + 1 == ATTEMPTS {
                given_up.insert(at, refusal.to_string());
            }
            if attempt + 1 < ATTEMPTS {
                continue;
            }
        }
        let last = refused_from(&given_up, attempt);
        for (at, (step, undo)) in plan.steps.iter_mut().zip(undo).enumerate() {
            if let Some(undo) = undo {
                step.undo = undo;
            } else if let Some(because) = given_up.get(&at) {
                step.undo = Undo::Impossible { because: because.clone() };
            } else if last.is_some_and(|last| at <= last) && matches!(step.undo, Undo::Do(_)) {
                let because = "a later step cannot be taken back".to_owned();
                step.undo = Undo::Impossible { because };
            }
        }
        return;
    }
}

/// Where the undo was broken off, if all attempts are used up.
fn refused_from(given_up: &BTreeMap<usize, String>, attempt: usize) -> Option<usize> {
    given_up.keys().next().copied().filter(|_| attempt + 1 == ATTEMPTS)
}

impl Remount<'_> {
    /// Carries the actions out, and whatever is needed so that the same as before is mounted.
    fn take_back(
        &mut self,
        actions: &[(DatasetName, Action)],
        mounted: &BTreeSet<DatasetName>,
        makes_way: bool,
    ) -> Result<(), Refusal> {
        let top = actions.first().map_or(&self.of.dataset, |(dataset, _)| dataset);
        let own = if makes_way { mounted_at(self.zfs, top) } else { BTreeSet::new() };
        let aside = self.unmount_with_all(own)?;
        self.run_all(actions)?;
        let extra = mounted_at(self.zfs, &self.of.dataset);
        let extra = extra.into_iter().filter(|name| !mounted.contains(name)).collect();
        let along = if makes_way { self.unmount_with_all(extra) } else { self.unmount(extra) }?;
        // Under its old name again, or gone.
        let others = aside.into_iter().chain(along);
        let others = others.filter(|name| name != top && !name.is_under(top));
        for name in self.missing(mounted.iter().cloned().chain(others)) {
            if !self.zfs.is_mounted(&name) {
                self.mount(&name)?;
            }
        }
        if mounted_at(self.zfs, &self.of.dataset) == *mounted {
            return Ok(());
        }
        // Something else than was meant was on top.
        Err(Refusal::Busy(self.of.dataset.clone()))
    }
}
