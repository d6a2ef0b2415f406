//! The steps of a change, carried out; each can be done again.

use std::collections::BTreeSet;

use super::disk::Content;
use super::table::Spot;
use super::{Machine, Refusal};
use crate::change::{Change, Holding, Observed};
use crate::layout::{Layout, Mount, Source};
use crate::path::AbsolutePath;

impl Machine {
    /// What is at some paths.
    pub fn observe(&self, paths: &BTreeSet<AbsolutePath>) -> Observed {
        Observed { at: paths.iter().map(|path| (path.clone(), self.holding(path))).collect() }
    }

    fn holding(&self, path: &AbsolutePath) -> Holding {
        let (mut files, mut bytes) = (0, 0);
        let mut open: Vec<Spot> = self.find(path).into_iter().collect();
        if let Some(Content::File(content)) =
            open.first().and_then(|s| self.node(*s)).map(|n| &n.kind)
        {
            return Holding::File { bytes: content.len() as u64 };
        }
        while let Some(spot) = open.pop() {
            match self.node(spot).map(|node| &node.kind) {
                Some(Content::Directory(names)) => {
                    let below = names.values().map(|node| Spot { mount: spot.mount, node: *node });
                    open.extend(below.map(|spot| self.table.top(spot)));
                }
                Some(Content::File(content)) => {
                    files += 1;
                    bytes += content.len() as u64;
                }
                _ => {}
            }
        }
        if files == 0 { Holding::Nothing } else { Holding::Files { files, bytes } }
    }

    /// Does one step of a change to `new`, unless it is done.
    pub fn change(&mut self, new: &Layout, change: &Change) -> Result<(), Refusal> {
        match change {
            Change::CopyOut(copy) => self.copy(&copy.to, &copy.from, &copy.owner, copy.mode),
            Change::CopyIn(copy) => self.copy(&copy.from, &copy.to, &copy.owner, copy.mode),
            Change::Unmount(mount) if self.is_mounted(mount) => {
                let recursive = matches!(mount.source, Source::Bind { recursive: true, .. });
                self.unmount(&mount.target, recursive)
            }
            Change::Quiesce(_) | Change::Unmount(_) => Ok(()),
            Change::Unlink(path) => {
                if self.link_at(path) {
                    self.remove_at(path)
                } else {
                    Ok(())
                }
            }
            Change::Clear(path) => self.clear(path),
            Change::SetAside { from, to } => self.set_aside(from, to),
            Change::Create(place) => self.create(place),
            Change::CopyData { from, to } => {
                let source = self.find(from)?;
                self.copy_data(source, to)
            }
            Change::Verify { from, to } => {
                let (from, to) = (self.find(from)?, self.find(to)?);
                if self.holds_all(from, to) { Ok(()) } else { Err(Refusal::Differ) }
            }
            Change::Mount(mount) if self.is_mounted(mount) => Ok(()),
            Change::Mount(mount) => self.mount(mount, new.backing(&mount.target).as_ref()),
        }
    }

    fn link_at(&self, path: &AbsolutePath) -> bool {
        let spot = self.place_of(path).ok().and_then(|place| self.child(&place));
        let kind = spot.and_then(|spot| self.node(spot)).map(|node| &node.kind);
        matches!(kind, Some(Content::Link(_)))
    }

    /// Whether this very mount is on top at its target.
    fn is_mounted(&self, mount: &Mount) -> bool {
        let Ok(spot) = self.find(&mount.target) else { return false };
        let Some(top) = self.table.get(spot.mount).filter(|top| top.root == spot.node) else {
            return false;
        };
        if top.on.is_none() {
            return false;
        }
        match &mount.source {
            Source::Device { device, .. } => {
                self.devices.get(device).is_none_or(|disk| *disk == top.disk)
            }
            Source::Bind { from, .. } => self.find(from).is_ok_and(|source| {
                let disk = self.table.get(source.mount).map(|mount| mount.disk);
                disk == Some(top.disk) && source.node == top.root
            }),
        }
    }

    /// Removes an empty file, or a directory in which nothing is but directories.
    fn clear(&mut self, path: &AbsolutePath) -> Result<(), Refusal> {
        if self.link_at(path) {
            return Ok(());
        }
        match self.find(path) {
            Err(_) => Ok(()),
            Ok(spot) => match self.node(spot).map(|node| &node.kind) {
                Some(Content::File(bytes)) if !bytes.is_empty() => {
                    Err(Refusal::NotEmpty(path.clone()))
                }
                Some(Content::Directory(names)) => {
                    let names: Vec<_> = names.keys().cloned().collect();
                    for name in names {
                        let below = AbsolutePath::new([path.as_bytes(), b"/", &name].concat())?;
                        if !matches!(
                            self.stat(&below).map(|node| &node.kind),
                            Some(Content::Directory(_))
                        ) {
                            return Err(Refusal::NotEmpty(path.clone()));
                        }
                        self.clear(&below)?;
                    }
                    self.remove_at(path)
                }
                _ => self.remove_at(path),
            },
        }
    }

    fn set_aside(&mut self, from: &AbsolutePath, to: &AbsolutePath) -> Result<(), Refusal> {
        let (old, new) = (self.place_of(from)?, self.place_of(to)?);
        if self.link_at(from) || (self.child(&old).is_none() && self.child(&new).is_some()) {
            return Ok(());
        }
        let spot = self.child(&old).ok_or_else(|| Refusal::Missing(from.clone()))?;
        if self.child(&new).is_some() {
            return Err(Refusal::Exists(to.clone()));
        }
        if let Some(disk) = self.table.get(spot.mount).and_then(|m| self.disks.get_mut(m.disk)) {
            disk.link(new.directory.node, &new.name, spot.node);
            disk.unlink(old.directory.node, &old.name);
        }
        Ok(())
    }

    /// All of a tree into another; without what is mounted in it, which is kept elsewhere.
    fn copy_data(&mut self, from: Spot, to: &AbsolutePath) -> Result<(), Refusal> {
        let Some(node) = self.node(from).cloned() else { return Ok(()) };
        match &node.kind {
            Content::Directory(names) => {
                if self.find(to).is_err() {
                    let empty = Content::Directory(std::collections::BTreeMap::new());
                    self.make(to, super::Node { kind: empty, ..node.clone() })?;
                }
                for (name, number) in names {
                    let to = AbsolutePath::new([to.as_bytes(), b"/", name].concat())?;
                    self.copy_data(Spot { mount: from.mount, node: *number }, &to)?;
                }
                Ok(())
            }
            Content::File(bytes) => self.write_as(to, bytes, &node.owner, node.mode),
            Content::Link(_) if self.link_at(to) => Ok(()),
            Content::Link(_) => {
                let place = self.place_of(to)?;
                self.insert(&place, node);
                Ok(())
            }
        }
    }

    /// Whether all of one tree is in another.
    fn holds_all(&self, from: Spot, to: Spot) -> bool {
        match (self.node(from).map(|n| &n.kind), self.node(to).map(|n| &n.kind)) {
            (Some(Content::Directory(from_names)), Some(Content::Directory(to_names))) => {
                from_names.iter().all(|(name, number)| {
                    to_names.get(name).is_some_and(|other| {
                        let from = Spot { mount: from.mount, node: *number };
                        self.holds_all(from, Spot { mount: to.mount, node: *other })
                    })
                })
            }
            (from, to) => from == to,
        }
    }
}
