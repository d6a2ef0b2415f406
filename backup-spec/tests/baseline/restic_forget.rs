//! `restic forget --dry-run --json` of many policies over lists of snapshots.

use std::collections::{BTreeMap, BTreeSet};

use backup_spec::retention::restic::Forget;
use backup_spec::{Snapshot, parse_time};
use serde_json::Value;

use testing::baseline::{Verdict, compare, lookup};

/// When it was recorded: what is later was in the future.
const RECORDED: &str = "2026-11-21T12:00:00Z";

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn snapshot(value: &Value) -> Snapshot {
    let (time, offset) = parse_time(value["time"].as_str().unwrap()).unwrap();
    Snapshot {
        id: value["id"].as_str().unwrap().to_owned(),
        time,
        offset,
        host: value["hostname"].as_str().unwrap().to_owned(),
        paths: texts(&value["paths"]),
        tags: texts(&value["tags"]),
    }
}

/// Of a group: what stays with its reasons, and what goes.
type Answer = (BTreeMap<String, Vec<String>>, BTreeSet<String>);

/// By host, paths and tags.
type Answers = BTreeMap<(String, Vec<String>, Vec<String>), Answer>;

fn recorded(row: &Value) -> Answers {
    let group = |group: &Value| {
        let key = (
            group["host"].as_str().unwrap().to_owned(),
            texts(&group["paths"]),
            texts(&group["tags"]),
        );
        let reasons = &group["reasons"];
        let kept = texts(&group["keep"]).into_iter().map(|id| {
            let why = texts(&reasons[&id]);
            (id, why)
        });
        (key, (kept.collect(), texts(&group["remove"]).into_iter().collect()))
    };
    row.get("groups").and_then(Value::as_array).into_iter().flatten().map(group).collect()
}

#[test]
fn restic_forget() {
    let corpora: BTreeMap<String, Vec<Snapshot>> = lookup("restic-forget-corpora", |row| {
        let snapshots = row["snapshots"].as_array().unwrap().iter().map(snapshot).collect();
        (row["corpus"].as_str().unwrap().to_owned(), snapshots)
    });
    let now = RECORDED.parse().unwrap();
    compare("restic-forget", |row| {
        let snapshots = &corpora[row["corpus"].as_str().unwrap()];
        let args = texts(&row["policy"]).into_iter().chain(texts(&row["filter"]));
        let refused = row["rc"] != 0;
        let forget = match Forget::from_args(args) {
            Ok(forget) => forget,
            Err(e) => return Verdict::of((true, e.to_string()), (refused, e.to_string())),
        };
        let verdict = match forget.apply(snapshots, now) {
            Ok(verdict) => verdict,
            Err(e) => return Verdict::of((true, e.to_string()), (refused, e.to_string())),
        };
        if refused {
            return Verdict::Disagree("recorded: refused".to_owned());
        }
        let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let ours: Answers = verdict
            .groups()
            .iter()
            .map(|group| {
                let key = group.key();
                let kept = group.kept().map(|kept| {
                    let why = kept.reasons().iter().map(|reason| reason.to_string()).collect();
                    (kept.id().to_owned(), why)
                });
                let removed = group.removed().map(|s| s.id.clone()).collect();
                let key = (key.host.to_owned(), owned(&key.paths), owned(&key.tags));
                (key, (kept.collect(), removed))
            })
            .collect();
        Verdict::of(ours, recorded(row))
    });
}
