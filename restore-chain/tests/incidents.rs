//! What has happened to people, and does not happen here: each test is named after what it prevents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use jiff::Timestamp;
use restore_chain::candidates::snapshot_name::Purpose;
use restore_chain::candidates::{
    Candidate, Method, Need, Policy, Rejection, Replica, Repository, Seen, restic,
};
use restore_chain::lineage::rollback::{self, Reach};
use restore_chain::lineage::{self, Lineage, Version};
use restore_chain::order::Limits;
use restore_chain::order::host::{Host, Place};
use restore_chain::preseed::{
    self, Block, Budget, Event, EventKind, MethodBudget, Occupant, Outcome, Pool, Preseed, Record,
    RecordKind, Verified, World as _,
};
use restore_chain::sim::{Behaviour, Crash, Moment, World};
use restore_chain::{
    Bootstrap, Candidates, Choice, Inventory, Owner, Service, Spec, Unmarked, drill, render,
};
use zfs_props::name::DatasetName;

const PLACE: &str = "/var/lib/sonarr";
const FILES: [(&str, &str); 2] = [("config.xml", "<Config/>"), ("sonarr.db", "42 series")];

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn service() -> Service {
    Service::new("sonarr", name("tank/services/sonarr"), PLACE.parse().unwrap())
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn seconds_ago(seconds: i64) -> i64 {
    now().as_second() - seconds
}

fn replica(world: &mut World) -> Choice {
    let chain = vec![world.add_copy("nas-1", &name("backup/sonarr"), &FILES)];
    Choice { chain, ..Choice::default() }
}

fn preseed(service: &Service, choice: &Choice) -> Preseed {
    Preseed::new(service, choice, &Budget::default()).unwrap()
}

fn seen(lineages: impl IntoIterator<Item = Lineage>) -> Seen<BTreeMap<DatasetName, Lineage>> {
    Seen::Here(lineages.into_iter().map(|lineage| (lineage.dataset.clone(), lineage)).collect())
}

fn autosnap(n: u64, creation: i64) -> Version {
    Version::snapshot(format!("autosnap_{n}"), n, n * 10, creation)
}

/// R1: a local restore is a clone of a snapshot, never a send of a dataset into itself.
#[test]
fn r01_a_dataset_is_never_sent_into_itself() {
    let mut inventory = Inventory::new("forge", now());
    inventory.local = seen([Lineage::new(service().dataset, vec![autosnap(1, seconds_ago(60))])]);
    let choice = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap();
    assert!(matches!(choice.chain[0].method, Method::Local { .. }));
    // And a replica that lies in what it is a replica of is refused when it is declared.
    let spec = "host = 'forge'\n[services.sonarr]\ndataset = 'tank/services/sonarr'\nmountpoint = '/var/lib/sonarr'\n\
                [replicas.self]\nsource = 'tank/services'\ntarget = 'tank/services/copies'\nrecursive = true\n";
    assert!(Spec::from_toml(spec).unwrap_err().to_string().contains("[self-replica]"));
}

/// R2: what a killed or failed restore left is staging, never taken for data.
#[test]
fn r02_half_a_restore_is_never_taken_for_data() {
    for moment in Moment::ALL {
        for act in 0..12 {
            let mut world = World::new();
            let choice = replica(&mut world);
            let restore = preseed(&service(), &choice);
            world.crash_at(Crash { act, moment });
            let Err(_) = restore.run(&mut world) else { continue };
            world.reboot();
            let outcome = restore.run(&mut world).unwrap().outcome;
            assert!(matches!(outcome, Outcome::Restored(_) | Outcome::Skipped(_)), "{outcome:?}");
            assert_eq!(world.read("/var/lib/sonarr/sonarr.db"), Some("42 series"));
        }
    }
}

/// R3: when everything failed, the service does not start with nothing.
#[test]
fn r03_all_failed_is_not_an_empty_start() {
    let mut world = World::new();
    let choice = replica(&mut world);
    world.fail("replica nas-1", Behaviour::Fails);
    let report = preseed(&service(), &choice).run(&mut world).unwrap();
    assert_eq!(report.outcome, Outcome::Blocked(Block::NothingRestored));
    assert!(world.dataset(&service().dataset).is_none());
}

/// R4: a service that has run on its dataset is never rolled back by a later run.
#[test]
fn r04_a_service_that_has_run_is_not_rolled_back() {
    let mut world = World::new();
    let local = world.add_local_snapshot("autosnap_1", &[("config.xml", "old")]);
    let choice = Choice { chain: vec![local], ..Choice::default() };
    let started = Service { bootstrap: Bootstrap::IfNothingExists, ..service() };
    let none = Choice::default();
    assert!(matches!(
        preseed(&started, &none).run(&mut world).unwrap().outcome,
        Outcome::StartedEmpty(_)
    ));
    let files = [("config.xml", "new")];
    world.datasets_mut().get_mut(&started.dataset).unwrap().files = std::sync::Arc::new(
        files.iter().map(|(p, c)| ((*p).to_owned(), (*c).to_owned())).collect(),
    );
    assert!(matches!(
        preseed(&started, &choice).run(&mut world).unwrap().outcome,
        Outcome::Skipped(_)
    ));
    assert_eq!(world.read("/var/lib/sonarr/config.xml"), Some("new"));
}

/// R5: a record is of exactly one kind, and a failure writes none.
#[test]
fn r05_a_failure_is_never_recorded_as_complete() {
    for failure in Behaviour::ALL.into_iter().filter(|one| *one != Behaviour::Works) {
        let mut world = World::new();
        world.add_dataset(service().dataset, PLACE, &[]);
        let choice = replica(&mut world);
        world.fail("replica nas-1", failure);
        let restore = preseed(&service(), &choice);
        assert!(restore.run(&mut world).unwrap().outcome.record().is_none(), "{failure:?}");
        let dataset = world.dataset(&service().dataset).unwrap();
        assert!(!dataset.local.contains_key(preseed::COMPLETE), "{failure:?}");
        world.heal();
        let report = restore.run(&mut world).unwrap();
        let kind = report.outcome.record().map(|record| &record.kind);
        assert!(matches!(kind, Some(RecordKind::Restored { .. })), "{failure:?}: {report}");
    }
}

/// R6: a tool that failed has not said that there is nothing.
#[test]
fn r06_an_error_is_not_an_absence() {
    let mut inventory = Inventory::new("forge", now());
    inventory.local = Seen::Failed("tail: command not found".to_owned());
    let none = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap_err();
    assert!(matches!(&none.rejected[0].why, Rejection::Unknown(why) if why.contains("tail")));
    let mut world = World::new();
    let may_start = Service { bootstrap: Bootstrap::IfNothingExists, ..service() };
    let report = preseed(&may_start, &Choice::from(none)).run(&mut world).unwrap();
    assert_eq!(report.outcome, Outcome::Blocked(Block::NothingRestored));
    // The same when nobody could look at the disk.
    world.fail_act("observe");
    let report = preseed(&may_start, &Choice::default()).run(&mut world).unwrap();
    assert!(matches!(report.outcome, Outcome::Blocked(Block::Unobservable(_))));
}

/// R7: two datasets at one mountpoint: one hides the other, with its records.
#[test]
fn r07_a_hidden_dataset_is_not_mistaken_for_the_seen_one() {
    let spec = "host = 'forge'\n[services.a]\ndataset = 'tank/postgres'\nmountpoint = '/var/lib/postgresql'\nbootstrap = 'if-nothing-exists'\n\
                [services.b]\ndataset = 'tank/postgresql'\nmountpoint = '/var/lib/postgresql/'\nbootstrap = 'if-nothing-exists'\n";
    assert!(Spec::from_toml(spec).unwrap_err().to_string().contains("[duplicate-mountpoint]"));
    let mut world = World::new();
    world.add_dataset(name("tank/other"), PLACE, &[("old", "hidden")]);
    world.add_dataset(service().dataset, PLACE, &[]);
    let choice = replica(&mut world);
    let report = preseed(&service(), &choice).run(&mut world).unwrap();
    assert_eq!(
        report.outcome,
        Outcome::Blocked(Block::SharedMountpoint(Occupant::Dataset(name("tank/other"))))
    );
}

/// D5: a service began without its dataset and wrote into the folder: what is restored must not cover that.
#[test]
fn d05_what_a_service_wrote_without_its_dataset_is_not_covered() {
    let mut world = World::new();
    let choice = replica(&mut world);
    world.write_below(PLACE);
    let report = preseed(&service(), &choice).run(&mut world).unwrap();
    let files = Occupant::Files(PLACE.to_owned());
    assert_eq!(report.outcome, Outcome::Blocked(Block::SharedMountpoint(files)));
    assert_eq!(
        report.to_string(),
        format!(
            "sonarr: must not start: files in {PLACE} itself would be covered by the dataset: see whose they are, and move them away"
        )
    );
    assert!(world.datasets().is_empty());
}

/// R8: a record does not depend on the version of anything, and R9: it says whether data was restored or was there.
#[test]
fn r08_r09_a_record_outlives_versions_and_tells_restored_from_adopted() {
    assert!(!preseed::COMPLETE.chars().any(|c| c.is_ascii_digit()));
    let mut world = World::new();
    world.add_dataset(service().dataset, PLACE, &FILES);
    let adopts = Service { unmarked: Unmarked::Adopt, ..service() };
    let report = preseed(&adopts, &Choice::default()).run(&mut world).unwrap();
    let Outcome::Adopted(record) = report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(record.kind, RecordKind::Adopted);
    // A later release may write more; this one still reads it.
    let newer = format!("{record};flavour=17");
    assert_eq!(newer.parse::<Record>().unwrap(), record);
}

/// R10: a protective snapshot is destroyed by the rollback that it should protect from.
#[test]
fn r10_a_safety_copy_survives_what_it_protects_from() {
    let snapshots = vec![
        autosnap(1, 0),
        autosnap(2, 60),
        Version::snapshot("preseed_protect_rollback_3", 3, 30, 120),
    ];
    let dataset = Lineage::new(service().dataset, snapshots);
    let rollback = rollback::check(&dataset, "autosnap_1", Reach::Newer, None).unwrap();
    assert!(
        rollback.destroys.iter().any(|gone| gone.name.starts_with("preseed_protect")),
        "the preview says so"
    );
    // The preseed never rolls back: what was there is aside, whole, afterwards.
    let mut world = World::new();
    let guid = world.add_dataset(service().dataset, PLACE, &[]).guid;
    let local = world.add_local_snapshot("autosnap_1", &FILES);
    let choice = Choice { chain: vec![local], ..Choice::default() };
    assert!(matches!(
        preseed(&service(), &choice).run(&mut world).unwrap().outcome,
        Outcome::Restored(_)
    ));
    assert!(world.dataset(&preseed::aside(&service().dataset, guid).unwrap()).is_some());
}

/// R11: what a snapshot is for is told by its real name, and what tools took for themselves is no way back.
#[test]
fn r11_temporary_and_protective_snapshots_are_no_way_back() {
    for (name, purpose) in [
        ("autosnap_2026-11-21_09:13:47_daily", Purpose::Scheduled),
        ("sanoid_daily", Purpose::Other),
        ("syncoid_forge_2026-11-21:09:13:47-GMT00:00", Purpose::Replication),
        ("backup-service-sonarr", Purpose::Temporary),
        ("preseed_protect_rollback_1763715600", Purpose::Protective),
        ("before-upgrade", Purpose::Other),
    ] {
        assert_eq!(Purpose::of(name), purpose, "{name}");
    }
    let newer = |name: &str, n: u64| {
        Version::snapshot(name, n, n * 10, seconds_ago(60) + i64::try_from(n).unwrap())
    };
    let versions = vec![
        autosnap(1, seconds_ago(3600)),
        newer("backup-service-sonarr", 2),
        newer("preseed_protect_1", 3),
    ];
    let mut inventory = Inventory::new("forge", now());
    inventory.local = seen([Lineage::new(service().dataset, versions)]);
    let choice = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap();
    assert_eq!(choice.chain[0].id, "local @autosnap_1");
    assert_eq!(
        choice.rejected.iter().filter(|rejected| rejected.why == Rejection::Purpose).count(),
        2
    );
}

/// R12: the newest snapshot of a child is not the newest of the dataset.
#[test]
fn r12_snapshots_of_children_are_not_of_the_dataset() {
    let list = "tank/services/sonarr@autosnap_1\t1\t10\t1795200000\ntank/services/sonarr/cache@autosnap_2\t2\t20\t1795260000\n";
    let mut inventory = Inventory::new("forge", now());
    inventory.local =
        Seen::Here(lineage::read::table(list, "name,guid,createtxg,creation").unwrap());
    let choice = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap();
    assert_eq!(choice.chain[0].id, "local @autosnap_1");
}

/// R13: a dataset that is not mounted is not empty.
#[test]
fn r13_emptiness_is_judged_only_where_the_dataset_is_mounted() {
    let mut world = World::new();
    world.add_dataset(service().dataset, PLACE, &FILES).mounted = None;
    let choice = replica(&mut world);
    let restore = preseed(&service(), &choice);
    world.fail_act("mount");
    assert_eq!(restore.run(&mut world).unwrap().outcome, Outcome::Blocked(Block::CannotTell));
    world.heal();
    assert_eq!(restore.run(&mut world).unwrap().outcome, Outcome::NeedsAdoption);
    assert_eq!(world.read("/var/lib/sonarr/sonarr.db"), Some("42 series"));
}

/// R14: a record that was inherited, or came along with a stream, does not count.
#[test]
fn r14_only_a_local_record_with_the_own_guid_counts() {
    for local in [false, true] {
        let mut world = World::new();
        let dataset = world.add_dataset(service().dataset, PLACE, &[]);
        let record = Record {
            guid: dataset.guid + u64::from(local),
            kind: RecordKind::Adopted,
            at: now(),
            seconds: 0,
        };
        let properties = if local { &mut dataset.local } else { &mut dataset.inherited };
        properties.insert(preseed::COMPLETE.to_owned(), record.to_string());
        let choice = replica(&mut world);
        let report = preseed(&service(), &choice).run(&mut world).unwrap();
        assert!(matches!(report.outcome, Outcome::Restored(_)), "{:?}", report.outcome);
    }
}

/// R15: a pool that has lost a disk does not keep complete services from starting.
#[test]
fn r15_a_degraded_pool_does_not_block_what_is_complete() {
    let mut world = World::new();
    let choice = replica(&mut world);
    let restore = preseed(&service(), &choice);
    restore.run(&mut world).unwrap();
    world.set_pool(Pool::Degraded);
    assert!(matches!(restore.run(&mut world).unwrap().outcome, Outcome::Skipped(_)));
    // Nor does it keep others from coming back.
    let mut world = World::new();
    let choice = replica(&mut world);
    world.set_pool(Pool::Degraded);
    assert!(matches!(
        preseed(&service(), &choice).run(&mut world).unwrap().outcome,
        Outcome::Restored(_)
    ));
    world.set_pool(Pool::Unavailable);
    assert_eq!(
        preseed(&service(), &choice).run(&mut world).unwrap().outcome,
        Outcome::Blocked(Block::Pool)
    );
}

/// A new pool has no `tank/services` yet: a receive does not make it, and what did would bring an older copy back.
#[test]
fn without_the_dataset_above_no_older_copy_comes_back() {
    let mut world = World::new();
    let choice = replica(&mut world);
    world.set_parents(false);
    let blocked = preseed(&service(), &choice).run(&mut world).unwrap().outcome;
    let parent = service().dataset.parent().unwrap();
    assert_eq!(blocked, Outcome::Blocked(Block::NoParent(parent)));
    assert!(world.datasets().is_empty());
    world.set_parents(true);
    assert!(matches!(
        preseed(&service(), &choice).run(&mut world).unwrap().outcome,
        Outcome::Restored(_)
    ));
}

/// R16: a method that hangs for the unit's whole time leaves none for the next one.
#[test]
fn r16_budgets_that_cannot_reach_the_fallback_are_refused() {
    let mut world = World::new();
    let mut choice = replica(&mut world);
    choice.chain.push(world.add_repository("b2", &PLACE.parse().unwrap(), &FILES));
    let fallback = MethodBudget { timeout: 1800, attempts: 1, pause: 0 };
    let budget = Budget { unit: 1800, fallback, ..Budget::default() };
    let error = Preseed::new(&service(), &choice, &budget).unwrap_err().to_string();
    assert!(error.contains("replica nas-1 would never be tried"), "{error}");
    // With enough of it, the fallback is reached although the first one hangs.
    world.fail("replica nas-1", Behaviour::Hangs);
    let report = preseed(&service(), &choice).run(&mut world).unwrap();
    assert!(matches!(report.outcome, Outcome::Restored(_)));
    assert!(report.seconds < Budget::default().unit);
}

/// R17: what one method needs is not what the unit needs.
#[test]
fn r17_every_method_can_be_reached_when_another_ones_needs_are_missing() {
    let mut world = World::new();
    let mut choice = replica(&mut world);
    choice.chain.push(world.add_repository("nas-primary", &PLACE.parse().unwrap(), &FILES));
    let restore = preseed(&service(), &choice);
    let run = restore_chain::command::Command::new(["preseed", "sonarr"]);
    let unit = &render::systemd::units(&restore, &run)[0].text;
    assert!(!unit.contains("Requires=") && !unit.contains("RequiresMountsFor="), "{unit}");
    for broken in ["replica nas-1", "restic nas-primary"] {
        let mut world = world.clone();
        world.fail(broken, Behaviour::Absent);
        assert!(
            matches!(restore.run(&mut world).unwrap().outcome, Outcome::Restored(_)),
            "without {broken}"
        );
    }
    assert!(restore.warnings().is_empty());
    let both: Vec<Candidate> = choice
        .chain
        .iter()
        .cloned()
        .map(|mut one| {
            one.needs.push(Need::Network);
            one
        })
        .collect();
    let warned = preseed(&service(), &Choice { chain: both, ..Choice::default() }).warnings();
    assert_eq!(
        warned[0].to_string(),
        "every way back needs the network: without it, all of them fail at once"
    );
}

fn repository(snapshots: &str) -> Repository {
    Repository {
        name: "nas-primary".to_owned(),
        url: "/mnt/nas-backup".to_owned(),
        password_file: "/run/secrets/restic".parse().unwrap(),
        environment_file: None,
        remote: false,
        jobs: BTreeMap::from([(
            "sonarr".to_owned(),
            (
                vec!["sonarr".to_owned()],
                "/var/lib/backup-snapshots/service-sonarr".parse().unwrap(),
            ),
        )]),
        rate: None,
        snapshots: Seen::Here(restic::read(snapshots).unwrap()),
    }
}

/// R18: the snapshot is the job's own, and its content lands at the mountpoint, not below it.
#[test]
fn r18_the_right_snapshot_lands_at_the_right_place() {
    let snapshot = |id: &str, time: &str, host: &str, path: &str, tag: &str| {
        format!(
            "{{\"id\":\"{id}\",\"time\":\"{time}\",\"hostname\":\"{host}\",\"paths\":[\"{path}\"],\"tags\":[\"{tag}\"]}}"
        )
    };
    let root = "/var/lib/backup-snapshots/service-sonarr";
    let list = [
        snapshot("aaaaaaaa1", "2026-11-21T02:00:00+01:00", "forge", root, "sonarr"),
        snapshot("bbbbbbbb2", "2026-11-21T03:00:00+01:00", "forge", "/var/lib/radarr", "radarr"),
        snapshot("cccccccc3", "2026-11-21T04:00:00+01:00", "luna", root, "sonarr"),
        snapshot("dddddddd4", "2027-01-01T00:00:00Z", "forge", root, "sonarr"),
        snapshot("eeeeeeee5", "2026-11-20T02:00:00Z", "forge", root, "sonarr"),
    ];
    let mut inventory = Inventory::new("forge", now());
    inventory.repositories.push(repository(&format!("[{}]", list.join(","))));
    let choice = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap();
    assert_eq!(choice.chain.len(), 1);
    let Method::Restic { url, password_file, snapshot, root, .. } = &choice.chain[0].method else {
        panic!()
    };
    assert_eq!(snapshot, "aaaaaaaa1");
    let command = restic::restore(url, password_file, snapshot, root, PLACE).to_string();
    assert!(
        command.ends_with(
            "restore aaaaaaaa1:/var/lib/backup-snapshots/service-sonarr --target /var/lib/sonarr"
        ),
        "{command}"
    );
    let why: Vec<String> = choice
        .rejected
        .iter()
        .map(|rejected| format!("{} {}", rejected.id, rejected.why))
        .collect();
    let why = why.join("\n");
    for expected in [
        "dddddddd is of the future",
        "cccccccc is of host luna",
        "bbbbbbbb is of another job",
        "eeeeeeee is older",
    ] {
        assert!(why.contains(expected), "{expected} in\n{why}");
    }
}

/// R19: a secret that lies on what it is needed to restore.
#[test]
fn r19_the_bootstrap_trap_is_named() {
    let mut inventory = Inventory::new("forge", now());
    let mut nas = Replica::new("nas-1", name("rpool/safe/persist"), name("backup/persist"));
    nas.key = Some("/persist/etc/ssh/replication".parse().unwrap());
    nas.datasets = seen([Lineage::new(name("backup/persist"), vec![autosnap(1, seconds_ago(60))])]);
    inventory.replicas.push(nas);
    let persist = Service::new("persist", name("rpool/safe/persist"), "/persist".parse().unwrap());
    let none = Candidates::discover(&inventory, &persist).choose(&Policy::default()).unwrap_err();
    assert!(
        none.to_string()
            .contains("needs /persist/etc/ssh/replication, which lies on rpool/safe/persist"),
        "{none}"
    );
    // Through others: sonarr needs the key on /persist, which needs the password on sonarr's dataset.
    let candidate = |needs: &[&str]| {
        let mut world = World::new();
        let mut candidate = world.add_copy("nas-1", &name("backup/x"), &[]);
        candidate.needs = needs.iter().map(|path| Need::Secret(path.parse().unwrap())).collect();
        Some(candidate)
    };
    let place = |dataset: &str, path: &str, needs: &[&str]| Place {
        from: candidate(needs),
        ..Place::new(name(dataset), Some(path.parse().unwrap()))
    };
    let host = Host {
        places: vec![
            place("rpool/persist", "/persist", &["/var/lib/sonarr/password"]),
            place("tank/sonarr", "/var/lib/sonarr", &["/persist/key"]),
        ],
        ..Host::default()
    };
    let graph = host.graph();
    let cycles = graph.order(&Limits::default()).unwrap_err();
    assert!(cycles.0[0].is_bootstrap_trap());
    assert!(cycles.to_string().starts_with("bootstrap trap"), "{cycles}");
}

/// R20: data without a record is somebody's.
#[test]
fn r20_unmarked_data_is_never_replaced() {
    let mut world = World::new();
    world.add_dataset(service().dataset, PLACE, &[("sonarr.db", "newest")]);
    let choice = replica(&mut world);
    assert_eq!(
        preseed(&service(), &choice).run(&mut world).unwrap().outcome,
        Outcome::NeedsAdoption
    );
    assert_eq!(world.read("/var/lib/sonarr/sonarr.db"), Some("newest"));
}

/// R21: what is put back is what was set aside, by its guid, and not what has a similar name.
#[test]
fn r21_the_right_dataset_is_put_back() {
    let mut world = World::new();
    let old = name("tank/services/sonarr.restore-aside-00000000000000ff");
    world.add_dataset(old.clone(), "/elsewhere", &[("old", "of another time")]);
    let guid = world.add_dataset(service().dataset, PLACE, &[]).guid;
    let choice = replica(&mut world);
    world.fail_act("swap-in");
    let report = preseed(&service(), &choice).run(&mut world).unwrap();
    assert!(
        matches!(report.outcome, Outcome::Blocked(Block::Act { act: "swap-in", .. })),
        "{:?}",
        report.outcome
    );
    assert_eq!(world.dataset(&service().dataset).unwrap().guid, guid);
    assert_eq!(world.dataset(&old).unwrap().files.len(), 1);
}

/// R22: of two runs, one.
#[test]
fn r22_a_second_run_does_nothing() {
    let mut world = World::new();
    let choice = replica(&mut world);
    assert!(world.lock(&service()).unwrap());
    let restore = preseed(&service(), &choice);
    assert_eq!(restore.run(&mut world).unwrap().outcome, Outcome::Busy);
    assert!(world.datasets().is_empty());
    assert_eq!(world.told()[0].kind, EventKind::Skipped);
    // The lock of a process that is gone is gone with it.
    world.restart();
    assert!(matches!(restore.run(&mut world).unwrap().outcome, Outcome::Restored(_)));
}

/// R23: links are not followed, and trees of several owners stay as they are.
#[test]
fn r23_owners_are_given_to_nothing_outside() {
    let owner = Owner { user: "sonarr".to_owned(), group: "media".to_owned(), recursive: true };
    let command = preseed::chown(&owner, PLACE, &[]).to_string();
    assert_eq!(command, "chown --no-dereference --recursive -P -- sonarr:media /var/lib/sonarr");
    let mut world = World::new();
    let choice = replica(&mut world);
    preseed(&service(), &choice).run(&mut world).unwrap();
    assert_eq!(world.dataset(&service().dataset).unwrap().owner, None);
}

/// R24: complete is what is mounted.
#[test]
fn r24_a_failed_mount_is_not_complete() {
    let mut world = World::new();
    let choice = replica(&mut world);
    world.fail_act("mount");
    let report = preseed(&service(), &choice).run(&mut world).unwrap();
    assert!(matches!(report.outcome, Outcome::Blocked(Block::Act { act: "mount", .. })));
    assert!(!world.dataset(&service().dataset).unwrap().local.contains_key(preseed::COMPLETE));
}

/// R25: nobody listens, and nothing changes.
#[test]
fn r25_a_failed_notification_changes_nothing() {
    let mut world = World::new();
    let choice = replica(&mut world);
    world.fail_act("tell");
    let restore = preseed(&service(), &choice);
    let report = restore.run(&mut world).unwrap();
    assert!(matches!(report.outcome, Outcome::Restored(_)));
    assert!(report.untold.is_some());
    assert!(matches!(restore.run(&mut world).unwrap().outcome, Outcome::Skipped(_)));
}

/// R26: a first failure is an event like every other.
#[test]
fn r26_the_first_failure_is_told() {
    let mut world = World::new();
    let choice = replica(&mut world);
    world.fail("replica nas-1", Behaviour::Fails);
    preseed(&service(), &choice).run(&mut world).unwrap();
    let event: &Event = &world.told()[0];
    assert_eq!(event.kind, EventKind::Failure);
    let text = &event.fields.iter().find(|(name, _)| *name == "errorMessage").unwrap().1;
    assert!(
        text.contains("must not start") && !text.contains("empty data") && !text.contains('$'),
        "{text}"
    );
}

/// R27: a dataset below one that is replicated alone has no replica.
#[test]
fn r27_replication_is_inherited_only_if_it_is_recursive() {
    let mut nas = Replica::new("nas-1", name("tank/services"), name("backup/forge"));
    assert_eq!(nas.of(&service().dataset), None);
    nas.recursive = true;
    assert_eq!(nas.of(&service().dataset), Some(name("backup/forge/sonarr")));
    // And what it would be called has to be there.
    nas.datasets = seen([]);
    let mut inventory = Inventory::new("forge", now());
    inventory.replicas.push(nas);
    let none = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap_err();
    assert!(
        none.rejected
            .iter()
            .any(|rejected| rejected.id == "replica nas-1" && rejected.why == Rejection::Absent)
    );
}

/// R28: properties of the replica stay there; the declared ones are set.
#[test]
fn r28_a_restored_dataset_has_the_declared_properties() {
    let mut world = World::new();
    let choice = replica(&mut world);
    let properties =
        vec![("recordsize".to_owned(), "16K".to_owned()), ("canmount".to_owned(), "on".to_owned())];
    let declared = Service { properties: properties.clone(), ..service() };
    preseed(&declared, &choice).run(&mut world).unwrap();
    let dataset = world.dataset(&declared.dataset).unwrap();
    for (name, value) in &properties {
        assert_eq!(dataset.local.get(name), Some(value));
    }
    assert_eq!((dataset.mountpoint.as_deref(), dataset.armed), (Some(PLACE), true));
}

/// R29: looking for a snapshot does not depend on how many there are, or in which order.
#[test]
fn r29_long_lists_are_read_to_their_end() {
    let mut lines: Vec<String> = (1..=20_000)
        .map(|n| {
            format!("tank/services/sonarr@autosnap_{n}\t{n}\t{n}\t{}\n", seconds_ago(30_000 - n))
        })
        .collect();
    let newest = |text: &str| {
        let lineages = lineage::read::table(text, "name,guid,createtxg,creation").unwrap();
        lineages[&service().dataset].newest().unwrap().name.clone()
    };
    assert_eq!(newest(&lines.concat()), "autosnap_20000");
    lines.reverse();
    assert_eq!(newest(&lines.concat()), "autosnap_20000");
}

/// R30: a loss is made in the model, not by moving a mountpoint away.
#[test]
fn r30_losses_are_injected_in_the_model() {
    let mut world = World::new();
    let choice = replica(&mut world);
    let restore = preseed(&service(), &choice);
    restore.run(&mut world).unwrap();
    world.datasets_mut().remove(&service().dataset);
    assert!(matches!(restore.run(&mut world).unwrap().outcome, Outcome::Restored(_)));
    // A drill does the same elsewhere, and touches nothing of the service.
    let scratch =
        drill::scratch(&service(), &name("tank/drills"), &"/run/drills".parse().unwrap()).unwrap();
    let report = preseed(&scratch, &choice).run(&mut world).unwrap();
    let evidence = drill::Evidence::of(&service(), &choice.chain, &report, now());
    assert!(evidence.passed && evidence.source.as_deref() == Some("replica nas-1"));
    assert_eq!(world.read("/run/drills/sonarr/sonarr.db"), Some("42 series"));
}

/// R31: what was set aside is destroyed with its snapshots, later, and only when all is well.
#[test]
fn r31_a_release_counts_in_snapshots() {
    let mut world = World::new();
    world.add_dataset(service().dataset, PLACE, &[]);
    let choice = replica(&mut world);
    let restore = preseed(&service(), &choice);
    let policy = preseed::release::Policy { after: 86_400 };
    let before = world.observe(&service()).unwrap();
    assert_eq!(
        preseed::release::plan(&service(), &before, &BTreeMap::new(), policy, now()),
        Err(preseed::release::Kept::Incomplete)
    );
    restore.run(&mut world).unwrap();
    let sight = world.observe(&service()).unwrap();
    let completed = sight.target.as_ref().unwrap().complete.as_ref().unwrap().at;
    assert_eq!(
        preseed::release::plan(&service(), &sight, &BTreeMap::new(), policy, completed),
        Err(preseed::release::Kept::TooSoon)
    );
    let later = completed.checked_add(jiff::SignedDuration::from_hours(48)).unwrap();
    let releases =
        preseed::release::plan(&service(), &sight, &BTreeMap::new(), policy, later).unwrap();
    assert_eq!(releases[0].to_string(), format!("zfs destroy -r {}", sight.asides[0].name));

    // What stems from a snapshot of what was set aside is promoted first, as often as it has to be.
    let aside = |guid: u64| preseed::aside(&service().dataset, guid).unwrap();
    let mut sight = sight;
    sight.asides = [1, 2, 3]
        .map(|guid| preseed::Aside { name: aside(guid), of: service().dataset, guid })
        .into();
    let origins =
        BTreeMap::from([(service().dataset, aside(2)), (aside(2), aside(1)), (aside(1), aside(3))]);
    let text = |origins: &BTreeMap<DatasetName, DatasetName>| {
        let releases = preseed::release::plan(&service(), &sight, origins, policy, later).unwrap();
        releases.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(text(&origins).matches("zfs promote tank/services/sonarr\n").count(), 3);
    let clones = BTreeMap::from([(aside(2), aside(1)), (aside(3), aside(2))]);
    let destroyed = [3, 2, 1].map(|guid| format!("zfs destroy -r {}", aside(guid)));
    assert_eq!(text(&clones), destroyed.join("\n"));
    // A service that started empty has nothing that could replace what was set aside.
    let record = sight.target.as_mut().unwrap().complete.as_mut().unwrap();
    record.kind = RecordKind::Empty;
    assert_eq!(
        preseed::release::plan(&service(), &sight, &clones, policy, later),
        Err(preseed::release::Kept::StartedEmpty)
    );
}

/// The freshest copy of an emptied dataset is a snapshot of its emptiness: another one comes back, or the service waits.
#[test]
fn a_copy_with_nothing_in_it_is_not_restored() {
    let service = service();
    let place = service.mountpoint.to_string();
    let mut world = World::new();
    world.add_dataset(service.dataset.clone(), &place, &[]);
    let local = world.add_local_snapshot("autosnap_after_the_loss", &[]);
    let replica = world.add_copy("nas-1", &"backup/x".parse().unwrap(), &[("db", "42")]);
    let run = |world: &mut World, chain: &[&Candidate]| {
        let chain = chain.iter().map(|one| (*one).clone()).collect();
        let choice = Choice { chain, ..Choice::default() };
        Preseed::new(&service, &choice, &Budget::default()).unwrap().run(world).unwrap()
    };
    let report = run(&mut world, &[&local]);
    assert_eq!(report.outcome, Outcome::Blocked(Block::NothingRestored), "{report}");
    let report = run(&mut world, &[&local, &replica]);
    assert!(matches!(report.outcome, Outcome::Restored(_)), "{report}");
    assert_eq!(world.read(&format!("{place}/db")), Some("42"));
}

/// What nobody could look into before, for want of its key, is looked at where it is mounted.
#[test]
fn what_came_back_empty_is_not_complete() {
    let service = service();
    let point = now();
    for (files, complete) in [(&[][..], false), (&[("db", "42")][..], true)] {
        let mut world = World::new();
        let dataset =
            world.add_dataset(service.dataset.clone(), service.mountpoint.as_str(), files);
        let verified = Verified {
            guid: dataset.guid,
            candidate: "replica nas-1".to_owned(),
            point,
            at: point,
        };
        dataset.local.insert(preseed::VERIFIED.to_owned(), verified.to_string());
        let restore = Preseed::new(&service, &Choice::default(), &Budget::default()).unwrap();
        let outcome = restore.run(&mut world).unwrap().outcome;
        assert_eq!(outcome.record().is_some(), complete, "{outcome:?}");
        assert_eq!(outcome == Outcome::Blocked(Block::NothingInIt), !complete);
    }
}
