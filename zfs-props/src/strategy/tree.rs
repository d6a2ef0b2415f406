//! Trees of datasets with what they store.

use proptest::collection::vec as list_of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::key::PropertyName;
use crate::name::DatasetName;
use crate::property::{Property, Stored};
use crate::release::Release;
use crate::store::{Change, Tree};
use crate::value::Value;

use super::value_of;

/// A property of the few in [`tree`]: inherited or not, number or word, stored twice or not, of its user.
pub fn tree_property() -> impl Strategy<Value = PropertyName> {
    const NATIVE: [Property; 7] = [
        Property::Quota,
        Property::Recordsize,
        Property::Mountpoint,
        Property::Compression,
        Property::Canmount,
        Property::Snapdir,
        Property::RedundantMetadata,
    ];
    let native = select(&NATIVE[..]).prop_map(PropertyName::Native);
    let user = Just("org.example:owner").prop_filter_map("no name", |name| name.parse().ok());
    prop_oneof![4 => native, 1 => user]
}

/// The name of a dataset of the small pool of [`tree`], there or not.
pub fn tree_dataset() -> impl Strategy<Value = DatasetName> {
    "tank(/[ab]){0,3}".prop_filter_map("no name", |name| name.parse().ok())
}

/// A change of a property, as the commands make it.
pub fn change(property: &PropertyName, release: Release) -> impl Strategy<Value = Change> + use<> {
    let value = match property.native() {
        None => "[a-z ]{0,3}".prop_map(|text| Stored::Text(text.into())).boxed(),
        Some(native) => value_of(native, release)
            .prop_filter_map("no value", move |text| {
                let value = Value::parse(native, &text, release).ok()?;
                Some(match value.stored() {
                    Stored::Number(number) => Stored::Number(number),
                    Stored::Text(text) => Stored::Text(text.into()),
                })
            })
            .boxed(),
    };
    prop_oneof![
        3 => value.clone().prop_map(Change::Set),
        1 => Just(Change::Inherit),
        1 => Just(Change::Revert),
        2 => value.prop_map(Change::Receive),
    ]
}

/// A small pool `tank` after up to 20 changes: local, received, hidden and inherited values.
pub fn tree(release: Release) -> impl Strategy<Value = Tree> {
    let step = (tree_dataset(), tree_property()).prop_flat_map(move |(dataset, property)| {
        (Just(dataset), change(&property, release), Just(property))
    });
    (list_of(tree_dataset(), 0..6), list_of(step, 0..20)).prop_map(move |(datasets, steps)| {
        let mut tree = Tree::new(release);
        for dataset in datasets {
            tree.insert(dataset);
        }
        for (dataset, change, property) in steps {
            tree.change(&dataset, &property, change);
        }
        tree
    })
}
