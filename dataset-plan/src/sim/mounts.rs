//! What is mounted where, and on top of what.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use zfs_props::name::DatasetName;

/// One mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MountId(u64);

/// The mounts of a machine, as the kernel nests them: each lies in the one below it at its path.
#[derive(Clone, Debug, Default)]
pub(super) struct Mounts {
    next: u64,
    by_id: BTreeMap<MountId, Mount>,
    /// By the mount they lie in, and their path. The root of the machine is no mount here.
    nested: BTreeMap<(Option<MountId>, String), MountId>,
}

#[derive(Clone, Debug)]
struct Mount {
    dataset: DatasetName,
    path: String,
    parent: Option<MountId>,
}

impl Mounts {
    /// Mounts a filesystem on top of what is at the path.
    pub(super) fn mount(&mut self, dataset: &DatasetName, path: &str) -> MountId {
        let path = tidy(path);
        let parent = self.at(&path);
        let id = MountId(self.next);
        self.next += 1;
        self.nested.insert((parent, path.clone()), id);
        self.by_id.insert(id, Mount { dataset: dataset.clone(), path, parent });
        id
    }

    /// `umount` of the path where a mount was made, and so of what is on top there: the dataset of that.
    /// `None`: something is mounted within it.
    pub(super) fn unmount(&mut self, id: MountId) -> Option<DatasetName> {
        let path = self.path(id)?.to_owned();
        let top = self.at(&path)?;
        let within = (Bound::Excluded((Some(top), String::new())), Bound::Unbounded);
        if self.nested.range(within).next().is_some_and(|((parent, _), _)| *parent == Some(top)) {
            return None;
        }
        if self.by_id.get(&top).is_none_or(|mount| mount.path != path) {
            return None;
        }
        let mount = self.by_id.remove(&top)?;
        self.nested.remove(&(mount.parent, mount.path));
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
        let Some(path) = self.path(id).map(str::to_owned) else { return gone };
        self.nested.retain(|(parent, place), _| {
            let within = place.strip_prefix(&path).filter(|_| *parent == Some(id));
            let Some((above, _)) = within.and_then(|within| within.rsplit_once('/')) else {
                return true;
            };
            let found = above.is_empty() || is_there(above);
            gone.extend(within.filter(|within| found && !is_there(within)).map(str::to_owned));
            found
        });
        gone
    }

    /// Where a mount was made.
    pub(super) fn path(&self, id: MountId) -> Option<&str> {
        Some(&self.by_id.get(&id)?.path)
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
        Some((&mount.dataset, path.strip_prefix(&mount.path)?.to_owned()))
    }

    /// The mount that a path leads to.
    fn at(&self, path: &str) -> Option<MountId> {
        let ends = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
        let mut current = None;
        for end in ends.chain([path.len()]) {
            let Some(prefix) = path.get(..end) else { continue };
            while let Some(next) = self.nested.get(&(current, prefix.to_owned())) {
                current = Some(*next);
            }
        }
        current
    }
}

/// Without doubled and last slashes.
fn tidy(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.flat_map(|part| ["/", part]).collect()
}
