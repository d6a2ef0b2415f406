//! Steps that others make needless.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::World as _;
use crate::plan::{Action, Plan, Step, StepId};
use crate::sim::Zfs;

/// Whether a step only unmounts what `zfs unmount` of a dataset above would take along right afterwards.
pub(super) fn is_spare(zfs: &Zfs, steps: &[Step]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return false };
    let unmounts = |step: &&Step| step.action == Action::Unmount;
    if !unmounts(&first) {
        return false;
    }
    let rest: Vec<&Step> = rest.iter().take_while(unmounts).collect();
    let Some(above) = rest.iter().position(|step| first.dataset.is_under(&step.dataset)) else {
        return false;
    };
    let mounted_after = |steps: &[&Step]| {
        let mut zfs = zfs.clone();
        steps.iter().try_for_each(|step| zfs.run(step)).ok()?;
        Some(zfs)
    };
    let without: Vec<&Step> = rest.into_iter().take(above + 1).collect();
    let with: Vec<&Step> = std::iter::once(first).chain(without.iter().copied()).collect();
    match (mounted_after(&without), mounted_after(&with)) {
        (Some(without), Some(with)) => without.mounted().eq(with.mounted()),
        _ => false,
    }
}

/// The plan without these, by their places.
pub(super) fn leave_out(plan: &mut Plan, spare: &BTreeSet<usize>) {
    if spare.is_empty() {
        return;
    }
    let mut ids: BTreeMap<StepId, Vec<StepId>> = BTreeMap::new();
    let mut kept = Vec::with_capacity(plan.steps.len());
    for (at, mut step) in std::mem::take(&mut plan.steps).into_iter().enumerate() {
        // What needed one that is left out needs what that one needed.
        let needs = step.needs.iter().flat_map(|need| ids.get(need).into_iter().flatten());
        step.needs = needs.copied().collect::<BTreeSet<_>>().into_iter().collect();
        let old = step.id;
        if spare.contains(&at) {
            ids.insert(old, step.needs);
        } else {
            step.id = StepId(kept.len() + 1);
            ids.insert(old, vec![step.id]);
            kept.push(step);
        }
    }
    plan.steps = kept;
}
