//! A fleet's datasets, made from one real recording, and declarations of them.

use std::fmt::Write;

use dataset_plan::Spec;

/// What `zfs get -Hp -o name,property,value,received,source all` prints of one filesystem.
const SONARR: &str = include_str!("../sonarr.get");

/// What [`SONARR`] is about.
const NAME: &str = "tank/services/sonarr";

/// The parts of a tree of `count` filesystems: a pool, 100 hosts, services below them.
fn names(count: usize) -> impl Iterator<Item = String> {
    let hosts = (count / 100).max(1);
    let host = move |n: usize| format!("tank/host{:04}", n % hosts);
    let upper = std::iter::once("tank".to_owned()).chain((0..hosts).map(host));
    upper.chain((0..count).map(move |n| format!("{}/service{n:06}", host(n)))).take(count)
}

/// `zfs get -Hp -o name,property,value,received,source all` of `count` filesystems, each mounted in a place of its own.
pub fn zfs_get(count: usize) -> String {
    let mut text = String::with_capacity(count * SONARR.len());
    for (n, name) in names(count).enumerate() {
        for line in SONARR.lines() {
            let (_, rest) = line.split_once('\t').unwrap_or((NAME, line));
            let _ = match rest.strip_prefix("mountpoint\t") {
                Some(_) => writeln!(text, "{name}\tmountpoint\t/data/{n}\t-\tlocal"),
                None => writeln!(text, "{name}\t{rest}"),
            };
        }
    }
    text
}

/// `zfs get -jp all` of the same.
pub fn zfs_get_json(count: usize) -> String {
    let mut text = String::from(
        r#"{"output_version":{"command":"zfs get","vers_major":0,"vers_minor":1},"datasets":{"#,
    );
    for (n, name) in names(count).enumerate() {
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}"{name}":{{"name":"{name}","type":"FILESYSTEM","pool":"tank","createtxg":"{}","properties":{{"#,
            n + 1
        );
        for (n, line) in SONARR.lines().enumerate() {
            let mut fields = line.split('\t').skip(1);
            let mut field = || fields.next().unwrap_or_default();
            let (property, value, _, source) = (field(), field(), field(), field());
            let (kind, data) = match source.strip_prefix("inherited from ") {
                Some(from) => ("INHERITED", from),
                None if source == "-" => ("NONE", "-"),
                None if source == "default" => ("DEFAULT", "-"),
                None => ("LOCAL", "-"),
            };
            let comma = if n > 0 { "," } else { "" };
            let _ = write!(
                text,
                r#"{comma}"{property}":{{"value":"{value}","source":{{"type":"{kind}","data":"{data}"}}}}"#
            );
        }
        text.push_str("}}");
    }
    text.push_str("}}\n");
    text
}

/// Names of `count` snapshots, one a line.
pub fn snapshot_names(count: usize) -> String {
    let mut text = String::new();
    for (n, name) in names(count).enumerate() {
        let _ = writeln!(text, "{name}@autosnap_2026-01-{:02}_00:00:00_daily", n % 28 + 1);
    }
    text
}

/// `count` sizes as people write them, one a line.
pub fn sizes(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = match n % 4 {
            0 => writeln!(text, "{}", n * 512),
            1 => writeln!(text, "{n}K"),
            2 => writeln!(text, "{n}GiB"),
            _ => writeln!(text, "{}.5M", n % 1000),
        };
    }
    text
}

/// What is set in a fleet's tree, as `zfs get -Hp -s local,received,none` prints it: every filesystem has
/// a mountpoint and six other values of its own.
pub fn zfs_get_set(count: usize) -> String {
    let mut text = String::new();
    for (n, name) in names(count).enumerate().filter(|(n, _)| !is_missing(*n)) {
        let _ = write!(
            text,
            "{name}\ttype\tfilesystem\t-\t-\n{name}\tguid\t{}\t-\t-\n{name}\tmounted\tyes\t-\t-\n\
             {name}\trecordsize\t131072\t-\tlocal\n{name}\tmountpoint\t/data/{n}\t-\tlocal\n\
             {name}\tcompression\tzstd\t-\tlocal\n{name}\tatime\toff\t-\tlocal\n\
             {name}\txattr\tsa\t-\tlocal\n{name}\tcom.sun:auto-snapshot\ttrue\t-\tlocal\n\
             {name}\torg.example:owner\tteam-{}\t-\tlocal\n",
            n + 1,
            n % 50
        );
    }
    text
}

/// One in 23 is not there yet.
fn is_missing(n: usize) -> bool {
    n > 600 && n % 23 == 0
}

/// The declaration of that tree: one in ten is not as observed.
pub fn fleet(count: usize) -> Spec {
    moved_fleet(count, 0)
}

/// The same, with some of the mountpoints changed.
pub fn moved_fleet(count: usize, moved: usize) -> Spec {
    let mut spec = String::new();
    for (n, name) in names(count).enumerate() {
        let recordsize = if n % 10 == 1 { "32K" } else { "128K" };
        let place = if (count - moved..count).contains(&n) { "moved" } else { "data" };
        let _ = writeln!(
            spec,
            "[utility.\"{name}\"]\nmountpoint = \"/{place}/{n}\"\nrecordsize = \"{recordsize}\"\ncompression = \"zstd\"\n\
             properties = {{ atime = \"off\", \"com.sun:auto-snapshot\" = \"true\" }}"
        );
    }
    Spec::from_toml(&spec).unwrap_or_default()
}

/// A declaration of as many datasets, of which one in seven is not as observed.
pub fn spec(count: usize) -> Spec {
    let mut text = String::new();
    for (n, name) in names(count).enumerate() {
        let recordsize = if n % 7 == 0 { "32K" } else { "128K" };
        let _ = writeln!(
            text,
            "[utility.\"{name}\"]\nmountpoint = \"/data/{n}\"\nrecordsize = \"{recordsize}\"\ncompression = \"zstd\""
        );
    }
    Spec::from_toml(&text).unwrap_or_default()
}
