//! The JSON Schema of a declaration: for editors, and for checks before anything is evaluated.
//!
//! It tells the keys and their types; what a value may be is decided by reading it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::Spec;
use super::read::snapshots::NIXOS_TEMPLATE;
use crate::coverage::{Class, Consistency, Tier};
use crate::notify::Event;
use crate::sanoid::Key;

impl JsonSchema for Spec {
    fn schema_name() -> Cow<'static, str> {
        "BackupSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let keys = [
            ("host", text("The host's name, as snapshots carry it.")),
            ("zone", text("The time zone of schedules that name none.")),
            ("excludes", list(text("A restic pattern."))),
            ("floor", object([("memory", amount()), ("cpus", amount())], &[])),
            ("parallel", number()),
            (
                "defaults",
                object(
                    with_times([
                        ("repository", text("The repository of jobs that name none.")),
                        ("oneFileSystem", flag()),
                        (
                            "replication",
                            object(
                                with_times([
                                    ("options", list(text("An option of syncoid."))),
                                    ("user", text("The user that it runs as.")),
                                    ("offsite", flag()),
                                ]),
                                &[],
                            ),
                        ),
                    ]),
                    &[],
                ),
            ),
            ("repositories", named(repository())),
            ("jobs", named(job())),
            ("sanoid", sanoid()),
            ("replication", named(replication())),
            ("pitr", named(archive())),
            ("classes", classes()),
            ("protection", named(protection())),
            ("alerts", alerts()),
            ("notifications", named(notification())),
        ];
        let Value::Object(map) = object(keys, &["host"]) else { return Schema::default() };
        Schema::from(map)
    }
}

/// What a schedule adds to the keys of whatever has one.
fn with_times<const N: usize>(keys: [(&'static str, Value); N]) -> Vec<(&'static str, Value)> {
    let calendar = text("OnCalendar= of systemd.");
    let times = [
        ("schedule", json!({ "anyOf": [calendar, { "type": "array", "items": calendar }] })),
        ("jitter", text("RandomizedDelaySec= of systemd.")),
        ("fixedJitter", flag()),
        ("accuracy", text("AccuracySec= of systemd.")),
        ("persistent", flag()),
        ("runTime", text("How long a run may take.")),
    ];
    keys.into_iter().chain(times).collect()
}

fn repository() -> Value {
    object(
        [
            ("url", text("Where it is, as `restic -r` takes it.")),
            ("passwordFile", path()),
            ("environmentFile", path()),
            ("id", json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })),
            ("offsite", flag()),
            ("compression", json!({ "enum": ["auto", "off", "max"] })),
            (
                "forget",
                object(
                    with_times([
                        ("keep", text("What is kept, as `restic forget` takes it.")),
                        ("groupBy", text("Some of host,paths,tags.")),
                    ]),
                    &["keep", "schedule", "runTime"],
                ),
            ),
            ("check", object(with_times([("readPercent", number())]), &["schedule", "runTime"])),
        ],
        &["url", "passwordFile"],
    )
}

fn job() -> Value {
    let command = || list(text("The program, or an argument."));
    let hook = object(
        [("open", command()), ("close", command()), ("quiesces", flag())],
        &["open", "close"],
    );
    object(
        with_times([
            ("enable", flag()),
            ("repository", text("The repository that it writes to.")),
            ("dataset", text("The dataset that it reads a clone of.")),
            ("mountpoint", path()),
            ("paths", list(path())),
            ("excludes", list(text("A restic pattern."))),
            ("iexcludes", list(text("A restic pattern that does not heed case."))),
            ("excludeCaches", flag()),
            ("excludeIfPresent", list(text("The name of a file."))),
            ("excludeLargerThan", amount()),
            ("oneFileSystem", flag()),
            ("tags", list(text("A tag."))),
            ("hooks", list(hook)),
            ("memory", amount()),
            ("cpus", amount()),
            ("belowFloor", flag()),
        ]),
        &[],
    )
}

fn sanoid() -> Value {
    let word = json!({ "type": ["string", "integer", "boolean", "array"] });
    let keys = Key::ALL.iter().map(|key| key.name()).chain([NIXOS_TEMPLATE]);
    let section = || object(keys.clone().map(|key| (key, word.clone())), &[]);
    object(
        with_times([("templates", named(section())), ("datasets", named(section()))]),
        &["schedule", "runTime"],
    )
}

fn replication() -> Value {
    object(
        with_times([
            ("enable", flag()),
            ("source", text("A dataset, perhaps with USER@HOST: before it.")),
            ("target", text("A dataset, perhaps with USER@HOST: before it.")),
            ("options", list(text("An option of syncoid; its value follows a `=`."))),
            ("user", text("The user that it runs as.")),
            ("offsite", flag()),
        ]),
        &["source", "target"],
    )
}

