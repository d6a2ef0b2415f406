//! The schema knows the keys that the reader knows.
#![cfg(feature = "schemars")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use impermanence_model::Host;
use serde_json::{Value, json};

/// The keys that the reader knows where `document` has the unknown key `???`.
fn known(document: &Value) -> BTreeSet<String> {
    let problems = Host::from_json(&document.to_string()).unwrap_err();
    let unknown = problems.iter().find(|problem| problem.what.contains("???"));
    let unknown = unknown.unwrap_or_else(|| panic!("{problems}"));
    let keys = unknown.remedy.strip_prefix("known here: ").unwrap();
    keys.split(", ").map(str::to_owned).collect()
}

fn keys(table: &Value) -> BTreeSet<String> {
    table["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    let schema = serde_json::to_value(schemars::schema_for!(Host)).unwrap();
    let of = |path: &str| schema.pointer(path).unwrap_or_else(|| panic!("{path}: {schema:#}"));
    let odd = json!({ "???": 1 });
    let entry = "/items/anyOf/1";
    let cases = [
        (odd.clone(), String::new()),
        (json!({ "root": { "kind": "zfs-rollback", "???": 1 } }), "/properties/root".into()),
        (
            json!({ "fileSystems": { "/x": odd } }),
            "/properties/fileSystems/additionalProperties".into(),
        ),
        (json!({ "stores": { "/x": odd } }), "/properties/stores/additionalProperties".into()),
        (json!({ "storage": odd }), "/properties/storage".into()),
        (
            json!({ "groups": { "x": odd } }),
            "/properties/groups/additionalProperties/anyOf/1".into(),
        ),
        (json!({ "users": { "x": odd } }), "/properties/users/additionalProperties".into()),
        (json!({ "core": odd }), "/properties/core".into()),
        (json!({ "host": odd }), "/properties/host".into()),
        (
            json!({ "host": { "directories": [odd] } }),
            format!("/properties/host/properties/directories{entry}"),
        ),
        (
            json!({ "host": { "files": [odd] } }),
            format!("/properties/host/properties/files{entry}"),
        ),
        (
            json!({ "host": { "files": [{ "path": "/x", "parent": odd }] } }),
            format!("/properties/host/properties/files{entry}/properties/parent"),
        ),
        (json!({ "services": { "x": odd } }), "/properties/services/additionalProperties".into()),
        (
            json!({ "services": { "x": { "state": [odd] } } }),
            format!("/properties/services/additionalProperties/properties/state{entry}"),
        ),
        (json!({ "keep": { "x": odd } }), "/properties/keep/additionalProperties/anyOf/1".into()),
    ];
    for (document, place) in cases {
        let (mut read, mut declared) = (known(&document), keys(of(&place)));
        if place == "/properties/root" {
            // Which keys the reader knows depends on the kind.
            declared.retain(|key| read.contains(key));
            for kind in ["tmpfs", "rotated", "persistent"] {
                let more = known(&json!({ "root": { "kind": kind, "???": 1 } }));
                declared.extend(keys(of(&place)).intersection(&more).cloned());
                read.extend(more);
            }
            assert_eq!(declared, keys(of(&place)));
        }
        assert_eq!(read, declared, "{place}");
    }
}
