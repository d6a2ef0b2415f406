//! A plan that moves, mounts or destroys anything is proven before it is handed out.
//!
//! What commands mount and unmount by themselves depends on the whole machine, so such a plan is carried out in memory
//! ([`sim`](crate::sim), which agrees with OpenZFS by recordings). What is refused there is left out, with the reason.
//! What is left to do afterwards, when nothing is in its way any more, is planned from there and comes
//! after it. And what takes each step back is carried out too, from the last step to the first, and completed by what has to be
//! mounted and unmounted besides.
//!
//! Plans without such steps are not carried out: that would cost more than planning.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::DatasetName;

use super::mounts::{Conflict, Part};
use super::moves::Moves;
use super::vetoes::Vetoes;
use super::{Planner, Proposal};
use crate::apply::World as _;
use crate::observed::Observed;
use crate::plan::{Action, Obstacle, Plan, Reason, Step, StepId, Undo};
use crate::policy::Policy;
use crate::sim::{Refusal, Zfs};
use crate::spec::Desired;

/// How often what is left is planned. What is left after that keeps undoing what was done.
const STAGES: usize = 8;

/// How often the undo is begun anew, with another step that makes way first, or is given up.
const ATTEMPTS: usize = 32;

/// A plan, carried out in memory.
struct Carried {
    zfs: Zfs,
    /// Before each step: which datasets at and below its own were mounted.
    mounted: Vec<BTreeSet<DatasetName>>,
}

