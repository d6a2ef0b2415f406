//! `sanoid --monitor-snapshots`: is there a young enough snapshot of each type?

use std::fmt;

use super::clock::day_as_f64;
use super::run::World;
use super::take::newest;
use crate::sanoid::{Settings, Type};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth a warning.
    Warning,
    /// Critical.
    Critical,
}

/// A type of which the newest snapshot of a dataset is too old.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The dataset.
    pub dataset: String,
    /// The type.
    pub kind: Type,
    /// How bad it is.
    pub level: Level,
    /// How old the newest is, in seconds; `None`: there is none.
    pub age: Option<i64>,
    /// How old it may be, in seconds.
    pub limit: f64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dataset, kind, level, age, limit } = self;
        let level = match level {
            Level::Warning => "warning",
            Level::Critical => "critical",
        };
        match age {
            Some(age) => {
                write!(f, "{level}: {dataset}: newest {kind} is {age} s old, limit {limit} s")
            }
            None => write!(f, "{level}: {dataset}: no {kind} snapshot"),
        }
    }
}

/// What the monitor says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// What is too old, sorted by dataset.
    pub findings: Vec<Finding>,
    /// The exit code: 0, 1 for a warning, 2 for critical. Findings that are told not to show do not show.
    pub code: u8,
}

/// What `sanoid --monitor-snapshots` says. A type of which none are kept is not looked at. A newest snapshot
/// that is one second in the future counts as none (a slip of sanoid's).
pub fn monitor(settings: &[Settings], world: &World) -> Report {
    let mut report = Report::default();
    for settings in settings.iter().filter(|s| s.monitoring.on && !s.process_children_only) {
        let snapshots = world.datasets.get(&settings.dataset).map_or(&[][..], Vec::as_slice);
        for kind in Type::ALL.into_iter().filter(|kind| settings.keep.of(*kind) != 0.0) {
            let monitoring = &settings.monitoring;
            let (warn, crit) = (monitoring.warn.of(kind), monitoring.crit.of(kind));
            let age = newest(snapshots, kind).map(|time| world.now.as_second() - time.as_second());
            let age = age.filter(|age| *age != -1);
            let is_older = |limit: f64| age.is_none_or(|age| day_as_f64(age) > limit);
            let (level, limit, is_silent) = if is_older(crit) {
                (Level::Critical, crit, monitoring.dont_crit)
            } else if is_older(warn) {
                (Level::Warning, warn, monitoring.dont_warn)
            } else {
                continue;
            };
            if limit > 0.0 {
                let code = if level == Level::Critical { 2 } else { 1 };
                report.code = report.code.max(if is_silent { 0 } else { code });
                let dataset = settings.dataset.clone();
                report.findings.push(Finding { dataset, kind, level, age, limit });
            }
        }
    }
    report
}
