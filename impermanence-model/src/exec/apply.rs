//! A layout is carried out, step by step.

use std::collections::BTreeSet;

use super::tree::Perms;
use super::{ExecError, World};
use crate::layout::{Action, Layout, Step, StepId};
use crate::mountinfo::MountTable;
use crate::stage::Stage;

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// It was so before.
    AlreadySo,
    /// A directory, file or link was created.
    Created {
        /// In a store: it stays when the rest is undone.
        in_store: bool,
    },
    /// It had another owner or mode, and got the declared ones.
    Adjusted {
        /// Owner, group and mode before.
        before: (u32, u32, u16),
    },
    /// It has another owner or mode, and keeps them: only a report is declared.
    Differs(String),
    /// Something was mounted.
    Mounted {
        /// The mount's id.
        id: u64,
    },
    /// A file was copied from the store.
    CopiedIn,
    /// The store has no such file yet.
    NothingToCopy,
}

/// One step that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The step.
    pub step: StepId,
    /// What it came to.
    pub effect: Effect,
}

/// What a run did, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The steps up to the wanted stage.
    pub done: Vec<Done>,
}

/// A run that stopped.
#[derive(Clone, Debug, thiserror::Error)]
#[error("step {} ({about}) was not done: {error}; {} before it are, and another run continues here", step.0, applied.done.len())]
pub struct Interrupted {
    /// The step that failed.
    pub step: StepId,
    /// The path it is about.
    pub about: crate::path::AbsolutePath,
    /// Why.
    #[source]
    pub error: ExecError,
    /// What was done before.
    pub applied: Applied,
}

/// What became of the steps of a run that goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unattended {
    /// What was done.
    pub applied: Applied,
    /// What failed, and why.
    pub failed: Vec<(StepId, ExecError)>,
    /// What needs a step that failed, and was not tried.
    pub left_out: Vec<StepId>,
}

impl Unattended {
    /// Whether all is done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// As declared.
    Done,
    /// To be done.
    Todo,
    /// Something is there, and not as declared.
    Differs(String),
    /// It could not be looked at.
    Unknown(ExecError),
}

impl Check {
    /// Whether all is as declared.
    pub fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

impl World {
    /// Carries out the steps up to and with `stage`, stopping at the first that fails.
    pub fn apply(&self, layout: &Layout, stage: Stage) -> Result<Applied, Box<Interrupted>> {
        let mut applied = Applied::default();
        let mut table = None;
        for (step, id) in layout.steps().iter().zip(0..).filter(|(step, _)| step.stage <= stage) {
            let id = StepId(id);
            match self.carry_out(layout, step, &mut table) {
                Ok(effect) => applied.done.push(Done { step: id, effect }),
                Err(error) => {
                    let about = step.action.path().clone();
                    return Err(Box::new(Interrupted { step: id, about, error, applied }));
                }
            }
        }
        Ok(applied)
    }

    /// Carries out every step up to and with `stage` that can be: one that fails keeps those from being done that need it,
    /// and no others. For a boot, which goes on: a link that a user made below the home shall not cost the system its
    /// mounts.
    pub fn apply_unattended(&self, layout: &Layout, stage: Stage) -> Unattended {
        let mut outcome = Unattended::default();
        let mut table = None;
        let mut undone: BTreeSet<StepId> = BTreeSet::new();
        for (step, id) in layout.steps().iter().zip(0..).filter(|(step, _)| step.stage <= stage) {
            let id = StepId(id);
            if step.needs.iter().any(|need| undone.contains(need)) {
                undone.insert(id);
                outcome.left_out.push(id);
                continue;
            }
            match self.carry_out(layout, step, &mut table) {
                Ok(effect) => outcome.applied.done.push(Done { step: id, effect }),
                Err(error) => {
                    undone.insert(id);
                    outcome.failed.push((id, error));
                }
            }
        }
        outcome
    }

    fn carry_out(
        &self,
        layout: &Layout,
        step: &Step,
        cache: &mut Option<MountTable>,
    ) -> Result<Effect, ExecError> {
        // Read once, and then kept up to date: reading it again after each mount would be quadratic.
        let mut table = match cache.take() {
            Some(table) => table,
            None => self.table()?,
        };
        let (effect, is_current) = match &step.action {
            Action::Create(place) => (self.create(place, layout, &table)?, true),
            Action::CopyIn(copy) => (self.copy_in(copy, layout)?, true),
            Action::Mount(mount) => {
                let (effect, is_current) = self.mount(mount, &mut table, self.may_hide)?;
                self.settle(mount, layout, &table)?;
                (effect, is_current)
            }
        };
        if is_current {
            *cache = Some(table);
        }
        Ok(effect)
    }

    /// How each step up to and with `stage` stands now.
    pub fn verify(&self, layout: &Layout, stage: Stage) -> Result<Vec<(StepId, Check)>, ExecError> {
        let table = self.table()?;
        let steps = layout.steps().iter().zip(0..).filter(|(step, _)| step.stage <= stage);
        let check = |step| self.check(layout, step, &table).unwrap_or_else(Check::Unknown);
        Ok(steps.map(|(step, id)| (StepId(id), check(step))).collect())
    }

    fn check(&self, layout: &Layout, step: &Step, table: &MountTable) -> Result<Check, ExecError> {
        match &step.action {
            Action::Create(place) => self.check_place(place, layout),
            Action::CopyIn(copy) => self.check_copy(copy),
            Action::Mount(mount) => Ok(self.check_mount(mount, table)),
        }
    }
}

impl From<Perms> for (u32, u32, u16) {
    fn from(perms: Perms) -> Self {
        (perms.uid, perms.gid, perms.mode)
    }
}
