//! What holds for every tree of stores.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use zfs_props::key::PropertyName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::source::Source;
use zfs_props::store::{Change, Tree};
use zfs_props::strategy::{change, tree, tree_dataset, tree_property};
use zfs_props::{DatasetName, mountpoint};

const RELEASE: Release = Release::V2_3;

fn case() -> impl Strategy<Value = (Tree, DatasetName, PropertyName, Change)> {
    (tree(RELEASE), tree_dataset(), tree_property()).prop_flat_map(|(tree, dataset, property)| {
        (Just(tree), Just(dataset), change(&property, RELEASE), Just(property))
            .prop_map(|(tree, dataset, change, property)| (tree, dataset, property, change))
    })
}

fn is_inheritable(property: &PropertyName) -> bool {
    property.native().is_none_or(Property::is_inheritable)
}

proptest! {
    /// The effects that are told beforehand are those that are seen afterwards, of every dataset.
    #[test]
    fn effects_are_what_changes((tree, dataset, property, change) in case()) {
        let told = tree.effects(&dataset, &property, change.clone());
        let mut after = tree.clone();
        after.change(&dataset, &property, change);
        for name in tree.datasets() {
            let (was, is) = (tree.get(name, &property), after.get(name, &property));
            let effect = told.iter().find(|effect| effect.dataset == *name);
            match effect {
                None => prop_assert_eq!(was, is),
                Some(effect) => prop_assert_eq!((&effect.before, &effect.after), (&was, &is)),
            }
        }
        prop_assert!(told.iter().all(|e| e.dataset == dataset || e.dataset.is_under(&dataset)));
    }

    /// A source never lies: the dataset that it names decides the value itself.
    #[test]
    fn sources_name_where_the_value_is((tree, dataset, property, _) in case()) {
        let Some(seen) = tree.get(&dataset, &property) else { return Ok(()) };
        let own = |name: &DatasetName| {
            let entry = tree.entry(name, &property);
            entry.and_then(|entry| entry.own()).map(|(value, received)| (value.clone(), received))
        };
        match &seen.source {
            Source::Local => prop_assert_eq!(own(&dataset), Some((seen.value, false))),
            Source::Received => prop_assert_eq!(own(&dataset), Some((seen.value, true))),
            Source::Inherited(from) => {
                prop_assert!(is_inheritable(&property) && dataset.is_under(from));
                prop_assert_eq!(own(from).unwrap().0, seen.value);
                let between = dataset.ancestors().take_while(|name| name != from);
                prop_assert!(between.chain([dataset.clone()]).all(|name| own(&name).is_none()));
            }
            Source::Default => prop_assert!(own(&dataset).is_none()),
            other => prop_assert!(false, "{other}"),
        }
    }

    /// `zfs inherit -S` undoes `zfs inherit`, but for what was set locally.
    #[test]
    fn reverting_shows_what_was_received((mut tree, dataset, property, _) in case()) {
        tree.change(&dataset, &property, Change::Inherit);
        let hidden = tree.get(&dataset, &property);
        prop_assert!(hidden.is_none_or(|seen| !matches!(seen.source, Source::Local | Source::Received)));
        tree.change(&dataset, &property, Change::Revert);
        let received = tree.entry(&dataset, &property).and_then(|entry| entry.received.clone());
        let seen = tree.get(&dataset, &property);
        match received {
            None => prop_assert!(seen.is_none_or(|seen| seen.source != Source::Received)),
            Some(value) => {
                let seen = seen.unwrap();
                prop_assert_eq!((seen.value, seen.source), (value, Source::Received));
            }
        }
    }

    /// What is inherited from somewhere lies below where it is mounted.
    #[test]
    fn inherited_mountpoints_grow_by_names(tree in tree(RELEASE), dataset in tree_dataset(), altroot in "(/[a-z])?") {
        let property = Property::Mountpoint.into();
        let seen = tree.get(&dataset, &property).unwrap();
        let zfs_props::property::Stored::Text(value) = &seen.value else { return Ok(()) };
        let altroot = (!altroot.is_empty()).then_some(altroot.as_str());
        let source = seen.source.as_ref().map(DatasetName::as_str);
        let place = mountpoint::effective(value, source, dataset.as_str(), altroot);
        if value.starts_with('/') {
            prop_assert!(place.starts_with(altroot.unwrap_or("/")));
            if let Source::Inherited(from) = &seen.source {
                prop_assert!(place.ends_with(dataset.relative_to(from).unwrap()));
            }
        } else {
            prop_assert_eq!(&*place, &**value);
        }
    }
}
