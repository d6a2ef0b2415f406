//! What was set aside is released: a step of its own, later, by somebody who has seen that all is well.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::names::Aside;
use super::sight::Sight;
use crate::command::Command;
use crate::service::Service;

/// That something may be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Policy {
    /// So many seconds after completion, at least.
    pub after: u64,
}

/// Why nothing is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Kept {
    /// The dataset is not complete.
    #[error("the dataset is not complete: what was set aside may still be all there is")]
    Incomplete,
    /// It has not been complete for long enough.
    #[error("the dataset has not been complete for long enough")]
    TooSoon,
}

/// The commands that destroy one dataset that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Release {
    /// What is destroyed.
    pub aside: Aside,
    /// In this order.
    pub commands: Vec<Command>,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if n > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// What may be released now. A service that was restored from a snapshot of what was set aside is its clone: it is
/// promoted first, and takes the snapshots with it.
pub fn plan(
    service: &Service,
    sight: &Sight,
    origin: Option<&Aside>,
    policy: Policy,
    now: Timestamp,
) -> Result<Vec<Release>, Kept> {
    let record = sight
        .target
        .as_ref()
        .and_then(|target| target.complete.as_ref())
        .ok_or(Kept::Incomplete)?;
    let after = SignedDuration::from_secs(i64::try_from(policy.after).unwrap_or(i64::MAX));
    if now.duration_since(record.at) < after {
        return Err(Kept::TooSoon);
    }
    let releases = sight.asides.iter().filter(|aside| aside.of == service.dataset).map(|aside| {
        let mut commands = Vec::new();
        if origin == Some(aside) {
            commands.push(Command::new(["zfs", "promote"]).arg(&service.dataset));
        }
        commands.push(Command::new(["zfs", "destroy", "-r"]).arg(&aside.name));
        Release { aside: aside.clone(), commands }
    });
    Ok(releases.collect())
}
