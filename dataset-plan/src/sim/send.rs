//! `zfs send` and `zfs receive`.
//!
//! Source: OpenZFS `send_iterate_prop`, `send_iterate_fs`, `zfs_receive_one`, `zfs_setup_cmdline_props`
//! (`lib/libzfs/libzfs_sendrecv.c`), `zfs_ioc_recv_impl` (`module/zfs/zfs_ioctl.c`).

use std::collections::BTreeSet;

use zfs_props::check::{Accepted, Context};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::Property;
use zfs_props::set::PropertySet;
use zfs_props::store::Entry;

use super::create::is_fixed;
use super::node::Point;
use super::refusal::Refusal;
use super::remount::Cause;
use super::{Zfs, no_snapshot};
use crate::observed::{Raw, inheritable};

/// What a stream carries beside the data of one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Plain,
    /// The dataset's local and received properties (`-p`).
    Properties,
    /// Its received properties (`-b`).
    Backup,
    /// All below, their properties, and all snapshots up to this one (`-R`).
    Replica,
}

/// What `zfs send` puts out.
#[derive(Clone, Debug)]
pub struct Stream {
    content: Content,
    parts: Vec<Part>,
}

/// One snapshot of a stream.
#[derive(Clone, Debug)]
struct Part {
    /// Where the dataset is below the sent one.
    below: String,
    kind: DatasetKind,
    point: Point,
    /// The `guid` of the snapshot it is an increment to.
    since: Option<u64>,
    is_clone: bool,
    properties: Option<Vec<(PropertyName, Raw)>>,
}

/// How `zfs receive` takes a stream.
#[derive(Clone, Debug, Default)]
pub struct Receive {
    /// Set instead of what the stream says (`-o`).
    pub set: PropertySet,
    /// Not taken from the stream (`-x`).
    pub exclude: Vec<String>,
    /// What is there may be overwritten (`-F`).
    pub force: bool,
    /// Nothing is mounted (`-u`).
    pub unmounted: bool,
    /// The name after `@` of the new snapshot, rather than the stream's.
    pub snapshot: Option<String>,
}

impl Zfs {
    /// `zfs send`; `since` is the name after `@` of an earlier snapshot (`-i`).
    pub fn send(
        &self,
        name: &SnapshotName,
        content: Content,
        since: Option<&str>,
    ) -> Result<Stream, Refusal> {
        let head = name.dataset_name()?;
        let last = self.point(name).ok_or_else(|| no_snapshot(name))?;
        let top = self.node(&head)?;
        if let Some(since) = since {
            let from = top.point(since).ok_or_else(|| no_snapshot(name))?;
            if from.snapshot.createtxg >= last.snapshot.createtxg {
                return Err(Refusal::NotLatest(name.to_string()));
            }
        }
        let datasets =
            if content == Content::Replica { self.subtree(&head) } else { vec![head.clone()] };
        let mut parts = Vec::new();
        let mut skipped: Option<DatasetName> = None;
        for at in datasets {
            if skipped.as_ref().is_some_and(|skipped| at.is_under(skipped)) {
                continue;
            }
            let node = self.node(&at)?;
            let Some(end) = node.points.iter().position(|point| point.snapshot.name == name.name())
            else {
                if node.dataset.createtxg > last.snapshot.createtxg {
                    skipped = Some(at);
                    continue;
                }
                return Err(Refusal::NoSnapshot(format!("{at}@{}", name.name())));
            };
            if content != Content::Plain && node.is_encrypted() {
                return Err(Refusal::Stream(at));
            }
            let start = since.and_then(|since| {
                node.points.iter().position(|point| point.snapshot.name == since)
            });
            let origin =
                node.dataset.origin.as_ref().and_then(|origin| self.point(origin)?.snapshot.guid);
            let first = match (content, start) {
                (Content::Replica, Some(start)) => start + 1,
                (Content::Replica, None) => 0,
                _ => end,
            };
            let mut before = start.and_then(|start| node.points.get(start)?.snapshot.guid);
            let mut is_clone = false;
            if content == Content::Replica && before.is_none() && origin.is_some() {
                (before, is_clone) = (origin, true);
            }
            let below = at.relative_to(&head).unwrap_or_default().to_owned();
            let kind = node.dataset.kind.unwrap_or(DatasetKind::Filesystem);
            for point in node.points.iter().take(end + 1).skip(first) {
                parts.push(Part {
                    below: below.clone(),
                    kind,
                    point: point.clone(),
                    since: before,
                    is_clone,
                    properties: self.sent_properties(&at, content),
                });
                (before, is_clone) = (point.snapshot.guid, false);
            }
        }
        Ok(Stream { content, parts })
    }

