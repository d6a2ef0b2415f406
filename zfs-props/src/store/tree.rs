//! The stores of a whole tree of datasets: what each sees, and what a change would change.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Bound;

use super::{Entry, Setpoint, resolve, stand_in};
use crate::key::PropertyName;
use crate::name::DatasetName;
use crate::property::{Property, Stored};
use crate::release::Release;
use crate::source::Source;

/// What is stored for a property: a number (words are stored as numbers too) or a text.
type Value = Stored<Box<str>>;

/// Datasets, and what each stores for each property.
///
/// ```
/// use zfs_props::property::{Property, Stored};
/// use zfs_props::release::Release;
/// use zfs_props::source::Source;
/// use zfs_props::store::{Change, Tree};
///
/// let mut tree = Tree::new(Release::V2_3);
/// for name in ["tank", "tank/home", "tank/home/ann"] {
///     tree.insert(name.parse()?);
/// }
/// let (tank, home) = ("tank".parse()?, "tank/home".parse()?);
/// let recordsize = Property::Recordsize.into();
/// tree.change(&home, &recordsize, Change::Set(Stored::Number(16384)));
///
/// // Changing the pool's value changes nothing below tank/home.
/// let change = Change::Set(Stored::Number(1 << 20));
/// let effects = tree.effects(&tank, &recordsize, change);
/// let changed: Vec<&str> = effects.iter().map(|effect| effect.dataset.as_str()).collect();
/// assert_eq!(changed, ["tank"]);
/// let before = effects[0].before.as_ref().unwrap();
/// assert_eq!((before.value.clone(), &before.source), (Stored::Number(131072), &Source::Default));
/// # Ok::<(), zfs_props::name::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    release: Release,
    datasets: BTreeMap<DatasetName, Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    /// It received properties once (OpenZFS's entry `$hasrecvd`).
    has_received: bool,
    entries: BTreeMap<PropertyName, Entry<Value>>,
}

/// What a command does to a property of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `zfs set`.
    Set(Value),
    /// `zfs inherit`.
    Inherit,
    /// `zfs inherit -S`.
    Revert,
    /// `zfs receive` of a stream that carries the property.
    Receive(Value),
}

/// What a dataset sees of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub source: Source<DatasetName>,
}

/// What a change makes of a dataset's view of a property. `None`: it has none (user properties, and
/// texts without a default).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The dataset: the changed one, or one below it.
    pub dataset: DatasetName,
    /// What it sees before the change.
    pub before: Option<Seen>,
    /// What it sees after it.
    pub after: Option<Seen>,
}

impl Tree {
    /// No datasets. The release decides about defaults.
    pub const fn new(release: Release) -> Self {
        Self { release, datasets: BTreeMap::new() }
    }

    /// Adds a dataset that stores nothing, unless it is there. Ancestors are not added; those that are
    /// not there store nothing.
    pub fn insert(&mut self, name: DatasetName) {
        self.datasets.entry(name).or_default();
    }

    /// The datasets; a parent comes right before its subtree.
    pub fn datasets(&self) -> impl Iterator<Item = &DatasetName> {
        self.datasets.keys()
    }

    /// What a dataset stores itself for a property.
    pub fn entry(&self, name: &DatasetName, property: &PropertyName) -> Option<&Entry<Value>> {
        self.datasets.get(name)?.entries.get(property)
    }

    /// What a dataset sees of a property, with the source that `zfs get` prints.
    pub fn get(&self, name: &DatasetName, property: &PropertyName) -> Option<Seen> {
        let chain = core::iter::once(name.clone()).chain(name.ancestors()).map(|name| {
            let entry = self.entry(&name, property);
            (name, entry)
        });
        let inheritable = property.native().is_none_or(Property::is_inheritable);
        if let Some((value, setpoint)) = resolve(inheritable, chain) {
            let source = match setpoint {
                Setpoint::Local => Source::Local,
                Setpoint::Received => Source::Received,
                Setpoint::Inherited(from) => Source::Inherited(from),
            };
            return Some(Seen { value: value.clone(), source });
        }
        let value = match property.native()?.default(self.release)? {
            Stored::Number(number) => Stored::Number(number),
            Stored::Text(text) => Stored::Text(text.into()),
        };
        Some(Seen { value, source: Source::Default })
    }

    /// Does to a dataset's store what a command does. Whether the command would be accepted is not
    /// asked; a dataset that is not there is added.
    pub fn change(&mut self, name: &DatasetName, property: &PropertyName, change: Change) {
        let release = self.release;
        let has_received = self.has_received(name);
        let node = self.datasets.entry(name.clone()).or_default();
        let entry = node.entries.entry(property.clone()).or_default();
        match change {
            Change::Set(value) => match known(property, &value, release) {
                Some(known) => entry.set_iuv(value, known),
                None => entry.set(value),
            },
            Change::Inherit => entry.inherit(has_received),
            Change::Revert => entry.revert(),
            Change::Receive(value) => {
                node.has_received = true;
                entry.receive(value);
            }
        }
        if entry.is_empty() {
            node.entries.remove(property);
        }
    }

