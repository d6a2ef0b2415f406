//! From drafts that name what they need to numbered steps in an order that runs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::plan::{Step, StepId};
use crate::planner::Draft;
use crate::tree::Tree;

/// Puts every draft behind what it needs, and otherwise keeps the order of the tree.
///
/// Needs never form a circle: a creation needs drafts of ancestors, a set needs sets of
/// existing descendants, which need nothing.
pub(crate) fn steps(tree: &Tree<'_>, drafts: Vec<Draft>) -> Vec<Step> {
    let mut waiting: Vec<usize> = Vec::with_capacity(drafts.len());
    let mut unlocks: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (index, draft) in drafts.iter().enumerate() {
        waiting.push(draft.needs.len());
        for need in &draft.needs {
            unlocks.get_mut(*need).map(|list| list.push(index)).unwrap_or_default();
        }
    }
    let ready = waiting.iter().enumerate().filter(|(_, needs)| **needs == 0);
    let mut ready: BinaryHeap<_> = ready.map(|(index, _)| Reverse(index)).collect();
    let mut order = Vec::with_capacity(drafts.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for next in unlocks.get(index).into_iter().flatten() {
            if let Some(needs) = waiting.get_mut(*next) {
                *needs -= 1;
                if *needs == 0 {
                    ready.push(Reverse(*next));
                }
            }
        }
    }
    let mut number = vec![0; drafts.len()];
    for (place, index) in order.iter().enumerate() {
        number.get_mut(*index).map(|id| *id = place + 1).unwrap_or_default();
    }
    let id = |draft: &usize| number.get(*draft).copied().map(StepId);
    let mut steps: Vec<Step> = drafts
        .into_iter()
        .enumerate()
        .filter_map(|(index, draft)| {
            let mut needs: Vec<StepId> = draft.needs.iter().filter_map(id).collect();
            needs.sort();
            needs.dedup();
            Some(Step {
                id: id(&index)?,
                needs,
                dataset: tree.row(draft.row)?.name.clone(),
                action: draft.action,
                reason: draft.reason,
                risk: draft.risk,
                heirs: draft.heirs,
                remounts: Vec::new(),
                expects: Vec::new(),
                undo: crate::plan::Undo::Do(Vec::new()),
            })
        })
        .collect();
    steps.sort_by_key(|step| step.id);
    steps
}
