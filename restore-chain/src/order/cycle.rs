//! What cannot be put in order, and why.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;

use super::graph::{Graph, Kind, Node, NodeId};
use super::schedule::Neighbours;

/// Nodes that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cycle {
    /// Each comes before the next one, for the reason beside it, and the last before the first.
    pub steps: Vec<(Node, String)>,
}

impl Cycle {
    /// Whether it is the bootstrap trap: a secret lies, itself or what it is made from, on a dataset that cannot be restored, or
    /// whose key cannot be loaded, without it.
    pub fn is_bootstrap_trap(&self) -> bool {
        let has = |kind| self.steps.iter().any(|(node, _)| node.kind == kind);
        has(Kind::Secret) && (has(Kind::Dataset) || has(Kind::Key))
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_bootstrap_trap() {
            f.write_str("bootstrap trap, a secret lies on what cannot come back without it (keep a copy elsewhere): ")?;
        }
        for (node, why) in &self.steps {
            write!(f, "{node} -> ({why}) -> ")?;
        }
        match self.steps.first() {
            Some((first, _)) => write!(f, "{first}"),
            None => Ok(()),
        }
    }
}

/// All that cannot be put in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Cycles(pub Vec<Cycle>);

/// One cycle, as short as possible, of every group of nodes that wait for each other.
pub(super) fn cycles(graph: &Graph, after: &Neighbours, left: &[u32]) -> Cycles {
    let stuck = |node: NodeId| left.get(node.at()).is_some_and(|left| *left > 0);
    let mut nodes: Vec<NodeId> = (0..left.len())
        .filter_map(|at| u32::try_from(at).ok())
        .map(NodeId)
        .filter(|n| stuck(*n))
        .collect();
    nodes.sort_by_key(|node| graph.node(*node).map(|node| (node.kind, node.name.clone())));
    let members = groups(&nodes, after, &stuck);
    // Of each group, the first node by name that lies on a cycle stands for it.
    let mut first: BTreeMap<u32, NodeId> = BTreeMap::new();
    let size = members.values().fold(BTreeMap::<u32, u32>::new(), |mut sizes, group| {
        *sizes.entry(*group).or_default() += 1;
        sizes
    });
    for node in &nodes {
        let Some(group) = members.get(&node.0) else { continue };
        if size.get(group).is_some_and(|size| *size > 1) || after.of(*node).contains(node) {
            first.entry(*group).or_insert(*node);
        }
    }
    // Of several reasons for one edge the first counts.
    let mut reasons: HashMap<(NodeId, NodeId), u32> = HashMap::new();
    for (from, to, why) in graph.edges.iter().filter(|(from, ..)| stuck(*from)) {
        reasons.entry((*from, *to)).or_insert(*why);
    }
    let reason = |edge: (NodeId, NodeId)| {
        let why = reasons.get(&edge).and_then(|why| graph.reasons.get(*why as usize));
        why.cloned().unwrap_or_default()
    };
    let mut found: Vec<Cycle> = first
        .into_iter()
        .filter_map(|(group, node)| {
            let inside = |other: NodeId| members.get(&other.0) == Some(&group);
            shortest(graph, after, node, &inside, &reason)
        })
        .collect();
    found.sort_by_key(ToString::to_string);
    Cycles(found)
}

/// Tarjan's strongly connected components, without recursion: node to group.
fn groups(
    nodes: &[NodeId],
    after: &Neighbours,
    stuck: &impl Fn(NodeId) -> bool,
) -> BTreeMap<u32, u32> {
    let mut found: BTreeMap<u32, u32> = BTreeMap::new();
    let mut low: BTreeMap<u32, u32> = BTreeMap::new();
    let mut member_of: BTreeMap<u32, u32> = BTreeMap::new();
    let mut open: Vec<NodeId> = Vec::new();
    let mut count = 0_u32;
    for root in nodes {
        if found.contains_key(&root.0) {
            continue;
        }
        let mut path: Vec<(NodeId, usize)> = vec![(*root, 0)];
        found.insert(root.0, count);
        low.insert(root.0, count);
        count += 1;
        open.push(*root);
        while let Some((node, child)) = path.last_mut() {
            let node = *node;
            if let Some(to) = after.of(node).get(*child).copied() {
                *child += 1;
                if !stuck(to) || member_of.contains_key(&to.0) {
                    continue;
                }
                if let Some(seen) = found.get(&to.0).copied() {
                    low.entry(node.0).and_modify(|low| *low = (*low).min(seen));
                } else {
                    found.insert(to.0, count);
                    low.insert(to.0, count);
                    count += 1;
                    open.push(to);
                    path.push((to, 0));
                }
                continue;
            }
            path.pop();
            let own = low.get(&node.0).copied().unwrap_or(0);
            if let Some((parent, _)) = path.last() {
                low.entry(parent.0).and_modify(|low| *low = (*low).min(own));
            }
            if found.get(&node.0) == Some(&own) {
                while let Some(member) = open.pop() {
                    member_of.insert(member.0, own);
                    if member == node {
                        break;
                    }
                }
            }
        }
    }
    member_of
}

/// The shortest way from a node back to itself.
fn shortest(
    graph: &Graph,
    after: &Neighbours,
    from: NodeId,
    inside: &impl Fn(NodeId) -> bool,
    reason: &impl Fn((NodeId, NodeId)) -> String,
) -> Option<Cycle> {
    let mut came: BTreeMap<u32, NodeId> = BTreeMap::new();
    let mut waiting = VecDeque::from([from]);
    let mut last = None;
    'search: while let Some(node) = waiting.pop_front() {
        let mut next: Vec<NodeId> =
            after.of(node).iter().copied().filter(|next| inside(*next)).collect();
        next.sort_by_key(|node| graph.node(*node).map(|node| (node.kind, node.name.clone())));
        for to in next {
            if to == from {
                last = Some(node);
                break 'search;
            }
            if let std::collections::btree_map::Entry::Vacant(slot) = came.entry(to.0) {
                slot.insert(node);
                waiting.push_back(to);
            }
        }
    }
    let mut way = vec![last?];
    while let Some(before) =
        way.last().filter(|node| **node != from).and_then(|node| came.get(&node.0))
    {
        way.push(*before);
    }
    way.reverse();
    let steps = way.iter().enumerate().filter_map(|(at, node)| {
        let then = way.get(at + 1).copied().unwrap_or(from);
        Some((graph.node(*node)?.clone(), reason((*node, then))))
    });
    Some(Cycle { steps: steps.collect() })
}
