//! From observations to alerts.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use zfs_props::name::DatasetName;

use super::observations::{Observations, Preseed};
use super::outcome::Outcome;
use super::record::Record;
use super::thresholds::Ages;
use crate::name::Name;
use crate::span::Span;
use crate::spec::Checked;
use crate::units::Task;

/// How bad it is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Level {
    /// Nobody knows: what should be there was not observed.
    Unknown,
    /// To be looked at.
    Warning,
    /// Now.
    Critical,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Unknown => "unknown",
            Level::Warning => "warning",
            Level::Critical => "critical",
        })
    }
}

/// Something that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Alert {
    /// How bad it is.
    pub level: Level,
    /// What it is about.
    pub what: What,
}

/// What an [`Alert`] is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase", tag = "kind")
)]
#[non_exhaustive]
pub enum What {
    /// Nothing is known of a task that is declared.
    Unobserved {
        /// The task.
        task: Task,
    },
    /// A task is declared for longer than a run can take to come, and never completed.
    NeverComplete {
        /// The task.
        task: Task,
    },
    /// The last complete run is too old.
    Stale {
        /// The task.
        task: Task,
        /// How old.
        age: Span,
        /// The age that is still well.
        limit: Span,
    },
    /// The last run did not complete.
    Incomplete {
        /// The task.
        task: Task,
        /// What it achieved.
        outcome: Outcome,
    },
    /// Something is dated after now: one of the clocks is wrong, so no age can be told.
    Future {
        /// The task or dataset.
        of: String,
    },
    /// A dataset that should have snapshots has none.
    NoSnapshot {
        /// The dataset.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::display"))]
        dataset: DatasetName,
    },
    /// The newest snapshot is too old.
    OldSnapshot {
        /// The dataset.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::display"))]
        dataset: DatasetName,
        /// How old.
        age: Span,
        /// The age that is still well.
        limit: Span,
    },
    /// Nothing is known of the snapshots of a dataset.
    UnobservedSnapshots {
        /// The dataset.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::display"))]
        dataset: DatasetName,
    },
    /// A replication is behind, or has nothing to go on from (`lag` is `None`).
    Lag {
        /// The replication.
        replication: Name,
        /// The dataset.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::display"))]
        dataset: DatasetName,
        /// How far.
        lag: Option<Span>,
    },
    /// Nothing is known of how far a replication is behind, for any dataset.
    UnobservedLag {
        /// The replication.
        replication: Name,
    },
    /// A dataset is full.
    Full {
        /// The dataset.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::display"))]
        dataset: DatasetName,
        /// The threshold that it exceeds, in percent.
        percent: u8,
    },
    /// A restore at the start of a service failed.
    PreseedFailed {
        /// The service.
        service: Name,
    },
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level, self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Unobserved { task } => write!(f, "nothing is known of {task}"),
            What::NeverComplete { task } => write!(f, "{task} never completed"),
            What::Stale { task, age, limit } => {
                write!(f, "{task} completed {age} ago, {limit} is still well")
            }
            What::Incomplete { task, outcome } => write!(f, "the last run of {task} is {outcome}"),
            What::Future { of } => write!(f, "{of} is dated in the future"),
            What::NoSnapshot { dataset } => write!(f, "{dataset} has no snapshot"),
            What::OldSnapshot { dataset, age, limit } => {
                write!(f, "the newest snapshot of {dataset} is {age} old, {limit} is still well")
            }
            What::UnobservedSnapshots { dataset } => {
                write!(f, "nothing is known of the snapshots of {dataset}")
            }
            What::Lag { replication, dataset, lag: Some(lag) } => {
                write!(f, "{replication} is {lag} behind for {dataset}")
            }
            What::Lag { replication, dataset, lag: None } => write!(
                f,
                "{replication} has no snapshot of {dataset} in common with its target: everything must be sent again"
            ),
            What::UnobservedLag { replication } => {
                write!(f, "nothing is known of how far {replication} is behind")
            }
            What::Full { dataset, percent } => write!(f, "{dataset} is more than {percent} % full"),
            What::PreseedFailed { service } => {
                write!(f, "the restore at the start of {service} failed")
            }
        }
    }
}

