//! What was set aside is released: a step of its own, later, by somebody who has seen that all is well.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use zfs_props::name::DatasetName;

use super::names::Aside;
use super::record::RecordKind;
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
    /// Nothing came back.
    #[error("the service started empty: what was set aside may still be all there is")]
    StartedEmpty,
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

/// What may be released now, in an order in which it can be: clones before what they are clones of.
///
/// `origins` says of a clone, which dataset the snapshot is of that it came from (`origin` of `zfs get`, without the part after the
/// `@`). A service that was restored from a snapshot of what was set aside is such a clone: it is promoted first, and takes the
/// snapshots with it; once for each dataset that it stems from. Clones of anybody else are not known here: `zfs destroy -r` fails
/// on those, and nothing is lost.
pub fn plan(
    service: &Service,
    sight: &Sight,
    origins: &BTreeMap<DatasetName, DatasetName>,
    policy: Policy,
    now: Timestamp,
) -> Result<Vec<Release>, Kept> {
    let record = sight
        .target
        .as_ref()
        .and_then(|target| target.complete.as_ref())
        .ok_or(Kept::Incomplete)?;
    if record.kind == RecordKind::Empty {
        return Err(Kept::StartedEmpty);
    }
    let after = SignedDuration::from_secs(i64::try_from(policy.after).unwrap_or(i64::MAX));
    if now.duration_since(record.at) < after {
        return Err(Kept::TooSoon);
    }
    let mut left: Vec<&Aside> =
        sight.asides.iter().filter(|aside| aside.of == service.dataset).collect();
    // Promoted, the service's dataset stems from nobody, and those that it stemmed from are its clones.
    let mut promotions = Vec::new();
    let mut stems = origins.get(&service.dataset);
    while let Some(from) = stems.filter(|from| left.iter().any(|aside| aside.name == **from)) {
        promotions.push(from);
        stems = origins.get(from).filter(|next| !promotions.contains(next));
    }
    let promote = Command::new(["zfs", "promote"]).arg(&service.dataset);
    let mut commands = vec![promote; promotions.len()];
    let mut releases = Vec::new();
    while !left.is_empty() {
        // One that none of the others is a clone of; those promoted are clones of the service's dataset alone.
        let is_origin = |aside: &Aside| {
            let mut others = left.iter().filter(|other| !promotions.contains(&&other.name));
            others.any(|other| origins.get(&other.name) == Some(&aside.name))
        };
        let at = left.iter().position(|aside| !is_origin(aside)).unwrap_or(0);
        let aside = left.remove(at);
        commands.push(Command::new(["zfs", "destroy", "-r"]).arg(&aside.name));
        releases.push(Release { aside: aside.clone(), commands: std::mem::take(&mut commands) });
    }
    Ok(releases)
}
