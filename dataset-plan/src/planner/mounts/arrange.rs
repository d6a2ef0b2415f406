//! Draft after draft, with what has to be unmounted for each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::conflict::{Conflict, Part};
use super::places::Places;
use super::stage::{Cause, Effect, Stage};
use super::wishes;
use crate::observed::Observed;
use crate::order;
use crate::path::{tidy, upwards};
use crate::plan::{Action, Reason, Risk};
use crate::planner::Draft;
use crate::policy::Policy;
use crate::spec::Desired;
use crate::tree::Tree;

/// What the drafts have become.
#[derive(Default)]
pub(in crate::planner) struct Arranged {
    /// Drafts in the order of running.
    pub(in crate::planner) sequence: Vec<usize>,
    pub(in crate::planner) conflicts: Vec<Conflict>,
    /// Declared datasets that shall be mounted, are not, and may not be by the policy.
    pub(in crate::planner) unmounted: Vec<usize>,
    /// Declared datasets that shall be mounted, are not, and would not be by ZFS: `canmount` is another one than `on`.
    pub(in crate::planner) unmountable: Vec<usize>,
}

/// A filesystem that is not mounted and shall be.
#[derive(Clone, Debug)]
pub(super) struct Waiting<'t> {
    /// It can be mounted after so many drafts.
    pub(super) ready: usize,
    pub(super) why: Why,
    /// Where, as things stand.
    place: Option<Cow<'t, str>>,
}

impl Waiting<'_> {
    /// Something that has its place already.
    pub(super) fn new(ready: usize, why: Why) -> Self {
        Self { ready, why, place: None }
    }
}

/// Why a filesystem that shall be mounted is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It was in the way of this draft, and was unmounted by that one.
    InTheWay {
        /// What it was in the way of.
        of: usize,
        /// What unmounted it.
        unmount: usize,
    },
    /// This draft created it, and something would have covered it.
    Created(usize),
    /// It was not from the beginning.
    Before,
}

/// Since when a filesystem is mounted where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    /// After so many drafts.
    pub(super) position: usize,
    /// The draft that mounted it.
    pub(super) draft: usize,
}

pub(super) struct Arrange<'t, 'a, 'd> {
    pub(super) stage: Stage<'t, 'a>,
    pub(super) observed: &'t Observed,
    pub(super) policy: &'t Policy,
    pub(super) drafts: &'d mut Vec<Draft>,
    /// Drafts in the order of running; `None` for one that was put off.
    pub(super) sequence: Vec<Option<usize>>,
    pub(super) waiting: BTreeMap<usize, Waiting<'t>>,
    /// The same by the places where they would be mounted.
    waiting_at: BTreeSet<(Cow<'t, str>, usize)>,
    /// What was mounted since the beginning.
    pub(super) since: HashMap<usize, Since>,
    /// Drafts that own the directory of a row, and wait until it is mounted.
    pub(super) owning: BTreeMap<usize, Vec<usize>>,
    /// Where drafts mount and unmount.
    pub(super) events: HashMap<usize, Vec<Cow<'t, str>>>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) unmounted: Vec<usize>,
    pub(super) unmountable: Vec<usize>,
}

/// Puts drafts in an order that runs, and adds what has to be unmounted and mounted by hand. What is not mounted and
/// `forbidden` is not mounted.
pub(in crate::planner) fn arrange<'t>(
    tree: &'t Tree<'_>,
    desired: &'t Desired<'_>,
    observed: &'t Observed,
    policy: &'t Policy,
    forbidden: &dyn Fn(usize) -> bool,
    drafts: &mut Vec<Draft>,
) -> Arranged {
    let waits = |at: &usize| {
        let row = tree.row(*at);
        row.is_some_and(|row| {
            tree.noted_place(*at).is_none()
                && row.observed.is_some_and(|dataset| dataset.mounted == Some(false))
                && row.want.is_some_and(|want| want.mounted_at().is_some())
        })
    };
    let waiting = (0..tree.len()).filter(waits).filter(|at| !forbidden(*at));
    let waiting: Vec<usize> = waiting.collect();
    if waiting.is_empty() && !drafts.iter().any(|draft| draft.may_mount) {
        let sequence = order::sequence(drafts);
        return Arranged { sequence, ..Arranged::default() };
    }
    let only = if waiting.is_empty() { Places::of_new(tree, drafts) } else { None };
    let stage = Stage::before(tree, desired, observed, drafts, only.as_ref());
    wishes::add(&stage, &stage.goal(), drafts);
    let mut arrange = Arrange {
        stage,
        observed,
        policy,
        drafts,
        sequence: Vec::new(),
        waiting: BTreeMap::new(),
        waiting_at: BTreeSet::new(),
        since: HashMap::new(),
        owning: BTreeMap::new(),
        events: HashMap::new(),
        conflicts: Vec::new(),
        unmounted: Vec::new(),
        unmountable: Vec::new(),
    };
    for at in waiting {
        arrange.wait(at, 0, Why::Before);
    }
    for draft in order::sequence(arrange.drafts) {
        arrange.step(draft);
    }
    arrange.finish()
}

