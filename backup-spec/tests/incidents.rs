//! What went wrong with backups of real hosts, and cannot any more. Each test is named after what it prevents.
//!
//! Some of it belongs elsewhere. What happens to retention is in `tests/retention/incidents.rs` (a policy that nothing reads, unknown
//! keywords, a replica that is pruned sooner than its source), patterns in `tests/exclude.rs`, replication, durations, costs and
//! messages in `tests/incidents_copies.rs`. Nobody's here are:
//!
//! * an orchestrator that takes a unit which is still activating for one that ended: the state of units is systemd's to tell, and
//!   nothing here waits for one. (What was wrong with its thresholds, rounding, is below.)
//! * scripts that write metrics with an unset variable or a text where a number belongs: no script is rendered, and metrics are
//!   written from typed values.
//! * `flock` in a pre-step, which is given back when that step ends: no lock of a process is used; a lock is a file that
//!   lies there until the last step removes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use backup_spec::Spec;
use backup_spec::coverage::{Coverage, Entry, Finding, Inventory, Tier, Why};
use backup_spec::health::{
    self, Capacity, Ended, Level, Observations, Outcome, Record, ServiceEnd, What, evaluate,
};
use backup_spec::render::prometheus::{COMPLETE, LAG, Rules};
use backup_spec::render::unit_file::read_command;
use backup_spec::render::{Units, unit_file::UnitFile};
use backup_spec::span::Span;
use backup_spec::spec::{Checked, Code};
use backup_spec::units::Task;
use jiff::Timestamp;

const HOST: &str = r#"
host = "forge"

[defaults]
repository = "nas"
schedule = "daily UTC"
jitter = "4h"
runTime = "45min"

[repositories.nas]
url = "/mnt/nas-backup"
passwordFile = "/run/secrets/restic"

[repositories.r2]
url = "s3:https://r2.example.org/forge"
passwordFile = "/run/secrets/restic"
environmentFile = "/run/secrets/r2"

[classes.standard]
tiers = ["nas-backup"]

[classes.ephemeral]
"#;

fn read(rest: &str) -> Result<Checked, String> {
    let spec =
        Spec::from_toml(&format!("{HOST}{rest}")).map_err(|problems| problems.to_string())?;
    spec.check().map_err(|problems| problems.to_string())
}

