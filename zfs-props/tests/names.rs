//! Names form a tree: what holds for all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use zfs_props::name::{
    BookmarkName, DatasetName, Name, PermissionSetName, PoolName, SnapshotName, check,
};
use zfs_props::strategy::{
    almost_name, bookmark_name, component, dataset_name, dataset_name_under, snapshot_name,
};

fn datasets() -> impl Strategy<Value = Vec<DatasetName>> {
    let pool = "a".parse().unwrap();
    prop::collection::vec(prop_oneof![dataset_name_under(&pool), dataset_name()], 0..40)
}

proptest! {
    #[test]
    fn a_sorted_set_is_a_walk_of_the_tree(names in datasets()) {
        let sorted: Vec<_> = names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        for (at, top) in sorted.iter().enumerate() {
            // The subtree follows its top, unbroken.
            let subtree = sorted[at + 1..].iter().take_while(|name| name.is_under(top)).count();
            prop_assert_eq!(subtree, sorted.iter().filter(|name| name.is_under(top)).count());
        }
    }

    #[test]
    fn order_is_that_of_components(a in dataset_name(), b in dataset_name()) {
        prop_assert_eq!(a.cmp(&b), a.components().cmp(b.components()));
    }

    #[test]
    fn what_belongs_to_a_dataset_follows_it(
        names in datasets(),
        points in prop::collection::vec(component(), 1..4),
    ) {
        let mut all = BTreeSet::new();
        for dataset in &names {
            all.insert(Name::Dataset(dataset.clone()));
            all.extend(points.iter().filter_map(|p| dataset.snapshot(p).ok()).map(Name::Snapshot));
            all.extend(points.iter().filter_map(|p| dataset.bookmark(p).ok()).map(Name::Bookmark));
        }
        let kind = |name: &Name| match name {
            Name::Dataset(_) => 0,
            Name::Bookmark(_) => 1,
            Name::Snapshot(_) => 2,
        };
        let key = |name: &Name| {
            let own = name.as_str()[name.dataset().len()..].to_owned();
            (name.dataset().parse::<DatasetName>().unwrap(), kind(name), own)
        };
        prop_assert!(all.iter().is_sorted_by_key(key));
    }

    #[test]
    fn order_follows_equality(a in almost_name(), b in almost_name()) {
        if let (Ok(a), Ok(b)) = (a.parse::<Name>(), b.parse::<Name>()) {
            prop_assert_eq!(a.cmp(&b).is_eq(), a.as_str() == b.as_str());
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        }
    }

    #[test]
    fn a_child_has_its_parent(dataset in dataset_name(), name in component()) {
        let child = dataset.child(&name).unwrap();
        prop_assert_eq!(child.parent(), Some(dataset.clone()));
        prop_assert_eq!(child.ancestors().next(), Some(dataset.clone()));
        prop_assert_eq!(child.ancestors().count(), child.depth());
        prop_assert_eq!(child.relative_to(&dataset), Some(name.as_str()));
        prop_assert_eq!(child.leaf(), name);
        prop_assert!(child.is_under(&dataset) && !dataset.is_under(&child) && !child.is_under(&child));
        prop_assert_eq!(child.pool_name().unwrap().root(), child.ancestors().last().unwrap());
        prop_assert!(child.check_creatable().is_ok());
    }

    #[test]
    fn rebasing_there_and_back(dataset in dataset_name(), below in dataset_name(), to in dataset_name()) {
        let placed = below.rebase(&below.pool_name().unwrap().root(), &dataset).unwrap().unwrap();
        let moved = placed.rebase(&dataset, &to).unwrap().unwrap();
        prop_assert_eq!(moved.relative_to(&to), placed.relative_to(&dataset));
        prop_assert_eq!(moved.rebase(&to, &dataset).unwrap().unwrap(), placed);
    }

    #[test]
    fn a_point_belongs_to_its_dataset(snapshot in snapshot_name(), bookmark in bookmark_name()) {
        let dataset = snapshot.dataset_name().unwrap();
        prop_assert_eq!(dataset.snapshot(snapshot.name()).unwrap(), snapshot.clone());
        let other = bookmark.dataset_name().unwrap();
        prop_assert_eq!(other.bookmark(bookmark.name()).unwrap(), bookmark);
        let moved = snapshot.rebase(&dataset, &other).unwrap().unwrap();
        prop_assert_eq!(moved, other.snapshot(snapshot.name()).unwrap());
    }

    /// Derived names are what their text would be parsed to, whatever passed the first parse.
    #[test]
    fn derived_names_are_names(text in almost_name()) {
        if let Ok(dataset) = text.parse::<DatasetName>() {
            for ancestor in dataset.ancestors() {
                prop_assert_eq!(ancestor.as_str().parse(), Ok(ancestor));
            }
        }
        if let Ok(snapshot) = text.parse::<SnapshotName>() {
            prop_assert_eq!(snapshot.dataset_name().ok(), snapshot.dataset().parse().ok());
        }
        if let Ok(bookmark) = text.parse::<BookmarkName>() {
            prop_assert_eq!(bookmark.dataset_name().ok(), bookmark.dataset().parse().ok());
        }
        if let Ok(pool) = text.parse::<PoolName>() {
            prop_assert_eq!(Ok(pool.root()), pool.as_str().parse());
        }
    }

    #[test]
    fn a_kind_opens_what_some_layer_lets_pass(text in almost_name()) {
        let kinds = [
            text.parse::<DatasetName>().is_ok(),
            text.parse::<SnapshotName>().is_ok(),
            text.parse::<BookmarkName>().is_ok(),
        ];
        let count = kinds.into_iter().filter(|&opens| opens).count();
        prop_assert_eq!(count, usize::from(check::entity(&text).is_ok()));
    }

    #[test]
    fn any_text_has_a_verdict(text in prop_oneof![any::<String>(), almost_name()]) {
        let faults = [
            text.parse::<PoolName>().err(),
            text.parse::<DatasetName>().err(),
            text.parse::<SnapshotName>().err(),
            text.parse::<BookmarkName>().err(),
            text.parse::<PermissionSetName>().err(),
            text.parse::<Name>().err(),
            check::component(&text).err(),
            check::mountpoint(&text).err(),
            check::nesting(&text).err(),
        ];
        for fault in faults.into_iter().flatten() {
            prop_assert!(fault.position() <= text.len());
            prop_assert!(!fault.to_string().ends_with(": "), "{}", fault);
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn serde_writes_the_text(text in almost_name()) {
        let json = serde_json::to_string(&text).unwrap();
        match text.parse::<Name>() {
            Ok(name) => {
                prop_assert_eq!(serde_json::to_string(&name).unwrap(), json.clone());
                prop_assert_eq!(serde_json::from_str::<Name>(&json).unwrap(), name);
            }
            Err(fault) => {
                let refused = serde_json::from_str::<Name>(&json).unwrap_err().to_string();
                prop_assert!(refused.starts_with(&fault.to_string()));
            }
        }
    }
}

#[test]
fn faults_say_what_would_be_right() {
    let said = |fault: zfs_props::name::NameError| fault.to_string();
    assert_eq!(
        said("tank/é".parse::<DatasetName>().unwrap_err()),
        r#""tank/é" cannot be a dataset name: byte 5, 'é': accepted are A-Z, a-z, 0-9, '-', '_', '.', ':' and the blank"#
    );
    assert_eq!(
        said("tank/a".parse::<SnapshotName>().unwrap_err()),
        r#""tank/a" cannot be a snapshot name: byte 6: '@' and the snapshot's own name are missing"#
    );
    assert_eq!(
        said("raidz2".parse::<PoolName>().unwrap().check_creatable().unwrap_err()),
        r#""raidz2" cannot be a pool name: byte 0, 'r': log, and names starting with mirror, raidz, draid or spare, are those of vdevs"#
    );
    assert_eq!(
        said(DatasetName::try_from("tank").unwrap().check_creatable().unwrap_err()),
        r#""tank" cannot be a dataset name: byte 4: a pool's own dataset is made with the pool; one to be created has a '/'"#
    );
    let deep = ["a"; 51].join("/").parse::<DatasetName>().unwrap();
    assert_eq!(
        said(deep.check_creatable().unwrap_err()).rsplit(": ").next().unwrap(),
        "at most 50 components can be nested"
    );
    assert!(deep.parent().unwrap().check_creatable().is_ok());
}

#[test]
fn percent_is_known_but_never_created() {
    let receiving: DatasetName = "tank/%recv".parse().unwrap();
    assert_eq!(receiving.check_creatable().unwrap_err().position(), 5);
    assert!(receiving.snapshot("a").unwrap().check_creatable().is_err());
    assert!(receiving.bookmark("a").unwrap().check_creatable().is_ok());
    assert!("tank#%".parse::<BookmarkName>().unwrap().check_creatable().is_err());
}

/// `tank/..@a` opens, but nothing can be above it.
#[test]
fn a_reference_right_before_the_delimiter() {
    let snapshot: SnapshotName = "tank/..@a".parse().unwrap();
    let fault = snapshot.dataset_name().unwrap_err();
    assert_eq!((fault.fault().code(), fault.position()), ("parent_ref", 5));
}
