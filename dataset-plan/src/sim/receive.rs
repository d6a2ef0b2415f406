//! `zfs receive`.
//!
//! Source: OpenZFS `zfs_receive_package`, `zfs_receive_one`, `zfs_receive_checkprops`, `zfs_setup_cmdline_props`
//! (`lib/libzfs/libzfs_sendrecv.c`), `zfs_ioc_recv_impl` (`module/zfs/zfs_ioctl.c`), `dmu_recv_begin_check`,
//! `dmu_recv_end_check` (`module/zfs/dmu_recv.c`).

use std::collections::BTreeSet;

use zfs_props::check::{Accepted, Context};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::{Property, Stored};
use zfs_props::release::Release;
use zfs_props::set::PropertySet;

use super::Zfs;
use super::create::is_of_keys;
use super::refusal::Refusal;
use super::remount::Cause;
use super::replica::Replication;
use super::send::{Header, Part, Properties, Stream};
use crate::observed::{Raw, inheritable};

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

/// What there is to say of a stream as a whole while its parts are received.
struct Package<'s> {
    how: &'s Receive,
    header: Option<&'s Header>,
    /// The dataset that the first part went to.
    top: Option<DatasetName>,
    /// Something may have to be mounted.
    mounts: bool,
}

impl Package<'_> {
    fn recursive(&self) -> bool {
        self.header.is_some_and(|header| header.recursive)
    }
}

/// What the kernel does not set on a dataset that is about to be made: it needs a file system or a device.
const NOT_YET: [Property; 2] = [Property::Longname, Property::Volthreading];

/// Keys of encryption, which are looked at apart.
const KEYS: [Property; 3] = [Property::Encryption, Property::Keyformat, Property::Pbkdf2iters];

impl Zfs {
    /// `zfs receive`.
    pub fn receive(
        &mut self,
        name: &DatasetName,
        stream: &Stream,
        how: &Receive,
    ) -> Result<(), Refusal> {
        self.check_given(name, how)?;
        let header = stream.header.as_ref();
        let mut package = Package { how, header, top: None, mounts: false };
        let replica = header.filter(|header| header.recursive);
        if how.snapshot.is_some() && replica.is_some() {
            return Err(Refusal::Stream(name.clone()));
        }
        let replica = replica.filter(|header| header.since.is_some());
        let mut replication = replica.map(|header| Replication::new(header, name, how));
        if let Some(replication) = &mut replication {
            self.replicate(replication);
            self.unmount_renamed(replication);
        }
        let mut verdict = Ok(());
        for part in &stream.parts {
            verdict = self.receive_part(name, part, &mut package);
            if verdict.is_err() {
                break;
            }
        }
        if stream.parts.is_empty() && stream.fault().is_some() {
            verdict = Err(Refusal::Stream(name.clone()));
        }
        let agrees = replication.is_none_or(|mut replication| self.replicate(&mut replication));
        verdict?;
        if !agrees {
            return Err(Refusal::Stream(name.clone()));
        }
        let top =
            package.top.filter(|top| package.mounts && !how.unmounted && !self.is_volume(top));
        if let Some(top) = top {
            let mut touched = self.touched(&top, Cause::Mountpoint);
            touched.mount_all();
            self.put_up(&touched);
        }
        Ok(())
    }

    /// What cannot be said of any stream.
    fn check_given(&self, name: &DatasetName, how: &Receive) -> Result<(), Refusal> {
        let given =
            how.set.iter().map(|(name, _)| name).chain(how.exclude.iter().map(String::as_str));
        for given in given {
            let refusal = || Refusal::Stream(name.clone());
            let property = PropertyName::parse(given, self.release).map_err(|_| refusal())?;
            match property {
                PropertyName::User(_) => {}
                PropertyName::Native(native) => {
                    let is_fixed = native.is_readonly()
                        || matches!(native, Property::Version | Property::Volsize);
                    if is_fixed && native != Property::Origin && !is_of_keys(native) {
                        return Err(refusal());
                    }
                }
                _ => return Err(refusal()),
            }
        }
        Ok(())
    }

