//! Mounting, unmounting, and what is unmounted and mounted again when properties and names change.
//!
//! Source: OpenZFS `changelist_gather`, `changelist_prefix`, `changelist_postfix` (`lib/libzfs/libzfs_changelist.c`),
//! `zfs_is_mountable`, `zfs_mount_at`, `zfs_unmount` (`lib/libzfs/libzfs_mount.c`).

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;

use super::Zfs;
use super::refusal::Refusal;

/// What makes filesystems move to other places.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The property `mountpoint`.
    Mountpoint,
    /// `canmount=off`.
    Canmount,
    /// A new name, for all below too.
    Rename,
    /// Other contents, or none, for all below and all clones too.
    Dependents,
    /// Another property that filesystems are shared by.
    Share,
}

/// The filesystems that a change touches, in the order in which they are unmounted.
pub(super) struct Touched {
    cause: Cause,
    was_legacy: bool,
    /// By mountpoint, or by name where the changed one had none; two with the same one count once.
    list: BTreeMap<String, Filesystem>,
}

struct Filesystem {
    name: DatasetName,
    was_mounted: bool,
}

impl Zfs {
    /// Which filesystems a change touches. With `mounted`, all mounted ones below, otherwise those that inherit.
    pub(super) fn touched(&self, name: &DatasetName, cause: Cause) -> Touched {
        let place = |at: &DatasetName| self.word(at, Property::Mountpoint).unwrap_or_default();
        let legacy = matches!(&*place(name), "none" | "legacy");
        let can_follow = !self.is(name, Property::Canmount, "noauto");
        let was_legacy = legacy && can_follow && cause != Cause::Share;
        let mut list = BTreeMap::new();
        let mut note = |at: &DatasetName, was_mounted: bool| {
            let key = if legacy { at.to_string() } else { place(at) };
            list.entry(key).or_insert(Filesystem { name: at.clone(), was_mounted });
        };
        let mut passed_over: Option<DatasetName> = None;
        for below in self.below(name) {
            if passed_over.as_ref().is_some_and(|over| below.is_under(over)) {
                continue;
            }
            let is_mounted = self.is_mounted(&below);
            if cause == Cause::Dependents {
                if !self.is_volume(&below) {
                    note(&below, is_mounted);
                }
                continue;
            }
            if cause == Cause::Rename {
                if is_mounted && place(&below) != "legacy" {
                    note(&below, true);
                }
                continue;
            }
            let follows = |property: Property| {
                let source = self.lineage(&below).value(&property.into()).map(|(_, source)| source);
                matches!(source, Some(Source::Default | Source::Inherited(_)))
            };
            let follows = if cause == Cause::Share {
                follows(Property::Sharenfs) || follows(Property::Sharesmb)
            } else {
                follows(Property::Mountpoint)
            };
            if self.is_volume(&below) || !follows {
                passed_over = Some(below);
            } else {
                note(&below, is_mounted);
            }
        }
        if cause == Cause::Dependents {
            for clone in self.clones_outside(name) {
                if !self.is_volume(&clone) {
                    note(&clone, self.is_mounted(&clone));
                }
            }
        }
        note(name, self.is_mounted(name));
        Touched { cause, was_legacy, list }
    }

    /// Clones of what is below a dataset, and theirs, that are elsewhere.
    fn clones_outside(&self, name: &DatasetName) -> BTreeSet<DatasetName> {
        let mut found = BTreeSet::new();
        let mut left = vec![name.clone()];
        while let Some(at) = left.pop() {
            for below in self.subtree(&at) {
                let points = self.nodes.get(&below).map_or(&[][..], |node| &node.points);
                for clone in points.iter().flat_map(|point| &point.snapshot.clones) {
                    let is_within = clone == name || clone.is_under(name);
                    if !is_within && found.insert(clone.clone()) {
                        left.push(clone.clone());
                    }
                }
            }
        }
        found
    }

    /// All that is mounted below a dataset, and itself.
    pub(super) fn touched_mounted(&self, name: &DatasetName) -> Touched {
        self.touched(name, Cause::Rename)
    }

