//! `zfs destroy`.
//!
//! Source: OpenZFS `zfs_do_destroy` (`cmd/zfs/zfs_main.c`), `dsl_destroy_snapshot_check_impl`,
//! `dsl_destroy_head_check_impl` (`module/zfs/dsl_destroy.c`).

use zfs_props::name::{DatasetName, SnapshotName};

use super::refusal::Refusal;
use super::{Zfs, no_snapshot};

impl Zfs {
    /// `zfs destroy` of a dataset; with `-r` of all below and all snapshots.
    pub fn destroy(&mut self, name: &DatasetName, recursive: bool) -> Result<(), Refusal> {
        let node = self.node(name)?;
        if name.parent().is_none() {
            return Err(Refusal::HasChildren(name.clone()));
        }
        if !recursive {
            if !node.points.is_empty() || self.has_children(name) {
                return Err(Refusal::HasChildren(name.clone()));
            }
            return self.destroy_one(name);
        }
        let tree = self.subtree(name);
        for at in &tree {
            for point in self.nodes.get(at).map_or(&[][..], |node| &node.points) {
                if point.snapshot.clones.iter().any(|clone| clone != name && !clone.is_under(name))
                {
                    return Err(Refusal::HasClones(format!("{at}@{}", point.snapshot.name)));
                }
            }
        }
        // Clones before their origins, children before parents; what cannot be destroyed stays with all above.
        let mut failed = None;
        let mut left = tree;
        loop {
            let before = left.len();
            let mut still = Vec::new();
            for at in left.into_iter().rev() {
                match self.destroy_with_snapshots(&at) {
                    Ok(()) => {}
                    Err(refusal) => {
                        failed = Some(refusal);
                        still.push(at);
                    }
                }
            }
            still.reverse();
            left = still;
            if left.is_empty() {
                return Ok(());
            }
            if left.len() == before {
                return failed.map_or(Ok(()), Err);
            }
        }
    }

    fn destroy_with_snapshots(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        let names: Vec<String> = self.snapshots(name).map(str::to_owned).collect();
        let mut verdict = Ok(());
        for snapshot in names {
            let snapshot = name.snapshot(&snapshot)?;
            let one = self.destroy_point(&snapshot, false);
            verdict = verdict.and(one);
        }
        verdict?;
        // Unmounted it is before anybody sees that something below it has stayed.
        self.unmount_to_destroy(name)?;
        if self.has_children(name) {
            return Err(Refusal::HasChildren(name.clone()));
        }
        self.destroy_one(name)
    }

    /// A dataset without children and snapshots.
    fn destroy_one(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        self.unmount_to_destroy(name)?;
        self.remove(name);
        Ok(())
    }

    fn unmount_to_destroy(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        if self.is_mounted(name) {
            self.unmount_one(name)?;
            // Perhaps it was another one that lay on top.
            if self.is_mounted(name) {
                return Err(Refusal::Busy(name.clone()));
            }
        }
        Ok(())
    }

    /// Forgets a dataset, and what others know of it.
    pub(super) fn remove(&mut self, name: &DatasetName) {
        let taken = self.taken(name);
        let Some(node) = self.nodes.remove(name) else { return };
        if let Some(parent) = name.parent() {
            self.charge(&parent, taken, 0);
        }
        let Some(origin) = &node.dataset.origin else { return };
        let Some(point) = self.point_mut(origin) else { return };
        point.snapshot.clones.retain(|clone| clone != name);
        if point.deferred {
            let _ = self.destroy_point(origin, true);
        }
    }

    /// `zfs destroy` of a snapshot; with `-d` later, if it cannot be at once; with `-r` of all with its name below too.
    pub fn destroy_snapshot(
        &mut self,
        name: &SnapshotName,
        defer: bool,
        recursive: bool,
    ) -> Result<(), Refusal> {
        let head = name.dataset_name()?;
        self.node(&head)?;
        let names = if recursive { self.subtree(&head) } else { vec![head] };
        let has = |at: &DatasetName| {
            self.nodes.get(at).is_some_and(|node| node.point(name.name()).is_some())
        };
        let names: Vec<_> = names.into_iter().filter(has).collect();
        if names.is_empty() {
            return Err(no_snapshot(name));
        }
        let names: Result<Vec<_>, _> = names.iter().map(|at| at.snapshot(name.name())).collect();
        let names = names?;
        if !defer {
            for name in &names {
                self.check_destroyable(name)?;
            }
        }
        for name in names {
            self.destroy_point(&name, defer)?;
        }
        Ok(())
    }

    pub(super) fn check_destroyable(&self, name: &SnapshotName) -> Result<(), Refusal> {
        let point = self.point(name).ok_or_else(|| no_snapshot(name))?;
        if point.snapshot.holds.is_some_and(|holds| holds > 0) {
            return Err(Refusal::Held(name.to_string()));
        }
        if !point.snapshot.clones.is_empty() {
            return Err(Refusal::HasClones(name.to_string()));
        }
        Ok(())
    }

    pub(super) fn destroy_point(
        &mut self,
        name: &SnapshotName,
        defer: bool,
    ) -> Result<(), Refusal> {
        let verdict = self.check_destroyable(name);
        let head = name.dataset_name()?;
        match (&verdict, defer) {
            (Ok(()), _) => {
                self.node_mut(&head)?.points.retain(|point| point.snapshot.name != name.name());
            }
            (Err(Refusal::Held(_) | Refusal::HasClones(_)), true) => {
                if let Some(point) = self.point_mut(name) {
                    point.deferred = true;
                }
                return Ok(());
            }
            _ => {}
        }
        verdict
    }
}
