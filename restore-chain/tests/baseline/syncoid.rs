//! What syncoid does and leaves, as recorded over a stand-in for zfs.

use std::collections::BTreeMap;

use restore_chain::lineage::syncoid::{Action, Filter, Options, Outcome, Release, Side, predict};
use restore_chain::lineage::{Head, Kind, Lineage, ResumeToken, Version};
use serde_json::{Value, json};
use zfs_props::name::DatasetName;

use testing::baseline::compare;

use crate::harness::{Verdict, same};

/// The clock of the recording, and its machine.
const STAMP: &str = "2024-03-15_12:07:30-GMT00:00";
const HOST: &str = "HOST";

fn version(kind: Kind, value: &Value) -> Version {
    let number = |key: &str| value[key].as_u64().unwrap();
    let creation = value["creation"].as_i64().unwrap();
    let snapshot = Version::snapshot(
        value["name"].as_str().unwrap(),
        number("guid"),
        number("createtxg"),
        creation,
    );
    Version { kind, ..snapshot }
}

fn lineage(name: &str, value: &Value) -> Lineage {
    let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
    let snapshots = list("snaps").into_iter().map(|value| version(Kind::Snapshot, &value));
    let bookmarks = list("bookmarks").into_iter().map(|value| version(Kind::Bookmark, &value));
    let head = Head {
        written: Some(u64::from(value["modified"] == json!(true))),
        resume_token: value["token"].as_str().map(str::to_owned),
        origin: value["origin"].as_str().map(str::to_owned),
        ..Head::default()
    };
    Lineage::new(name.parse().unwrap(), snapshots.chain(bookmarks).collect()).with_head(head)
}

/// A token stands for a snapshot that is named somewhere in its description; one without description is stale.
fn tokens(state: &Value, source: &BTreeMap<DatasetName, Lineage>) -> Vec<ResumeToken> {
    let described = state["tokens"].as_object().unwrap().iter();
    let tokens = described.filter_map(|(token, description)| {
        let text = description.to_string();
        let mut snapshots = source.values().flat_map(Lineage::snapshots);
        let to = snapshots.find(|version| text.contains(&format!("{}\"", version.name)))?;
        let (token, to_name) = (token.clone(), to.name.clone());
        Some(ResumeToken { token, to_guid: to.guid, to_name, from_guid: None, bytes: 0 })
    });
    tokens.collect()
}

/// The patterns of the recording use characters and classes alone.
fn filter(pattern: &str) -> Filter {
    let mut classes: Vec<Vec<char>> = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        assert!(c.is_ascii_alphanumeric() || "[_-".contains(c), "pattern {pattern}");
        classes.push(if c == '[' {
            rest.by_ref().take_while(|c| *c != ']').collect()
        } else {
            vec![c]
        });
    }
    Filter::new(move |name| {
        let name: Vec<char> = name.chars().collect();
        name.windows(classes.len())
            .any(|part| part.iter().zip(&classes).all(|(c, class)| class.contains(c)))
    })
}

fn options(args: &Value, release: Release) -> Options {
    let mut options = Options { stamp: STAMP.to_owned(), ..Options::new(release, HOST) };
    for arg in args.as_array().unwrap() {
        let arg = arg.as_str().unwrap();
        let (name, value) = arg.split_once('=').unwrap_or((arg, ""));
        match name {
            "-r" | "--recursive" => options.recursive = true,
            "--skip-parent" => options.skip_parent = true,
            "--no-sync-snap" => options.no_sync_snap = true,
            "--keep-sync-snap" => options.keep_sync_snap = true,
            "--no-stream" => options.no_stream = true,
            "--no-rollback" => options.no_rollback = true,
            "--no-resume" => options.no_resume = true,
            "--no-clone-handling" => options.no_clone_handling = true,
            "--force-delete" => options.force_delete = true,
            "--create-bookmark" => options.create_bookmark = true,
            "--use-hold" => options.use_hold = true,
            "--delete-target-snapshots" => options.delete_target_snapshots = true,
            "--identifier" => options.identifier = Some(value.to_owned()),
            "--include-snaps" => options.include_snaps = Some(filter(value)),
            "--exclude-snaps" => options.exclude_snaps = Some(filter(value)),
            "--exclude-datasets" => options.exclude_datasets = Some(filter(value)),
            other => panic!("option {other}"),
        }
    }
    options
}

