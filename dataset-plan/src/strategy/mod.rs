//! Strategies for property tests of your own: machines, what shall become of them, and how (feature `proptest`).
//!
//! They are made to hurt: mountpoints within mountpoints, datasets that change places, others that nobody declared,
//! filesystems that are not mounted, and foreign ones in the way.
//!
//! ```
//! use dataset_plan::{plan, sim, strategy::changes};
//! use proptest::prelude::*;
//!
//! proptest!(|(change in changes())| {
//!     let plan = plan(change.spec(), change.observed(), change.policy()).unwrap();
//!     // Carried out by a tool of yours, perhaps:
//!     let mut zfs = sim::Zfs::from(change.observed());
//!     prop_assert!(plan.apply(&mut zfs).is_ok());
//! });
//! ```

mod tables;

use std::collections::BTreeSet;
use std::fmt;

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use zfs_props::name::DatasetName;

use crate::observed::Observed;
use crate::planner::plan;
use crate::policy::{Heirs, Mounting, Policy};
use crate::sim::Zfs;
use crate::spec::Spec;
use tables::{Table, tables};

/// Other file systems.
const FOREIGN: [&str; 5] = ["/srv/a/x/foreign", "/srv/c", "/data", "/data/x/y/z", "/srv/zz"];

/// Old and new names.
const MOVES: [(&str, &str); 6] = [
    ("tank/services/a", "tank/services/d"),
    ("tank/services/d", "tank/services/c"),
    ("tank/x", "tank/services/c"),
    ("tank/services/b", "tank/x/y"),
    ("tank/services/b/inner", "tank/services/a"),
    ("tank/q", "tank/x/q"),
];

/// A pool that its installer left so, as `zfs get -Hp -s local,received,none` prints it.
const POOL: &str = "tank\ttype\tfilesystem\t-\t-\n\
    tank\tmounted\tno\t-\t-\n\
    tank\tguid\t2879366535605451819\t-\t-\n\
    tank\tcreatetxg\t1\t-\t-\n\
    tank\tused\t4358144\t-\t-\n\
    tank\tavailable\t868057088\t-\t-\n\
    tank\treferenced\t98304\t-\t-\n\
    tank\tusedbydataset\t98304\t-\t-\n\
    tank\tusedbyrefreservation\t0\t-\t-\n\
    tank\tversion\t5\t-\t-\n\
    tank\tutf8only\ton\t-\t-\n\
    tank\tnormalization\tformD\t-\t-\n\
    tank\tcasesensitivity\tsensitive\t-\t-\n\
    tank\tmountpoint\tnone\t-\tlocal\n\
    tank\tcanmount\toff\t-\tlocal\n\
    tank\tcompression\tlz4\t-\tlocal\n\
    tank\txattr\ton\t-\tlocal\n\
    tank\tdnodesize\tauto\t-\tlocal\n\
    tank\tacltype\tposix\t-\tlocal\n\
    tank\trelatime\ton\t-\tlocal\n\
    tank\tcom.sun:auto-snapshot\tfalse\t-\tlocal\n";

/// From what was declared, and what became of it, to what shall be.
#[derive(Clone)]
pub struct Change {
    before: String,
    after: String,
    spec: Spec,
    reordered: Spec,
    observed: Observed,
    policy: Policy,
    unmounted: Vec<DatasetName>,
    foreign: Vec<&'static str>,
}

/// Any change.
pub fn changes() -> impl Strategy<Value = Change> {
    let moves = prop_oneof![
        3 => Just(Vec::new()),
        1 => subsequence(MOVES.to_vec(), 0..=MOVES.len()),
    ];
    let unmounted = prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::collection::vec(any::<Index>(), 1..3),
    ];
    let foreign = prop_oneof![
        2 => Just(Vec::new()),
        1 => subsequence(FOREIGN.to_vec(), 0..=2),
    ];
    strategy(moves, unmounted, foreign)
}

/// Without moves, other file systems, and anything that is not mounted.
pub fn plain_changes() -> impl Strategy<Value = Change> {
    strategy(Just(Vec::new()), Just(Vec::new()), Just(Vec::new()))
}

