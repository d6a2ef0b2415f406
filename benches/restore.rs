//! Restoring, beside the least that has to be done.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `incremental-path` | the newest common of 100,000 snapshots a side, where the receiver has some of its own | a table of one side's guids |
//! | `incremental-path-growth` | the same | ten times for 10,000 a side |
//! | `wal-names` | a listing of 1,000,000 segments to intervals | adding up the bytes of the names |
//! | `restore-order` | 100,000 nodes with 200,000 edges in order | sorting their names |

#![allow(missing_docs)]

use std::collections::HashMap;
use std::hint::black_box;

use benches::measure;
use criterion::{Criterion, criterion_group, criterion_main};
use restore_chain::lineage::{Lineage, Version, incremental_path};
use restore_chain::order::{Graph, Kind, Limits};
use restore_chain::pitr::{Archive, Segment, SegmentSize, TimelineId};

/// Guids are random numbers.
fn guid(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Two sides that share all but the sender's last and the receiver's own last snapshots.
fn sides(count: u64) -> Option<(Lineage, Lineage)> {
    let snapshot =
        |n: u64, own: u64| Version::snapshot(format!("autosnap_{n}"), guid(n + own), n, 0);
    let sender = Lineage::new("tank/a".parse().ok()?, (0..count).map(|n| snapshot(n, 0)).collect());
    let theirs = (0..count).map(|n| snapshot(n, if n + 3 < count { 0 } else { count }));
    Some((sender, Lineage::new("backup/a".parse().ok()?, theirs.collect())))
}

fn paths(c: &mut Criterion) {
    const COUNT: u64 = 100_000;
    let (Some((sender, receiver)), Some((few, fewer))) = (sides(COUNT), sides(COUNT / 10)) else {
        return;
    };
    let subject = || incremental_path(black_box(&sender), &receiver).is_err();
    let table = || {
        sender
            .versions()
            .iter()
            .enumerate()
            .map(|(at, version)| (version.guid, at))
            .collect::<HashMap<_, _>>()
            .len()
    };
    measure(c, "incremental-path", subject, table);
    let ten_times =
        || (0..10).filter(|_| incremental_path(black_box(&few), &fewer).is_err()).count();
    measure(c, "incremental-path-growth", subject, ten_times);
}

fn wal(c: &mut Criterion) {
    let size = SegmentSize::default();
    // A hole every 1,000 segments.
    let numbers = (0_u64..).filter(|number| number % 1000 != 0).take(1_000_000);
    let names: Vec<String> =
        numbers.map(|number| size.name(Segment { timeline: TimelineId(3), number })).collect();
    let subject =
        || Archive::from_names(size, black_box(&names).iter().map(String::as_str)).count();
    let bytes =
        || black_box(&names).iter().flat_map(|name| name.bytes()).map(u64::from).sum::<u64>();
    measure(c, "wal-names", subject, bytes);
}

fn order(c: &mut Criterion) {
    const COUNT: usize = 100_000;
    let mut graph = Graph::new();
    let names: Vec<String> =
        (0..COUNT).map(|n| format!("tank/services/{:06}", n * 7919 % COUNT)).collect();
    let nodes: Vec<_> = names.iter().map(|name| graph.add(Kind::Dataset, name, 60)).collect();
    for (n, node) in nodes.iter().enumerate() {
        for earlier in [n / 2, n / 3].into_iter().filter(|earlier| *earlier < n) {
            if let Some(earlier) = nodes.get(earlier) {
                graph.before(*earlier, *node, "so");
            }
        }
    }
    let subject = || {
        black_box(&graph)
            .order(&Limits { parallel: 64, ..Limits::default() })
            .map_or(0, |order| order.slots.len())
    };
    let sort = || {
        let mut names: Vec<&String> = black_box(&names).iter().collect();
        names.sort();
        names.len()
    };
    measure(c, "restore-order", subject, sort);
}

criterion_group!(restores, paths, wal, order);
criterion_main!(restores);
