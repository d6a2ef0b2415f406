//! From paths to nodes, and what programs do there.

use super::disk::Content;
use super::table::Spot;
use super::{Machine, Node, Refusal};
use crate::owner::{Mode, Owner};
use crate::path::AbsolutePath;

/// As many as Linux follows (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// A directory, and a name that may be in it.
pub(super) struct Place {
    pub(super) directory: Spot,
    pub(super) name: Box<[u8]>,
}

impl Machine {
    /// The content of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        let path = AbsolutePath::new(path)?;
        let node = self.node(self.find(&path)?).ok_or_else(|| Refusal::Missing(path.clone()))?;
        match &node.kind {
            Content::File(bytes) => Ok(bytes.clone()),
            _ => Err(Refusal::IsDirectory(path)),
        }
    }

    /// Writes a file in place, as `>` of a shell does; missing directories above it are made.
    pub fn write(&mut self, path: &str, content: &[u8]) -> Result<(), Refusal> {
        self.write_as(&AbsolutePath::new(path)?, content, &Owner::root(), Mode::FILE)
    }

    /// The same, for a path of bytes and another owner.
    pub fn write_as(
        &mut self,
        path: &AbsolutePath,
        content: &[u8],
        owner: &Owner,
        mode: Mode,
    ) -> Result<(), Refusal> {
        let mut above: Vec<AbsolutePath> =
            path.ancestors().filter(|path| !path.is_root()).collect();
        above.reverse();
        for directory in above {
            if self.find(&directory).is_err() {
                self.make(&directory, directory_of(owner))?;
            }
        }
        if let Ok(spot) = self.find(path) {
            match self.node_mut(spot).map(|node| &mut node.kind) {
                Some(Content::File(bytes)) => {
                    *bytes = content.to_vec();
                    Ok(())
                }
                _ => Err(Refusal::IsDirectory(path.clone())),
            }
        } else {
            let kind = Content::File(content.to_vec());
            self.make(path, Node { kind, owner: owner.clone(), mode })
        }
    }

    /// Writes another file beside it, and renames that over the path, as most programs do: a link is replaced, and a
    /// mount point cannot be.
    pub fn replace(&mut self, path: &str, content: &[u8]) -> Result<(), Refusal> {
        let path = AbsolutePath::new(path)?;
        let place = self.place_of(&path)?;
        self.not_busy(&place, &path)?;
        let node =
            Node { kind: Content::File(content.to_vec()), owner: Owner::root(), mode: Mode::FILE };
        self.insert(&place, node);
        Ok(())
    }

    /// Removes a file, a link or an empty directory.
    pub fn remove(&mut self, path: &str) -> Result<(), Refusal> {
        self.remove_at(&AbsolutePath::new(path)?)
    }

    pub(super) fn remove_at(&mut self, path: &AbsolutePath) -> Result<(), Refusal> {
        let place = self.place_of(path)?;
        self.not_busy(&place, path)?;
        let spot = self.child(&place).ok_or_else(|| Refusal::Missing(path.clone()))?;
        if let Some(Content::Directory(names)) = self.node(spot).map(|node| &node.kind) {
            if !names.is_empty() {
                return Err(Refusal::NotEmpty(path.clone()));
            }
        }
        if let Some(mount) = self.table.get(place.directory.mount) {
            if let Some(disk) = self.disks.get_mut(mount.disk) {
                disk.unlink(place.directory.node, &place.name);
            }
        }
        Ok(())
    }

    fn not_busy(&self, place: &Place, path: &AbsolutePath) -> Result<(), Refusal> {
        let busy = self.child(place).is_some_and(|spot| {
            let disk = self.table.get(spot.mount).map(|mount| mount.disk);
            disk.is_some_and(|disk| self.table.is_mount_point(disk, spot.node))
        });
        if busy { Err(Refusal::Busy(path.clone())) } else { Ok(()) }
    }

    /// What is at a path; a link is itself.
    pub fn stat(&self, path: &AbsolutePath) -> Option<&Node> {
        if path.is_root() {
            return self.node(self.table.root()?);
        }
        let place = self.place_of(path).ok()?;
        self.node(self.table.top(self.child(&place)?))
    }

    /// Everything that can be seen, in order of path. Links are not followed; what is below a mount point is what is
    /// mounted there.
    pub fn tree(&self) -> Vec<(AbsolutePath, Node)> {
        let mut all = Vec::new();
        let mut open: Vec<(AbsolutePath, Spot)> =
            self.table.root().map(|root| (AbsolutePath::root(), root)).into_iter().collect();
        while let Some((path, spot)) = open.pop() {
            let Some(node) = self.node(spot) else { continue };
            let mut shown = node.clone();
            if let Content::Directory(names) = &node.kind {
                for (name, number) in names {
                    let below = [path.as_bytes(), b"/", name].concat();
                    if let Ok(below) = AbsolutePath::new(below) {
                        open.push((
                            below,
                            self.table.top(Spot { mount: spot.mount, node: *number }),
                        ));
                    }
                }
                // The numbers of nodes depend on the order in which they were made.
                shown.kind =
                    Content::Directory(names.keys().map(|name| (name.clone(), 0)).collect());
            }
            all.push((path, shown));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    pub(super) fn node(&self, spot: Spot) -> Option<&Node> {
        self.disks.get(self.table.get(spot.mount)?.disk)?.node(spot.node)
    }

    pub(super) fn node_mut(&mut self, spot: Spot) -> Option<&mut Node> {
        self.disks.get_mut(self.table.get(spot.mount)?.disk)?.node_mut(spot.node)
    }

    /// The node of a name, without what is mounted on it.
    pub(super) fn child(&self, place: &Place) -> Option<Spot> {
        let mount = self.table.get(place.directory.mount)?;
        let node = self.disks.get(mount.disk)?.child(place.directory.node, &place.name)?;
        Some(Spot { mount: place.directory.mount, node })
    }

    pub(super) fn insert(&mut self, place: &Place, node: Node) {
        if let Some(mount) = self.table.get(place.directory.mount) {
            if let Some(disk) = self.disks.get_mut(mount.disk) {
                disk.insert(place.directory.node, &place.name, node);
            }
        }
    }

    /// What a path leads to, through links and mounts.
    pub(super) fn find(&self, path: &AbsolutePath) -> Result<Spot, Refusal> {
        let mut links = 0;
        self.walk(path, &mut links)
    }

    fn walk(&self, path: &AbsolutePath, links: &mut usize) -> Result<Spot, Refusal> {
        let mut spot = self.table.root().ok_or(Refusal::Off)?;
        for name in path.components() {
            let place = Place { directory: spot, name: Box::from(name) };
            spot = self.step(&place, path, links)?;
        }
        Ok(spot)
    }

    fn step(&self, place: &Place, path: &AbsolutePath, links: &mut usize) -> Result<Spot, Refusal> {
        let below = self.child(place).ok_or_else(|| Refusal::Missing(path.clone()))?;
        let below = self.table.top(below);
        match self.node(below).map(|node| &node.kind) {
            Some(Content::Link(to)) => {
                *links += 1;
                if *links > MAX_LINKS {
                    return Err(Refusal::Loop(path.clone()));
                }
                self.walk(to, links)
            }
            Some(_) => Ok(below),
            None => Err(Refusal::Missing(path.clone())),
        }
    }

    /// The directory that a path is in, through links, and its last name.
    pub(super) fn place_of(&self, path: &AbsolutePath) -> Result<Place, Refusal> {
        let name = path.file_name().ok_or_else(|| Refusal::Busy(path.clone()))?;
        let parent = path.parent().unwrap_or_else(AbsolutePath::root);
        let directory = self.find(&parent)?;
        match self.node(directory).map(|node| &node.kind) {
            Some(Content::Directory(_)) => Ok(Place { directory, name: Box::from(name) }),
            _ => Err(Refusal::NotDirectory(parent)),
        }
    }

    /// Makes what is missing; what a dangling link names is made there.
    pub(super) fn make(&mut self, path: &AbsolutePath, node: Node) -> Result<(), Refusal> {
        let mut path = path.clone();
        for _ in 0..MAX_LINKS {
            let place = self.place_of(&path)?;
            match self.child(&place).and_then(|spot| self.node(spot)).map(|node| &node.kind) {
                Some(Content::Link(to)) => path = to.clone(),
                Some(_) => return Err(Refusal::Exists(path)),
                None => {
                    self.insert(&place, node);
                    return Ok(());
                }
            }
        }
        Err(Refusal::Loop(path))
    }
}

/// A directory that a program of that user makes.
pub(super) fn directory_of(owner: &Owner) -> Node {
    let kind = Content::Directory(std::collections::BTreeMap::new());
    Node { kind, owner: owner.clone(), mode: Mode::DIRECTORY }
}
