//! Tables of declarations.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A table of a declaration, as `[HEAD]` and its lines.
pub(super) type Table = (String, Vec<String>);

/// A key with spellings of values; some mean the same.
type Key = (&'static str, &'static [&'static str]);

const KEYS: [Key; 3] = [
    ("recordsize", &["16K", "16384", "128K", "1M", "1024K"]),
    ("compression", &["lz4", "zstd", "zstd-3", "gzip", "gzip-6", "off", "on"]),
    ("quota", &["none", "10G", "10240M", "10737418240"]),
];
const FREE: [Key; 7] = [
    ("atime", &["on", "off"]),
    ("xattr", &["sa", "on", "off"]),
    ("logbias", &["latency", "throughput"]),
    ("canmount", &["on", "noauto", "off"]),
    ("refreservation", &["none", "1G"]),
    ("com.sun:auto-snapshot", &["true", "false", ""]),
    ("normalization", &["none", "formD"]),
];
const SERVICES: [&str; 5] = ["a", "b", "b/inner", "c", "d"];
const UTILITY: [&str; 6] =
    ["tank", "tank/x", "tank/x/y", "tank/x-y", "tank/services", "tank/q/r/s"];

/// Mountpoints within mountpoints, and beside them.
const PLACES: [&str; 12] = [
    "/srv",
    "/srv/a",
    "/srv/a/x",
    "/srv/a-b",
    "/srv/b",
    "/srv/b/inner",
    "/srv/b/inner/y",
    "/srv/c",
    "/srv/d/deep",
    "/data",
    "/data/x",
    "/data/x/y",
];

/// The tables of a declaration.
pub(super) fn tables() -> impl Strategy<Value = Vec<Table>> {
    let all = (of("services", &SERVICES), of("utility", &UTILITY));
    all.prop_map(|(mut tables, utility)| {
        tables.extend(utility);
        each_its_own_place(&mut tables);
        tables
    })
}

fn of(section: &'static str, names: &'static [&'static str]) -> impl Strategy<Value = Vec<Table>> {
    subsequence(names, 0..=names.len()).prop_flat_map(move |names| {
        let head = |name: &&str| format!("[{section}.\"{name}\"]");
        names.iter().map(|name| (Just(head(name)), keys())).collect::<Vec<_>>()
    })
}

fn keys() -> impl Strategy<Value = Vec<String>> {
    let mountpoint = prop_oneof![
        4 => Just(None),
        1 => Just(Some("\"none\"".to_owned())),
        1 => Just(Some("\"legacy\"".to_owned())),
        1 => Just(Some("{ source = \"inherited\" }".to_owned())),
        5 => select(&PLACES[..]).prop_map(|place| Some(format!("\"{place}\""))),
    ];
    (some_of(&KEYS), some_of(&FREE), mountpoint).prop_map(|(typed, free, mountpoint)| {
        let mut lines: Vec<_> = typed.iter().map(|(k, v)| format!("{k} = \"{v}\"")).collect();
        lines.extend(free.iter().map(|(k, v)| format!("properties.\"{k}\" = \"{v}\"")));
        lines.extend(mountpoint.map(|mountpoint| format!("mountpoint = {mountpoint}")));
        lines
    })
}

fn some_of(keys: &'static [Key]) -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    subsequence(keys, 0..=keys.len()).prop_flat_map(|chosen| {
        let values = |(key, values): &Key| (Just(*key), select(*values));
        chosen.iter().map(values).collect::<Vec<_>>()
    })
}

/// No two datasets are declared at one place.
fn each_its_own_place(tables: &mut [Table]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let says = |line: &String| line.starts_with("mountpoint");
    for (head, lines) in tables.iter() {
        let name = head.strip_prefix("[services.\"").and_then(|rest| rest.strip_suffix("\"]"));
        taken.extend(
            name.filter(|_| !lines.iter().any(says)).map(|name| format!("\"/srv/{name}\"")),
        );
    }
    for line in tables.iter_mut().flat_map(|(_, lines)| lines) {
        let place = line.strip_prefix("mountpoint = ").filter(|place| place.contains('/'));
        if place.is_some_and(|place| !taken.insert(place.to_owned())) {
            *line = "mountpoint = \"none\"".into();
        }
    }
}
