//! Where a dataset's properties come from: itself, the datasets above, or nobody.

use std::borrow::Cow;
use std::collections::BTreeSet;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::mountpoint;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;
use zfs_props::store::{Setpoint, resolve, resolve_of_snapshot};

use super::Zfs;
use super::node::{Node, Point};
use super::view::{MOUNT_OPTIONS, text};
use crate::observed::{Raw, inheritable};
use crate::shared::Shared;
use crate::tree::lossy;

/// A value with its source.
type Valued = (String, Source<DatasetName>);

/// A dataset and those above it, nearest first.
pub(super) struct Lineage<'z> {
    zfs: &'z Zfs,
    own: Option<(&'z DatasetName, &'z Shared<Node>)>,
}

impl Zfs {
    /// Of a dataset that is there: otherwise it has no properties.
    pub(super) fn lineage(&self, name: &DatasetName) -> Lineage<'_> {
        Lineage { zfs: self, own: self.nodes.get_key_value(name) }
    }
}

impl Zfs {
    /// Whether a dataset ever received properties, or one above it: OpenZFS keeps that as a property, and it is inherited.
    /// From then on `zfs inherit` hides received values, and a stream leaves in place what is set locally.
    pub(super) fn has_received(&self, name: &DatasetName) -> bool {
        self.lineage(name).has_received()
    }
}

impl<'z> Lineage<'z> {
    fn has_received(&self) -> bool {
        self.line().any(|(_, node)| node.has_received)
    }

    /// What the column `received` shows: nothing where no properties were ever received, as far as is noted; else also what is
    /// stored twice.
    pub(super) fn received(&self, property: &PropertyName) -> Option<&'z Raw> {
        let entry = self.own?.1.dataset.entries.get(property)?;
        entry.received.as_ref().or(entry.iuv.as_ref()).filter(|_| self.has_received())
    }

    /// The dataset itself.
    pub(super) fn node(&self) -> Option<&'z Node> {
        Some(self.own?.1)
    }

    /// The dataset and those above it, as they are asked for: mostly, the first tells.
    fn line(&self) -> impl Iterator<Item = (&'z DatasetName, &'z Node)> + use<'z> {
        let nodes = &self.zfs.nodes;
        let above = self.own.into_iter().flat_map(|(name, _)| name.ancestors());
        let above = above.filter_map(|above| nodes.get_key_value(&above));
        self.own.into_iter().chain(above).map(|(name, node)| (name, &**node))
    }

    /// The user properties that it has or may inherit.
    pub(super) fn user_properties(&self) -> BTreeSet<PropertyName> {
        let datasets = self.line().map(|(_, node)| &node.dataset);
        let all = datasets.flat_map(|dataset| dataset.entries.keys().chain(dataset.outside.keys()));
        all.filter(|property| property.native().is_none()).cloned().collect()
    }

    /// A property that can be set, with its source; `None` if the dataset has none, or that is not known.
    pub(super) fn value(&self, property: &PropertyName) -> Option<Valued> {
        let dataset = &self.node()?.dataset;
        if let Some(native) = property.native() {
            if let Some(raw) = dataset.fixed.get(&native) {
                return Some((text(raw), Source::None));
            }
            if let Some(raw) = dataset.temporary.get(&native) {
                return Some((text(raw), Source::Temporary));
            }
            if let Some((_, word)) = self.by_mount().find(|(property, _)| *property == native) {
                return Some((word.to_owned(), Source::Temporary));
            }
        }
        self.lasting(property)
    }

    /// What counts whatever the mount says.
    pub(super) fn lasting(&self, property: &PropertyName) -> Option<Valued> {
        let (name, node) = self.own?;
        if let Some((raw, source)) = self.stored(property) {
            return Some((seen(name, property, raw, &source).into_owned(), source));
        }
        let kind = node.dataset.kind.unwrap_or(DatasetKind::Filesystem);
        let raw = self.zfs.rest.default_for(property.native()?, kind, self.zfs.release)?;
        let value = seen(name, property, &raw, &Source::Default).into_owned();
        Some((value, Source::Default))
    }

    /// What is stored for a property where it is decided.
    fn stored(&self, property: &PropertyName) -> Option<(&'z Raw, Source<DatasetName>)> {
        let entries = self.line().map(|(name, node)| (name, node.dataset.entries.get(property)));
        if let Some((raw, setpoint)) = resolve(inheritable(property), entries) {
            return Some((raw, source(setpoint)));
        }
        self.line().find_map(|(_, node)| {
            let (from, raw) = node.dataset.outside.get(property)?;
            Some((raw, Source::Inherited(from.clone())))
        })
    }

    /// Properties that the options of its mount override, with what they make of them.
    pub(super) fn by_mount(&self) -> impl Iterator<Item = (Property, &'static str)> {
        let options = self.node().into_iter().flat_map(|node| &node.options);
        let rows = options.filter_map(|option| {
            let row = MOUNT_OPTIONS.iter().find(|(known, ..)| known == option);
            row.map(|(_, property, word)| (*property, *word))
        });
        rows.filter(|(property, word)| {
            self.lasting(&(*property).into()).is_some_and(|(value, _)| value != *word)
        })
    }

    /// A property of one of its snapshots.
    pub(super) fn value_of_snapshot(
        &self,
        point: &Point,
        property: &PropertyName,
    ) -> Option<Valued> {
        if let Some(raw) = property.native().and_then(|native| point.fixed.get(&native)) {
            return Some((text(raw), Source::None));
        }
        let entries = self.line().map(|(name, node)| (name, node.dataset.entries.get(property)));
        let own = point.entries.get(property);
        if let Some((raw, setpoint)) = resolve_of_snapshot(own, inheritable(property), entries) {
            return Some((text(raw), source(setpoint)));
        }
        let (kind, release) = (DatasetKind::Snapshot, self.zfs.release);
        let raw = self.zfs.rest.default_for(property.native()?, kind, release)?;
        Some((lossy(&raw).into_owned(), Source::Default))
    }
}

fn source(setpoint: Setpoint<&DatasetName>) -> Source<DatasetName> {
    match setpoint {
        Setpoint::Local => Source::Local,
        Setpoint::Received => Source::Received,
        Setpoint::Inherited(from) => Source::Inherited(from.clone()),
    }
}

/// A mountpoint grows by the names below where it was set.
fn seen<'r>(
    name: &DatasetName,
    property: &PropertyName,
    raw: &'r [u8],
    source: &Source<DatasetName>,
) -> Cow<'r, str> {
    let value = lossy(raw);
    if *property != PropertyName::Native(Property::Mountpoint) {
        return value;
    }
    let source = source.as_ref().map(DatasetName::as_str);
    Cow::Owned(mountpoint::effective(&value, source, name.as_str(), None).into_owned())
}
