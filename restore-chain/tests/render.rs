//! Units that systemd reads, runbooks, graphs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::process::Command;

use restore_chain::candidates::Method;
use restore_chain::lineage::Version;
use restore_chain::order::host::{Host, Place};
use restore_chain::order::{Graph, Kind, Limits};
use restore_chain::preseed::{Budget, Preseed};
use restore_chain::render::{graph, runbook, systemd};
use restore_chain::sim::World;
use restore_chain::{Choice, Gate, Owner, Service};

fn service(name: &str, gate: Gate) -> Service {
    let dataset = format!("tank/services/{name}").parse().unwrap();
    let place = format!("/var/lib/{name}").parse().unwrap();
    Service { gate, units: vec![format!("{name}.service")], ..Service::new(name, dataset, place) }
}

fn preseed(service: &Service) -> Preseed {
    let mut world = World::new();
    let chain = vec![world.add_copy("nas-1", &"backup/x".parse().unwrap(), &[])];
    let choice = Choice { chain, ..Choice::default() };
    Preseed::new(service, &choice, &Budget::default()).unwrap()
}

#[test]
fn a_unit_waits_for_its_data_by_policy() {
    let run = restore_chain::command::Command::new(["/bin/echo", "100 %", "a\"b", "$HOME"]);
    for (gate, word) in [(Gate::Required, "Requires"), (Gate::Wanted, "Wants")] {
        let units = systemd::units(&preseed(&service("sonarr", gate)), &run);
        assert_eq!(units[0].name, "preseed-sonarr.service");
        assert!(units[0].text.contains("Before=sonarr.service\n"), "{}", units[0].text);
        assert!(units[0].text.contains("TimeoutStartSec=10800\n"));
        assert_eq!(units[1].name, "sonarr.service.d/preseed.conf");
        let wanted =
            format!("[Unit]\n{word}=preseed-sonarr.service\nAfter=preseed-sonarr.service\n");
        assert_eq!(units[1].text, wanted);
    }
}

/// Names of units are injective: `a/b-c` and `a-b/c` share none.
#[test]
fn no_two_services_share_a_unit() {
    let names = ["a/b-c", "a-b/c", "a-b-c", "a/b/c", "a.b", ".a", "ä"];
    let mut escaped: Vec<String> = names.iter().map(|name| systemd::escape(name)).collect();
    escaped.sort();
    escaped.dedup();
    assert_eq!(escaped.len(), names.len());
}

#[test]
fn systemd_reads_what_is_rendered() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("skipped: systemd-analyze (not installed)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let run = restore_chain::command::Command::new(["/bin/echo", "100 %", "a\"b", "$HOME", "x y"]);
    let units = systemd::units(&preseed(&service("home-assistant", Gate::Required)), &run);
    let main = folder.path().join("home-assistant.service");
    fs::write(&main, "[Service]\nExecStart=/bin/true\n").unwrap();
    for unit in &units {
        let path = folder.path().join(&unit.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &unit.text).unwrap();
    }
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(folder.path().join(&units[0].name))
        .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Units of ZFS are on hosts that have ZFS; what is verified here is this text.
    let ours: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("preseed") && !line.contains("not found"))
        .collect();
    println!("systemd: {} units verified", units.len());
    assert!(ours.is_empty(), "{said}");
}

