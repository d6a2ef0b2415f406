//! The whole system: every dataset that is copied, where to, and how far the copy is behind.
//!
//! ```
//! use std::collections::BTreeMap;
//! use backup_spec::syncoid::picture::{Inventory, Point, State};
//! use backup_spec::syncoid::{Replication, picture};
//!
//! let job = Replication::new("tank/data".parse()?, "nas:backup/data".parse()?);
//! let point = |name: &str, guid, at: &str| -> Result<Point, jiff::Error> {
//!     Ok(Point { name: name.to_owned(), guid, created: at.parse()? })
//! };
//! let (old, new) = (point("a", 1, "2026-01-01T00:00:00Z")?, point("b", 2, "2026-01-01T06:00:00Z")?);
//!
//! let hosts = BTreeMap::from([
//!     (None, Inventory::from([("tank/data".parse()?, vec![old.clone(), new])])),
//!     (Some("nas".to_owned()), Inventory::from([("backup/data".parse()?, vec![old])])),
//! ]);
//! let picture = picture(&[("data", &job)], &hosts);
//! assert_eq!(picture.rows[0].lag().unwrap().to_string(), "6h");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use zfs_props::name::DatasetName;

use super::Replication;
use crate::span::Span;

/// A snapshot as far as replication is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Point {
    /// What stands after `@`.
    pub name: String,
    /// The same on both sides of a copy (`guid`).
    pub guid: u64,
    /// When it was taken (`creation`); it travels with the copy.
    pub created: Timestamp,
}

/// The datasets of a host, with their snapshots.
pub type Inventory = BTreeMap<DatasetName, Vec<Point>>;

/// How it stands with one dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum State {
    /// The copy has this of the source.
    Copied {
        /// The newest snapshot of the source.
        newest: Point,
        /// The newest that both have.
        common: Point,
    },
    /// The source has no snapshot.
    NothingToCopy,
    /// The dataset that the job names is not on the source's host.
    SourceMissing,
    /// The copy does not exist, or has no snapshot.
    NeverCopied {
        /// The newest snapshot of the source.
        newest: Point,
    },
    /// Both have snapshots, none in common.
    Diverged {
        /// The newest snapshot of the source.
        newest: Point,
    },
    /// There is no inventory of one of the hosts: nothing is known, which is not the same as nothing there.
    Unknown {
        /// The host; none for this one.
        host: Option<String>,
    },
}

/// A dataset and its copy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Row {
    /// The job.
    pub job: String,
    /// What is copied.
    pub source: DatasetName,
    /// Its copy.
    pub target: DatasetName,
    /// How it stands.
    pub state: State,
}

impl Row {
    /// How far the copy is behind: from the newest common snapshot to the newest of the source. None where there is no
    /// copy, or nothing is known.
    ///
    /// The age of the newest snapshot of either side says nothing about it.
    pub fn lag(&self) -> Option<Span> {
        match &self.state {
            State::Copied { newest, common } => Some(Span::between(common.created, newest.created)),
            _ => None,
        }
    }

    /// The instant up to which the copy holds the source's data.
    pub fn copied_up_to(&self) -> Option<Timestamp> {
        match &self.state {
            State::Copied { common, .. } => Some(common.created),
            _ => None,
        }
    }
}

/// Every dataset that some job copies, and those that none does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Picture {
    /// By job, then source.
    pub rows: Vec<Row>,
    /// Datasets of this host that no job copies.
    pub not_copied: Vec<DatasetName>,
}

/// Joins jobs, by name, with what is on the hosts; `None` is the host that the jobs run on.
///
/// A dataset counts as copied only where the job puts it: below a job that is not recursive nothing is, even if the target's
/// host has a dataset of a fitting name.
pub fn picture(
    jobs: &[(&str, &Replication)],
    hosts: &BTreeMap<Option<String>, Inventory>,
) -> Picture {
    let mut rows = Vec::new();
    let mut copied: BTreeSet<&DatasetName> = BTreeSet::new();
    for (name, job) in jobs {
        let row = |source: DatasetName, target: DatasetName, state: State| Row {
            job: (*name).to_owned(),
            source,
            target,
            state,
        };
        let (source, target) = (&job.source, &job.target);
        let Some(sources) = hosts.get(&source.host) else {
            let state = State::Unknown { host: source.host.clone() };
            rows.push(row(source.dataset.clone(), target.dataset.clone(), state));
            continue;
        };
        if !sources.contains_key(&source.dataset) {
            rows.push(row(source.dataset.clone(), target.dataset.clone(), State::SourceMissing));
        }
        let targets = hosts.get(&target.host);
        for (dataset, points) in sources {
            let Some(copy) = job.target_of(dataset) else { continue };
            if source.host.is_none() {
                copied.insert(dataset);
            }
            let state = match targets {
                None => State::Unknown { host: target.host.clone() },
                Some(targets) => state(points, targets.get(&copy).map_or(&[], Vec::as_slice)),
            };
            rows.push(row(dataset.clone(), copy, state));
        }
    }
    rows.sort_by(|a, b| (&a.job, &a.source).cmp(&(&b.job, &b.source)));
    let here = hosts.get(&None).into_iter().flat_map(BTreeMap::keys);
    let not_copied = here.filter(|dataset| !copied.contains(dataset)).cloned().collect();
    Picture { rows, not_copied }
}

fn state(source: &[Point], target: &[Point]) -> State {
    let newest_of = |points: &mut dyn Iterator<Item = &Point>| {
        points.max_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name))).cloned()
    };
    let Some(newest) = newest_of(&mut source.iter()) else { return State::NothingToCopy };
    if target.is_empty() {
        return State::NeverCopied { newest };
    }
    let there: BTreeSet<u64> = target.iter().map(|point| point.guid).collect();
    match newest_of(&mut source.iter().filter(|point| there.contains(&point.guid))) {
        Some(common) => State::Copied { newest, common },
        None => State::Diverged { newest },
    }
}

impl fmt::Display for Picture {
    /// A line per dataset: source, target, how far behind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            write!(f, "{} -> {}: ", row.source, row.target)?;
            match &row.state {
                State::Copied { newest, common } => {
                    let lag = Span::between(common.created, newest.created);
                    writeln!(f, "{lag} behind, at {} of {}", common.name, common.created)
                }
                State::NothingToCopy => writeln!(f, "no snapshot to copy"),
                State::SourceMissing => writeln!(f, "the source does not exist"),
                State::NeverCopied { .. } => writeln!(f, "never copied"),
                State::Diverged { .. } => writeln!(f, "no common snapshot"),
                State::Unknown { host } => {
                    writeln!(
                        f,
                        "unknown: no inventory of {}",
                        host.as_deref().unwrap_or("this host")
                    )
                }
            }?;
        }
        for dataset in &self.not_copied {
            writeln!(f, "{dataset}: copied by no job")?;
        }
        Ok(())
    }
}
