//! Declarations and machines to plan for.

use std::collections::BTreeSet;

use dataset_plan::apply::World;
use dataset_plan::policy::{Heirs, Mounting};
use dataset_plan::{Action, Observed, Plan, Policy, Spec, Step, plan, sim};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use zfs_props::name::DatasetName;
use zfs_props::set::PropertySet;

/// A table of a declaration, as `[HEAD]` and its lines.
pub(crate) type Table = (String, Vec<String>);

/// Spellings that OpenZFS takes; some mean the same.
const KEYS: &[(&str, &[&str])] = &[
    ("recordsize", &["16K", "16384", "128K", "1M", "1024K"]),
    ("compression", &["lz4", "zstd", "zstd-3", "gzip", "gzip-6", "off", "on"]),
    ("quota", &["none", "10G", "10240M", "10737418240"]),
];
const FREE: &[(&str, &[&str])] = &[
    ("atime", &["on", "off"]),
    ("xattr", &["sa", "on", "off"]),
    ("logbias", &["latency", "throughput"]),
    ("canmount", &["on", "noauto", "off"]),
    ("refreservation", &["none", "1G"]),
    ("com.sun:auto-snapshot", &["true", "false", ""]),
    ("normalization", &["none", "formD"]),
];
const SERVICES: &[&str] = &["a", "b", "b/inner", "c", "d"];
const UTILITY: &[&str] = &["tank", "tank/x", "tank/x/y", "tank/x-y", "tank/services", "tank/q/r/s"];

/// Mountpoints within mountpoints, and beside them.
const PLACES: &[&str] = &[
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

/// Other file systems.
const FOREIGN: &[&str] = &["/srv/a/x/foreign", "/srv/c", "/data", "/data/x/y/z", "/srv/zz"];

/// Old and new names.
const MOVES: &[(&str, &str)] = &[
    ("tank/services/a", "tank/services/d"),
    ("tank/services/d", "tank/services/c"),
    ("tank/x", "tank/services/c"),
    ("tank/services/b", "tank/x/y"),
    ("tank/services/b/inner", "tank/services/a"),
    ("tank/q", "tank/x/q"),
];

/// From what was declared, and what became of it, to what shall be.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    before: Vec<Table>,
    pub(crate) after: Vec<Table>,
    /// Moves that are declared, as far as they can be.
    moves: Vec<(&'static str, &'static str)>,
    /// Filesystems that are not mounted, by their numbers.
    unmounted: Vec<prop::sample::Index>,
    foreign: Vec<&'static str>,
    follow: bool,
    mount: bool,
    owned: bool,
}

pub(crate) fn changes() -> impl Strategy<Value = Change> {
    let moves = prop_oneof![
        3 => Just(Vec::new()),
        1 => subsequence(MOVES, 0..=MOVES.len()),
    ];
    let unmounted = prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::collection::vec(any::<prop::sample::Index>(), 1..3),
    ];
    let foreign = prop_oneof![
        2 => Just(Vec::new()),
        1 => subsequence(FOREIGN, 0..=2),
    ];
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (tables(), tables(), moves, unmounted, foreign, flags).prop_map(
        |(before, after, mut moves, unmounted, foreign, (follow, mount, owned))| {
            let mut to = BTreeSet::new();
            moves.retain(|(_, new)| to.insert(*new));
            Change { before, after, moves, unmounted, foreign, follow, mount, owned }
        },
    )
}

/// Without moves, other file systems and anything that is not mounted.
pub(crate) fn plain_changes() -> impl Strategy<Value = Change> {
    let plain = |change: Change| Change {
        moves: Vec::new(),
        unmounted: Vec::new(),
        foreign: Vec::new(),
        ..change
    };
    changes().prop_map(plain)
}

impl Change {
    /// The machine.
    pub(crate) fn there(&self) -> Observed {
        let mut policy = Policy::default();
        policy.heirs = Heirs::Follow;
        policy.mount = Mounting::Allow;
        let pool = empty_pool();
        let declared = spec(&self.before, &[], self.owned);
        let mut zfs = sim::Zfs::from(&pool);
        let plan = plan(&declared, &pool, &policy).unwrap();
        plan.apply(&mut zfs).unwrap_or_else(|error| panic!("{error}\n{plan}"));
        let all: Vec<DatasetName> =
            zfs.observe().datasets().map(|(name, _)| name.clone()).collect();
        for index in &self.unmounted {
            // What holds others cannot be.
            let _ = zfs.unmount(index.get(&all));
        }
        let fstab: String =
            self.foreign.iter().map(|path| format!("/dev/sda {path} ext4\n")).collect();
        zfs.observe().with_fstab(&fstab)
    }

    pub(crate) fn wanted(&self) -> Spec {
        spec(&self.after, &self.moves, self.owned)
    }

    /// The same, written the other way round.
    pub(crate) fn shuffled(&self) -> Spec {
        let mut after: Vec<Table> = self.after.clone();
        after.reverse();
        for (_, lines) in &mut after {
            lines.reverse();
        }
        let moves: Vec<_> = self.moves.iter().rev().copied().collect();
        spec(&after, &moves, self.owned)
    }

    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy::default();
        policy.heirs = if self.follow { Heirs::Follow } else { Heirs::Protect };
        policy.mount = if self.mount { Mounting::Allow } else { Mounting::Refuse };
        policy
    }

    pub(crate) fn foreign(&self) -> &[&'static str] {
        &self.foreign
    }
}