#[test]
fn a_runbook_and_graphs_name_every_step() {
    let mut all = Graph::new();
    let pool = all.add(Kind::Pool, "tank", 30);
    let dataset = all.add(Kind::Dataset, "tank/services/sonarr", 60);
    let mount = all.add(Kind::Mount, "/var/lib/sonarr", 1);
    let unit = all.add(Kind::Service, "sonarr.service", 1);
    all.before(pool, dataset, "a dataset is in its pool");
    all.before(dataset, mount, "it is mounted");
    all.before(mount, unit, "a service starts with its data");
    let order = all.order(&Limits::default()).unwrap();
    let mut service = service("sonarr", Gate::Required);
    service.properties = vec![("org.example:note".to_owned(), "two words".to_owned())];
    let mut world = World::new();
    let mut chain = vec![world.add_copy("nas-1", &"backup/sonarr".parse().unwrap(), &[])];
    if let Method::Replica { oldest, .. } = &mut chain[0].method {
        **oldest = Version::snapshot("oldest", 7, 1, 0);
    }
    let choice = Choice { chain, ..Choice::default() };
    let text = runbook::markdown("forge", &order, &[(service, choice)]);
    let lines = [
        "zpool import tank",
        "zfs send backup/sonarr@oldest | zfs receive -s -u tank/services/sonarr.restore-staging",
        "zfs send -I backup/sonarr@oldest backup/sonarr@newest | zfs receive -s -u tank/services/sonarr.restore-staging",
        "zfs set canmount=noauto tank/services/sonarr.restore-staging",
        "zfs rename tank/services/sonarr.restore-staging tank/services/sonarr",
        "zfs set mountpoint=/var/lib/sonarr 'org.example:note=two words' tank/services/sonarr",
        "zfs set canmount=on tank/services/sonarr",
        "zfs mount tank/services/sonarr",
        "systemctl start sonarr.service",
    ];
    for line in lines {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert_eq!(graph::dot(&order).matches(" -> ").count(), 3);
    assert_eq!(graph::mermaid(&order).matches(" --> ").count(), 3);
}

/// Without its credentials, restic reaches nothing; and nobody remembers them on the day.
#[test]
fn a_runbook_has_what_a_repository_is_reached_with() {
    let mut all = Graph::new();
    all.add(Kind::Dataset, "tank/services/sonarr", 60);
    let order = all.order(&Limits::default()).unwrap();
    let mut world = World::new();
    let mut candidate = world.add_repository("b2", &"/var/lib/sonarr".parse().unwrap(), &[]);
    if let Method::Restic { environment_file, .. } = &mut candidate.method {
        *environment_file = Some("/run/secrets/b 2".parse().unwrap());
    }
    let choice = Choice { chain: vec![candidate], ..Choice::default() };
    let text = runbook::markdown("forge", &order, &[(service("sonarr", Gate::Required), choice)]);
    let at = |part: &str| {
        text.lines()
            .position(|line| line.starts_with(part))
            .unwrap_or_else(|| panic!("{part}\n{text}"))
    };
    assert!(at("set -a; . '/run/secrets/b 2'; set +a") < at("restic --no-cache"), "{text}");
}

/// What is mounted below is another service's, which could not read its own files any more.
#[test]
fn a_runbook_gives_nothing_to_the_owner_that_is_mounted_below() {
    let owner = |name: &str| {
        let (user, group) = (name.to_owned(), name.to_owned());
        Some(Owner { user, group, recursive: true })
    };
    let (media, mut books) = (service("media", Gate::Required), service("books", Gate::Required));
    books.mountpoint = "/var/lib/media/books".parse().unwrap();
    let services = [("media", media), ("books", books)]
        .map(|(name, service)| (Service { owner: owner(name), ..service }, Choice::default()));
    let place =
        |service: &Service| Place::new(service.dataset.clone(), Some(service.mountpoint.clone()));
    let host = Host {
        places: services.iter().map(|(service, _)| place(service)).collect(),
        services: services.iter().map(|(service, _)| (service.clone(), Vec::new())).collect(),
        ..Host::default()
    };
    let graph = host.graph();
    let text = runbook::markdown("forge", &graph.order(&Limits::default()).unwrap(), &services);
    let commands: Vec<&str> = text.lines().filter(|line| line.contains("chown ")).collect();
    assert_eq!(commands.len(), 2, "{text}");
    for command in commands {
        let all = command.contains("media:media");
        let but = command.contains("-path /var/lib/media/books ')' -prune");
        assert_eq!(all, but, "{command}");
    }
}
