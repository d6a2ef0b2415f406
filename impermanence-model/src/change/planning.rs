//! The steps from one layout to another.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use super::dirty::{dirty, standing};
use super::{Change, Holding, Left, Observed, Plan};
use crate::host::Kind;
use crate::layout::{Action, Copy, Entry, Layout, Mount, Place, PlaceKind, Source, Via};
use crate::owner::Enforcement;
use crate::path::AbsolutePath;

/// What is done where data lies that a mount would hide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Nothing: the plan is refused.
    #[default]
    Refuse,
    /// It is copied into the store and compared before the mount. A store that holds something there already is
    /// never merged: the plan is refused.
    MoveIn,
    /// It is hidden, and, on a root that is thrown away, gone at the next boot.
    Hide,
}

/// Something that cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Blocked {
    /// Where.
    pub path: AbsolutePath,
    /// Why.
    pub why: Obstacle,
}

/// Why something cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Obstacle {
    /// Nobody looked what is there.
    NotLookedAt,
    /// Data would be hidden.
    WouldHide(Holding),
    /// Data is there, and in the store, too.
    BothHold {
        /// The place in the store.
        store: AbsolutePath,
    },
    /// Data would have to be moved into a file system that is not mounted yet.
    OnDevice {
        /// Its device.
        device: String,
    },
    /// What is kept there was a file, and shall be a directory, or the reverse.
    OtherKind,
    /// Data would be copied from a mount that goes away, and something else comes to its place in the same change.
    CopiedFrom,
    /// The root is another one: that takes a reboot.
    OtherRoot,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.why {
            Obstacle::NotLookedAt => write!(f, "{path}: nobody looked what is there"),
            Obstacle::WouldHide(holding) => {
                let (files, bytes) = match holding {
                    Holding::Files { files, bytes } => (*files, *bytes),
                    Holding::File { bytes } => (1, *bytes),
                    Holding::Nothing => (0, 0),
                };
                write!(
                    f,
                    "{path}: files of {bytes} bytes ({files}) would be hidden; move them in, or hide them on purpose"
                )
            }
            Obstacle::BothHold { store } => {
                write!(
                    f,
                    "{path} and {store} hold data, both; decide which is the right one, and move the other away"
                )
            }
            Obstacle::OnDevice { device } => {
                write!(
                    f,
                    "{path} holds data, and {device} would be mounted over it; migrate it into that first"
                )
            }
            Obstacle::OtherKind => {
                write!(
                    f,
                    "{path} was a file and shall be a directory, or the reverse; move what is there away"
                )
            }
            Obstacle::CopiedFrom => {
                write!(
                    f,
                    "data is copied from {path}, and something else would come there in the same change; change the entries first, and then the mount"
                )
            }
            Obstacle::OtherRoot => f.write_str("/ is another file system; that takes a reboot"),
        }
    }
}

/// Everything that cannot be planned. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blockers(pub Vec<Blocked>);

impl fmt::Display for Blockers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Blockers {}

/// The paths that [`plan`] has to know about, as they are before the change: where something is mounted, linked or copied that
/// was not, and its place in the store.
pub fn to_look_at(old: &Layout, new: &Layout) -> BTreeSet<AbsolutePath> {
    let mut paths = BTreeSet::new();
    for entry in newly_kept(old, new) {
        paths.insert(entry.path.clone());
        paths.insert(entry.source());
    }
    for mount in new_devices(old, new) {
        paths.insert(mount.target.clone());
    }
    paths
}

/// Entries that show another place than before.
fn newly_kept<'n>(old: &'n Layout, new: &'n Layout) -> impl Iterator<Item = &'n Entry> {
    let before: BTreeMap<&AbsolutePath, &Entry> =
        old.entries().iter().map(|entry| (&entry.path, entry)).collect();
    new.entries().iter().filter(move |entry| {
        let is_made = !matches!(entry.via, Via::FileSystem | Via::Within(_));
        let old = before.get(&entry.path);
        is_made && old.is_none_or(|old| old.store != entry.store || old.via == Via::FileSystem)
    })
}

