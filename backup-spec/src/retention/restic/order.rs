//! Newest first, without moving a snapshot, and with all that the rules need of each beside it: they go
//! through a million without looking at one of them again.

use std::cmp::Reverse;

use jiff::tz::Offset;

use super::keep::Keep;
use crate::Snapshot;

/// What the rules need of a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Whole seconds since 1970.
    pub(super) second: i64,
    /// Where it stands in the list.
    pub(super) index: u32,
    /// Twice the offset in seconds, and one if it has one of the lists of tags.
    offset_and_tagged: i32,
}

impl Entry {
    fn new(snapshot: &Snapshot, index: u32, keep: &Keep) -> Self {
        let is_tagged = keep.tags().iter().any(|list| list.matches(snapshot));
        let offset_and_tagged = snapshot.offset.seconds() * 2 + i32::from(is_tagged);
        Self { second: snapshot.time.as_second(), index, offset_and_tagged }
    }

    pub(super) fn offset(self) -> Offset {
        Offset::from_seconds(self.offset_and_tagged >> 1).unwrap_or(Offset::UTC)
    }

    pub(super) fn is_tagged(self) -> bool {
        self.offset_and_tagged & 1 == 1
    }

    pub(super) fn of(self, snapshots: &[Snapshot]) -> Option<&Snapshot> {
        snapshots.get(usize::try_from(self.index).ok()?)
    }
}

/// The snapshots at `indices`, newest first. Where two have the same instant, the id decides: restic takes
/// the order in which the repository's files arrive.
pub(super) fn newest_first(snapshots: &[Snapshot], indices: &[u32], keep: &Keep) -> Vec<Entry> {
    let entry = |&index: &u32| {
        let snapshot = snapshots.get(usize::try_from(index).ok()?)?;
        Some(Entry::new(snapshot, index, keep))
    };
    let entries: Vec<Entry> = indices.iter().filter_map(entry).collect();
    let newest = entries.iter().map(|entry| entry.second).max().unwrap_or(0);
    let oldest = entries.iter().map(|entry| entry.second).min().unwrap_or(0);
    // Sorting whole numbers is the floor. How far before the newest, and the place, fit in one nearly
    // always; what shares a second is put in order afterwards.
    let bits = usize::BITS - entries.len().leading_zeros();
    let mut sorted: Vec<Entry> = if newest.abs_diff(oldest).leading_zeros() > bits {
        let key = |(place, entry): (u64, &Entry)| (newest.abs_diff(entry.second) << bits) | place;
        let mut keys: Vec<u64> = (0_u64..).zip(&entries).map(key).collect();
        keys.sort_unstable();
        let place = |key: u64| usize::try_from(key & ((1 << bits) - 1)).ok();
        keys.iter().filter_map(|&key| entries.get(place(key)?).copied()).collect()
    } else {
        let mut entries = entries;
        entries.sort_unstable_by_key(|entry| Reverse(entry.second));
        entries
    };
    for same in sorted.chunk_by_mut(|a, b| a.second == b.second).filter(|same| same.len() > 1) {
        same.sort_unstable_by_key(|entry| {
            entry.of(snapshots).map(|s| (Reverse(s.time.subsec_nanosecond()), s.id.as_str()))
        });
    }
    sorted
}
