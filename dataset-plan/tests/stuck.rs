//! Where only a person can say which copy counts, or what belongs to it, a migration says so and does nothing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use dataset_plan::Observed;
use dataset_plan::migration::{From, Migration, NotNow, Step, Stuck};

const PATH: &str = "/var/lib/sonarr";
const NEW: &str = "tank/services/sonarr";
const OLD: &str = "tank/old";
/// Long after the switch.
const NOW: u64 = 1_800_000_000;

fn migration(from: From) -> Migration {
    Migration {
        from,
        to: NEW.parse().unwrap(),
        path: PATH.into(),
        properties: Vec::new(),
        services: Vec::new(),
        backup: None,
        hold: Migration::HOLD,
    }
}

/// Text of a machine with the old dataset, and the new one with a marker; each is mounted, or not.
fn switched(marker: &str, old: (&str, &str), more: &str) -> Observed {
    let (place, mounted) = old;
    let text = format!(
        "tank type filesystem - -\ntank mountpoint none - local\n\
         {OLD} type filesystem - -\n{OLD} mounted {mounted} - -\n{OLD} mountpoint {place} - local\n{more}\
         {NEW} type filesystem - -\n{NEW} mounted yes - -\n{NEW} mountpoint {PATH} - local\n"
    );
    let marker = format!("{NEW}\t{}\t{marker} {OLD}\t-\tlocal\n", Migration::MARKER);
    Observed::from_zfs_get(text.replace(' ', "\t") + &marker).unwrap()
}

/// Somebody put the old copy back and used it: no marker tells which one is newer.
#[test]
fn an_old_copy_that_is_in_its_place_again_is_not_covered_or_destroyed() {
    let migration = migration(From::Dataset(OLD.parse().unwrap()));
    let grants = BTreeSet::from([OLD.to_owned()]);
    let there = switched("switched@1", (PATH, "yes"), "");
    let next = migration.next(&there, &BTreeSet::new(), NOW, &grants);
    assert!(matches!(next, Err(NotNow::Stuck(Stuck::Both { .. }))), "{next:?}");
}

#[test]
fn files_in_the_directory_of_an_old_copy_that_is_not_mounted_are_not_covered() {
    let migration = migration(From::Dataset(OLD.parse().unwrap()));
    let there = switched("seeded", (PATH, "no"), "");
    let state = migration.state(&there, &BTreeSet::from([PATH.to_owned()]));
    assert!(matches!(state, Err(Stuck::Both { .. })), "{state:?}");
}

#[test]
fn what_is_mounted_inside_is_not_mixed_into_the_copy() {
    let migration = migration(From::Dataset(OLD.parse().unwrap()));
    for place in [PATH.to_owned(), format!("{PATH}/media")] {
        let other = format!(
            "tank/media type filesystem - -\ntank/media mounted yes - -\ntank/media mountpoint {place} - local\n"
        );
        let state = migration.state(&switched("seeded", (PATH, "yes"), &other), &BTreeSet::new());
        assert!(matches!(state, Err(Stuck::Covered { .. })), "{state:?}");
    }
}

#[test]
fn snapshots_of_the_old_copy_go_by_their_own_names_alone() {
    let migration = migration(From::Dataset(OLD.parse().unwrap()));
    let away = migration.kept();
    let there = switched("switched@1", (&away, "yes"), &format!("{OLD}@monday guid 7 - -\n"));
    let next = |grants: &[&str]| {
        let grants = grants.iter().map(|grant| (*grant).to_owned()).collect();
        migration.next(&there, &BTreeSet::new(), NOW, &grants)
    };
    let monday = format!("{OLD}@monday");
    assert_eq!(next(&[OLD]).unwrap_err(), NotNow::Snapshots(vec![monday.clone()]));
    assert_eq!(next(&[OLD, &monday]).unwrap().step, Step::Retire);
}

#[test]
fn a_path_that_cannot_be_mounted_at_is_refused_before_anything_is_done() {
    for bad in ["", "var/lib", "/", "/srv/", "/srv//a", "/srv/../a"] {
        let mut migration = migration(From::Directory);
        migration.path = bad.into();
        let state = migration.state(&Observed::default(), &BTreeSet::from([bad.to_owned()]));
        assert_eq!(state, Err(Stuck::BadPath(bad.into())));
    }
}