    fn sent_properties(
        &self,
        name: &DatasetName,
        content: Content,
    ) -> Option<Vec<(PropertyName, Raw)>> {
        if content == Content::Plain {
            return None;
        }
        let entries = &self.nodes.get(name)?.dataset.entries;
        let sent = entries.iter().filter(|(property, _)| {
            property.native().is_none_or(|native| native != Property::Volsize && !is_fixed(native))
        });
        Some(match content {
            Content::Backup => {
                sent.filter_map(|(p, entry)| Some((p.clone(), entry.received.clone()?))).collect()
            }
            _ => sent.filter_map(|(p, entry)| Some((p.clone(), entry.own()?.0.clone()))).collect(),
        })
    }

    /// `zfs receive`.
    pub fn receive(
        &mut self,
        name: &DatasetName,
        stream: &Stream,
        how: &Receive,
    ) -> Result<(), Refusal> {
        let recursive =
            stream.parts.iter().any(|part| !part.below.is_empty()) || stream.parts.len() > 1;
        let mut mounts = false;
        if how.snapshot.is_some() && stream.content == Content::Replica {
            return Err(Refusal::Stream(name.clone()));
        }
        for part in &stream.parts {
            let target = if part.below.is_empty() {
                name.clone()
            } else {
                format!("{name}/{}", part.below).parse()?
            };
            mounts |= self.receive_part(&target, part, how, recursive, target == *name)?;
        }
        if mounts && !how.unmounted {
            let mut touched = self.touched(name, Cause::Mountpoint);
            touched.mount_all();
            self.put_up(&touched);
        }
        Ok(())
    }

    /// `true`: something may have to be mounted.
    fn receive_part(
        &mut self,
        target: &DatasetName,
        part: &Part,
        how: &Receive,
        recursive: bool,
        top: bool,
    ) -> Result<bool, Refusal> {
        let refusal = || Refusal::Stream(target.clone());
        let snapshot = how.snapshot.as_ref().unwrap_or(&part.point.snapshot.name);
        target.snapshot(snapshot)?.check_creatable()?;
        let wants_new = part.since.is_none() || part.is_clone;
        let exists = self.nodes.contains_key(target);
        let mut touched = None;
        match (exists, wants_new) {
            (false, false) => return Err(refusal()),
            (false, true) => {
                let parent = target.parent().ok_or_else(refusal)?;
                self.node(&parent)?;
                if self.is_volume(&parent) {
                    return Err(Refusal::Volume(parent));
                }
                target.check_creatable()?;
            }
            (true, true) => {
                let node = self.node(target)?;
                let overwritten =
                    how.force && node.points.is_empty() && node.dataset.origin.is_none();
                let fits = part.kind == DatasetKind::Filesystem || !self.has_children(target);
                if !overwritten || !fits || node.is_encrypted() {
                    return Err(Refusal::Exists(target.clone()));
                }
                if !self.is_volume(target) {
                    let these = self.touched(target, Cause::Rename);
                    self.take_down(&these)?;
                    touched = Some(these);
                }
            }
            (true, false) => self.check_increment(target, part, how)?,
        }
        let (accepted, key) = self.overrides(target, part, how, recursive)?;

        let origin = part.since.filter(|_| part.is_clone).and_then(|guid| self.find_guid(guid));
        if part.is_clone && origin.is_none() {
            return Err(refusal());
        }
        if wants_new && !exists {
            self.receive_new(target, part, &key, origin)?;
        }
        self.take_contents(target, part)?;
        self.take_properties(target, part, how)?;
        for property in self.excluded(target, part, how) {
            self.node_mut(target)?.store(&property, Entry::inherit);
        }
        if top {
            // What fails here is only warned of.
            let _ = self.assign(target, &accepted);
        } else {
            for (property, _) in accepted.iter().filter(|(property, _)| inheritable(property)) {
                self.node_mut(target)?.store(property, Entry::inherit);
            }
        }
        if let Some(size) = &part.point.size {
            self.node_mut(target)?
                .store(&Property::Volsize.into(), |entry, _| entry.set(size.clone()));
        }

        let txg = self.next_txg();
        let guid = part.point.snapshot.guid.unwrap_or(txg);
        let mut point = self.point_of(target, snapshot, txg, guid)?;
        if part.properties.is_some() {
            point.has_received = true;
            for (property, entry) in &part.point.entries {
                if let Some((raw, _)) = entry.own() {
                    point.entries.entry(property.clone()).or_default().receive(raw.clone());
                }
            }
        }
        self.node_mut(target)?.points.push(point);
        if let Some(touched) = touched.filter(|_| !how.unmounted) {
            self.put_up(&touched);
        }
        let new_or_compound = !exists || part.properties.is_some();
        Ok(new_or_compound && part.kind == DatasetKind::Filesystem)
    }

