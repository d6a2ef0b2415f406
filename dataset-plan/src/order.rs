//! From drafts that name what they need to numbered steps in an order that runs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::plan::{Step, StepId};
use crate::planner::Draft;

/// The drafts with every one behind what it needs, and otherwise in the order of the tree.
///
/// Needs never form a circle: what is created or renamed needs the arrivals of its ancestors, a change
/// needs changes of existing descendants, which need nothing but arrivals, and removals are apart. What a draft
/// should only better come after can form one (two mountpoints that are swapped): the earliest of
/// those waiting goes first then.
pub(crate) fn sequence(drafts: &[Draft]) -> Vec<usize> {
    // How many needs and wishes each waits for.
    let mut waiting: Vec<(usize, usize)> = Vec::with_capacity(drafts.len());
    let mut unlocks: Vec<Vec<(usize, bool)>> = vec![Vec::new(); drafts.len()];
    for (index, draft) in drafts.iter().enumerate() {
        waiting.push((draft.needs.len(), draft.after.len()));
        let needs = draft.needs.iter().map(|other| (other, true));
        for (other, hard) in needs.chain(draft.after.iter().map(|other| (other, false))) {
            if let Some(list) = unlocks.get_mut(*other) {
                list.push((index, hard));
            }
        }
    }
    let with = |wanted: fn(&(usize, usize)) -> bool, waiting: &[(usize, usize)]| {
        let indices = waiting.iter().enumerate().filter(|(_, counts)| wanted(counts));
        indices.map(|(index, _)| Reverse(index)).collect::<BinaryHeap<_>>()
    };
    let mut ready = with(|counts| *counts == (0, 0), &waiting);
    // What only wishes hold back.
    let mut possible = with(|(needs, after)| *needs == 0 && *after > 0, &waiting);
    let mut done = vec![false; drafts.len()];
    let mut order = Vec::with_capacity(drafts.len());
    while let Some(Reverse(index)) = ready.pop().or_else(|| possible.pop()) {
        match done.get_mut(index) {
            Some(done) if !*done => *done = true,
            _ => continue,
        }
        order.push(index);
        for (next, hard) in unlocks.get(index).into_iter().flatten() {
            let Some((needs, after)) = waiting.get_mut(*next) else { continue };
            *(if *hard { &mut *needs } else { &mut *after }) -= 1;
            match (*needs, *after) {
                (0, 0) => ready.push(Reverse(*next)),
                (0, _) if *hard => possible.push(Reverse(*next)),
                _ => {}
            }
        }
    }
    order
}

/// The drafts of a sequence as numbered steps.
pub(crate) fn steps(drafts: Vec<Draft>, sequence: &[usize]) -> Vec<Step> {
    let mut number = vec![None; drafts.len()];
    for (place, index) in sequence.iter().enumerate() {
        if let Some(number) = number.get_mut(*index) {
            *number = Some(StepId(place + 1));
        }
    }
    let id = |draft: &usize| number.get(*draft).copied().flatten();
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    let drafts =
        sequence.iter().filter_map(|index| Some((id(index)?, drafts.get_mut(*index)?.take()?)));
    let step = |(own, draft): (StepId, Draft)| {
        let mut needs: Vec<StepId> = draft.needs.iter().filter_map(id).collect();
        // A wish that was granted is kept by whoever runs steps side by side.
        needs.extend(draft.after.iter().filter_map(id).filter(|other| *other < own));
        needs.sort_unstable();
        needs.dedup();
        Step {
            id: own,
            needs,
            dataset: draft.dataset,
            action: draft.action,
            reason: draft.reason,
            risk: draft.risk,
            heirs: draft.heirs,
            remounts: draft.remounts,
            expects: draft.expects,
            undo: draft.undo,
        }
    };
    drafts.map(step).collect()
}
