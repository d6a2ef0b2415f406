//! `zfs snapshot`, `zfs rollback`, `zfs hold`, `zfs release`, `zfs mount`, `zfs unmount`.

use zfs_props::check::{Context, DatasetFacts};
use zfs_props::key::PropertyName;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::Property;
use zfs_props::set::PropertySet;

use super::node::Point;
use super::refusal::Refusal;
use super::set::printed;
use super::view::MOUNT_OPTIONS;
use super::{Zfs, guid_of, no_snapshot};
use crate::observed::Snapshot;

/// What `zfs rollback` does about later snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Younger {
    /// It refuses.
    Refuse,
    /// It destroys them (`-r`), and refuses if they have clones.
    Destroy,
    /// It destroys them, and their clones with all below (`-R`).
    DestroyClones,
}

impl Zfs {
    /// `zfs snapshot`; with `-r` of all below too.
    pub fn snapshot(
        &mut self,
        name: &SnapshotName,
        recursive: bool,
        properties: &PropertySet,
    ) -> Result<(), Refusal> {
        let head = name.dataset_name()?;
        self.node(&head)?;
        name.check_creatable()?;
        let context = Context::set(DatasetFacts::snapshot()).release(self.release);
        let refuse = |error| Refusal::Property { dataset: head.clone(), error };
        let accepted = properties.check(&context).map_err(refuse)?;
        let names = if recursive { self.subtree(&head) } else { vec![head.clone()] };
        for at in &names {
            let new = at.snapshot(name.name())?;
            if self.node(at)?.point(name.name()).is_some() {
                return Err(Refusal::SnapshotExists(new.to_string()));
            }
        }
        let txg = self.next_txg();
        for (number, at) in (0..).zip(names) {
            let mut point =
                self.point_of(&at, name.name(), txg, guid_of(txg.rotate_left(32) + number))?;
            for (property, setting) in accepted.iter() {
                if let Some(raw) = printed(setting) {
                    point.entries.change(property, |entry| entry.set(raw));
                }
            }
            self.node_mut(&at)?.points.push(point);
        }
        Ok(())
    }

    /// A snapshot of a dataset as it is.
    pub(super) fn point_of(
        &self,
        head: &DatasetName,
        name: &str,
        txg: u64,
        guid: u64,
    ) -> Result<Point, Refusal> {
        let node = self.node(head)?;
        let size = node.own(&Property::Volsize.into()).map(|(raw, _)| raw.clone());
        Ok(Point {
            snapshot: Snapshot {
                name: name.to_owned(),
                guid: Some(guid),
                createtxg: Some(txg),
                holds: Some(0),
                clones: Vec::new(),
            },
            fixed: node.dataset.fixed.clone(),
            directories: node.directories.clone(),
            content: node.content,
            size,
            ..Point::default()
        })
    }

    /// `zfs set` on a snapshot: of user properties.
    pub fn set_on_snapshot(
        &mut self,
        name: &SnapshotName,
        properties: &PropertySet,
    ) -> Result<(), Refusal> {
        self.point(name).ok_or_else(|| no_snapshot(name))?;
        let context = Context::set(DatasetFacts::snapshot()).release(self.release);
        let dataset = name.dataset_name()?;
        let accepted =
            properties.check(&context).map_err(|error| Refusal::Property { dataset, error })?;
        let Some(point) = self.point_mut(name) else { return Ok(()) };
        for (property, setting) in accepted.iter() {
            if let Some(raw) = printed(setting) {
                point.entries.change(property, |entry| entry.set(raw));
            }
        }
        Ok(())
    }

    /// `zfs inherit` on a snapshot.
    pub fn inherit_on_snapshot(
        &mut self,
        name: &SnapshotName,
        property: &str,
        revert: bool,
    ) -> Result<(), Refusal> {
        self.point(name).ok_or_else(|| no_snapshot(name))?;
        let dataset = name.dataset_name()?;
        let property =
            zfs_props::check::inherit(property, revert, &DatasetFacts::snapshot(), self.release);
        let property = property.map_err(|error| Refusal::Property { dataset, error })?;
        if let PropertyName::Native(_) = property {
            // Accepted, and without effect: a snapshot has no native properties of its own.
            return Ok(());
        }
        let above = self.has_received(&name.dataset_name()?);
        let Some(point) = self.point_mut(name) else { return Ok(()) };
        let has_received = point.has_received || above;
        point.entries.change(&property, |entry| {
            if revert { entry.revert() } else { entry.inherit(has_received) }
        });
        Ok(())
    }

