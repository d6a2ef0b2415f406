//! `zfs rename` and `zfs promote`.
//!
//! Source: OpenZFS `zfs_rename` (`lib/libzfs/libzfs_dataset.c`), `dsl_dir_rename_check`, `dsl_valid_rename`
//! (`module/zfs/dsl_dir.c`), `dsl_dataset_promote_check` (`module/zfs/dsl_dataset.c`).

use std::mem;

use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::Property;

use super::node::Node;
use super::refusal::Refusal;
use super::remount::Cause;
use super::{Zfs, no_snapshot};

impl Zfs {
    /// `zfs rename` of a dataset with all below it; with `-u` unless what is mounted shall move too.
    pub fn rename(
        &mut self,
        from: &DatasetName,
        to: &DatasetName,
        remount: bool,
    ) -> Result<(), Refusal> {
        self.node(from)?;
        if !remount && self.is_volume(from) {
            return Err(Refusal::Volume(from.clone()));
        }
        if from == to {
            return Ok(());
        }
        let parent = self.check_place_for(from, to)?;
        if self.is(from, Property::Zoned, "on") {
            return Err(Refusal::Rename { from: from.clone(), to: to.clone() });
        }
        let stays =
            matches!(self.word(from, Property::Mountpoint).as_deref(), Some("legacy" | "none"));
        let remount = remount && (self.is_volume(from) || !stays);
        let touched = remount.then(|| self.touched(from, Cause::Rename));
        if let Some(touched) = &touched {
            self.take_down(touched)?;
        }
        let verdict = self.check_move(from, to, &parent);
        if verdict.is_ok() {
            self.move_tree(from, to);
        }
        if let Some(mut touched) = touched {
            if verdict.is_ok() {
                touched.rename(from, to);
            }
            self.put_up(&touched);
        }
        verdict
    }

    /// The rename alone, whatever is mounted.
    pub(super) fn move_to(&mut self, from: &DatasetName, to: &DatasetName) -> Result<(), Refusal> {
        self.node(from)?;
        let parent = self.check_place_for(from, to)?;
        self.check_move(from, to, &parent)?;
        self.move_tree(from, to);
        Ok(())
    }

    /// A new name is in the same pool, and not below the old one: the dataset that it is directly below.
    fn check_place_for(
        &self,
        from: &DatasetName,
        to: &DatasetName,
    ) -> Result<DatasetName, Refusal> {
        let refusal = || Refusal::Rename { from: from.clone(), to: to.clone() };
        if to.is_under(from) || from.pool() != to.pool() || from.parent().is_none() {
            return Err(refusal());
        }
        to.check_creatable()?;
        let parent = to.parent().ok_or_else(refusal)?;
        self.node(&parent)?;
        Ok(parent)
    }

    fn check_move(
        &self,
        from: &DatasetName,
        to: &DatasetName,
        parent: &DatasetName,
    ) -> Result<(), Refusal> {
        let refusal = || Refusal::Rename { from: from.clone(), to: to.clone() };
        if self.nodes.contains_key(to) {
            return Err(Refusal::Exists(to.clone()));
        }
        if self.is_volume(parent) {
            return Err(Refusal::Volume(parent.clone()));
        }
        for name in self.subtree(from) {
            let moved = name.rebase(from, to)?.ok_or_else(refusal)?;
            moved.check_creatable()?;
            for snapshot in self.snapshots(&name) {
                moved.snapshot(snapshot)?;
            }
        }
        if from.parent().as_ref() == Some(parent) {
            return Ok(());
        }
        let root = |name: &DatasetName| {
            self.nodes.get(name).and_then(|n| n.dataset.encryption_root.clone())
        };
        let own = root(from);
        if own.as_ref().is_some_and(|own| own != from) && own != root(parent) {
            return Err(refusal());
        }
        // Space is moved up to where both meet.
        let shared =
            parent.ancestors().chain([parent.clone()]).filter(|above| from.is_under(above)).max();
        let taken = self.taken(from);
        let mut above = Some(parent.clone());
        while let Some(at) = above.filter(|at| Some(at) != shared.as_ref()) {
            if let Some(quota) = self.nodes.get(&at).and_then(|node| node.number(Property::Quota)) {
                let used = self.nodes.get(&at).map_or(0, |node| node.used);
                if quota > 0 && used.saturating_add(taken) > quota {
                    return Err(Refusal::NoSpace { dataset: at, property: "quota" });
                }
            }
            above = at.parent();
        }
        Ok(())
    }