fn spec(rest: &str) -> Checked {
    read(rest).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The codes and paths of what is wrong.
fn problems(rest: &str) -> Vec<(Code, String)> {
    let problems = Spec::from_toml(&format!("{HOST}{rest}")).unwrap_err();
    problems.iter().map(|problem| (problem.code, problem.path.clone())).collect()
}

fn inventory(mounts: &[(&str, &str)]) -> Inventory {
    let mut inventory = Inventory::default();
    for (dataset, mount) in mounts {
        let pool = dataset.split('/').next().unwrap();
        inventory.add_filesystem(format!("{pool}/temp").parse().unwrap(), None);
        inventory.add_filesystem(dataset.parse().unwrap(), Some(mount.parse().unwrap()));
    }
    inventory
}

fn entry(spec: &Checked, inventory: &Inventory, subject: &str) -> Entry {
    Coverage::of(spec, inventory).get(&subject.parse().unwrap()).unwrap().clone()
}

fn tiers(entry: &Entry) -> BTreeSet<Tier> {
    entry.copies.iter().map(|copy| copy.tier).collect()
}

fn units(spec: &Checked) -> Units {
    Units::of(spec, &BTreeMap::new()).unwrap()
}

fn commands(unit: &UnitFile, key: &str) -> Vec<Vec<String>> {
    unit.get("Service", key).map(|line| read_command(line).unwrap().0).collect()
}

fn task(text: &str) -> Task {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const SONARR: &str = r#"
[jobs.sonarr]
dataset = "tank/sonarr"
mountpoint = "/var/lib/sonarr"
"#;

/// Two dozen modules declared their jobs where nothing looked for them: one service had no backup at all.
#[test]
fn every_job_that_is_declared_runs_and_no_other() {
    let spec = spec(&format!("{SONARR}[jobs.radarr]\nenable = false\npaths = [\"/srv/radarr\"]\n"));
    let files: Vec<String> = units(&spec).files.into_keys().collect();
    assert_eq!(files, ["restic-backup-sonarr.service", "restic-backup-sonarr.timer"]);

    let elsewhere = problems("[backup.jobs.sonarr]\npaths = [\"/srv\"]\n");
    assert_eq!(elsewhere, [(Code::UnknownKey, "backup".into())]);
    let deeper = problems("[jobs.sonarr.backup]\npaths = [\"/srv\"]\n");
    assert!(deeper.contains(&(Code::UnknownKey, "jobs.sonarr.backup".into())), "{deeper:?}");
}

/// Services carried a retention that nobody read.
#[test]
fn a_job_has_no_retention_of_its_own() {
    let found = problems(&format!("{SONARR}keep = \"--keep-daily 7\"\n"));
    assert_eq!(found, [(Code::UnknownKey, "jobs.sonarr.keep".into())]);
}

/// Paths beside a dataset were silently replaced by the clone.
#[test]
fn a_path_that_would_not_be_read_is_refused() {
    let found = problems(&format!("{SONARR}paths = [\"/var/lib/sonarr/db\", \"/etc/sonarr\"]\n"));
    assert_eq!(found, [(Code::OutsideMountpoint, "jobs.sonarr.paths".into())]);
}

/// Exit status 3 counted as success: sixteen jobs were incomplete and green.
#[test]
fn an_incomplete_backup_is_no_success() {
    let day = |day: i8| at(&format!("2026-03-{day:02}T02:00:00Z"));
    let complete = Record::since(day(1)).after(day(2), Outcome::Complete);
    for status in 1..=255 {
        let outcome = Outcome::of_restic(Ended::Exited(status));
        assert!(!outcome.is_complete(), "{status}");
        assert_eq!(complete.after(day(3), outcome).complete, Some(day(2)));
    }
    let partial = complete.after(day(3), Outcome::of_restic(Ended::Exited(3)));
    let spec = spec(SONARR);
    let mut seen = Observations::default();
    seen.tasks.insert(task("restic-backup-sonarr"), partial);
    let alerts = health::evaluate(&spec, &seen, day(3));
    let what = What::Incomplete { task: task("restic-backup-sonarr"), outcome: Outcome::Partial };
    assert!(alerts.iter().any(|alert| alert.what == what));
}

/// What was killed could not say so, and the old success stayed green.
#[test]
fn a_job_that_dies_without_a_word_is_missed() {
    let spec = spec(SONARR);
    let job = task("restic-backup-sonarr");
    let done = at("2026-03-01T02:00:00Z");
    let mut seen = Observations::default();
    assert_eq!(
        health::evaluate(&spec, &seen, done)[0].what,
        What::Unobserved { task: job.clone() }
    );
    seen.tasks.insert(job.clone(), Record::since(done).after(done, Outcome::Complete));
    let bound = jiff::SignedDuration::from_micros(
        i64::try_from(spec.bound(&job).unwrap().as_micros()).unwrap(),
    );
    assert_eq!(health::evaluate(&spec, &seen, done + bound), []);
    let late = health::evaluate(&spec, &seen, done + bound + jiff::SignedDuration::from_secs(1));
    assert!(matches!(late[0].what, What::Stale { .. }));

    // Stopped by systemd, it did not succeed, whatever its status.
    for result in ["timeout", "oom-kill", "watchdog"] {
        let end = ServiceEnd::read(result, "exited", "0").unwrap();
        assert_eq!(end.outcome(Outcome::of_restic), Outcome::Killed);
    }
}

/// One snapshot served two jobs: the first to end destroyed what the other still read. A clean-up destroyed everybody's.
#[test]
fn what_a_job_makes_and_destroys_is_its_own() {
    let second = SONARR.replace("jobs.sonarr", "jobs.sonarr-offsite");
    let units = units(&spec(&format!("{SONARR}{second}")));
    let objects = |name: &str| -> BTreeSet<String> {
        let unit = &units.files[&format!("restic-backup-{name}.service")];
        let both = ["ExecStartPre", "ExecStopPost"].map(|key| commands(unit, key));
        let destroyed = both.iter().flatten().filter(|words| words[1] == "destroy");
        destroyed
            .map(|words| {
                assert_eq!(words.len(), 3, "no -r, no -R: {words:?}");
                words[2].clone()
            })
            .collect()
    };
    assert_eq!(objects("sonarr").len(), 2);
    assert!(objects("sonarr").is_disjoint(&objects("sonarr-offsite")));
}

/// Two jobs on one dataset shared one lock file, which the first to end removed. The lock came after the clean-up, and went before
/// the snapshot.
#[test]
fn a_lock_is_taken_first_and_given_back_last_by_each_job_for_itself() {
    let second = SONARR.replace("jobs.sonarr", "jobs.sonarr-offsite");
    let replication = "[replication.sonarr]\nsource = \"tank/sonarr\"\ntarget = \"nas:backup/sonarr\"\noffsite = false\nschedule = \"hourly UTC\"\njitter = \"5min\"\n";
    let units = units(&spec(&format!("{SONARR}{second}{replication}")));
    let directory = "/run/lock/backup-active/tank-sonarr";
    for job in ["sonarr", "sonarr-offsite"] {
        let unit = &units.files[&format!("restic-backup-{job}.service")];
        let before = commands(unit, "ExecStartPre");
        let after = commands(unit, "ExecStopPost");
        assert_eq!(
            before[..2],
            [vec!["mkdir", "-p", directory], vec!["touch", &format!("{directory}/{job}")]]
        );
        assert_eq!(after.last().unwrap(), &["rm", "-f", &format!("{directory}/{job}")]);
        // Every step behind runs however the one before it ended.
        assert!(unit.get("Service", "ExecStopPost").all(|line| line.starts_with('-')));
    }
    let condition = format!("!{directory}");
    let waits = &units.files["syncoid-sonarr.service"];
    assert_eq!(waits.get("Unit", "ConditionDirectoryNotEmpty").collect::<Vec<_>>(), [condition]);
}

/// An absolute exclude was written for the running host, and the job scanned a clone elsewhere: it excluded nothing.
#[test]
fn an_exclude_means_the_running_host_wherever_the_job_reads() {
    let spec = spec(&format!("{SONARR}excludes = [\"/var/lib/sonarr/logs\"]\n"));
    let run = &commands(&units(&spec).files["restic-backup-sonarr.service"], "ExecStart")[0];
    assert!(run.contains(&"--exclude=/var/lib/backup-snapshots/sonarr/logs".to_owned()), "{run:?}");
    let scan = spec.scan(&"sonarr".parse().unwrap()).unwrap();
    let there = inventory(&[("tank/sonarr", "/var/lib/sonarr")]);
    assert!(!scan.verdict(&"/var/lib/sonarr/logs/a.txt".parse().unwrap(), &there).is_included());
    assert!(scan.verdict(&"/var/lib/sonarr/sonarr.db".parse().unwrap(), &there).is_included());

    // However it is written, and what takes back as well.
    let excludes = "excludes = [\"/var/lib/*/logs/*\", \"!/var/*/son*/logs/keep\"]\n";
    let scan = read(&format!("{SONARR}{excludes}")).unwrap().scan(&"sonarr".parse().unwrap());
    let verdict =
        |path: &str| scan.as_ref().unwrap().verdict(&path.parse().unwrap(), &there).is_included();
    assert!(!verdict("/var/lib/sonarr/logs/a.txt") && verdict("/var/lib/sonarr/logs/keep"));

    let found = problems(&format!("{SONARR}excludes = [\"/persist/postgres-data/**\"]\n"));
    assert_eq!(found, [(Code::InertExclude, "jobs.sonarr.excludes".into())]);
}

/// A snapshot of `/persist` does not hold the datasets that are mounted below it.
#[test]
fn a_dataset_below_what_a_job_reads_is_not_taken_for_read() {
    let there =
        inventory(&[("rpool/persist", "/persist"), ("rpool/persist/sonarr", "/persist/sonarr")]);
    let clone = "[jobs.system]\ndataset = \"rpool/persist\"\nmountpoint = \"/persist\"\n";
    let child = entry(&spec(clone), &there, "rpool/persist/sonarr");
    assert_eq!(child.refused[0].why, Why::NotDescended);
    assert!(child.findings.iter().any(|finding| matches!(finding, Finding::HeldByNobody { .. })));

    // Read as it is, it does; unless the job stays on one filesystem.
    let decision = "[protection]\n\"rpool/persist/sonarr\" = { class = \"standard\", consistency = \"none\" }\n";
    let live = "[jobs.system]\npaths = [\"/persist\"]\n";
    let child = entry(&spec(&format!("{live}{decision}")), &there, "rpool/persist/sonarr");
    assert_eq!(tiers(&child), [Tier::NasBackup].into());
    let one = format!("{live}oneFileSystem = true\n{decision}");
    let child = entry(&spec(&one), &there, "rpool/persist/sonarr");
    assert_eq!(child.refused[0].why, Why::NotDescended);
}

/// A path was looked up by equality with a mountpoint: what lies below it belonged to nobody.
#[test]
fn a_path_belongs_to_the_longest_mount_above_it() {
    let there =
        inventory(&[("tank/srv", "/srv"), ("tank/srv/a", "/srv/a"), ("tank/ab", "/srv/ab")]);
    let job =
        "[jobs.a]\ndataset = \"tank/srv/a\"\nmountpoint = \"/srv/a\"\npaths = [\"/srv/a/data\"]\n";
    let of = |path: &str| format!("[protection]\n\"{path}\" = {{ class = \"standard\" }}\n");
    let covered =
        |path: &str| !entry(&spec(&format!("{job}{}", of(path))), &there, path).copies.is_empty();
    assert!(covered("/srv/a/data"));
    assert!(covered("/srv/a/data/deep/down"));
    assert!(!covered("/srv/a/other"));
    assert!(!covered("/srv/ab/data"));
    assert!(!covered("/srv/data"));
}

/// Critical datasets had no copy elsewhere, and nobody said so; an alert that compares with a missing series never fires.
#[test]
fn a_missing_tier_is_told_and_so_is_a_missing_series() {
    let decision = "[protection]\n\"tank/sonarr\" = { class = \"standard\", tiers = [\"nas-backup\", \"offsite-backup\"], offsiteRpo = \"2d\" }\n";
    let spec = spec(&format!("{SONARR}{decision}"));
    let there = inventory(&[("tank/sonarr", "/var/lib/sonarr")]);
    let found = entry(&spec, &there, "tank/sonarr").findings;
    assert_eq!(found[0], Finding::MissingTier { tier: Tier::OffsiteBackup });
    assert!(matches!(found[1], Finding::TooStale { worst: None, .. }));

    let rules = Rules::of(&spec);
    let absent = format!("absent({COMPLETE}{{task=\"restic-backup-sonarr\"}})");
    assert!(rules.all().iter().any(|rule| rule.expr == absent));
}

/// A replication of which nobody measured how far it was behind was as well as one that was not.
#[test]
fn a_lag_that_is_not_known_is_told() {
    let text = "host = \"forge\"\n[replication.off]\nsource = \"tank/a\"\ntarget = \"nas:backup/a\"\noffsite = true\n\
        schedule = \"hourly UTC\"\nrunTime = \"10min\"\n";
    let spec = Spec::from_toml(text).unwrap().check().unwrap();
    let (now, name) = (at("2026-03-01T00:00:00Z"), || "off".parse().unwrap());
    let mut seen = Observations::default();
    seen.tasks.insert(task("syncoid-off"), Record::since(now).after(now, Outcome::Complete));
    let what = What::UnobservedLag { replication: name() };
    let found: Vec<_> =
        evaluate(&spec, &seen, now).into_iter().map(|a| (a.level, a.what)).collect();
    assert_eq!(found, [(Level::Unknown, what)]);
    let rules = Rules::of(&spec);
    let absent = format!("absent({LAG}{{replication=\"off\"}})");
    assert!(rules.all().iter().any(|rule| rule.expr == absent));
    seen.lags.insert((name(), "tank/a".parse().unwrap()), Some(Span::ZERO));
    assert_eq!(evaluate(&spec, &seen, now), []);
}

/// Checks and drills were declared, and no timer started them.
#[test]
fn whatever_is_scheduled_has_a_timer() {
    let check = "check = { readPercent = 5, schedule = \"Sun 06:00 UTC\", runTime = \"2h\" }\nforget = { keep = \"--keep-daily 7\", schedule = \"weekly UTC\", runTime = \"1h\" }\n";
    let text = HOST.replacen("[repositories.r2]", &format!("{check}\n[repositories.r2]"), 1);
    let spec = Spec::from_toml(&text).unwrap().check().unwrap();
    let units = units(&spec);
    for task in spec.tasks() {
        assert!(units.files.contains_key(&task.timer()), "{task}");
        assert!(units.files.contains_key(&task.service()), "{task}");
    }
    assert_eq!(spec.tasks().len(), 2);
}

/// The floor was raised to 2G: an override of 1G, meant as more, became less.
#[test]
fn less_than_the_floor_has_to_be_meant() {
    let less =
        |extra: &str| format!("{SONARR}memory = \"1G\"\n{extra}\n[floor]\nmemory = \"2G\"\n");
    assert_eq!(problems(&less("")), [(Code::BelowFloor, "jobs.sonarr.memory".into())]);
    let service =
        units(&spec(&less("belowFloor = true"))).files["restic-backup-sonarr.service"].clone();
    assert_eq!(service.get("Service", "MemoryMax").next(), Some("1G"));
}

/// Thirty jobs at midnight within half an hour froze the NAS.
#[test]
fn jobs_that_start_together_have_room_to_work() {
    let jobs = |jitter: &str| {
        let mut text = String::from("[jobs]\n");
        for n in 0..30 {
            let _ = writeln!(text, "job{n} = {{ paths = [\"/srv/{n}\"], jitter = \"{jitter}\" }}");
        }
        // Top-level keys stand before tables.
        format!("parallel = 6\n{}", HOST.trim_start()) + &text
    };
    let crowded = Spec::from_toml(&jobs("30min")).unwrap_err();
    assert_eq!(crowded.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::Crowded]);
    assert!(Spec::from_toml(&jobs("4h")).is_ok());
}

/// An age of a day was an alert, and a healthy backup a day and some hours old.
#[test]
fn a_threshold_leaves_room_for_the_schedule_it_guards() {
    let alerts = |warning: &str| {
        format!("{SONARR}[alerts]\nbackup = {{ warning = \"{warning}\", critical = \"3d\" }}\n")
    };
    assert_eq!(problems(&alerts("24h")), [(Code::FalseAlarm, "alerts.backup.warning".into())]);
    spec(&alerts("30h"));
    let never = problems(&format!(
        "{SONARR}[alerts]\nbackup = {{ warning = \"3d\", critical = \"2d\" }}\n"
    ));
    assert_eq!(never, [(Code::ThresholdOrder, "alerts.backup".into())]);
}

/// A job that was switched off counted as coverage, and so did one whose excludes left nothing of the payload.
#[test]
fn only_what_runs_and_holds_the_bytes_counts() {
    let there = inventory(&[("tank/loki", "/var/lib/loki")]);
    let job = "[jobs.loki]\ndataset = \"tank/loki\"\nmountpoint = \"/var/lib/loki\"\n";
    let decision = "[protection]\n\"tank/loki\" = { class = \"standard\", payload = [\"chunks\", \"index\"] }\n";
    let whole = entry(&spec(&format!("{job}{decision}")), &there, "tank/loki");
    assert_eq!(tiers(&whole), [Tier::NasBackup].into());
    let off = entry(&spec(&format!("{job}enable = false\n{decision}")), &there, "tank/loki");
    assert_eq!(off.refused[0].why, Why::Disabled);
    for pattern in ["/var/lib/loki/chunks", "chunks/**", "/var/lib/loki/ch*", "**/chun[a-k]s"] {
        let job = format!("{job}excludes = [\"{pattern}\"]\n");
        let without = entry(&spec(&format!("{job}{decision}")), &there, "tank/loki");
        assert!(without.copies.is_empty(), "{pattern}");
        assert!(matches!(without.refused[0].why, Why::NotHeld { .. }));
        assert!(without.findings.iter().any(|f| matches!(f, Finding::HeldByNobody { .. })));
    }
    // Nothing at all would be read: that is a mistake in the job itself.
    let nothing = problems(&format!("{job}excludes = [\"/var/lib/loki/*\"]\n"));
    assert_eq!(nothing[0].0, Code::NothingRead);
}

/// What the archive of a database has may be left out; what nobody has may not.
#[test]
fn left_out_for_the_archive_is_well_and_left_out_for_nobody_is_not() {
    let archive = r#"
[pitr.main]
data = "/persist/postgres-data"
dataDataset = "tank/postgres-data"
archiveTimeout = "5min"
arrival = "1min"
runTime = "30min"
barman = { destination = "s3://backups/pg", server = "main", retention = "RECOVERY WINDOW OF 30 DAYS" }
base = [{ schedule = "daily UTC" }]
"#;
    let decision = "[protection]\n\"tank/postgres-data\" = { class = \"standard\", tiers = [\"offsite-backup\"], consistency = \"transaction-consistent\", offsiteRpo = \"6min\" }\n";
    let there = inventory(&[
        ("rpool/persist", "/persist"),
        ("tank/postgres-data", "/persist/postgres-data"),
    ]);
    let job = "[jobs.system]\npaths = [\"/persist\"]\nexcludes = [\"/persist/postgres-data\"]\n";
    let found = entry(&spec(&format!("{job}{archive}{decision}")), &there, "tank/postgres-data");
    assert_eq!(found.findings, []);
    assert_eq!(found.offsite.unwrap().to_string(), "6min");
    let found = entry(&spec(&format!("{job}{decision}")), &there, "tank/postgres-data");
    assert!(found.findings.iter().any(|f| matches!(f, Finding::HeldByNobody { .. })));

    // Copied as files while the database writes them, they are of no use to anybody.
    let job = job.replace("excludes = [\"/persist/postgres-data\"]", "");
    assert_eq!(problems(&format!("{job}{archive}"))[0].0, Code::CopiedWhileRunning);
}

/// A retention was declared, and nothing carried it out. barman-cloud-backup knows none: barman-cloud-backup-delete has to run.
/// pgBackRest expires after each backup (`pgbackrest help backup`: "automatically run the expire command after a successful
/// backup").
#[test]
fn the_retention_of_an_archive_is_carried_out() {
    let archive = |tool: &str| {
        let archive = format!(
            "[pitr.main]\ndata = \"/pg\"\narchiveTimeout = \"5min\"\narrival = \"1min\"\nrunTime = \"30min\"\n\
             {tool}\nbase = [{{ schedule = \"daily UTC\" }}]\n"
        );
        let units = units(&spec(&archive));
        assert!(units.programs.iter().any(|program| program.starts_with(&tool[..6])));
        commands(&units.files["pitr-base-1-main.service"], "ExecStart")
    };
    let retention = "RECOVERY WINDOW OF 30 DAYS";
    let barman = archive(&format!(
        "barman = {{ destination = \"s3://b/pg\", server = \"main\", retention = \"{retention}\" }}"
    ));
    let delete = format!("--retention-policy={retention}");
    assert_eq!(
        barman,
        [
            vec!["barman-cloud-backup", "s3://b/pg", "main"],
            vec!["barman-cloud-backup-delete", &delete, "s3://b/pg", "main"]
        ]
    );
    let rest = archive(&format!(
        "pgbackrest = {{ stanza = \"main\", repositories = [{{ path = \"/r\", retention = \"{retention}\" }}] }}"
    ));
    assert_eq!(rest.len(), 1, "{rest:?}");
}

/// Half of 101 jobs failed: rounded, that was 50 %, and not critical. A dataset is full to the byte.
#[test]
fn percentages_are_not_rounded() {
    assert!(!Capacity::new(90, 10).exceeds(90));
    assert!(Capacity::new(900_000_001, 99_999_999).exceeds(90));
    assert!(!Capacity::new(u64::MAX / 10 * 9, u64::MAX / 10).exceeds(90));
    assert!(!Capacity::new(0, 0).exceeds(90));
    let spec = spec(SONARR);
    let mut seen = Observations::default();
    seen.capacity.insert("tank/sonarr".parse().unwrap(), Capacity::new(80_001, 19_999));
    let alerts = health::evaluate(&spec, &seen, at("2026-03-01T00:00:00Z"));
    let full = alerts.iter().find(|alert| matches!(alert.what, What::Full { .. })).unwrap();
    assert_eq!(full.level, Level::Warning);
}

/// A share was not mounted: a repository made itself on the bare directory, and every job filled it anew.
#[test]
fn no_repository_makes_itself_and_another_one_is_refused() {
    let id = "0c6e084a1e258dc8fd75ca315281fe1c80c9b2c8dc2a6321b2543c9471a2e4c4";
    let text = format!("{HOST}{SONARR}").replacen(
        "url = \"/mnt/nas-backup\"",
        &format!("url = \"/mnt/nas-backup\"\nid = \"{id}\""),
        1,
    );
    let service = &units(&Spec::from_toml(&text).unwrap().check().unwrap()).files["restic-backup-sonarr.service"];
    let text = service.to_string();
    assert!(!text.contains("init"));
    assert_eq!(service.get("Unit", "RequiresMountsFor").next(), Some("/mnt/nas-backup"));
    let first = &commands(service, "ExecStartPre")[0];
    assert!(
        first[2].contains(id),
        "the repository is looked at before anything is done: {first:?}"
    );
    assert_eq!(Outcome::of_restic(Ended::Exited(10)).to_string(), "failed: there is no repository");
}

/// Words that the tools do not know were found at night, by the tools.
#[test]
fn words_are_known_or_refused() {
    let cases = [
        (format!("{SONARR}schedule = \"quarterly-ish\"\n"), "jobs.sonarr.schedule"),
        (format!("{SONARR}[protection]\n\"tank/sonarr\" = {{ class = \"important\" }}\n"), "protection.\"tank/sonarr\".class"),
        ("[sanoid]\nschedule = \"*:0/5 UTC\"\nrunTime = \"4min\"\n[sanoid.datasets.\"tank/a\"]\nminutely = 5\n".into(), "sanoid.datasets.\"tank/a\".minutely"),
        ("[classes.standard2]\n".into(), "classes.standard2"),
    ];
    for (text, path) in cases {
        let found = problems(&text);
        assert!(found.iter().any(|(_, at)| at == path), "{found:?}");
    }
    // lz4 and zstd are ZFS's words; restic has three of its own.
    for word in ["lz4", "zstd"] {
        let text = HOST.replacen(
            "[repositories.r2]",
            &format!("compression = \"{word}\"\n[repositories.r2]"),
            1,
        );
        let found = Spec::from_toml(&text).unwrap_err();
        assert_eq!(found.iter().next().unwrap().path, "repositories.nas.compression");
    }
}

/// A database stayed in backup mode: what should have ended it ran only when all went well, or was not there.
#[test]
fn what_a_hook_opens_is_closed_however_the_run_ends() {
    let hook =
        "hooks = [{ open = [\"pg\", \"start\"], close = [\"pg\", \"stop\"], quiesces = true }]\n";
    let service = &units(&spec(&format!("{SONARR}{hook}"))).files["restic-backup-sonarr.service"];
    let (before, after) = (commands(service, "ExecStartPre"), commands(service, "ExecStopPost"));
    let place =
        |words: &[&str], list: &[Vec<String>]| list.iter().position(|w| *w == words).unwrap();
    // Around the snapshot, and inside of the lock.
    assert!(place(&["pg", "start"], &before) > 1);
    assert!(
        place(&["pg", "start"], &before) < before.iter().position(|w| w[1] == "snapshot").unwrap()
    );
    assert_eq!(place(&["pg", "stop"], &after), after.len() - 2);
    assert!(service.get("Service", "ExecStartPost").next().is_none());

    let found = problems(&format!("{SONARR}hooks = [{{ open = [\"pg\", \"start\"] }}]\n"));
    assert_eq!(found[0].0, Code::MissingKey);
}

/// A message looked for `restic-backups-NAME`, and the unit was `restic-backup-NAME`: job and repository stayed empty.
#[test]
fn the_name_of_a_unit_is_read_by_whoever_wrote_it() {
    let spec =
        spec(&format!("{SONARR}[jobs.paperless-documents-nas]\npaths = [\"/mnt/documents\"]\n"));
    let named: BTreeSet<Task> =
        units(&spec).files.keys().map(|unit| Task::from_unit(unit).unwrap()).collect();
    assert_eq!(named, spec.tasks());
    // And so are the labels of every rule.
    for rule in Rules::of(&spec).all() {
        for (label, value) in rule.labels.iter().filter(|(label, _)| *label == "task") {
            assert!(spec.tasks().contains(&task(value)), "{label}");
        }
    }
}

/// Two alerts of one name and the same labels are one to Alertmanager.
#[test]
fn every_rule_has_labels_of_its_own() {
    let second = SONARR.replace("jobs.sonarr", "jobs.sonarr-offsite");
    let spec = spec(&format!("{SONARR}{second}"));
    let rules = Rules::of(&spec);
    let seen: BTreeSet<_> =
        rules.all().iter().map(|r| (r.alert, r.severity, r.labels.clone())).collect();
    assert_eq!(seen.len(), rules.all().iter().count());
    // `job` is Prometheus's own label.
    assert!(rules.all().iter().all(|rule| rule.labels.iter().all(|(label, _)| *label != "job")));
}

/// Programs were not in the search path of the units that ran them.
#[test]
fn every_program_that_a_unit_runs_is_listed() {
    let spec = spec(SONARR);
    let programs: BTreeMap<String, String> = ["restic", "zfs", "mkdir", "touch", "rm"]
        .map(|name| (name.to_owned(), format!("/run/current-system/sw/bin/{name}")))
        .into();
    let units = Units::of(&spec, &programs).unwrap();
    assert_eq!(units.programs, programs.keys().cloned().collect());
    for unit in units.files.values() {
        for key in ["ExecStartPre", "ExecStart", "ExecStopPost"] {
            assert!(commands(unit, key).iter().all(|words| words[0].starts_with('/')));
        }
    }
}

/// Clones were made below `tank/temp`, whatever the pool: a job on another one failed every night.
#[test]
fn a_clone_has_a_place_in_its_own_pool() {
    let job = "[jobs.persist]\ndataset = \"rpool/persist\"\nmountpoint = \"/persist\"\n";
    let spec = spec(job);
    let mut there = Inventory::default();
    there.add_filesystem("tank/temp".parse().unwrap(), None);
    there.add_filesystem("rpool/persist".parse().unwrap(), Some("/persist".parse().unwrap()));
    let found = entry(&spec, &there, "rpool/persist");
    assert_eq!(found.refused[0].why, Why::NoPlaceForClone("rpool/temp".parse().unwrap()));
    there.add_filesystem("rpool/temp".parse().unwrap(), None);
    assert_eq!(tiers(&entry(&spec, &there, "rpool/persist")), [Tier::NasBackup].into());
}

/// A copy in the pool of what it is a copy of goes with it.
#[test]
fn a_copy_in_the_same_pool_is_none() {
    let there =
        inventory(&[("tank/sonarr", "/var/lib/sonarr"), ("tank/backup", "/mnt/nas-backup")]);
    let found = entry(&spec(SONARR), &there, "tank/sonarr");
    assert_eq!(found.refused[0].why, Why::SamePool);
}