fn new_devices<'n>(old: &'n Layout, new: &'n Layout) -> impl Iterator<Item = &'n Mount> {
    let before: BTreeSet<&AbsolutePath> = old.mounts().map(|mount| &mount.target).collect();
    let is_device = |mount: &&Mount| matches!(mount.source, Source::Device { .. });
    new.mounts().filter(is_device).filter(move |mount| !before.contains(&mount.target))
}

/// The steps from one layout, which is carried out, to another.
///
/// # Errors
///
/// What would hide data, or what nobody looked at. Nothing is planned halfway.
pub fn plan(
    old: &Layout,
    new: &Layout,
    observed: &Observed,
    existing: Existing,
) -> Result<Plan, Blockers> {
    let mut blocked = Vec::new();
    if old.root() != new.root() {
        blocked.push(Blocked { path: AbsolutePath::root(), why: Obstacle::OtherRoot });
    }
    let moves = moves(old, new, observed, existing, &mut blocked);
    if !blocked.is_empty() {
        return Err(Blockers(blocked));
    }
    let dirty = dirty(old, new);
    let last = needed_until_copied(old, &dirty, &moves);
    let in_use = last.iter().filter(|mount| new.steps_in(&mount.target).next().is_some());
    blocked.extend(
        in_use.map(|mount| Blocked { path: mount.target.clone(), why: Obstacle::CopiedFrom }),
    );
    if !blocked.is_empty() {
        return Err(Blockers(blocked));
    }
    let mut plan = Plan::default();
    take_away(old, new, &dirty, &moves, &last, &mut plan);
    put_up(old, new, &dirty, &moves, observed, &mut plan);
    plan.steps.extend(last.into_iter().map(|mount| Change::Unmount(mount.clone())));
    let kept: BTreeSet<AbsolutePath> = new.entries().iter().map(Entry::source).collect();
    let gone = old.entries().iter().filter(|entry| !kept.contains(&entry.source()));
    plan.left = gone.map(|entry| Left { at: entry.source(), was: entry.path.clone() }).collect();
    Ok(plan)
}

/// Data that is copied into a store, by the path in the store; and from where.
type Moves = BTreeMap<AbsolutePath, AbsolutePath>;

