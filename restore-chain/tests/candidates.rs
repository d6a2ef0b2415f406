//! Every way back, in order, with what it loses; and why others are none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use jiff::Timestamp;
use restore_chain::candidates::restic::{ResticSnapshot, Summary};
use restore_chain::candidates::{
    Consequence, Kind, Order, Policy, Rejection, Replica, Repository, Seen,
};
use restore_chain::drill::{Evidence, Trial};
use restore_chain::lineage::{Lineage, Version};
use restore_chain::path::AbsolutePath;
use restore_chain::preseed::{
    self, Block, Budget, Content, MethodBudget, Outcome, Preseed, Warning, World as _,
};
use restore_chain::sim::{Behaviour, Crash, Moment, World};
use restore_chain::{Bootstrap, Candidates, Choice, Inventory, Service, Spec, Unmarked, drill};
use zfs_props::name::DatasetName;

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn path(text: &str) -> AbsolutePath {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn service() -> Service {
    Service::new("sonarr", name("tank/services/sonarr"), path("/var/lib/sonarr"))
}

fn seen(dataset: &str, ages: &[i64]) -> Seen<BTreeMap<DatasetName, Lineage>> {
    let version = |(n, age): (u64, &i64)| {
        let version = Version::snapshot(format!("autosnap_{n}"), n, n, now().as_second() - age);
        Version { written: Some(1_000_000), ..version }
    };
    let versions = (1..).zip(ages).map(version).collect();
    Seen::Here([(name(dataset), Lineage::new(name(dataset), versions))].into())
}

/// A snapshot on the replica, one in the repository, the dataset itself new and empty.
fn inventory() -> Inventory {
    let mut inventory = Inventory::new("forge", now());
    inventory.local = seen("tank/services/sonarr", &[]);
    let mut nas = Replica::new("nas-1", name("tank/services/sonarr"), name("backup/sonarr"));
    (nas.rate, nas.key) = (Some(100_000), Some(path("/persist/replication")));
    nas.datasets = seen("backup/sonarr", &[3600, 900]);
    inventory.replicas.push(nas);
    inventory.repositories.push(Repository {
        name: "b2".to_owned(),
        url: "/mnt/b2".to_owned(),
        password_file: path("/run/secrets/restic"),
        environment_file: None,
        remote: true,
        jobs: BTreeMap::from([("sonarr".to_owned(), (Vec::new(), path("/var/lib/sonarr")))]),
        rate: Some(1000),
        snapshots: Seen::Here(vec![ResticSnapshot {
            id: "a".repeat(64),
            time: now() - jiff::SignedDuration::from_hours(9),
            hostname: "forge".to_owned(),
            paths: vec!["/var/lib/sonarr".to_owned()],
            tags: Vec::new(),
            summary: Some(Summary { total_bytes_processed: 7_200_001 }),
        }]),
    });
    inventory
}

fn ids(choice: &Choice) -> Vec<&str> {
    choice.chain.iter().map(|candidate| candidate.id.as_str()).collect()
}

fn why<'c>(choice: &'c Choice, id: &str) -> &'c Rejection {
    &choice.rejected.iter().find(|rejected| rejected.id == id).unwrap().why
}

/// The order of the seeds would take older data although fresher is there; the choice says what that costs.
#[test]
fn a_fixed_order_says_what_it_loses() {
    let mut inventory = inventory();
    inventory.replicas[0].datasets = seen("backup/sonarr", &[7200]);
    inventory.local = seen("tank/services/sonarr", &[300]);
    let candidates = Candidates::discover(&inventory, &service());
    let fixed = Policy {
        order: Order::Fixed(vec![Kind::Replica, Kind::Local, Kind::Restic]),
        ..Policy::default()
    };
    let text = candidates.choose(&fixed).unwrap().to_string();
    assert!(text.contains("would lose 1 h 55 min less"), "{text}");
    // It comes back as a clone, which no replica can follow.
    assert!(text.contains("replicas wait for the release of what is set aside: would"), "{text}");
    assert_eq!(candidates.choose(&Policy::default()).unwrap().chain[0].id, "local @autosnap_1");
}

