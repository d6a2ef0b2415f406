//! Which property a text names, lists of them, and where keys are read from.

use serde_json::{Value, json};
use zfs_props::key::{
    PoolPropertyName, PropertyList, PropertyListError, PropertyName, UserProperty,
};
use zfs_props::property::{PoolProperty, Property, VdevProperty};
use zfs_props::release::Release;
use zfs_props::value::check_key_location;

use testing::baseline::{Verdict, compare, compare_with_meta};

fn release_of(meta: &Value) -> Release {
    meta["openzfs"].as_str().unwrap().parse().unwrap()
}

fn names_agree(name: &str) {
    compare_with_meta(name, |meta, recorded| {
        let release = release_of(meta);
        let text = recorded["text"].as_str().unwrap();
        let dataset = PropertyName::parse_for_reading(text, release);
        let pool = PoolPropertyName::parse_for_reading(text, release);
        let is_user = UserProperty::parse_for_reading(text).is_ok();
        let ours = json!({
            "text": text,
            "zfs": Property::resolve(text, release).map(Property::name),
            "zpool": PoolProperty::resolve(text, release).map(PoolProperty::name),
            "vdev": VdevProperty::resolve(text, release).map(VdevProperty::name),
            "user": is_user,
            "userquota": matches!(dataset, Ok(PropertyName::Account(_))),
            "written": matches!(dataset, Ok(PropertyName::Written(_))),
            "feature": matches!(pool, Some(PoolPropertyName::Feature(_))),
            "unsupported": matches!(pool, Some(PoolPropertyName::Unsupported(_))),
            // Vdevs have properties since 2.2.
            "vdev_user": (release >= Release::V2_2).then_some(is_user),
        });
        assert_eq!(matches!(dataset, Ok(PropertyName::User(_))), is_user, "{text}");
        Verdict::fields(recorded, &ours)
    });
}

#[test]
fn propnames_2_1() {
    names_agree("propnames-2.1.11");
}

#[test]
fn propnames_2_3() {
    names_agree("propnames-2.3.9");
}

#[test]
fn propnames_2_4() {
    names_agree("propnames-2.4.4");
}

fn list<N: ToString>(parsed: Result<PropertyList<N>, PropertyListError>) -> Option<Vec<String>> {
    match parsed.ok()? {
        PropertyList::All => Some(Vec::new()),
        PropertyList::Named(names) => Some(names.iter().map(ToString::to_string).collect()),
    }
}

#[test]
fn proplists() {
    compare_with_meta("proplists-2.4.4", |meta, recorded| {
        let release = release_of(meta);
        let text = recorded["list"].as_str().unwrap();
        let ours = match recorded["scope"].as_str().unwrap() {
            "dataset" => list(PropertyList::parse(text, release)),
            "pool" => list(PropertyList::parse_for_pools(text, release)),
            other => panic!("{other}"),
        };
        let ok = recorded["ok"].as_bool().unwrap();
        Verdict::of(json!(ours), if ok { recorded["props"].clone() } else { Value::Null })
    });
}

#[test]
fn keylocation() {
    compare("keylocation-2.4.4", |recorded| {
        let text = recorded["text"].as_str().unwrap();
        let accepts = |encrypted| check_key_location(text, encrypted).is_ok();
        let ours = json!({ "text": text, "plain": accepts(false), "encrypted": accepts(true) });
        Verdict::fields(recorded, &ours)
    });
}
