//! A plan as a POSIX shell script.

use std::fmt;

use crate::plan::Plan;

/// A plan's commands as a script for `sh` that stops at the first failure.
///
/// Every argument is quoted so that it survives; reasons and whatever is blocked are comments.
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
        for step in plan.steps() {
            writeln!(f, "\n# {}: {}", step.id, Comment(&step.reason))?;
            writeln!(f, "{}", step.command())?;
        }
        for blocked in plan.blocked() {
            writeln!(f, "\n# blocked: {}", Comment(blocked))?;
        }
        Ok(())
    }
}

/// Text that cannot leave its comment: control characters are shown escaped.
struct Comment<T>(T);

impl<T: fmt::Display> fmt::Display for Comment<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}