/// Bytes by the declared rate, rounded up: of a replica what its snapshots wrote, of restic the size of the files.
#[test]
fn a_declared_rate_gives_the_time() {
    let choice = Candidates::discover(&inventory(), &service()).choose(&Policy::default()).unwrap();
    assert_eq!(ids(&choice), ["replica nas-1", "restic b2 aaaaaaaa"]);
    let cost = |nth: usize| (choice.chain[nth].bytes, choice.chain[nth].seconds);
    assert_eq!(cost(0), (Some(2_000_000), Some(20)));
    assert_eq!(cost(1), (Some(7_200_001), Some(7201)));
    assert!(
        choice
            .to_string()
            .contains("restic b2 aaaaaaaa as of 2026-11-21T03:00:00Z, about 2 h, replicas"),
        "{choice}"
    );
    // The fastest within a day; and a way back that is slower than its budget is named.
    let fastest = Policy { order: Order::FastestWithin(86_400), ..Policy::default() };
    let mut slow = inventory();
    slow.replicas[0].rate = Some(100);
    let choice = Candidates::discover(&slow, &service()).choose(&fastest).unwrap();
    assert_eq!(ids(&choice), ["restic b2 aaaaaaaa", "replica nas-1"]);
    let warnings = Preseed::new(&service(), &choice, &Budget::default()).unwrap().warnings();
    let slow = |candidate: &str, seconds| Warning::TooSlow {
        candidate: candidate.to_owned(),
        seconds,
        timeout: 1800,
    };
    assert_eq!(warnings, [slow("restic b2 aaaaaaaa", 7201), slow("replica nas-1", 20_000)]);
}

/// What `restic snapshots --json` prints with and without a summary (restic 0.17 and 0.14), and `restic stats`.
#[test]
fn the_size_of_a_restic_snapshot_is_read() {
    let list = r#"[{"time":"2026-11-21T03:00:00Z","tree":"e5","paths":["/x"],"hostname":"forge","id":"1f"},
        {"time":"2026-11-21T04:00:00Z","tree":"e5","paths":["/x"],"hostname":"forge","id":"2f",
         "summary":{"files_new":2,"total_files_processed":2,"total_bytes_processed":4096}}]"#;
    let read = restore_chain::candidates::restic::read(list).unwrap();
    assert_eq!(read.iter().map(ResticSnapshot::bytes).collect::<Vec<_>>(), [None, Some(4096)]);
    let stats = Summary::from_stats(r#"{"total_size":4096,"total_file_count":2}"#).unwrap();
    assert_eq!(stats.total_bytes_processed, 4096);
}

/// Data that is there is adopted or left alone, and everything else would be in its way.
#[test]
fn data_that_is_there_comes_before_every_copy() {
    let mut inventory = inventory();
    let adopts = Service { unmarked: Unmarked::Adopt, ..service() };
    let choose = |inventory: &Inventory, service: &Service| {
        Candidates::discover(inventory, service).choose(&Policy::default())
    };
    let unlooked = choose(&inventory, &adopts).unwrap();
    assert_eq!(*why(&unlooked, "adopt"), Rejection::NotLookedAt);
    for (content, rejection) in
        [(Content::Empty, Rejection::Nothing), (Content::Unknown, Rejection::NotMounted)]
    {
        inventory.contents.insert(adopts.dataset.clone(), Seen::Here(content));
        let choice = choose(&inventory, &adopts).unwrap();
        assert_eq!((ids(&choice)[0], why(&choice, "adopt")), ("replica nas-1", &rejection));
    }
    // As the preseed sees it, and does it.
    let mut world = World::new();
    world.add_dataset(adopts.dataset.clone(), "/var/lib/sonarr", &[("sonarr.db", "newest")]);
    inventory.saw(&adopts, &world.observe(&adopts).unwrap());
    let choice = choose(&inventory, &adopts).unwrap();
    assert_eq!((ids(&choice), choice.chain[0].loses(now())), (vec!["adopt"], Some(0)));
    assert_eq!(*why(&choice, "replica nas-1"), Rejection::InTheWay);
    assert!(choice.to_string().starts_with("adopt what is there: loses nothing"), "{choice}");
    let outcome = |service: &Service, choice: &Choice| {
        let restore = Preseed::new(service, choice, &Budget::default()).unwrap();
        restore.run(&mut world.clone()).unwrap().outcome
    };
    assert!(matches!(outcome(&adopts, &choice), Outcome::Adopted(_)));
    let asks = choose(&inventory, &service()).unwrap_err();
    assert_eq!(asks.rejected.iter().find(|one| one.id == "adopt").unwrap().why, Rejection::Ask);
    assert_eq!(outcome(&service(), &asks.into()), Outcome::NeedsAdoption);
}

