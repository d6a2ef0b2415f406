//! What a plan mounts anew: not where something else is, and what holds a mountpoint first.

use std::collections::BTreeMap;
use std::ops::Bound;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::{Draft, Planner};
use crate::plan::{Action, Obstacle, Reason, Risk, Undo};
use crate::spec::Want;

/// A filesystem that a draft mounts.
pub(super) struct Mounting {
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
    pub(super) fn may_mount(&mut self, name: &DatasetName, path: &str) -> bool {
        let path = place(path);
        if self.taken.is_none() {
            self.taken = Some(self.mounted_now());
        }
        let taken = self.taken.as_ref();
        let same = taken.and_then(|taken| taken.get(path)).filter(|other| *other != name.as_str());
        if let Some(other) = same {
            let what = format!("{path} is where {other} is mounted");
            let remedy = "give it another mountpoint, or unmount what is there";
            self.block(name, Obstacle::Taken, what, remedy);
            return false;
        }
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let from = (Bound::Excluded(prefix.as_str()), Bound::Unbounded);
        let hidden = taken.and_then(|taken| taken.range::<str, _>(from).next());
        let hidden = hidden.filter(|(below, _)| below.starts_with(&prefix));
        if let Some((below, other)) = hidden.map(|(a, b)| (a.clone(), b.clone())) {
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

    /// Mounts that the plan does not touch: of base and undeclared datasets, and of other file systems.
    fn mounted_now(&self) -> BTreeMap<String, String> {
        let mut taken: BTreeMap<String, String> = self.observed.foreign.clone();
        for (name, base) in &self.desired.base {
            let mounted =
                base.mounted_at.as_deref().map(|path| (place(path).into(), name.to_string()));
            taken.extend(mounted);
        }
        let mountpoint = PropertyName::Native(Property::Mountpoint);
        for at in 0..self.tree.len() {
            let Some(row) = self.tree.row(at).filter(|row| row.want.is_none()) else { continue };
            if row.observed.is_some_and(|dataset| dataset.mounted == Some(true)) {
                let path = self.tree.now(at, &mountpoint).map(|sight| sight.text().into_owned());
                let path = path.filter(|path| path.starts_with('/'));
                taken.extend(path.map(|path| (place(&path).to_owned(), row.name.to_string())));
            }
        }
        taken
    }

    /// Notes what a draft mounts; gives the draft after which it is mounted.
    pub(super) fn mounting(&mut self, row: usize, path: String, draft: usize) -> usize {
        self.mountings.push(Mounting { path, draft, row });
        draft
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
