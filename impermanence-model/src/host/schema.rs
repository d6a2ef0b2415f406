//! The JSON Schema of the declaration, for editors and for whoever emits it.
//!
//! It says which keys there are and of which types; what contradicts, only reading and resolving find. The keys are those of
//! the readers beside this file, and a test compares the two.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{Host, How};
use crate::layout::Propagation;
use crate::owner::Enforcement;
use crate::root::{Hook, Initrd};
use crate::stage::Stage;

impl JsonSchema for Host {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Host")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut user = layer(&home_path());
        extend(
            &mut user,
            &json!({
                "uid": { "type": ["integer", "null"], "minimum": 0 },
                "group": account(),
                "home": path(),
                "homeMode": mode(),
            }),
        );
        json_schema!({
            "type": "object",
            "description": "What an impermanent host keeps.",
            "additionalProperties": false,
            "properties": {
                "name": { "type": "string" },
                "root": root(),
                "fileSystems": by_name(&file_system()),
                "stores": by_name(&table(&json!({ "options": texts(), "hideMounts": boolean() }), &[])),
                "storage": table(&json!({ "binds": path(), "datasets": text() }), &[]),
                "groups": by_name(&json!({ "anyOf": [
                    { "type": "integer", "minimum": 0 },
                    table(&json!({ "gid": { "type": ["integer", "null"], "minimum": 0 } }), &[]),
                ] })),
                "users": by_name(&user),
                "core": layer(&path()),
                "host": layer(&path()),
                "services": by_name(&table(
                    &json!({ "state": { "type": "array", "items": path_or(&state()) } }),
                    &["state"],
                )),
                "keep": by_name(&json!({ "anyOf": [
                    { "const": "bind" },
                    table(&json!({ "bind": path(), "dataset": text(), "ephemeral": text() }), &[]),
                ] })),
            },
        })
    }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn texts() -> Value {
    json!({ "type": "array", "items": text() })
}

fn path() -> Value {
    json!({ "type": "string", "pattern": "^/", "description": "An absolute path without `..`." })
}

fn home_path() -> Value {
    json!({ "type": "string", "pattern": "^[^/]", "description": "A path below the home, without `..`." })
}

fn account() -> Value {
    json!({ "type": ["string", "integer", "null"], "description": "A name or a number." })
}

fn mode() -> Value {
    json!({ "type": ["string", "integer"], "description": "As in chmod: \"0750\" or \"u=rwx,g=rx,o=\"." })
}

fn words<T>(words: &[(&'static str, T)]) -> Value {
    json!({ "enum": words.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
}

/// A table that knows these keys, and needs some of them.
fn table(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    })
}

/// A table whose keys are names.
fn by_name(value: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": value })
}

fn path_or(table: &Value) -> Value {
    json!({ "anyOf": [path(), table] })
}

/// Adds keys to a table.
fn extend(table: &mut Value, more: &Value) {
    let properties = table.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(properties), Some(more)) = (properties, more.as_object()) {
        properties.extend(more.clone());
    }
}

fn root() -> Value {
    table(
        &json!({
            "kind": { "enum": ["tmpfs", "zfs-rollback", "rotated", "persistent"] },
            "size": text(),
            "mode": mode(),
            "dataset": text(),
            "snapshot": text(),
            "device": text(),
            "fsType": text(),
            "retention": { "type": "string", "pattern": "^[0-9]+ (boots?|days?)$" },
            "initrd": words(&Initrd::ALL),
            "hook": words(&Hook::ALL),
            "after": texts(),
            "before": texts(),
            "resume": boolean(),
        }),
        &["kind"],
    )
}

fn file_system() -> Value {
    table(
        &json!({
            "device": text(),
            "fsType": text(),
            "options": texts(),
            "neededForBoot": boolean(),
            "depends": { "type": "array", "items": path() },
            "rollback": text(),
        }),
        &["fsType"],
    )
}

fn ownership() -> Value {
    table(&json!({ "owner": account(), "group": account(), "mode": mode() }), &[])
}

fn state() -> Value {
    let mut state = ownership();
    extend(&mut state, &json!({ "path": path(), "file": boolean(), "when": words(&Stage::ALL) }));
    if let Some(state) = state.as_object_mut() {
        state.insert("required".to_owned(), json!(["path"]));
    }
    state
}

/// A layer whose paths are of this kind.
fn layer(path_: &Value) -> Value {
    let entry = |methods: &[How]| {
        let methods: Vec<&str> = methods.iter().map(|how| how.word()).collect();
        let mut entry = ownership();
        extend(
            &mut entry,
            &json!({
                "path": path_,
                "parent": ownership(),
                "store": path(),
                "how": { "enum": methods },
                "create": boolean(),
                "enforce": words(&Enforcement::ALL),
                "when": words(&Stage::ALL),
                "options": texts(),
                "propagation": words(&Propagation::ALL),
            }),
        );
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("required".to_owned(), json!(["path"]));
        }
        json!({ "type": "array", "items": { "anyOf": [path_, entry] } })
    };
    table(
        &json!({
            "store": path(),
            "directories": entry(&[How::Bind, How::Rbind, How::Symlink]),
            "files": entry(&[How::Bind, How::Symlink, How::Parent, How::Copy]),
        }),
        &[],
    )
}
