//! The execution plan.

use std::collections::BTreeMap;

use backup_spec::coverage::{Coverage, Finding, Inventory, Tier};
use backup_spec::scan::Verdict as Read;
use examples::nix::Config;
use restore_chain::candidates::{Kind, Order, Seen};
use restore_chain::command::Command;
use restore_chain::preseed::Preseed;
use restore_chain::render::systemd;
use restore_chain::{Bootstrap, Candidates, Choice, Gate};
use serde_json::{Value, json};

use super::around::{repository, services_below, with, zfs};
use super::{Verdict, commands, desired, host, plan_of, problems, report, setting, want};

pub fn automatic_dataset_creation(options: Value) -> Verdict {
    let host = host(options, services_below("rpool/safe/persist"));
    let lines = commands(&plan_of(&host));
    // Below the installer's dataset, which is mounted by fstab: with a mountpoint of its own it is mounted by ZFS.
    assert_eq!(
        lines,
        [
            "zfs create -o recordsize=16K -o mountpoint=/persist/sonarr -o compression=lz4 rpool/safe/persist/sonarr"
        ]
    );
    Verdict::Accepted
}

fn parent(options: Value, expected: &str) -> Verdict {
    let around = with(
        zfs(),
        json!({ "datasets": { "services": { "sonarr": {} }, "parentMount": "/persist" } }),
    );
    let host = host(options, around);
    let desired = desired(&host);
    assert_eq!(want(&desired, &format!("{expected}/sonarr")).mounted_at(), Some("/persist/sonarr"));
    Verdict::Accepted
}

pub fn host_level_pool_configuration_forge(options: Value) -> Verdict {
    parent(options, "tank/persist")
}

pub fn host_level_pool_configuration_others(options: Value) -> Verdict {
    parent(options, "rpool/safe/persist")
}

/// Nothing is declared, so there is no dataset of a service.
pub fn test_on_single_host(options: Value) -> Verdict {
    let host = host(options, zfs());
    assert!(desired(&host).datasets.is_empty());
    assert!(commands(&plan_of(&host)).iter().all(|line| !line.contains("tank/persist/")));
    Verdict::Accepted
}

pub fn update_service_module(options: Value) -> Verdict {
    let host = host(options, repository());
    let desired = desired(&host);
    for (property, value) in
        [("recordsize", "16K"), ("compression", "lz4"), ("com.sun:auto-snapshot", "true")]
    {
        assert_eq!(setting(&desired, "tank/persist/sonarr", property), value);
    }
    let plan = plan_of(&host);
    assert!(plan.blocked().is_empty(), "{plan}");
    let lines = commands(&plan);
    assert!(
        lines.contains(&"install -d -o sonarr -g sonarr -m 0755 /persist/sonarr".into()),
        "{lines:#?}"
    );

    let name = "sonarr".parse().unwrap();
    let job = &host.backup.jobs[&name];
    let tags: Vec<String> = job.tags.iter().map(ToString::to_string).collect();
    assert_eq!(
        (job.repository.as_str(), tags.as_slice()),
        ("nas-primary", ["media".to_owned(), "sonarr".to_owned()].as_slice())
    );
    let scan = host.backup.scan(&name).unwrap();
    let inventory = Inventory::default();
    let of = |path: &str| scan.verdict(&path.parse().unwrap(), &inventory).is_included();
    assert!(of("/persist/sonarr/sonarr.db"));
    assert!(!of("/persist/sonarr/.cache/x") && !of("/persist/sonarr/a/b.tmp"));
    Verdict::Accepted
}

/// The template, with the rows of the table above it in the document.
pub fn template_for_each_service(options: Value) -> Verdict {
    let host = host(options, repository());
    let desired = desired(&host);
    let rows = [
        ("sonarr", "16K", "lz4", "com.sun:auto-snapshot", "true"),
        ("radarr", "16K", "lz4", "com.sun:auto-snapshot", "true"),
        ("plex", "1M", "lz4", "com.sun:auto-snapshot", "false"),
        ("home-assistant", "16K", "lz4", "com.sun:auto-snapshot", "true"),
        ("postgres-data", "8K", "lz4", "logbias", "latency"),
        ("postgres-wal", "128K", "off", "logbias", "throughput"),
    ];
    for (name, recordsize, compression, property, value) in rows {
        let dataset = format!("tank/persist/{name}");
        assert_eq!(setting(&desired, &dataset, "recordsize"), recordsize);
        assert_eq!(setting(&desired, &dataset, "compression"), compression);
        assert_eq!(setting(&desired, &dataset, property), value);
        assert_eq!(want(&desired, &dataset).owner, Some(name));
    }
    assert_eq!(host.backup.jobs.len(), 4);
    let plan = plan_of(&host);
    assert!(plan.blocked().is_empty(), "{plan}");
    Verdict::Accepted
}

