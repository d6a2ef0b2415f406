//! What the exploration begins with.

use jiff::Timestamp;
use restore_chain::Service;
use restore_chain::preseed::{self, Act, Intent, Record, RecordKind, Verified, World as _};
use restore_chain::sim::{Dataset, World};

use super::{ORIGINAL, PLACE, name};

/// What is there at first.
pub(crate) const STARTS: [&str; 35] = [
    "nothing",
    "empty",
    "empty, not mounted",
    "empty, not mounted, disarmed",
    "data",
    "data, not mounted",
    "data, not mounted, disarmed",
    "data, not mounted, disarmed, and two for one place",
    "complete",
    "complete, not mounted",
    "complete by inheritance",
    "complete by another's record",
    "staging, half",
    "staging, verified, and empty",
    "foreign staging",
    "two for one place",
    "an old aside",
    "within the swap",
    "swapped, not complete",
    "within the swap, staging lost",
    "within the swap, beside an old aside",
    "staging, half, can go on",
    "staging, verified, and data",
    "staging, verified, and data, not mounted",
    "staging, and complete",
    "complete, and replaced by an empty one",
    "complete, and replaced by data",
    "a mount over data",
    "a mount over what is complete",
    "files: nothing",
    "files: empty",
    "files: empty, not mounted",
    "files: data, not mounted",
    "files: complete, not mounted",
    "files: swapped, not complete",
];

fn record(guid: u64) -> String {
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    Record { guid, kind: RecordKind::Adopted, at, seconds: 1 }.to_string()
}

fn at() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

/// The dataset with its files, and its own record.
fn complete(world: &mut World) -> &mut Dataset {
    let dataset = world.add_dataset(name(), PLACE, &ORIGINAL);
    dataset.local.insert(preseed::COMPLETE.to_owned(), record(dataset.guid));
    dataset
}

/// Staging of the replica, half or whole, compared or not.
fn stage(world: &mut World, whole: bool) {
    let files = [("a", "nas"), ("b", "nas"), ("c", "nas"), ("d", "nas")];
    let files = if whole { &files[..] } else { &files[..2] };
    let dataset = world.add_dataset(preseed::staging(&name()).unwrap(), "/elsewhere", files);
    (dataset.mounted, dataset.mountpoint, dataset.armed) = (None, None, false);
    let candidate = "replica nas".to_owned();
    dataset.local.insert(preseed::STAGING.to_owned(), candidate.clone());
    if whole {
        let verified = Verified { guid: dataset.guid, candidate, point: at(), at: at() };
        dataset.local.insert(preseed::VERIFIED.to_owned(), verified.to_string());
    }
}

/// An empty dataset that was set aside, with or without a note of it.
fn set_aside(world: &mut World, noted: bool) {
    let guid = world.add_dataset(name(), PLACE, &[]).guid;
    rename(world, &preseed::aside(&name(), guid).unwrap());
    if noted {
        let intent = Intent { at: at(), aside: Some(guid) };
        let service = Service::new("sonarr", name(), PLACE.parse().unwrap());
        world.act(&service, &Act::Note(intent), 1).unwrap();
    }
}

/// The dataset gets another name, and is not mounted there.
fn rename(world: &mut World, to: &zfs_props::name::DatasetName) {
    let mut dataset = world.datasets_mut().remove(&name()).unwrap();
    (dataset.mounted, dataset.armed) = (None, false);
    world.datasets_mut().insert(to.clone(), dataset);
}

pub(crate) fn start(world: &mut World, which: &str) {
    if let Some(which) = which.strip_prefix("files: ") {
        world.write_below(PLACE);
        return start(world, which);
    }
    if which.contains("staging") || which.contains("swap") && !which.starts_with("complete") {
        return interrupted(world, which);
    }
    match which {
        "nothing" => {}
        "empty" => drop(world.add_dataset(name(), PLACE, &[]).guid),
        "empty, not mounted" => world.add_dataset(name(), PLACE, &[]).mounted = None,
        "empty, not mounted, disarmed" => {
            let dataset = world.add_dataset(name(), PLACE, &[]);
            (dataset.mounted, dataset.armed) = (None, false);
        }
        "data" => drop(world.add_dataset(name(), PLACE, &ORIGINAL).guid),
        "data, not mounted" => world.add_dataset(name(), PLACE, &ORIGINAL).mounted = None,
        "data, not mounted, disarmed" | "data, not mounted, disarmed, and two for one place" => {
            if which.ends_with("place") {
                world.add_dataset("tank/other".parse().unwrap(), PLACE, &ORIGINAL);
            }
            let dataset = world.add_dataset(name(), PLACE, &ORIGINAL);
            (dataset.mounted, dataset.armed) = (None, false);
        }
        "complete" => drop(complete(world).guid),
        "complete, not mounted" => complete(world).mounted = None,
        "complete by inheritance" => {
            let dataset = world.add_dataset(name(), PLACE, &ORIGINAL);
            dataset.inherited.insert(preseed::COMPLETE.to_owned(), record(dataset.guid));
        }
        "complete by another's record" => {
            let dataset = world.add_dataset(name(), PLACE, &ORIGINAL);
            dataset.local.insert(preseed::COMPLETE.to_owned(), record(dataset.guid + 1));
        }
        "complete, and replaced by an empty one" | "complete, and replaced by data" => {
            complete(world);
            rename(world, &"tank/sonarr-before".parse().unwrap());
            let files: &[_] = if which.ends_with("data") { &[("a", "newer")] } else { &[] };
            world.add_dataset(name(), PLACE, files);
        }
        "two for one place" => {
            world.add_dataset("tank/other".parse().unwrap(), PLACE, &ORIGINAL);
            world.add_dataset(name(), PLACE, &[]);
        }
        "an old aside" => set_aside(world, false),
        "a mount over data" => {
            world.add_dataset(name(), PLACE, &ORIGINAL);
            world.mount(PLACE, "nas-1:/share");
        }
        "a mount over what is complete" => {
            complete(world);
            world.mount(PLACE, "nas-1:/share");
        }
        other => panic!("{other}"),
    }
}

/// What a killed run may have left.
fn interrupted(world: &mut World, which: &str) {
    let staging = preseed::staging(&name()).unwrap();
    match which {
        "staging, half" => stage(world, false),
        "staging, half, can go on" => {
            stage(world, false);
            world.datasets_mut().get_mut(&staging).unwrap().resumable = true;
        }
        "staging, verified, and empty" => {
            world.add_dataset(name(), PLACE, &[]);
            stage(world, true);
        }
        "staging, verified, and data" => {
            world.add_dataset(name(), PLACE, &ORIGINAL);
            stage(world, true);
        }
        "staging, verified, and data, not mounted" => {
            world.add_dataset(name(), PLACE, &ORIGINAL).mounted = None;
            stage(world, true);
        }
        "staging, and complete" => {
            complete(world);
            stage(world, true);
        }
        "foreign staging" => drop(world.add_dataset(staging, "/elsewhere", &ORIGINAL).guid),
        "within the swap" => {
            set_aside(world, true);
            stage(world, true);
        }
        "within the swap, staging lost" => set_aside(world, true),
        "within the swap, beside an old aside" => {
            set_aside(world, false);
            set_aside(world, true);
            stage(world, true);
        }
        "swapped, not complete" => {
            stage(world, true);
            let dataset = world.datasets_mut().remove(&staging).unwrap();
            world.datasets_mut().insert(name(), dataset);
        }
        other => panic!("{other}"),
    }
}
