//! Laws, over histories and policies of every kind.

use backup_spec::Snapshot;
use backup_spec::retention::restic::{Keep, Refusal};
use backup_spec::retention::zrepl::Grid;
use backup_spec::retention::{Policy, strategy};
use jiff::Timestamp;
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-03-15T12:00:00Z".parse().unwrap()
}

fn kept<P: Policy>(policy: &P, snapshots: &[Snapshot]) -> Option<Vec<String>> {
    let keeps = policy.keeps(snapshots, now()).ok()?;
    let kept = snapshots.iter().zip(keeps).filter(|(_, keeps)| *keeps);
    Some(kept.map(|(snapshot, _)| snapshot.id.clone()).collect())
}

fn sorted(ids: Option<Vec<String>>) -> Option<Vec<String>> {
    ids.map(|mut ids| {
        ids.sort();
        ids
    })
}

fn remaining(snapshots: &[Snapshot], ids: &[String]) -> Vec<Snapshot> {
    snapshots.iter().filter(|snapshot| ids.contains(&snapshot.id)).cloned().collect()
}

proptest! {
    #[test]
    fn one_rule_more_never_removes_more(
        snapshots in strategy::snapshots(now(), 60),
        keep in strategy::keep(),
        rule in strategy::rule(),
    ) {
        // A larger count, more tags, and a duration where there was none: `and` would replace one.
        let more = backup_spec::retention::restic::Rule::ALL.iter().fold(keep.clone().and(&rule), |more, &of| {
            if keep.within(of).is_zero() { more } else { more.with_within(of, keep.within(of)) }
        });
        if let Some(before) = kept(&keep, &snapshots) {
            let after = kept(&more, &snapshots);
            let after = after.expect("what is refused keeps nothing of a group, and this keeps more");
            prop_assert!(before.iter().all(|id| after.contains(id)), "{keep} -> {more}");
        }
    }

    #[test]
    fn restic_twice_is_once(snapshots in strategy::snapshots(now(), 60), keep in strategy::keep()) {
        if let Some(once) = kept(&keep, &snapshots) {
            let twice = kept(&keep, &remaining(&snapshots, &once));
            prop_assert_eq!(Some(once), twice);
        }
    }

    #[test]
    fn order_of_input_is_irrelevant(
        (snapshots, shuffled) in strategy::snapshots(now(), 60)
            .prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
        keep in strategy::keep(),
        grid in strategy::grid(),
    ) {
        prop_assert_eq!(sorted(kept(&keep, &snapshots)), sorted(kept(&keep, &shuffled)));
        prop_assert_eq!(sorted(kept(&grid, &snapshots)), sorted(kept(&grid, &shuffled)));
    }

    #[test]
    fn equal_instants_are_told_apart_by_id(
        keep in strategy::keep(),
        shuffled in Just((0..12).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let of = |order: &[i32]| {
            let snapshots: Vec<_> =
                order.iter().map(|nr| Snapshot::new(format!("s{nr}"), now())).collect();
            sorted(kept(&keep, &snapshots))
        };
        prop_assert_eq!(of(&shuffled), of(&(0..12).collect::<Vec<_>>()));
    }

    #[test]
    fn a_refusal_and_only_a_refusal_leaves_a_group_empty(
        snapshots in strategy::snapshots(now(), 40),
        keep in strategy::keep(),
    ) {
        match keep.apply(&snapshots, now()) {
            Ok(verdict) => {
                for group in verdict.groups() {
                    prop_assert!(group.kept().next().is_some());
                    prop_assert!(group.kept().all(|kept| kept.reasons().iter().next().is_some()));
                }
                let decided = verdict.kept().count() + verdict.removed().count();
                prop_assert_eq!(decided, snapshots.len());
            }
            Err(Refusal::NoPolicy) => prop_assert!(keep.is_empty()),
            Err(Refusal::NothingKept { .. }) => prop_assert!(!snapshots.is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn a_policy_reads_back_as_it_is_written(keep in strategy::keep()) {
        prop_assert_eq!(&keep.to_string().parse::<Keep>().unwrap(), &keep);
        prop_assert_eq!(&Keep::from_args(keep.to_args()).unwrap(), &keep);
    }

    #[test]
    fn a_grid_reads_back_as_it_is_written(grid in strategy::grid()) {
        prop_assert_eq!(grid.to_string().parse::<Grid>().unwrap(), grid);
    }

    #[test]
    fn the_newest_survives_every_grid_but_one_that_holds_older_ones(
        snapshots in strategy::snapshots(now(), 60),
        grid in strategy::grid(),
    ) {
        // Of an interval the oldest stay, so that the oldest of the first one does.
        let verdict = grid.apply(&snapshots).unwrap();
        prop_assert_eq!(verdict.kept().count() + verdict.removed().count(), snapshots.len());
        prop_assert_eq!(verdict.kept().next().is_none(), snapshots.is_empty());
    }

    #[test]
    fn any_text_is_a_policy_or_an_error(text in "[-a-z0-9= ',]{0,40}") {
        let _ = text.parse::<Keep>().map(|keep| keep.to_string());
        let _ = text.parse::<Grid>().map(|grid| grid.to_string());
    }
}
