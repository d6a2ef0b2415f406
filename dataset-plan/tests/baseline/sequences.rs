//! Sequences of commands: what is accepted, and what is there afterwards.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use dataset_plan::Observed;
use dataset_plan::sim::{Line, Zfs};
use serde_json::{Map, Value};
use zfs_props::DatasetName;
use zfs_props::check::{Accounts, Key};
use zfs_props::release::Release;

use crate::commands::run;
use testing::baseline::{Verdict, compare_in_parallel};

/// The root dataset in which a sequence is replayed; `~` in the recording.
const ROOT: &str = "t/0000";

/// `zfs get` cuts off the rest of a longer source.
const LONGEST_SOURCE: usize = 127;

/// What the first line says of all rows.
struct Meta {
    /// Properties that are not compared.
    measured: BTreeSet<String>,
    /// By kind: what is not written down where it is so.
    usual: BTreeMap<String, Map<String, Value>>,
}

#[test]
fn sequences() {
    compare_in_parallel("sequences", Meta::read, |meta, row| match differs(meta, row) {
        Some(difference) => Verdict::Disagree(difference),
        None => Verdict::Agree,
    });
}

fn differs(meta: &Meta, row: &Value) -> Option<String> {
    let mut zfs = pool();
    let codes = row["rc"].as_array().unwrap();
    for (number, (line, code)) in row["do"].as_array().unwrap().iter().zip(codes).enumerate() {
        let line = rooted(line.as_str().unwrap());
        let words: Vec<&str> = line.split('\t').collect();
        let outcome = run(&mut zfs, &words);
        if outcome.is_ok() != (*code == 0) {
            let ours = outcome.map_or_else(|refusal| refusal, |()| "accepted".into());
            return Some(format!(
                "command {number}, {words:?}: recorded exit status {code}, ours: {ours}"
            ));
        }
    }
    let mut recorded: BTreeMap<Cow<'_, str>, &Value> =
        row["get"].as_object().unwrap().iter().map(|(name, odd)| (spelled(name), odd)).collect();
    for name in zfs.subtree(&ROOT.parse().unwrap()) {
        let snapshots = zfs.snapshots(&name);
        let snapshots = snapshots.map(|at| (format!("{name}@{at}"), zfs.get_snapshot(&name, at)));
        let all = snapshots.chain([(name.to_string(), zfs.get(&name))]);
        for (name, lines) in all.collect::<Vec<_>>() {
            let Some(odd) = recorded.remove(&*name) else {
                return Some(format!("{name} should not be there"));
            };
            if let Some(difference) = meta.differs(&name, odd, &lines) {
                return Some(difference);
            }
        }
    }
    recorded.into_keys().next().map(|name| format!("{name} should be there"))
}

/// An empty pool.
fn pool() -> Zfs {
    let observed =
        Observed::from_zfs_get("t\ttype\tfilesystem\t-\t-\nt\tmounted\tyes\t-\t-\n").unwrap();
    // The accounts of the machine that recorded.
    let accounts =
        |group: &str| BTreeMap::from([("root".to_owned(), 0), (group.to_owned(), 65534)]);
    let accounts = Accounts { users: accounts("nobody"), groups: accounts("nogroup") };
    let zfs = Zfs::from(&observed).release(Release::V2_3).accounts(accounts);
    zfs.typed(Key::Unreadable).without_devices()
}

impl Meta {
    fn read(meta: &Value) -> Self {
        let measured = meta["measured"].as_array().unwrap().iter();
        let usual = meta["usual"].as_object().unwrap().iter();
        Self {
            measured: measured.map(|name| name.as_str().unwrap().to_owned()).collect(),
            usual: usual
                .map(|(kind, usual)| (kind.clone(), usual.as_object().unwrap().clone()))
                .collect(),
        }
    }

    /// The first difference between what `zfs get` printed of a dataset or snapshot and what it should.
    fn differs(&self, name: &str, odd: &Value, lines: &[Line]) -> Option<String> {
        let kind = if name.contains('@') { "snapshot" } else { odd["type"][0].as_str().unwrap() };
        let (odd, usual) = (odd.as_object().unwrap(), &self.usual[kind]);
        let mut seen = BTreeSet::new();
        for line in lines {
            let property = line.property.to_string();
            if self.measured.contains(&property) {
                continue;
            }
            let recorded = odd.get(&property).or_else(|| usual.get(&property));
            let recorded = recorded.map(|entry| entries(name, &property, entry));
            let mut source = line.source.to_string();
            source.truncate(LONGEST_SOURCE);
            let received = line.received.as_deref().unwrap_or("-");
            let ours = [&line.value, &source, received];
            if recorded.as_ref().is_none_or(|recorded| recorded != &ours) {
                return Some(format!("{name} {property}: recorded {recorded:?}, ours {ours:?}"));
            }
            seen.insert(property);
        }
        let expected = usual.keys().chain(odd.keys());
        let mut missing = expected.filter(|property| {
            let shown = odd.get(*property).or_else(|| usual.get(*property));
            shown.is_some_and(|entry| !entry.is_null()) && !seen.contains(*property)
        });
        missing.next().map(|property| format!("{name} {property}: recorded, and not there"))
    }
}

/// Value, source, and what was received. Nothing where the property is not shown.
fn entries<'e>(name: &str, property: &str, entry: &'e Value) -> [Cow<'e, str>; 3] {
    let part = |n: usize| entry.get(n).map_or("-".into(), |part| spelled(part.as_str().unwrap()));
    let mut entry = [part(0), part(1), part(2)];
    if property == "clones" {
        // In the order of a hash table.
        let mut names: Vec<DatasetName> =
            entry[0].split(',').map(|name| name.parse().unwrap()).collect();
        names.sort();
        let names: Vec<&str> = names.iter().map(DatasetName::as_str).collect();
        entry[0] = names.join(",").into();
    }
    if property == "mountpoint" && entry[1] == "default" {
        entry[0] = format!("/{name}").into();
    }
    entry
}

/// With the name of the root dataset, but for a `~` within a name.
fn rooted(text: &str) -> String {
    let mut parts = text.split('~');
    let mut rooted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rooted.push_str(if rooted.ends_with(char::is_alphanumeric) { "~" } else { ROOT });
        rooted.push_str(part);
    }
    rooted
}

/// The same, and without the number of a process, which `zfs receive` puts into names that it gives for the time being
/// (`recv-1240-1`).
fn spelled(text: &str) -> Cow<'_, str> {
    if !text.contains(['~', '-']) {
        return text.into();
    }
    let text = rooted(text);
    let Some((before, after)) = text.split_once("recv-") else { return text.into() };
    let number = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}recv-0{number}").into()
}