    /// `zfs rollback`.
    pub fn rollback(&mut self, name: &SnapshotName, younger: Younger) -> Result<(), Refusal> {
        let head = name.dataset_name()?;
        let node = self.node(&head)?;
        let at = node.points.iter().position(|point| point.snapshot.name == name.name());
        let at = at.ok_or_else(|| no_snapshot(name))?;
        let later: Vec<Point> = node.points.iter().skip(at + 1).cloned().collect();
        if younger == Younger::Refuse && !later.is_empty() {
            return Err(Refusal::NotLatest(name.to_string()));
        }
        if younger == Younger::Destroy
            && later.iter().any(|point| !point.snapshot.clones.is_empty())
        {
            return Err(Refusal::HasClones(name.to_string()));
        }
        for point in later {
            for clone in &point.snapshot.clones {
                self.destroy(clone, true)?;
            }
            let later = head.snapshot(&point.snapshot.name)?;
            self.destroy_point(&later, false)?;
        }
        let Some(point) = self.point(name).cloned() else { return Err(no_snapshot(name)) };
        let node = self.node_mut(&head)?;
        node.dataset.fixed = point.fixed;
        // Of what was only observed, the contents are not known.
        let is_known = point.content != 0;
        if is_known {
            node.directories = point.directories;
            node.content = point.content;
        }
        if let Some(size) = point.size {
            node.store(&Property::Volsize.into(), |entry| entry.set(size));
        }
        if is_known {
            self.lose_mounts(&head);
        }
        Ok(())
    }

    /// `zfs hold`; with `-r` of all with its name below too: all of them or none.
    pub fn hold(&mut self, name: &SnapshotName, tag: &str, recursive: bool) -> Result<(), Refusal> {
        let names = self.namesakes(name, recursive)?;
        let held = |name: &&SnapshotName| self.point(name).is_some_and(|p| p.tags.contains(tag));
        if let Some(name) = names.iter().find(held) {
            return Err(Refusal::Tag { snapshot: name.to_string(), tag: tag.to_owned() });
        }
        for name in names {
            let Some(point) = self.point_mut(&name) else { continue };
            point.tags.insert(tag.to_owned());
            point.snapshot.holds = Some(point.snapshot.holds.unwrap_or_default() + 1);
        }
        Ok(())
    }

    /// `zfs release`; with `-r` of all with its name below too, as far as they are held so.
    pub fn release_hold(
        &mut self,
        name: &SnapshotName,
        tag: &str,
        recursive: bool,
    ) -> Result<(), Refusal> {
        let held = |name: &SnapshotName| {
            self.point(name).is_some_and(|point| {
                // Of observed holds the names are not known.
                point.tags.contains(tag)
                    || point.snapshot.holds.is_some_and(|n| n > point.tags.len() as u64)
            })
        };
        let mut names = self.namesakes(name, recursive)?;
        names.retain(held);
        if names.is_empty() {
            return Err(Refusal::Tag { snapshot: name.to_string(), tag: tag.to_owned() });
        }
        for name in names {
            let Some(point) = self.point_mut(&name) else { continue };
            point.tags.remove(tag);
            point.snapshot.holds = point.snapshot.holds.map(|holds| holds.saturating_sub(1));
            if point.deferred {
                self.destroy_point(&name, true)?;
            }
        }
        Ok(())
    }

    fn namesakes(
        &self,
        name: &SnapshotName,
        recursive: bool,
    ) -> Result<Vec<SnapshotName>, Refusal> {
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
        Ok(names.iter().map(|at| at.snapshot(name.name())).collect::<Result<_, _>>()?)
    }

    /// `zfs mount`, with the options of `-o` that stand for properties: `ro`, `noexec` and the like.
    pub fn mount(&mut self, name: &DatasetName, options: &[&str]) -> Result<(), Refusal> {
        self.node(name)?;
        if self.is_volume(name) {
            return Err(Refusal::Volume(name.clone()));
        }
        let refused =
            self.is(name, Property::Zoned, "on") || self.is(name, Property::Canmount, "off");
        let known = self.word(name, Property::Mountpoint);
        if refused || known.is_some_and(|place| !place.starts_with('/')) {
            return Err(Refusal::NotMountable(name.clone()));
        }
        if self.is_mounted(name) {
            return Err(Refusal::Mounted(name.clone()));
        }
        self.mount_one(name)?;
        let given = MOUNT_OPTIONS
            .iter()
            .map(|(option, ..)| *option)
            .filter(|option| options.contains(option));
        self.node_mut(name)?.options.extend(given);
        Ok(())
    }

    /// `zfs unmount`.
    pub fn unmount(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        self.node(name)?;
        if self.is_volume(name) {
            return Err(Refusal::Volume(name.clone()));
        }
        if self.is(name, Property::Mountpoint, "legacy") {
            return Err(Refusal::NotMountable(name.clone()));
        }
        if self.node(name)?.dataset.mounted == Some(false) {
            return Err(Refusal::Unmounted(name.clone()));
        }
        let touched = self.touched_mounted(name);
        self.take_down(&touched)
    }
}
