//! Everything that has to be made, and what has to be done before what.

use std::collections::HashMap;
use std::sync::Arc;

use crate::host::{FileSystem, Kind};
use crate::index::Index;
use crate::layout::{
    Action, BindOf, Content, Copy, Mount, Place, PlaceKind, Source, Step, StepId, Via, Why,
};
use crate::origin::{Layer, Origin};
use crate::owner::{Enforcement, Mode};
use crate::path::{self, AbsolutePath, ancestors};
use crate::problem::{Code, problem};
use crate::stage::Stage;

use super::draft::Draft;
use super::ownership::Decisions;
use super::{FileSystems, Findings};

/// A step before it has a number.
struct Item {
    action: Action,
    stage: Stage,
    origin: Origin,
    /// Indices of items.
    needs: Vec<usize>,
    /// What a mount is made from: it waits for that, and for what is mounted there.
    from: Option<AbsolutePath>,
    /// With what is mounted below it.
    recursive: bool,
    /// Mount points that it waits for because it says so.
    depends: Vec<AbsolutePath>,
}

impl Item {
    /// Places are made before what is mounted on them.
    fn key(&self) -> (&AbsolutePath, u8) {
        let rank = match self.action {
            Action::Create(_) => 0,
            Action::Mount(_) => 1,
            Action::CopyIn(_) => 2,
        };
        (self.action.path(), rank)
    }
}

/// Everything that has to be made, in order; and the numbers of the steps in order of path.
pub(super) fn steps(
    drafts: &[Draft],
    file_systems: &FileSystems,
    stores: &Index<()>,
    ownership: &Decisions<'_>,
    found: &mut Findings,
) -> (Vec<Step>, Vec<StepId>) {
    // A bind takes five steps or so: itself, its two ends, and directories above them.
    let expected = drafts.len() * 5;
    let mut making = Making {
        stores,
        ownership,
        places: HashMap::with_capacity(expected),
        items: Vec::with_capacity(expected),
        outside: Vec::new(),
        inside: Vec::new(),
    };
    for draft in drafts.iter().filter(|draft| draft.is_made()) {
        making.entry(draft);
    }
    for (path, mounted) in file_systems {
        making.file_system(path, mounted);
    }
    let mut items = making.items;
    // Entries come in order of path, so that these two are in order but for a few, and sorting them is merging.
    let mut order = making.outside;
    order.append(&mut making.inside);
    order.sort_by(|a, b| items.get(*a).map(Item::key).cmp(&items.get(*b).map(Item::key)));
    let needs = by_source(&items, &making.places, by_target(&items, &order));
    for (item, mut needs) in items.iter_mut().zip(needs) {
        needs.sort_unstable();
        needs.dedup();
        item.needs = needs;
    }
    hand_up_stages(&mut items, &order);
    in_order(items, &order, found)
}

/// Collects what has to be made.
struct Making<'r, 'h> {
    stores: &'r Index<()>,
    ownership: &'r Decisions<'h>,
    /// Indices of the places among the items.
    places: HashMap<Arc<[u8]>, usize>,
    items: Vec<Item>,
    /// The indices of the items outside of the stores, and of those inside.
    outside: Vec<usize>,
    inside: Vec<usize>,
}

/// On which side of an entry an item is.
#[derive(Clone, Copy)]
enum Side {
    Outside,
    Inside,
}

impl Making<'_, '_> {
    fn entry(&mut self, draft: &Draft) {
        let source = draft.source();
        let kind = |content| match draft.kind {
            Kind::Directory => PlaceKind::Directory,
            Kind::File => PlaceKind::File(content),
        };
        match &draft.via {
            Via::Copy => {
                let decision = self.ownership.of(draft.path.as_bytes(), draft.kind);
                self.parents(&source, Side::Inside, draft.at, &draft.origin);
                self.parents(&draft.path, Side::Outside, draft.at, &draft.origin);
                let (owner, mode) = (decision.owner, decision.mode);
                let copy = Copy { from: source.clone(), to: draft.path.clone(), owner, mode };
                self.push(Action::CopyIn(copy), draft, Some(source), false);
            }
            Via::Symlink => {
                if draft.create.unwrap_or(draft.kind == Kind::Directory) {
                    self.place(&source, Side::Inside, kind(draft.content), draft);
                } else {
                    self.parents(&source, Side::Inside, draft.at, &draft.origin);
                }
                self.place(&draft.path, Side::Outside, PlaceKind::Link { to: source }, draft);
            }
            via => {
                self.place(&source, Side::Inside, kind(draft.content), draft);
                self.place(&draft.path, Side::Outside, kind(Content::Empty), draft);
                let recursive = *via == Via::Rbind;
                let of = match draft.kind {
                    Kind::Directory => BindOf::Directory,
                    Kind::File => BindOf::File,
                };
                let mount = Mount {
                    target: draft.path.clone(),
                    source: Source::Bind { from: source.clone(), of, recursive },
                    options: draft.options.clone(),
                    propagation: draft.propagation,
                };
                self.push(Action::Mount(mount), draft, Some(source), recursive);
            }
        }
    }

