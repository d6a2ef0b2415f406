//! Steps that one command can carry out together.
//!
//! `zfs set` and `zfs inherit` take many datasets. Where many steps do the same to different datasets,
//! one process does them all.

use std::collections::BTreeMap;

use crate::command::Command;
use crate::plan::{Action, Plan, Step, StepId};

/// Bytes of names that one command is given, far below what any system takes (`ARG_MAX`; Linux has
/// 128 KiB at least).
const NAMES: usize = 64 << 10;

/// Steps that are done together, by one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'p> {
    steps: Vec<&'p Step>,
}

impl<'p> Batch<'p> {
    /// The steps; at least one.
    pub fn steps(&self) -> &[&'p Step] {
        &self.steps
    }

    /// The command for all of them.
    pub fn command(&self) -> Command {
        match self.steps.first() {
            Some(first) => first.action.command(self.steps.iter().map(|step| &step.dataset)),
            None => Command::new([]),
        }
    }
}

/// A batch that may grow.
struct Open {
    /// Its place among the batches.
    batch: usize,
    /// Bytes of names so far.
    names: usize,
}

impl Plan {
    /// The steps in batches, in an order that respects what each needs. A step joins an earlier batch
    /// if it does the same and everything that it needs is done before.
    pub fn batches(&self) -> Vec<Batch<'_>> {
        let mut batches: Vec<Batch<'_>> = Vec::new();
        let mut open: BTreeMap<String, Open> = BTreeMap::new();
        // The batch of every step, by its number.
        let mut place: BTreeMap<StepId, usize> = BTreeMap::new();
        for step in self.steps() {
            let after = step.needs.iter().filter_map(|need| place.get(need)).max();
            let length = step.dataset.as_str().len() + 1;
            let key = key(&step.action);
            let joined = key.as_ref().and_then(|key| open.get_mut(key)).filter(|open| {
                after.is_none_or(|after| *after < open.batch) && open.names + length <= NAMES
            });
            let batch = if let Some(open) = joined {
                open.names += length;
                open.batch
            } else {
                let batch = batches.len();
                batches.push(Batch { steps: Vec::new() });
                if let Some(key) = key {
                    open.insert(key, Open { batch, names: length });
                }
                batch
            };
            place.insert(step.id, batch);
            if let Some(batch) = batches.get_mut(batch) {
                batch.steps.push(step);
            }
        }
        batches
    }
}

/// What steps have in common that one command can do; `None`: each wants its own.
fn key(action: &Action) -> Option<String> {
    match action {
        // What mounts and unmounts has its place in the order.
        _ if action.may_mount() => None,
        Action::Set(_) | Action::Inherit(_) | Action::Revert(_) => {
            Some(action.command([]).to_string())
        }
        _ => None,
    }
}
