//! What turned out to be impossible when the whole plan was seen.

use std::collections::BTreeMap;

use zfs_props::property::Property;

use super::mounts::{Conflict, Part};
use crate::plan::Obstacle;

/// How often a plan is begun anew before everything that is in conflict is left out at once. Mostly, all
/// conflicts are found the first time; what is in the way of what is only seen once that is left out takes another one.
const ROUNDS: usize = 16;

/// Parts of the plan that cannot be, by row.
#[derive(Default)]
pub(super) struct Vetoes {
    by_row: BTreeMap<(usize, Part), Veto>,
    /// Nothing is mounted or unmounted at all.
    all: Option<Veto>,
    rounds: usize,
}

/// Why.
#[derive(Clone)]
pub(super) struct Veto {
    pub(super) code: Obstacle,
    pub(super) what: String,
    pub(super) remedy: &'static str,
}

impl Vetoes {
    /// Nothing that mounts or unmounts is planned.
    pub(super) fn everything() -> Self {
        Self { all: Some(too_many()), ..Self::default() }
    }

    /// Whatever is in conflict is not planned again. What only waits to be mounted is judged last: what is in its way
    /// may not come.
    pub(super) fn add(&mut self, mut conflicts: Vec<Conflict>) {
        let known = self.by_row.len();
        let only_waits =
            |conflict: &Conflict| conflict.parts.iter().all(|(_, part)| *part == Part::Mount);
        if !conflicts.iter().all(only_waits) {
            conflicts.retain(|conflict| !only_waits(conflict));
        }
        for Conflict { parts, code, what, remedy } in conflicts {
            for part in parts {
                let veto = Veto { code, what: what.clone(), remedy };
                self.by_row.entry(part).or_insert(veto);
            }
        }
        self.rounds += 1;
        if self.rounds > ROUNDS || known == self.by_row.len() {
            self.all = Some(too_many());
        }
    }

    /// Nothing was left out.
    pub(super) fn is_empty(&self) -> bool {
        self.by_row.is_empty() && self.all.is_none()
    }

    /// Nothing that mounts or unmounts is planned any more.
    pub(super) fn is_exhausted(&self) -> bool {
        self.all.is_some()
    }

    /// The properties that are not changed, by row.
    pub(super) fn properties(&self) -> impl Iterator<Item = (usize, Property)> {
        self.by_row.keys().filter_map(|(row, part)| match part {
            Part::Property(property) => Some((*row, *property)),
            _ => None,
        })
    }

    pub(super) fn has(&self, row: usize, part: Part) -> bool {
        self.get(row, part).is_some()
    }

    pub(super) fn get(&self, row: usize, part: Part) -> Option<&Veto> {
        self.by_row.get(&(row, part)).or(self.all.as_ref().filter(|_| part.mounts()))
    }
}

fn too_many() -> Veto {
    Veto {
        code: Obstacle::Busy,
        what: "too many mounts are in the way of each other".into(),
        remedy: "change fewer mountpoints at a time",
    }
}
