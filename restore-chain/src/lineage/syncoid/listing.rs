//! Snapshots as syncoid lists and orders them.

use std::collections::HashMap;

use super::{Options, Release};
use crate::lineage::{Guid, Lineage, Version};

/// One snapshot or bookmark, as far as syncoid looks at it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) guid: Guid,
    pub(super) createtxg: u64,
    /// The creation time with three digits of running number behind it, for those of the same second.
    pub(super) creation: i128,
}

impl Entry {
    /// What this release orders by.
    pub(super) fn key(&self, release: Release) -> i128 {
        match release {
            Release::V2_2 => self.creation,
            Release::V2_3 => self.createtxg.into(),
        }
    }
}

/// The snapshots of a dataset that the filters let through, oldest first by the release's own order.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
}

impl Listing {
    pub(super) fn of(lineage: Option<&Lineage>, options: &Options) -> Self {
        let snapshots = lineage.into_iter().flat_map(Lineage::snapshots);
        let included = snapshots.filter(|version| options.includes_snapshot(&version.name));
        let mut entries = numbered(included);
        entries.sort_by_key(|entry| entry.key(options.release));
        Self { entries }
    }

    pub(super) fn by_name(&self) -> HashMap<&str, &Entry> {
        self.entries.iter().map(|entry| (entry.name.as_str(), entry)).collect()
    }
}

/// All bookmarks; filters are not for them.
pub(super) fn bookmarks(lineage: Option<&Lineage>) -> Vec<Entry> {
    let versions = lineage.into_iter().flat_map(Lineage::versions);
    numbered(versions.filter(|version| !version.is_snapshot()))
}

/// Numbers those of the same second in the order of the listing, which is that of `createtxg`.
fn numbered<'v>(versions: impl Iterator<Item = &'v Version>) -> Vec<Entry> {
    /// After so many the number is no longer counted up.
    const LAST: i128 = 998;
    let mut seen: HashMap<i64, i128> = HashMap::new();
    let mut entries = Vec::new();
    for version in versions {
        let number = seen.entry(version.creation).or_insert(-1);
        *number = (*number + 1).min(LAST);
        entries.push(Entry {
            name: version.name.clone(),
            guid: version.guid,
            createtxg: version.createtxg,
            creation: i128::from(version.creation) * 1000 + *number,
        });
    }
    entries
}
