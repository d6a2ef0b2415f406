//! Which mount a path leads into.
//!
//! The kernel walks a path from the root directory, and at every component changes to the mount that is on it, and to
//! the mount that is on that one's root, until there is none (`__traverse_mounts` in `fs/namei.c`). The
//! same walk over the table tells which mounts can be reached: longest prefix alone would not, since a mount above
//! hides those that were below.

use super::{Mount, MountTable};

impl MountTable {
    /// The mount that holds what `path` names: an absolute path without `.`, `..`, double slashes, or symbolic links.
    ///
    /// `None` if the table does not say, as in a root directory that is no mount point.
    pub fn covering(&self, path: &[u8]) -> Option<&Mount> {
        self.reach(path).and_then(|at| self.mounts.get(at))
    }

    /// The mount on exactly this path: the topmost, and only if it is in reach.
    pub fn at(&self, path: &[u8]) -> Option<&Mount> {
        self.covering(path).filter(|mount| mount.point == path)
    }

    /// Whether the mount is what its mount point leads to: not hidden by another.
    pub fn is_visible(&self, mount: &Mount) -> bool {
        self.at(&mount.point).is_some_and(|top| top.id == mount.id)
    }

    /// Mounts on exactly this path, bottom to top, in reach or not.
    pub fn stacked(&self, path: &[u8]) -> impl Iterator<Item = &Mount> {
        let mut found: Vec<usize> =
            self.by_point.get(path).into_iter().flat_map(|on| on.values().copied()).collect();
        found.sort_unstable();
        found.into_iter().filter_map(|at| self.mounts.get(at))
    }

    /// The walk. Every step goes to a child, so that it ends even in a table whose parents form a circle: no mount is
    /// entered that often.
    fn reach(&self, path: &[u8]) -> Option<usize> {
        self.outside.iter().find_map(|&start| {
            let mut walk = Walk { table: self, parent: start, inside: None, steps: 0 };
            walk.traverse(b"/");
            let slashes = path.iter().enumerate().skip(1).filter(|&(_, &byte)| byte == b'/');
            let ends = slashes.map(|(at, _)| at).chain([path.len()]);
            for end in ends.filter(|&end| end > 1) {
                walk.traverse(path.get(..end).unwrap_or(path));
            }
            walk.inside
        })
    }
}

struct Walk<'t> {
    table: &'t MountTable,
    /// The id of the mount the walk is in.
    parent: u64,
    /// Its place in the table, unless it is outside.
    inside: Option<usize>,
    steps: usize,
}

impl Walk<'_> {
    /// Enters what is mounted here, and on that, and so on.
    fn traverse(&mut self, point: &[u8]) {
        while self.steps <= self.table.mounts.len() {
            let here = self.table.by_point.get(point);
            let Some(&child) = here.and_then(|here| here.get(&self.parent)) else { return };
            let Some(mount) = self.table.mounts.get(child) else { return };
            (self.parent, self.inside) = (mount.id, Some(child));
            self.steps += 1;
        }
    }
}