/// Snapshots are taken of all children; syncoid is not told to send them.
pub fn configuration_example(options: Value) -> Verdict {
    let sanoid = json!({
        "schedule": "hourly", "runTime": "10min",
        "templates": { "production": { "frequently": 0, "hourly": 24, "daily": 7, "weekly": 4, "monthly": 3, "yearly": 0, "autosnap": true, "autoprune": true } },
    });
    let services = json!({ "services": { "sonarr": {} } });
    let around = with(
        repository(),
        json!({
            "backup": {
                "sanoid": sanoid,
                "classes": { "standard": { "tiers": ["local-snapshot", "replication"] } },
                "protection": { "tank/persist/sonarr": { "class": "standard" } },
            },
            "datasets": services,
        }),
    );
    let host = host(options, around);
    let config = host.backup.sanoid.as_ref().unwrap().config().unwrap().to_string();
    assert!(
        config.contains("[tank/persist]") && config.contains("use_template = production"),
        "{config}"
    );
    assert!(config.contains("recursive = yes"), "{config}");
    let sent = host.backup.replication.values().next().unwrap();
    assert_eq!(sent.job.target.to_string(), "backup-pool/tank-replica");
    assert!(sent.includes(&"tank/persist".parse().unwrap()));

    let mut inventory = Inventory::default();
    for (dataset, mount) in
        [("tank/persist", None), ("tank/persist/sonarr", Some("/persist/sonarr"))]
    {
        inventory.add_filesystem(dataset.parse().unwrap(), mount.map(|path| path.parse().unwrap()));
    }
    let coverage = Coverage::of(&host.backup, &inventory);
    let found: Vec<_> = coverage.findings().collect();
    let missing = |tier| {
        found.iter().any(|(subject, finding)| {
            subject.to_string() == "tank/persist/sonarr"
                && **finding == Finding::MissingTier { tier }
        })
    };
    assert!(missing(Tier::Replication) && !missing(Tier::LocalSnapshot), "{found:#?}");
    Verdict::Problem
}

/// There is no priority `medium`, and nobody declares what the messages are made of.
pub fn notification_templates(options: Value) -> Verdict {
    let found = problems(options.clone(), zfs());
    assert!(
        found.contains(&(
            "backup.notifications.syncoid-lag-warning.priority".into(),
            "bad-value".into()
        )),
        "{found:#?}"
    );
    let undeclared = ("backup.notifications.sanoid-failure".into(), "notification".into());
    assert!(found.contains(&undeclared), "{found:#?}");

    // With what is missing, the messages are those of the document.
    let mut mended = options;
    let templates = &mut mended["modules"]["notifications"]["templates"];
    templates["syncoid-lag-warning"]["priority"] = json!("normal");
    let report = report(mended, zfs()).to_string();
    for variable in ["dataset", "errorMessage", "lagHours"] {
        assert!(report.contains(variable), "{report}");
    }
    Verdict::Problem
}

/// One time limit for all ways back: the first one that hangs uses it up.
pub fn service_integration_pattern(options: Value) -> Verdict {
    let secret = json!({ "restore": { "repositories": { "restic": { "passwordFile": "/run/secrets/restic" } } } });
    let around = with(
        services_below("tank/persist"),
        with(secret, json!({ "datasets": { "services": { "sonarr": {} } } })),
    );
    assert_eq!(
        problems(options.clone(), around.clone()),
        [("restore.services.sonarr".into(), "budget".into())]
    );

    let less = json!({ "restore": { "budget": { "verify": 60, "step": 10, "local": { "timeout": 300 }, "restic": { "timeout": 900 } } } });
    let host = host(options, with(around, less));
    let restore = &host.restore;
    let sonarr = &restore.services["sonarr"];
    assert_eq!(sonarr.dataset.as_str(), "tank/persist/sonarr");
    assert_eq!(sonarr.mountpoint.as_str(), "/persist/sonarr");
    assert_eq!((sonarr.gate, sonarr.bootstrap), (Gate::Wanted, Bootstrap::EvenIfRestoreFails));
    assert_eq!(restore.budget.unit, 1800);
    // Its own snapshot is a rollback, never a stream into the dataset that it is of.
    assert_eq!(restore.policy.order, Order::Fixed(vec![Kind::Local, Kind::Restic]));
    assert!(restore.replicas.is_empty());
    // The unit is the one that the function of the document makes: it runs once, before the service, for so long.
    let mut inventory = restore.inventory("2026-11-21T12:00:00Z".parse().unwrap());
    inventory.local = Seen::Here(BTreeMap::new());
    let choice = Candidates::discover(&inventory, sonarr).choose(&restore.policy);
    let choice = choice.unwrap_or_else(Choice::from);
    let preseed = Preseed::new(sonarr, &choice, &restore.budget).unwrap();
    let units = systemd::units(&preseed, &Command::new(["preseed", "sonarr"]));
    let lines = [
        "Type=oneshot",
        "RemainAfterExit=yes",
        "TimeoutStartSec=1800",
        "Before=sonarr.service",
        "Wants=zfs-mount.service",
    ];
    assert!(
        lines.iter().all(|line| units[0].text.lines().any(|own| own == *line)),
        "{}",
        units[0].text
    );
    assert!(units[1].text.contains("Wants=preseed-sonarr.service"), "{}", units[1].text);
    // Of all that the repository has, what is of this path.
    assert_eq!(restore.repositories[0].jobs["sonarr"].1.as_str(), "/persist/sonarr");
    Verdict::Problem
}