/// A service may start empty where nothing exists. A copy that is no good exists.
#[test]
fn an_empty_start_is_the_last_way_and_only_where_it_is_allowed() {
    let with = |bootstrap| Service { bootstrap, ..service() };
    let none =
        || Inventory { local: Seen::Here(BTreeMap::new()), ..Inventory::new("forge", now()) };
    let choose = |inventory: &Inventory, bootstrap, policy: &Policy| {
        Candidates::discover(inventory, &with(bootstrap)).choose(policy)
    };
    let run = |bootstrap, choice: &Choice| {
        let restore = Preseed::new(&with(bootstrap), choice, &Budget::default()).unwrap();
        let mut world = World::new();
        for copy in choice.copies() {
            world.add_part(&with(bootstrap), copy, &[("a", "b")]);
            world.fail(&copy.id, Behaviour::Fails);
        }
        restore.run(&mut world).unwrap().outcome
    };
    let free = Policy::default();
    let (never, nothing, always) =
        (Bootstrap::Never, Bootstrap::IfNothingExists, Bootstrap::EvenIfRestoreFails);

    assert!(choose(&none(), never, &free).unwrap_err().to_string().contains("may not start empty"));
    let choice = choose(&none(), nothing, &free).unwrap();
    assert_eq!((ids(&choice), choice.chain[0].point), (vec!["empty"], None));
    assert_eq!(choice.chain[0].consequence, Consequence::Breaks);
    assert!(choice.to_string().starts_with("start empty: loses everything"), "{choice}");
    assert!(matches!(run(nothing, &choice), Outcome::StartedEmpty(_)));

    let choice = choose(&inventory(), always, &free).unwrap();
    assert_eq!(ids(&choice), ["replica nas-1", "restic b2 aaaaaaaa", "empty"]);
    assert!(choice.to_string().contains("then start empty: loses everything"), "{choice}");
    assert!(matches!(run(always, &choice), Outcome::StartedEmpty(_)));
    let choice = choose(&inventory(), nothing, &free).unwrap();
    assert_eq!(*why(&choice, "empty"), Rejection::CopiesMayExist);
    assert_eq!(run(nothing, &choice), Outcome::Blocked(Block::NothingRestored));

    // The copies are too old, of a kind that is not used, behind a password that they contain, of the future; or nobody knows.
    let mut inside = inventory();
    inside.replicas.clear();
    inside.repositories[0].password_file = path("/var/lib/sonarr/password");
    let mut future = inventory();
    future.replicas[0].datasets = seen("backup/sonarr", &[-900]);
    future.repositories.clear();
    let mut unknown = none();
    unknown.local = Seen::Failed("zfs: command not found".to_owned());
    for (inventory, policy) in [
        (inventory(), Policy { max_age: Some(60), ..Policy::default() }),
        (inventory(), Policy { order: Order::Fixed(vec![Kind::Pitr]), ..Policy::default() }),
        (inside, Policy::default()),
        (future, Policy::default()),
        (unknown, Policy::default()),
    ] {
        let none = choose(&inventory, nothing, &policy).unwrap_err();
        assert_eq!(none.rejected.last().unwrap().why, Rejection::CopiesMayExist, "{none}");
        assert_eq!(run(nothing, &none.into()), Outcome::Blocked(Block::NothingRestored));
    }
}

