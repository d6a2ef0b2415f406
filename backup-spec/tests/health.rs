//! Bounds against simulated hosts: in health no alert is ever raised, and once something has stopped one always is.
#![cfg(all(feature = "proptest", feature = "tz"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;

use backup_spec::Spec;
use backup_spec::health::{Alert, Level, Observations, Outcome, Record, What, evaluate};
use backup_spec::retention::{Policy, sanoid::Dataset};
use backup_spec::snapshots::Policies;
use backup_spec::span::Span;
use backup_spec::spec::{Checked, strategy::spec};
use backup_spec::units::Task;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn micros(span: Span) -> SignedDuration {
    SignedDuration::from_micros(i64::try_from(span.as_micros()).unwrap())
}

/// The ends of the runs of a task, each as late and as long as its draw says.
fn runs(
    spec: &Checked,
    task: &Task,
    from: Timestamp,
    draws: &[(u64, u64)],
) -> Vec<(Timestamp, Timestamp)> {
    let schedule = spec.schedule(task).unwrap();
    // Shares are in thousandths.
    let part = |span: Span, share: u64| micros(Span::from_micros(span.as_micros() / 1000 * share));
    let mut elapse = from;
    let mut runs = Vec::new();
    for (late, long) in draws {
        elapse = spec.next_after(task, elapse).unwrap();
        let start = elapse + part(schedule.timer.lateness(), *late);
        runs.push((start, start + part(schedule.run_time, *long)));
    }
    runs
}

fn about(alerts: &[Alert], task: &Task) -> Vec<Alert> {
    let is = |alert: &&Alert| match &alert.what {
        What::Unobserved { task: of }
        | What::NeverComplete { task: of }
        | What::Stale { task: of, .. }
        | What::Incomplete { task: of, .. } => of == task,
        _ => false,
    };
    alerts.iter().filter(is).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// No draw of delays and durations makes a healthy task look stale, at the worst moment before each run ends; and when runs
    /// stop, it does, one microsecond after the bound.
    #[test]
    fn staleness_never_fires_in_health_and_always_after_the_bound(
        spec in spec(),
        draws in prop::collection::vec((0..=1000_u64, 0..=1000_u64), 12),
        second in 1_767_225_600_i64..1_800_000_000,
    ) {
        let from = Timestamp::from_second(second).unwrap();
        for task in spec.tasks() {
            let bound = micros(spec.bound(&task).unwrap());
            // Declared when the first run was due: from then on it has as long as any other.
            let first = spec.next_after(&task, from).unwrap();
            let mut seen = Observations::default();
            seen.tasks.insert(task.clone(), Record::since(first));
            let mut ended = first;
            for (_, end) in runs(&spec, &task, first, &draws) {
                let before = end - SignedDuration::from_micros(1);
                prop_assert_eq!(about(&evaluate(&spec, &seen, before), &task), vec![], "{}", task);
                let record = seen.tasks[&task].after(end, Outcome::Complete);
                seen.tasks.insert(task.clone(), record);
                prop_assert_eq!(about(&evaluate(&spec, &seen, end), &task), vec![], "{}", task);
                ended = end;
            }
            prop_assert_eq!(about(&evaluate(&spec, &seen, ended + bound), &task), vec![]);
            let late = about(&evaluate(&spec, &seen, ended + bound + SignedDuration::from_micros(1)), &task);
            prop_assert!(matches!(late[..], [Alert { level: Level::Warning, what: What::Stale { .. }, .. }]), "{:?}", late);
            let later = about(&evaluate(&spec, &seen, ended + bound * 2 + SignedDuration::from_micros(1)), &task);
            prop_assert_eq!(later[0].level, Level::Critical);
        }
    }

    /// What changed since the newest complete copy began is never more than the bound, at any moment.
    #[test]
    fn no_more_is_lost_than_is_said(
        spec in spec(),
        draws in prop::collection::vec((0..=1000_u64, 0..=1000_u64), 12),
        second in 1_767_225_600_i64..1_800_000_000,
    ) {
        let from = Timestamp::from_second(second).unwrap();
        for task in spec.tasks() {
            let worst = micros(spec.bound(&task).unwrap());
            let runs = runs(&spec, &task, from, &draws);
            for pair in runs.windows(2) {
                let lost = pair[1].1.duration_since(pair[0].0);
                prop_assert!(lost <= worst, "{}: {:?} of {:?}", task, lost, worst);
            }
        }
    }
}

fn snapshotting(zone: &str, calendar: &str, counts: &str) -> Checked {
    let mut text = format!("host = \"forge\"\nzone = \"{zone}\"\n");
    let _ = writeln!(
        text,
        "[sanoid]\nschedule = \"{calendar}\"\naccuracy = \"1s\"\nrunTime = \"2min\""
    );
    let _ =
        writeln!(text, "[sanoid.datasets.\"tank/a\"]\n{counts}\nautosnap = true\nautoprune = true");
    Spec::from_toml(&text).unwrap_or_else(|problems| panic!("{problems}")).check().unwrap()
}

/// The newest snapshot is never older than is said, as sanoid takes them, over both changes of the clock; and nearly as old once.
#[test]
fn the_newest_snapshot_is_never_older_than_is_said() {
    let none = "yearly = 0\nmonthly = 0\nweekly = 0\ndaily = 0\nhourly = 0\nfrequently = 0";
    let keep = |key: &str| none.replace(&format!("{key} = 0"), &format!("{key} = 9"));
    let mut compared = 0;
    for zone in ["UTC", "Europe/Berlin", "America/New_York"] {
        for (calendar, key) in [
            ("*:0/5 UTC", "frequently"),
            ("*:0/5 UTC", "hourly"),
            ("*:0/15 UTC", "hourly"),
            ("*:0/15 UTC", "daily"),
            ("hourly UTC", "weekly"),
        ] {
            let spec = snapshotting(zone, calendar, &keep(key));
            let (dataset, gap) = spec.snapshotted().next().unwrap();
            let policies = Policies::of(spec.sanoid.as_ref().unwrap(), []).unwrap();
            let settings = policies.get(dataset).unwrap().clone();
            let policy = Dataset { settings, zone: spec.zone.zone().clone() };
            for from in [
                "2026-03-07T00:00:00Z",
                "2026-03-28T00:00:00Z",
                "2026-10-24T00:00:00Z",
                "2026-10-31T00:00:00Z",
            ] {
                let mut now: Timestamp = from.parse().unwrap();
                let until =
                    now + SignedDuration::from_hours(if key == "weekly" { 24 * 21 } else { 72 });
                let mut held = Vec::new();
                let mut newest: Option<Timestamp> = None;
                let mut worst = SignedDuration::ZERO;
                while now < until {
                    now = spec.next_after(&Task::Snapshot, now).unwrap();
                    let run = policy.run(&held, now).unwrap();
                    if let (Some(taken), Some(before)) = (run.taken.first(), newest) {
                        worst = worst.max(taken.time.duration_since(before));
                    }
                    newest = run.taken.iter().map(|taken| taken.time).max().or(newest);
                    let mut kept = run.kept.into_iter();
                    held.retain(|_| kept.next().unwrap());
                    held.extend(run.taken);
                    compared += 1;
                }
                assert!(worst <= micros(gap), "{zone} {key}: {worst:?} of {gap}");
                println!(
                    "{zone} {calendar} {key} from {from}: {worst:?}, said to be {gap} at most"
                );
            }
        }
    }
    println!("runs of sanoid: {compared} simulated");
}
