//! What a plan mounts anew: not where something else is, and what holds a mountpoint first.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::{Draft, Planner};
use crate::plan::{Action, Obstacle, Reason, Risk, Undo};
use crate::spec::Want;

/// What is mounted at a place, and its row if it is a dataset of the tree.
pub(super) type Taken = BTreeMap<String, (String, Option<usize>)>;

/// A filesystem that a draft mounts.
pub(super) struct Mounting {
    path: String,
    draft: usize,
    row: usize,
}

/// A mounted filesystem that a draft unmounts or mounts elsewhere.
pub(super) struct Leaving {
    path: String,
    draft: usize,
    row: usize,
}

/// A path as it is compared: without slashes at its end.
fn place(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        place => place,
    }
}

/// The paths above a path, nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        let (parent, _) = path.rsplit_once('/')?;
        (*path != "/").then_some(if parent.is_empty() { "/" } else { parent })
    })
    .skip(1)
}

impl Planner<'_> {
    /// Where ZFS will mount a dataset by itself after the steps planned so far.
    pub(super) fn mount_place(&self, at: usize) -> Option<String> {
        let later = |property| self.tree.later(at, &PropertyName::Native(property));
        let path = later(Property::Mountpoint)?.text().into_owned();
        let can = later(Property::Canmount).is_none_or(|sight| sight.text() == "on");
        (path.starts_with('/') && can).then_some(path)
    }

    /// Where a filesystem that is mounted now will be after the steps planned so far.
    fn stay_place(&self, at: usize) -> Option<String> {
        let later = |property| self.tree.later(at, &PropertyName::Native(property));
        let path = later(Property::Mountpoint)?.text().into_owned();
        // With `noauto` it stays mounted, though nothing would mount it.
        let off = later(Property::Canmount).is_some_and(|sight| sight.text() == "off");
        (path.starts_with('/') && !off).then_some(path)
    }

    /// Where ZFS will mount a new dataset.
    pub(super) fn new_mount_place(&self, at: usize, want: &Want) -> Option<String> {
        let declares = |property| want.properties.contains_key(&PropertyName::Native(property));
        if want.volume.is_some() || declares(Property::Canmount) && want.mounted_at().is_none() {
            return None;
        }
        if let Some(path) = want.mounted_at() {
            return Some(path.to_owned());
        }
        // `none` and `legacy` are declared, anything else is inherited.
        let inherited = || self.tree.later(at, &PropertyName::Native(Property::Mountpoint));
        let inherited = if declares(Property::Mountpoint) { None } else { inherited() };
        let path = inherited?.text().into_owned();
        path.starts_with('/').then_some(path)
    }

    /// Nothing else is mounted at a path or below it, and it is not known to hold files.
    pub(super) fn may_mount(&mut self, at: usize, name: &DatasetName, path: &str) -> bool {
        let path = place(path);
        let taken = self.taken().get(path).map(|(other, _)| other.clone());
        if let Some(other) = taken.filter(|other| other != name.as_str()) {
            let what = format!("{path} is where {other} is mounted");
            let remedy = "give it another mountpoint, or unmount what is there";
            self.block(name, Obstacle::Taken, what, remedy);
            return false;
        }
        if let Some((below, other)) = self.first_below(at, path) {
            let what =
                format!("mounted at {path} it would cover {below}, where {other} is mounted");
            let remedy = "unmount what is below first, or give it another mountpoint";
            self.block(name, Obstacle::Covers, what, remedy);
            return false;
        }
        if self.observed.occupied.contains(path) {
            let what = format!("{path} holds files that the mount would cover");
            let remedy = "move them into the dataset first: see the module `migration`";
            self.block(name, Obstacle::Occupied, what, remedy);
            return false;
        }
        true
    }

    /// Nothing that the plan may not touch is mounted below where a dataset is mounted now.
    pub(super) fn may_leave(&mut self, at: usize, name: &DatasetName) -> bool {
        let mountpoint = PropertyName::Native(Property::Mountpoint);
        let mounted = self.tree.row(at).and_then(|row| row.observed?.mounted) == Some(true);
        let path = self.tree.now(at, &mountpoint).map(|sight| sight.text().into_owned());
        let Some(path) = path.filter(|path| mounted && path.starts_with('/')) else { return true };
        let Some((below, other)) = self.first_below(at, place(&path)) else { return true };
        let what = format!("it cannot leave {path}: {other} is mounted below, at {below}");
        self.block(name, Obstacle::Busy, what, "declare that one too, or unmount it first");
        false
    }

    /// The first of the mounts below a path that the plan does not touch, and that do not come along.
    fn first_below(&mut self, at: usize, path: &str) -> Option<(String, String)> {
        self.taken();
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let from = (Bound::Excluded(prefix.as_str()), Bound::Unbounded);
        let below = self.taken.as_ref()?.range::<str, _>(from);
        let mut below = below.take_while(|(below, _)| below.starts_with(&prefix));
        let stays = |row: &Option<usize>| row.is_none_or(|row| !self.tree.follows(row, at));
        let (below, (other, _)) = below.find(|(_, (_, row))| stays(row))?;
        Some((below.clone(), other.clone()))
    }

    /// Mounts that the plan does not touch, by their places: of base and undeclared datasets, these with
    /// their rows, and of other file systems.
    fn taken(&mut self) -> &Taken {
        let taken = self.taken.take().unwrap_or_else(|| self.mounted_now());
        self.taken.insert(taken)
    }

    fn mounted_now(&self) -> Taken {
        let foreign = self.observed.foreign.iter();
        let mut taken: Taken =
            foreign.map(|(path, source)| (path.clone(), (source.clone(), None))).collect();
        for (name, base) in &self.desired.base {
            let path = base.mounted_at.as_deref().map(|path| place(path).to_owned());
            taken.extend(path.map(|path| (path, (name.to_string(), None))));
        }
        let mountpoint = PropertyName::Native(Property::Mountpoint);
        for at in 0..self.tree.len() {
            let Some(row) = self.tree.row(at).filter(|row| row.want.is_none()) else { continue };
            if row.observed.is_some_and(|dataset| dataset.mounted == Some(true)) {
                let path = self.tree.now(at, &mountpoint).map(|sight| sight.text().into_owned());
                let path = path.filter(|path| path.starts_with('/'));
                let name = row.name.to_string();
                taken.extend(path.map(|path| (place(&path).to_owned(), (name, Some(at)))));
            }
        }
        taken
    }

    /// Notes what a draft mounts; gives the draft after which it is mounted.
    pub(super) fn mounting(&mut self, row: usize, path: String, draft: usize) -> usize {
        self.mountings.push(Mounting { path, draft, row });
        draft
    }

    /// Notes that a draft moves what is mounted.
    pub(super) fn leaving(&mut self, row: usize, draft: usize) {
        let mountpoint = PropertyName::Native(Property::Mountpoint);
        let mounted = self.tree.row(row).and_then(|row| row.observed?.mounted) == Some(true);
        let path = self.tree.now(row, &mountpoint).map(|sight| sight.text().into_owned());
        if let Some(path) = path.filter(|path| mounted && path.starts_with('/')) {
            self.leavings.push(Leaving { path, draft, row });
        }
    }

    /// What is mounted below a place that is unmounted, or mounted over, has to be out of the way: it
    /// moves first, or is unmounted for a while. What appears there comes after.
    pub(super) fn make_way(&mut self) {
        // Which drafts disturb which places, and for which row.
        let mut disturbed: BTreeMap<usize, (usize, Vec<String>)> = BTreeMap::new();
        let arriving = self.mountings.iter().map(|m| (m.draft, m.row, &m.path));
        for (draft, row, path) in
            self.leavings.iter().map(|l| (l.draft, l.row, &l.path)).chain(arriving)
        {
            let prefix = match place(path) {
                "/" => "/".to_owned(),
                path => format!("{path}/"),
            };
            disturbed.entry(draft).or_insert((row, Vec::new())).1.push(prefix);
        }
        if disturbed.is_empty() {
            return;
        }
        let leaves: BTreeMap<usize, usize> =
            self.leavings.iter().map(|leaving| (leaving.row, leaving.draft)).collect();
        let settled = self.settled_mounts();
        let mut appearing: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        let moving: BTreeSet<usize> = leaves.values().copied().collect();
        for Mounting { path, draft, row } in &self.mountings {
            if !moving.contains(draft) {
                appearing.entry(place(path).to_owned()).or_default().push((*draft, *row));
            }
        }
        // The drafts that take a filesystem away and bring it back.
        let mut aside: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (draft, (row, prefixes)) in disturbed {
            let is_below = |path: &str| prefixes.iter().any(|prefix| path.starts_with(prefix));
            for prefix in &prefixes {
                let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
                let below = appearing.range::<str, _>(from);
                let below = below.take_while(|(path, _)| path.starts_with(prefix.as_str()));
                for (other, row) in below.flat_map(|(_, drafts)| drafts) {
                    if !self.needs(draft, *other) {
                        self.wait(*other, draft);
                        continue;
                    }
                    // What is created is mounted later, if need be.
                    let action = self.drafts.get(*other).map(|other| &other.action);
                    if matches!(action, Some(Action::Create { .. })) {
                        continue;
                    }
                    // It has to come before, and is taken away again.
                    let (unmount, mount) =
                        *aside.entry(*row).or_insert_with(|| self.draft_aside(*row, draft));
                    self.wait(unmount, *other);
                    self.wait(draft, unmount);
                    self.wait(mount, draft);
                }
            }
            let below = prefixes.iter().flat_map(|prefix| {
                let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
                settled.range::<str, _>(from).take_while(move |(path, _)| path.starts_with(prefix))
            });
            let below: BTreeSet<usize> = below.map(|(_, below)| *below).collect();
            for below in below.into_iter().filter(|below| *below != row) {
                let moves = leaves.get(&below).copied();
                let stays = self.stay_place(below).is_some_and(|path| is_below(place(&path)));
                match moves {
                    Some(moves) if !stays => self.wait(draft, moves),
                    None if self.tree.follows(below, row) => {}
                    _ => {
                        let (unmount, mount) =
                            *aside.entry(below).or_insert_with(|| self.draft_aside(below, draft));
                        self.wait(draft, unmount);
                        self.wait(mount, draft);
                        match moves {
                            Some(moves) if self.needs(draft, moves) => self.wait(unmount, moves),
                            Some(moves) => self.wait(moves, mount),
                            None => {}
                        }
                    }
                }
            }
        }
    }

    fn needs(&self, draft: usize, first: usize) -> bool {
        self.drafts.get(draft).is_some_and(|draft| draft.needs.contains(&first))
    }

    fn wait(&mut self, draft: usize, first: usize) {
        if let Some(draft) = self.drafts.get_mut(draft).filter(|_| draft != first) {
            draft.after.push(first);
        }
    }

    /// Declared filesystems that are mounted, by their places.
    fn settled_mounts(&self) -> BTreeMap<String, usize> {
        let mountpoint = PropertyName::Native(Property::Mountpoint);
        let mut places = BTreeMap::new();
        for at in 0..self.tree.len() {
            let Some(row) = self.tree.row(at).filter(|row| row.want.is_some()) else { continue };
            if row.observed.is_some_and(|dataset| dataset.mounted == Some(true)) {
                let path = self.tree.now(at, &mountpoint).map(|sight| sight.text().into_owned());
                let path = path.filter(|path| path.starts_with('/'));
                places.extend(path.map(|path| (place(&path).to_owned(), at)));
            }
        }
        places
    }

    /// Unmounts a filesystem that stays where it is, and mounts it again.
    fn draft_aside(&mut self, row: usize, because: usize) -> (usize, usize) {
        let name = self.tree.row(row).map(|row| row.name.clone().into_owned());
        let (Some(name), Some(draft)) = (name, self.drafts.get(because)) else {
            return (because, because);
        };
        let reason = Reason::InTheWay { of: draft.dataset.clone() };
        let mut unmount = Draft::new(name.clone(), Action::Unmount, reason.clone());
        unmount.risk = Risk::REMOUNTS;
        unmount.undo = Undo::Do(vec![(name.clone(), Action::Mount)]);
        let unmount = self.push(unmount);
        let mut mount = Draft::new(name.clone(), Action::Mount, reason);
        mount.undo = Undo::Do(vec![(name, Action::Unmount)]);
        mount.needs = vec![unmount];
        (unmount, self.push(mount))
    }

    /// Mounts from the root downwards.
    ///
    /// Datasets are made parents first, and a child may be mounted above its parent. What is made
    /// before something that would cover its mountpoint is not mounted at once, but after that.
    pub(super) fn order_mounts(&mut self) {
        let mountings = std::mem::take(&mut self.mountings);
        let by_path: BTreeMap<&str, usize> =
            mountings.iter().map(|m| (place(&m.path), m.draft)).collect();
        for Mounting { path, draft, row } in &mountings {
            let Some(first) = above(place(path)).find_map(|path| by_path.get(path).copied()) else {
                continue;
            };
            if first < *draft {
                if let Some(draft) = self.drafts.get_mut(*draft) {
                    draft.after.push(first);
                }
                continue;
            }
            self.mount_later(*row, *draft, first);
        }
    }

    /// Takes the mounting out of a draft that creates, and does it after another one.
    fn mount_later(&mut self, row: usize, draft: usize, first: usize) {
        let mount = self.drafts.len();
        let Some(creating) = self.drafts.get_mut(draft) else { return };
        let Action::Create { mount: at_once, .. } = &mut creating.action else {
            creating.after.push(first);
            return;
        };
        *at_once = false;
        creating.risk.remove(Risk::MOUNTS);
        let dataset = creating.dataset.clone();
        let declared = self.tree.row(row).and_then(|row| row.want);
        let declared = declared.map(|want| want.path.to_string()).unwrap_or_default();
        // Whoever owns the directory has to wait for the mount.
        for other in &mut self.drafts {
            if matches!(other.action, Action::Own { .. }) && other.needs.contains(&draft) {
                other.needs.push(mount);
            }
        }
        let mut new = Draft::new(dataset.clone(), Action::Mount, Reason::NotMounted { declared });
        new.risk = Risk::MOUNTS;
        new.needs = vec![draft, first];
        new.undo = Undo::Do(vec![(dataset, Action::Unmount)]);
        self.push(new);
    }
}