    /// Where a part goes: below the named dataset as it was below the sent one. Where that is not there, the datasets
    /// around are looked through for one with the right snapshot.
    fn place(
        &self,
        name: &DatasetName,
        part: &Part,
        header: Option<&Header>,
    ) -> Result<DatasetName, Refusal> {
        if part.below.is_empty() {
            return Ok(name.clone());
        }
        let place: DatasetName = format!("{name}/{}", part.below).parse()?;
        if part.wants_new() {
            let sent = header.and_then(|header| header.find(part.point.snapshot.guid));
            let parent = place.parent().filter(|parent| !self.nodes.contains_key(parent));
            if let Some((parent, (sent, _))) = parent.zip(sent) {
                if let Some(found) = self.nearest(&parent, sent.above) {
                    let leaf = part.below.rsplit('/').next().unwrap_or_default();
                    return Ok(format!("{}/{leaf}", found.dataset()).parse()?);
                }
            }
        } else if !self.nodes.contains_key(&place) {
            if let Some(found) = self.nearest(&place, part.since) {
                return Ok(found.dataset_name()?);
            }
        }
        Ok(place)
    }

    fn receive_part(
        &mut self,
        name: &DatasetName,
        part: &Part,
        package: &mut Package<'_>,
    ) -> Result<(), Refusal> {
        let how = package.how;
        let target = &self.place(name, part, package.header)?;
        let refusal = || Refusal::Stream(target.clone());
        let sent = package.header.and_then(|header| header.find(part.point.snapshot.guid));
        let snapshot = how.snapshot.as_ref().unwrap_or(&part.point.snapshot.name);
        target.snapshot(snapshot)?.check_creatable()?;
        let mut origin = None;
        if part.is_clone {
            let nearest = self.nearest(target, part.since);
            origin = Some(nearest.ok_or_else(refusal)?);
        }
        let exists = self.nodes.contains_key(target);
        let mut touched = None;
        match (exists, part.wants_new()) {
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
                    let these = self.touched(target, Cause::Dependents);
                    self.take_down(&these)?;
                    touched = Some(these);
                }
            }
            (true, false) => {}
        }
        let is_top = package.top.as_ref().is_none_or(|top| top == target);
        package.top.get_or_insert_with(|| target.clone());
        let (accepted, key) = self.overrides(target, part, how, package.recursive(), is_top)?;

        let arrival = Arrival {
            target,
            snapshot,
            part,
            how,
            properties: sent.map(|(sent, _)| &sent.properties),
            origin,
            is_new: !exists,
            is_top,
            accepted,
            key,
        };
        let verdict = self.arrive(&arrival);
        if let Some(touched) = touched.filter(|_| !how.unmounted) {
            self.put_up(&touched);
        }
        package.mounts |=
            (!exists || package.header.is_some()) && part.kind == DatasetKind::Filesystem;
        if verdict? == Arrived::New {
            let first = !self.has_received(target);
            if let (Some((_, of)), Some(point)) = (sent, self.node_mut(target)?.point_mut(snapshot))
            {
                point.receive(&of.properties, first);
            }
        }
        Ok(())
    }

    /// What the kernel makes of a part.
    fn arrive(&mut self, arrival: &Arrival<'_>) -> Result<Arrived, Refusal> {
        let Arrival { target, part, how, .. } = *arrival;
        let mut later = Vec::new();
        if let Some(node) = self.nodes.get(target) {
            if part.is_clone {
                return Err(Refusal::Stream(target.clone()));
            }
            if node.point(arrival.snapshot).is_some() {
                // A snapshot that is there already is passed over.
                let guid = part.point.snapshot.guid;
                let is_there = node.points.iter().any(|point| point.snapshot.guid == guid);
                return if is_there {
                    Ok(Arrived::Before)
                } else {
                    Err(Refusal::SnapshotExists(target.snapshot(arrival.snapshot)?.to_string()))
                };
            }
            if part.since.is_some() {
                later = self.check_increment(target, part, how)?;
            }
        } else {
            self.receive_new(arrival)?;
        }
        self.take_contents(target, part)?;
        self.take_properties(arrival)?;
        self.override_properties(arrival)?;
        for name in later {
            self.destroy_point(&name, false)?;
        }
        let txg = self.next_txg();
        let guid = part.point.snapshot.guid.unwrap_or(txg);
        let point = self.point_of(target, arrival.snapshot, txg, guid)?;
        self.node_mut(target)?.points.push(point);
        Ok(Arrived::New)
    }

    /// A dataset that was not there.
    fn receive_new(&mut self, arrival: &Arrival<'_>) -> Result<(), Refusal> {
        let Arrival { target, part, key, .. } = arrival;
        let mut new = self.begin(target, part.kind, key)?;
        // Only data that is not encrypted is sent with properties in this way.
        if arrival.is_plain(self.release) {
            new.dataset.encryption_root = None;
            new.dataset.key_loaded = None;
            for property in KEYS {
                new.dataset.fixed.remove(&property);
            }
        }
        self.insert(target, new);
        if let Some(origin) = &arrival.origin {
            if let Some(point) = self.point_mut(origin) {
                point.snapshot.clones.push((*target).clone());
            }
            self.node_mut(target)?.dataset.origin = Some(origin.clone());
        }
        Ok(())
    }

    /// What a snapshot holds: all but keys, which are the dataset's.
    fn take_contents(&mut self, target: &DatasetName, part: &Part) -> Result<(), Refusal> {
        let node = self.node_mut(target)?;
        if node.dataset.kind != Some(part.kind) {
            // A volume became a filesystem, which nothing has mounted yet, or the other way round.
            node.dataset.kind = Some(part.kind);
            node.dataset.mounted = (part.kind == DatasetKind::Filesystem).then_some(false);
        }
        node.directories.clone_from(&part.point.directories);
        node.content = part.point.content;
        let keys: Vec<_> =
            KEYS.iter().filter_map(|p| Some((*p, node.dataset.fixed.get(p)?.clone()))).collect();
        let is_encrypted = node.dataset.fixed.contains_key(&Property::Encryption);
        node.dataset.fixed.clone_from(&part.point.fixed);
        for property in KEYS {
            node.dataset.fixed.remove(&property);
        }
        if is_encrypted {
            node.dataset.fixed.extend(keys);
        }
        self.lose_mounts(target);
        Ok(())
    }

    /// An increment fits on top of the snapshot it was made from, if nothing has changed since, or is to be given up:
    /// the snapshots that are given up.
    fn check_increment(
        &self,
        target: &DatasetName,
        part: &Part,
        how: &Receive,
    ) -> Result<Vec<SnapshotName>, Refusal> {
        let refusal = || Refusal::Stream(target.clone());
        let node = self.node(target)?;
        let at = node.points.iter().position(|point| point.snapshot.guid == part.since);
        let at = at.ok_or_else(refusal)?;
        if !how.force {
            let from = node.points.get(at).map(|point| point.content);
            return if from == Some(node.content) { Ok(Vec::new()) } else { Err(refusal()) };
        }
        let later = node.points.iter().skip(at + 1);
        let later: Vec<_> =
            later.map(|point| target.snapshot(&point.snapshot.name)).collect::<Result<_, _>>()?;
        for name in &later {
            self.check_destroyable(name)?;
        }
        Ok(later)
    }

    /// What was given instead of what the stream says: the properties to be set, and how to encrypt.
    fn overrides(
        &self,
        target: &DatasetName,
        part: &Part,
        how: &Receive,
        recursive: bool,
        is_top: bool,
    ) -> Result<(Accepted, Accepted), Refusal> {
        let refuse = |error| Refusal::Property { dataset: target.clone(), error };
        let mut set = PropertySet::new();
        // What says how to encrypt is looked at as in a creation, whatever is received.
        let mut keys = PropertySet::new();
        for (name, value) in how.set.iter() {
            let native = Property::resolve(name, self.release);
            let applies = |native: Property| native.applies_to(part.kind, self.release);
            if recursive && native.is_some_and(|native| !applies(native)) {
                continue;
            }
            // Nobody works out how much that is: it is more than any pool has, and so not set.
            if native == Some(Property::Refreservation) && value == Stored::Text("auto") {
                continue;
            }
            if native.is_some_and(is_of_keys) {
                // Those of a replica's increments are passed over.
                if part.wants_new() || !recursive {
                    keys.set(name, value);
                } else if native != Some(Property::Keylocation) {
                    continue;
                }
            }
            set.set(name, value);
        }
        let parent = target.parent().map(|parent| self.facts(&parent));
        let parent = parent.unwrap_or_else(|| self.facts(target));
        let mut key = Accepted::default();
        if is_top && (part.wants_new() || !recursive) {
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

    fn take_properties(&mut self, arrival: &Arrival<'_>) -> Result<(), Refusal> {
        let Arrival { target, how, .. } = *arrival;
        let Some(properties) = arrival.properties else { return Ok(()) };
        // What a stream says takes the place of all that earlier ones said; the first such stream even of what
        // was set locally.
        let first = !self.has_received(target);
        let node = self.node_mut(target)?;
        // Nobody notes it twice: one that has it from above loses it with a rename (`dsl_prop_set_hasrecvd`,
        // `module/zfs/dsl_prop.c`).
        node.has_received |= first;
        let known: Vec<PropertyName> = node.dataset.entries.keys().cloned().collect();
        for property in
            known.into_iter().filter(|property| property.native() != Some(Property::Volsize))
        {
            node.store(&property, |entry| {
                entry.received = None;
                if first {
                    entry.local = None;
                    entry.iuv = None;
                }
            });
        }
        // Where the key is, is not taken from a stream that is not encrypted.
        let excluded = |property: &PropertyName| {
            property.native() == Some(Property::Keylocation)
                || !inheritable(property)
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
            self.node_mut(target)?.store(&property, |entry| entry.receive(raw));
        }
        Ok(())
    }

    fn override_properties(&mut self, arrival: &Arrival<'_>) -> Result<(), Refusal> {
        let Arrival { target, part, accepted, .. } = arrival;
        for property in self.excluded(target, part, arrival.how) {
            let has_received = self.has_received(target);
            self.node_mut(target)?.store(&property, |entry| entry.inherit(has_received));
        }
        if arrival.is_top {
            let settable = accepted.iter().filter(|(property, _)| {
                let native = property.native();
                !(arrival.is_new && native.is_some_and(|native| NOT_YET.contains(&native)))
            });
            // What fails here is only warned of.
            let _ = self.assign(target, settable);
        } else {
            let has_received = self.has_received(target);
            for (property, _) in accepted.iter().filter(|(property, _)| inheritable(property)) {
                self.node_mut(target)?.store(property, |entry| entry.inherit(has_received));
            }
        }
        if part.is_clone && arrival.is_plain(self.release) {
            // Of a clone this is not looked at, but stored.
            let off: Raw = b"off"[..].into();
            self.node_mut(target)?.store(&Property::Encryption.into(), |entry| entry.set(off));
        }
        if let Some(size) = &part.point.size {
            self.node_mut(target)?
                .store(&Property::Volsize.into(), |entry| entry.set(size.clone()));
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

    /// The snapshot with this `guid` that is nearest to a dataset: below it, or else below those above, one by one.
    fn nearest(&self, name: &DatasetName, guid: Option<u64>) -> Option<SnapshotName> {
        let guid = guid?;
        std::iter::once(name.clone()).chain(name.ancestors()).find_map(|above| {
            self.subtree(&above).into_iter().find_map(|at| {
                let points = &self.nodes.get(&at)?.points;
                let point = points.iter().find(|point| point.snapshot.guid == Some(guid))?;
                at.snapshot(&point.snapshot.name).ok()
            })
        })
    }
}

/// One part on its way into the kernel.
struct Arrival<'a> {
    target: &'a DatasetName,
    snapshot: &'a str,
    part: &'a Part,
    how: &'a Receive,
    properties: Option<&'a Properties>,
    origin: Option<SnapshotName>,
    is_new: bool,
    is_top: bool,
    accepted: Accepted,
    key: Accepted,
}

impl Arrival<'_> {
    /// It is as good as said that it is not encrypted.
    fn is_plain(&self, release: Release) -> bool {
        let given = self.how.set.iter().map(|(name, _)| name);
        let mut given = given.chain(self.how.exclude.iter().map(String::as_str));
        self.properties.is_some()
            && self.part.wants_new()
            && !given.any(|name| Property::resolve(name, release) == Some(Property::Encryption))
    }
}

#[derive(PartialEq, Eq)]
enum Arrived {
    New,
    /// It was there before.
    Before,
}

impl Part {
    /// It makes a dataset, rather than to add to one.
    const fn wants_new(&self) -> bool {
        self.since.is_none() || self.is_clone
    }
}

fn names(text: &str, property: &PropertyName, release: Release) -> bool {
    PropertyName::parse(text, release).is_ok_and(|named| named == *property)
}
