//! Mounts on mounts, as the kernel has them: each on a node of another mount.

use std::collections::BTreeMap;

/// A mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// The mount that it is on, and the node there. None for the root.
    pub(super) on: Option<Spot>,
    /// What it shows.
    pub(super) disk: usize,
    /// The node of the disk that is its root.
    pub(super) root: usize,
}

/// A node as it is seen through a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) mount: usize,
    pub(super) node: usize,
}

/// All mounts; the first is the root. Those that were unmounted leave a gap.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    mounts: Vec<Option<Mount>>,
    /// By what they are on: there is one at most, for the next one is on the root of that.
    by_spot: BTreeMap<Spot, usize>,
}

impl Table {
    pub(super) fn new(disk: usize) -> Self {
        let root = Mount { on: None, disk, root: super::disk::ROOT };
        Self { mounts: vec![Some(root)], by_spot: BTreeMap::new() }
    }

    pub(super) fn get(&self, number: usize) -> Option<Mount> {
        self.mounts.get(number).copied().flatten()
    }

    /// The root, if the machine is on.
    pub(super) fn root(&self) -> Option<Spot> {
        self.get(0).map(|mount| self.top(Spot { mount: 0, node: mount.root }))
    }

    /// What is on top at a spot.
    pub(super) fn top(&self, mut spot: Spot) -> Spot {
        while let Some((number, mount)) = self.on(spot) {
            spot = Spot { mount: number, node: mount.root };
        }
        spot
    }

    /// The mount on a spot.
    pub(super) fn on(&self, spot: Spot) -> Option<(usize, Mount)> {
        let number = *self.by_spot.get(&spot)?;
        self.get(number).map(|mount| (number, mount))
    }

    pub(super) fn add(&mut self, mount: Mount) -> usize {
        let number = self.mounts.len();
        self.by_spot.extend(mount.on.map(|on| (on, number)));
        self.mounts.push(Some(mount));
        number
    }

    pub(super) fn remove(&mut self, number: usize) {
        let removed = self.mounts.get_mut(number).and_then(Option::take);
        if let Some(on) = removed.and_then(|mount| mount.on) {
            self.by_spot.remove(&on);
        }
    }

    /// The mounts on nodes of a mount.
    pub(super) fn children(&self, number: usize) -> Vec<(usize, Mount)> {
        let first = Spot { mount: number, node: 0 };
        let on_it = self.by_spot.range(first..).take_while(|(spot, _)| spot.mount == number);
        on_it.filter_map(|(_, child)| Some((*child, self.get(*child)?))).collect()
    }

    /// Whether a node of a disk is a mount point, through whichever mount it is seen.
    pub(super) fn is_mount_point(&self, disk: usize, node: usize) -> bool {
        let mut all = self.mounts.iter().flatten();
        all.any(|mount| {
            mount.on.is_some_and(|on| {
                on.node == node && self.get(on.mount).is_some_and(|m| m.disk == disk)
            })
        })
    }
}
