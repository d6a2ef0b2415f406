//! A plan that moves, mounts or destroys anything is proven before it is handed out.
//!
//! What commands mount and unmount by themselves depends on the whole machine, so such a plan is carried out in memory
//! ([`sim`](crate::sim), which agrees with OpenZFS by recordings). What is refused there is left out, with the reason.
//! What is left to do afterwards, when nothing is in its way any more, is planned from there and comes
//! after it. And what takes each step back is carried out too, from the last step to the first, and completed by what has to be
//! mounted and unmounted besides.
//!
//! Plans without such steps are not carried out: that would cost more than planning.

mod carried;
mod remount;
mod spare;
mod undo;

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::DatasetName;

use carried::Carried;

use super::mounts::{Conflict, Part};
use super::moves::Moves;
use super::vetoes::Vetoes;
use super::{Planner, Proposal};
use crate::observed::Observed;
use crate::plan::{Action, Obstacle, Plan, Step, StepId};
use crate::policy::Policy;
use crate::sim::{Refusal, Zfs};
use crate::spec::Desired;

/// How often what is left is planned. What is left after that keeps undoing what was done.
const STAGES: usize = 8;

/// The whole plan.
pub(super) fn plan(desired: &Desired, observed: &Observed, policy: &Policy) -> Plan {
    let stage = |observed: &Observed, zfs: Option<&Zfs>, vetoes| {
        propose(desired, observed, policy, zfs, vetoes)
    };
    let (mut plan, carried) = stage(observed, None, Vetoes::default());
    let Some(mut carried) = carried else { return plan };
    for _ in 0..STAGES {
        let now = observe(&carried.zfs, observed);
        let (mut rest, then) = stage(&now, Some(&carried.zfs), Vetoes::default());
        if rest.is_empty() {
            plan.blocked = rest.blocked;
            carried.mount_again(&mut plan, observed);
            undo::take_back(&mut plan, &carried);
            return plan;
        }
        match then {
            Some(then) => {
                carried.zfs = then.zfs;
                carried.mounted.extend(then.mounted);
            }
            None if carried.carry_out(&mut rest).is_ok() => {}
            None => break,
        }
        append(&mut plan, rest, observed);
    }
    stage(observed, None, Vetoes::everything()).0
}

/// A plan of which no step is refused, carried out if it has to be proven.
fn propose(
    desired: &Desired,
    observed: &Observed,
    policy: &Policy,
    zfs: Option<&Zfs>,
    mut vetoes: Vetoes,
) -> (Plan, Option<Carried>) {
    let (moves, renamed) = Moves::find(desired, observed);
    loop {
        let planner = Planner::new(desired, policy, observed, &renamed, &moves, &vetoes);
        let Proposal { mut plan, parts } = match planner.plan() {
            Ok(proposal) => proposal,
            Err(conflicts) => {
                vetoes.add(conflicts);
                continue;
            }
        };
        // What was left out may be possible once the rest is done.
        let is_plain = || !plan.steps.iter().any(|step| step.action.has_to_be_proven());
        if vetoes.is_exhausted() || vetoes.is_empty() && is_plain() {
            return (plan, None);
        }
        let zfs = zfs.cloned().unwrap_or_else(|| Zfs::from(observed).release(desired.release));
        let mut carried = Carried::from(zfs);
        match carried.carry_out(&mut plan) {
            Ok(()) => return (plan, Some(carried)),
            Err(refused) => {
                let (at, refusal) = *refused;
                let parts = parts.into_iter().nth(at).unwrap_or_default();
                vetoes
                    .add(plan.steps.get(at).map_or_else(Vec::new, |s| because(s, parts, &refusal)));
            }
        }
    }
}

/// What a step that was refused is left out for.
fn because(step: &Step, mut parts: Vec<(usize, Part)>, refusal: &Refusal) -> Vec<Conflict> {
    let of_value = matches!(refusal, Refusal::Property { .. } | Refusal::NoSpace { .. });
    if !of_value && parts.iter().any(|(_, part)| part.mounts()) {
        parts.retain(|(_, part)| part.mounts());
    }
    let (code, remedy) = match refusal {
        Refusal::Busy(_) => (Obstacle::Busy, "unmount what is within it, and plan again"),
        _ => (Obstacle::Refused, "correct what it says by hand, and plan again"),
    };
    let what = format!("`{}` would be refused: {refusal}", step.command());
    let conflict =
        |(row, part)| Conflict { row, parts: vec![part], code, what: what.clone(), remedy };
    parts.into_iter().map(conflict).collect()
}

impl Action {
    /// Other datasets may be mounted after it than before.
    fn touches_mounts(&self) -> bool {
        matches!(self, Action::Mount | Action::Unmount | Action::Promote) || self.may_mount()
    }

    /// It moves or destroys something, or mounts or unmounts what exists.
    fn has_to_be_proven(&self) -> bool {
        let creates = matches!(
            self,
            Action::Create { .. } | Action::CreateVolume { .. } | Action::Clone { .. }
        );
        !creates && self.touches_mounts()
    }
}

/// What would be observed now, on the machine that was observed.
fn observe(zfs: &Zfs, before: &Observed) -> Observed {
    let mut now = zfs.observe();
    now.foreign = foreign(zfs, before);
    now
}

/// Where other things are mounted now: without the observed mounts of datasets that are not mounted any more.
fn foreign(zfs: &Zfs, before: &Observed) -> BTreeMap<String, String> {
    let is_gone = |source: &str| {
        let name: Option<DatasetName> = source.parse().ok();
        name.is_some_and(|name| {
            let was_mounted = before.dataset(&name).and_then(|dataset| dataset.mounted);
            was_mounted == Some(true) && !zfs.is_mounted(&name)
        })
    };
    let stays = before.foreign.iter().filter(|(_, source)| !is_gone(source));
    stays.map(|(path, source)| (path.clone(), source.clone())).collect()
}

/// Adds steps that were planned for after the others.
fn append(plan: &mut Plan, rest: Plan, observed: &Observed) {
    let done = plan.steps.len();
    let needed: BTreeSet<StepId> = plan.steps.iter().flat_map(|step| step.needs.clone()).collect();
    let last = plan.steps.iter().map(|step| step.id).filter(|id| !needed.contains(id));
    let last: Vec<StepId> = last.collect();
    let release = plan.release;
    let later = |StepId(n): StepId| StepId(n + done);
    plan.steps.extend(rest.steps.into_iter().map(|mut step| {
        step.id = later(step.id);
        step.needs = last.iter().copied().chain(step.needs.into_iter().map(later)).collect();
        // What the steps before bring about does not hold yet.
        let broken = observed.broken(step.expects.iter(), release);
        let broken: Vec<_> = broken.into_iter().cloned().collect();
        step.expects.retain(|expectation| !broken.contains(expectation));
        step
    }));
}
