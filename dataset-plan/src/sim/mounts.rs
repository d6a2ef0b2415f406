//! What is mounted where, and on top of what.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use zfs_props::name::DatasetName;

use crate::path;

/// One mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MountId(u64);

/// The mounts of a machine, as the kernel nests them: each lies in the one below it at its path.
#[derive(Clone, Debug, Default)]
pub(super) struct Mounts {
    next: u64,
    by_id: BTreeMap<MountId, Mount>,
    /// What lies in no other mount: the root of the machine is no mount here.
    outermost: Nested,
}

/// Mounts by their path: at each, one on top of the other.
type Nested = BTreeMap<Arc<str>, Vec<MountId>>;

#[derive(Clone, Debug)]
struct Mount {
    dataset: DatasetName,
    path: Arc<str>,
    parent: Option<MountId>,
    /// What lies in it.
    nested: Nested,
}

impl Mounts {
    /// Mounts a filesystem on top of what is at the path.
    pub(super) fn mount(&mut self, dataset: &DatasetName, path: &str) -> MountId {
        let path: Arc<str> = tidy(path).into();
        // On top of another one at the same path is beside it here.
        let parent = self.at(&path).and_then(|id| {
            let below = self.by_id.get(&id)?;
            if below.path == path { below.parent } else { Some(id) }
        });
        let id = MountId(self.next);
        self.next += 1;
        if let Some(nested) = self.nested_mut(parent) {
            nested.entry(Arc::clone(&path)).or_default().push(id);
        }
        let dataset = dataset.clone();
        self.by_id.insert(id, Mount { dataset, path, parent, nested: Nested::new() });
        id
    }

    /// `umount` of the path where a mount was made, and so of what is on top there: the dataset of that.
    /// `None`: something is mounted within it.
    pub(super) fn unmount(&mut self, id: MountId) -> Option<DatasetName> {
        let path = Arc::clone(&self.by_id.get(&id)?.path);
        let top = self.at(&path)?;
        let mount = self.by_id.get(&top)?;
        if mount.path != path || !mount.nested.is_empty() {
            return None;
        }
        let mount = self.by_id.remove(&top)?;
        let nested = self.nested_mut(mount.parent)?;
        let here = nested.get_mut(&path)?;
        here.retain(|other| *other != top);
        if here.is_empty() {
            nested.remove(&path);
        }
        Some(mount.dataset)
    }

    /// The mount has other directories than before: mounts below one that is gone stay, but no path leads to them any
    /// more. One on a directory that is gone is still found, but once; such directories are given back.
    pub(super) fn lose(
        &mut self,
        id: MountId,
        is_there: impl Fn(&str) -> bool,
    ) -> BTreeSet<String> {
        let mut gone = BTreeSet::new();
        let Some(Mount { path, nested, .. }) = self.by_id.get_mut(&id) else { return gone };
        nested.retain(|place, _| {
            let within = place.strip_prefix(&**path);
            let Some((above, _)) = within.and_then(|within| within.rsplit_once('/')) else {
                return true;
            };
            let found = above.is_empty() || is_there(above);
            gone.extend(within.filter(|within| found && !is_there(within)).map(str::to_owned));
            found
        });
        gone
    }

    /// Follows a dataset's new name.
    pub(super) fn rename(&mut self, id: MountId, to: &DatasetName) {
        if let Some(mount) = self.by_id.get_mut(&id) {
            mount.dataset = to.clone();
        }
    }

    /// The filesystem that a directory is in, or would be made in, and where from its root on.
    pub(super) fn holder(&self, path: &str) -> Option<(&DatasetName, String)> {
        let path = tidy(path);
        let mount = self.by_id.get(&self.at(&path)?)?;
        Some((&mount.dataset, path.strip_prefix(&*mount.path)?.to_owned()))
    }

    /// The path where a mount was made leads to it, and not to another one over it.
    pub(super) fn is_reached(&self, id: MountId) -> bool {
        self.by_id.get(&id).is_some_and(|mount| self.at(&mount.path) == Some(id))
    }

    /// Something is mounted at a path, where it is found.
    pub(super) fn is_taken(&self, path: &str) -> bool {
        let path = tidy(path);
        let there = self.at(&path).and_then(|id| self.by_id.get(&id));
        there.is_some_and(|mount| *mount.path == *path)
    }

    /// What is mounted below a path, where it is found, but for what is within that again.
    pub(super) fn within(&self, path: &str) -> impl Iterator<Item = &DatasetName> {
        let path = tidy(path);
        let holder = self.at(&path).and_then(|id| self.by_id.get(&id));
        let nested = holder.map_or(&self.outermost, |mount| &mount.nested);
        let below = format!("{path}/");
        let from = (Bound::Excluded(&*below), Bound::Unbounded);
        let all = nested.range::<str, _>(from);
        let all = all.map(|(at, ids)| (at.starts_with(&below), ids));
        let all = all.take_while(|(is_within, _)| *is_within);
        let ids: Vec<MountId> = all.flat_map(|(_, ids)| ids).copied().collect();
        ids.into_iter().filter_map(|id| Some(&self.by_id.get(&id)?.dataset))
    }

    /// The mount that a path leads to.
    fn at(&self, path: &str) -> Option<MountId> {
        let ends = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
        let mut current = None;
        let mut nested = &self.outermost;
        for end in ends.chain([path.len()]) {
            let here = path.get(..end).and_then(|prefix| nested.get(prefix)?.last());
            if let Some((id, mount)) = here.and_then(|id| Some((*id, self.by_id.get(id)?))) {
                (current, nested) = (Some(id), &mount.nested);
            }
        }
        current
    }

    fn nested_mut(&mut self, within: Option<MountId>) -> Option<&mut Nested> {
        match within {
            None => Some(&mut self.outermost),
            Some(id) => Some(&mut self.by_id.get_mut(&id)?.nested),
        }
    }
}

/// As the places of mounts are written here: the root is the empty path, which all others begin with.
fn tidy(path: &str) -> Cow<'_, str> {
    match path::tidy(path.into()) {
        root if root == "/" => Cow::Borrowed(""),
        path => path,
    }
}