impl<'t> Arrange<'t, '_, '_> {
    fn wait(&mut self, at: usize, ready: usize, why: Why) {
        let place = self.stage.mountpoint(at);
        self.waiting_at.extend(place.clone().map(|place| (place, at)));
        self.waiting.insert(at, Waiting { ready, why, place });
    }

    fn stop_waiting(&mut self, at: usize) -> Option<Waiting<'t>> {
        let mut waiting = self.waiting.remove(&at)?;
        if let Some(place) = waiting.place.take() {
            self.waiting_at.remove(&(place, at));
        }
        Some(waiting)
    }

    fn step(&mut self, draft: usize) {
        let Some(planned) = self.drafts.get(draft) else { return };
        if let Action::Own { path, .. } = &planned.action {
            let (at, there) = (planned.row, self.stage.place(planned.row));
            if there.is_some_and(|place| *place == *tidy(path.into())) {
                self.sequence.push(Some(draft));
            } else {
                self.owning.entry(at).or_default().push(draft);
            }
            return;
        }
        let effect = loop {
            let effect = self.drafts.get(draft).and_then(|planned| self.stage.effect(planned));
            let Some(effect) = effect else {
                self.stage.set_done(draft, true);
                self.sequence.push(Some(draft));
                let moves = self.drafts.get(draft).filter(|draft| draft.may_mount);
                if let Some(top) = moves.map(|draft| draft.row) {
                    self.move_waiting(top, false);
                }
                return;
            };
            match self.obstacles(draft, &effect) {
                Ok(rows) if rows.is_empty() => break effect,
                Ok(rows) => {
                    let of = self.drafts.get(draft).map(|draft| draft.row).unwrap_or_default();
                    if rows.into_iter().any(|at| self.take_aside(at, of, draft).is_none()) {
                        return;
                    }
                }
                Err(conflict) => {
                    self.conflicts.extend(conflict);
                    return;
                }
            }
        };
        self.carry_out(draft, &effect);
    }

    /// Unmounts what is in the way of a draft; what is new is not mounted in the first place.
    fn take_aside(&mut self, at: usize, other: usize, of: usize) -> Option<()> {
        if self.stage.place(at).is_none() {
            // Unmounted with another one.
            return Some(());
        }
        if let Some(draft) = self.created_by(at) {
            self.put_off(draft, at);
            self.stage.unmount(at);
            self.since.remove(&at);
            self.wait(at, self.sequence.len(), Why::Created(draft));
            return Some(());
        }
        let sake = self.drafts.get(of).map(Draft::parts).unwrap_or_default();
        let unmount = self.draft_unmount(at, other, sake)?;
        self.sequence.push(Some(unmount));
        let why = Why::InTheWay { of, unmount };
        let position = self.sequence.len();
        for (place, along) in self.stage.unmounts(at) {
            self.stage.unmount(along);
            self.since.remove(&along);
            self.delay(&place, position, true);
            self.wait(along, position, why);
        }
        self.move_waiting(at, true);
        Some(())
    }

    /// The draft that has created what is mounted, if that was all that happened to it.
    pub(super) fn created_by(&self, at: usize) -> Option<usize> {
        let draft = self.since.get(&at)?.draft;
        let action = &self.drafts.get(draft).filter(|draft| draft.row == at)?.action;
        matches!(action, Action::Create { mount: true, .. }).then_some(draft)
    }

    /// A dataset is created without being mounted, and owned once it is.
    fn put_off(&mut self, draft: usize, at: usize) {
        self.events.remove(&draft);
        if let Some(creating) = self.drafts.get_mut(draft) {
            creating.risk.remove(Risk::MOUNTS);
            if let Action::Create { mount, .. } = &mut creating.action {
                *mount = false;
            }
        }
        for slot in &mut self.sequence {
            let own = slot
                .and_then(|draft| self.drafts.get(draft))
                .is_some_and(|draft| draft.row == at && matches!(draft.action, Action::Own { .. }));
            if own {
                self.owning.entry(at).or_default().extend(slot.take());
            }
        }
    }

    pub(super) fn push(&mut self, draft: Draft, places: Vec<Cow<'t, str>>) -> usize {
        self.drafts.push(draft);
        let index = self.drafts.len() - 1;
        self.events.insert(index, places);
        index
    }

    /// Nothing is in the way: what is mounted after the draft.
    fn carry_out(&mut self, draft: usize, effect: &Effect) {
        let leaves = self.stage.leaves(effect);
        let mut places: Vec<Cow<'t, str>> =
            leaves.iter().filter_map(|at| self.stage.place(*at)).collect();
        self.stage.set_done(draft, true);
        let arrives = self.stage.arrives(effect, &leaves);
        self.sequence.push(Some(draft));
        let position = self.sequence.len();
        for at in &leaves {
            self.stage.unmount(*at);
            self.since.remove(at);
        }
        for place in &places {
            self.delay(place, position, true);
        }
        for (at, place) in arrives {
            self.delay(&place, position, false);
            self.stop_waiting(at);
            self.stage.mount(at, place.clone());
            self.since.insert(at, Since { position, draft });
            places.push(place);
            let owning = self.owning.remove(&at).into_iter().flatten();
            self.sequence.extend(owning.map(Some));
        }
        if let Some(top) = self.drafts.get(draft).map(|draft| draft.row) {
            self.move_waiting(top, false);
        }
        self.events.insert(draft, places);
        let names = leaves.iter().filter_map(|at| self.stage.tree.row(*at));
        let names: Vec<_> = names.map(|row| row.name.clone().into_owned()).collect();
        let mounted = effect.list.iter().any(|at| self.stage.place(*at).is_some());
        if let Some(draft) = self.drafts.get_mut(draft) {
            draft.remounts = names;
            draft.remounts.retain(|name| *name != draft.dataset);
            draft.risk.set(Risk::MOUNTS, effect.cause == Cause::Create && mounted);
        }
    }

    /// What waits to be mounted cannot be before this: it would have been in the way.
    #[expect(clippy::ptr_arg, reason = "as the table has it: borrowed mostly")]
    fn delay(&mut self, place: &Cow<'t, str>, position: usize, leaves: bool) {
        let at_or_below = |other: &str| {
            let rest = other.strip_prefix(&**place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || **place == *"/"
        };
        let from = self.waiting_at.range((place.clone(), 0)..);
        let from = from.take_while(|(other, _)| other.starts_with(&**place));
        let mut rows: Vec<usize> =
            from.filter(|(other, _)| at_or_below(other)).map(|(_, at)| *at).collect();
        for above in upwards(place).filter(|_| leaves) {
            let above: Cow<'t, str> = above.to_owned().into();
            let there = self.waiting_at.range((above.clone(), 0)..);
            rows.extend(there.take_while(|(other, _)| *other == above).map(|(_, at)| *at));
        }
        for at in rows {
            if let Some(waiting) = self.waiting.get_mut(&at) {
                waiting.ready = position;
            }
        }
    }

    /// What waits below a dataset has another place perhaps, or would have been unmounted `along` with it: then it cannot
    /// be mounted before.
    fn move_waiting(&mut self, top: usize, along: bool) {
        let rows: Vec<usize> =
            self.waiting.range(top..self.stage.tree.end_of(top)).map(|(at, _)| *at).collect();
        for at in rows {
            let place = self.stage.mountpoint(at);
            let stays = |waiting: &Waiting<'_>| !along && waiting.place == place;
            if self.waiting.get(&at).is_some_and(stays) {
                continue;
            }
            if let Some(waiting) = self.stop_waiting(at) {
                self.wait(at, self.sequence.len(), waiting.why);
            }
        }
    }

    /// Unmounts a filesystem that is in the way of another one.
    pub(super) fn draft_unmount(
        &mut self,
        at: usize,
        of: usize,
        sake: Vec<(usize, Part)>,
    ) -> Option<usize> {
        let (name, of) = (self.stage.dataset(at)?, self.stage.dataset(of)?);
        let reason = Reason::InTheWay { of };
        let mut draft = Draft::new(at, name.clone(), Action::Unmount, reason);
        draft.risk = Risk::REMOUNTS;
        draft.sake = sake;
        let all = self.stage.unmounts(at);
        let names: Vec<_> = all.iter().filter_map(|(_, at)| self.stage.dataset(*at)).collect();
        draft.remounts = names.into_iter().filter(|other| *other != name).collect();
        Some(self.push(draft, all.into_iter().map(|(place, _)| place).collect()))
    }
}
