//! What follows a replication: holds, bookmarks, and the pruning of snapshots.

use std::collections::BTreeSet;

use zfs_props::name::DatasetName;

use super::listing::Listing;
use super::run::Run;
use super::{Release, Side};
use crate::lineage::Version;

/// Up to so many snapshots are destroyed by one command (`--delete-target-snapshots`).
const DESTROYED_AT_ONCE: usize = 50;

impl Run<'_> {
    pub(super) fn afterwards(
        &mut self,
        source: &DatasetName,
        target: &DatasetName,
        have: &Listing,
        theirs: &Listing,
        newest: &str,
        matching: Option<&str>,
    ) {
        if self.options.use_hold {
            let tag = self.options.own_prefix();
            for (dataset, ours) in [(source, true), (target, false)] {
                self.hold(dataset, ours, &tag, newest, 1);
                if let Some(matching) = matching {
                    self.hold(dataset, ours, &tag, matching, -1);
                }
            }
        }
        if self.options.no_sync_snap {
            if self.options.create_bookmark {
                self.bookmark(source, newest);
            }
        } else if !self.options.keep_sync_snap {
            let own = self.options.own_prefix();
            for (dataset, ours, listing) in [(source, true, have), (target, false, theirs)] {
                let obsolete = listing.entries.iter().map(|entry| &entry.name);
                let obsolete = obsolete.filter(|name| name.starts_with(&own) && *name != newest);
                for name in obsolete.cloned().collect::<Vec<_>>() {
                    self.destroy(dataset, ours, &[name]);
                }
            }
        }
        if self.options.delete_target_snapshots {
            // 2.2 goes by what it listed before it sent.
            let now = self.options.release >= Release::V2_3;
            let listed = |side: &Side, dataset, before: &Listing| {
                if now {
                    Listing::of(side.datasets.get(dataset), self.options)
                } else {
                    before.clone()
                }
            };
            let (have, theirs) =
                (listed(&self.source, source, have), listed(&self.target, target, theirs));
            let ours = have.by_name();
            let surplus = theirs.entries.iter().map(|entry| entry.name.clone());
            let surplus: Vec<String> =
                surplus.filter(|name| !ours.contains_key(name.as_str())).collect();
            for some in surplus.chunks(DESTROYED_AT_ONCE) {
                self.destroy(target, false, some);
            }
        }
    }

    fn hold(&mut self, dataset: &DatasetName, ours: bool, tag: &str, name: &str, change: i64) {
        self.run(&[if change > 0 { "hold" } else { "release" }, tag, &format!("{dataset}@{name}")]);
        let side = if ours { &mut self.source } else { &mut self.target };
        let Some(lineage) = side.datasets.get_mut(dataset) else { return };
        let holds =
            |version: &mut Version| version.holds = version.holds.saturating_add_signed(change);
        lineage.change(name, holds);
    }

    fn bookmark(&mut self, source: &DatasetName, newest: &str) {
        let Some(snapshot) = self.version(source, newest, true) else { return };
        let existing = self.version(source, newest, false);
        let mut name = newest.to_owned();
        self.run(&["bookmark", &snapshot.of(source), &format!("{source}#{name}")]);
        if let Some(existing) = existing {
            if existing.guid == snapshot.guid && self.options.release >= Release::V2_3 {
                return;
            }
            name.extend(snapshot.guid.to_string().chars().take(6));
            self.run(&["bookmark", &snapshot.of(source), &format!("{source}#{name}")]);
            if self.version(source, &name, false).is_some() {
                self.worst(2);
                return;
            }
        }
        let mark = Version::bookmark(name, snapshot.guid.0, snapshot.createtxg, snapshot.creation);
        if let Some(lineage) = self.source.datasets.get_mut(source) {
            lineage.insert(mark);
        }
    }

    /// `zfs destroy DATASET@a,b,c`: held ones stay, missing ones do not matter.
    pub(super) fn destroy(&mut self, dataset: &DatasetName, ours: bool, names: &[String]) {
        self.run(&["destroy", &format!("{dataset}@{}", names.join(","))]);
        let side = if ours { &mut self.source } else { &mut self.target };
        let Some(lineage) = side.datasets.get_mut(dataset) else { return };
        let doomed: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let goes = |version: &Version| {
            version.is_snapshot()
                && version.holds == 0
                && version.clones.is_empty()
                && doomed.contains(version.name.as_str())
        };
        self.destroyed.extend(
            lineage.versions().iter().filter(|v| goes(v)).map(|version| version.of(dataset)),
        );
        lineage.retain(|version| !goes(version));
    }
}
