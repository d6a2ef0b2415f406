//! Restore tests: the same restore, to a place that nobody uses; and what it proved.

use jiff::Timestamp;
use zfs_props::name::{DatasetName, NameError};

use crate::candidates::Candidate;
use crate::path::AbsolutePath;
use crate::preseed::{Outcome, RecordKind, Report};
use crate::service::{Bootstrap, Gate, Service, Unmarked};

/// The service, in another dataset and at another place, which are called as it is: everything else is as it would be. No unit
/// waits for it, and nothing starts empty: an empty success would prove nothing.
///
/// An error is a service's name that no dataset can have, or one that is too long.
pub fn scratch(
    service: &Service,
    parent: &DatasetName,
    mounts: &AbsolutePath,
) -> Result<Service, NameError> {
    // Not as its dataset is: `tank/a/data` and `tank/b/data` would share everything, and prove each other's copies.
    let mountpoint = format!("{}/{}", mounts.as_str().trim_end_matches('/'), service.name);
    Ok(Service {
        name: format!("{}-drill", service.name),
        dataset: parent.child(&service.name)?,
        mountpoint: mountpoint.parse().unwrap_or_else(|_| mounts.clone()),
        bootstrap: Bootstrap::Never,
        unmarked: Unmarked::Ask,
        units: Vec::new(),
        gate: Gate::Wanted,
        ..service.clone()
    })
}

/// One way back that a restore test tried.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trial {
    /// Which: [`Method::way`](crate::candidates::Method::way).
    pub way: String,
    /// Whether data came back that way, and was compared with its source.
    pub passed: bool,
}

/// What a restore test proved: for whoever keeps count of untested copies, and for the next choice
/// ([`Inventory::drills`](crate::Inventory::drills)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Evidence {
    /// The service whose copy was tested.
    pub service: String,
    /// When the test ended.
    pub at: Timestamp,
    /// The candidate that came back.
    pub source: Option<String>,
    /// Its data is as it was then.
    pub point: Option<Timestamp>,
    /// Seconds it took.
    pub seconds: u64,
    /// Whether data came back, and was compared with its source. Nothing else is a success.
    pub passed: bool,
    /// The ways back that were tried, in that order: at most one came back, the last.
    pub trials: Vec<Trial>,
    /// What happened, in one line.
    pub result: String,
}

impl Evidence {
    /// The evidence of a run for the scratch service of `service`, with these ways back
    /// ([`Preseed::chain`](crate::preseed::Preseed::chain)).
    pub fn of(service: &Service, chain: &[Candidate], report: &Report, at: Timestamp) -> Self {
        let restored = match &report.outcome {
            Outcome::Restored(record) => Some(record),
            _ => None,
        };
        let (source, point) = match restored.map(|record| &record.kind) {
            Some(RecordKind::Restored { candidate, point }) => {
                (Some(candidate.clone()), Some(*point))
            }
            _ => (None, None),
        };
        let tried = |candidate: &Candidate| {
            let passed = source.as_ref() == Some(&candidate.id);
            let failed = report.attempts.iter().any(|attempt| attempt.candidate == candidate.id);
            (passed || failed).then(|| Trial { way: candidate.method.way(), passed })
        };
        let trials = chain.iter().filter_map(tried).collect();
        let result = report.to_string().lines().next().unwrap_or_default().to_owned();
        let (service, seconds, passed) = (service.name.clone(), report.seconds, source.is_some());
        Self { service, at, source, point, seconds, passed, trials, result }
    }
}