fn keys() -> impl Strategy<Value = Vec<String>> {
    fn pick(
        from: &'static [(&'static str, &'static [&'static str])],
    ) -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
        subsequence(from, 0..=from.len()).prop_flat_map(|chosen| {
            let values = |(key, values): &(_, &'static [&str])| (Just(*key), select(*values));
            chosen.iter().map(values).collect::<Vec<_>>()
        })
    }
    let mountpoint = prop_oneof![
        4 => Just(None),
        1 => Just(Some("\"none\"".to_owned())),
        1 => Just(Some("\"legacy\"".to_owned())),
        1 => Just(Some("{ source = \"inherited\" }".to_owned())),
        5 => select(PLACES).prop_map(|place| Some(format!("\"{place}\""))),
    ];
    (pick(KEYS), pick(FREE), mountpoint).prop_map(|(typed, free, mountpoint)| {
        let mut lines: Vec<_> = typed.iter().map(|(k, v)| format!("{k} = \"{v}\"")).collect();
        lines.extend(free.iter().map(|(k, v)| format!("properties.\"{k}\" = \"{v}\"")));
        lines.extend(mountpoint.map(|mountpoint| format!("mountpoint = {mountpoint}")));
        lines
    })
}

fn tables() -> impl Strategy<Value = Vec<Table>> {
    fn of(
        section: &'static str,
        names: &'static [&'static str],
    ) -> impl Strategy<Value = Vec<Table>> {
        subsequence(names, 0..=names.len()).prop_flat_map(move |names| {
            let head = |name: &&str| format!("[{section}.\"{name}\"]");
            names.iter().map(|name| (Just(head(name)), keys())).collect::<Vec<_>>()
        })
    }
    (of("services", SERVICES), of("utility", UTILITY)).prop_map(|(mut a, b)| {
        a.extend(b);
        each_its_own_place(&mut a);
        a
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
    for (_, lines) in tables {
        for line in lines.iter_mut() {
            if let Some(place) = line.strip_prefix("mountpoint = ").filter(|p| p.contains('/')) {
                if !taken.insert(place.to_owned()) {
                    *line = "mountpoint = \"none\"".into();
                }
            }
        }
    }
}

fn spec(tables: &[Table], moves: &[(&str, &str)], owned: bool) -> Spec {
    let mut text = String::from(
        "release = \"2.3\"\nparentDataset = \"tank/services\"\nparentMount = \"/srv\"\n",
    );
    if owned {
        text += "ownerProperty = \"org.example:owned\"\n";
    }
    let mut body = String::new();
    for (head, lines) in tables {
        body.extend([head, "\n", &lines.join("\n"), "\n"]);
    }
    let read =
        |text: &str| Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    // What is declared does not move away, and nothing moves to two places.
    let unmoved = read(&format!("{text}{body}"));
    let declared = unmoved.expand().unwrap().datasets;
    let mut list = Vec::new();
    for (old, new) in moves {
        let name: DatasetName = old.parse().unwrap();
        if !declared.contains_key(&name) {
            list.push(format!("{{ from = \"{old}\", to = \"{new}\" }}"));
        }
    }
    read(&format!("{text}moved = [{}]\n{body}", list.join(", ")))
}

/// A pool with nothing in it, as OpenZFS 2.3 prints it.
fn empty_pool() -> Observed {
    let forge = include_str!("../../../examples/hosts/forge.get");
    let pool: String = forge.split_inclusive('\n').filter(|l| l.starts_with("tank\t")).collect();
    Observed::from_zfs_get(pool).unwrap()
}

pub(crate) fn applied(plan: &Plan, observed: &Observed) -> Observed {
    let mut zfs = sim::Zfs::from(observed);
    plan.apply(&mut zfs).unwrap_or_else(|error| panic!("{error}\n{plan}"));
    zfs.observe()
}

/// The machine breaks down in the middle of a step: a part of it is done.
pub(crate) fn run_in_part(zfs: &mut sim::Zfs, step: &Step) {
    let name = &step.dataset;
    let set = |properties: &[dataset_plan::Assignment]| {
        let pairs =
            properties.iter().map(|a| (a.property.to_string(), a.setting.argument().to_owned()));
        let pairs: Vec<_> = pairs.collect();
        PropertySet::from_pairs(pairs.iter().map(|(a, b)| (a.as_str(), b.as_str()))).unwrap()
    };
    match &step.action {
        Action::Create { properties, .. } => zfs.create(name, &set(properties), false).unwrap(),
        Action::Set(properties) => {
            // Others unmount nothing.
            let unmounts = |a: &dataset_plan::Assignment| {
                matches!(a.property.to_string().as_str(), "mountpoint" | "canmount")
            };
            if properties.iter().any(unmounts) {
                for below in step.remounts.iter().rev().chain([name]) {
                    let _ = zfs.unmount(below);
                }
            }
            // What could not be unmounted is not set.
            let mounted = zfs.observe().dataset(name).is_some_and(|d| d.mounted == Some(true));
            if !mounted || !properties.iter().any(unmounts) {
                let half = properties.len().div_ceil(2);
                zfs.set(name, &set(&properties[..half]), false).unwrap();
            }
        }
        Action::Rename { .. } | Action::Inherit(_) => {
            for below in step.remounts.iter().rev() {
                let _ = zfs.unmount(below);
            }
        }
        _ => zfs.run(step).unwrap(),
    }
}