/// The last drill of a way counts, for the service it was made for.
#[test]
fn a_way_that_a_drill_has_proved_comes_first_if_that_is_wanted() {
    let drill = |hours: i64, way: &str, passed: bool| Evidence {
        service: "sonarr".to_owned(),
        at: now() - jiff::SignedDuration::from_hours(hours),
        source: None,
        point: None,
        seconds: 60,
        passed,
        trials: vec![Trial { way: way.to_owned(), passed }],
        result: String::new(),
    };
    let mut inventory = inventory();
    inventory.drills = vec![
        Evidence { service: "radarr".to_owned(), ..drill(1, "restic b2", false) },
        drill(50, "restic b2", true),
        drill(60, "restic b2", false),
        drill(1, "restic b", false),
    ];
    let proved = |hours: u64| Policy { tested_within: Some(hours * 3600), ..Policy::default() };
    let choose = |inventory: &Inventory, policy: &Policy| {
        let choice = Candidates::discover(inventory, &service()).choose(policy).unwrap();
        (choice.chain[0].id.clone(), choice.to_string())
    };
    assert_eq!(choose(&inventory, &Policy::default()).0, "replica nas-1");
    assert_eq!(choose(&inventory, &proved(49)).0, "replica nas-1");
    let (first, text) = choose(&inventory, &proved(50));
    assert_eq!(first, "restic b2 aaaaaaaa");
    assert!(text.contains("came back in the drill of 2026-11-19T10:00:00Z: loses"), "{text}");
    // Whose last drill failed comes last, fresh as it may be.
    inventory.drills = vec![drill(1, "replica nas-1", false)];
    let (first, text) = choose(&inventory, &proved(50));
    assert_eq!(first, "restic b2 aaaaaaaa");
    assert!(text.contains("failed in the drill of 2026-11-21T11:00:00Z"), "{text}");
}

/// A drill that came back by its second way has shown that the first one fails.
#[test]
fn a_drill_tells_of_every_way_that_it_tried() {
    let choice = Candidates::discover(&inventory(), &service()).choose(&Policy::default()).unwrap();
    let scratch = drill::scratch(&service(), &name("tank/drills"), &path("/run/drills")).unwrap();
    let mut world = World::new();
    for copy in choice.copies() {
        world.add_part(&scratch, copy, &[("a", "b")]);
    }
    world.fail("replica nas-1", Behaviour::Partial);
    let day = MethodBudget { timeout: 86_400, attempts: 1, pause: 0 };
    let budget = Budget { unit: 3 * 86_400, fallback: day, ..Budget::default() };
    let restore = Preseed::new(&scratch, &choice, &budget).unwrap();
    let report = restore.run(&mut world).unwrap();
    let evidence = Evidence::of(&service(), restore.chain(), &report, now());
    let trial = |way: &str, passed| Trial { way: way.to_owned(), passed };
    assert_eq!(evidence.trials, [trial("replica nas-1", false), trial("restic b2", true)]);
    let kept = serde_json::to_string(&evidence).unwrap();
    assert_eq!(serde_json::from_str::<Evidence>(&kept).unwrap(), evidence);
    for copy in choice.copies() {
        assert!(copy.id.starts_with(&copy.method.way()));
    }
}

/// What the drill of one service has left, verified, would be taken for the other's copy, and prove it.
#[test]
fn the_drills_of_two_services_share_nothing() {
    let copy = |which: &str| {
        let service = Service {
            name: which.to_owned(),
            dataset: name(&format!("tank/{which}/data")),
            ..service()
        };
        let parent = name("tank/drills");
        (drill::scratch(&service, &parent, &path("/run/drills")).unwrap(), service)
    };
    let ((a, _), (b, service)) = (copy("a"), copy("b"));
    // The drill of `a` is killed before what it has compared takes its place.
    let mut world = World::new();
    let replica = world.add_copy("nas-1", &name("backup/data"), &[]);
    world.add_part(&a, &replica, &[("a", "of a")]);
    let choice = Choice { chain: vec![replica.clone()], ..Choice::default() };
    let drill = |scratch: &Service| Preseed::new(scratch, &choice, &Budget::default()).unwrap();
    world.crash_at(Crash { act: 2, moment: Moment::After });
    assert!(drill(&a).run(&mut world).is_err());
    world.restart();
    world.add_part(&b, &replica, &[("b", "of b")]);
    let report = drill(&b).run(&mut world).unwrap();
    let evidence = Evidence::of(&service, &choice.chain, &report, now());
    let there = world.read(&format!("{}/b", b.mountpoint));
    assert_eq!((evidence.passed, there), (true, Some("of b")));
}

