//! Strategies of snapshot histories and policies, for your own property tests.

use jiff::Timestamp;
use jiff::tz::Offset;
use proptest::prelude::*;

use super::restic::{Count, Keep, Rule, TagList, Within};
use super::zrepl::Grid;
use crate::Snapshot;

/// Tags that [`snapshots`] have and [`keep`] asks for.
const TAGS: [&str; 4] = ["media", "db", "keepme", "pre-migration"];

/// Up to `most` snapshots of a few hosts, paths, tags and offsets, from two years before `end` to a month
/// after it, no two of the same instant. Ids are `s0`, `s1`, … in no order of time.
pub fn snapshots(end: Timestamp, most: usize) -> impl Strategy<Value = Vec<Snapshot>> {
    let near = -3_i64 * 86_400..3 * 86_400_i64;
    let far = -730_i64 * 86_400..30 * 86_400_i64;
    let second = prop_oneof![2 => near, 3 => far];
    let offset = prop_oneof![3 => Just(0), 1 => Just(7200), 1 => Just(-18_000), 1 => Just(20_700)];
    let one = (
        second,
        offset,
        prop_oneof![3 => Just("forge"), 1 => Just("luna")],
        prop_oneof![3 => Just(vec!["/a"]), 1 => Just(vec!["/b", "/a"])],
        prop::collection::vec(prop::sample::select(&TAGS[..]), 0..3),
    );
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    prop::collection::vec(one, 0..=most).prop_map(move |ones| {
        let mut seen = std::collections::HashSet::new();
        ones.into_iter()
            .filter(|one| seen.insert(one.0))
            .enumerate()
            .map(|(nr, (second, offset, host, paths, tags))| Snapshot {
                id: format!("s{nr}"),
                time: Timestamp::from_second(end.as_second() + second).unwrap_or(end),
                offset: Offset::from_seconds(offset).unwrap_or(Offset::UTC),
                host: host.to_owned(),
                paths: owned(paths),
                tags: owned(tags),
            })
            .collect()
    })
}

/// A duration, which may be nothing.
pub fn within() -> impl Strategy<Value = Within> {
    (0..3_u32, 0..14_u32, 0..60_u32, 0..50_u32).prop_map(|(years, months, days, hours)| Within {
        years,
        months,
        days,
        hours,
    })
}

/// A count, which may be 0 or unlimited.
pub fn count() -> impl Strategy<Value = Count> {
    prop_oneof![6 => (0..40_u64).prop_map(Count::Newest), 1 => Just(Count::Unlimited)]
}

/// One rule of a policy, which may be one that keeps nothing.
pub fn rule() -> impl Strategy<Value = Keep> {
    let rule = || prop::sample::select(&Rule::ALL[..]);
    let tags = prop::collection::vec(prop::sample::select(&TAGS[..]), 0..3);
    prop_oneof![
        4 => (rule(), count()).prop_map(|(rule, count)| Keep::default().with_count(rule, count)),
        3 => (rule(), within()).prop_map(|(rule, within)| Keep::default().with_within(rule, within)),
        1 => tags.prop_map(|tags| Keep::default().with_tags(TagList::from(tags.join(",").as_str()))),
    ]
}

/// A policy of up to six rules, which may keep nothing.
pub fn keep() -> impl Strategy<Value = Keep> {
    prop::collection::vec(rule(), 0..6)
        .prop_map(|rules| rules.iter().fold(Keep::default(), Keep::and))
}

/// A retention grid that zrepl takes and that keeps something.
pub fn grid() -> impl Strategy<Value = Grid> {
    let keep = prop_oneof![3 => Just(""), 1 => Just("(keep=2)"), 1 => Just("(keep=all)")];
    let interval =
        (1..30_u64, 1..40_u64, prop::sample::select(&["s", "m", "h", "d", "w"][..]), keep);
    let text = |(times, length, unit, keep)| format!("{times}x{length}{unit}{keep}");
    prop::collection::vec(interval.prop_map(text), 1..5)
        .prop_filter_map("a grid", |intervals| intervals.join(" | ").parse().ok())
}