pub fn notification_integration(options: Value) -> Verdict {
    let found = problems(options.clone(), zfs());
    for name in ["preseed-success", "preseed-failure", "preseed-skipped"] {
        let path = format!("backup.notifications.{name}");
        assert!(found.contains(&(path, "notification".into())), "{name}: {found:#?}");
    }
    let report = report(options, zfs()).to_string();
    for variable in ["serviceName", "restoreSource", "duration"] {
        assert!(report.contains(variable), "{report}");
    }
    Verdict::Problem
}

fn archive() -> Value {
    let main = json!({
        "data": "/persist/postgres-data", "wal": "/persist/postgres-wal",
        "archiveTimeout": "5min", "arrival": "1min", "runTime": "1h",
        "barman": { "retention": "RECOVERY WINDOW OF 30 DAYS" },
    });
    with(services_below("tank/persist"), json!({ "backup": { "pitr": { "pg-main": main } } }))
}

/// `barman-cloud-wal-archive` with the words that it takes. Given those of the document, barman 3.4.0 says "the following
/// arguments are required: `wal_path`", if the shell gets that far: it has a `$` in it that was meant for Nix.
const WAL_ARCHIVE: &str = "barman-cloud-wal-archive s3://forge-postgresql pg-main %p";

/// The command names no server, and nobody reads the file with the password.
pub fn create_pitr_module(options: Value) -> Verdict {
    let config = Config::new(options.clone(), archive());
    let pitr = "modules.database.postgresql.pitr";
    assert_eq!(
        config.unread,
        ["passwordFile", "walArchiveCommand"].map(|key| format!("{pitr}.{key}"))
    );
    assert_eq!(
        problems(options.clone(), archive()),
        [("backup.pitr.pg-main.barman".into(), "missing-key".into())]
    );

    let mut mended = options;
    mended["modules"]["database"]["postgresql"]["pitr"]["walArchiveCommand"] = json!(WAL_ARCHIVE);
    let config = Config::new(mended, archive());
    assert_eq!(config.unread, [format!("{pitr}.passwordFile")]);
    let host = config.host().unwrap_or_else(|report| panic!("{report}"));
    let pitr = &host.backup.pitr[&"pg-main".parse().unwrap()].pitr;
    assert!(pitr.settings().contains(&("archive_command", WAL_ARCHIVE.to_owned())));
    assert_eq!(pitr.base.len(), 1);
    Verdict::Problem
}

