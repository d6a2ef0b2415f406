//! A replication as a host declares it: a syncoid job, and when it runs.

use std::fmt;

use zfs_props::name::DatasetName;

use crate::schedule::Schedule;
use crate::syncoid::{self, ArgvError, Flaw, SyncSnapshots};

/// A replication.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replication {
    /// Whether it runs.
    pub enable: bool,
    /// What syncoid does.
    pub job: syncoid::Replication,
    /// The user of this host that it runs as; none: root.
    pub user: Option<String>,
    /// Whether the target survives the loss of this site.
    pub offsite: bool,
    /// When, and how long a run may take.
    pub schedule: Schedule,
}

impl Replication {
    /// A replication in force, by root, to a place on this site.
    pub fn new(job: syncoid::Replication, schedule: Schedule) -> Self {
        Self { enable: true, job, user: None, offsite: false, schedule }
    }

    /// Reads the job from its two places and its options.
    pub(crate) fn job(
        source: &str,
        target: &str,
        options: &[String],
    ) -> Result<syncoid::Replication, ArgvError> {
        let options = options.iter().map(String::as_str);
        let words = ["syncoid"].into_iter().chain(options).chain([source, target]);
        syncoid::Replication::from_argv(&words.collect::<Vec<_>>())
    }

    /// The options of the job, without the places, as syncoid takes them.
    pub fn options(&self) -> Vec<String> {
        let argv = self.job.argv();
        let places = argv.len().saturating_sub(2);
        argv.into_iter().take(places).skip(1).collect()
    }

    /// The dataset that it copies, perhaps with its children; on another host, where it pulls from one.
    pub fn source(&self) -> &DatasetName {
        &self.job.source.dataset
    }

    /// Whether it copies a dataset of this host.
    pub fn includes(&self, dataset: &DatasetName) -> bool {
        self.job.source.host.is_none() && self.job.target_of(dataset).is_some()
    }

    /// Whether the copy lies in the pool of what it is a copy of.
    pub fn stays_in_pool(&self, dataset: &DatasetName) -> bool {
        self.job.target.host.is_none() && self.job.target.dataset.pool() == dataset.pool()
    }

    /// Whether it takes a snapshot of its own for each run, and needs nobody else's.
    pub fn takes_snapshots(&self) -> bool {
        !matches!(self.job.snapshots, SyncSnapshots::Existing { .. })
    }

    /// What would make it fail or do nothing. What it would destroy by intent is for people to judge.
    pub(crate) fn flaws(&self) -> impl Iterator<Item = Flaw> {
        self.job.flaws().into_iter().filter(|flaw| !flaw.is_warning())
    }
}

impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.job.source, self.job.target)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Replication {
    /// As the keys of a declaration.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Form<'r> {
            enable: bool,
            source: String,
            target: String,
            options: Vec<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            user: &'r Option<String>,
            offsite: bool,
            #[serde(flatten)]
            schedule: &'r Schedule,
        }
        let Self { enable, job, user, offsite, schedule } = self;
        let (source, target) = (job.source.to_string(), job.target.to_string());
        let options = self.options();
        Form { enable: *enable, source, target, options, user, offsite: *offsite, schedule }
            .serialize(serializer)
    }
}
