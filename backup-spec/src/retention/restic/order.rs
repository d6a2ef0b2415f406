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
    pub(super) fn new(snapshot: &Snapshot, index: u32, keep: &Keep) -> Self {
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

/// The snapshots newest first. Where two have the same instant, the id decides: restic takes the order in
/// which the repository's files arrive.
pub(super) fn newest_first(snapshots: &[Snapshot], mut entries: Vec<Entry>) -> Vec<Entry> {
    let newest = entries.iter().map(|entry| entry.second).max().unwrap_or(0);
    let oldest = entries.iter().map(|entry| entry.second).min().unwrap_or(0);
    let mut sorted = sort_as_numbers(&entries, newest, oldest).unwrap_or_else(|| {
        entries.sort_unstable_by_key(|entry| Reverse(entry.second));
        entries
    });
    for same in sorted.chunk_by_mut(|a, b| a.second == b.second).filter(|same| same.len() > 1) {
        same.sort_unstable_by_key(|entry| {
            entry.of(snapshots).map(|s| (Reverse(s.time.subsec_nanosecond()), s.id.as_str()))
        });
    }
    sorted
}

/// Sorting whole numbers is the floor. How far before the newest, the place, and which of the offsets, fit
/// in one nearly always, and nothing has to be looked up again. `None` if they do not.
fn sort_as_numbers(entries: &[Entry], newest: i64, oldest: i64) -> Option<Vec<Entry>> {
    const OFFSETS: usize = 64;
    let mut offsets: Vec<i32> = Vec::new();
    let width = |number: u64| u64::BITS - number.leading_zeros();
    let of_index = width(entries.iter().map(|entry| u64::from(entry.index)).max()?);
    let of_offset = width(OFFSETS as u64 - 1);
    if width(newest.abs_diff(oldest)) + of_index + of_offset > u64::BITS {
        return None;
    }
    let mut keys = Vec::with_capacity(entries.len());
    for entry in entries {
        let known = offsets.iter().position(|offset| *offset == entry.offset_and_tagged);
        let code = known.unwrap_or(offsets.len());
        if known.is_none() {
            offsets.push(entry.offset_and_tagged);
        }
        let code = u64::try_from(code).ok().filter(|_| code < OFFSETS)?;
        let age = newest.abs_diff(entry.second);
        keys.push((((age << of_index) | u64::from(entry.index)) << of_offset) | code);
    }
    keys.sort_unstable();
    let entry = |&key: &u64| {
        let code = usize::try_from(key & (OFFSETS as u64 - 1)).ok()?;
        let index = (key >> of_offset) & !(u64::MAX << of_index);
        Some(Entry {
            second: newest.checked_sub_unsigned((key >> of_offset) >> of_index)?,
            index: u32::try_from(index).ok()?,
            offset_and_tagged: *offsets.get(code)?,
        })
    };
    keys.iter().map(entry).collect()
}
