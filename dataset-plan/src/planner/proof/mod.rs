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

use super::Planner;
use super::mounts::{Conflict, Part};
use super::moves::Moves;
use super::vetoes::Vetoes;
use crate::observed::Observed;
use crate::plan::{Action, Obstacle, Plan, Step, StepId};
use crate::policy::Policy;
use crate::sim::{Refusal, Zfs};
use crate::spec::Desired;

/// How often what is left is planned. What is left after that keeps undoing what was done.
const STAGES: usize = 8;

/// What is asked for.
struct Task<'t, 'a> {
    desired: &'t Desired<'a>,
    observed: &'t Observed,
    policy: &'t Policy,
}

/// How a plan was found.
enum Found {
    /// Nothing in it has to be proven.
    Plain,
    /// None of its steps is refused.
    Carried(Box<Carried>),
    /// Too much is in the way: nothing in it mounts or unmounts.
    Quiet,
}

/// The whole plan.
pub(super) fn plan(desired: &Desired, observed: &Observed, policy: &Policy) -> Plan {
    let task = Task { desired, observed, policy };
    let (plan, found) = task.propose(observed, None, Vetoes::default());
    let whole = match found {
        Found::Plain => return plan,
        Found::Carried(carried) => task.go_on(plan, *carried),
        Found::Quiet => task.begin_quietly(plan),
    };
    whole.unwrap_or_else(|| {
        let quiet = || task.propose(observed, None, Vetoes::everything()).0;
        task.begin_quietly(quiet()).unwrap_or_else(quiet)
    })
}

impl Task<'_, '_> {
    /// Once all else is done, more can be mounted and unmounted perhaps.
    fn begin_quietly(&self, mut plan: Plan) -> Option<Plan> {
        let mut carried = Carried::from(self.machine());
        carried.carry_out(&mut plan).ok()?;
        self.go_on(plan, carried)
    }

    /// A plan with what is left to do after it; `None` if there is no end to that.
    fn go_on(&self, mut plan: Plan, mut carried: Carried) -> Option<Plan> {
        for _ in 0..STAGES {
            let now = observe(&carried.zfs, self.observed);
            let (mut rest, found) = self.propose(&now, Some(&carried.zfs), Vetoes::default());
            if rest.is_empty() {
                plan.blocked = rest.blocked;
                carried.mount_again(&mut plan, self.observed);
                undo::take_back(&mut plan, &carried);
                return Some(plan);
            }
            match found {
                Found::Carried(then) => {
                    carried.zfs = then.zfs;
                    carried.mounted.extend(then.mounted);
                }
                Found::Plain | Found::Quiet => carried.carry_out(&mut rest).ok()?,
            }
            append(&mut plan, rest, self.observed);
        }
        None
    }

    /// A plan of which no step is refused.
    fn propose(&self, observed: &Observed, zfs: Option<&Zfs>, mut vetoes: Vetoes) -> (Plan, Found) {
        let (moves, renamed) = Moves::find(self.desired, observed);
        loop {
            let planner =
                Planner::new(self.desired, self.policy, observed, &renamed, &moves, &vetoes);
            let mut proposal = match planner.plan() {
                Ok(proposal) => proposal,
                Err(conflicts) => {
                    vetoes.add(conflicts);
                    continue;
                }
            };
            if vetoes.is_exhausted() {
                return (proposal.plan, Found::Quiet);
            }
            let plan = &mut proposal.plan;
            // What was left out may be possible once the rest is done.
            let is_plain = zfs.is_none() && vetoes.is_empty() && proposal.is_plain;
            if is_plain || zfs.is_some() && plan.is_empty() {
                return (proposal.plan, Found::Plain);
            }
            let mut carried = Carried::from(zfs.cloned().unwrap_or_else(|| self.machine()));
            match carried.carry_out(plan) {
                Ok(()) => return (proposal.plan, Found::Carried(Box::new(carried))),
                Err(refused) => {
                    let (at, refusal) = *refused;
                    let parts = proposal.parts(at);
                    let step = proposal.plan.steps.get(at);
                    vetoes.add(step.map_or_else(Vec::new, |step| because(step, parts, &refusal)));
                }
            }
        }
    }

    /// As it was observed.
    fn machine(&self) -> Zfs {
        Zfs::from(self.observed).release(self.desired.release)
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
    let conflict = |part| Conflict { parts: vec![part], code, what: what.clone(), remedy };
    parts.into_iter().map(conflict).collect()
}

impl Action {
    /// Other datasets may be mounted after it than before.
    fn touches_mounts(&self) -> bool {
        matches!(self, Action::Mount | Action::Unmount | Action::Promote) || self.may_mount()
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
