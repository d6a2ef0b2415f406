//! The application server after it lost its pool: what there is to come back from.

use std::collections::BTreeMap;

use restore_chain::candidates::{Kind, Order, Seen, restic::ResticSnapshot};
use restore_chain::lineage::{Lineage, Version};
use restore_chain::order::host::{Host, Place};
use restore_chain::preseed::Budget;
use restore_chain::sim::{Behaviour, World};
use restore_chain::{Candidates, Choice, Service, Spec};
use zfs_props::name::DatasetName;

use crate::Failure;

const NOW: &str = "2026-11-21T12:00:00Z";

/// What the replica has of a service: bytes, minutes since its newest snapshot; and hours since its newest restic snapshot.
type Copies = (&'static str, Option<(u64, i64)>, Option<i64>);

const COPIES: [Copies; 6] = [
    ("sonarr", Some((1_400_000_000, 12)), Some(9)),
    ("radarr", Some((2_100_000_000, 12)), Some(9)),
    ("home-assistant", Some((6_800_000_000, 11)), Some(10)),
    ("plex", Some((90_000_000_000, 13)), None),
    ("pocketid", None, Some(8)),
    ("recyclarr", None, None),
];

/// The declaration for such a day, of the services that this is about: a person may choose what the host leaves out, and
/// nobody waits for the half hour to be over.
pub fn everything(mut spec: Spec) -> Spec {
    spec.services.retain(|name, _| COPIES.iter().any(|(known, ..)| known == name));
    spec.policy.order = Order::Fixed(vec![Kind::Replica, Kind::Local, Kind::Restic]);
    spec.budget = Budget { unit: 4 * 3600, ..spec.budget };
    spec
}

/// What each service can come back from: the local pool is gone, the replica and the repository answer.
pub fn choices(spec: &Spec) -> Result<Vec<(Service, Choice)>, Failure> {
    let now: jiff::Timestamp = NOW.parse()?;
    let mut inventory = spec.inventory(now);
    inventory.local = Seen::Here(BTreeMap::new());
    let mut replicated = BTreeMap::new();
    let mut snapshots = Vec::new();
    for (n, (name, replica, hours)) in (1_u64..).zip(COPIES) {
        if let Some((bytes, minutes)) = replica {
            let dataset: DatasetName = format!("backup/forge/zfs-recv/{name}").parse()?;
            let creation = now.as_second() - minutes * 60;
            let newest =
                Version::snapshot("autosnap_2026-11-21_11:45:00_frequently", n, 100, creation);
            replicated.insert(dataset, Version { written: Some(bytes), ..newest });
        }
        if let Some(hours) = hours {
            snapshots.push(ResticSnapshot {
                id: format!("{:016x}{n:048x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                time: now - jiff::SignedDuration::from_hours(hours),
                hostname: "forge".to_owned(),
                paths: vec![format!("/var/lib/backup-snapshots/{name}")],
                tags: vec![name.to_owned()],
                summary: None,
            });
        }
    }
    for replica in &mut inventory.replicas {
        let lineages = replicated.iter().map(|(name, version)| {
            (name.clone(), Lineage::new(name.clone(), vec![version.clone()]))
        });
        replica.datasets = Seen::Here(lineages.collect());
    }
    for repository in &mut inventory.repositories {
        repository.snapshots = Seen::Here(snapshots.clone());
    }
    let services = spec.services.values().map(|service| {
        let choice = Candidates::discover(&inventory, service).choose(&spec.policy);
        (service.clone(), choice.unwrap_or_else(Choice::from))
    });
    Ok(services.collect())
}

/// The machine: the pool is new, `/persist` is on another one, and is there.
pub fn host(services: &[(Service, Choice)]) -> Result<Host, Failure> {
    let mut places = vec![
        Place::new("rpool/safe/persist".parse()?, Some("/persist".parse()?)),
        Place::new("tank/services".parse()?, None),
    ];
    places.extend(services.iter().map(|(service, choice)| Place {
        from: choice.chain.first().cloned(),
        ..Place::new(service.dataset.clone(), Some(service.mountpoint.clone()))
    }));
    let services = services.iter().map(|(service, _)| (service.clone(), Vec::new())).collect();
    Ok(Host { places, services, ..Host::default() })
}

/// The machine in memory, with all copies as they behave.
pub fn world(
    services: &[(Service, Choice)],
    behaviour: impl Fn(&str) -> Option<Behaviour>,
) -> World {
    let mut world = World::new();
    for (service, choice) in services {
        for candidate in &choice.chain {
            let Some(point) = candidate.point else { continue };
            let content = format!("{} as of {point}", service.name);
            let half = format!("more of {content}");
            world.add_part(service, candidate, &[("data", &content), ("more", &half)]);
            if let Some(behaviour) = behaviour(&candidate.id) {
                world.fail(&candidate.id, behaviour);
            }
        }
    }
    world
}