    /// A dataset that was not there.
    fn receive_new(
        &mut self,
        target: &DatasetName,
        part: &Part,
        key: &Accepted,
        origin: Option<SnapshotName>,
    ) -> Result<(), Refusal> {
        let mut new = self.begin(target, part.kind, key)?;
        // Only data that is not encrypted is sent with properties in this way.
        if part.properties.is_some() && key.get(Property::Encryption).is_none() {
            new.dataset.encryption_root = None;
            new.dataset.key_loaded = None;
            for property in [Property::Encryption, Property::Keyformat, Property::Pbkdf2iters] {
                new.dataset.fixed.remove(&property);
            }
        }
        self.insert(target, new);
        if let Some(origin) = origin {
            if let Some(point) = self.point_mut(&origin) {
                point.snapshot.clones.push(target.clone());
            }
            self.node_mut(target)?.dataset.origin = Some(origin);
        }
        Ok(())
    }

    /// What a snapshot holds: all but keys, which are the dataset's.
    fn take_contents(&mut self, target: &DatasetName, part: &Part) -> Result<(), Refusal> {
        let encryption = self.node(target)?.dataset.fixed.get(&Property::Encryption).cloned();
        let encrypted = [Property::Encryption, Property::Keyformat, Property::Pbkdf2iters];
        let node = self.node_mut(target)?;
        node.dataset.kind = Some(part.kind);
        node.directories.clone_from(&part.point.directories);
        let keys: Vec<_> = encrypted
            .iter()
            .filter_map(|p| Some((*p, node.dataset.fixed.get(p)?.clone())))
            .collect();
        node.dataset.fixed.clone_from(&part.point.fixed);
        for property in encrypted {
            node.dataset.fixed.remove(&property);
        }
        if encryption.is_some() {
            node.dataset.fixed.extend(keys);
        }
        Ok(())
    }

    /// An increment fits on top of the snapshot it was made from.
    fn check_increment(
        &mut self,
        target: &DatasetName,
        part: &Part,
        how: &Receive,
    ) -> Result<(), Refusal> {
        let refusal = || Refusal::Stream(target.clone());
        let node = self.node(target)?;
        let at = node
            .points
            .iter()
            .position(|point| point.snapshot.guid == part.since)
            .ok_or_else(refusal)?;
        if node.points.len() > at + 1 {
            if !how.force {
                return Err(refusal());
            }
            let later: Vec<_> =
                node.points.iter().skip(at + 1).map(|p| p.snapshot.name.clone()).collect();
            for name in later {
                self.destroy_point(&target.snapshot(&name)?, false)?;
            }
        }
        if self.node(target)?.point(&part.point.snapshot.name).is_some() {
            return Err(refusal());
        }
        Ok(())
    }