    /// Whether a dataset, or one above it, ever received properties.
    fn has_received(&self, name: &DatasetName) -> bool {
        let is_marked =
            |name: &DatasetName| self.datasets.get(name).is_some_and(|node| node.has_received);
        is_marked(name) || name.ancestors().any(|above| is_marked(&above))
    }

    /// Which datasets would see another value, or the same from another source, after a change.
    pub fn effects(
        &self,
        name: &DatasetName,
        property: &PropertyName,
        change: Change,
    ) -> Vec<Effect> {
        let mut after = Self { release: self.release, datasets: BTreeMap::new() };
        // Only what the property's chains go through is copied.
        let below = (Bound::Included(name), Bound::Unbounded);
        let below = self.datasets.range::<DatasetName, _>(below).map(|(name, _)| name);
        let below: Vec<&DatasetName> =
            below.take_while(|other| *other == name || other.is_under(name)).collect();
        let above: Vec<DatasetName> = name.ancestors().collect();
        for name in above.iter().chain(below.iter().copied()) {
            let Some(node) = self.datasets.get(name) else { continue };
            let mut copy = Node { has_received: node.has_received, ..Node::default() };
            if let Some(entry) = node.entries.get(property) {
                copy.entries.insert(property.clone(), entry.clone());
            }
            after.datasets.insert(name.clone(), copy);
        }
        after.change(name, property, change);
        let effects = below.into_iter().map(|name| Effect {
            dataset: name.clone(),
            before: self.get(name, property),
            after: after.get(name, property),
        });
        effects.filter(|effect| effect.before != effect.after).collect()
    }
}

/// What older kernels take in place of a value that they do not know.
fn known(property: &PropertyName, value: &Value, release: Release) -> Option<Value> {
    let native = property.native()?;
    let Stored::Number(number) = value else { return None };
    let known = stand_in(native, native.word_for(*number, release)?)?;
    Some(Stored::Number(native.number_of(known, release)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(property: Property, word: &str) -> Value {
        Stored::Number(property.number_of(word, Release::V2_3).unwrap())
    }

    /// As OpenZFS 2.3.9 answers to these commands.
    #[test]
    fn revert_leaves_what_older_kernels_do_not_know() {
        let mut tree = Tree::new(Release::V2_3);
        let (a, b): (DatasetName, DatasetName) =
            ("tank/a".parse().unwrap(), "tank/a/b".parse().unwrap());
        tree.insert(b.clone());
        let property = PropertyName::from(Property::RedundantMetadata);
        let some = number(Property::RedundantMetadata, "some");
        tree.change(&a, &property, Change::Set(some.clone()));
        tree.change(&a, &property, Change::Revert);
        assert_eq!(
            tree.get(&a, &property).unwrap(),
            Seen { value: some.clone(), source: Source::Local }
        );
        let inherited = Seen { value: some, source: Source::Inherited(a.clone()) };
        assert_eq!(tree.get(&b, &property).unwrap(), inherited);

        tree.change(&a, &property, Change::Set(number(Property::RedundantMetadata, "most")));
        tree.change(&a, &property, Change::Inherit);
        let all = number(Property::RedundantMetadata, "all");
        assert_eq!(tree.get(&a, &property).unwrap(), Seen { value: all, source: Source::Default });
    }

    #[test]
    fn a_received_value_is_inherited_under_the_name_of_its_dataset() {
        let mut tree = Tree::new(Release::V2_3);
        let (a, b): (DatasetName, DatasetName) =
            ("tank/a".parse().unwrap(), "tank/a/b".parse().unwrap());
        let atime = PropertyName::from(Property::Atime);
        let off = number(Property::Atime, "off");
        tree.change(&a, &atime, Change::Receive(off.clone()));
        tree.insert(b.clone());
        assert_eq!(tree.get(&a, &atime).unwrap().source, Source::Received);
        assert_eq!(tree.get(&b, &atime).unwrap().source, Source::Inherited(a.clone()));
        // `zfs inherit` hides it, `zfs inherit -S` brings it back.
        tree.change(&a, &atime, Change::Inherit);
        assert_eq!(tree.get(&a, &atime).unwrap().source, Source::Default);
        tree.change(&a, &atime, Change::Revert);
        assert_eq!(tree.get(&a, &atime).unwrap(), Seen { value: off, source: Source::Received });
    }
}
