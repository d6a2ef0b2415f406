//! Properties: paths, archives, choices and orders, for everything that the public strategies make.
#![cfg(feature = "proptest")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::Timestamp;
use proptest::prelude::*;
use restore_chain::lineage::receive::{Receiver, Stream};
use restore_chain::lineage::{Conflict, Initial, Policy, incremental_path, plan};
use restore_chain::order::{Graph, Kind, Limits};
use restore_chain::pitr::{
    BaseBackup, Journal, Lsn, Outcome, Settings, Target, TimelineId, TimelineWish, Wish, choose,
    predict, target::Action,
};
use restore_chain::preseed::{Budget, Outcome as End, Preseed};
use restore_chain::sim::World;
use restore_chain::{Choice, Service, strategy};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is planned is received, and leaves the receiver with the sender's newest; once more there is nothing to do.
    #[test]
    fn a_replication_ends_up_to_date((sender, receiver) in strategy::lineages("tank/a".parse().unwrap(), "backup/a".parse().unwrap())) {
        let all = receiver.snapshots().map(|version| version.guid).collect();
        let policy = Policy { initial: Initial::All, may_destroy: all, ..Policy::default() };
        match plan(&sender, &receiver.dataset, Some(&receiver), None, &policy) {
            Ok(replication) => {
                prop_assert!(!replication.steps.is_empty());
                let destroyed = receiver.snapshots().filter(|version| replication.destroys.contains(version)).count();
                prop_assert_eq!(destroyed, replication.destroys.len());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    /// Every stream of a path is taken by a receiver that has not changed, without force, and nothing is destroyed.
    #[test]
    fn a_path_needs_no_force((sender, receiver) in strategy::lineages("tank/a".parse().unwrap(), "backup/a".parse().unwrap())) {
        let Ok(path) = incremental_path(&sender, &receiver) else { return Ok(()) };
        let mut head = receiver.head.clone();
        head.written = Some(0);
        let mut state = Receiver::new(receiver.dataset.clone(), Some(receiver.clone().with_head(head)));
        let mut from = path.base.guid;
        for version in &path.following {
            let stream = Stream::new(Some(from), version.clone());
            let effect = state.receive(&stream, false);
            prop_assert!(effect.as_ref().is_ok_and(|effect| effect.destroys.is_empty()), "{:?}", effect);
            from = version.guid;
        }
        let now = state.into_lineage().unwrap();
        prop_assert_eq!(now.newest().map(|newest| newest.guid), sender.newest().map(|newest| newest.guid));
        let up_to_date = matches!(incremental_path(&sender, &now), Err(Conflict::UpToDate { .. }));
        prop_assert!(up_to_date);
    }

    /// What the picker chooses, the server reaches; what it cannot reach it does not choose.
    #[test]
    fn a_chosen_backup_leads_there(
        archive in strategy::archive(),
        backups in proptest::collection::vec((1_u32..5, 0_u64..60, 1_u64..3), 1..6),
        target in 0_u64..64,
        timeline in 1_u32..5,
    ) {
        let size = archive.size();
        let backups: Vec<BaseBackup> = backups.iter().enumerate().map(|(n, (timeline, start, length))| BaseBackup {
            name: format!("b{n}"),
            timeline: TimelineId(*timeline),
            start: Lsn(size.start(*start).0 + 0x28),
            checkpoint: Lsn(size.start(*start).0 + 0x60),
            stop: Lsn(size.start(start + length).0 - 0x100),
            stop_time: Timestamp::from_second(i64::try_from(*start).unwrap()).unwrap(),
            damaged: false,
        }).collect();
        let lsn = Lsn(size.start(target).0 + 0x1000);
        let wish = Wish::new(Target::Lsn(lsn)).on(TimelineId(timeline));
        let journal = Journal::default();
        let reaches = |backup: &BaseBackup, timeline| {
            let (target, inclusive) = (Target::Lsn(lsn), true);
            let settings = Settings { target, inclusive, timeline, action: Action::Pause };
            let prediction = predict(backup, &archive, &settings, &journal);
            prediction.outcome == Outcome::Paused && prediction.surprises.is_empty()
        };
        match choose(&backups, &archive, &wish, None) {
            Ok(choice) => prop_assert!(reaches(&choice.backup, choice.settings.timeline), "{}", choice),
            Err(unreachable) => {
                let missed = backups.iter().find(|backup| {
                    backup.stop <= lsn && reaches(backup, TimelineWish::Id(TimelineId(timeline)))
                });
                prop_assert!(missed.is_none(), "{:?}: {}", missed, unreachable);
            }
        }
    }

    /// The order does not depend on the order of additions, and keeps every edge.
    #[test]
    fn an_order_is_the_same_however_it_was_declared(
        edges in proptest::collection::vec((0_usize..12, 0_usize..12), 0..30),
        seconds in proptest::collection::vec(0_u64..100, 12),
        shift in 0_usize..12,
    ) {
        let build = |shift: usize| {
            let mut graph = Graph::new();
            for at in (0..12).map(|at| (at + shift) % 12) {
                graph.add(Kind::Dataset, &format!("d{at:02}"), seconds[at]);
            }
            let mut edges = edges.clone();
            let middle = shift.min(edges.len());
            edges.rotate_left(middle);
            for (from, to) in edges.iter().map(|(a, b)| (a.min(b), a.max(b))).filter(|(a, b)| a != b) {
                let from = graph.add(Kind::Dataset, &format!("d{from:02}"), 0);
                let to = graph.add(Kind::Dataset, &format!("d{to:02}"), 0);
                graph.before(from, to, "so");
            }
            graph
        };
        let (first, second) = (build(0), build(shift));
        let (one, two) = (first.order(&Limits::default()).unwrap(), second.order(&Limits::default()).unwrap());
        prop_assert_eq!(one.names().collect::<Vec<_>>(), two.names().collect::<Vec<_>>());
        prop_assert_eq!(one.seconds, two.seconds);
        for (from, to) in first.links() {
            let slot = |id| one.slots.iter().find(|slot| slot.node == id).unwrap();
            prop_assert!(slot(from).end <= slot(to).start && slot(from).wave < slot(to).wave);
        }
    }

    /// Whatever fails, and wherever it is killed, the first way back that works is the one that comes back.
    #[test]
    fn the_first_way_back_that_works_comes_back(
        behaviours in proptest::collection::vec(strategy::behaviour(), 3),
        crash in proptest::option::of(strategy::crash()),
    ) {
        let mut world = World::new();
        let files = |who: &'static str| [("a", who), ("b", who)];
        let chain = vec![
            world.add_copy("one", &"backup/x".parse().unwrap(), &files("one")),
            world.add_copy("two", &"other/x".parse().unwrap(), &files("two")),
            world.add_repository("three", &"/data".parse().unwrap(), &files("three")),
        ];
        for (candidate, behaviour) in chain.iter().zip(&behaviours) {
            world.fail(&candidate.id, *behaviour);
        }
        let service = Service::new("x", "tank/x".parse().unwrap(), "/x".parse().unwrap());
        let restore = Preseed::new(&service, &Choice { chain, ..Choice::default() }, &Budget::default()).unwrap();
        if let Some(crash) = crash {
            world.crash_at(crash);
            if restore.run(&mut world).is_err() {
                world.reboot();
            }
            world.restart();
        }
        let outcome = restore.run(&mut world).unwrap().outcome;
        let works = behaviours.iter().position(|one| *one == restore_chain::sim::Behaviour::Works);
        if let Some(at) = works {
            prop_assert!(outcome.record().is_some(), "{:?}", outcome);
            prop_assert_eq!(world.read("/x/a"), Some(["one", "two", "three"][at]));
        } else {
            let blocked = matches!(outcome, End::Blocked(_));
            prop_assert!(blocked, "{:?}", outcome);
        }
    }
}