    fn overrides(
        &self,
        target: &DatasetName,
        part: &Part,
        how: &Receive,
        recursive: bool,
    ) -> Result<(Accepted, Accepted), Refusal> {
        let mut set = PropertySet::new();
        for (name, value) in how.set.iter() {
            let native = Property::resolve(name, self.release);
            if native.is_some_and(|native| !native.applies_to(part.kind, self.release)) && recursive
            {
                continue;
            }
            set.set(name, value);
        }
        let parent = target.parent().map(|parent| self.facts(&parent));
        let parent = parent.unwrap_or_else(|| self.facts(target));
        let refuse = |error| Refusal::Property { dataset: target.clone(), error };
        // What says how to encrypt is looked at as in a creation, whatever is received.
        let mut keys = PropertySet::new();
        for (name, value) in set.iter() {
            let native = Property::resolve(name, self.release);
            let of_keys = |native: Property| {
                matches!(native, Property::Encryption | Property::Keylocation)
                    || native.is_key_parameter()
            };
            if native.is_some_and(of_keys) {
                keys.set(name, value);
            }
        }
        let mut key = Accepted::default();
        if !(recursive && part.since.is_some()) {
            let context = Context::create_in(parent, DatasetKind::Filesystem);
            key = keys.check(&self.context(context).key(self.typed.clone())).map_err(refuse)?;
        }
        let context = if self.nodes.contains_key(target) {
            Context::set(self.facts(target))
        } else {
            Context::create_in(parent, part.kind)
        };
        Ok((set.check_list(&self.context(context)).map_err(refuse)?, key))
    }

    fn take_properties(
        &mut self,
        target: &DatasetName,
        part: &Part,
        how: &Receive,
    ) -> Result<(), Refusal> {
        let Some(properties) = &part.properties else { return Ok(()) };
        let node = self.node_mut(target)?;
        // What a stream says takes the place of all that earlier ones said; the first such stream even of what
        // was set locally.
        let first = !node.has_received;
        node.has_received = true;
        let known: Vec<PropertyName> = node.dataset.entries.keys().cloned().collect();
        for property in
            known.into_iter().filter(|property| property.native() != Some(Property::Volsize))
        {
            node.store(&property, |entry, _| {
                entry.received = None;
                if first {
                    entry.local = None;
                    entry.iuv = None;
                }
            });
        }
        let excluded = |property: &PropertyName| {
            !inheritable(property)
                && how.exclude.iter().any(|name| names(name, property, self.release))
        };
        let taken: Vec<_> =
            properties.iter().filter(|(property, _)| !excluded(property)).cloned().collect();
        for (property, raw) in taken {
            if let Some(native) = property.native() {
                let number = std::str::from_utf8(&raw).ok().and_then(|text| text.parse().ok());
                if self.fits(target, native, number.unwrap_or_default()).is_err() {
                    continue;
                }
                let before = self.node(target)?.number(native).unwrap_or_default();
                self.reserve(target, native, before, number.unwrap_or_default());
            }
            self.node_mut(target)?.store(&property, |entry, _| entry.receive(raw));
        }
        Ok(())
    }

    fn excluded(&self, target: &DatasetName, part: &Part, how: &Receive) -> BTreeSet<PropertyName> {
        let names =
            how.exclude.iter().filter_map(|name| PropertyName::parse(name, self.release).ok());
        let applies = |property: &PropertyName| {
            property.native().is_none_or(|native| native.applies_to(part.kind, self.release))
        };
        let is_local = |property: &PropertyName| {
            let node = self.nodes.get(target);
            node.and_then(|node| node.own(property)).is_some_and(|(_, received)| !received)
        };
        names
            .filter(|property| inheritable(property) && applies(property) && !is_local(property))
            .collect()
    }

    fn find_guid(&self, guid: u64) -> Option<SnapshotName> {
        self.nodes.iter().find_map(|(name, node)| {
            let point = node.points.iter().find(|point| point.snapshot.guid == Some(guid))?;
            name.snapshot(&point.snapshot.name).ok()
        })
    }
}

fn names(text: &str, property: &PropertyName, release: zfs_props::release::Release) -> bool {
    PropertyName::parse(text, release).is_ok_and(|named| named == *property)
}
