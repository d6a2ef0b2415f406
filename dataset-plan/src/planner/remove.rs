//! Datasets that shall not exist.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::{DatasetName, SnapshotName};

use super::{Draft, Part, Planner};
use crate::observed::Dataset;
use crate::plan::{Action, Expectation, Obstacle, Reason, Risk, Undo};
use crate::spec::Table;

/// What is in the way, and what would help.
type Refusal = (String, &'static str);

/// A snapshot that goes, and its guid.
pub(super) type Granted = (SnapshotName, Option<u64>);

impl Planner<'_> {
    /// Finds the absent datasets that a grant names and nothing depends on.
    pub(super) fn find_removals(&mut self) {
        if self.desired.absent.is_empty() {
            return;
        }
        let parents = self.desired.parents.iter();
        let mut kept: BTreeSet<DatasetName> =
            parents.flat_map(|name| name.ancestors().chain([name.clone()])).collect();
        let declared = self.desired.datasets.values();
        let declared = declared.filter_map(|want| Some((want.guid?, want.path))).collect();
        for at in (0..self.tree.len()).rev() {
            let Some(row) = self.tree.row(at) else { continue };
            let name = row.name.clone().into_owned();
            let parent = name.parent();
            let goes = !row.base && self.desired.absent.contains(&name);
            let Some(dataset) = row.observed.filter(|_| goes) else {
                kept.extend(parent);
                continue;
            };
            match self.removable(&name, dataset, kept.contains(&name), &declared) {
                Ok(_) if self.is_vetoed(at, Part::Removal, &name) => kept.extend(parent),
                Ok(snapshots) => {
                    self.tree.remove(at);
                    self.removals.push((at, snapshots));
                }
                Err((what, remedy)) => {
                    self.block(&name, Obstacle::Destroys, what, remedy);
                    kept.extend(parent);
                }
            }
        }
    }

    /// Destroys them, children first.
    pub(super) fn remove(&mut self) {
        let mut below: BTreeMap<DatasetName, Vec<usize>> = BTreeMap::new();
        for (at, snapshots) in std::mem::take(&mut self.removals) {
            let Some(row) = self.tree.row(at) else { continue };
            let (name, guid) = (row.name.clone().into_owned(), row.observed.and_then(|d| d.guid));
            let mut needs = below.remove(&name).unwrap_or_default();
            for (snapshot, guid) in snapshots {
                let expected = Expectation::Snapshot { snapshot: snapshot.clone(), guid };
                let action = Action::DestroySnapshot(snapshot);
                let draft = self.draft_destroy(at, &name, action, Vec::new());
                if let Some(draft) = self.drafts.get_mut(draft) {
                    draft.expects.push(expected);
                }
                needs.push(draft);
            }
            let draft = self.draft_destroy(at, &name, Action::Destroy, needs);
            let parent = name.parent();
            if let Some(draft) = self.drafts.get_mut(draft) {
                draft.expects.push(Expectation::Present { dataset: name, guid });
            }
            if let Some(parent) = parent {
                below.entry(parent).or_default().push(draft);
            }
        }
    }

    /// The snapshots that go with a dataset, if it can go.
    fn removable(
        &self,
        name: &DatasetName,
        dataset: &Dataset,
        holds_others: bool,
        declared: &BTreeMap<u64, Table<'_>>,
    ) -> Result<Vec<Granted>, Refusal> {
        let granted = |name: &str| self.policy.destroy.contains(name);
        if name.parent().is_none() {
            return Err((
                "it is a pool, and plans destroy no pools".into(),
                "see zpool-destroy(8)",
            ));
        }
        if !granted(name.as_str()) {
            let remedy = "see what is in it, then grant it by the policy (destroy: NAME)";
            return Err(("it shall not exist, and no grant names it".into(), remedy));
        }
        if let Some(table) = dataset.guid.and_then(|guid| declared.get(&guid)) {
            let what = format!("{table} declares it by its guid");
            return Err((what, "see which of the two is meant"));
        }
        if holds_others {
            let what = "it holds a dataset that is kept, or services live below it".to_owned();
            return Err((what, "declare that one absent and grant it too, or move it away"));
        }
        let mut snapshots = Vec::with_capacity(dataset.snapshots.len());
        for snapshot in &dataset.snapshots {
            let full = name.snapshot(&snapshot.name);
            if snapshot.holds.is_some_and(|holds| holds > 0) {
                return Err((
                    format!("its snapshot @{} is held", snapshot.name),
                    "see zfs-holds(8)",
                ));
            }
            if let Some(clone) = snapshot.clones.first() {
                let what = format!("{clone} depends on its snapshot @{}", snapshot.name);
                return Err((what, "declare the clone with origin = \"none\" first"));
            }
            match full {
                Ok(full) if granted(full.as_str()) => snapshots.push((full, snapshot.guid)),
                _ => {
                    let what =
                        format!("it has the snapshot @{}, which no grant names", snapshot.name);
                    return Err((what, "grant it by the policy too (destroy: DATASET@SNAPSHOT)"));
                }
            }
        }
        Ok(snapshots)
    }

    fn draft_destroy(
        &mut self,
        at: usize,
        name: &DatasetName,
        action: Action,
        needs: Vec<usize>,
    ) -> usize {
        let mut draft = Draft::new(at, name.clone(), action, Reason::Absent);
        draft.risk = Risk::DESTROYS;
        draft.undo = Undo::Impossible { because: "what is destroyed is gone".into() };
        draft.needs = needs;
        self.push(draft)
    }
}