/// A password that is decrypted with a key lies, as good as, where the key does.
#[test]
fn a_secret_is_no_better_than_what_it_is_made_from() {
    let made = |secret: &str, from: &str| (path(secret), vec![path(from)]);
    let mut inventory = inventory();
    inventory.secrets = [
        made("/run/secrets/restic", "/run/age/key"),
        made("/run/age/key", "/var/lib/sonarr/host_key"),
    ]
    .into();
    let choice = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap();
    assert_eq!(ids(&choice), ["replica nas-1"]);
    assert_eq!(
        why(&choice, "restic b2 aaaaaaaa").to_string(),
        "needs /run/secrets/restic, made from /run/age/key, made from /var/lib/sonarr/host_key, which lies on \
         tank/services/sonarr, which is to be restored: keep it elsewhere"
    );
    // The same when it is declared; and a secret that nothing needs is of no effect.
    let spec = |secrets: &str| {
        Spec::from_toml(&format!(
            "host = 'forge'\n[services.sonarr]\ndataset = 'tank/sonarr'\nmountpoint = '/var/lib/sonarr'\n\
             [repositories.b2]\nurl = '/b2'\npasswordFile = '/run/secrets/restic'\njobs = {{ sonarr = {{ root = '/x' }} }}\n\
             [secrets]\n{secrets}\n"
        ))
    };
    let sound = spec("'/run/secrets/restic' = ['/persist/key']").unwrap();
    assert_eq!(
        sound.inventory(now()).secrets,
        [made("/run/secrets/restic", "/persist/key")].into()
    );
    let trap = "'/run/secrets/restic' = ['/run/key']\n'/run/key' = ['/var/lib/sonarr/key']";
    let text = spec(trap).unwrap_err().to_string();
    assert!(
        text.contains("made from /run/key, made from /var/lib/sonarr/key, lies on tank/sonarr"),
        "{text}"
    );
    let text = spec("'/run/secrets/other' = ['/persist/key']").unwrap_err().to_string();
    assert!(text.contains("[no-effect]"), "{text}");
}

/// What a policy declares is used, and what would not be is refused.
#[test]
fn a_policy_is_read() {
    let spec = |policy: &str| {
        Spec::from_toml(&format!(
            "host = 'forge'\n[policy]\n{policy}\n[services.x]\ndataset = 'tank/x'\nmountpoint = '/x'\nbootstrap = 'if-nothing-exists'\n"
        ))
    };
    let policy = spec("order = ['restic']\ntestedWithin = 86400\nmaxAge = 60").unwrap().policy;
    let order = Order::Fixed(vec![Kind::Restic]);
    assert_eq!(policy, Policy { order, max_age: Some(60), tested_within: Some(86_400) });
    let text = spec("order = ['restic']\nfastestWithin = 60").unwrap_err().to_string();
    assert!(text.contains("[no-effect]"), "{text}");
    assert!(spec("order = ['empty']").is_err(), "an empty start is for the service to allow");
}

/// A receive that can go on, and that nothing replaces, is not thrown away when its time is over.
#[test]
fn what_has_arrived_stays_for_the_next_run() {
    let mut world = World::new();
    let nas = world.add_copy("nas-1", &name("backup/sonarr"), &[("a", "b"), ("c", "d")]);
    let choice = Choice { chain: vec![nas], ..Choice::default() };
    world.fail("replica nas-1", Behaviour::Hangs);
    let restore = Preseed::new(&service(), &choice, &Budget::default()).unwrap();
    let report = restore.run(&mut world).unwrap();
    assert_eq!(report.outcome, Outcome::Blocked(Block::Unfinished("replica nas-1".to_owned())));
    let staging = preseed::staging(&service().dataset).unwrap();
    let guid = world.dataset(&staging).unwrap().guid;
    world.heal();
    assert!(matches!(restore.run(&mut world).unwrap().outcome, Outcome::Restored(_)));
    assert_eq!(world.dataset(&service().dataset).unwrap().guid, guid);
}