    fn move_tree(&mut self, from: &DatasetName, to: &DatasetName) {
        let taken = self.taken(from);
        if let Some(parent) = from.parent() {
            self.charge(&parent, taken, 0);
        }
        for name in self.subtree(from) {
            let Ok(Some(moved)) = name.rebase(from, to) else { continue };
            let Some(node) = self.nodes.remove(&name) else { continue };
            self.rename_references(&name, &moved, &node);
            if let Some(mount) = node.mount {
                self.mounts.rename(mount, &moved);
            }
            self.nodes.insert(moved, node);
        }
        // Clones outside may be under a key that has moved.
        if self
            .subtree(to)
            .iter()
            .any(|name| self.nodes.get(name).is_some_and(|node| node.is_encrypted()))
        {
            for node in self.nodes.values_mut() {
                let root = node.dataset.encryption_root.as_ref();
                if let Some(Ok(Some(moved))) = root.map(|root| root.rebase(from, to)) {
                    node.dataset.encryption_root = Some(moved);
                }
            }
        }
        if let Some(parent) = to.parent() {
            self.charge(&parent, 0, taken);
        }
    }

    /// Clones and origins know each other by name.
    fn rename_references(&mut self, from: &DatasetName, to: &DatasetName, node: &Node) {
        if let Some(origin) = &node.dataset.origin {
            if let Some(point) = self.point_mut(origin) {
                for clone in point.snapshot.clones.iter_mut().filter(|clone| *clone == from) {
                    *clone = to.clone();
                }
            }
        }
        for point in &node.points {
            let origin = to.snapshot(&point.snapshot.name).ok();
            for clone in &point.snapshot.clones {
                if let Some(clone) = self.nodes.get_mut(clone) {
                    clone.dataset.origin.clone_from(&origin);
                }
            }
        }
    }

    /// `zfs rename` of a snapshot to another name after `@`; with `-r` of all with its name below too.
    pub fn rename_snapshot(
        &mut self,
        from: &SnapshotName,
        to: &str,
        recursive: bool,
    ) -> Result<(), Refusal> {
        let head = from.dataset_name()?;
        self.point(from).ok_or_else(|| no_snapshot(from))?;
        if from.name() == to {
            return Ok(());
        }
        head.snapshot(to)?;
        let names = if recursive { self.subtree(&head) } else { vec![head] };
        let has = |name: &DatasetName, snapshot: &str| {
            self.nodes.get(name).is_some_and(|n| n.point(snapshot).is_some())
        };
        let names: Vec<_> = names.into_iter().filter(|name| has(name, from.name())).collect();
        for name in &names {
            let new = name.snapshot(to)?;
            if has(name, to) {
                return Err(Refusal::SnapshotExists(new.to_string()));
            }
        }
        for name in names {
            let Some(point) =
                self.nodes.get_mut(&name).and_then(|node| node.point_mut(from.name()))
            else {
                continue;
            };
            to.clone_into(&mut point.snapshot.name);
            let clones = point.snapshot.clones.clone();
            let origin = name.snapshot(to).ok();
            for clone in clones {
                if let Some(clone) = self.nodes.get_mut(&clone) {
                    clone.dataset.origin.clone_from(&origin);
                }
            }
        }
        Ok(())
    }

    /// `zfs promote`.
    pub fn promote(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        let node = self.node(name)?;
        let origin = node.dataset.origin.clone().ok_or_else(|| Refusal::NotAClone(name.clone()))?;
        let head = origin.dataset_name()?;
        let old = self.node(&head)?;
        let last = old.points.iter().position(|point| point.snapshot.name == origin.name());
        let last = last.ok_or_else(|| no_snapshot(&origin))?;
        for point in old.points.iter().take(last + 1) {
            if node.point(&point.snapshot.name).is_some() {
                return Err(Refusal::SnapshotExists(format!("{name}@{}", point.snapshot.name)));
            }
        }
        let before = old.dataset.origin.clone();
        if before.as_ref().is_some_and(|before| before.dataset() == name.as_str()) {
            return Err(Refusal::NotAClone(name.clone()));
        }
        // The snapshots up to the origin change hands, and the two datasets their parts.
        let old = self.node_mut(&head)?;
        let rest = old.points.split_off(last + 1);
        let mut moved = mem::replace(&mut old.points, rest);
        let new_origin = name.snapshot(origin.name())?;
        old.dataset.origin = Some(new_origin);
        if let Some(point) = moved.last_mut() {
            point.snapshot.clones.retain(|clone| clone != name);
            point.snapshot.clones.push(head.clone());
        }
        for point in &moved {
            let origin = name.snapshot(&point.snapshot.name).ok();
            for clone in &point.snapshot.clones {
                if let Some(clone) = self.nodes.get_mut(clone) {
                    clone.dataset.origin.clone_from(&origin);
                }
            }
        }
        if let Some(point) = before.as_ref().and_then(|before| self.point_mut(before)) {
            for clone in point.snapshot.clones.iter_mut().filter(|clone| **clone == head) {
                *clone = name.clone();
            }
        }
        let node = self.node_mut(name)?;
        node.dataset.origin = before;
        moved.append(&mut node.points);
        node.points = moved;
        Ok(())
    }
}
