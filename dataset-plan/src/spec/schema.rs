//! The JSON Schema of a declaration: for editors, and for checks before anything is evaluated.
//!
//! It tells the keys and their types; what a value may be is decided by reading it.

#![allow(clippy::needless_pass_by_value, reason = "schemas are put together from schemas")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Spec;

impl JsonSchema for Spec {
    fn schema_name() -> Cow<'static, str> {
        "DatasetPlanSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "release": { "type": "string", "description": "The OpenZFS release of the host, as \"2.3\"." },
                "parentDataset": { "type": "string", "description": "Service datasets are created below it." },
                "parentMount": path("A service without `mountpoint` is mounted below it."),
                "ownerProperty": { "type": "string", "description": "The user property that notes what was declared." },
                "ignore": { "type": "array", "items": { "type": "string" }, "description": "Patterns of datasets that are never touched." },
                "moved": {
                    "type": "array",
                    "description": "Renamed datasets.",
                    "items": object(json_schema!({ "from": { "type": "string" }, "to": { "type": "string" } }), &["from", "to"]),
                },
                "absent": { "type": "array", "items": { "type": "string" }, "description": "Datasets that shall not exist." },
                "base": named("Datasets of the installer, by name.", object(json_schema!({ "mountedAt": path("Where the host mounts it.") }), &[])),
                "places": named("Other places that services can live in.", object(json_schema!({
                    "dataset": { "type": "string" },
                    "mount": path("Services there are mounted below it."),
                }), &["dataset"])),
                "profiles": named("Keys that datasets share.", object(profile(), &[])),
                "services": named("Datasets below the parent.", object(dataset(), &[])),
                "utility": named("Datasets by full name.", object(dataset(), &[])),
            },
        })
    }
}

fn path(description: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": "^/", "description": description })
}

fn object(properties: Schema, required: &[&str]) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    })
}

/// A table whose keys are names.
fn named(description: &str, entry: Schema) -> Schema {
    json_schema!({ "type": "object", "description": description, "additionalProperties": entry })
}

/// A property: a value, or where it shall come from.
fn wish() -> Schema {
    json_schema!({ "anyOf": [
        { "type": ["string", "integer"] },
        object(json_schema!({ "source": { "enum": ["inherited", "received", "any"] } }), &["source"]),
    ] })
}

fn profile() -> Schema {
    let owner =
        json_schema!({ "type": ["string", "integer"], "description": "Of the mounted directory." });
    json_schema!({
        "recordsize": wish(),
        "compression": wish(),
        "mountpoint": wish(),
        "quota": wish(),
        "properties": named("Any other settable property.", wish()),
        "owner": owner,
        "group": owner,
        "mode": { "type": "string", "pattern": "^[0-7]{1,4}$" },
        "strict": { "type": "boolean", "description": "What is set and not declared is unset." },
    })
}

fn dataset() -> Schema {
    let mut keys = json_schema!({
        "profile": { "type": ["string", "array"], "items": { "type": "string" } },
        "place": { "type": "string" },
        "volume": { "type": ["string", "integer"], "description": "Size of a volume." },
        "sparse": { "type": "boolean" },
        "origin": { "type": "string" },
        "guid": { "type": ["string", "integer"] },
    });
    let map = keys.ensure_object();
    map.extend(profile().ensure_object().clone());
    keys
}
