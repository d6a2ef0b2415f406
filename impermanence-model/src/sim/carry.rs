//! The steps of a layout, carried out.

use std::collections::BTreeMap;

use super::disk::{Content, ROOT};
use super::table::{Mount, Spot};
use super::{Machine, Node, Refusal};
use crate::host::Backing;
use crate::layout::{self, Action, Layout, PlaceKind, Source};
use crate::owner::{Enforcement, Mode, Owner};
use crate::path::AbsolutePath;

impl Machine {
    /// Does one step.
    pub(super) fn act(&mut self, layout: &Layout, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::Create(place) => self.create(place),
            Action::Mount(mount) => {
                let backing = layout.backing(&mount.target);
                self.mount(mount, backing.as_ref())
            }
            Action::CopyIn(copy) => self.copy(&copy.from, &copy.to, &copy.owner, copy.mode),
        }
    }

    /// Creates what is missing; what is there gets another owner and mode if that is enforced.
    pub fn create(&mut self, place: &layout::Place) -> Result<(), Refusal> {
        let kind = match &place.kind {
            PlaceKind::Directory => Content::Directory(BTreeMap::new()),
            PlaceKind::File(content) => Content::File(content.bytes().to_vec()),
            PlaceKind::Link { to } => Content::Link(to.clone()),
        };
        let at = self.place_of(&place.path)?;
        let Some(spot) = self.child(&at).map(|spot| self.table.top(spot)) else {
            self.insert(&at, Node { kind, owner: place.owner.clone(), mode: place.mode });
            return Ok(());
        };
        let Some(node) = self.node_mut(spot) else {
            return Err(Refusal::Missing(place.path.clone()));
        };
        let same = match (&node.kind, &kind) {
            (Content::Directory(_), Content::Directory(_))
            | (Content::File(_), Content::File(_)) => true,
            (Content::Link(old), Content::Link(new)) => old == new,
            _ => false,
        };
        if !same {
            return Err(Refusal::Exists(place.path.clone()));
        }
        if place.enforcement == Enforcement::Enforce {
            node.owner = place.owner.clone();
            node.mode = place.mode;
        }
        Ok(())
    }

    /// Mounts a file system or a bind.
    pub fn mount(
        &mut self,
        mount: &layout::Mount,
        backing: Option<&Backing>,
    ) -> Result<(), Refusal> {
        let on = self.find(&mount.target)?;
        match &mount.source {
            Source::Device { device, .. } => {
                let unknown = Backing::Unknown(device.clone());
                let disk = self.disk(device, backing.unwrap_or(&unknown), Mode::DIRECTORY);
                self.table.add(Mount { on: Some(on), disk, root: ROOT });
            }
            Source::Bind { from, recursive, .. } => {
                let source = self.find(from)?;
                let is_directory = |spot: Spot| {
                    matches!(self.node(spot).map(|node| &node.kind), Some(Content::Directory(_)))
                };
                if is_directory(on) != is_directory(source) {
                    return Err(Refusal::NotDirectory(mount.target.clone()));
                }
                let disk = self.table.get(source.mount).map_or(0, |mount| mount.disk);
                let below = if *recursive { self.mounts_below(source) } else { Vec::new() };
                let new = self.table.add(Mount { on: Some(on), disk, root: source.node });
                self.clone_mounts(&below, source.mount, new);
            }
        }
        Ok(())
    }

    /// The mounts below a node, those on others after them.
    fn mounts_below(&self, source: Spot) -> Vec<(usize, Mount)> {
        let disk = self.table.get(source.mount).and_then(|mount| self.disks.get(mount.disk));
        let inside = |on: Spot| {
            on.node != source.node && disk.is_some_and(|disk| disk.holds(source.node, on.node))
        };
        let mut all: Vec<(usize, Mount)> = self.table.children(source.mount);
        all.retain(|(_, mount)| mount.on.is_some_and(inside));
        let mut next = 0;
        while let Some((number, _)) = all.get(next) {
            all.extend(self.table.children(*number));
            next += 1;
        }
        all
    }

    fn clone_mounts(&mut self, below: &[(usize, Mount)], from: usize, to: usize) {
        let mut numbers = BTreeMap::from([(from, to)]);
        for (number, mount) in below {
            let Some(on) = mount.on else { continue };
            let Some(parent) = numbers.get(&on.mount) else { continue };
            let on = Some(Spot { mount: *parent, node: on.node });
            let new = self.table.add(Mount { on, ..*mount });
            numbers.insert(*number, new);
        }
    }

    /// Unmounts what is on top at a path; of a recursive bind, also what it brought along.
    pub fn unmount(&mut self, target: &AbsolutePath, recursive: bool) -> Result<(), Refusal> {
        let spot = self.find(target)?;
        let mount = self.table.get(spot.mount);
        let is_root = mount.is_some_and(|mount| mount.root == spot.node && mount.on.is_some());
        if !is_root {
            return Err(Refusal::NotMounted(target.clone()));
        }
        let mut all = vec![spot.mount];
        let mut next = 0;
        while let Some(number) = all.get(next) {
            all.extend(self.table.children(*number).iter().map(|(child, _)| *child));
            next += 1;
        }
        if all.len() > 1 && !recursive {
            return Err(Refusal::Busy(target.clone()));
        }
        for number in all {
            self.table.remove(number);
        }
        Ok(())
    }

    /// Copies a file, if it is there.
    pub(super) fn copy(
        &mut self,
        from: &AbsolutePath,
        to: &AbsolutePath,
        owner: &Owner,
        mode: Mode,
    ) -> Result<(), Refusal> {
        let Ok(spot) = self.find(from) else { return Ok(()) };
        let Some(Content::File(bytes)) = self.node(spot).map(|node| node.kind.clone()) else {
            return Err(Refusal::IsDirectory(from.clone()));
        };
        self.write_as(to, &bytes, owner, mode)
    }
}
