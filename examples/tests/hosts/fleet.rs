//! What one machine of the home expects of another one.

use std::collections::BTreeMap;

use backup_spec::snapshots::Policies;
use examples::{HOSTS, Host};
use zfs_props::DatasetName;

/// All machines, as they are now.
fn fleet() -> BTreeMap<String, Host> {
    let now = HOSTS.into_iter().filter(|(name, _)| !name.ends_with("-seed"));
    let hosts = now.map(|(_, text)| Host::from_toml(text).unwrap());
    hosts.map(|host| (host.name().to_owned(), host)).collect()
}

/// What a machine sends elsewhere has a place there, is pruned there, and no snapshots of it are taken there.
fn expectations(fleet: &BTreeMap<String, Host>) -> Vec<String> {
    let mut found = Vec::new();
    for (sender, host) in fleet {
        for (name, sent) in &host.backup.replication {
            let target = &sent.job.target;
            let Some(machine) = &target.host else { continue };
            let Some(receiver) = fleet.get(machine) else {
                found.push(format!("{sender} sends {name} to {machine}, which nobody knows"));
                continue;
            };
            let desired = receiver.datasets.expand().unwrap();
            let parent = target.dataset.parent().unwrap();
            if !desired.datasets.contains_key(&parent) {
                found.push(format!(
                    "{sender} sends {name} below {parent}, which {machine} does not have"
                ));
            }
            let sanoid = receiver.backup.sanoid.as_ref().unwrap();
            let there: [&DatasetName; 1] = [&target.dataset];
            let policies = Policies::of(sanoid, there).unwrap();
            match policies.get(&target.dataset) {
                Some(policy) if policy.autoprune && !policy.autosnap => {}
                _ => found.push(format!("{machine} does not only prune {}", target.dataset)),
            }
        }
        for (path, machine) in &host.facts.shares {
            if !fleet.contains_key(machine) {
                found.push(format!("{sender} has {path} of {machine}, which nobody knows"));
            }
        }
    }
    found
}

#[test]
fn what_one_machine_sends_another_one_has_a_place_for() {
    assert_eq!(expectations(&fleet()), Vec::<String>::new());
}

#[test]
fn a_machine_that_is_not_as_another_one_expects_is_found() {
    let edits = [
        (
            "nas-1",
            "[datasets.utility.\"backup/nas-0/zfs-recv\"]",
            "[datasets.utility.\"backup/nas-0/received\"]",
            "nas-0 sends home below backup/nas-0/zfs-recv, which nas-1 does not have",
        ),
        (
            "nas-1",
            "\"backup/nas-0/zfs-recv\" = { use_template = \"replicated\"",
            "\"backup/nas-0/zfs-recv\" = { use_template = \"local\"",
            "nas-1 does not only prune backup/nas-0/zfs-recv/home",
        ),
        (
            "nas-0",
            "zfs-replication@nas-1:",
            "zfs-replication@nas-9:",
            "nas-0 sends home to nas-9, which nobody knows",
        ),
        (
            "forge",
            "\"/mnt/media\" = \"nas-0\"",
            "\"/mnt/media\" = \"nas\"",
            "forge has /mnt/media of nas, which nobody knows",
        ),
    ];
    for (name, from, to, wanted) in edits {
        let mut fleet = fleet();
        let (_, text) = HOSTS.into_iter().find(|(known, _)| *known == name).unwrap();
        assert!(text.contains(from), "{name}: {from}");
        let host = Host::from_toml(&text.replacen(from, to, 1))
            .unwrap_or_else(|report| panic!("{report}"));
        fleet.insert(name.to_owned(), host);
        assert!(
            expectations(&fleet).iter().any(|found| found == wanted),
            "{wanted}: {:#?}",
            expectations(&fleet)
        );
    }
}