/// The whole plan.
pub(super) fn plan(desired: &Desired, observed: &Observed, policy: &Policy) -> Plan {
    let stage = |observed: &Observed, zfs: Option<&Zfs>, vetoes| {
        propose(desired, observed, policy, zfs, vetoes)
    };
    let (mut plan, carried) = stage(observed, None, Vetoes::default());
    let Some(mut carried) = carried else { return plan };
    for _ in 0..STAGES {
        let now = observe(&carried.zfs, observed);
        let (rest, then) = stage(&now, Some(&carried.zfs), Vetoes::default());
        if rest.is_empty() {
            plan.blocked = rest.blocked;
            carried.mount_again(&mut plan, observed);
            take_back(&mut plan, &carried);
            return plan;
        }
        match then {
            Some(then) => {
                carried.zfs = then.zfs;
                carried.mounted.extend(then.mounted);
            }
            None if carried.carry_out(&rest).is_ok() => {}
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
        let Proposal { plan, parts } = match planner.plan() {
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
        let mut carried = Carried { zfs, mounted: Vec::new() };
        match carried.carry_out(&plan) {
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
    /// It moves or destroys something, or mounts or unmounts what exists.
    fn has_to_be_proven(&self) -> bool {
        match self {
            Action::Create { .. } | Action::CreateVolume { .. } | Action::Clone { .. } => false,
            Action::Mount | Action::Unmount | Action::Promote => true,
            _ => self.may_mount(),
        }
    }
}

impl Carried {
    /// Carries all steps out; an error is the place of the one that was refused.
    fn carry_out(&mut self, plan: &Plan) -> Result<(), Box<(usize, Refusal)>> {
        for (at, step) in plan.steps.iter().enumerate() {
            self.mounted.push(mounted_at(&self.zfs, &step.dataset));
            self.zfs.run(step).map_err(|refusal| Box::new((at, refusal)))?;
        }
        Ok(())
    }
}

impl Carried {
    /// What was mounted and can be is mounted, also where nobody declares it.
    fn mount_again(&mut self, plan: &mut Plan, observed: &Observed) {
        let mut lost = BTreeMap::new();
        for (at, mounted) in self.mounted.iter().enumerate() {
            lost.extend(mounted.iter().map(|name| (name.clone(), at)));
        }
        let was_mounted = |name: &DatasetName| {
            observed.dataset(name).is_none_or(|dataset| dataset.mounted == Some(true))
        };
        let lost = lost.into_iter().filter(|(name, _)| {
            self.zfs.kind(name).is_some() && was_mounted(name) && !self.zfs.is_mounted(name)
        });
        let lost = lost.filter_map(|(name, at)| Some((self.zfs.mountpoint(&name)?, name, at)));
        let lost: BTreeSet<(String, DatasetName, usize)> = lost.collect();
        for (place, name, at) in lost {
            let Some(of) = plan.steps.get(at) else { continue };
            let reason = Reason::InTheWay { of: of.dataset.clone() };
            let id = StepId(plan.steps.len() + 1);
            let mut step = of.inverse(&name, &Action::Mount, id);
            (step.reason, step.undo) = (reason, Undo::Do(Vec::new()));
            (step.risk, step.heirs, step.remounts) = Default::default();
            step.needs = plan.steps.iter().map(|step| step.id).collect();
            if is_free(&self.zfs, &place, observed) && self.zfs.run(&step).is_ok() {
                self.mounted.push(BTreeSet::new());
                plan.steps.push(step);
            }
        }
    }
}

/// Nothing else is mounted or lies at a place or within it.
fn is_free(zfs: &Zfs, place: &str, observed: &Observed) -> bool {
    let within = |other: &str| is_within(other, place);
    let now = observe(zfs, observed);
    let mut mounted = now.datasets().filter(|(_, dataset)| dataset.mounted == Some(true));
    let taken = mounted.any(|(name, _)| zfs.mountpoint(name).is_some_and(|at| within(&at)));
    !taken && !now.foreign.keys().any(|at| within(at)) && !now.occupied.contains(place)
}

/// What would be observed now, on the machine that was observed.
fn observe(zfs: &Zfs, before: &Observed) -> Observed {
    let mut now = zfs.observe();
    let is_mounted = |observed: &Observed, source: &str| {
        let name: Option<DatasetName> = source.parse().ok();
        name.and_then(|name| observed.dataset(&name)?.mounted) == Some(true)
    };
    let gone: Vec<String> = now
        .foreign
        .iter()
        .filter(|(_, source)| is_mounted(before, source) && !is_mounted(&now, source))
        .map(|(path, _)| path.clone())
        .collect();
    now.foreign.retain(|path, _| !gone.contains(path));
    now
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

/// The mounted datasets at and below one.
fn mounted_at(zfs: &Zfs, top: &DatasetName) -> BTreeSet<DatasetName> {
    zfs.subtree(top).into_iter().filter(|name| zfs.is_mounted(name)).collect()
}

/// Works out what takes each step back, from the last to the first.
fn take_back(plan: &mut Plan, carried: &Carried) {
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
            let mut inverse = Inverse { zfs: &mut zfs, of: step, actions: Vec::new() };
            match inverse.work_out(actions, mounted, aside.contains(&at)) {
                Ok(()) => {
                    let actions = inverse.actions;
                    if let Some(undo) = undo.get_mut(at) {
                        *undo = Some(Undo::Do(actions));
                    }
                }
                Err(refusal) => {
                    refused = Some((at, refusal));
                    break;
                }
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

/// What takes a step back, as it is worked out.
struct Inverse<'z> {
    zfs: &'z mut Zfs,
    of: &'z Step,
    actions: Vec<(DatasetName, Action)>,
}

impl Inverse<'_> {
    fn run(&mut self, dataset: &DatasetName, action: &Action) -> Result<(), Refusal> {
        self.zfs.run(&self.of.inverse(dataset, action, StepId(1)))?;
        self.actions.push((dataset.clone(), action.clone()));
        Ok(())
    }

    /// Carries the actions out, and whatever is needed so that the same as before is mounted.
    fn work_out(
        &mut self,
        actions: &[(DatasetName, Action)],
        mounted: &BTreeSet<DatasetName>,
        makes_way: bool,
    ) -> Result<(), Refusal> {
        let top = actions.first().map_or(&self.of.dataset, |(dataset, _)| dataset);
        let own = if makes_way { mounted_at(self.zfs, top) } else { BTreeSet::new() };
        let aside = self.unmount_with_all(own)?;
        for (dataset, action) in actions {
            self.run(dataset, action)?;
        }
        let extra = mounted_at(self.zfs, &self.of.dataset);
        let extra = extra.into_iter().filter(|name| !mounted.contains(name)).collect();
        let along = if makes_way { self.unmount_with_all(extra) } else { self.unmount(extra) }?;
        // Under its old name again, or gone.
        let others = aside.into_iter().chain(along);
        let others = others.filter(|name| name != top && !name.is_under(top));
        let missing = mounted.iter().cloned().chain(others);
        let missing: BTreeSet<(String, DatasetName)> = missing
            .filter(|name| !self.zfs.is_mounted(name))
            .map(|name| (self.place(&name), name))
            .collect();
        for (_, name) in missing {
            self.run(&name, &Action::Mount)?;
        }
        if mounted_at(self.zfs, &self.of.dataset) == *mounted {
            return Ok(());
        }
        // Something else than was meant was on top.
        Err(Refusal::Busy(self.of.dataset.clone()))
    }

    fn place(&self, name: &DatasetName) -> String {
        self.zfs.mountpoint(name).unwrap_or_default()
    }

    /// Unmounts these and all that is mounted within them.
    fn unmount_with_all(
        &mut self,
        mut all: BTreeSet<DatasetName>,
    ) -> Result<BTreeSet<DatasetName>, Refusal> {
        let Some(first) = all.first() else { return Ok(all) };
        let pool = first.ancestors().last().unwrap_or_else(|| first.clone());
        let mounted = mounted_at(self.zfs, &pool);
        let mounted: Vec<_> = mounted.into_iter().map(|name| (self.place(&name), name)).collect();
        let mut work: Vec<DatasetName> = all.iter().cloned().collect();
        while let Some(outer) = work.pop() {
            let place = self.place(&outer);
            let within = |(other, name): &&(String, DatasetName)| {
                name.is_under(&outer) || is_within(other, &place)
            };
            for (_, name) in mounted.iter().filter(within) {
                if all.insert(name.clone()) {
                    work.push(name.clone());
                }
            }
        }
        self.unmount(all)
    }

    /// Unmounts these, in an order that can be; returns all that were unmounted.
    ///
    /// `zfs unmount` takes those below in the tree along, wherever they are mounted: then innermost first is not enough.
    fn unmount(&mut self, all: BTreeSet<DatasetName>) -> Result<BTreeSet<DatasetName>, Refusal> {
        let mut gone = BTreeSet::new();
        let mut left: Vec<_> = all.into_iter().map(|name| (self.place(&name), name)).collect();
        left.sort();
        while !left.is_empty() {
            left.retain(|(_, name)| !gone.contains(name) && self.zfs.is_mounted(name));
            let next = left.iter().rposition(|(_, name)| self.holds_nothing(name, &left));
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
        let mut others = left.iter().filter(|(_, name)| !along.contains(name));
        let places: Vec<String> = along.iter().map(|name| self.place(name)).collect();
        !others.any(|(other, _)| places.iter().any(|place| is_within(other, place)))
    }
}

/// A path is another one, or below it.
fn is_within(path: &str, outer: &str) -> bool {
    let rest = path.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || outer == "/")
}
