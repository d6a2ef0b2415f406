//! Every host of the examples is read, planned, resolved, and agrees with itself.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "hosts/crossings.rs"]
mod crossings;
#[path = "hosts/fleet.rs"]
mod fleet;
#[path = "hosts/mistakes.rs"]
mod mistakes;

use std::collections::BTreeSet;
use std::fmt::Write;

use backup_spec::units::Task;
use dataset_plan::{Observed, Policy, plan, sim};
use declared::{Data, Node};
use examples::{HOSTS, Host};
use impermanence_model::Root;
use restore_chain::candidates::{Kind, Order};

fn hosts() -> impl Iterator<Item = (&'static str, &'static str, Host)> {
    HOSTS.into_iter().map(|(name, text)| {
        let host = Host::from_toml(text).unwrap_or_else(|report| panic!("{name}:\n{report}"));
        (name, text, host)
    })
}

fn host(name: &str) -> Host {
    hosts().find(|(known, ..)| *known == name).unwrap().2
}

/// What a person counts who goes through a file, and what comes of it.
#[test]
fn every_host_has_what_was_counted() {
    // services, utility datasets, jobs, snapshotted datasets, replications, restores, entries that are kept
    let counted = [
        ("forge", [65, 2, 61, 58, 58, 43, 8]),
        ("forge-seed", [6, 0, 5, 1, 1, 4, 7]),
        ("luna", [0, 0, 0, 0, 0, 0, 12]),
        ("rydev", [0, 0, 0, 0, 0, 0, 8]),
        ("nixpi", [0, 0, 0, 0, 0, 0, 8]),
        ("cassie-box", [0, 0, 1, 0, 0, 0, 18]),
        ("nas-0", [0, 0, 1, 5, 1, 0, 10]),
        ("nas-1", [0, 10, 0, 2, 2, 0, 11]),
    ];
    for ((name, _, host), (known, counted)) in hosts().zip(counted) {
        assert_eq!(name, known);
        let found = [
            host.datasets.services.len(),
            host.datasets.utility.len(),
            host.backup.jobs.len(),
            host.backup.snapshotted().count(),
            host.backup.replication.len(),
            host.restore.services.len(),
            host.layout.entries().len(),
        ];
        assert_eq!(found, counted, "{name}");
        // By the name of the file, but for the two forms of one machine.
        assert_eq!(host.name(), name.trim_end_matches("-seed"));
        assert!(host.layout.warnings().is_empty(), "{name}: {:?}", host.layout.warnings());
    }
    let forge = host("forge");
    let bases = forge.backup.tasks().into_iter().filter(|t| matches!(t, Task::BaseBackup(..)));
    assert_eq!(bases.count(), 4, "full and incremental, to two repositories");
    let required = forge.restore.services.values();
    let required = required.filter(|service| service.gate == restore_chain::Gate::Required);
    assert_eq!(required.count(), 22, "these do not start without their data");
    let offsite = forge.backup.jobs.values().filter(|job| job.repository.as_str() == "r2-offsite");
    assert_eq!(offsite.count(), 5);
}

/// Each on its own pools, which have what the installer made and nothing else: everything is created, once.
#[test]
fn every_host_is_made_on_empty_pools() {
    for (name, _, host) in hosts() {
        let mut text = String::new();
        for (dataset, base) in &host.datasets.base {
            let mountpoint = if base.mounted_at.is_some() { "legacy" } else { "none" };
            let _ = writeln!(text, "{dataset}\ttype\tfilesystem\t-\t-");
            let _ = writeln!(text, "{dataset}\tmountpoint\t{mountpoint}\t-\tlocal");
        }
        let empty = Observed::from_zfs_get(text).unwrap();
        let first = plan(&host.datasets, &empty, &Policy::default()).unwrap();
        assert!(first.blocked().is_empty(), "{name}: {first}");
        let mut zfs = sim::Zfs::from(&empty);
        first.apply(&mut zfs).unwrap();
        let made = zfs.observe();
        let again = plan(&host.datasets, &made, &Policy::default()).unwrap();
        assert!(again.is_empty(), "{name}: {again}");

        let desired = host.datasets.expand().unwrap();
        let there: BTreeSet<_> = made.datasets().map(|(dataset, _)| dataset.clone()).collect();
        let declared: BTreeSet<_> =
            desired.datasets.keys().chain(&desired.parents).cloned().collect();
        let installed: BTreeSet<_> = host.datasets.base.keys().cloned().collect();
        assert_eq!(there, declared.union(&installed).cloned().collect(), "{name}");
    }
}

