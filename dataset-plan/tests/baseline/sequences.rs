//! Sequences of commands: what is accepted, and what is there afterwards.

use std::collections::{BTreeMap, BTreeSet};

use dataset_plan::Observed;
use dataset_plan::sim::{Line, Zfs};
use serde_json::Value;
use zfs_props::DatasetName;
use zfs_props::check::{Accounts, Key};
use zfs_props::release::Release;

use crate::commands::run;
use crate::harness::{Verdict, compare};

/// The root dataset in which a sequence is replayed; `~` in the recording.
const ROOT: &str = "t/0000";

/// `zfs get` cuts off the rest of a longer source.
const LONGEST_SOURCE: usize = 127;

/// By dataset or snapshot, property: value, source, and what was received.
type Tree = BTreeMap<String, BTreeMap<String, [String; 3]>>;

#[test]
fn sequences() {
    compare("sequences", |meta, row| {
        let mut zfs = pool();
        let codes = row["rc"].as_array().unwrap();
        for (number, (line, code)) in row["do"].as_array().unwrap().iter().zip(codes).enumerate() {
            let line = line.as_str().unwrap().replace('~', ROOT);
            let words: Vec<&str> = line.split('\t').collect();
            let outcome = run(&mut zfs, &words);
            if outcome.is_ok() != (*code == 0) {
                let ours = outcome.map_or_else(|refusal| refusal, |()| "accepted".into());
                return Verdict::Disagree(format!(
                    "command {number}, {words:?}: recorded exit status {code}, ours: {ours}"
                ));
            }
        }
        let (recorded, ours) = (recorded(meta, &row["get"]), ours(&zfs, meta));
        match first_difference(&recorded, &ours) {
            Some(difference) => Verdict::Disagree(difference),
            None => Verdict::Agree,
        }
    });
}

/// An empty pool.
fn pool() -> Zfs {
    let observed =
        Observed::from_zfs_get("t\ttype\tfilesystem\t-\t-\nt\tmounted\tyes\t-\t-\n").unwrap();
    // The accounts of the machine that recorded.
    let accounts =
        |group: &str| BTreeMap::from([("root".to_owned(), 0), (group.to_owned(), 65534)]);
    let accounts = Accounts { users: accounts("nobody"), groups: accounts("nogroup") };
    Zfs::from(&observed).release(Release::V2_3).accounts(accounts).typed(Key::Unreadable).without_devices()
}

fn recorded(meta: &Value, get: &Value) -> Tree {
    let mut tree = Tree::new();
    for (name, odd) in get.as_object().unwrap() {
        let kind = if name.contains('@') { "snapshot" } else { odd["type"][0].as_str().unwrap() };
        let name = without_process(&name.replace('~', ROOT));
        let usual = meta["usual"][kind].as_object().unwrap();
        let properties: BTreeSet<&String> =
            usual.keys().chain(odd.as_object().unwrap().keys()).collect();
        let entries = properties.into_iter().filter_map(|property| {
            let entry = odd.get(property).or_else(|| usual.get(property))?.as_array()?;
            let part = |n: usize| {
                let part = entry.get(n).map_or("-", |part| part.as_str().unwrap());
                without_process(&part.replace('~', ROOT))
            };
            let mut entry = [part(0), part(1), part(2)];
            if property == "clones" {
                // In the order of a hash table.
                let mut names: Vec<DatasetName> =
                    entry[0].split(',').map(|name| name.parse().unwrap()).collect();
                names.sort();
                let names: Vec<&str> = names.iter().map(DatasetName::as_str).collect();
                entry[0] = names.join(",");
            }
            if property == "mountpoint" && entry[1] == "default" {
                entry[0] = format!("/{name}");
            }
            Some((property.clone(), entry))
        });
        tree.insert(name.clone(), entries.collect());
    }
    tree
}

/// `zfs receive` gives names with the number of its process for the time being: `recv-1240-1`.
fn without_process(name: &str) -> String {
    let Some((before, after)) = name.split_once("/recv-") else { return name.to_owned() };
    let number = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}/recv-0{number}")
}

fn ours(zfs: &Zfs, meta: &Value) -> Tree {
    let measured: BTreeSet<&str> =
        meta["measured"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let entries = |lines: Vec<Line>| {
        let lines = lines.into_iter().map(|line| {
            let received = line.received.unwrap_or_else(|| "-".into());
            let mut source = line.source.to_string();
            source.truncate(LONGEST_SOURCE);
            (line.property.to_string(), [line.value, source, received])
        });
        lines.filter(|(property, _)| !measured.contains(&**property)).collect()
    };
    let root: DatasetName = ROOT.parse().unwrap();
    let mut tree = Tree::new();
    for name in zfs.subtree(&root) {
        for snapshot in zfs.snapshots(&name) {
            tree.insert(format!("{name}@{snapshot}"), entries(zfs.get_snapshot(&name, snapshot)));
        }
        tree.insert(name.to_string(), entries(zfs.get(&name)));
    }
    tree
}

fn first_difference(recorded: &Tree, ours: &Tree) -> Option<String> {
    let names: BTreeSet<&String> = recorded.keys().chain(ours.keys()).collect();
    names.into_iter().find_map(|name| match (recorded.get(name), ours.get(name)) {
        (Some(_), None) => Some(format!("{name} should be there")),
        (None, _) => Some(format!("{name} should not be there")),
        (Some(recorded), Some(ours)) => {
            let properties: BTreeSet<&String> = recorded.keys().chain(ours.keys()).collect();
            properties.into_iter().find_map(|property| {
                let (recorded, ours) = (recorded.get(property), ours.get(property));
                (recorded != ours)
                    .then(|| format!("{name} {property}: recorded {recorded:?}, ours {ours:?}"))
            })
        }
    })
}