fn moves(
    old: &Layout,
    new: &Layout,
    observed: &Observed,
    existing: Existing,
    blocked: &mut Vec<Blocked>,
) -> Moves {
    let mut moves = Moves::new();
    let mut block = |path: &AbsolutePath, why| blocked.push(Blocked { path: path.clone(), why });
    let mounted: HashSet<&Mount> = new.mounts().collect();
    // Nothing in a store is removed to make room.
    let before: BTreeMap<&AbsolutePath, &Place> =
        old.places().map(|place| (&place.path, place)).collect();
    let stores = || old.stores().iter().chain(new.stores());
    for place in new.places() {
        let is_other = before.get(&place.path).is_some_and(|old| kind_of(old) != kind_of(place));
        if is_other && stores().any(|store| store.contains(&place.path)) {
            block(&place.path, Obstacle::OtherKind);
        }
    }
    // The same for what a link leads to, or a copy comes from, and nobody makes.
    for entry in new.entries() {
        let source = entry.source();
        let other = before.get(&source).is_some_and(|old| match old.kind {
            PlaceKind::Directory => entry.kind == Kind::File,
            PlaceKind::File(_) => entry.kind == Kind::Directory,
            PlaceKind::Link { .. } => false,
        });
        if other {
            block(&source, Obstacle::OtherKind);
        }
    }
    for entry in newly_kept(old, new) {
        let (here, source) = (&entry.path, entry.source());
        let (Some(at), Some(kept)) = (observed.at.get(here), observed.at.get(&source)) else {
            block(here, Obstacle::NotLookedAt);
            continue;
        };
        // What another entry keeps is copied from where it is kept, for its mount goes away.
        let from = match old.fate_of(here.as_bytes()) {
            crate::Fate::Survives(how) => {
                if let Some(kept_at) = how.kept_at() {
                    kept_at
                } else {
                    let on = old.mounts().find(|mount| mount.target == *how.on);
                    if let Some(Mount { source: Source::Device { device, .. }, .. }) =
                        on.filter(|on| at.is_data() && !mounted.contains(on))
                    {
                        block(here, Obstacle::OnDevice { device: device.clone() });
                        continue;
                    }
                    here.clone()
                }
            }
            _ => here.clone(),
        };
        if from == source {
            continue;
        }
        if let Some(other) =
            [(here, at), (&source, kept)].iter().find(|(_, h)| !fits(entry.kind, **h))
        {
            block(other.0, Obstacle::OtherKind);
            continue;
        }
        match existing {
            _ if !at.is_data() => {}
            Existing::Hide => {}
            Existing::Refuse => block(here, Obstacle::WouldHide(*at)),
            Existing::MoveIn if kept.is_data() => block(here, Obstacle::BothHold { store: source }),
            Existing::MoveIn => {
                moves.insert(source, from);
            }
        }
    }
    for mount in new_devices(old, new) {
        let Source::Device { device, .. } = &mount.source else { continue };
        match observed.at.get(&mount.target) {
            None => block(&mount.target, Obstacle::NotLookedAt),
            Some(holding) if !holding.is_data() || existing == Existing::Hide => {}
            Some(data) if existing == Existing::Refuse => {
                block(&mount.target, Obstacle::WouldHide(*data));
            }
            Some(_) => block(&mount.target, Obstacle::OnDevice { device: device.clone() }),
        }
    }
    moves
}

/// Whether what was found can be what an entry wants.
fn fits(kind: Kind, holding: Holding) -> bool {
    match kind {
        Kind::Directory => !matches!(holding, Holding::File { .. }),
        Kind::File => !matches!(holding, Holding::Files { .. }),
    }
}

/// The mounts of the old layout that go away, and that data is copied from: they go when that is done, in the reverse of
/// the order in which they were made.
fn needed_until_copied<'o>(
    old: &'o Layout,
    dirty: &BTreeSet<AbsolutePath>,
    moves: &Moves,
) -> Vec<&'o Mount> {
    let mut targets: BTreeSet<AbsolutePath> = BTreeSet::new();
    for from in moves.values() {
        let above = from.ancestors().chain([from.clone()]);
        targets.extend(above.filter(|path| dirty.contains(path)));
    }
    let mut mounts: Vec<&Mount> =
        old.mounts().filter(|mount| targets.contains(&mount.target)).collect();
    mounts.reverse();
    mounts
}

/// What of the old layout goes away, in the reverse of the order in which it was made.
fn take_away(
    old: &Layout,
    new: &Layout,
    dirty: &BTreeSet<AbsolutePath>,
    moves: &Moves,
    last: &[&Mount],
    plan: &mut Plan,
) {
    let stays: HashSet<&Copy> = new.copies().collect();
    let gone = old.copies().filter(|copy| !stays.contains(copy));
    plan.steps.extend(gone.map(|copy| Change::CopyOut(copy.clone())));
    if !moves.is_empty() {
        plan.steps.push(Change::Quiesce(moves.values().cloned().collect()));
    }
    let links: BTreeMap<&AbsolutePath, &Place> =
        new.places().filter(|place| is_link(place)).map(|place| (&place.path, place)).collect();
    for step in old.steps().iter().rev() {
        match &step.action {
            Action::Mount(mount) if dirty.contains(&mount.target) && !last.contains(&mount) => {
                plan.steps.push(Change::Unmount(mount.clone()));
            }
            Action::Create(place) if is_link(place) && links.get(&place.path) != Some(&place) => {
                plan.steps.push(Change::Unlink(place.path.clone()));
            }
            _ => {}
        }
    }
}

fn kind_of(place: &Place) -> std::mem::Discriminant<PlaceKind> {
    std::mem::discriminant(&place.kind)
}

