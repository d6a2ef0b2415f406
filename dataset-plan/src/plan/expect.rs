//! What a step was planned from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::release::Release;

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
        /// As `zfs get` prints it.
        source: String,
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
        let nothing = Desired { release, ..Desired::default() };
        let tree = Tree::new(&nothing, self, &BTreeSet::new());
        let row = |at| Some((&*tree.row(at)?.name, at));
        let rows: BTreeMap<&DatasetName, usize> = (0..tree.len()).filter_map(row).collect();
        expectations.filter(|expectation| !self.holds(expectation, &tree, &rows)).collect()
    }

    fn holds(
        &self,
        expectation: &Expectation,
        tree: &Tree<'_>,
        rows: &BTreeMap<&DatasetName, usize>,
    ) -> bool {
        match expectation {
            Expectation::Absent(name) => self.dataset(name).is_none(),
            Expectation::Present { dataset, guid } => {
                let found = self.dataset(dataset);
                found.is_some_and(|found| guid.is_none() || found.guid == *guid)
            }
            Expectation::Snapshot { snapshot, guid } => {
                let dataset = snapshot.dataset_name().ok();
                let found = dataset.and_then(|dataset| self.dataset(&dataset));
                let found = found.map(|found| found.snapshots.as_slice()).unwrap_or_default();
                let mut found = found.iter().filter(|found| found.name == snapshot.name());
                found.any(|found| guid.is_none() || found.guid == *guid)
            }
            Expectation::Mounted { dataset, mounted } => {
                self.dataset(dataset).is_some_and(|found| found.mounted == Some(*mounted))
            }
            Expectation::Value { dataset, property, value, source } => {
                let sight = rows.get(dataset).and_then(|at| tree.now(*at, property));
                match (sight, value) {
                    (None, None) => true,
                    (Some(sight), Some(value)) => {
                        sight.text() == value.as_str() && sight.source.to_string() == *source
                    }
                    _ => false,
                }
            }
        }
    }
}
