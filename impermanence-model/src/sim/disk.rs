//! A file system: a tree of directories, files and links.

use std::collections::BTreeMap;

use crate::owner::{Mode, Owner};
use crate::path::AbsolutePath;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is, with its content.
    pub kind: Content,
    /// Whose.
    pub owner: Owner,
    /// Permissions.
    pub mode: Mode,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A directory; what is in it, by name.
    Directory(BTreeMap<Box<[u8]>, usize>),
    /// A file.
    File(Vec<u8>),
    /// A symbolic link.
    Link(AbsolutePath),
}

/// The nodes of a file system; the first is its root.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    nodes: Vec<Node>,
}

pub(super) const ROOT: usize = 0;

impl Disk {
    pub(super) fn new(mode: Mode) -> Self {
        let root = Node { kind: Content::Directory(BTreeMap::new()), owner: Owner::root(), mode };
        Self { nodes: vec![root] }
    }

    pub(super) fn node(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }

    pub(super) fn node_mut(&mut self, number: usize) -> Option<&mut Node> {
        self.nodes.get_mut(number)
    }

    pub(super) fn child(&self, directory: usize, name: &[u8]) -> Option<usize> {
        match &self.nodes.get(directory)?.kind {
            Content::Directory(names) => names.get(name).copied(),
            _ => None,
        }
    }

    /// Puts a new node under a name, in place of what had it.
    pub(super) fn insert(&mut self, directory: usize, name: &[u8], node: Node) {
        self.nodes.push(node);
        let number = self.nodes.len() - 1;
        self.link(directory, name, number);
    }

    pub(super) fn link(&mut self, directory: usize, name: &[u8], number: usize) {
        if let Some(Content::Directory(names)) = self.nodes.get_mut(directory).map(|n| &mut n.kind)
        {
            names.insert(Box::from(name), number);
        }
    }

    pub(super) fn unlink(&mut self, directory: usize, name: &[u8]) {
        if let Some(Content::Directory(names)) = self.nodes.get_mut(directory).map(|n| &mut n.kind)
        {
            names.remove(name);
        }
    }

    /// Whether a node is another one, or below it.
    pub(super) fn holds(&self, above: usize, node: usize) -> bool {
        let mut open = vec![above];
        while let Some(number) = open.pop() {
            if number == node {
                return true;
            }
            if let Some(Content::Directory(names)) = self.nodes.get(number).map(|node| &node.kind) {
                open.extend(names.values());
            }
        }
        false
    }
}
