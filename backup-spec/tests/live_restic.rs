//! Beside the restic that is installed: real snapshots, real policies, real excludes.
#![cfg(all(feature = "proptest", feature = "serde"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use backup_spec::Snapshot;
use backup_spec::exclude::{self, Excludes};
use backup_spec::retention::restic::{Keep, Reason, Refusal};
use backup_spec::retention::strategy;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// The version of the restic that is installed, as numbers.
fn version() -> Option<Vec<u32>> {
    let output = Command::new("restic").arg("version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split(' ').nth(1)?;
    println!("restic {number}");
    Some(number.split('.').map(|part| part.parse().unwrap_or(0)).collect())
}

struct Restic<'a>(&'a Path);

impl Restic<'_> {
    fn run<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, zone: &str, args: I) -> Output {
        Command::new("restic")
            .env("RESTIC_REPOSITORY", self.0.join("repo"))
            .env("RESTIC_PASSWORD", "x")
            .env("RESTIC_CACHE_DIR", self.0.join("cache"))
            .env("TZ", zone)
            .args(args)
            .output()
            .unwrap()
    }

    fn must<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, zone: &str, args: I) -> Vec<u8> {
        let output = self.run(zone, args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

/// Ids that a group of `forget --json` has under `field`.
fn ids(groups: &Value, field: &str) -> BTreeSet<String> {
    let groups = groups.as_array().unwrap().iter();
    let snapshots = groups.flat_map(|group| group[field].as_array().into_iter().flatten());
    snapshots.map(|snapshot| snapshot["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn forgets_what_restic_forgets() {
    let Some(version) = version() else {
        println!("skipped: restic forget (no restic)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let restic = Restic(folder.path());
    restic.must("UTC", ["init"]);
    let (file, other) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::write(&file, "a").unwrap();
    std::fs::write(&other, "b").unwrap();
    let zones = ["UTC", "Europe/Berlin", "America/New_York"];
    for nr in 0..40_u32 {
        // Days, weeks and months, closer together towards the end; some within an hour.
        let (month, day) = (1 + nr / 8, 1 + (nr * 11) % 28);
        let time = format!("2025-{month:02}-{day:02} {:02}:{:02}:07", (nr * 5) % 24, (nr * 7) % 60);
        let zone = zones[nr as usize % zones.len()];
        let mut args =
            vec!["backup", "--time", &time, "--host", if nr % 5 == 0 { "luna" } else { "forge" }];
        if nr % 3 == 0 {
            args.extend(["--tag", "media"]);
        }
        if nr % 4 == 0 {
            args.extend(["--tag", "keepme"]);
        }
        args.push(file.to_str().unwrap());
        if nr % 7 == 0 {
            args.push(other.to_str().unwrap());
        }
        restic.must(zone, args);
    }
    let listed = restic.must("UTC", ["snapshots", "--json"]);
    let snapshots = Snapshot::from_json(&listed).unwrap();
    assert_eq!(snapshots.len(), 40);

    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let mut runner = TestRunner::default();
    let (mut same, mut refused, mut older) = (0, 0, 0);
    while same + refused < 100 {
        let keep: Keep = strategy::keep().new_tree(&mut runner).unwrap().current();
        let mut args = vec!["forget".to_owned(), "--dry-run".to_owned(), "--json".to_owned()];
        args.extend(keep.to_args());
        let output = restic.run("Asia/Tokyo", &args);
        let verdict = match keep.apply(&snapshots, now) {
            Ok(verdict) => verdict,
            // Before 0.17 restic removed the last of a group, and an empty policy was no error.
            Err(Refusal::NothingKept { .. } | Refusal::NoPolicy) if version < vec![0, 17] => {
                older += 1;
                continue;
            }
            Err(refusal) => {
                assert!(!output.status.success(), "{keep}: {refusal}");
                refused += 1;
                continue;
            }
        };
        // Unlimited counts are of 0.16.
        if !output.status.success()
            && version < vec![0, 16]
            && keep.to_string().contains("unlimited")
        {
            older += 1;
            continue;
        }
        assert!(output.status.success(), "{keep}: {}", String::from_utf8_lossy(&output.stderr));
        // That the oldest is kept while a count lasts is of 0.16.
        let is_oldest = |reason: Reason<'_>| {
            matches!(
                reason,
                Reason::Count { oldest: true, .. } | Reason::Within { oldest: true, .. }
            )
        };
        let ours: BTreeSet<String> = verdict
            .kept()
            .filter(|kept| version >= vec![0, 16] || !kept.reasons().iter().all(is_oldest))
            .map(|kept| kept.id().to_owned())
            .collect();
        let groups: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(ours, ids(&groups, "keep"), "{keep}");
        same += 1;
    }
    println!(
        "restic forget: {same} policies decided alike, {refused} refused alike, \
         {older} that this version does not know as the newest does"
    );
}

/// Durations across changes of the clock, on machines of several zones.
#[test]
fn counts_back_on_the_clock_of_the_machine() {
    if version().is_none() {
        println!("skipped: restic forget in other zones (no restic)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let restic = Restic(folder.path());
    restic.must("UTC", ["init"]);
    let file = folder.path().join("a");
    std::fs::write(&file, "a").unwrap();
    // Half an hour to both sides of where a duration may end: in a gap, in a second pass, at noon.
    let times = ["01:30", "02:00", "02:30", "03:00", "03:30"].map(|time| ["2024-03-31", time]);
    let more = ["00:30", "01:30", "02:30", "03:30"].map(|time| ["2024-10-27", time]);
    let others = [["2024-02-27", "02:10"], ["2024-06-30", "02:15"], ["2024-12-31", "02:30"]];
    for [date, time] in times.into_iter().chain(more).chain(others) {
        let time = format!("{date} {time}:00");
        let args = ["backup", "--host", "h", "--time", &time, file.to_str().unwrap()];
        restic.must("Europe/Berlin", args);
    }
    let listed = restic.must("UTC", ["snapshots", "--json"]);
    let mut left = Snapshot::from_json(&listed).unwrap();
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let (mut same, mut differ) = (0, 0);
    // Back from winter, and then from summer, once what is newer is gone.
    for (policies, last) in [
        (["2m4d", "9m", "9m1h", "2m4d1h"], "2024-07-01T00:00:00Z"),
        (["3m", "2m29d23h", "3m1h", "4m3d"], "2024-01-01T00:00:00Z"),
    ] {
        for zone in ["Europe/Berlin", "America/New_York"] {
            let local = jiff::tz::TimeZone::get(zone).unwrap();
            for within in policies {
                let keep: Keep = format!("--keep-within {within}").parse().unwrap();
                let args = ["forget", "--dry-run", "--json", "--keep-within", within];
                let groups: Value = serde_json::from_slice(&restic.must(zone, args)).unwrap();
                let kept = |zone| -> BTreeSet<String> {
                    let verdict = keep.apply_in(&left, now, zone).unwrap();
                    verdict.kept().map(|kept| kept.id().to_owned()).collect()
                };
                assert_eq!(kept(&local), ids(&groups, "keep"), "{within} in {zone}");
                same += 1;
                differ += usize::from(kept(&local) != kept(&jiff::tz::TimeZone::UTC));
            }
        }
        let last: jiff::Timestamp = last.parse().unwrap();
        let newer: Vec<String> =
            left.iter().filter(|s| s.time > last).map(|s| s.id.clone()).collect();
        restic.must("UTC", ["forget"].into_iter().chain(newer.iter().map(String::as_str)));
        left.retain(|snapshot| snapshot.time <= last);
    }
    println!("restic forget: {same} durations alike, {differ} of them otherwise than in UTC");
    assert!(differ > 0);
}

#[test]
fn backs_up_what_restic_backs_up() {
    if version().is_none() {
        println!("skipped: restic backup with excludes (no restic)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let restic = Restic(folder.path());
    restic.must("UTC", ["init"]);
    let mut runner = TestRunner::default();
    let root = folder.path().join("root");
    let target = root.to_str().unwrap();
    for _ in 0..60 {
        let path = exclude::strategy::path().new_tree(&mut runner).unwrap().current();
        let path = root.join(path.trim_start_matches('/'));
        // A file where another path needs a directory, or the other way round: one of them will do.
        let _ = std::fs::create_dir_all(path.parent().unwrap());
        let _ = std::fs::write(&path, "x");
    }
    let mut all = Vec::new();
    walk(&root, &mut all);
    // Patterns with several `**`, which is where restic is peculiar, as well as the usual ones.
    let many =
        prop::collection::vec(prop::sample::select(&["a", "b", "**", "cache", "*"][..]), 3..7);
    let patterns = prop_oneof![
        2 => exclude::strategy::patterns(),
        1 => many.prop_map(move |parts| vec![parts.join("/")]),
    ];
    let (mut paths, mut out) = (0, 0);
    for nr in 0..60 {
        let below = |pattern: String| match pattern.strip_prefix("!/").or(pattern.strip_prefix('/'))
        {
            Some(rest) => {
                format!("{}{target}/{rest}", if pattern.starts_with('!') { "!" } else { "" })
            }
            None => pattern,
        };
        let patterns = patterns.new_tree(&mut runner).unwrap().current();
        let patterns: Vec<String> = patterns.into_iter().map(below).collect();
        let ignores_case = nr % 5 == 4;
        let option = if ignores_case { "--iexclude" } else { "--exclude" };
        let mut args = vec!["backup", "--force", "--json", "--verbose=2"];
        for pattern in &patterns {
            args.extend([option, pattern]);
        }
        args.push(target);
        let output = restic.must("UTC", args);
        let output = String::from_utf8(output).unwrap();
        let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let items = lines.filter(|line| line["message_type"] == "verbose_status");
        let backed_up: BTreeSet<String> = items
            .filter_map(|line| Some(line["item"].as_str()?.trim_end_matches('/').to_owned()))
            .filter(|item| item.starts_with(target))
            .collect();
        let excludes = if ignores_case {
            Excludes::default().ignoring_case(&patterns).unwrap()
        } else {
            Excludes::new(&patterns).unwrap()
        };
        let ours: BTreeSet<String> = all
            .iter()
            .filter(|path| excludes.verdict(target, path).is_included())
            .cloned()
            .collect();
        assert_eq!(ours, backed_up, "{patterns:?}");
        paths += all.len();
        out += all.len() - ours.len();
    }
    println!("restic backup: 60 sets of patterns, {paths} paths alike, {out} of them excluded");
    assert!(out > 0);
}

fn walk(folder: &Path, into: &mut Vec<String>) {
    into.push(folder.to_str().unwrap().to_owned());
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder).unwrap() {
            walk(&entry.unwrap().path(), into);
        }
    }
}
