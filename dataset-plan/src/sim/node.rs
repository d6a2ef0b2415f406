//! What the simulator knows of a dataset.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::property::Property;
use zfs_props::store::Entry;

use super::mounts::MountId;
use crate::observed::{Dataset, Entries, Raw, Snapshot};
use crate::shared::Shared;

/// A filesystem or volume.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// As observed, but for its snapshots.
    pub(super) dataset: Shared<Dataset>,
    /// Its snapshots, oldest first.
    pub(super) points: Vec<Point>,
    /// It received properties once: see [`Zfs::has_received`](super::Zfs).
    pub(super) has_received: bool,
    /// Where it is mounted, if that is known.
    pub(super) mount: Option<MountId>,
    /// The options it was mounted with here, as far as they override properties.
    pub(super) options: BTreeSet<&'static str>,
    /// Directories in it that were made to mount others on, from its root on.
    pub(super) directories: BTreeSet<String>,
    /// Of those, the ones that are gone with earlier contents, but that the kernel still knows.
    pub(super) stale: BTreeSet<String>,
    /// Which contents it has: the same number, the same contents.
    pub(super) content: u64,
    /// Bytes that it and all below it take, as far as known: reservations, if nothing else.
    pub(super) used: u64,
}

/// A snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Point {
    pub(super) snapshot: Snapshot,
    /// Holds by name; of observed ones only the number is known.
    pub(super) tags: BTreeSet<String>,
    /// To be destroyed as soon as nothing keeps it.
    pub(super) deferred: bool,
    /// Properties of its own: only user properties can be set.
    pub(super) entries: Entries,
    pub(super) has_received: bool,
    /// What was fixed when its dataset was created.
    pub(super) fixed: BTreeMap<Property, Raw>,
    /// As in its dataset.
    pub(super) directories: BTreeSet<String>,
    /// As in its dataset.
    pub(super) content: u64,
    /// The size of a volume then.
    pub(super) size: Option<Raw>,
}

impl From<&Shared<Dataset>> for Node {
    fn from(observed: &Shared<Dataset>) -> Self {
        let size =
            observed.entries.get(&Property::Volsize.into()).and_then(|size| size.local.clone());
        let points = observed.snapshots.iter().map(|snapshot| Point {
            snapshot: snapshot.clone(),
            fixed: observed.fixed.clone(),
            size: size.clone(),
            ..Point::default()
        });
        let has_received = observed.entries.values().any(|e| e.received.is_some() || e.hidden);
        let used = observed.used.unwrap_or_default();
        let points: Vec<_> = points.collect();
        let mut dataset = observed.clone();
        if !points.is_empty() {
            dataset.snapshots = Vec::new();
        }
        Self { dataset, points, has_received, used, ..Self::default() }
    }
}

impl Point {
    /// Takes properties that came with a stream, in the place of all that came before; the first such stream for it and
    /// its dataset even of what was set here.
    pub(super) fn receive(&mut self, properties: &[(PropertyName, Raw)], first: bool) {
        let first = first && !self.has_received;
        self.has_received = true;
        self.entries.change_all(|entry| {
            entry.received = None;
            if first {
                entry.local = None;
            }
        });
        for (property, raw) in properties {
            self.entries.change(property, |entry| entry.receive(raw.clone()));
        }
    }
}

impl Node {
    /// As an observation would find it.
    pub(super) fn observe(&self) -> Shared<Dataset> {
        let mut dataset = self.dataset.clone();
        if !self.points.is_empty() {
            dataset.snapshots = self.points.iter().map(|point| point.snapshot.clone()).collect();
        }
        dataset
    }

    pub(super) fn point(&self, name: &str) -> Option<&Point> {
        self.points.iter().find(|point| point.snapshot.name == name)
    }

    pub(super) fn point_mut(&mut self, name: &str) -> Option<&mut Point> {
        self.points.iter_mut().find(|point| point.snapshot.name == name)
    }

    /// The value of a property that it stores itself.
    pub(super) fn own(&self, property: &PropertyName) -> Option<(&Raw, bool)> {
        self.dataset.entries.get(property)?.own()
    }

    /// A number that it stores itself.
    pub(super) fn number(&self, property: Property) -> Option<u64> {
        let (raw, _) = self.own(&property.into())?;
        std::str::from_utf8(raw).ok()?.parse().ok()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.dataset.fixed.get(&Property::Encryption).is_some_and(|suite| **suite != *b"off")
    }

    /// Stores a value; `None` takes the local one away, as `zfs inherit` does.
    pub(super) fn store(&mut self, property: &PropertyName, change: impl FnOnce(&mut Entry<Raw>)) {
        self.dataset.entries.change(property, change);
        if let PropertyName::Native(native) = property {
            self.dataset.temporary.remove(native);
        }
    }
}
