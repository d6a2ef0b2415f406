//! The JSON Schema of a declaration: its keys and their types. What a value may be is decided by reading it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Spec;

impl JsonSchema for Spec {
    fn schema_name() -> Cow<'static, str> {
        "RestoreChainSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = || json_schema!({ "type": "string" });
        let list = || json_schema!({ "type": "array", "items": { "type": "string" } });
        let flag = || json_schema!({ "type": "boolean" });
        let number = || json_schema!({ "type": "integer", "minimum": 0 });
        let path = || json_schema!({ "type": "string", "pattern": "^/" });
        let method = || {
            object(
                json_schema!({ "timeout": number(), "attempts": number(), "pause": number() }),
                &[],
            )
        };
        let kinds = json_schema!({ "enum": ["replica", "local", "restic", "pitr"] });
        let service = object(
            json_schema!({
                "dataset": text(), "mountpoint": path(),
                "bootstrap": { "enum": ["never", "if-nothing-exists", "even-if-restore-fails"] },
                "unmarked": { "enum": ["ask", "adopt"] },
                "gate": { "enum": ["required", "wanted"] },
                "units": list(),
                "owner": object(json_schema!({ "user": text(), "group": text(), "recursive": flag() }), &["user", "group"]),
                "properties": { "type": "object", "additionalProperties": { "type": "string" } },
            }),
            &["dataset", "mountpoint"],
        );
        let replica = object(
            json_schema!({
                "source": text(), "target": text(), "recursive": flag(), "raw": flag(),
                "transport": list(), "key": path(), "rate": number(),
            }),
            &["source", "target"],
        );
        let repository = object(
            json_schema!({
                "url": text(), "passwordFile": path(), "environmentFile": path(), "remote": flag(), "rate": number(),
                "jobs": { "type": "object", "additionalProperties": object(json_schema!({ "tags": list(), "root": path() }), &["root"]) },
            }),
            &["url", "passwordFile"],
        );
        object(
            json_schema!({
                "host": { "type": "string", "description": "The machine, by the name that its backups carry." },
                "policy": object(json_schema!({
                    "order": { "anyOf": [{ "const": "freshest" }, { "type": "array", "items": kinds }] },
                    "fastestWithin": number(), "maxAge": number(), "testedWithin": number(),
                }), &[]),
                "budget": object(json_schema!({
                    "unit": number(), "verify": number(), "step": number(),
                    "replica": method(), "local": method(), "restic": method(), "pitr": method(),
                }), &[]),
                "services": { "type": "object", "additionalProperties": service },
                "replicas": { "type": "object", "additionalProperties": replica },
                "repositories": { "type": "object", "additionalProperties": repository },
                "secrets": { "type": "object", "propertyNames": path(), "additionalProperties": { "type": "array", "items": path() } },
            }),
            &["host"],
        )
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is made for this")]
fn object(properties: Schema, required: &[&str]) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": false, "properties": properties, "required": required })
}
