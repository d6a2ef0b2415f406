// What the fuzz targets of backup-spec's retention and excludes do with their input, and
// `backup-spec/tests/corpus_retention.rs` with every file of the corpora. A property that fails panics.

use backup_spec::exclude::{Excludes, patterns_of_file};
use backup_spec::retention::restic::Forget;
use backup_spec::retention::sanoid::{World, monitor, run};
use backup_spec::retention::zrepl::Grid;
use backup_spec::sanoid::Config;
use backup_spec::{Snapshot, retention};

/// A sanoid.conf reads back as it is written, and a run with it ends.
pub fn sanoid_conf(data: &[u8]) {
    const DATASETS: [&str; 4] = ["tank", "tank/a", "tank/a/x", "tank/b"];
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(config) = text.parse::<Config>() else { return };
    let written = config.to_string();
    assert_eq!(written.parse::<Config>().as_ref(), Ok(&config), "{written}");
    let _ = config.lint().iter().map(ToString::to_string).collect::<Vec<_>>();
    let Ok(settings) = config.resolve(&DATASETS) else { return };
    let now = jiff::Timestamp::from_second(1_730_000_000).unwrap_or_default();
    let snapshots = vec![Snapshot::new("autosnap_2024-01-01_00:00:00_daily", now)];
    let datasets = DATASETS.iter().map(|name| ((*name).to_owned(), snapshots.clone())).collect();
    let zone = jiff::tz::TimeZone::UTC;
    let world = World { now, zone, datasets, capacity: std::collections::BTreeMap::new() };
    let _ = (run(&settings, &world), monitor(&settings, &world));
}

/// The first line is a path, the others are patterns: what the verdict says is what a walk finds.
pub fn exclude_patterns(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (path, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(excludes) = Excludes::new(rest.split('\n')) else { return };
    let _ = excludes.lint(&[path]).iter().map(ToString::to_string).collect::<Vec<_>>();
    let path = path.trim_end_matches('/');
    if !path.starts_with('/') || path.contains("//") {
        return;
    }
    let Some(end) = path.get(1..).map(|rest| rest.find('/').map_or(path.len(), |at| at + 1)) else {
        return;
    };
    let ends = (end..=path.len()).filter(|at| *at == path.len() || path.as_bytes()[*at] == b'/');
    let walked = ends.map(|at| &path[..at]).all(|above| !excludes.matches(above));
    assert_eq!(excludes.verdict(&path[..end], path).is_included(), walked, "{path} {rest:?}");
}

/// Every line of a file becomes a pattern or nothing.
pub fn exclude_file(data: &[u8]) {
    if let Ok(patterns) = patterns_of_file(data, |name| Some(name.to_owned())) {
        let _ = Excludes::new(&patterns);
        let _ = Excludes::default().ignoring_case(&patterns);
    }
}

/// What is kept and what is removed is all there is, once each.
pub fn restic_json(data: &[u8]) {
    let Ok(snapshots) = Snapshot::from_json(data) else { return };
    let now = jiff::Timestamp::from_second(1_800_000_000).unwrap_or_default();
    for policy in ["-l 1 -H 3 -d 2 -w 2 -m 2 -y 2", "--keep-within 1y2m3d4h --keep-within-daily 9y"]
    {
        let Ok(keep) = policy.parse::<retention::restic::Keep>() else { return };
        if let Ok(verdict) = keep.apply(&snapshots, now) {
            assert_eq!(verdict.kept().count() + verdict.removed().count(), snapshots.len());
            let _ = verdict.kept().map(|kept| kept.reasons().to_string()).collect::<Vec<_>>();
        }
    }
    if let Ok(verdict) =
        "24x1h | 9x1w(keep=2)".parse::<Grid>().map(|grid| grid.apply(&snapshots).map(|_| ()))
    {
        assert!(verdict.is_ok());
    }
}

/// Options and grids read back as they are written.
pub fn keep_args(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(forget) = text.parse::<Forget>() {
        let written = forget.to_string();
        assert_eq!(written.parse::<Forget>().as_ref(), Ok(&forget), "{written}");
    }
    if let Ok(grid) = text.parse::<Grid>() {
        let written = grid.to_string();
        assert_eq!(written.parse::<Grid>().as_ref(), Ok(&grid), "{written}");
        let _ = grid.apply(&[Snapshot::new("a", jiff::Timestamp::UNIX_EPOCH)]);
    }
}
