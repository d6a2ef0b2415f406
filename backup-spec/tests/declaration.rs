//! Keys that stand for others: defaults, and the spelling of NixOS.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use backup_spec::Spec;
use backup_spec::spec::Code;

fn spec(text: &str) -> Spec {
    Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}"))
}

const SANOID: &str = "
[sanoid]
schedule = \"hourly\"
runTime = \"10min\"
templates.services = { frequently = 0, hourly = 24, daily = 7, weekly = 0, monthly = 0, yearly = 0, autosnap = true, autoprune = true }
";

/// What each replication would say is said once; what one says itself wins.
#[test]
fn replications_have_defaults_of_their_own() {
    let text = format!(
        r#"
host = "forge"
[defaults]
runTime = "45min"
schedule = "daily"
[defaults.replication]
options = ["--no-sync-snap", "--sendoptions=w"]
user = "zfs-replication"
offsite = true
schedule = "hourly"
[replication.a]
source = "tank/a"
target = "user@nas:backup/a"
[replication.b]
source = "tank/b"
target = "user@nas:backup/b"
options = ["--no-sync-snap"]
user = "root"
offsite = false
schedule = "weekly"
runTime = "2h"
{SANOID}
datasets = {{ "tank/a" = {{ use_template = "services" }}, "tank/b" = {{ use_template = "services" }} }}
"#
    );
    let spec = spec(&text);
    let [a, b] = ["a", "b"].map(|name| &spec.replication[&name.parse().unwrap()]);
    assert_eq!(a.options(), ["--no-sync-snap", "--sendoptions=w"]);
    assert_eq!((a.user.as_deref(), a.offsite), (Some("zfs-replication"), true));
    assert_eq!(a.schedule.timer.on_calendar, ["hourly".parse().unwrap()]);
    // Of what all have that runs.
    assert_eq!(a.schedule.run_time, "45min".parse().unwrap());
    assert_eq!(b.options(), ["--no-sync-snap"]);
    assert_eq!((b.user.as_deref(), b.offsite), (Some("root"), false));
    assert_eq!(b.schedule.timer.on_calendar, ["weekly".parse().unwrap()]);
    assert_eq!(b.schedule.run_time, "2h".parse().unwrap());
    // What is written says all of it.
    let written = serde_json::to_string(&spec).unwrap();
    assert_eq!(Spec::from_json(&written).unwrap(), spec, "{written}");
}

/// Defaults of replications are none of jobs, and have no keys of jobs.
#[test]
fn defaults_of_replications_are_theirs_alone() {
    let text = "host = \"x\"\n[defaults.replication]\nrepository = \"nas\"\nschedule = \"daily\"\n\
        [repositories.nas]\nurl = \"/n\"\npasswordFile = \"/p\"\n[jobs.a]\nrepository = \"nas\"\npaths = [\"/srv\"]\nrunTime = \"1h\"\n";
    let problems = Spec::from_toml(text).unwrap_err();
    let found: Vec<_> = problems.iter().map(|p| (p.path.as_str(), p.code)).collect();
    assert_eq!(
        found,
        [("defaults.replication.repository", Code::UnknownKey), ("jobs.a", Code::MissingKey)]
    );
}

/// NixOS writes `useTemplate`; both at once is one too many.
#[test]
fn a_template_is_named_as_sanoid_or_nixos_does() {
    let with = |keys: &str| format!("host = \"x\"\n{SANOID}\ndatasets.\"tank/a\" = {{ {keys} }}\n");
    let sanoid = spec(&with("use_template = \"services\""));
    assert_eq!(spec(&with("useTemplate = [\"services\"]")), sanoid);
    let both = Spec::from_toml(&with("use_template = \"services\", useTemplate = \"services\""));
    let problems: Vec<_> = both.unwrap_err().into_iter().collect();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, Code::DuplicateKey);
    assert_eq!(problems[0].path, "sanoid.datasets.\"tank/a\".useTemplate");
}

/// A dataset whose mountpoint is missing is one problem, not three.
#[test]
fn a_mistake_about_the_source_of_a_job_is_told_once() {
    for keys in [
        "dataset = \"tank/a\"",
        "dataset = \"tank/a\"\nmountpoint = \"a\"",
        "dataset = \"tank//a\"\nmountpoint = \"/a\"",
    ] {
        let text = format!(
            "host = \"x\"\n[repositories.nas]\nurl = \"/n\"\npasswordFile = \"/p\"\n\
             [jobs.a]\nrepository = \"nas\"\nschedule = \"daily\"\nrunTime = \"1h\"\n{keys}\n"
        );
        let problems = Spec::from_toml(&text).unwrap_err();
        assert_eq!(problems.iter().count(), 1, "{problems}");
    }
}

/// No bound holds of what stops by itself, and rules with an endless age are refused by Prometheus, all of them.
#[test]
#[cfg(feature = "tz")]
fn a_schedule_that_stops_for_good_is_no_schedule() {
    let with = |schedule: &str| {
        let text = format!(
            "host = \"x\"\nzone = \"Europe/Berlin\"\n[repositories.nas]\nurl = \"/n\"\npasswordFile = \"/p\"\n\
             [jobs.a]\nrepository = \"nas\"\npaths = [\"/srv\"]\nschedule = {schedule}\nrunTime = \"10min\"\n"
        );
        Spec::from_toml(&text)
    };
    for schedule in [
        // Dead once summer comes, or after September (see the module on calendars).
        "\"10:00 CET\"",
        "\"*-2/7-1\"",
        "\"2020-*-* 02:00\"",
        "\"2020..2027-*-* 02:00\"",
        "[\"2020-*-* 02:00\", \"10:00 CET\"]",
    ] {
        let problems = with(schedule).unwrap_err();
        let found: Vec<_> = problems.iter().map(|p| (p.path.as_str(), p.code)).collect();
        assert_eq!(found, [("jobs.a.schedule", Code::NeverRuns)], "{schedule}");
    }
    let job = "restic-backup-a".parse().unwrap();
    let between = |schedule: &str| {
        let checked = with(schedule).unwrap().check().unwrap();
        checked.bounds(&job).unwrap().between_starts.to_string()
    };
    // The gap after what stops counts.
    assert_eq!(between("[\"2020-*-* 02:00 UTC\", \"daily UTC\"]"), "1d 1min");
    assert_eq!(between("[\"2020..2027-*-* *:00 UTC\", \"daily UTC\"]"), "1d 1min");
    assert_eq!(between("\"2020,2022/2-01-01 UTC\""), "2y 12h 1min");
}
