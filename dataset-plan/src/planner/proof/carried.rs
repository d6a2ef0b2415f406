//! A plan, carried out in memory.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::DatasetName;

use super::remount::{Remount, mounted_at};
use super::{foreign, spare};
use crate::apply::World as _;
use crate::observed::Observed;
use crate::path::is_within;
use crate::plan::{Action, Plan, Reason, Step, StepId, Undo};
use crate::sim::{Refusal, Zfs};

/// A plan, carried out in memory.
pub(super) struct Carried {
    pub(super) zfs: Zfs,
    /// Before each step that can change that: which datasets at and below its own were mounted.
    pub(super) mounted: Vec<Option<BTreeSet<DatasetName>>>,
}

impl Carried {
    pub(super) const fn from(zfs: Zfs) -> Self {
        Self { zfs, mounted: Vec::new() }
    }

    /// Carries all steps out, and leaves out those that turn out to be needless; an error is the place of the one that
    /// was refused.
    pub(super) fn carry_out(&mut self, plan: &mut Plan) -> Result<(), Box<(usize, Refusal)>> {
        let mut needless = BTreeSet::new();
        for (at, step) in plan.steps.iter().enumerate() {
            if spare::is_spare(&self.zfs, plan.steps.get(at..).unwrap_or_default()) {
                needless.insert(at);
                continue;
            }
            self.run(step).map_err(|refusal| Box::new((at, refusal)))?;
        }
        spare::leave_out(plan, &needless);
        Ok(())
    }

    fn run(&mut self, step: &Step) -> Result<(), Refusal> {
        let matters = step.action.touches_mounts();
        self.mounted.push(matters.then(|| mounted_at(&self.zfs, &step.dataset)));
        self.zfs.run(step)
    }

    /// What was mounted and can be is mounted, also where nobody declares it.
    pub(super) fn mount_again(&mut self, plan: &mut Plan, observed: &Observed) {
        let lost = self.lost(plan, observed);
        for (place, name, at) in lost {
            let Some(of) = plan.steps.get(at).cloned() else { continue };
            let Some(steps) = self.mount(&place, &name, &of, observed) else { continue };
            let needs: Vec<StepId> = plan.steps.iter().map(|step| step.id).collect();
            for (dataset, action) in steps {
                let mut step = of.inverse(&dataset, &action, StepId(plan.steps.len() + 1));
                let reason = Reason::InTheWay { of: of.dataset.clone() };
                (step.reason, step.undo) = (reason, Undo::Do(Vec::new()));
                (step.risk, step.heirs, step.remounts) = Default::default();
                step.needs.clone_from(&needs);
                if self.run(&step).is_ok() {
                    plan.steps.push(step);
                } else {
                    self.mounted.pop();
                }
            }
        }
    }

    /// What was mounted before the plan and is not any more, though it could be: where, under which name now, and since
    /// which step.
    fn lost(&self, plan: &Plan, observed: &Observed) -> BTreeSet<(String, DatasetName, usize)> {
        let mut all: BTreeMap<DatasetName, usize> = BTreeMap::new();
        for (at, (step, mounted)) in plan.steps.iter().zip(&self.mounted).enumerate() {
            let was = |name: &&DatasetName| {
                let before = observed.dataset(name);
                before.is_none_or(|dataset| dataset.mounted == Some(true))
            };
            let mounted = mounted.iter().flatten().filter(was);
            all.extend(mounted.map(|name| (name.clone(), at)));
            if let Action::Rename { to } = &step.action {
                let from = &step.dataset;
                let renamed = |name: DatasetName| match name.rebase(from, to) {
                    Ok(Some(renamed)) => renamed,
                    _ => name,
                };
                all = all.into_iter().map(|(name, at)| (renamed(name), at)).collect();
            }
        }
        let lost = all.into_iter().filter(|(name, _)| !self.zfs.is_mounted(name));
        lost.filter_map(|(name, at)| Some((self.zfs.mountpoint(&name)?, name, at))).collect()
    }

    /// Mounts a dataset at its place, if that is free, and what is mounted within that again; `None` if that cannot be.
    fn mount(
        &self,
        place: &str,
        name: &DatasetName,
        of: &Step,
        observed: &Observed,
    ) -> Option<Vec<(DatasetName, Action)>> {
        let foreign = foreign(&self.zfs, observed);
        let is_free = !foreign.keys().any(|at| is_within(at, place))
            && !observed.occupied.contains(place)
            && !self.zfs.is_mountpoint(place);
        let mut zfs = self.zfs.clone();
        let mut work = Remount { zfs: &mut zfs, of, actions: Vec::new() };
        (is_free && work.mount(name).is_ok()).then_some(work.actions)
    }
}