    fn push(&mut self, action: Action, draft: &Draft, from: Option<AbsolutePath>, recursive: bool) {
        let (stage, origin) = (draft.at, draft.origin.clone());
        let item =
            Item { action, stage, origin, needs: Vec::new(), from, recursive, depends: Vec::new() };
        self.add(item, Side::Outside);
    }

    /// The index of the new item.
    fn add(&mut self, item: Item, side: Side) -> usize {
        let index = self.items.len();
        self.items.push(item);
        match side {
            Side::Outside => self.outside.push(index),
            Side::Inside => self.inside.push(index),
        }
        index
    }

    fn file_system(&mut self, path: &AbsolutePath, mounted: &FileSystem) {
        let (stage, origin) =
            (mounted.stage(), Origin::new(Layer::FileSystems, mounted.origin.key.clone()));
        let origin = Origin { position: mounted.origin.position, ..origin };
        self.parents(path, Side::Outside, stage, &origin);
        self.directory(path.as_bytes(), Side::Outside, stage, &origin);
        let from = mounted.bound_from();
        let recursive = mounted.is_recursive();
        let source = match &from {
            Some(from) => Source::Bind { from: from.clone(), of: BindOf::Directory, recursive },
            None => {
                Source::Device { device: mounted.device.clone(), fs_type: mounted.fs_type.clone() }
            }
        };
        let options = mounted.options.iter().filter(|o| !matches!(o.as_str(), "bind" | "rbind"));
        let mount = Mount {
            target: path.clone(),
            source,
            options: options.cloned().collect(),
            propagation: None,
        };
        let item = Item {
            action: Action::Mount(mount),
            stage,
            origin,
            needs: Vec::new(),
            from,
            recursive,
            depends: mounted.depends.clone(),
        };
        self.add(item, Side::Outside);
    }

    /// The place of an entry, outside or in its store, and the directories above it.
    fn place(&mut self, path: &AbsolutePath, side: Side, kind: PlaceKind, draft: &Draft) {
        self.parents(path, side, draft.at, &draft.origin);
        let decision = self.ownership.of(draft.path.as_bytes(), draft.kind);
        let enforcement = match (decision.why, draft.enforcement) {
            (Why::Known, None) => Enforcement::Enforce,
            _ => draft.enforcement(),
        };
        // A link is made when there is something that it leads to.
        let (mode, from) = match &kind {
            PlaceKind::Link { to } => (Mode::known(0o777), Some(to.clone())),
            _ => (decision.mode, None),
        };
        let place = Place {
            path: path.clone(),
            kind,
            owner: decision.owner,
            mode,
            enforcement,
            why: decision.why,
            home: self.home(path.as_bytes(), decision.home),
        };
        let new = Item {
            action: Action::Create(place),
            stage: draft.at,
            origin: draft.origin.clone(),
            needs: Vec::new(),
            from,
            recursive: false,
            depends: Vec::new(),
        };
        if let Some(item) =
            self.places.get(path.as_bytes()).and_then(|index| self.items.get_mut(*index))
        {
            // It was the parent of another entry.
            *item = Item { stage: item.stage.min(draft.at), ..new };
        } else {
            let index = self.add(new, side);
            self.places.insert(path.key(), index);
        }
    }

    /// The directories above a path, as far as they are not known.
    fn parents(&mut self, path: &AbsolutePath, side: Side, stage: Stage, origin: &Origin) {
        let mut missing: Vec<&[u8]> = Vec::new();
        for above in ancestors(path.as_bytes()).take_while(|above| above.len() > 1) {
            if self.is_known(above, stage) {
                break;
            }
            missing.push(above);
        }
        for above in missing.into_iter().rev() {
            self.directory(above, side, stage, origin);
        }
    }

