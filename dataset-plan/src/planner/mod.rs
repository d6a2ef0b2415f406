//! The planner: one walk down the tree, parents before children.
//!
//! At each dataset it asks what a property would be *after* the steps already planned further up,
//! and plans a change only if that is not what is declared. So a child that will inherit what it
//! wants gets none, and a child that has by inheritance what it wants and would lose it gets one
//! that runs before its ancestor's.

mod create;
mod directory;
mod draft;
mod inverse;
mod mounts;
mod moves;
mod ownership;
mod proof;
mod properties;
mod quotas;
mod remove;
mod space;
mod vetoes;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::release::Release;

pub(crate) use draft::Draft;
use mounts::{Conflict, Part};
use moves::Moves;
use vetoes::Vetoes;

use crate::observed::{Dataset, Observed};
use crate::plan::{
    Action, Blocked, Expectation, Kept, Names, Obstacle, Plan, Reason, Undo, Untouched,
};
use crate::policy::{Heirs, Policy};
use crate::problem::Problems;
use crate::spec::{Desired, Origin, Spec, Want};
use crate::tree::{Row, Tree};

/// Plans what makes the observed datasets what the declaration says.
///
/// The plan depends on nothing else, and not on the order in which things were declared or
/// observed: the same input gives the same plan, byte for byte. What cannot be done is in
/// [`Plan::blocked`]; an error means that the declaration does not hold together.
pub fn plan(spec: &Spec, observed: &Observed, policy: &Policy) -> Result<Plan, Problems> {
    Ok(plan_desired(&spec.expand()?, observed, policy))
}

/// Plans from a declaration that was worked out already, for many hosts or many observations.
pub fn plan_desired(desired: &Desired<'_>, observed: &Observed, policy: &Policy) -> Plan {
    proof::plan(desired, observed, policy)
}

/// A plan that was not carried out yet.
struct Proposal {
    plan: Plan,
    /// Nothing in it has to be proven.
    is_plain: bool,
    /// Of each step: the row of its dataset, and what it is there for, if that is not its own doing.
    purposes: Vec<(usize, Vec<(usize, Part)>)>,
}

impl Proposal {
    /// What must be left out if a step is refused.
    fn parts(&self, step: usize) -> Vec<(usize, Part)> {
        match (self.purposes.get(step), self.plan.steps.get(step)) {
            (Some((row, sake)), Some(step)) if sake.is_empty() => {
                mounts::of_row(*row, &step.action)
            }
            (purpose, _) => purpose.map(|(_, sake)| sake.clone()).unwrap_or_default(),
        }
    }
}

struct Planner<'a> {
    desired: &'a Desired<'a>,
    policy: &'a Policy,
    /// As it is.
    original: &'a Observed,
    /// With every moved dataset under its new name.
    observed: &'a Observed,
    moves: &'a Moves,
    vetoes: &'a Vetoes,
    release: Release,
    tree: Tree<'a>,
    drafts: Vec<Draft>,
    /// What is destroyed, with its snapshots, children first.
    removals: Vec<(usize, Vec<remove::Granted>)>,
    blocked: Vec<Blocked>,
    untouched: Vec<Untouched>,
    /// What was found acceptable last.
    accepted: Option<create::Accepted>,
    /// Of the dataset at hand: what has to change, and what is set and not declared. Empty between two datasets.
    needed: Vec<properties::Needed>,
    undeclared: Vec<&'a PropertyName>,
    /// What was set and not declared on the last dataset that had any.
    names: Option<Names>,
}

impl<'a> Planner<'a> {
    fn new(
        desired: &'a Desired<'a>,
        policy: &'a Policy,
        original: &'a Observed,
        observed: &'a Observed,
        moves: &'a Moves,
        vetoes: &'a Vetoes,
    ) -> Self {
        let mut tree = Tree::new(desired, observed, moves.targets());
        moves.tell(&mut tree);
        // Mostly, all of it is as declared.
        let untouched = Vec::with_capacity(tree.len());
        Self {
            desired,
            policy,
            original,
            observed,
            moves,
            vetoes,
            release: desired.release,
            tree,
            drafts: Vec::new(),
            removals: Vec::new(),
            blocked: Vec::new(),
            untouched,
            accepted: None,
            needed: Vec::new(),
            undeclared: Vec::new(),
            names: None,
        }
    }

    /// The plan, or what turned out to be impossible in it.
    fn plan(mut self) -> Result<Proposal, Vec<Conflict>> {
        self.find_removals();
        for (at, property) in self.vetoes.properties() {
            self.tree.hold(at, property.into());
        }
        if self.policy.heirs == Heirs::Protect {
            self.tree.hold_back();
        }
        self.walk();
        self.remove();
        let mut conflicts = self.order_renames();
        let Self { desired, policy, observed, vetoes, release, ref tree, ref mut drafts, .. } =
            self;
        let forbidden = |at| vetoes.has(at, Part::Mount);
        let arranged = mounts::arrange(tree, desired, observed, policy, &forbidden, drafts);
        conflicts.extend(arranged.conflicts);
        conflicts.extend(self.short_of_space(&arranged.sequence));
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        for at in arranged.unmounted {
            self.block_unmounted(at);
        }
        for at in arranged.unmountable {
            self.block_unmountable(at);
        }
        self.blocked.sort_by(|a, b| a.dataset.cmp(&b.dataset));
        let mut sequence = arranged.sequence.iter().filter_map(|draft| self.drafts.get(*draft));
        let is_plain = !sequence.any(Draft::has_to_be_proven);
        let mut purpose = |draft: &usize| {
            self.drafts.get_mut(*draft).map(|draft| (draft.row, std::mem::take(&mut draft.sake)))
        };
        let purposes = arranged.sequence.iter().filter_map(&mut purpose).collect();
        let steps = crate::order::steps(self.drafts, &arranged.sequence);
        let plan = Plan { release, steps, blocked: self.blocked, untouched: self.untouched };
        Ok(Proposal { plan, is_plain, purposes })
    }

