//! Nodes, and what comes before what.

use std::collections::HashMap;
use std::fmt;

use super::cycle::Cycles;
use super::schedule::{Limits, Order, schedule};

/// What has to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Kind {
    /// A pool is imported.
    Pool,
    /// The network is up.
    Network,
    /// A key is loaded.
    Key,
    /// A dataset is there with its data.
    Dataset,
    /// It is mounted.
    Mount,
    /// A file with a password or key can be read.
    Secret,
    /// Files belong to their owners.
    Owner,
    /// A database has recovered.
    Database,
    /// A service runs.
    Service,
}

impl Kind {
    /// What is done, before the name.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Pool => "import",
            Self::Network => "reach",
            Self::Key => "load the key of",
            Self::Dataset => "restore",
            Self::Mount => "mount",
            Self::Secret => "have",
            Self::Owner => "give owners to",
            Self::Database => "recover",
            Self::Service => "start",
        }
    }
}

/// A node's place in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// Its number, in the order of addition.
    pub fn index(self) -> usize {
        self.at()
    }

    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// Something that has to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Node {
    /// What kind of thing.
    pub kind: Kind,
    /// Which one.
    pub name: String,
    /// How long it takes, in seconds.
    pub seconds: u64,
    /// What it uses while it lasts; how much there is of it is up to [`Limits`].
    pub uses: Vec<String>,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.verb(), self.name)
    }
}

/// What comes before what, and why.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
    /// From, to, and which reason.
    pub(super) edges: Vec<(NodeId, NodeId, u32)>,
    pub(super) reasons: Vec<String>,
    known: HashMap<(Kind, String), NodeId>,
    known_reasons: HashMap<String, u32>,
}

impl Graph {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node, or finds the one that is there.
    pub fn add(&mut self, kind: Kind, name: &str, seconds: u64) -> NodeId {
        let next = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let id = *self.known.entry((kind, name.to_owned())).or_insert(next);
        if id == next {
            self.nodes.push(Node { kind, name: name.to_owned(), seconds, uses: Vec::new() });
        }
        id
    }

    /// Says that a node uses something of which there may be not enough for all at once.
    pub fn uses(&mut self, node: NodeId, resource: &str) {
        if let Some(node) = self.nodes.get_mut(node.at()) {
            // A pool and a machine may have one name: it is one resource, used once.
            if !node.uses.iter().any(|used| used == resource) {
                node.uses.push(resource.to_owned());
            }
        }
    }

    /// Says that one comes before the other, and why.
    pub fn before(&mut self, first: NodeId, then: NodeId, why: &str) {
        let next = u32::try_from(self.reasons.len()).unwrap_or(u32::MAX);
        // Mostly the reason is the one before.
        let reason = match self.reasons.last() {
            Some(last) if last == why => next.saturating_sub(1),
            _ => *self.known_reasons.entry(why.to_owned()).or_insert(next),
        };
        if reason == next {
            self.reasons.push(why.to_owned());
        }
        self.edges.push((first, then, reason));
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.at())
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All edges: what is before what, and why.
    pub fn edges(&self) -> impl Iterator<Item = (&Node, &Node, &str)> {
        self.edges.iter().filter_map(|(from, to, why)| {
            let why = self.reasons.get(*why as usize)?;
            Some((self.node(*from)?, self.node(*to)?, why.as_str()))
        })
    }

    /// All edges, by the nodes' places.
    pub fn links(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.edges.iter().map(|(from, to, _)| (*from, *to))
    }

    /// Puts all nodes in order; the same whatever the order in which they were added.
    pub fn order(&self, limits: &Limits) -> Result<Order<'_>, Cycles> {
        schedule(self, limits)
    }
}