    /// Unmounts them; if one cannot be, those before it are mounted again.
    pub(super) fn take_down(&mut self, touched: &Touched) -> Result<(), Refusal> {
        if touched.cause == Cause::Share {
            return Ok(());
        }
        for (done, filesystem) in touched.list.values().rev().enumerate() {
            if self.is_mounted(&filesystem.name) {
                if let Err(refusal) = self.unmount_one(&filesystem.name) {
                    let first = touched.list.len() - done;
                    self.put_up_some(touched, first);
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }

    /// Mounts again what was mounted, and what may be now; `false` if something could not be.
    pub(super) fn put_up(&mut self, touched: &Touched) {
        if let Some(first) = touched.list.values().next().filter(|_| touched.cause != Cause::Share)
        {
            self.remove_directory(&first.name.clone());
        }
        self.put_up_some(touched, 0);
    }

    fn put_up_some(&mut self, touched: &Touched, first: usize) {
        for filesystem in touched.list.values().skip(first) {
            let name = &filesystem.name;
            if self.is_volume(name) || self.is_mounted(name) || self.key_is_missing(name) {
                continue;
            }
            let shared = |property| self.word(name, property).is_some_and(|word| word != "off");
            let may = touched.cause == Cause::Mountpoint
                || touched.was_legacy
                || shared(Property::Sharenfs)
                || shared(Property::Sharesmb);
            if filesystem.was_mounted || may && self.is(name, Property::Canmount, "on") {
                // What cannot be mounted is not reported.
                let _ = self.mount_one(name);
            }
        }
    }

    /// `zfs_mount`: nothing happens to what is not to be mounted.
    pub(super) fn mount_one(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        let Some(place) =
            self.mountpoint(name).filter(|_| !self.is(name, Property::Canmount, "off"))
        else {
            return Ok(());
        };
        if self.is(name, Property::Zoned, "on") {
            return Ok(());
        }
        if self.key_is_missing(name) {
            return Err(Refusal::NotMountable(name.clone()));
        }
        self.make_directory(name, &place)?;
        let id = self.mounts.mount(name, &place);
        let options = self.mount_options(name);
        if let Some(node) = self.nodes.get_mut(name) {
            node.mount = Some(id);
            node.options = options;
            node.dataset.mounted = Some(true);
        }
        Ok(())
    }

    /// Makes the directory to mount on, which a read-only filesystem does not allow.
    fn make_directory(&mut self, name: &DatasetName, place: &str) -> Result<(), Refusal> {
        let Some((holder, path)) = self.mounts.holder(place) else { return Ok(()) };
        let holder = holder.clone();
        let known = self.nodes.get(&holder).is_none_or(|node| node.directories.contains(&path));
        if path.is_empty() || known {
            return Ok(());
        }
        let is_stale = self.nodes.get(&holder).is_some_and(|node| node.stale.contains(&path));
        if is_stale || self.is(&holder, Property::Readonly, "on") {
            return Err(Refusal::NotMountable(name.clone()));
        }
        let content = self.next_txg();
        if let Some(node) = self.nodes.get_mut(&holder) {
            node.content = content;
            let ends = path
                .match_indices('/')
                .map(|(at, _)| at)
                .chain([path.len()])
                .filter(|end| *end > 0);
            let all = ends.filter_map(|end| path.get(..end)).map(str::to_owned);
            node.directories.extend(all);
        }
        Ok(())
    }

    /// Removes the directory where something was mounted that did not say itself where.
    fn remove_directory(&mut self, name: &DatasetName) {
        let follows = matches!(
            self.lineage(name).value(&Property::Mountpoint.into()),
            Some((_, Source::Default | Source::Inherited(_)))
        );
        let place =
            self.mountpoint(name).filter(|_| follows && !self.is(name, Property::Canmount, "off"));
        let Some((holder, path)) =
            place.and_then(|place| self.mounts.holder(&place).map(|(h, p)| (h.clone(), p)))
        else {
            return;
        };
        if self.is(&holder, Property::Readonly, "on") {
            return;
        }
        let content = self.next_txg();
        if let Some(node) = self.nodes.get_mut(&holder) {
            let within = format!("{path}/");
            if !node.directories.iter().any(|other| other.starts_with(&within))
                && node.directories.remove(&path)
            {
                node.content = content;
            }
        }
    }

    /// `zfs_unmount` of one that is mounted.
    pub(super) fn unmount_one(&mut self, name: &DatasetName) -> Result<(), Refusal> {
        let busy = || Refusal::Busy(name.clone());
        let Some(node) = self.nodes.get_mut(name) else { return Ok(()) };
        let Some(id) = node.mount else {
            // It is not known where.
            node.dataset.mounted = Some(false);
            return Ok(());
        };
        // What was mounted on top at the same path is what goes.
        let gone = self.mounts.unmount(id).ok_or_else(busy)?;
        if let Some(node) = self.nodes.get_mut(&gone) {
            node.mount = None;
            node.dataset.mounted = Some(false);
            node.dataset.temporary.clear();
            node.options.clear();
            node.stale.clear();
        }
        Ok(())
    }

    /// A filesystem got other contents while it was mounted.
    pub(super) fn lose_mounts(&mut self, name: &DatasetName) {
        if let Some(node) = self.nodes.get_mut(name) {
            if let Some(id) = node.mount {
                node.stale = self.mounts.lose(id, |path| node.directories.contains(path));
            }
        }
    }

    pub(crate) fn is_mounted(&self, name: &DatasetName) -> bool {
        self.nodes.get(name).is_some_and(|node| node.dataset.mounted == Some(true))
    }

    /// Whether a filesystem is mounted where no path leads to it any more: another one was mounted over it, at its place or
    /// above.
    pub fn is_covered(&self, name: &DatasetName) -> bool {
        let mount = self.nodes.get(name).and_then(|node| node.mount);
        mount.is_some_and(|id| !self.mounts.is_reached(id))
    }

    pub(super) fn is_volume(&self, name: &DatasetName) -> bool {
        self.nodes.get(name).is_some_and(|node| node.dataset.kind == Some(DatasetKind::Volume))
    }

    fn key_is_missing(&self, name: &DatasetName) -> bool {
        self.nodes.get(name).is_some_and(|node| node.dataset.key_loaded == Some(false))
    }
}

impl Touched {
    /// As if all had been mounted before.
    pub(super) fn mount_all(&mut self) {
        for filesystem in self.list.values_mut() {
            filesystem.was_mounted = true;
        }
    }

    /// Follows a new name.
    pub(super) fn rename(&mut self, from: &DatasetName, to: &DatasetName) {
        for filesystem in self.list.values_mut() {
            if let Ok(Some(name)) = filesystem.name.rebase(from, to) {
                filesystem.name = name;
            }
        }
    }
}