    /// Whether a place is known; it is there as early as that.
    fn is_known(&mut self, path: &[u8], stage: Stage) -> bool {
        let item = self.places.get(path).and_then(|index| self.items.get_mut(*index));
        item.map(|item| item.stage = item.stage.min(stage)).is_some()
    }

    /// A directory that nobody declared as an entry so far, unless it is known.
    fn directory(&mut self, path: &[u8], side: Side, stage: Stage, origin: &Origin) {
        if self.is_known(path, stage) {
            return;
        }
        let Ok(absolute) = AbsolutePath::new(path) else { return };
        let decision = self.ownership.of(self.logical(path), Kind::Directory);
        let enforcement = match decision.why {
            Why::Entry | Why::Parent => Enforcement::Enforce,
            Why::Known if decision.home.is_none() => Enforcement::Enforce,
            _ => Enforcement::CreateOnly,
        };
        let key = absolute.key();
        let place = Place {
            path: absolute,
            kind: PlaceKind::Directory,
            owner: decision.owner,
            mode: decision.mode,
            enforcement,
            why: decision.why,
            home: self.home(path, decision.home),
        };
        let item = Item {
            action: Action::Create(place),
            stage,
            origin: origin.clone(),
            needs: Vec::new(),
            from: None,
            recursive: false,
            depends: Vec::new(),
        };
        let index = self.add(item, side);
        self.places.insert(key, index);
    }

    /// The path that programs use for a place in a store.
    fn logical<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        match self.stores.nearest(path) {
            Some((store, ())) if store.as_bytes().len() < path.len() => {
                path.get(store.as_bytes().len()..).unwrap_or(path)
            }
            // The store itself is nobody's.
            Some(_) => b"/",
            None => path,
        }
    }

    /// The home that a path is in, or its place in the store.
    fn home(&self, path: &[u8], home: Option<&AbsolutePath>) -> Option<AbsolutePath> {
        let home = home?;
        match self.stores.nearest(path) {
            Some((store, ())) => Some(home.inside(store)),
            None => Some(home.clone()),
        }
    }
}

/// Each item needs the nearest place and the nearest mount above it, and a mount needs its mount point.
fn by_target(items: &[Item], order: &[usize]) -> Vec<Vec<usize>> {
    struct Group<'i> {
        path: &'i AbsolutePath,
        place: Option<usize>,
        mount: Option<usize>,
    }
    let mut open: Vec<Group<'_>> = Vec::new();
    let mut all: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for index in order.iter().copied() {
        let (Some(item), Some(needs)) = (items.get(index), all.get_mut(index)) else { continue };
        let path = item.action.path();
        while open.last().is_some_and(|group| !group.path.contains(path)) {
            open.pop();
        }
        if open.last().is_none_or(|group| group.path != path) {
            open.push(Group { path, place: None, mount: None });
        }
        let Some((here, above)) = open.split_last_mut() else { continue };
        let mount = above.iter().rev().find_map(|group| group.mount);
        let place = here.place.or_else(|| above.iter().rev().find_map(|group| group.place));
        needs.extend([place, mount].into_iter().flatten());
        match item.action {
            Action::Create(_) => here.place = Some(index),
            Action::Mount(_) => here.mount = Some(index),
            Action::CopyIn(_) => {}
        }
    }
    all
}

/// A mount or copy needs what it is made from, and what is mounted there; a recursive one also what is
/// mounted below.
fn by_source(
    items: &[Item],
    places: &HashMap<Arc<[u8]>, usize>,
    mut all: Vec<Vec<usize>>,
) -> Vec<Vec<usize>> {
    let mounts = items.iter().enumerate().filter_map(|(index, item)| match &item.action {
        Action::Mount(mount) => Some((mount.target.clone(), index)),
        _ => None,
    });
    let mounts = Index::new(mounts);
    for (item, needs) in items.iter().zip(&mut all) {
        for path in item.from.iter().chain(&item.depends) {
            needs.extend(mounts.nearest(path.as_bytes()).map(|(_, index)| *index));
        }
        let Some(from) = item.from.as_ref().map(AbsolutePath::as_bytes) else { continue };
        needs.extend(places.get(from).or_else(|| places.get(path::parent(from)?)));
        if item.recursive {
            needs.extend(mounts.below(from).map(|(_, index)| *index));
        }
    }
    all
}

