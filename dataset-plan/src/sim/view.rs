//! What a dataset of the simulator sees: values with their sources, as `zfs get -p` prints them.

use std::collections::BTreeSet;

use zfs_props::check::{DatasetFacts, KindFacts, VolumeFacts};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;

use super::Zfs;
use crate::observed::Raw;

/// A line of `zfs get -p all`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// The property.
    pub property: PropertyName,
    /// Its value.
    pub value: String,
    /// The value that came with a received stream, whether it counts or not.
    pub received: Option<String>,
    /// Where the value comes from.
    pub source: Source<DatasetName>,
}

impl Zfs {
    /// What `zfs get -p all` prints of a filesystem or volume, but for what is measured (space, time, numbers
    /// given by the pool).
    pub fn get(&self, name: &DatasetName) -> Vec<Line> {
        let lineage = self.lineage(name);
        let Some(node) = lineage.node() else { return Vec::new() };
        let kind = node.dataset.kind.unwrap_or(DatasetKind::Filesystem);
        let natives = Property::in_release(self.release)
            .filter(|property| property.is_visible() && property.applies_to(kind, self.release));
        let lines = natives.filter_map(|property| {
            let (value, source) = match property {
                Property::Type => (kind.as_str().to_owned(), Source::None),
                Property::Mounted => {
                    (if node.dataset.mounted? { "yes" } else { "no" }.to_owned(), Source::None)
                }
                Property::Origin => (node.dataset.origin.as_ref()?.to_string(), Source::None),
                Property::Encryptionroot => {
                    (node.dataset.encryption_root.as_ref()?.to_string(), Source::None)
                }
                Property::Keystatus => {
                    let loaded = node.dataset.key_loaded?;
                    (if loaded { "available" } else { "unavailable" }.to_owned(), Source::None)
                }
                _ if property.is_readonly() && !property.is_settable_once() => return None,
                _ => lineage.value(&property.into())?,
            };
            Some((PropertyName::Native(property), value, source))
        });
        let users = lineage.user_properties().into_iter().filter_map(|property| {
            let (value, source) = lineage.value(&property)?;
            Some((property, value, source))
        });
        let received = |property: &PropertyName| lineage.received(property).map(text);
        lines
            .chain(users)
            .map(|(property, value, source)| Line {
                received: received(&property),
                property,
                value,
                source,
            })
            .collect()
    }

    /// What `zfs get -p all` prints of a snapshot; as [`get`](Self::get).
    pub fn get_snapshot(&self, name: &DatasetName, snapshot: &str) -> Vec<Line> {
        let lineage = self.lineage(name);
        let Some(node) = lineage.node() else { return Vec::new() };
        let Some(point) = node.point(snapshot) else { return Vec::new() };
        let head = node.dataset.kind.unwrap_or(DatasetKind::Filesystem);
        let natives = Property::in_release(self.release).filter(|property| {
            property.is_visible()
                && property.applies_to(DatasetKind::Snapshot, self.release)
                && (property.applies_to_snapshot_of(head, self.release))
        });
        let lines = natives.filter_map(|property| {
            let (value, source) = match property {
                Property::Type => ("snapshot".to_owned(), Source::None),
                Property::Userrefs => (point.snapshot.holds?.to_string(), Source::None),
                Property::DeferDestroy => {
                    (if point.deferred { "on" } else { "off" }.to_owned(), Source::None)
                }
                Property::Clones => {
                    let mut clones = point.snapshot.clones.clone();
                    if clones.is_empty() {
                        return None;
                    }
                    clones.sort();
                    let clones: Vec<_> = clones.iter().map(DatasetName::as_str).collect();
                    (clones.join(","), Source::None)
                }
                Property::Volsize => (text(point.size.as_ref()?), Source::Local),
                Property::Encryptionroot => {
                    (node.dataset.encryption_root.as_ref()?.to_string(), Source::None)
                }
                Property::Keystatus => {
                    let loaded = node.dataset.key_loaded?;
                    (if loaded { "available" } else { "unavailable" }.to_owned(), Source::None)
                }
                _ if property.is_readonly() && !property.is_settable_once() => return None,
                _ => lineage.value_of_snapshot(point, &property.into())?,
            };
            Some((PropertyName::Native(property), value, source))
        });
        let own = point.entries.keys().cloned();
        let users: BTreeSet<PropertyName> =
            lineage.user_properties().into_iter().chain(own).collect();
        let users = users.into_iter().filter_map(|property| {
            let (value, source) = lineage.value_of_snapshot(point, &property)?;
            Some((property, value, source))
        });
        let received =
            |property: &PropertyName| Some(text(point.entries.get(property)?.received.as_ref()?));
        lines
            .chain(users)
            .map(|(property, value, source)| Line {
                received: received(&property),
                property,
                value,
                source,
            })
            .collect()
    }

