//! A table whose keys are taken one after another; what is left over is unknown.

use crate::node::{Member, Node};
use crate::path::{self, join};
use crate::problem::Position;

/// A value on its way to be read: what it is, and where.
#[derive(Clone, Debug)]
pub struct Entry<'n> {
    /// The value.
    pub node: &'n Node,
    /// Its key; empty for the whole declaration and for elements of lists.
    pub key: &'n str,
    /// Where the key stands, or else the value, if the text has lines.
    pub at: Option<Position>,
    /// The path that leads here: `services.sonarr.recordsize`.
    pub path: String,
}

impl<'n> Entry<'n> {
    /// The whole declaration.
    pub fn root(node: &'n Node) -> Self {
        Self::part(node, "")
    }

    /// A part of a document that has other parts, known there by `path`.
    pub fn part(node: &'n Node, path: &str) -> Self {
        Self { node, key: "", at: node.at, path: path.to_owned() }
    }

    pub(crate) fn member(table: &str, member: &'n Member) -> Self {
        let Member { key, at, node } = member;
        Self { node, key, at: at.or(node.at), path: join(table, key) }
    }

    pub(crate) fn element(list: &str, index: usize, node: &'n Node) -> Self {
        Self { node, key: "", at: node.at, path: path::index(list, index) }
    }
}

/// A table of a declaration, from which keys are taken by name. [`Reader::finish`] reports those
/// that nobody took.
///
/// [`Reader::finish`]: crate::Reader::finish
#[derive(Debug)]
pub struct Table<'n> {
    pub(crate) at: Option<Position>,
    pub(crate) path: String,
    pub(crate) members: Vec<&'n Member>,
    pub(crate) known: Vec<&'static str>,
}

impl<'n> Table<'n> {
    /// The entry of a key, if it is there. A key can be taken once.
    pub fn take(&mut self, key: &'static str) -> Option<Entry<'n>> {
        self.known.push(key);
        let index = self.members.iter().position(|member| member.key == key)?;
        Some(Entry::member(&self.path, self.members.remove(index)))
    }

    /// All entries that were not taken yet, in the order of the text: for tables whose keys are names.
    pub fn take_rest(&mut self) -> impl Iterator<Item = Entry<'n>> + use<'n> {
        let path = self.path.clone();
        std::mem::take(&mut self.members).into_iter().map(move |m| Entry::member(&path, m))
    }

    /// The path of a key of this table, whether it is there or not.
    pub fn path(&self, key: &str) -> String {
        join(&self.path, key)
    }
}
