//! What syncoid would do: which snapshots it takes for common, what it sends, and what it destroys on the way.
//!
//! For those who live with syncoid and want to know beforehand. Its rules are not this crate's: it wants names *and*
//! guids to be equal, receives with `-F`, so that newer snapshots of the target vanish without a word, and prunes by
//! prefix, so that host `a` prunes what host `ab` took. Modelled: 2.2.0 and 2.3.0, each dataset local or not.
//!
//! ```
//! use std::collections::BTreeMap;
//! use restore_chain::lineage::{Lineage, Version, syncoid::{Options, Release, Side, predict}};
//!
//! let lineage = |name: &str, versions| {
//!     let lineage = Lineage::new(name.parse().unwrap(), versions);
//!     BTreeMap::from([(lineage.dataset.clone(), lineage)])
//! };
//! let daily = |n: u64| Version::snapshot(format!("daily-{n}"), 100 + n, 10 * n, 86400 * n as i64);
//! let source = Side { datasets: lineage("tank/a", vec![daily(1), daily(2)]), ..Side::default() };
//! let own = Version::snapshot("before-upgrade", 900, 20, 90000);
//! let target = Side { datasets: lineage("backup/a", vec![daily(1), own]), ..Side::default() };
//!
//! let options = Options { no_sync_snap: true, ..Options::new(Release::V2_3, "forge") };
//! let outcome = predict(&"tank/a".parse()?, source, &"backup/a".parse()?, target, &options);
//! assert_eq!(outcome.destroyed, ["backup/a@before-upgrade"]);
//! assert_eq!(outcome.code, 0);
//! # Ok::<(), zfs_props::name::NameError>(())
//! ```

mod after;
mod listing;
mod run;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use zfs_props::name::DatasetName;

use super::{Lineage, ResumeToken};
use crate::command::Command;

/// Which syncoid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Release {
    /// 2.2.0: orders snapshots by creation time.
    V2_2,
    /// 2.3.0: orders snapshots by `createtxg`; filters of snapshots and datasets.
    V2_3,
}

/// What a filter of names matches. syncoid's filters are Perl's regular expressions, searched for anywhere in the
/// name.
#[derive(Clone)]
pub struct Filter(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Filter {
    /// A filter that matches names for which this is true.
    pub fn new(matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(matches))
    }

    fn matches(&self, name: &str) -> bool {
        (self.0)(name)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}

/// Its command line, as far as it decides what happens.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command")]
pub struct Options {
    /// Which syncoid.
    pub release: Release,
    /// The name of the machine it runs on: part of its snapshots' names.
    pub host: String,
    /// The local time as in the names of its snapshots: `2024-03-15_12:07:30-GMT00:00`.
    pub stamp: String,
    /// `--recursive`
    pub recursive: bool,
    /// `--skip-parent`
    pub skip_parent: bool,
    /// `--no-sync-snap`
    pub no_sync_snap: bool,
    /// `--keep-sync-snap`
    pub keep_sync_snap: bool,
    /// `--no-stream`
    pub no_stream: bool,
    /// `--no-rollback`
    pub no_rollback: bool,
    /// `--no-resume`
    pub no_resume: bool,
    /// `--no-clone-handling`
    pub no_clone_handling: bool,
    /// `--force-delete`
    pub force_delete: bool,
    /// `--create-bookmark`
    pub create_bookmark: bool,
    /// `--use-hold`
    pub use_hold: bool,
    /// `--delete-target-snapshots`
    pub delete_target_snapshots: bool,
    /// `--identifier`
    pub identifier: Option<String>,
    /// `--include-snaps` (2.3)
    pub include_snaps: Option<Filter>,
    /// `--exclude-snaps` (2.3)
    pub exclude_snaps: Option<Filter>,
    /// `--exclude-datasets` (2.3)
    pub exclude_datasets: Option<Filter>,
}

impl Options {
    /// No options.
    pub fn new(release: Release, host: &str) -> Self {
        Self {
            release,
            host: host.to_owned(),
            stamp: "now".to_owned(),
            recursive: false,
            skip_parent: false,
            no_sync_snap: false,
            keep_sync_snap: false,
            no_stream: false,
            no_rollback: false,
            no_resume: false,
            no_clone_handling: false,
            force_delete: false,
            create_bookmark: false,
            use_hold: false,
            delete_target_snapshots: false,
            identifier: None,
            include_snaps: None,
            exclude_snaps: None,
            exclude_datasets: None,
        }
    }

    /// What its own snapshots' names start with, and what it therefore prunes.
    fn own_prefix(&self) -> String {
        let identifier = self.identifier.as_ref().map_or(String::new(), |id| format!("{id}_"));
        format!("syncoid_{identifier}{}", self.host)
    }

    fn includes_snapshot(&self, name: &str) -> bool {
        let excluded = self.exclude_snaps.as_ref().is_some_and(|filter| filter.matches(name));
        !excluded && self.include_snaps.as_ref().is_none_or(|filter| filter.matches(name))
    }

    fn filters_snapshots(&self) -> bool {
        self.exclude_snaps.is_some() || self.include_snaps.is_some()
    }
}

/// What is on one side.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The datasets.
    pub datasets: BTreeMap<DatasetName, Lineage>,
    /// The property `syncoid:sync` of those that have it.
    pub sync: BTreeMap<DatasetName, String>,
    /// What the resume tokens of the target stand for; one that is missing is taken for stale.
    pub tokens: Vec<ResumeToken>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// A command is run, whether it succeeds or not. A send is followed by its receive.
    Run(Command),
    /// A receive with `-F` rolled the target back, or destroyed newer snapshots of it.
    RolledBack {
        /// The target.
        dataset: DatasetName,
        /// The snapshots that are gone.
        destroyed: Vec<String>,
    },
}

/// How a run ends.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its exit status: 0, 1 or 2, the worst of all datasets, or 255 where it dies.
    pub code: u8,
    /// What it does, in order.
    pub actions: Vec<Action>,
    /// Snapshots and datasets that are gone afterwards, on either side, in order.
    pub destroyed: Vec<String>,
    /// The source afterwards.
    pub source: Side,
    /// The target afterwards.
    pub target: Side,
}

/// What `syncoid SOURCE TARGET` would do.
pub fn predict(
    source: &DatasetName,
    from: Side,
    target: &DatasetName,
    to: Side,
    options: &Options,
) -> Outcome {
    run::Run::new(from, to, options).all(source, target)
}