/// What each kind of root does is what the layout says.
#[test]
fn every_root_is_what_was_declared() {
    for (name, _, host) in hosts() {
        let layout = &host.layout;
        match (name, layout.root()) {
            ("nixpi" | "cassie-box", Root::Tmpfs { size, .. }) => assert!(size.is_some()),
            (_, Root::ZfsRollback { dataset, snapshot }) => {
                assert_eq!((dataset.as_str(), snapshot.as_str()), ("rpool/local/root", "blank"));
            }
            other => panic!("{other:?}"),
        }
        for kept in ["/var/lib/nixos/uid-map", "/var/log/journal/x", "/nix/store/x"] {
            assert!(layout.fate(kept).survives(), "{name}: {}", layout.fate(kept));
        }
        assert!(layout.fate("/var/lib/nobody/x").is_lost(), "{name}");
        // Of all of them, only the first plan forgot who the machine is.
        let forgotten = layout.essentials();
        let forgotten = forgotten.iter().any(|found| found.what.starts_with("/etc/machine-id"));
        assert_eq!(forgotten, name == "forge-seed", "{name}");
    }
    let nixpi = host("nixpi").layout;
    assert!(nixpi.fate("/var/lib/coachiq/db").survives(), "a subvolume of its own");
    let cassie = host("cassie-box").layout;
    assert!(cassie.fate("/home/u/x").survives() && cassie.fate("/var/lib/plex/x").survives());
    assert!(cassie.fate("/mnt/data/film").survives() && cassie.fate("/etc/hostname").is_lost());
}

/// Where the first plan and what became of it disagree, both can be said.
#[test]
fn both_forms_of_a_disagreement_can_be_said() {
    let (now, then) = (host("forge"), host("forge-seed"));
    let setting = |host: &Host, service: &str, property: &str| {
        let desired = host.datasets.expand().unwrap();
        let parent = host.datasets.parent_dataset.as_ref().unwrap();
        let dataset = format!("{parent}/{service}").parse().unwrap();
        let want = desired.datasets.get(&dataset).unwrap();
        let (_, setting) = want.settings().find(|(name, _)| name.to_string() == property).unwrap();
        setting.argument().to_owned()
    };
    for (service, property, first, later) in [
        ("sonarr", "compression", "lz4", "zstd"),
        ("sonarr", "mountpoint", "/persist/sonarr", "/var/lib/sonarr"),
        ("plex", "recordsize", "1M", "128K"),
        ("plex", "com.sun:auto-snapshot", "false", "true"),
    ] {
        assert_eq!(setting(&then, service, property), first);
        assert_eq!(setting(&now, service, property), later);
    }
    let mode = |host: &Host| host.datasets.services["sonarr"].own.mode.unwrap().to_string();
    assert_eq!((mode(&then), mode(&now)), ("0755".into(), "0750".into()));
    assert_eq!(setting(&then, "postgres-data", "logbias"), "latency");
    assert_eq!(setting(&now, "postgresql", "logbias"), "throughput");
    let walled = |host: &Host| host.backup.pitr.values().next().unwrap().pitr.cluster.wal.is_some();
    assert!(walled(&then) && !walled(&now));

    let order = |kinds: &[Kind]| Order::Fixed(kinds.to_vec());
    assert_eq!(then.restore.policy.order, order(&[Kind::Replica, Kind::Local, Kind::Restic]));
    assert_eq!(now.restore.policy.order, order(&[Kind::Replica, Kind::Local]));
    assert_eq!((then.restore.budget.unit, now.restore.budget.unit), (3600, 1800));
}

/// What Nix would emit for the same host is the same host.
#[test]
fn every_host_reads_the_same_in_json() {
    fn json(node: &Node) -> serde_json::Value {
        match &node.data {
            Data::Table(members) => {
                members.iter().map(|member| (member.key.clone(), json(&member.node))).collect()
            }
            Data::List(list) => list.iter().map(json).collect(),
            Data::Number(number) => serde_json::from_str(number).unwrap(),
            Data::Boolean(value) => (*value).into(),
            Data::Text(text) => text.as_str().into(),
            Data::Other(noun) => panic!("{noun}"),
        }
    }
    for (name, text, host) in hosts() {
        let text = json(&Node::from_toml(text).unwrap()).to_string();
        let again = Host::from_text(&text).unwrap_or_else(|report| panic!("{name}:\n{report}"));
        assert_eq!(again.datasets, host.datasets, "{name}");
        assert_eq!(again.backup, host.backup, "{name}");
        assert_eq!(format!("{:?}", again.restore), format!("{:?}", host.restore), "{name}");
        let fates = |host: &Host| -> Vec<String> {
            host.layout
                .entries()
                .iter()
                .map(|entry| format!("{} {}", entry.path, entry.via))
                .collect()
        };
        assert_eq!(fates(&again), fates(&host), "{name}");
    }
}
