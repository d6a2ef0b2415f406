//! What holds for every host.
#![cfg(feature = "proptest")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use impermanence_model::host::{At, Kind};
use impermanence_model::layout::{Action, Entry, StepId};
use impermanence_model::owner::{Mode, Owner};
use impermanence_model::sim::{Content, Machine};
use impermanence_model::strategies::{hosts, layouts, writes};
use impermanence_model::{AbsolutePath, Fate, Layout};
use proptest::prelude::*;

/// Steps in an order that is chosen as `choices` say, each after what it needs.
fn extension(layout: &Layout, choices: &[usize]) -> Vec<StepId> {
    let mut waiting: BTreeSet<usize> = (0..layout.steps().len()).collect();
    let mut done: BTreeSet<StepId> = BTreeSet::new();
    let mut order = Vec::new();
    let mut choices = choices.iter().cycle();
    while !waiting.is_empty() {
        let ready: Vec<usize> = waiting
            .iter()
            .copied()
            .filter(|step| layout.steps()[*step].needs.iter().all(|need| done.contains(need)))
            .collect();
        let next = ready[choices.next().unwrap() % ready.len()];
        waiting.remove(&next);
        done.insert(StepId(next as u32));
        order.push(StepId(next as u32));
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn resolving_never_panics(host in hosts()) {
        match host.resolve() {
            Ok(layout) => for (number, step) in layout.steps().iter().enumerate() {
                prop_assert!(step.needs.iter().all(|need| (need.0 as usize) < number));
                prop_assert!(step.needs.iter().all(|need| layout.step(*need).unwrap().stage <= step.stage));
            },
            Err(problems) => prop_assert!(problems.iter().next().is_some()),
        }
    }

    #[test]
    fn every_order_that_keeps_the_needs_gives_the_same_tree(
        (_, layout) in layouts(),
        choices in prop::collection::vec(any::<usize>(), 1..40),
    ) {
        let (mut straight, mut other) = (Machine::default(), Machine::default());
        straight.boot(&layout).unwrap();
        other.boot_in(&layout, &extension(&layout, &choices)).unwrap();
        prop_assert_eq!(straight.tree(), other.tree());
    }

    #[test]
    fn what_is_said_to_survive_does_and_nothing_else(
        ((_, layout), files) in layouts().prop_flat_map(|(host, layout)| {
            let files = writes(&layout);
            (Just((host, layout)), files)
        }),
    ) {
        let mut machine = Machine::default();
        machine.boot(&layout).unwrap();
        let mut written = Vec::new();
        for (path, content) in &files {
            // Some paths are below files; then there is nothing to ask about.
            let is_above = |entry: &&Entry| entry.kind == Kind::File && entry.path.is_above(path);
            if layout.entries().iter().find(is_above).is_some() {
                prop_assert!(matches!(layout.fate_of(path.as_bytes()), Fate::Unknown(_)));
            } else if machine.write_as(path, content, &Owner::root(), Mode::FILE).is_ok() {
                written.push(path);
            }
        }
        // Copies are carried back by an orderly end.
        machine.shut_down(&layout).unwrap();
        machine.boot(&layout).unwrap();
        for path in written {
            let fate = layout.fate_of(path.as_bytes());
            let there = machine.stat(path).is_some_and(|node| {
                // What the layout makes anew is empty, if the content was not.
                match &node.kind {
                    Content::File(bytes) => bytes == &files[path],
                    Content::Link(_) => true,
                    Content::Directory(_) => false,
                }
            });
            let lost_in_vain = files[path].is_empty() && there;
            match fate {
                Fate::Survives(_) => prop_assert!(there, "{}: {fate}", path),
                Fate::Lost(_) | Fate::Hidden(_) => prop_assert!(!there || lost_in_vain, "{}: {fate}", path),
                Fate::Recreated(_) => prop_assert!(false, "{}: a file was written there", path),
                other => prop_assert!(false, "{}: {other}", path),
            }
        }
    }

    #[test]
    fn a_second_boot_makes_nothing_new((_, layout) in layouts()) {
        let mut machine = Machine::default();
        machine.boot(&layout).unwrap();
        let first = machine.tree();
        machine.boot(&layout).unwrap();
        prop_assert_eq!(first, machine.tree());
    }

    #[test]
    fn the_order_of_declarations_means_nothing((host, layout) in layouts(), seed in any::<u64>()) {
        let mut shuffled = host.clone();
        let mut state = seed;
        shuffled.entries.sort_by_cached_key(|declared| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let path = match &declared.at {
                At::Path(path) => path.to_string(),
                At::Home { path, .. } => path.to_string(),
            };
            (state >> 32, path)
        });
        prop_assert_eq!(shuffled.resolve().unwrap(), layout);
    }

    #[test]
    fn every_mount_point_and_every_source_is_made_before(( _, layout) in layouts()) {
        let mut made: BTreeSet<AbsolutePath> = BTreeSet::new();
        for step in layout.steps() {
            match &step.action {
                Action::Create(place) => { made.insert(place.path.clone()); }
                Action::Mount(mount) => {
                    prop_assert!(made.contains(&mount.target));
                    if let Some(from) = mount.bound_from() {
                        prop_assert!(made.contains(from), "{from}");
                    }
                }
                Action::CopyIn(_) => {}
            }
        }
    }
}
