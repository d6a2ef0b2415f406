//! Input of a fleet's size, made from one real recording, and the bars that the benchmarks are held to.

use std::fmt::Write;

use backup_spec::Snapshot;
use dataset_plan::Spec;
use jiff::Timestamp;

/// What `zfs get -Hp -o name,property,value,received,source all` prints of one filesystem.
const SONARR: &str = include_str!("../sonarr.get");

/// What [`SONARR`] is about.
const NAME: &str = "tank/services/sonarr";

/// A group of benchmarks and the least ratio of its floor's time to its subject's.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The name of the criterion group, which holds `subject` and `floor`.
    pub name: &'static str,
    /// Floor time divided by subject time must not be below this.
    pub bar: f64,
}

/// Every group. See the bench files for what subject and floor are.
pub const GROUPS: &[Group] = &[
    Group { name: "read-text", bar: 0.6 },
    Group { name: "read-text-growth", bar: 0.9 },
    Group { name: "read-json", bar: 0.5 },
    Group { name: "read-json-growth", bar: 0.9 },
    Group { name: "names", bar: 0.02 },
    Group { name: "numbers", bar: 0.2 },
    Group { name: "read-and-plan", bar: 0.66 },
    Group { name: "plan", bar: 0.5 },
    // No bar was set: shown per run.
    Group { name: "plan-moves", bar: 0.0 },
    Group { name: "calendar-next", bar: 0.3 },
    Group { name: "calendar-never", bar: 0.2 },
    Group { name: "plan-growth", bar: 0.83 },
    // 50 ms for 10,000 entries, where the floor takes 0.7 ms: origins and owners are shared, so that copying is cheap.
    Group { name: "resolve", bar: 0.014 },
    // What sorting alone loses is 0.75 (log 1,000 to log 10,000).
    Group { name: "resolve-growth", bar: 0.7 },
    // A microsecond for each path would be 0.21.
    Group { name: "fate", bar: 0.5 },
    Group { name: "read-host", bar: 0.3 },
    // Three times the time of sorting.
    Group { name: "retention-100k", bar: 0.33 },
    Group { name: "retention-1m", bar: 0.33 },
    Group { name: "retention-all-1m", bar: 0.33 },
    // No bar was set: shown per run.
    Group { name: "excludes-1m", bar: 0.0 },
    Group { name: "audit", bar: 0.77 },
    Group { name: "audit-stat", bar: 1.0 },
    // The floor's 2 ms over the 20 ms that 100,000 snapshots a side may take.
    Group { name: "incremental-path", bar: 0.1 },
    Group { name: "incremental-path-growth", bar: 0.6 },
    Group { name: "wal-names", bar: 0.02 },
    Group { name: "restore-order", bar: 0.1 },
    // A subject has a search for each kind of copy, and what was found is kept; the floor looks up a mount.
    Group { name: "coverage", bar: 0.1 },
    Group { name: "coverage-growth", bar: 0.5 },
    // Calendars and patterns are compiled, and what is read is checked.
    Group { name: "coverage-check", bar: 0.05 },
    Group { name: "coverage-check-growth", bar: 0.7 },
];

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

/// `/proc/self/mountinfo` of `count` binds of a store's directories.
pub fn mountinfo(count: usize) -> String {
    let mut text = String::from("22 1 0:20 / / rw,relatime shared:1 - tmpfs none rw,size=4096k\n");
    text.push_str("23 22 8:1 / /persist rw,relatime shared:2 - ext4 /dev/vda rw\n");
    for n in 0..count {
        let _ = writeln!(
            text,
            "{} 22 8:1 /var/lib/service\\040{n:06} /var/lib/service\\040{n:06} rw,relatime shared:2 - ext4 /dev/vda rw",
            n + 24
        );
    }
    text
}

/// A declaration, in TOML, of `entries` entries on a root that is thrown away: services, users and nested directories.
pub fn impermanent_host(entries: usize) -> String {
    let mut text = String::from(
        "root = { kind = \"tmpfs\" }\nstores.\"/persist\" = {}\n\
         fileSystems.\"/persist\" = { device = \"/dev/vda\", fsType = \"ext4\", neededForBoot = true }\n\
         [host]\ndirectories = [\n",
    );
    let users = entries / 100;
    for n in 0..entries - users * 20 {
        let _ = match n % 5 {
            0 => writeln!(
                text,
                "{{ path = \"/var/lib/service{n:05}\", owner = \"service{n:05}\", mode = \"0750\" }},"
            ),
            1 => writeln!(text, "\"/srv/tenant{:03}/project{:02}/data{n}\",", n % 300, n % 17),
            _ => writeln!(text, "\"/var/lib/service{n:05}\","),
        };
    }
    text.push_str("]\n");
    for user in 0..users {
        let _ = writeln!(text, "[users.user{user:03}]\nuid = {}\ndirectories = [", 1000 + user);
        for n in 0..20 {
            let _ = writeln!(text, "\".config/app{n}\",");
        }
        text.push_str("]\n");
    }
    text
}

/// Numbers that look random, and are the same each time.
fn random(mut state: u64) -> impl Iterator<Item = u64> {
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

/// `count` snapshots of one job over twenty years, in no order; one in a thousand has a tag.
pub fn shuffled_snapshots(count: usize) -> Vec<Snapshot> {
    let second = |number: u64| 1_150_000_000 + i64::try_from(number % 640_000_000).unwrap_or(0);
    let snapshot = |(nr, number): (usize, u64)| Snapshot {
        host: "forge".to_owned(),
        paths: vec!["/persist".to_owned()],
        tags: if nr % 1000 == 0 { vec!["keepme".to_owned()] } else { Vec::new() },
        ..Snapshot::new(
            format!("{nr:012x}"),
            Timestamp::from_second(second(number)).unwrap_or_default(),
        )
    };
    random(88_172_645_463_325_252).take(count).enumerate().map(snapshot).collect()
}

/// `count` paths of files, six components deep.
pub fn paths(count: usize) -> Vec<String> {
    let path = |(nr, number): (usize, u64)| {
        let names = ["library", "cache", "db", "config", "logs", "media", "metadata"];
        let name = |shift: u64| {
            let place = usize::try_from((number >> shift) % 7).unwrap_or(0);
            names.get(place).copied().unwrap_or_default()
        };
        let ending = ["db", "log", "tmp", "jpg", "json"];
        let ending = ending.get(nr % 5).copied().unwrap_or_default();
        format!(
            "/persist/service{}/{}/{}/{}/file{nr}.{ending}",
            nr % 50,
            name(0),
            name(8),
            name(16)
        )
    };
    random(1_234_567_890_123).take(count).enumerate().map(path).collect()
}

/// `count` patterns of every kind that people write.
pub fn patterns(count: usize) -> Vec<String> {
    let pattern = |nr: usize| match nr % 5 {
        0 => format!("/persist/service{nr}/cache"),
        1 => format!("*.tmp{nr}"),
        2 => format!("**/metadata/{nr}"),
        3 => format!("/persist/*/logs/old{nr}/**"),
        _ => format!("Cache{nr}"),
    };
    (0..count).map(pattern).collect()
}
