//! What a step was planned from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::release::Release;
use zfs_props::source::Source;

use crate::observed::Observed;
use crate::spec::Desired;
use crate::tree::Tree;

/// Something that was observed and that a [`Step`](super::Step) rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Expectation {
    /// There is no such dataset.
    Absent(DatasetName),
    /// The dataset is there, and is the one with this guid, if it was known.
    Present {
        /// The dataset.
        dataset: DatasetName,
        /// Its property `guid`.
        guid: Option<u64>,
    },
    /// The snapshot is there, and is the one with this guid, if it was known.
    Snapshot {
        /// The snapshot.
        snapshot: SnapshotName,
        /// Its property `guid`.
        guid: Option<u64>,
    },
    /// A property is what it was.
    Value {
        /// The dataset.
        dataset: DatasetName,
        /// The property.
        property: PropertyName,
        /// As `zfs get -p` prints it; `None`: not set.
        value: Option<String>,
        /// Where that comes from; [`Source::None`] where it is not set.
        source: Source<DatasetName>,
    },
    /// The dataset is, or is not, mounted.
    Mounted {
        /// The dataset.
        dataset: DatasetName,
        /// Its property `mounted`.
        mounted: bool,
    },
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expectation::Absent(dataset) => write!(f, "{dataset} does not exist"),
            Expectation::Present { dataset, guid: None } => write!(f, "{dataset} exists"),
            Expectation::Present { dataset, guid: Some(guid) } => {
                write!(f, "{dataset} exists and has guid {guid}")
            }
            Expectation::Snapshot { snapshot, guid: None } => write!(f, "{snapshot} exists"),
            Expectation::Snapshot { snapshot, guid: Some(guid) } => {
                write!(f, "{snapshot} exists and has guid {guid}")
            }
            Expectation::Value { dataset, property, value: None, .. } => {
                write!(f, "{property} of {dataset} is not set")
            }
            Expectation::Value { dataset, property, value: Some(value), source } => {
                write!(f, "{property} of {dataset} is {value} ({source})")
            }
            Expectation::Mounted { dataset, mounted } => {
                write!(f, "{dataset} is {}mounted", if *mounted { "" } else { "not " })
            }
        }
    }
}

impl Observed {
    /// Those expectations that do not hold.
    pub(crate) fn broken<'e>(
        &self,
        expectations: impl Iterator<Item = &'e Expectation>,
        release: Release,
    ) -> Vec<&'e Expectation> {
        let expectations: Vec<_> = expectations.collect();
        let nothing = Desired { release, ..Desired::default() };
        let tree = Tree::new(&nothing, self, &BTreeSet::new());
        let row = |at| Some((&*tree.row(at)?.name, at));
        let rows = (0..tree.len()).filter_map(row).collect();
        let of_snapshots = |e: &&Expectation| matches!(e, Expectation::Snapshot { .. });
        let snapshots = if expectations.iter().any(of_snapshots) {
            self.snapshot_guids().collect()
        } else {
            BTreeMap::new()
        };
        let now = Now { observed: self, tree: &tree, rows, snapshots };
        expectations.into_iter().filter(|expectation| !now.holds(expectation)).collect()
    }

    fn snapshot_guids(&self) -> impl Iterator<Item = ((&str, &str), Option<u64>)> {
        self.datasets().flat_map(|(name, dataset)| {
            let snapshots = dataset.snapshots.iter();
            snapshots.map(move |snapshot| ((name.as_str(), snapshot.name.as_str()), snapshot.guid))
        })
    }
}

/// What was observed, to be looked up.
struct Now<'o> {
    observed: &'o Observed,
    tree: &'o Tree<'o>,
    rows: BTreeMap<&'o DatasetName, usize>,
    /// Guids, by the names before and after `@`.
    snapshots: BTreeMap<(&'o str, &'o str), Option<u64>>,
}

impl Now<'_> {
    fn holds(&self, expectation: &Expectation) -> bool {
        match expectation {
            Expectation::Absent(name) => self.observed.dataset(name).is_none(),
            Expectation::Present { dataset, guid } => {
                let found = self.observed.dataset(dataset);
                found.is_some_and(|found| guid.is_none() || found.guid == *guid)
            }
            Expectation::Snapshot { snapshot, guid } => {
                let parts = snapshot.as_str().split_once('@');
                let found = parts.and_then(|parts| self.snapshots.get(&parts));
                found.is_some_and(|found| guid.is_none() || found == guid)
            }
            Expectation::Mounted { dataset, mounted } => {
                let found = self.observed.dataset(dataset);
                found.is_some_and(|found| found.mounted == Some(*mounted))
            }
            Expectation::Value { dataset, property, value, source } => {
                let row = self.rows.get(dataset);
                let sight = row.and_then(|at| self.tree.now(*at, property));
                match (sight, value) {
                    (None, None) => true,
                    (Some(sight), Some(value)) => {
                        sight.text() == value.as_str() && sight.source == source.as_ref()
                    }
                    _ => false,
                }
            }
        }
    }
}