/// The same command, as the server's own setting; and base backups by an option that there is not: barman 3.4.0 says
/// "unrecognized arguments: --compression".
pub fn postgresql_integration(options: Value) -> Verdict {
    let config = Config::new(options.clone(), archive());
    let archive_command = "services.postgresql.settings.archive_command".to_owned();
    let script = "systemd.services.postgres-base-backup.script".to_owned();
    assert!(
        config.unread.contains(&archive_command) && config.unread.contains(&script),
        "{:?}",
        config.unread
    );

    let mut mended = options;
    mended["services"]["postgresql"]["settings"]["archive_command"] = json!(WAL_ARCHIVE);
    let script = &mut mended["systemd"]["services"]["postgres-base-backup"]["script"];
    *script = json!(script.as_str().unwrap().replace("--compression gzip", "--gzip"));
    let host = host(mended, archive());
    let desired = desired(&host);
    assert_eq!(setting(&desired, "tank/persist/postgres-data", "logbias"), "latency");
    assert_eq!(setting(&desired, "tank/persist/postgres-wal", "compression"), "off");
    let pitr = &host.backup.pitr[&"pg-main".parse().unwrap()].pitr;
    assert_eq!(pitr.max_wal_senders, Some(3));
    let settings = pitr.settings();
    // What compresses base backups compresses the log as well.
    let archived = WAL_ARCHIVE.replace("s3:", "--gzip s3:");
    for (name, value) in
        [("wal_level", "replica"), ("archive_mode", "on"), ("archive_command", &archived)]
    {
        assert!(settings.contains(&(name, value.to_owned())), "{settings:?}");
    }
    assert_eq!(
        pitr.base[0].argv(pitr),
        ["barman-cloud-backup", "--gzip", "s3://forge-postgresql", "pg-main"]
    );
    Verdict::Problem
}

/// What it is to leave out is no part of what it reads, nor is anything else of the services: each is a dataset of its own.
pub fn exclude_from_general_backups(options: Value) -> Verdict {
    let snapshot =
        json!({ "backup": { "jobs": { "system": { "dataset": "rpool/safe/persist" } } } });
    let services = json!({ "datasets": { "services": { "sonarr": {}, "postgres-data": {}, "postgres-wal": {} } } });
    let host = host(options, with(with(repository(), snapshot), services));
    let mut inventory = Inventory::default();
    for (dataset, mount) in [
        ("rpool/safe/persist", "/persist"),
        ("tank/persist/sonarr", "/persist/sonarr"),
        ("tank/persist/postgres-data", "/persist/postgres-data"),
    ] {
        inventory.add_filesystem(dataset.parse().unwrap(), Some(mount.parse().unwrap()));
    }
    let scan = host.backup.scan(&"system".parse().unwrap()).unwrap();
    let of = |path: &str| scan.verdict(&path.parse().unwrap(), &inventory);
    assert!(of("/persist/etc/machine-id").is_included());
    assert!(matches!(of("/persist/sonarr/sonarr.db"), Read::OtherFilesystem { .. }));
    assert!(!of("/persist/postgres-data/base/1").is_included());
    // Relative to the clone that is read, the patterns are where they were meant.
    let patterns = format!("{:?}", scan.excludes);
    assert!(patterns.contains("/var/lib/backup-snapshots/system/postgres-data"), "{patterns}");
    Verdict::Problem
}

/// Services on `tank` are mounted below /persist, which is a dataset of `rpool`. That works as long as their parent is not
/// mounted there as well, as the quick reference draws it.
pub fn forge(options: Value) -> Verdict {
    let services =
        json!({ "datasets": { "services": { "sonarr": {}, "radarr": {}, "plex": {} } } });
    let host = host(options.clone(), with(zfs(), services.clone()));
    let desired = desired(&host);
    for name in ["sonarr", "radarr", "plex"] {
        assert!(want(&desired, &format!("tank/persist/{name}")).mounted_at().is_some());
    }
    // It is mounted after what it is mounted in, whichever pool that is of.
    let steps: Vec<String> = host.layout.steps().iter().map(|step| format!("{step:?}")).collect();
    let at = |path: &str| {
        let step = steps.iter().position(|step| step.contains(path));
        step.unwrap_or_else(|| panic!("no step has {path}: {steps:#?}"))
    };
    assert!(at("rpool/safe/persist") < at("tank/persist/sonarr"), "{steps:#?}");
    let fate = host.layout.fate("/persist/sonarr/sonarr.db").to_string();
    assert!(fate.contains("tank/persist/sonarr"), "{fate}");

    let twice = json!({ "datasets": { "base": { "tank/persist": { "mountedAt": "/persist" } } } });
    let found = problems(options, with(with(zfs(), services), twice));
    assert!(found.iter().any(|(_, code)| code == "duplicate-mountpoint"), "{found:#?}");
    Verdict::Problem
}

pub fn luna_rydev(options: Value) -> Verdict {
    let around = with(
        zfs(),
        json!({ "datasets": { "services": { "home-assistant": { "recordsize": "16K" } } } }),
    );
    let host = host(options, around);
    let lines = commands(&plan_of(&host));
    assert_eq!(
        lines,
        [
            "zfs create -o recordsize=16K -o mountpoint=/persist/home-assistant rpool/safe/persist/home-assistant"
        ]
    );
    Verdict::Accepted
}
