//! Replications that must not be planned, and why.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use restore_chain::lineage::{
    Conflict, Guid, Head, Lineage, PlanError, Policy, ResumeToken, Step, Version, plan, read,
};

fn snapshot(name: &str, guid: u64, txg: u64) -> Version {
    Version { written: Some(0), ..Version::snapshot(name, guid, txg, 0) }
}

fn lineage(name: &str, versions: &[Version]) -> Lineage {
    let head = Head { written: Some(0), ..Head::default() };
    Lineage::new(name.parse().unwrap(), versions.to_vec()).with_head(head)
}

/// Newer bookmarks have to go before a rollback, too: one may be all that another replica goes on from.
#[test]
fn a_bookmark_that_nobody_granted_is_not_destroyed() {
    let sender = lineage("tank/a", &[snapshot("s1", 1, 10), snapshot("s2", 2, 20)]);
    let own = snapshot("own", 7, 30);
    let bookmark = Version::bookmark("base", 8, 40, 0);
    let receiver = lineage("backup/a", &[snapshot("s1", 1, 10), own.clone(), bookmark.clone()]);
    let with = |granted: &[u64]| {
        let may_destroy = granted.iter().map(|guid| Guid(*guid)).collect();
        let policy = Policy { may_destroy, ..Policy::default() };
        plan(&sender, &receiver.dataset, Some(&receiver), None, &policy)
    };
    assert!(
        matches!(with(&[]), Err(PlanError::Conflict(conflict)) if matches!(*conflict, Conflict::Diverged { .. }))
    );
    match with(&[7]) {
        Err(PlanError::NotGranted { destroys, .. }) => {
            assert_eq!(destroys, std::slice::from_ref(&bookmark));
        }
        other => panic!("{other:?}"),
    }
    let planned = with(&[7, 8]).unwrap();
    assert_eq!(planned.destroys, [own, bookmark]);
}

/// Between a plan and its end another snapshot may be taken: `zfs rollback -r` would destroy it unseen.
#[test]
fn what_comes_after_a_plan_is_not_destroyed_by_it() {
    let shared = snapshot("s1", 1, 10);
    let own: Vec<Version> =
        (0..150).map(|n| snapshot(&format!("own{n}"), 100 + n, 30 + n)).collect();
    let bookmark = Version::bookmark("base", 8, 400, 0);
    let versions: Vec<_> =
        [shared.clone()].into_iter().chain(own.clone()).chain([bookmark]).collect();
    let sender = lineage("tank/a", &[shared, snapshot("s2", 2, 20)]);
    let receiver = lineage("backup/a", &versions);
    let may_destroy = receiver.versions().iter().map(|version| version.guid).collect();
    let policy = Policy { may_destroy, ..Policy::default() };
    let planned = plan(&sender, &receiver.dataset, Some(&receiver), None, &policy).unwrap();
    let commands: Vec<String> = planned.steps.iter().map(ToString::to_string).collect();
    let names = |range: std::ops::Range<usize>| {
        let names: Vec<&str> = own[range].iter().map(|version| version.name.as_str()).collect();
        format!("zfs destroy backup/a@{}", names.join(","))
    };
    let send = "zfs send -i tank/a@s1 tank/a@s2 | zfs receive -s -u backup/a";
    let gone = [names(0..100), names(100..150), "zfs destroy backup/a#base".into()];
    let rest = ["zfs rollback backup/a@s1".into(), send.into()];
    assert_eq!(commands, [&gone[..], &rest[..]].concat());
}

/// A grant names snapshots; what was written since the newest one has no name, and goes all the same.
#[test]
fn what_a_rollback_loses_beside_snapshots_is_told() {
    let shared = snapshot("s1", 1, 10);
    let sender = lineage("tank/a", &[shared.clone(), snapshot("s2", 2, 20)]);
    let policy = Policy { may_destroy: vec![Guid(7)], ..Policy::default() };
    for (written, told) in [(Some(0), false), (Some(4096), true), (None, true)] {
        let mut receiver = lineage("backup/a", &[shared.clone(), snapshot("own", 7, 30)]);
        receiver.head.written = written;
        let planned = plan(&sender, &receiver.dataset, Some(&receiver), None, &policy).unwrap();
        assert_eq!(planned.discards_changes, told, "{written:?}");
    }
    let receiver = lineage("backup/a", &[shared]);
    let planned = plan(&sender, &receiver.dataset, Some(&receiver), None, &policy).unwrap();
    assert!(!planned.discards_changes);
}

/// The content of another token says nothing of this one.
#[test]
fn a_token_that_was_read_before_is_not_taken_for_the_one_that_waits() {
    let sender = lineage("tank/a", &[snapshot("s1", 1, 10), snapshot("s2", 2, 20)]);
    let mut receiver = lineage("backup/a", &[snapshot("s1", 1, 10)]);
    receiver.head.resume_token = Some("1-new".to_owned());
    let token = |token: &str| ResumeToken {
        token: token.to_owned(),
        to_guid: Guid(2),
        to_name: "tank/a@s2".to_owned(),
        from_guid: Some(Guid(1)),
        bytes: 0,
    };
    let with = |token: &ResumeToken| {
        plan(&sender, &receiver.dataset, Some(&receiver), Some(token), &Policy::default())
    };
    assert!(matches!(with(&token("1-old")), Err(PlanError::UnreadToken(_))));
    assert!(matches!(with(&token("1-new")).unwrap().steps[..], [Step::Resume { .. }]));
}

/// As long as a receive is under way, the clone that it works in is listed.
#[test]
fn a_listing_can_be_read_while_something_is_received() {
    let list = "tank/a@s1\t1\t10\t0\ttank/a/%recv,tank/b\n";
    let read = read::table(list, "name,guid,createtxg,creation,clones").unwrap();
    assert_eq!(read.values().next().unwrap().versions()[0].clones.len(), 2);
}
