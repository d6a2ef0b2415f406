//! What takes a step back, and a whole plan.

use std::collections::BTreeSet;

use zfs_props::name::DatasetName;

use super::{Action, Blocked, Obstacle, Plan, Reason, Risk, Step, StepId};
use crate::policy::Policy;

/// What takes a [`Step`](super::Step) back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Undo {
    /// These, in this order, each on its dataset.
    Do(Vec<(DatasetName, Action)>),
    /// Nothing does.
    Impossible {
        /// Why.
        because: String,
    },
}

impl Plan {
    /// The plan that takes this one back, after it was carried out: the last step first.
    ///
    /// Whatever cannot be taken back is [blocked](Plan::blocked), and so is the destruction of what the
    /// plan created, unless the policy grants it: files may have been written since.
    #[must_use]
    pub fn undo(&self, policy: &Policy) -> Plan {
        let mut undo = Plan { release: self.release, ..Plan::default() };
        // What was done to datasets that go is gone with them.
        let actions = self.steps.iter().filter_map(|step| match &step.undo {
            Undo::Do(actions) => Some(actions),
            Undo::Impossible { .. } => None,
        });
        let destroyed = actions.flatten().filter(|(_, action)| *action == Action::Destroy);
        let goes: BTreeSet<&DatasetName> = destroyed
            .map(|(dataset, _)| dataset)
            .filter(|dataset| policy.destroy.contains(dataset.as_str()))
            .collect();
        // Datasets that hold one that stays.
        let mut kept: BTreeSet<DatasetName> = BTreeSet::new();
        for step in self.steps.iter().rev() {
            let actions = match &step.undo {
                Undo::Do(actions) => actions,
                Undo::Impossible { .. } if goes.contains(&step.dataset) => continue,
                Undo::Impossible { because } => {
                    let what = format!("step {} cannot be taken back: {because}", step.id);
                    undo.block(
                        &step.dataset,
                        Obstacle::Irreversible,
                        what,
                        "restore from a backup",
                    );
                    kept.extend(step.dataset.ancestors());
                    continue;
                }
            };
            for (dataset, action) in actions {
                let granted = match action {
                    Action::Destroy => policy.destroy.contains(dataset.as_str()),
                    Action::DestroySnapshot(snapshot) | Action::Rollback(snapshot) => {
                        policy.destroy.contains(snapshot.as_str())
                    }
                    _ => true,
                };
                if !granted {
                    let what = format!("step {} made it, and no grant names it", step.id);
                    let remedy = "see what is in it, then grant it by the policy (destroy: NAME)";
                    undo.block(dataset, Obstacle::Destroys, what, remedy);
                    kept.extend(dataset.ancestors());
                    continue;
                }
                if *action == Action::Destroy && kept.contains(dataset) {
                    let what = "it holds a dataset that stays".to_owned();
                    undo.block(dataset, Obstacle::Destroys, what, "take that one back first");
                    continue;
                }
                undo.push_inverse(dataset, action, step);
            }
        }
        undo
    }

    fn block(&mut self, dataset: &DatasetName, code: Obstacle, what: String, remedy: &str) {
        let (dataset, remedy) = (dataset.clone(), remedy.to_owned());
        self.blocked.push(Blocked { dataset, code, what, remedy });
    }

    fn push_inverse(&mut self, dataset: &DatasetName, action: &Action, of: &Step) {
        let mut step = of.inverse(dataset, action, StepId(self.steps.len() + 1));
        step.needs = self.steps.last().map(|step| step.id).into_iter().collect();
        self.steps.push(step);
    }
}

impl Step {
    /// A step that takes this one back, or a part of it.
    pub(crate) fn inverse(&self, dataset: &DatasetName, action: &Action, id: StepId) -> Step {
        let risk = if action.destroys() { Risk::DESTROYS } else { self.risk - Risk::MOUNTS };
        Step {
            id,
            needs: Vec::new(),
            dataset: dataset.clone(),
            action: action.clone(),
            reason: Reason::Undoes(self.id),
            risk,
            heirs: self.heirs.clone(),
            remounts: self.remounts.clone(),
            expects: Vec::new(),
            undo: Undo::Impossible { because: "it takes a step back: plan again instead".into() },
        }
    }
}