fn archive() -> Value {
    let s3 = object(
        [
            ("bucket", text("The bucket.")),
            ("endpoint", text("Its address.")),
            ("region", text("Its region.")),
        ],
        &["bucket", "endpoint", "region"],
    );
    let repository = object(
        [
            ("path", path()),
            ("retention", text("REDUNDANCY n, or RECOVERY WINDOW OF n DAYS.")),
            ("s3", s3),
            ("differential", number()),
            ("archive", number()),
        ],
        &["path", "retention"],
    );
    let barman = object(
        [
            ("destination", text("The bucket and folder.")),
            ("server", text("The name of the server in it.")),
            ("retention", text("REDUNDANCY n, or RECOVERY WINDOW OF n DAYS.")),
            ("compression", json!({ "enum": ["gzip", "bzip2", "snappy"] })),
            ("endpoint", text("An S3 of another provider.")),
            ("environmentFile", path()),
        ],
        &["destination", "server", "retention"],
    );
    let pgbackrest = object(
        [
            ("stanza", text("The name of the cluster to pgBackRest.")),
            ("repositories", list(repository)),
            ("spool", object([("path", path()), ("limit", number())], &["path"])),
            ("processes", number()),
        ],
        &["stanza", "repositories"],
    );
    let kind = json!({ "enum": ["full", "differential", "incremental"] });
    let mut base = with_times([("kind", kind), ("repository", number())]);
    base.retain(|(key, _)| *key != "runTime");
    object(
        [
            ("enable", flag()),
            ("data", path()),
            ("dataDataset", text("The dataset of the data directory.")),
            ("wal", path()),
            ("walDataset", text("The dataset of the WAL.")),
            ("archiveTimeout", text("archive_timeout of PostgreSQL.")),
            ("arrival", text("How long a segment may take to arrive.")),
            ("maxWalSenders", number()),
            ("runTime", text("How long a base backup may take.")),
            ("user", text("The user that base backups run as.")),
            ("barman", barman),
            ("pgbackrest", pgbackrest),
            ("base", list(object(base, &["schedule"]))),
        ],
        &["data", "archiveTimeout", "arrival", "runTime"],
    )
}

fn requirement() -> [(&'static str, Value); 4] {
    [
        ("tiers", list(words(Tier::WORDS.iter().map(|(word, _)| *word)))),
        ("onsiteRpo", text("The most that may be lost with the pool.")),
        ("offsiteRpo", text("The most that may be lost with the site.")),
        ("consistency", words(Consistency::WORDS.iter().map(|(word, _)| *word))),
    ]
}

fn classes() -> Value {
    let class = object(requirement(), &[]);
    object(Class::WORDS.iter().map(|(word, _)| (*word, class.clone())), &[])
}

fn protection() -> Value {
    let class = words(Class::WORDS.iter().map(|(word, _)| *word));
    let own = [("class", class), ("payload", list(text("A path below the subject.")))];
    object(own.into_iter().chain(requirement()), &["class"])
}

fn alerts() -> Value {
    let ages = || {
        let age = || text("An age.");
        object([("warning", age()), ("critical", age())], &["warning", "critical"])
    };
    let percents =
        object([("warning", number()), ("critical", number())], &["warning", "critical"]);
    object([("backup", ages()), ("lag", ages()), ("snapshot", ages()), ("capacity", percents)], &[])
}

fn notification() -> Value {
    object(
        [
            ("priority", json!({ "enum": ["emergency", "high", "normal", "low", "silent"] })),
            ("title", text("One line; a variable is ${name}.")),
            ("body", text("A text; a variable is ${name}.")),
            ("variables", list(text("A variable."))),
            ("events", list(words(Event::ALL.iter().map(|event| event.as_str())))),
        ],
        &["priority", "title", "body"],
    )
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn path() -> Value {
    json!({ "type": "string", "pattern": "^/" })
}

fn amount() -> Value {
    json!({ "type": ["string", "integer"] })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn list(item: impl Into<Value>) -> Value {
    let item = item.into();
    json!({ "type": "array", "items": item })
}

fn words(words: impl Iterator<Item = &'static str>) -> Value {
    json!({ "enum": words.collect::<Vec<_>>() })
}

/// A table whose keys are names.
fn named(entry: impl Into<Value>) -> Value {
    let entry = entry.into();
    json!({ "type": "object", "additionalProperties": entry })
}

fn object(keys: impl IntoIterator<Item = (&'static str, Value)>, required: &[&str]) -> Value {
    let properties: Map<String, Value> =
        keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    })
}
