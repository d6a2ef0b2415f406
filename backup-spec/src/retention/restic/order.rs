//! Newest first, without moving a snapshot.

use std::cmp::Reverse;

use crate::Snapshot;

/// The places of the snapshots at `indices`, newest first, each with its second. Where two have the same
/// instant, the id decides: restic takes the order in which the repository's files arrive.
pub(super) fn newest_first(snapshots: &[Snapshot], indices: &[usize]) -> Vec<(i64, usize)> {
    let second = |index: usize| snapshots.get(index).map_or(0, |s| s.time.as_second());
    let mut seconds: Vec<i64> = indices.iter().map(|&index| second(index)).collect();
    let newest = seconds.iter().copied().max().unwrap_or(0);
    let oldest = seconds.iter().copied().min().unwrap_or(0);
    // Sorting whole numbers is the floor. How far before the newest, and the place, fit in one nearly
    // always; what shares a second is put in order afterwards.
    let bits = u64::BITS - indices.len().leading_zeros().min(u64::BITS);
    let span = newest.abs_diff(oldest);
    let mut sorted: Vec<(i64, usize)> = if span.leading_zeros() > bits {
        let mask = (1_u64 << bits) - 1;
        let mut keys: Vec<u64> = (0_u64..)
            .zip(&seconds)
            .map(|(place, &second)| newest.abs_diff(second) << bits | place)
            .collect();
        keys.sort_unstable();
        let index = |key: u64| usize::try_from(key & mask).ok().and_then(|at| indices.get(at));
        keys.iter()
            .filter_map(|&key| Some((newest.checked_sub_unsigned(key >> bits)?, *index(key)?)))
            .collect()
    } else {
        let mut pairs: Vec<_> = seconds.drain(..).zip(indices.iter().copied()).collect();
        pairs.sort_unstable_by_key(|&(second, index)| (Reverse(second), index));
        pairs
    };
    for same in sorted.chunk_by_mut(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        same.sort_unstable_by_key(|&(_, index)| {
            snapshots.get(index).map(|s| (Reverse(s.time.subsec_nanosecond()), s.id.as_str()))
        });
    }
    sorted
}