fn is_link(place: &Place) -> bool {
    matches!(place.kind, PlaceKind::Link { .. })
}

/// What of the new layout is not there.
fn put_up(
    old: &Layout,
    new: &Layout,
    dirty: &BTreeSet<AbsolutePath>,
    moves: &Moves,
    observed: &Observed,
    plan: &mut Plan,
) {
    let known: BTreeMap<&AbsolutePath, &Place> =
        old.places().map(|place| (&place.path, place)).collect();
    let copied: HashSet<&Copy> = old.copies().collect();
    // What the old layout made on a mount that goes away is not there.
    let gone = standing(old, dirty);
    let made = old.steps().iter().zip(gone).filter(|(_, gone)| !gone);
    let stays: HashSet<&AbsolutePath> = made.map(|(step, _)| step.action.path()).collect();
    let mut done: BTreeSet<AbsolutePath> = BTreeSet::new();
    let mut copy_data = |to: &AbsolutePath, plan: &mut Plan| {
        if let Some(from) = moves.get(to).filter(|_| done.insert(to.clone())) {
            let (from, to) = (from.clone(), to.clone());
            plan.steps.push(Change::CopyData { from: from.clone(), to: to.clone() });
            plan.steps.push(Change::Verify { from, to });
        }
    };
    for (step, is_dirty) in new.steps().iter().zip(standing(new, dirty)) {
        match &step.action {
            Action::Create(place) => {
                let before = known.get(&place.path);
                if is_dirty || before != Some(&place) || !stays.contains(&place.path) {
                    if let PlaceKind::Link { to } = &place.kind {
                        copy_data(to, plan);
                    }
                    plan.steps.extend(make_room(place, before.copied(), old, observed));
                    plan.steps.push(Change::Create(as_at_boot(place, before.copied(), new)));
                }
                copy_data(&place.path, plan);
            }
            Action::Mount(mount) if is_dirty => plan.steps.push(Change::Mount(mount.clone())),
            Action::CopyIn(copy) if is_dirty || !copied.contains(copy) => {
                copy_data(&copy.from, plan);
                // The mount point of a bind that is gone is no file of its program, which a copy would leave alone.
                let before = known.get(&copy.to).filter(|place| !is_link(place));
                plan.steps.extend(before.map(|place| Change::Clear(place.path.clone())));
                plan.steps.push(Change::CopyIn(copy.clone()));
            }
            Action::Mount(_) | Action::CopyIn(_) => {}
        }
    }
}

/// A directory that the old layout made, and that a boot would make anew, gets its new owner and mode now.
fn as_at_boot(place: &Place, before: Option<&Place>, new: &Layout) -> Place {
    let mut place = place.clone();
    let differs = before.is_some_and(|old| (&old.owner, old.mode) != (&place.owner, place.mode));
    if differs && !new.fate_of(place.path.as_bytes()).survives() {
        place.enforcement = Enforcement::Enforce;
    }
    place
}

/// A link, or another kind of place, can only come where nothing is.
fn make_room(
    place: &Place,
    before: Option<&Place>,
    old: &Layout,
    observed: &Observed,
) -> Option<Change> {
    let path = &place.path;
    if is_link(place) {
        let holds = observed.at.get(path).is_some_and(|holding| holding.is_data());
        // What an old mount or link showed is gone with it; the mount point is empty.
        let is_gone = match old.fate_of(path.as_bytes()) {
            crate::Fate::Survives(how) => how.entry.is_some() || how.on == path,
            _ => false,
        };
        if holds && !is_gone {
            let to = AbsolutePath::new([path.as_bytes(), b".before"].concat()).ok()?;
            return Some(Change::SetAside { from: path.clone(), to });
        }
        return Some(Change::Clear(path.clone()));
    }
    let is_other =
        before.is_some_and(|before| kind_of(before) != kind_of(place) && !is_link(before));
    is_other.then(|| Change::Clear(path.clone()))
}
