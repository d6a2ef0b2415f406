//! Accidents of a real system, each of which the types or an answer now prevent.

use backup_spec::Snapshot;
use backup_spec::retention::preview::{Everything, preview};
use backup_spec::retention::restic::Keep;
use backup_spec::retention::sanoid::Dataset;
use backup_spec::retention::simulate::{outage, replicate, simulate};
use backup_spec::sanoid::{PerType, Settings};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn hours(count: i64) -> impl Iterator<Item = Timestamp> {
    (0..count).map(|hour| start() + SignedDuration::from_hours(hour))
}

fn daily(count: i64) -> Vec<Snapshot> {
    let day =
        |nr: i64| Snapshot::new(format!("d{nr}"), start() + SignedDuration::from_hours(24 * nr));
    (0..count).map(day).collect()
}

/// B2: a retention was declared for 46 services, and nothing read it. Made to work, it would have destroyed
/// snapshots that everybody took for kept.
#[test]
fn a_retention_that_was_dead_text_shows_what_it_would_destroy() {
    let snapshots = daily(60);
    let declared: Keep = "--keep-daily 7 --keep-weekly 4 --keep-monthly 6".parse().unwrap();
    let now = start() + SignedDuration::from_hours(24 * 60);
    let destroyed = preview(&Everything, &declared, &snapshots, now).unwrap();
    let kept = declared.apply(&snapshots, now).unwrap().kept().count();
    assert_eq!(destroyed.len(), 60 - kept);
    assert!(destroyed.iter().all(|d| d.removed_because == "no rule keeps it"));
    // A change that keeps more destroys nothing.
    let more: Keep = "--keep-daily 14 --keep-weekly 4 --keep-monthly 6".parse().unwrap();
    assert!(preview(&declared, &more, &snapshots, now).unwrap().is_empty());
    // The other way round: seven days, of which a Sunday is kept for its week.
    assert_eq!(preview(&more, &declared, &snapshots, now).unwrap().len(), 6);
}

/// B26: unknown words of a retention were taken, and failed at run time.
#[test]
fn retention_knows_its_words_and_no_others() {
    for text in [
        "--keep-fortnightly 2",
        "--keep-daily seven",
        "--keep-daily -1",
        "--keep-within 2w",
        "--keep-within-minutely 3h",
        "--repo1-retention-full 7",
        "--group-by owner",
    ] {
        assert!(text.parse::<Keep>().is_err(), "{text}");
    }
}

fn dataset(keep: PerType) -> Dataset {
    Dataset {
        settings: Settings { keep, ..Settings::defaults("tank/services/sonarr") },
        zone: TimeZone::UTC,
    }
}

/// B30: the source kept 48 hourly, 14 daily, 8 weekly and 6 monthly snapshots, its replica 24, 7, 4 and 3.
/// After an outage that outlasts the shorter of the two, is there one that both still have?
#[test]
fn an_outage_longer_than_the_shorter_retention_needs_a_full_send() {
    let source =
        PerType { hourly: 48.0, daily: 14.0, weekly: 8.0, monthly: 6.0, ..PerType::default() };
    let replica =
        PerType { hourly: 24.0, daily: 7.0, weekly: 4.0, monthly: 3.0, ..PerType::default() };
    let cut = start() + SignedDuration::from_hours(24 * 120);
    let common = |source: PerType, days: i64| {
        let state = replicate(&dataset(source), &dataset(replica), hours(24 * (120 + days)), cut);
        state.unwrap().common().cloned()
    };
    // Within the hours, by an hour; then by a day; then by a week.
    let lag =
        |days: i64| common(source, days).map(|newest| cut.duration_since(newest.time).as_hours());
    assert!(lag(1).is_some_and(|hours| hours <= 1));
    assert!(lag(10).is_some_and(|hours| (1..=24).contains(&hours)));
    assert!(lag(40).is_some_and(|hours| (24..=24 * 7).contains(&hours)));
    // With days alone, nothing common is left after the source's own 14.
    let days_only = PerType { daily: 14.0, ..PerType::default() };
    assert!(common(days_only, 12).is_some());
    assert_eq!(common(days_only, 16), None);
}

/// A retention that counts outlasts an outage: the first run after it removes what any run removes.
#[test]
fn an_outage_destroys_nothing() {
    let keep: Keep = "--keep-hourly 24 --keep-daily 7".parse().unwrap();
    let hour = SignedDuration::from_hours;
    let (from, until) = (start() + hour(1000), start() + hour(1240));
    let cost = outage(&keep, hours(1241), from, until).unwrap();
    assert_eq!(cost.uncovered, Some(hour(241)));
    assert_eq!(cost.with.age(until), Some(SignedDuration::ZERO));
    assert!(!cost.lost.is_empty() && cost.lost.iter().all(|s| s.time >= from));
    let before = simulate(&keep, hours(1000)).unwrap().held;
    let gone = before.iter().filter(|s| !cost.with.held.contains(s)).count();
    assert!(gone <= 2, "{gone}");

    let sanoid = dataset(PerType { hourly: 24.0, daily: 7.0, ..PerType::default() });
    let cost = outage(&sanoid, hours(1241), from, until).unwrap();
    for (kind, count) in [("hourly", 24), ("daily", 7)] {
        let held = cost.with.held.iter().filter(|s| s.id.ends_with(kind)).count();
        assert!((count..=count + 1).contains(&held), "{held} {kind}");
    }
}

/// A snapshot dated in the future emptied every `within` of others; here nothing counts from it.
#[test]
fn a_clock_that_was_wrong_once_removes_nothing() {
    let mut snapshots = daily(30);
    let keep: Keep = "--keep-within 10d".parse().unwrap();
    let now = start() + SignedDuration::from_hours(24 * 30);
    let before = keep.apply(&snapshots, now).unwrap().kept().count();
    snapshots.push(Snapshot::new("wrong", start() + SignedDuration::from_hours(24 * 3650)));
    assert_eq!(keep.apply(&snapshots, now).unwrap().kept().count(), before + 1);
}

/// A path more makes another group: the old one is kept for ever, and that can be seen.
#[test]
fn a_job_with_another_path_leaves_a_group_behind() {
    let mut snapshots = daily(40);
    for (nr, snapshot) in snapshots.iter_mut().enumerate() {
        snapshot.paths = vec!["/persist".to_owned()];
        if nr >= 20 {
            snapshot.paths.push("/home".to_owned());
        }
    }
    let keep: Keep = "--keep-daily 7".parse().unwrap();
    let verdict = keep.apply(&snapshots, start() + SignedDuration::from_hours(24 * 40)).unwrap();
    let groups: Vec<_> =
        verdict.groups().iter().map(|g| (g.key().to_string(), g.kept().count())).collect();
    assert_eq!(groups, [("paths /home /persist".to_owned(), 7), ("paths /persist".to_owned(), 7)]);
}
