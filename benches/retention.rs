//! Retention and excludes, beside the least that has to be done.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `retention-100k` | 100,000 shuffled snapshots through every count of a restic policy | sorting their times |
//! | `retention-1m` | the same of 1,000,000 | the same |
//! | `retention-all-1m` | 1,000,000 through every rule: counts, durations, tags | the same |
//! | `excludes-1m` | the verdicts on 1,000,000 paths by 50 patterns | splitting the paths into components |

#![allow(missing_docs)]

use std::hint::black_box;

use backup_spec::Snapshot;
use backup_spec::exclude::Excludes;
use backup_spec::retention::restic::Keep;
use benches::{measure, paths, patterns, shuffled_snapshots};
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;

/// What the peers were measured with.
const COUNTS: &str =
    "--keep-hourly 24 --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --keep-yearly 75";
const ALL: &str = "--keep-last 10 --keep-hourly 24 --keep-daily 7 --keep-weekly 4 --keep-monthly 12 \
     --keep-yearly 75 --keep-within 14d --keep-within-hourly 30d --keep-within-daily 90d \
     --keep-within-weekly 1y --keep-within-monthly 3y --keep-within-yearly 10y --keep-tag keepme";

fn retention(c: &mut Criterion) {
    let now = Timestamp::from_second(1_800_000_000).unwrap_or_default();
    for (name, count, policy) in [
        ("retention-100k", 100_000, COUNTS),
        ("retention-1m", 1_000_000, COUNTS),
        ("retention-all-1m", 1_000_000, ALL),
    ] {
        let snapshots: Vec<Snapshot> = shuffled_snapshots(count);
        let times: Vec<Timestamp> = snapshots.iter().map(|snapshot| snapshot.time).collect();
        let Ok(keep) = policy.parse::<Keep>() else { return };
        let subject = || keep.apply(black_box(&snapshots), now).map(|v| v.kept().count());
        let sort = || {
            let mut times = black_box(&times).clone();
            times.sort_unstable();
            times
        };
        measure(c, name, subject, sort);
    }
}

fn excludes(c: &mut Criterion) {
    let paths = paths(1_000_000);
    let Ok(excludes) = Excludes::new(patterns(50)) else { return };
    let verdicts =
        || paths.iter().filter(|path| excludes.verdict("/persist", path).is_included()).count();
    let split = || black_box(&paths).iter().map(|path| path.split('/').count()).sum::<usize>();
    measure(c, "excludes-1m", verdicts, split);
}

criterion_group!(benches, retention, excludes);
criterion_main!(benches);
