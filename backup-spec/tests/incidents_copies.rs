//! What went wrong with copies, schedules and messages once, and cannot here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use backup_spec::calendar::Calendar;
use backup_spec::notify::{
    Event, Flaw, Notifications, Occurrence, Priority, Start, Text, TextFault,
};
use backup_spec::pitr::{Barman, BaseBackup, Cluster, Pitr, Retention, Tool};
use backup_spec::span::{Dialect, Span, Unit, misreadings};
use backup_spec::syncoid::picture::{Inventory, Point, State};
use backup_spec::syncoid::{ArgvError, Preserve, Replication, Right, Side, picture};
use backup_spec::timer::{Flaw as TimerFlaw, Load, Timer};
use jiff::Timestamp;
use zfs_props::name::DatasetName;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn point(name: &str, guid: u64, created: &str) -> Point {
    Point { name: name.to_owned(), guid, created: at(created) }
}

fn hosts(
    source: &[(&str, &[Point])],
    target: &[(&str, &[Point])],
) -> BTreeMap<Option<String>, Inventory> {
    let inventory = |datasets: &[(&str, &[Point])]| {
        datasets.iter().map(|(dataset, points)| (name(dataset), points.to_vec())).collect()
    };
    [(None, inventory(source)), (Some("nas".to_owned()), inventory(target))].into()
}

fn year() -> std::ops::Range<Timestamp> {
    at("2026-01-01T00:00:00Z")..at("2027-01-01T00:00:00Z")
}

/// The lag was the age of the newest local snapshot: it never rose while nothing was copied.
#[test]
fn lag_counts_from_the_newest_common_snapshot() {
    let job = Replication::new("tank/a".parse().unwrap(), "nas:backup/a".parse().unwrap());
    let (a, b, c) = (
        point("a", 1, "2026-01-01T00:00:00Z"),
        point("b", 2, "2026-01-02T00:00:00Z"),
        point("c", 3, "2026-01-03T00:00:00Z"),
    );
    // A newer snapshot of the target's own, and one of the same name that is another, are no copy.
    let own = point("b", 9, "2026-01-02T00:00:00Z");
    let rows = picture(
        &[("a", &job)],
        &hosts(&[("tank/a", &[a.clone(), b, c])], &[("backup/a", &[a, own])]),
    )
    .rows;
    assert_eq!(rows[0].lag().unwrap(), "2d".parse().unwrap());
    assert_eq!(rows[0].copied_up_to().unwrap(), at("2026-01-01T00:00:00Z"));
}

/// What could not be asked is not the same as what is not there.
#[test]
fn a_host_without_an_inventory_is_unknown_and_not_empty() {
    let job = Replication::new("tank/a".parse().unwrap(), "elsewhere:backup/a".parse().unwrap());
    let known = hosts(&[("tank/a", &[point("a", 1, "2026-01-01T00:00:00Z")])], &[]);
    let rows = picture(&[("a", &job)], &known).rows;
    assert_eq!(rows[0].state, State::Unknown { host: Some("elsewhere".to_owned()) });
    assert_eq!(rows[0].lag(), None);
    let job = Replication::new("tank/a".parse().unwrap(), "nas:backup/a".parse().unwrap());
    assert!(matches!(picture(&[("a", &job)], &known).rows[0].state, State::NeverCopied { .. }));
}

/// Four rights were missing one after another, and thousands of sync snapshots filled the pool.
#[test]
fn every_right_that_was_missing_once_is_asked_for() {
    let mut job = Replication::new(
        "tank/services".parse().unwrap(),
        "repl@nas:backup/forge".parse().unwrap(),
    );
    job.recursive = true;
    job.preserve = Preserve::Local;
    job.receive.set =
        vec!["canmount=noauto".to_owned(), "org.openzfs.systemd:ignore=on".to_owned()];
    let local = ["recordsize", "compression", "mountpoint", "snapdir"];
    let needed = job.rights(Side::Target, &local);
    let granted: Vec<Right> = needed.iter().map(|need| need.right.clone()).collect();
    assert!(needed.missing(&granted).is_empty());
    let property = |name: &str| Right::Property(name.to_owned());
    for right in [Right::Destroy, Right::Mount, property("canmount"), Right::Userprop] {
        let short: Vec<Right> = granted.iter().filter(|other| **other != right).cloned().collect();
        let missing = needed.missing(&short);
        assert_eq!(missing.iter().map(|need| &need.right).collect::<Vec<_>>(), [&right]);
    }
    // What was granted in the end is enough.
    let end = "bookmark,canmount,compression,create,destroy,hold,mount,mountpoint,receive,recordsize,rollback,send,snapdir,userprop";
    let end: Vec<&str> = end.split(',').collect();
    assert!(needed.iter().all(|need| end.contains(&need.right.to_string().as_str())));
    // Its own old snapshots are destroyed on the source as well.
    let source = job.rights(Side::Source, &local).to_string();
    assert_eq!(source, "destroy,mount,send,snapshot");
}

