//! What turned out to be impossible when the whole plan was seen.

use std::collections::BTreeMap;

use super::mounts::{Conflict, Part};
use crate::plan::Obstacle;

/// Parts of the plan that cannot be, by row.
#[derive(Default)]
pub(super) struct Vetoes(BTreeMap<(usize, Part), Veto>);

/// Why.
#[derive(Clone)]
pub(super) struct Veto {
    pub(super) code: Obstacle,
    pub(super) what: String,
    pub(super) remedy: &'static str,
}

impl Vetoes {
    /// Whatever is in conflict is not planned again.
    pub(super) fn add(&mut self, conflicts: Vec<Conflict>) {
        for Conflict { row, parts, code, what, remedy } in conflicts {
            for part in parts {
                let veto = Veto { code, what: what.clone(), remedy };
                self.0.entry((row, part)).or_insert(veto);
            }
        }
    }

    pub(super) fn has(&self, row: usize, part: Part) -> bool {
        self.0.contains_key(&(row, part))
    }

    pub(super) fn get(&self, row: usize, part: Part) -> Option<&Veto> {
        self.0.get(&(row, part))
    }
}