/// Actions in the words of the recording: `zfs` and the tags of holds left out.
fn actions(outcome: &Outcome) -> Vec<Value> {
    let words = outcome.actions.iter().map(|action| match action {
        Action::Run(command) => {
            let mut words = command.argv()[1..].to_vec();
            if matches!(words[0].as_str(), "hold" | "release") {
                words.remove(1);
            }
            json!(words)
        }
        Action::RolledBack { dataset, destroyed } => {
            json!(["rolled-back", dataset.as_str(), destroyed])
        }
        other => panic!("{other:?}"),
    });
    words.collect()
}

/// Old sync snapshots are pruned in the order of a Perl hash, which is another one in every run.
fn sort_prunes(mut actions: Vec<Value>) -> Vec<Value> {
    let prune = |action: &Value| {
        action[0] == "destroy" && action[1].as_str().unwrap().contains("@syncoid_")
    };
    for run in actions.chunk_by_mut(|a, b| prune(a) && prune(b)) {
        run.sort_by_key(|action| {
            (action[1].as_str().unwrap_or_default().starts_with("dst"), action.to_string())
        });
    }
    actions
}

/// What a side holds. The guids of snapshots that the run itself took are the stand-in's own count.
fn snapshots(side: &Side, guids: bool) -> Value {
    let datasets = side.datasets.iter().filter(|(name, _)| name.as_str().contains('/'));
    let held = datasets.map(|(name, lineage)| {
        let snapshots = lineage.snapshots().map(|version| {
            if guids {
                json!([version.name, known(&version.name, version.guid.0)])
            } else {
                json!(version.name)
            }
        });
        (name.to_string(), snapshots.collect::<Value>())
    });
    Value::Object(held.collect())
}

fn known(name: &str, guid: u64) -> u64 {
    if name.ends_with(STAMP) { 0 } else { guid }
}

fn without_new_guids(target: &Value) -> Value {
    let mut target = target.clone();
    for snapshots in target.as_object_mut().unwrap().values_mut() {
        for snapshot in snapshots.as_array_mut().unwrap() {
            snapshot[1] =
                json!(known(snapshot[0].as_str().unwrap(), snapshot[1].as_u64().unwrap()));
        }
    }
    target
}

fn compare_run(row: &Value, recorded: &Value, release: Release) -> Verdict {
    let side = |prefix: &str| {
        let datasets = row["state"]["datasets"].as_object().unwrap().iter();
        let datasets = datasets.filter(|(name, _)| name.split('/').next() == Some(prefix));
        let datasets = datasets.map(|(name, value)| (name.parse().unwrap(), lineage(name, value)));
        Side { datasets: datasets.collect(), ..Side::default() }
    };
    let (mut from, mut to) = (side("src"), side("dst"));
    for (name, value) in row["state"]["datasets"].as_object().unwrap() {
        if let Some(sync) = value["sync"].as_str() {
            from.sync.insert(name.parse().unwrap(), sync.to_owned());
        }
    }
    to.tokens = tokens(&row["state"], &from.datasets);
    let (source, target) = ("src/d".parse().unwrap(), "dst/d".parse().unwrap());
    let outcome = predict(&source, from, &target, to, &options(&row["args"], release));
    same("rc", &u64::from(outcome.code), &recorded["rc"].as_u64().unwrap())?;
    let theirs = recorded["actions"].as_array().unwrap().clone();
    same("actions", &sort_prunes(actions(&outcome)), &sort_prunes(theirs))?;
    same("target", &snapshots(&outcome.target, true), &without_new_guids(&recorded["target"]))?;
    same("source", &snapshots(&outcome.source, false), &recorded["source"])?;
    let bookmarks = outcome.source.datasets.get(&source).into_iter().flat_map(Lineage::versions);
    let bookmarks =
        bookmarks.filter(|v| v.kind == Kind::Bookmark).map(|version| version.name.clone());
    let mut bookmarks: Vec<String> = bookmarks.collect();
    let mut theirs: Vec<String> =
        serde_json::from_value(recorded["source_bookmarks"].clone()).unwrap();
    bookmarks.sort();
    theirs.sort();
    same("bookmarks", &bookmarks, &theirs)
}

#[test]
fn choices_and_losses() {
    compare("syncoid", |row| {
        for (release, recorded) in row["results"].as_object().unwrap() {
            let releases: &[Release] = match release.as_str() {
                "all" => &[Release::V2_2, Release::V2_3],
                "2.2.0" => &[Release::V2_2],
                "2.3.0" => &[Release::V2_3],
                other => panic!("release {other}"),
            };
            for release in releases {
                compare_run(row, recorded, *release)
                    .map_err(|difference| format!("{release:?}: {difference}"))?;
            }
        }
        Ok(())
    });
}