fn strategy(
    moves: impl Strategy<Value = Vec<(&'static str, &'static str)>>,
    unmounted: impl Strategy<Value = Vec<Index>>,
    foreign: impl Strategy<Value = Vec<&'static str>>,
) -> impl Strategy<Value = Change> {
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    let all = (tables(), tables(), moves, unmounted, foreign, flags);
    all.prop_filter_map(
        "a machine that can be",
        |(before, after, moves, unmounted, foreign, flags)| {
            let (follow, mount, owned) = flags;
            let policy = Policy {
                heirs: if follow { Heirs::Follow } else { Heirs::Protect },
                mount: if mount { Mounting::Allow } else { Mounting::Refuse },
                ..Policy::default()
            };
            let before = declaration(&before, &[], owned);
            let (observed, unmounted) =
                machine(&Spec::from_toml(&before).ok()?, &unmounted, &foreign)?;
            let (text, moves) = declared(&after, moves, owned)?;
            let spec = Spec::from_toml(&text).ok()?;
            let reordered = Spec::from_toml(&backwards(after, moves, owned)).ok()?;
            Some(Change {
                before,
                after: text,
                spec,
                reordered,
                observed,
                policy,
                unmounted,
                foreign,
            })
        },
    )
}

impl Change {
    /// What was observed.
    pub const fn observed(&self) -> &Observed {
        &self.observed
    }

    /// What shall be.
    pub const fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The same, declared the other way round.
    pub const fn reordered(&self) -> &Spec {
        &self.reordered
    }

    /// What the plan may do.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Where other file systems are mounted.
    pub fn foreign(&self) -> &[&'static str] {
        &self.foreign
    }
}

/// In the words of declarations: what is observed is what became of the first.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "what is there, from\n\n{}", self.before)?;
        writeln!(f, "not mounted: {:?}; other file systems: {:?}\n", self.unmounted, self.foreign)?;
        writeln!(f, "what shall be\n\n{}\nwith {:?}", self.after, self.policy)
    }
}

/// A machine that was built as declared; then some of it was unmounted, and other things were mounted.
fn machine(
    declared: &Spec,
    unmounted: &[Index],
    foreign: &[&str],
) -> Option<(Observed, Vec<DatasetName>)> {
    let policy = Policy { heirs: Heirs::Follow, mount: Mounting::Allow, ..Policy::default() };
    let pool = Observed::from_zfs_get_set(POOL).ok()?;
    let mut zfs = Zfs::from(&pool).release(declared.release);
    plan(declared, &pool, &policy).ok()?.apply(&mut zfs).ok()?;
    let all: Vec<DatasetName> = zfs.observe().datasets().map(|(name, _)| name.clone()).collect();
    let mut gone: Vec<_> = unmounted.iter().map(|index| index.get(&all).clone()).collect();
    // What holds others cannot be.
    gone.retain(|name| zfs.unmount(name).is_ok());
    let fstab: Vec<_> = foreign.iter().map(|path| format!("/dev/sda {path} ext4")).collect();
    Some((zfs.observe().with_fstab(&fstab.join("\n")), gone))
}

type Moves = Vec<(&'static str, &'static str)>;

/// The declaration with those of the moves that can be: what is declared does not move away, and nothing moves to two places.
fn declared(tables: &[Table], mut moves: Moves, owned: bool) -> Option<(String, Moves)> {
    let mut to = BTreeSet::new();
    moves.retain(|(_, new)| to.insert(*new));
    let unmoved = Spec::from_toml(&declaration(tables, &[], owned)).ok()?;
    let datasets = unmoved.expand().ok()?.datasets;
    let stays = |name: &str| name.parse().is_ok_and(|name| datasets.contains_key(&name));
    moves.retain(|(old, _)| !stays(old));
    Some((declaration(tables, &moves, owned), moves))
}

fn backwards(mut tables: Vec<Table>, mut moves: Moves, owned: bool) -> String {
    tables.reverse();
    for (_, lines) in &mut tables {
        lines.reverse();
    }
    moves.reverse();
    declaration(&tables, &moves, owned)
}

fn declaration(tables: &[Table], moves: &[(&str, &str)], owned: bool) -> String {
    let mut text = String::from(
        "release = \"2.3\"\nparentDataset = \"tank/services\"\nparentMount = \"/srv\"\n",
    );
    if owned {
        text += "ownerProperty = \"org.example:owned\"\n";
    }
    let moves = moves.iter().map(|(old, new)| format!("{{ from = \"{old}\", to = \"{new}\" }}"));
    text.extend(["moved = [", &moves.collect::<Vec<_>>().join(", "), "]\n"]);
    for (head, lines) in tables {
        text.extend([head, "\n", &lines.join("\n"), "\n"]);
    }
    text
}