    fn walk(&mut self) {
        let mut at = 0;
        while at < self.tree.len() {
            self.tree.enter(at);
            let Some(&Row { ref name, observed, want, base, holds, .. }) = self.tree.row(at) else {
                return;
            };
            // Mostly a copy of a reference.
            let name = name.clone();
            let name = &*name;
            let mut next = at + 1;
            let refused = self.moves.refused(name);
            if let Some(from) = refused {
                self.refuse_move(from, name);
            }
            match (want, observed) {
                (_, None) if refused.is_some() => {}
                _ if base && observed.is_some() => self.leave(name.clone(), Kept::Base),
                (_, Some(_)) if self.desired.absent.contains(name) => {}
                _ if base => self.miss_base(at, name),
                (_, Some(_)) if self.moves.to(name) && !self.arrive(at, name) => {
                    next = self.tree.end_of(at);
                }
                (Some(want), Some(dataset)) => self.settle(at, name, want, dataset),
                (Some(want), None) => self.create(at, name, want),
                (None, None) => self.contain(at, name),
                (None, Some(dataset)) => {
                    let planned = self.drafts.len();
                    self.leave_behind(at, name, dataset);
                    if planned == self.drafts.len() {
                        self.leave(
                            name.clone(),
                            if holds { Kept::Holds } else { Kept::Undeclared },
                        );
                    }
                }
            }
            at = next;
        }
    }

    /// Something turned out to be impossible when the whole plan was seen.
    fn is_vetoed(&mut self, at: usize, part: Part, name: &DatasetName) -> bool {
        let Some(veto) = self.vetoes.get(at, part) else { return false };
        // One reason for all of it.
        let new = !self.blocked.iter().rev().take(4).any(|blocked| {
            blocked.dataset == *name && blocked.code == veto.code && blocked.what == veto.what
        });
        if new {
            self.block(name, veto.code, veto.what.clone(), veto.remedy);
        }
        true
    }

    fn leave(&mut self, dataset: DatasetName, why: Kept) {
        self.untouched.push(Untouched { dataset, why });
    }

    fn block(&mut self, dataset: &DatasetName, code: Obstacle, what: String, remedy: &str) {
        let (dataset, remedy) = (dataset.clone(), remedy.to_owned());
        self.blocked.push(Blocked { dataset, code, what, remedy });
    }

    fn push(&mut self, draft: Draft) -> usize {
        self.drafts.push(draft);
        self.drafts.len() - 1
    }

    /// A declared dataset that exists.
    fn settle(&mut self, at: usize, name: &DatasetName, want: &'a Want<'a>, dataset: &'a Dataset) {
        if let Some(kind) = dataset.kind.filter(|kind| *kind != want.kind()) {
            let what = format!("{} declares a {}, and it is a {kind}", want.path, want.kind());
            self.block(name, Obstacle::WrongKind, what, "rename one of the two");
            return;
        }
        if let Some((wanted, guid)) = want.guid.zip(dataset.guid).filter(|(a, b)| a != b) {
            let what = format!("{} declares guid {wanted}, and it has {guid}", want.path);
            let remedy = "it is another dataset: rename it away, or correct the declaration";
            self.block(name, Obstacle::OtherDataset, what, remedy);
            return;
        }
        let (planned, blocked) = (self.drafts.len(), self.blocked.len());
        self.settle_origin(at, name, want, dataset);
        self.settle_properties(at, name, want, dataset);
        if want.kind() == DatasetKind::Filesystem {
            self.settle_directory(at, name, want, dataset);
        }
        let unmounted = dataset.mounted == Some(false) && want.mounted_at().is_some();
        let mounts = unmounted && !self.is_vetoed(at, Part::Mount, name);
        if !mounts && (planned, blocked) == (self.drafts.len(), self.blocked.len()) {
            self.leave(name.clone(), Kept::InSync);
        }
    }

    /// Clones: of which snapshot, or of none.
    fn settle_origin(&mut self, at: usize, name: &DatasetName, want: &Want<'_>, dataset: &Dataset) {
        match (&want.origin, &dataset.origin) {
            (Some(Origin::Snapshot(wanted)), there) if there.as_ref() != Some(wanted) => {
                let there = there.as_ref().map_or("no clone".to_owned(), ToString::to_string);
                let what = format!("it is to be a clone of {wanted}, and it is {there}");
                let remedy = "leave `origin` out, or rename the dataset away";
                self.block(name, Obstacle::CreateOnly, what, remedy);
            }
            (Some(Origin::Independent), Some(origin)) => {
                if self.is_vetoed(at, Part::Origin, name) {
                    return;
                }
                let reason = Reason::Clone { of: origin.clone(), declared: want.path.path() };
                let mut draft = Draft::new(at, name.clone(), Action::Promote, reason);
                draft.needs.extend(self.tree.arrival(at));
                if self.tree.arrival(at).is_none() {
                    let (dataset, guid) = (name.clone(), dataset.guid);
                    draft.expects.push(Expectation::Present { dataset, guid });
                }
                // The two change places.
                draft.undo = match origin.dataset_name() {
                    Ok(origin) => Undo::Do(vec![(origin, Action::Promote)]),
                    Err(error) => Undo::Impossible { because: error.to_string() },
                };
                self.push(draft);
            }
            _ => {}
        }
    }
}
