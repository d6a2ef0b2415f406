//! Carrying a plan out, step by step, in a world that may be real or simulated.

use crate::plan::{Plan, Step, StepId};

/// Something that can carry out steps: the simulator ([`sim::Zfs`](crate::sim::Zfs)), the command line tools
/// (`exec::Cli`, feature `exec`), or your own executor, which runs [`Step::command`] and reports a
/// status other than 0 as an error.
pub trait World {
    /// Why a step could not be carried out.
    type Error: std::error::Error + 'static;

    /// Carries out one step.
    fn run(&mut self, step: &Step) -> Result<(), Self::Error>;
}

/// A plan stopped at a step that failed.
///
/// Nothing was rolled back: what is done is done, and planning again from a new observation
/// continues from there.
#[derive(Debug, thiserror::Error)]
#[error(
    "step {failed} of {} failed: {error}; done: {}, not begun: {}; observe and plan again to go on",
    .done + .not_begun + 1, .done, .not_begun
)]
pub struct Interrupted<E: std::error::Error + 'static> {
    /// How many steps were done.
    pub done: usize,
    /// The step that failed; it may have been carried out in part.
    pub failed: StepId,
    /// How many steps were not begun.
    pub not_begun: usize,
    /// What the world said.
    #[source]
    pub error: E,
}

/// A step that is about to begin.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'p> {
    /// The step.
    pub step: &'p Step,
    /// How many steps are done.
    pub done: usize,
    /// How many steps there are.
    pub all: usize,
}

impl Plan {
    /// Carries out all steps in order, and stops at the first that fails.
    pub fn apply<W: World>(&self, world: &mut W) -> Result<(), Interrupted<W::Error>> {
        self.apply_with(world, |_| {})
    }

    /// [`apply`](Self::apply), telling of each step before it begins.
    pub fn apply_with<W: World>(
        &self,
        world: &mut W,
        mut progress: impl FnMut(Progress<'_>),
    ) -> Result<(), Interrupted<W::Error>> {
        let all = self.steps.len();
        for (done, step) in self.steps.iter().enumerate() {
            progress(Progress { step, done, all });
            world.run(step).map_err(|error| Interrupted {
                done,
                failed: step.id,
                not_begun: all - done - 1,
                error,
            })?;
        }
        Ok(())
    }
}