/// A restore looked for its copy below an ancestor that was replicated without its children.
#[test]
fn below_a_job_that_is_not_recursive_there_is_no_copy() {
    let mut job =
        Replication::new("tank/services".parse().unwrap(), "nas:backup/forge".parse().unwrap());
    let sonarr = name("tank/services/sonarr");
    assert_eq!(job.target_of(&sonarr), None);
    let points = [point("a", 1, "2026-01-01T00:00:00Z")];
    // Even where something of a fitting name lies.
    let known = hosts(
        &[("tank/services", &points), ("tank/services/sonarr", &points)],
        &[("backup/forge", &points), ("backup/forge/sonarr", &points)],
    );
    assert_eq!(picture(&[("services", &job)], &known).not_copied, std::slice::from_ref(&sonarr));
    job.recursive = true;
    assert_eq!(job.target_of(&sonarr).unwrap(), name("backup/forge/sonarr"));
    // A name that only begins like the source is not below it.
    assert_eq!(job.target_of(&name("tank/services2")), None);
    let without = hosts(
        &[("tank/services", &points), ("tank/services/sonarr", &points)],
        &[("backup/forge", &points)],
    );
    let rows = picture(&[("services", &job)], &without).rows;
    assert!(
        matches!(rows[1].state, State::NeverCopied { .. }),
        "the copy has to be in the inventory"
    );
}

/// A copy may not go into what it is a copy of.
#[test]
fn source_and_target_never_lie_in_each_other() {
    for (source, target) in [
        ("tank/a", "tank/a"),
        ("tank/a", "tank/a/copy"),
        ("tank", "tank/copy"),
        ("tank/a/b", "tank/a"),
    ] {
        let job = Replication::new(source.parse().unwrap(), target.parse().unwrap());
        assert!(!job.flaws().is_empty(), "{source} {target}");
    }
    let job = Replication::new("tank/a".parse().unwrap(), "nas:tank/a".parse().unwrap());
    assert!(job.flaws().is_empty(), "another host has other pools");
}

/// Unknown options were found at night, by the job.
#[test]
fn an_unknown_option_is_refused_by_name() {
    let read = |words: &[&str]| Replication::from_argv(words);
    let error = read(&["syncoid", "--no-such-thing", "a/b", "c/d"]).unwrap_err();
    assert_eq!(error, ArgvError::Option("--no-such-thing".to_owned()));
    assert!(read(&["syncoid", "--compress=brotli", "a/b", "c/d"]).is_err());
    assert!(read(&["syncoid", "--sshport=high", "a/b", "c/d"]).is_err());
    assert!(read(&["syncoid", "--recvoptions=o", "a/b", "c/d"]).is_err());
    assert!(read(&["syncoid", "--recursive=yes", "a/b", "c/d"]).is_err());
    // A pattern that is not one dataset cannot be told in advance.
    assert!(read(&["syncoid", "-r", "--exclude-datasets=cache", "a/b", "c/d"]).is_err());
    assert!("REDUNDANCY many".parse::<backup_spec::pitr::Retention>().is_err());
}

/// `date -d "now - 24h"` was no date, and the age of backups was never looked at.
#[test]
fn a_length_of_time_is_read_or_refused_and_never_guessed() {
    assert_eq!("24h".parse::<Span>().unwrap().as_secs(), 86_400);
    assert!("now - 24h".parse::<Span>().is_err());
    assert!("24 hourss".parse::<Span>().is_err());
    assert!("-5min".parse::<Span>().is_err());
    // The same letters are something else to another tool.
    assert_eq!(Dialect::Restic.unit("m"), Some(Unit::Month));
    assert_eq!(Dialect::Zrepl.unit("m"), Some(Unit::Minute));
    assert!(!misreadings("6m", Dialect::Restic).is_empty());
    assert!(misreadings("14d", Dialect::Restic).is_empty());
}

