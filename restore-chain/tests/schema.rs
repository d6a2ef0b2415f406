//! The JSON Schema knows the keys that are read, and no others.
#![cfg(feature = "schemars")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use restore_chain::Spec;
use serde_json::{Value, json};

/// A declaration with every key that there is.
fn everything() -> Value {
    let method = json!({ "timeout": 600, "attempts": 2, "pause": 5 });
    json!({
        "host": "forge",
        "policy": { "order": ["replica", "local", "restic", "pitr"], "maxAge": 86400, "testedWithin": 604_800 },
        "budget": {
            "unit": 86400, "verify": 600, "step": 30,
            "replica": method, "local": method, "restic": method, "pitr": method,
        },
        "services": { "sonarr": {
            "dataset": "tank/sonarr", "mountpoint": "/var/lib/sonarr", "bootstrap": "never", "unmarked": "ask",
            "gate": "required", "units": ["sonarr.service"], "properties": { "recordsize": "16K" },
            "owner": { "user": "sonarr", "group": "sonarr", "recursive": true },
        } },
        "replicas": { "nas-1": {
            "source": "tank/sonarr", "target": "backup/sonarr", "recursive": true, "raw": false,
            "transport": ["ssh", "nas-1"], "key": "/run/key", "rate": 1000,
        } },
        "repositories": { "b2": {
            "url": "b2:x", "passwordFile": "/run/secrets/restic", "environmentFile": "/run/secrets/b2", "remote": true,
            "rate": 1000, "jobs": { "sonarr": { "tags": ["sonarr"], "root": "/var/lib/sonarr" } },
        } },
        "secrets": { "/run/secrets/restic": ["/persist/key"] },
    })
}

/// Keys of a declaration by the path to them; a name that is free is `*`.
fn keys(value: &Value, schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let Value::Object(map) = value else { return };
    for (key, value) in map {
        let (name, below) = match schema["properties"].get(key) {
            Some(below) => (key.as_str(), below),
            None => ("*", &schema["additionalProperties"]),
        };
        assert!(below.is_object(), "the schema has no {path}.{key}");
        let path = format!("{path}.{name}");
        keys(value, below, &path, found);
        found.insert(path);
    }
}

/// Keys of the schema, likewise.
fn known(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let free = schema.get("additionalProperties").filter(|below| below.is_object());
    let named = schema.get("properties").and_then(Value::as_object);
    let named = named.into_iter().flatten().map(|(key, below)| (key.as_str(), below));
    for (key, below) in named.chain(free.map(|below| ("*", below))) {
        let path = format!("{path}.{key}");
        known(below, &path, found);
        found.insert(path);
    }
}

#[test]
fn the_schema_has_the_keys_that_are_read() {
    let schema = serde_json::to_value(schemars::schema_for!(Spec)).unwrap();
    let (mut read, mut described) = (BTreeSet::new(), BTreeSet::new());
    let mut declaration = everything();
    Spec::from_json(&declaration.to_string()).unwrap();
    keys(&declaration, &schema, "", &mut read);
    // One of two keys that exclude each other.
    let policy = declaration["policy"].as_object_mut().unwrap();
    policy.remove("order");
    policy.insert("fastestWithin".to_owned(), 3600.into());
    Spec::from_json(&declaration.to_string()).unwrap();
    keys(&declaration, &schema, "", &mut read);
    known(&schema, "", &mut described);
    assert_eq!(read, described);
}
