//! What a dataset of the simulator sees: values with their sources, as `zfs get -p` prints them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use zfs_props::check::{DatasetFacts, KindFacts, VolumeFacts};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::mountpoint;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;
use zfs_props::store::{Setpoint, resolve, resolve_of_snapshot};
use zfs_props::value::Value;

use super::Zfs;
use super::node::{Node, Point};
use crate::observed::{Raw, inheritable};

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
        let Some(node) = self.nodes.get(name) else { return Vec::new() };
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
                _ => self.value(name, &property.into())?,
            };
            Some((PropertyName::Native(property), value, source))
        });
        let users = self.user_properties(name).into_iter().filter_map(|property| {
            let (value, source) = self.value(name, &property)?;
            Some((property, value, source))
        });
        let received = |property: &PropertyName| {
            let entry = node.dataset.entries.get(property)?;
            Some(text(entry.received.as_ref()?))
        };
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
        let Some(node) = self.nodes.get(name) else { return Vec::new() };
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
                _ => self.value_of_snapshot(name, point, &property.into())?,
            };
            Some((PropertyName::Native(property), value, source))
        });
        let own = point.entries.keys().cloned();
        let users: BTreeSet<PropertyName> =
            self.user_properties(name).into_iter().chain(own).collect();
        let users = users.into_iter().filter_map(|property| {
            let (value, source) = self.value_of_snapshot(name, point, &property)?;
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

    fn user_properties(&self, name: &DatasetName) -> BTreeSet<PropertyName> {
        let chain = self.chain(name).filter_map(|(_, node)| node);
        let all =
            chain.flat_map(|node| node.dataset.entries.keys().chain(node.dataset.outside.keys()));
        all.filter(|property| property.native().is_none()).cloned().collect()
    }

    /// A dataset and those above it, nearest first.
    pub(super) fn chain(
        &self,
        name: &DatasetName,
    ) -> impl Iterator<Item = (DatasetName, Option<&Node>)> {
        let names = std::iter::once(name.clone()).chain(name.ancestors());
        names.map(|name| {
            let node = self.nodes.get(&name);
            (name, node)
        })
    }

    /// What is stored for a property where it is decided.
    fn stored(
        &self,
        name: &DatasetName,
        property: &PropertyName,
    ) -> Option<(&Raw, Source<DatasetName>)> {
        let entries = self
            .chain(name)
            .map(|(name, node)| (name, node.and_then(|node| node.dataset.entries.get(property))));
        if let Some((raw, setpoint)) = resolve(inheritable(property), entries) {
            return Some((
                raw,
                match setpoint {
                    Setpoint::Local => Source::Local,
                    Setpoint::Received => Source::Received,
                    Setpoint::Inherited(from) => Source::Inherited(from),
                },
            ));
        }
        self.chain(name).find_map(|(_, node)| {
            let (from, raw) = node?.dataset.outside.get(property)?;
            Some((raw, Source::Inherited(from.clone())))
        })
    }

    /// A property that can be set, with its source; `None` if the dataset has none, or that is not known.
    pub(super) fn value(
        &self,
        name: &DatasetName,
        property: &PropertyName,
    ) -> Option<(String, Source<DatasetName>)> {
        let node = self.nodes.get(name)?;
        if let Some(native) = property.native() {
            if let Some(raw) = node.dataset.fixed.get(&native) {
                return Some((text(raw), Source::None));
            }
            if let Some(raw) = node.dataset.temporary.get(&native) {
                return Some((text(raw), Source::Temporary));
            }
            if let Some((_, word)) =
                self.by_mount(name, node).find(|(property, _)| *property == native)
            {
                return Some((word.to_owned(), Source::Temporary));
            }
        }
        self.lasting(name, node, property)
    }

    /// What counts whatever the mount says.
    fn lasting(
        &self,
        name: &DatasetName,
        node: &Node,
        property: &PropertyName,
    ) -> Option<(String, Source<DatasetName>)> {
        if let Some((raw, source)) = self.stored(name, property) {
            return Some((seen(name, property, raw, &source).into_owned(), source));
        }
        let kind = node.dataset.kind.unwrap_or(DatasetKind::Filesystem);
        let raw = self.default_of(property.native()?, kind)?;
        let value = seen(name, property, &raw, &Source::Default).into_owned();
        Some((value, Source::Default))
    }

    /// Properties that the options of its mount override, with what they make of them.
    pub(super) fn by_mount<'z>(
        &'z self,
        name: &'z DatasetName,
        node: &'z Node,
    ) -> impl Iterator<Item = (Property, &'static str)> + 'z {
        let rows = node.options.iter().filter_map(|option| {
            MOUNT_OPTIONS
                .iter()
                .find(|(known, ..)| known == option)
                .map(|(_, property, word)| (*property, *word))
        });
        rows.filter(move |(property, word)| {
            let lasting = self.lasting(name, node, &(*property).into());
            lasting.is_some_and(|(value, _)| value != *word)
        })
    }

    /// The options that a filesystem is mounted with, of those that are seen in the table of mounts.
    pub(super) fn mount_options(&self, name: &DatasetName) -> BTreeSet<&'static str> {
        let Some(node) = self.nodes.get(name) else { return BTreeSet::new() };
        let has = |property: Property, word: &str| {
            self.lasting(name, node, &property.into()).is_some_and(|(value, _)| value == word)
        };
        let shown = MOUNT_OPTIONS.iter().filter(|(_, property, word)| has(*property, word));
        let mut options: BTreeSet<_> = shown.map(|(option, ..)| *option).collect();
        if options.contains("noatime") {
            options.remove("relatime");
        }
        options
    }

    fn value_of_snapshot(
        &self,
        name: &DatasetName,
        point: &Point,
        property: &PropertyName,
    ) -> Option<(String, Source<DatasetName>)> {
        if let Some(raw) = property.native().and_then(|native| point.fixed.get(&native)) {
            return Some((text(raw), Source::None));
        }
        let entries = self
            .chain(name)
            .map(|(name, node)| (name, node.and_then(|node| node.dataset.entries.get(property))));
        let own = point.entries.get(property);
        if let Some((raw, setpoint)) = resolve_of_snapshot(own, inheritable(property), entries) {
            return Some((
                text(raw),
                match setpoint {
                    Setpoint::Local => Source::Local,
                    Setpoint::Received => Source::Received,
                    Setpoint::Inherited(from) => Source::Inherited(from),
                },
            ));
        }
        let raw = self.default_of(property.native()?, DatasetKind::Snapshot)?;
        Some((text(&raw), Source::Default))
    }

    fn default_of(&self, property: Property, kind: DatasetKind) -> Option<Raw> {
        if let Some(raw) = self.rest.defaults.get(&(property, kind)) {
            return Some(raw.clone());
        }
        let value = Value::default_of(property, self.release)?;
        property.applies_to(kind, self.release).then(|| value.to_string().into_bytes().into())
    }

    /// The value of a native property, wherever it comes from.
    pub(super) fn word(&self, name: &DatasetName, property: Property) -> Option<String> {
        Some(self.value(name, &property.into())?.0)
    }

    pub(super) fn is(&self, name: &DatasetName, property: Property, word: &str) -> bool {
        self.word(name, property).as_deref() == Some(word)
    }

    /// Where a filesystem is mounted or would be, if at a path.
    pub(super) fn mountpoint(&self, name: &DatasetName) -> Option<String> {
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

/// A mountpoint grows by the names below where it was set.
fn seen<'r>(
    name: &DatasetName,
    property: &PropertyName,
    raw: &'r Raw,
    source: &Source<DatasetName>,
) -> Cow<'r, str> {
    let value = String::from_utf8_lossy(raw);
    if *property != PropertyName::Native(Property::Mountpoint) {
        return value;
    }
    let source = source.as_ref().map(DatasetName::as_str);
    Cow::Owned(mountpoint::effective(&value, source, name.as_str(), None).into_owned())
}

pub(super) fn text(raw: &Raw) -> String {
    String::from_utf8_lossy(raw).into_owned()
}
