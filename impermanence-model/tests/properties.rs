//! What holds for every host.
#![cfg(feature = "proptest")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use impermanence_model::audit::{self, Listed};
use impermanence_model::change::{self, Existing};
use impermanence_model::host::{At, Kind};
use impermanence_model::layout::{Action, Entry, StepId, Via};
use impermanence_model::mountinfo::{self, MountTable};
use impermanence_model::owner::{Mode, Owner};
use impermanence_model::sim::{Content, Machine, Node, Refusal};
use impermanence_model::strategy::{hosts, layouts, mount_tables, paths, writes};
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
        let id = StepId(u32::try_from(next).unwrap());
        done.insert(id);
        order.push(id);
    }
    order
}

/// A hundred, unless the environment asks for more.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    asked.unwrap_or(100)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

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
            let is_above = |entry: &&Entry| {
                let is_made = !matches!(entry.via, Via::Within(_));
                entry.kind == Kind::File && is_made && entry.path.is_above(path)
            };
            if layout.entries().iter().find(is_above).is_some() {
                prop_assert!(matches!(layout.fate_of(path.as_bytes()), Fate::Unknown(_)));
            } else if machine.write_as(path, content, &Owner::root(), Mode::FILE).is_ok() {
                written.push(path);
            }
        }
        // Where two paths lead to one file, the last to write it has won.
        let holds = |node: &Node, bytes: &Vec<u8>| matches!(&node.kind, Content::File(found) if found == bytes);
        written.retain(|path| machine.stat(path).is_none_or(|node| {
            !matches!(node.kind, Content::File(_)) || holds(node, &files[*path])
        }));
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
    fn an_audit_finds_what_is_said_to_be_lost(
        ((_, layout), files) in layouts().prop_flat_map(|(host, layout)| {
            let files = writes(&layout);
            (Just((host, layout)), files)
        }),
    ) {
        // What a recursive bind brings along, and what is bound from something volatile, is counted where it is.
        let brought = |path: &&AbsolutePath| {
            let above = |entry: &Entry| {
                let is_lost = || layout.fate_of(entry.path.as_bytes()).is_lost();
                entry.path.contains(path) && (entry.via == Via::Rbind || is_lost())
            };
            layout.entries().iter().any(above)
        };
        // Where the layout makes a directory, or mounts one, is no file.
        let is_made = |path: &&AbsolutePath| {
            let is_recreated = matches!(layout.fate_of(path.as_bytes()), Fate::Recreated(_));
            is_recreated || layout.backing(path).is_some()
        };
        let asked: Vec<&AbsolutePath> =
            files.keys().filter(|path| !brought(path) && !is_made(path)).collect();
        let lost = asked.iter().filter(|path| layout.fate_of(path.as_bytes()).is_lost()).count();
        let listing = asked.iter().map(|path| Listed {
            path: path.as_bytes(),
            kind: audit::Kind::File,
            bytes: 1,
            modified: 0,
        });
        prop_assert_eq!(layout.audit(listing).files(), lost as u64);
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
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(0x1405_7b7e_f767_814f);
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

    #[test]
    fn a_change_gives_what_a_boot_gives_and_takes_nothing_from_a_store(
        ((old, new), files) in pairs().prop_flat_map(|(old, new)| {
            let files = writes(&old);
            (Just((old, new)), files)
        }),
        crash in any::<prop::sample::Index>(),
    ) {
        let mut machine = Machine::default();
        machine.boot(&old).unwrap();
        for (path, content) in &files {
            let is_above = |entry: &&Entry| entry.kind == Kind::File && entry.path.is_above(path);
            if old.entries().iter().find(is_above).is_none() {
                let _ = machine.write_as(path, content, &Owner::root(), Mode::FILE);
            }
        }
        let stored = machine.stored();
        let observed = machine.observe(&change::to_look_at(&old, &new));
        let Ok(plan) = change::plan(&old, &new, &observed, Existing::MoveIn) else {
            // Nothing was planned, so nothing is half done.
            return Ok(());
        };
        let mut interrupted = machine.clone();
        let mut refused = None;
        for step in &plan.steps {
            if let Err(refusal) = machine.change(&new, step) {
                refused = Some((step.clone(), refusal));
                break;
            }
        }
        // What programs wrote where a directory, or nothing, should be stops a change, and only that.
        if let Some((step, refusal)) = refused {
            prop_assert!(in_the_way(&refusal, &files), "{step}: {refusal}\n{plan}");
            return Ok(());
        }
        if !plan.is_empty() {
            // Nobody knows whether the step at which it stopped was done: it is done again.
            let stopped = crash.index(plan.steps.len());
            for step in plan.steps[..=stopped].iter().chain(&plan.steps[stopped..]) {
                interrupted.change(&new, step).unwrap();
            }
            prop_assert_eq!(kept(&interrupted, &new), kept(&machine, &new));
        }
        let after = machine.stored();
        for ((device, path), content) in &stored {
            // What is copied at shutdown is copied when its entry goes, too.
            let copied = old.copies().any(|copy| copy.from.as_bytes().ends_with(path.as_bytes()));
            let now = after.get(&(device.clone(), path.clone()));
            // A persistent root is no store: mount points come and go there.
            let is_root = !device.starts_with("device of");
            prop_assert!(copied || is_root || now == Some(content), "{device} {path}\n{plan}");
        }
        // As after a boot: everything that is there then is there now, and what is there now alone is lost then.
        let live: BTreeMap<_, _> = machine.tree().into_iter().collect();
        machine.boot(&new).unwrap();
        let booted: BTreeMap<_, _> = machine.tree().into_iter().collect();
        for (path, node) in &booted {
            // A directory that a program made has the program's owner until the next boot.
            let made = files.keys().any(|file| path.contains(file));
            let same = live.get(path).is_some_and(|live| same(live, node, made));
            let fate = new.fate_of(path.as_bytes());
            prop_assert!(same, "{path} ({fate}): {:?}, after a boot {:?}\n{plan}", live.get(path), node);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_path_leads_into_what_was_mounted_last_above_it(text in mount_tables(), path in paths()) {
        let table = MountTable::parse(&text).unwrap();
        let point = |mount: &mountinfo::Mount| AbsolutePath::new(&mount.point).unwrap();
        let last = table.mounts().iter().rev().find(|mount| point(mount).contains(&path));
        let covering = table.covering(path.as_bytes());
        prop_assert_eq!(covering.map(|mount| mount.id), last.map(|mount| mount.id));
        for mount in table.mounts() {
            let covered = table.mounts().iter().any(|later| {
                later.id > mount.id && point(later).contains(&point(mount))
            });
            prop_assert_eq!(table.is_visible(mount), !covered);
        }
    }
}

/// Two layouts of hosts with one root.
fn pairs() -> impl Strategy<Value = (Layout, Layout)> {
    (layouts(), layouts()).prop_filter_map("contradicts itself", |((host, old), (mut other, _))| {
        other.root = host.root.clone();
        let new = other.resolve().ok()?;
        Some((old, new))
    })
}

fn same(live: &Node, booted: &Node, made: bool) -> bool {
    let kind = match (&live.kind, &booted.kind) {
        // A directory may hold leftovers that are gone after a boot.
        (Content::Directory(live), Content::Directory(booted)) => {
            booted.keys().all(|name| live.contains_key(name))
        }
        (live, booted) => live == booted,
    };
    kind && (made || (&live.owner, live.mode) == (&booted.owner, booted.mode))
}

/// What is kept, as it is seen now.
fn kept(machine: &Machine, layout: &Layout) -> Vec<(AbsolutePath, Node)> {
    let tree = machine.tree().into_iter();
    tree.filter(|(path, _)| layout.fate_of(path.as_bytes()).survives()).collect()
}

/// A program wrote a file where the layout wants a directory, or the reverse.
fn in_the_way(refusal: &Refusal, files: &BTreeMap<AbsolutePath, Vec<u8>>) -> bool {
    match refusal {
        Refusal::Exists(path)
        | Refusal::NotDirectory(path)
        | Refusal::IsDirectory(path)
        | Refusal::NotEmpty(path) => {
            // A place in a store is known to programs without the store.
            let stores = ["/persist", "/state"].map(|store| AbsolutePath::new(store).unwrap());
            let seen = stores.iter().find_map(|store| path.rebased(store, &AbsolutePath::root()));
            let path = seen.as_ref().unwrap_or(path);
            files.keys().any(|file| path.contains(file) || file.contains(path))
        }
        _ => false,
    }
}
