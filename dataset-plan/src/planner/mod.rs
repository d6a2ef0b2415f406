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
mod properties;
mod remove;

use std::collections::BTreeMap;

use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::release::Release;

pub(crate) use draft::Draft;
use mounts::{Leaving, Mounting, Taken};
use moves::Moves;

use crate::observed::{Dataset, Observed};
use crate::plan::{Action, Blocked, Kept, Obstacle, Plan, Reason, Undo, Untouched};
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
pub fn plan_desired(desired: &Desired, observed: &Observed, policy: &Policy) -> Plan {
    let (moves, renamed) = Moves::find(desired, observed);
    let mut planner = Planner {
        desired,
        policy,
        observed: &renamed,
        release: desired.release,
        tree: Tree::new(desired, &renamed),
        moves,
        drafts: Vec::new(),
        keys: BTreeMap::new(),
        mountings: Vec::new(),
        leavings: Vec::new(),
        taken: None,
        blocked: Vec::new(),
        untouched: Vec::new(),
    };
    if policy.heirs == Heirs::Protect {
        planner.tree.hold_back();
    }
    planner.walk();
    planner.remove();
    planner.make_way();
    planner.order_mounts();
    let steps = crate::order::steps(std::mem::take(&mut planner.drafts));
    let Planner { release, blocked, untouched, .. } = planner;
    Plan { release, steps, blocked, untouched }
}

struct Planner<'a> {
    desired: &'a Desired,
    policy: &'a Policy,
    /// With every moved dataset under its new name.
    observed: &'a Observed,
    release: Release,
    tree: Tree<'a>,
    moves: Moves,
    drafts: Vec<Draft>,
    /// Drafts that load a key, by the dataset whose key it is.
    keys: BTreeMap<DatasetName, usize>,
    /// What is mounted anew, and where.
    mountings: Vec<Mounting>,
    /// What is mounted and moves.
    leavings: Vec<Leaving>,
    /// What is mounted now and stays, by path; found when it is needed.
    taken: Option<Taken>,
    blocked: Vec<Blocked>,
    untouched: Vec<Untouched>,
}

impl<'a> Planner<'a> {
    fn walk(&mut self) {
        let mut at = 0;
        while let Some(&Row { ref name, observed, want, base, holds, .. }) = self.tree.row(at) {
            let name = name.clone().into_owned();
            let mut next = at + 1;
            match (want, observed) {
                (_, Some(_)) if self.desired.absent.contains(&name) => {}
                _ if base && observed.is_some() => self.leave(name, Kept::Base),
                _ if base => self.miss_base(at, &name),
                (_, Some(_)) if self.moves.to(&name) && !self.arrive(at, &name) => {
                    next += self.tree.below(at).len();
                }
                (Some(want), Some(dataset)) => self.settle(at, &name, want, dataset),
                (Some(want), None) => self.create(at, &name, want),
                (None, None) => self.contain(at, &name),
                (None, Some(_)) if holds => self.leave(name, Kept::Holds),
                (None, Some(_)) => self.leave(name, Kept::Undeclared),
            }
            at = next;
        }
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
    fn settle(&mut self, at: usize, name: &DatasetName, want: &'a Want, dataset: &'a Dataset) {
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
        let settings = self.settle_properties(at, name, want, dataset);
        if want.kind() == DatasetKind::Filesystem {
            self.settle_directory(at, name, want, dataset, settings);
        }
        if (planned, blocked) == (self.drafts.len(), self.blocked.len()) {
            self.leave(name.clone(), Kept::InSync);
        }
    }

    /// Clones: of which snapshot, or of none.
    fn settle_origin(&mut self, at: usize, name: &DatasetName, want: &Want, dataset: &Dataset) {
        match (&want.origin, &dataset.origin) {
            (Some(Origin::Snapshot(wanted)), there) if there.as_ref() != Some(wanted) => {
                let there = there.as_ref().map_or("no clone".to_owned(), ToString::to_string);
                let what = format!("it is to be a clone of {wanted}, and it is {there}");
                let remedy = "leave `origin` out, or rename the dataset away";
                self.block(name, Obstacle::CreateOnly, what, remedy);
            }
            (Some(Origin::Independent), Some(origin)) => {
                let reason = Reason::Clone { of: origin.clone(), declared: want.path.to_string() };
                let mut draft = Draft::new(name.clone(), Action::Promote, reason);
                draft.needs.extend(self.tree.arrival(at));
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
