//! Strategies for property tests of your own: lineages, archives, worlds.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use zfs_props::name::DatasetName;

use crate::lineage::{Lineage, Version};
use crate::pitr::{Archive, SegmentSize, TimelineId};
use crate::sim::{Behaviour, Crash, Moment};

/// A sender and a receiver that share some history: snapshots pruned on either side, bookmarks on the sender, and
/// sometimes snapshots that only the receiver has.
pub fn lineages(
    sender: DatasetName,
    receiver: DatasetName,
) -> impl Strategy<Value = (Lineage, Lineage)> {
    let history = vec((any::<(bool, bool, bool)>(), 1_u64..1000), 0..24);
    (history, vec(0_u64..24, 0..3)).prop_map(move |(history, own)| {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut txg = 0;
        for (n, ((here, there, mark), step)) in (1..).zip(history) {
            txg += step;
            let name = format!("s{n}");
            let creation = i64::try_from(txg).unwrap_or(0) * 60;
            if here {
                ours.push(Version::snapshot(name.clone(), 1000 + n, txg, creation));
            }
            if mark {
                ours.push(Version::bookmark(name.clone(), 1000 + n, txg, creation));
            }
            if there {
                theirs.push(Version::snapshot(name, 1000 + n, 50_000 + txg * 3, creation));
            }
        }
        for (n, at) in (1..).zip(own) {
            theirs.push(Version::snapshot(format!("own{n}"), n, 50_001 + at * 700, 0));
        }
        (Lineage::new(sender.clone(), ours), Lineage::new(receiver.clone(), theirs))
    })
}

/// An archive with timelines that fork off each other, and holes.
pub fn archive() -> impl Strategy<Value = Archive> {
    let forks = vec((0_u64..40, 0_u32..4), 0..4);
    let holes = btree_set((1_u32..6, 0_u64..60), 0..6);
    (forks, holes, 1_u64..60).prop_filter_map(
        "a fork is on its parent",
        |(forks, holes, length)| {
            let size = SegmentSize::new(1 << 20).ok()?;
            // Parent and place of each timeline from 2 on.
            let mut ancestors: Vec<Vec<(u32, u64)>> = vec![Vec::new()];
            for (at, parent) in forks {
                let parent = parent % u32::try_from(ancestors.len()).ok()?;
                let mut line = ancestors.get(parent as usize)?.clone();
                let begin = line.last().map_or(0, |(_, begin)| *begin);
                line.push((parent + 1, begin.max(at)));
                ancestors.push(line);
            }
            let mut names = Vec::new();
            for (id, line) in (1_u32..).zip(&ancestors) {
                let begin = line.last().map_or(0, |(_, begin)| *begin);
                let segments =
                    (begin..begin + length).filter(|number| !holes.contains(&(id, *number)));
                names.extend(segments.map(|number| {
                    size.name(crate::pitr::Segment { timeline: TimelineId(id), number })
                }));
            }
            let mut archive = Archive::from_names(size, names.iter().map(String::as_str));
            for (id, line) in (1_u32..).zip(&ancestors).skip(1) {
                let lines = line
                    .iter()
                    .map(|(parent, at)| format!("{parent}\t{}\tfork\n", size.start(*at)));
                archive.add_history(TimelineId(id), &lines.collect::<String>()).ok()?;
            }
            Some(archive)
        },
    )
}

/// How one way back behaves.
pub fn behaviour() -> impl Strategy<Value = Behaviour> {
    proptest::sample::select(Behaviour::ALL.to_vec())
}

/// A crash in one of the first acts.
pub fn crash() -> impl Strategy<Value = Crash> {
    (0_usize..24, proptest::sample::select(Moment::ALL.to_vec()))
        .prop_map(|(act, moment)| Crash { act, moment })
}
