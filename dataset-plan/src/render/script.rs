//! A plan as a POSIX shell script.

use std::fmt;

use super::Line;
use crate::plan::Plan;

/// A plan's commands as a script for `sh` that stops at the first failure: for a person, once.
///
/// Steps that one command can do are done [together](crate::batch). Every argument is quoted so that it survives, line ends included; reasons and whatever is
/// blocked are comments. For a script that runs again and again, see [`Plan::unattended`].
#[derive(Clone, Copy, Debug)]
pub struct Script<'p>(&'p Plan);

impl Plan {
    /// The plan as a POSIX shell script.
    pub fn script(&self) -> Script<'_> {
        Script(self)
    }
}

impl fmt::Display for Script<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(plan) = self;
        writeln!(f, "#!/bin/sh\nset -eu")?;
        for batch in plan.batches() {
            writeln!(f)?;
            for step in batch.steps() {
                writeln!(f, "# {}: {}", step.id, Line(&step.reason))?;
            }
            writeln!(f, "{}", batch.command())?;
        }
        for blocked in plan.blocked() {
            writeln!(f, "\n# blocked: {}", Line(blocked))?;
        }
        Ok(())
    }
}
