//! `sanoid --monitor-capacity`: is there room in each pool?

use std::collections::BTreeMap;

use super::monitor::Level;
use super::run::World;
use crate::sanoid::{CapacityLimit, Settings};

/// A pool that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The pool.
    pub pool: String,
    /// How full it is, in percent; `None`: it is not there, which is critical.
    pub used: Option<u8>,
    /// How bad that is, if it is.
    pub level: Option<Level>,
    /// The section that the limits are from.
    pub section: String,
}

/// What the monitor says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapacityReport {
    /// The pools that have a limit, sorted.
    pub pools: Vec<Capacity>,
    /// The exit code: 0, 1 for a warning, 2 for critical.
    pub code: u8,
}

/// A limit that is no percentage: the monitor stops.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[{section}] capacity_warn and capacity_crit must be whole numbers from 0 to 100")]
pub struct InvalidLimit {
    /// The section.
    pub section: String,
}

/// What `sanoid --monitor-capacity` says. The limits of a pool are those of the section called as the pool;
/// if there is none, those of one of its datasets (here the first in the alphabet; in sanoid it depends on the
/// order of a Perl hash). At the limit is beyond it.
///
/// # Errors
///
/// [`InvalidLimit`].
pub fn monitor_capacity(
    settings: &[Settings],
    world: &World,
) -> Result<CapacityReport, InvalidLimit> {
    let mut sources = BTreeMap::<&str, &Settings>::new();
    for settings in settings {
        let (pool, is_pool) = match settings.section.split_once('/') {
            Some((pool, _)) => (pool, false),
            None => (settings.section.as_str(), true),
        };
        let limits = [settings.capacity_warn, settings.capacity_crit];
        if !is_pool && sources.contains_key(pool) {
            continue;
        }
        if limits.contains(&CapacityLimit::Invalid) {
            return Err(InvalidLimit { section: settings.section.clone() });
        }
        if limits != [CapacityLimit::None; 2] {
            sources.insert(pool, settings);
        }
    }
    let mut report = CapacityReport::default();
    for (pool, settings) in sources {
        let used = world.capacity.get(pool).copied();
        let is_beyond = |limit| match (limit, used) {
            (CapacityLimit::Below(limit), Some(used)) => used >= limit,
            _ => false,
        };
        let level = if used.is_none() || is_beyond(settings.capacity_crit) {
            Some(Level::Critical)
        } else {
            is_beyond(settings.capacity_warn).then_some(Level::Warning)
        };
        let code = match level {
            None => 0,
            Some(Level::Warning) => 1,
            Some(Level::Critical) => 2,
        };
        report.code = report.code.max(code);
        let (pool, section) = (pool.to_owned(), settings.section.clone());
        report.pools.push(Capacity { pool, used, level, section });
    }
    Ok(report)
}
