//! Which drafts should better come first, so that nothing has to be unmounted by hand.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::stage::{Cause, Stage};
use crate::path::upwards;
use crate::planner::Draft;

/// What a draft takes from a place, or brings to it.
struct Moving<'t> {
    place: Cow<'t, str>,
    draft: usize,
    /// How deep in the tree it was decided.
    decided: usize,
}

type ByRow<'t> = BTreeMap<usize, Moving<'t>>;

/// Adds to each draft those that it should come after. `before` and `after` are the machine before the plan and after all of
/// its drafts.
///
/// * What is mounted comes after what is mounted above it.
/// * What is mounted comes after what leaves its place, or a place below.
/// * What leaves comes after what leaves from below its place.
///
/// Where the first contradicts the others, it counts: then one has to be unmounted by hand, instead of unmounted and
/// mounted.
pub(super) fn add(before: &Stage<'_, '_>, after: &Stage<'_, '_>, drafts: &mut [Draft]) {
    let (mut leaving, mut arriving) = (ByRow::new(), ByRow::new());
    for (index, draft) in drafts.iter().enumerate() {
        if let Some(effect) = before.effect(draft) {
            for at in before.leaves(&effect) {
                note(&mut leaving, at, before.place(at), index, draft.row);
            }
        }
        if let Some(effect) = after.effect(draft) {
            for at in effect.list {
                let mounts = before.place(at).is_some()
                    || effect.cause != Cause::Destroy && after.can(at, "on");
                let place = after.mountable(at).filter(|_| mounts);
                note(&mut arriving, at, place, index, draft.row);
            }
        }
    }
    let (from, to) = (by_place(&leaving), by_place(&arriving));
    let mut wishes = Wishes { drafts, made: HashSet::new() };
    for (place, draft) in &to {
        let above = upwards(place).skip(1).filter_map(|place| to.get(place));
        for first in above {
            wishes.wish(*draft, *first);
        }
    }
    for (place, first) in &from {
        let taken = upwards(place).filter_map(|place| to.get(place));
        let left = upwards(place).skip(1).find_map(|place| from.get(place));
        for draft in taken.chain(left) {
            wishes.wish(*draft, *first);
        }
    }
}

fn by_place<'m>(moving: &'m ByRow<'_>) -> BTreeMap<&'m str, usize> {
    moving.values().map(|moving| (&*moving.place, moving.draft)).collect()
}

/// The draft that is nearest to a row decides.
fn note<'t>(
    moving: &mut ByRow<'t>,
    at: usize,
    place: Option<Cow<'t, str>>,
    draft: usize,
    decided: usize,
) {
    let Some(place) = place else { return };
    if moving.get(&at).is_none_or(|known| known.decided <= decided) {
        moving.insert(at, Moving { place, draft, decided });
    }
}

struct Wishes<'d> {
    drafts: &'d mut [Draft],
    made: HashSet<(usize, usize)>,
}

impl Wishes<'_> {
    fn wish(&mut self, draft: usize, first: usize) {
        if draft == first || self.made.contains(&(first, draft)) {
            return;
        }
        if self.made.insert((draft, first)) {
            if let Some(draft) = self.drafts.get_mut(draft) {
                draft.after.push(first);
            }
        }
    }
}