/// Thirty full backups of a hundred gigabytes each had not been meant.
#[test]
fn what_a_retention_costs_is_a_number() {
    let pitr = |retention: &str, calendar: &str| Pitr {
        cluster: Cluster {
            data: "/var/lib/postgresql".to_owned(),
            data_dataset: None,
            wal: None,
            wal_dataset: None,
        },
        archive_timeout: "5min".parse().unwrap(),
        max_wal_senders: None,
        tool: Tool::Barman(Barman::new("s3://bucket", "main", retention.parse().unwrap())),
        base: vec![BaseBackup::full(Timer::new(calendar.parse().unwrap()))],
    };
    let daily = pitr("RECOVERY WINDOW OF 30 DAYS", "daily").objectives(1, year()).unwrap();
    assert_eq!(daily.fulls_at_most, 33);
    assert_eq!(daily.window, "30d".parse().unwrap());
    assert_eq!(daily.longest_replay, "1d 1min".parse().unwrap());
    let weekly = pitr("REDUNDANCY 4", "weekly").objectives(1, year()).unwrap();
    assert_eq!(weekly.fulls_at_most, 5);
    // Three weeks between four, but for the minute that systemd may be late.
    assert_eq!(weekly.window, Span::from_secs(3 * (7 * 86_400 - 60)));
    // Of two that are made five minutes apart, both may be of just now.
    let mut twice = pitr("REDUNDANCY 2", "00:00");
    twice.base[0].timer.on_calendar.push("00:05".parse().unwrap());
    assert_eq!(twice.objectives(1, year()).unwrap().window, "4min".parse().unwrap());
    twice.tool = Tool::Barman(Barman::new("s3://bucket", "main", Retention::Window { days: 30 }));
    assert!(twice.objectives(1, year()).unwrap().fulls_at_most > 60);
    // Late by an hour, the first of 26 is a day before the last.
    let mut late = pitr("RECOVERY WINDOW OF 1 DAYS", "hourly");
    late.base[0].timer.randomized_delay = "59min".parse().unwrap();
    assert_eq!(late.objectives(1, year()).unwrap().fulls_at_most, 28);
    let off = Pitr { archive_timeout: Span::ZERO, ..pitr("REDUNDANCY 4", "weekly") };
    assert_eq!(off.worst_loss("1min".parse().unwrap()), None);
    assert!(!off.flaws().is_empty());
}

/// `CPUQuota` of 0.29 came out as 28 %: decimals are read as they are written.
#[test]
fn decimals_are_exact() {
    for (text, micros) in
        [("0.29s", 290_000), ("2.3s", 2_300_000), ("1.1h", 3_960_000_000), ("0.000001s", 1)]
    {
        assert_eq!(text.parse::<Span>().unwrap().as_micros(), micros, "{text}");
    }
    let calendar: Calendar = "*:*:0.29 UTC".parse().unwrap();
    assert_eq!(calendar.to_string(), "*-*-* *:*:00.290000 UTC");
    let next = calendar.next_after(at("2026-01-01T00:00:00Z")).unwrap();
    assert_eq!(next, at("2026-01-01T00:00:00.29Z"));
}

/// Every job began at midnight, and a threshold below period, jitter and run gave false alarms.
#[test]
fn the_age_of_a_healthy_copy_is_computed() {
    let mut timer = Timer::new("daily UTC".parse().unwrap());
    timer.randomized_delay = "4h".parse().unwrap();
    let load = Load { run: "30min".parse().unwrap(), ..Load::default() };
    let worst = timer.staleness(year(), load).unwrap().worst;
    assert!(worst > "24h".parse().unwrap(), "24 h would have been a false alarm");
    assert!(worst <= "30h".parse().unwrap(), "30 h is not");
    // A drill without a timer never ran: an expression that never elapses is no timer.
    let never = Timer::new("*-02-30".parse().unwrap());
    assert_eq!(never.flaws(year(), Span::ZERO), [TimerFlaw::Never("*-02-30 00:00:00".to_owned())]);
}