/// Data that is there is checked, and given to its owner, in the time that the unit has.
#[test]
fn the_check_of_what_is_there_has_to_fit_too() {
    let budget = Budget { unit: 1600, verify: 600, step: 20, ..Budget::default() };
    assert!(budget.check(&[]).is_ok());
    let error = Budget { unit: 1500, ..budget }.check(&[]).unwrap_err().to_string();
    assert!(
        error.contains(
            "25 min are needed (15 min for other steps + 10 min for a check of what is there)"
        ),
        "{error}"
    );
}

/// Numbers that a listing claims are added up without an end.
#[test]
fn what_snapshots_claim_to_have_written_is_no_panic() {
    let mut inventory = inventory();
    let list = "backup/forge/zfs-recv/sonarr@autosnap_1\t1\t10\t1795261400\t18446744073709551615\n\
        backup/forge/zfs-recv/sonarr@autosnap_2\t2\t20\t1795261500\t18446744073709551615\n";
    let read = restore_chain::lineage::read::table(list, "name,guid,createtxg,creation,written");
    inventory.replicas[0].datasets = Seen::Here(read.unwrap());
    inventory.replicas[0].target = name("backup/forge/zfs-recv/sonarr");
    inventory.replicas[0].source = service().dataset;
    let choice = Candidates::discover(&inventory, &service()).choose(&Policy::default()).unwrap();
    let replica = choice.chain.iter().find(|one| one.method.kind() == Kind::Replica).unwrap();
    assert_eq!(replica.bytes, Some(u64::MAX));
}

/// A service that moved has its backups under the old path: they are no reason to start with nothing.
#[test]
fn a_backup_of_the_job_under_an_older_path_is_a_copy() {
    let service = Service { bootstrap: Bootstrap::IfNothingExists, ..service() };
    let chosen = |tags: &[&str]| {
        let mut inventory = Inventory::new("forge", now());
        inventory.local = Seen::Here(BTreeMap::new());
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        inventory.repositories.push(Repository {
            name: "b2".to_owned(),
            url: "b2:x".to_owned(),
            password_file: path("/run/secrets/restic"),
            environment_file: None,
            remote: true,
            jobs: BTreeMap::from([(service.name.clone(), (tags.clone(), path("/var/lib/sonarr")))]),
            rate: None,
            snapshots: Seen::Here(vec![ResticSnapshot {
                id: "0123456789".to_owned(),
                time: now(),
                hostname: "forge".to_owned(),
                paths: vec!["/persist/sonarr".to_owned()],
                tags,
                summary: None,
            }]),
        });
        Candidates::discover(&inventory, &service).choose(&Policy::default())
    };
    // Of another job, for all that is known: the service may start empty.
    assert!(chosen(&[]).is_ok());
    let none = chosen(&["sonarr"]).unwrap_err();
    assert!(none.to_string().contains("has /persist/sonarr, not /var/lib/sonarr"), "{none}");
}

/// A tag that is declared otherwise than it was given is no reason to start with nothing, either.
#[test]
fn a_backup_of_the_same_path_without_the_tag_is_a_copy() {
    let service = Service { bootstrap: Bootstrap::IfNothingExists, ..service() };
    let choose = |recorded: &str| {
        let mut inventory = inventory();
        inventory.local = Seen::Here(BTreeMap::new());
        inventory.replicas.clear();
        let repository = &mut inventory.repositories[0];
        let job = repository.jobs.get_mut("sonarr").unwrap();
        job.0 = vec!["sonarr".to_owned()];
        let Seen::Here(snapshots) = &mut repository.snapshots else { panic!() };
        snapshots[0].tags = vec!["sonar".to_owned()];
        snapshots[0].paths = vec![recorded.to_owned()];
        Candidates::discover(&inventory, &service).choose(&Policy::default())
    };
    let none = choose("/var/lib/sonarr").unwrap_err();
    assert!(none.to_string().contains("lacks the tag sonarr"), "{none}");
    // Neither tag nor path: another job's.
    assert_eq!(ids(&choose("/var/lib/radarr").unwrap()), ["empty"]);
}