/// What others need is there as early as they are. Only places move: the stages of mounts are decided.
fn hand_up_stages(items: &mut [Item], order: &[usize]) {
    // The earliest stage of those that need an item directly.
    let mut wanted: Vec<Stage> = items.iter().map(|item| item.stage).collect();
    let is_place: Vec<bool> =
        items.iter().map(|item| matches!(item.action, Action::Create(_))).collect();
    // Twice: what a mount is made from can come after it in order of path, and what is above a place comes before it.
    for _ in 0..2 {
        for index in order.iter().rev() {
            let (Some(item), Some(stage)) = (items.get(*index), wanted.get(*index).copied()) else {
                continue;
            };
            for need in &item.needs {
                if let (Some(true), Some(known)) = (is_place.get(*need), wanted.get_mut(*need)) {
                    *known = stage.min(*known);
                }
            }
        }
    }
    for (item, stage) in items.iter_mut().zip(wanted) {
        item.stage = item.stage.min(stage);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    /// Its needs are being put in order.
    Open,
    Done,
}

/// The items in order of stage and path, each after what it needs.
fn in_order(items: Vec<Item>, by_path: &[usize], found: &mut Findings) -> (Vec<Step>, Vec<StepId>) {
    let mut states = vec![State::Waiting; items.len()];
    let mut order: Vec<usize> = Vec::with_capacity(items.len());
    for (_, stage) in Stage::ALL {
        for start in by_path.iter().copied() {
            if items.get(start).is_some_and(|item| item.stage == stage) {
                visit(start, &items, &mut states, &mut order, found);
            }
        }
    }
    let mut numbers = vec![StepId(0); items.len()];
    for (number, index) in (0_u32..).zip(&order) {
        if let Some(slot) = numbers.get_mut(*index) {
            *slot = StepId(number);
        }
    }
    let mut placed: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    let taken = order.iter().filter_map(|index| placed.get_mut(*index)?.take());
    let step = |item: Item| {
        let mut needs: Vec<StepId> =
            item.needs.iter().filter_map(|need| numbers.get(*need)).copied().collect();
        needs.sort_unstable();
        Step { action: item.action, stage: item.stage, needs, origin: item.origin }
    };
    let steps = taken.map(step).collect();
    (steps, by_path.iter().filter_map(|index| numbers.get(*index)).copied().collect())
}

/// Puts an item after all it needs, without recursion.
fn visit(
    start: usize,
    items: &[Item],
    states: &mut [State],
    order: &mut Vec<usize>,
    found: &mut Findings,
) {
    // Each with the number of its next need.
    let mut open: Vec<(usize, usize)> = Vec::new();
    if states.get(start) == Some(&State::Waiting) {
        open.push((start, 0));
        set(states, start, State::Open);
    }
    while let Some((index, next)) = open.last_mut() {
        let need = items.get(*index).and_then(|item| item.needs.get(*next)).copied();
        *next += 1;
        let Some(need) = need else {
            set(states, *index, State::Done);
            order.push(*index);
            open.pop();
            continue;
        };
        match states.get(need) {
            Some(State::Waiting) => {
                set(states, need, State::Open);
                open.push((need, 0));
            }
            Some(State::Open) => {
                let from = open.iter().position(|(index, _)| *index == need).unwrap_or(0);
                let cycle: Vec<usize> = open.iter().skip(from).map(|(index, _)| *index).collect();
                report_cycle(&cycle, items, found);
            }
            _ => {}
        }
    }
}

fn set(states: &mut [State], index: usize, state: State) {
    if let Some(slot) = states.get_mut(index) {
        *slot = state;
    }
}

/// Names the edges of a cycle; each waits for the next.
fn report_cycle(cycle: &[usize], items: &[Item], found: &mut Findings) {
    let mounts: Vec<(&Item, &Mount)> = cycle
        .iter()
        .filter_map(|index| items.get(*index))
        .filter_map(|item| match &item.action {
            Action::Mount(mount) => Some((item, mount)),
            _ => None,
        })
        .collect();
    let Some((first, _)) = mounts.first() else { return };
    let name = |mount: &Mount| match &mount.source {
        Source::Bind { from, .. } => format!("{} (from {from})", mount.target),
        Source::Device { .. } => mount.target.to_string(),
    };
    let mut names: Vec<String> = mounts.iter().map(|(_, mount)| name(mount)).collect();
    names.extend(names.first().cloned());
    let what = format!("mounts wait for each other: {}", names.join(" waits for "));
    let remedy = "move a source to a place that none of them is mounted on";
    found.problems.push(problem(&first.origin, Code::Cycle, what, remedy));
}