/// A quarter-hourly timer has a hole of 75 minutes once a year, and a nightly one misses a night.
#[test]
#[cfg(feature = "tz")]
fn holes_at_changes_of_the_clock_are_seen() {
    let quarter = Timer::new("*:0/15 Europe/Berlin".parse().unwrap());
    let flaws = quarter.flaws(year(), Span::ZERO);
    assert!(
        matches!(&flaws[..], [TimerFlaw::ClockChange { longest, .. }] if *longest == "75min".parse().unwrap())
    );
    let night = Timer::new("02:30 Europe/Berlin".parse().unwrap());
    let flaws = night.flaws(year(), Span::ZERO);
    assert!(
        matches!(&flaws[..], [TimerFlaw::ClockChange { longest, .. }] if *longest == "47h".parse().unwrap())
    );
    // An hour more once a year is what a day is then.
    assert_eq!(Timer::new("04:00 Europe/Berlin".parse().unwrap()).flaws(year(), Span::ZERO), []);
}

/// Once September was over, a timer of every seventh month was dead, and nobody was told.
#[test]
#[cfg(feature = "tz")]
fn a_timer_that_systemd_loses_is_seen() {
    let timer = Timer::new("*-2/7-1 Europe/Berlin".parse().unwrap());
    let after = at("2026-08-31T22:00:00Z");
    let window = at("2026-01-01T00:00:00Z")..at("2028-01-01T00:00:00Z");
    let stuck = TimerFlaw::Stuck { calendar: "*-02/7-01 00:00:00 Europe/Berlin".to_owned(), after };
    assert!(timer.flaws(window.clone(), Span::ZERO).contains(&stuck));
    let load = Load::default();
    assert!(timer.staleness(window.clone(), load).unwrap().worst.is_infinite());
    let written_out = Timer::new("*-2,9-1 Europe/Berlin".parse().unwrap());
    assert_eq!(written_out.flaws(window.clone(), Span::ZERO), []);
    assert!(!written_out.staleness(window, load).unwrap().worst.is_infinite());
}

/// A month of messages was never delivered, or had holes where the values belonged.
#[test]
fn every_variable_is_declared_used_and_provided() {
    let mut seed = Notifications::seed();
    assert_eq!(seed.flaws(), []);
    let lag = seed.templates.get_mut("syncoid-lag-warning").unwrap();
    lag.body = "${lagHours} of ${dataset} on ${hostname}".parse().unwrap();
    lag.variables.insert("unused".to_owned());
    let flaws = seed.flaws();
    let template = || "syncoid-lag-warning".to_owned();
    let event = Event::ReplicationLags;
    assert_eq!(flaws.len(), 4, "{flaws:?}");
    assert!(
        flaws.contains(&Flaw::Undeclared { template: template(), variable: "hostname".to_owned() })
    );
    assert!(flaws.contains(&Flaw::Unused { template: template(), variable: "unused".to_owned() }));
    for variable in ["hostname", "unused"] {
        assert!(flaws.contains(&Flaw::Unprovided {
            template: template(),
            variable: variable.to_owned(),
            event
        }));
    }
    assert!(seed.check().is_err());
    // An event that nothing tells would be missed in silence.
    let mut silent = Notifications::seed();
    silent.routes.remove(&Event::BackupFailed);
    assert!(silent.flaws().contains(&Flaw::Untold(Event::BackupFailed)));
    // `medium` was taken for a priority.
    assert!("medium".parse::<Priority>().is_err());
}

/// Variables of a shell were sent as they stood.
#[test]
fn nothing_that_looks_like_a_shell_is_left_in_a_message() {
    let fault = |text: &str| text.parse::<Text>().unwrap_err().fault;
    assert_eq!(fault("at $LATEST_SNAPSHOT"), TextFault::Bare);
    assert_eq!(fault("line $line_no"), TextFault::Bare);
    assert_eq!(fault("$(hostname)"), TextFault::Command);
    assert_eq!(fault("${unclosed"), TextFault::Unclosed);
    assert_eq!(fault("${1}"), TextFault::Name);
    assert_eq!(fault("${}"), TextFault::Name);
}

/// The text said that the service starts empty, also when it did not start.
#[test]
fn the_message_follows_from_the_outcome() {
    let seed = Notifications::seed().check().unwrap();
    let failed = |start| {
        let occurrence =
            Occurrence::restore_failed("sonarr".to_owned(), "no snapshot".to_owned(), start);
        seed.render(&occurrence)
    };
    let (empty, blocked) = (failed(Start::Empty), failed(Start::Blocked));
    assert!(empty.body.contains("starting with empty data"));
    assert!(!blocked.body.contains("empty"));
    assert!(blocked.priority > empty.priority);
    assert_eq!(blocked.title, "Restore Failed: sonarr");
}