/// Compares what was observed at `now` with what is declared; worst first.
///
/// A host that does what it declares gets no alert, at any moment; a task that stopped gets one from the moment on at which its
/// schedule cannot explain it any more ([`Checked::bound`]), or its threshold says so.
pub fn evaluate(spec: &Checked, seen: &Observations, now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for task in spec.tasks() {
        let ages = spec.ages(&task);
        match seen.tasks.get(&task) {
            None => alerts.push(Alert { level: Level::Unknown, what: What::Unobserved { task } }),
            Some(record) => alerts.extend(of_task(&task, record, ages, now)),
        }
    }
    for (dataset, _) in spec.snapshotted() {
        alerts.extend(of_snapshots(spec, seen, dataset, now));
    }
    let observed: BTreeSet<&Name> = seen.lags.keys().map(|(replication, _)| replication).collect();
    let unobserved = spec.replications_with_ages().filter(|(name, _)| !observed.contains(name));
    alerts.extend(unobserved.map(|(name, _)| {
        let what = What::UnobservedLag { replication: name.clone() };
        Alert { level: Level::Unknown, what }
    }));
    for ((replication, dataset), lag) in &seen.lags {
        let Some(ages) = spec.lag_ages(replication) else { continue };
        let level = lag.map_or(Some(Level::Critical), |lag| level(lag, ages));
        let what =
            || What::Lag { replication: replication.clone(), dataset: dataset.clone(), lag: *lag };
        alerts.extend(level.map(|level| Alert { level, what: what() }));
    }
    let limits = spec.alerts.capacity;
    for (dataset, capacity) in &seen.capacity {
        let exceeded = [(Level::Critical, limits.critical), (Level::Warning, limits.warning)]
            .into_iter()
            .find(|(_, percent)| capacity.exceeds(*percent));
        alerts.extend(exceeded.map(|(level, percent)| Alert {
            level,
            what: What::Full { dataset: dataset.clone(), percent },
        }));
    }
    for (service, preseed) in &seen.preseeds {
        if *preseed == Preseed::Failed {
            let what = What::PreseedFailed { service: service.clone() };
            alerts.push(Alert { level: Level::Critical, what });
        }
    }
    alerts.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.what.cmp(&b.what)));
    alerts
}

fn of_task(task: &Task, record: &Record, ages: Option<Ages>, now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut add = |level, what| alerts.push(Alert { level, what });
    let task = || task.clone();
    // A task whose schedule never comes has no age that would be well: the check of the declaration refuses it.
    let Some(ages) = ages else { return alerts };
    match (record.complete, record.since) {
        (Some(complete), _) => match age(complete, now) {
            None => add(Level::Unknown, What::Future { of: task().to_string() }),
            Some(age) => {
                if let Some(level) = level(age, ages) {
                    add(level, What::Stale { task: task(), age, limit: ages.warning });
                }
            }
        },
        (None, Some(since)) => match age(since, now) {
            None => add(Level::Unknown, What::Future { of: task().to_string() }),
            Some(age) if age > ages.warning => {
                add(Level::Critical, What::NeverComplete { task: task() });
            }
            Some(_) => {}
        },
        (None, None) => add(Level::Unknown, What::Unobserved { task: task() }),
    }
    if let Some((_, outcome)) = record.last.filter(|(_, outcome)| !outcome.is_complete()) {
        add(Level::Warning, What::Incomplete { task: task(), outcome });
    }
    alerts
}

fn of_snapshots(
    spec: &Checked,
    seen: &Observations,
    dataset: &DatasetName,
    now: Timestamp,
) -> Option<Alert> {
    let ages = spec.snapshot_ages(dataset)?;
    let dataset = dataset.clone();
    let Some(newest) = seen.snapshots.get(&dataset) else {
        return Some(Alert { level: Level::Unknown, what: What::UnobservedSnapshots { dataset } });
    };
    let Some(newest) = newest else {
        return Some(Alert { level: Level::Critical, what: What::NoSnapshot { dataset } });
    };
    let Some(age) = age(*newest, now) else {
        let what = What::Future { of: dataset.to_string() };
        return Some(Alert { level: Level::Unknown, what });
    };
    let what = What::OldSnapshot { dataset, age, limit: ages.warning };
    level(age, ages).map(|level| Alert { level, what })
}

/// `None` if it lies in the future.
fn age(then: Timestamp, now: Timestamp) -> Option<Span> {
    (then <= now).then(|| Span::between(then, now))
}

fn level(age: Span, ages: Ages) -> Option<Level> {
    if age > ages.critical {
        Some(Level::Critical)
    } else if age > ages.warning {
        Some(Level::Warning)
    } else {
        None
    }
}