    /// The snapshots of a dataset by the name after `@`, oldest first.
    pub fn snapshots(&self, name: &DatasetName) -> impl Iterator<Item = &str> {
        let points = self.nodes.get(name).map_or(&[][..], |node| &node.points);
        points.iter().map(|point| point.snapshot.name.as_str())
    }

    /// The options that a filesystem is mounted with, of those that are seen in the table of mounts.
    pub(super) fn mount_options(&self, name: &DatasetName) -> BTreeSet<&'static str> {
        let lineage = self.lineage(name);
        let has = |property: Property, word: &str| {
            lineage.lasting(&property.into()).is_some_and(|(value, _)| value == word)
        };
        let shown = MOUNT_OPTIONS.iter().filter(|(_, property, word)| has(*property, word));
        let mut options: BTreeSet<_> = shown.map(|(option, ..)| *option).collect();
        if options.contains("noatime") {
            options.remove("relatime");
        }
        options
    }

    /// The value of a native property, wherever it comes from.
    pub(super) fn word(&self, name: &DatasetName, property: Property) -> Option<String> {
        Some(self.lineage(name).value(&property.into())?.0)
    }

    pub(super) fn is(&self, name: &DatasetName, property: Property, word: &str) -> bool {
        self.word(name, property).as_deref() == Some(word)
    }

    /// Where a filesystem is mounted or would be, if at a path.
    pub(crate) fn mountpoint(&self, name: &DatasetName) -> Option<String> {
        let node = self.nodes.get(name)?;
        if node.dataset.kind == Some(DatasetKind::Volume) {
            return None;
        }
        self.word(name, Property::Mountpoint).filter(|place| place.starts_with('/'))
    }

    /// What the checks of properties want to know.
    pub(super) fn facts(&self, name: &DatasetName) -> DatasetFacts {
        let Some(node) = self.nodes.get(name) else { return DatasetFacts::filesystem() };
        let fixed =
            |property| std::str::from_utf8(node.dataset.fixed.get(&property)?).ok()?.parse().ok();
        let volume = || VolumeFacts {
            size: node.number(Property::Volsize).unwrap_or_default(),
            block_size: fixed(Property::Volblocksize)
                .unwrap_or_else(|| zfs_props::reservation::default_block_size(self.release)),
            refreservation: node.number(Property::Refreservation).unwrap_or_default(),
        };
        let mut facts = match node.dataset.kind {
            Some(DatasetKind::Volume) => DatasetFacts::volume(volume()),
            _ => DatasetFacts::filesystem(),
        };
        if let KindFacts::Filesystem { version } = &mut facts.kind {
            *version = fixed(Property::Version).unwrap_or(*version);
        }
        facts.zoned = self.is(name, Property::Zoned, "on");
        facts.encrypted = node.is_encrypted();
        facts
    }
}

/// Mount options that the kernel lists, with the property that each overrides, and what with. Their opposites are
/// not listed, and so never override anything.
pub(super) const MOUNT_OPTIONS: [(&str, Property, &str); 6] = [
    ("ro", Property::Readonly, "on"),
    ("noatime", Property::Atime, "off"),
    ("relatime", Property::Relatime, "on"),
    ("noexec", Property::Exec, "off"),
    ("nodev", Property::Devices, "off"),
    ("nosuid", Property::Setuid, "off"),
];

pub(super) fn text(raw: &Raw) -> String {
    String::from_utf8_lossy(raw).into_owned()
}
