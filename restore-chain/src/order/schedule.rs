//! A deterministic order, waves, and a schedule under limits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::cycle::{Cycles, cycles};
use super::graph::{Graph, Node, NodeId};

/// How much may go on at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Limits {
    /// Nodes in all; at least 1.
    pub parallel: usize,
    /// Nodes that use a resource, by its name; at least 1. One that is missing is not limited.
    pub resources: BTreeMap<String, usize>,
}

impl Default for Limits {
    /// Four at once.
    fn default() -> Self {
        Self { parallel: 4, resources: BTreeMap::new() }
    }
}

/// When a node is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Slot {
    /// Which.
    pub node: NodeId,
    /// Its wave: all before it are in earlier ones. From 0.
    pub wave: usize,
    /// Seconds from the beginning.
    pub start: u64,
    /// Seconds from the beginning.
    pub end: u64,
}

/// All nodes in order.
#[derive(Clone, Debug)]
pub struct Order<'g> {
    graph: &'g Graph,
    /// In the order in which they begin.
    pub slots: Vec<Slot>,
    /// How long everything takes, in seconds.
    pub seconds: u64,
    /// The chain that takes longest: nothing is done earlier unless one of these is.
    pub critical: Vec<NodeId>,
}

impl Order<'_> {
    /// The nodes in order.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.slots.iter().filter_map(|slot| self.graph.node(slot.node))
    }

    /// Their names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes().map(|node| node.name.as_str())
    }

    /// The nodes of each wave: what could be done at once if nothing were limited.
    pub fn waves(&self) -> Vec<Vec<&Node>> {
        let count = self.slots.iter().map(|slot| slot.wave + 1).max().unwrap_or(0);
        let mut waves: Vec<Vec<&Node>> = vec![Vec::new(); count];
        for slot in &self.slots {
            if let (Some(wave), Some(node)) = (waves.get_mut(slot.wave), self.graph.node(slot.node))
            {
                wave.push(node);
            }
        }
        waves
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        self.graph
    }
}

/// Neighbours of all nodes in one list: those of node `n` are from `start[n]` to `start[n + 1]`.
pub(super) struct Neighbours {
    start: Vec<u32>,
    list: Vec<NodeId>,
}

impl Neighbours {
    pub(super) fn new(count: usize, edges: impl Iterator<Item = (NodeId, NodeId)> + Clone) -> Self {
        let mut start = vec![0_u32; count + 1];
        for (from, _) in edges.clone() {
            if let Some(slot) = start.get_mut(from.at() + 1) {
                *slot += 1;
            }
        }
        let mut sum = 0;
        for slot in &mut start {
            sum += *slot;
            *slot = sum;
        }
        let mut next = start.clone();
        let mut list = vec![NodeId(0); sum as usize];
        for (from, to) in edges {
            let Some(place) = next.get_mut(from.at()) else { continue };
            if let Some(slot) = list.get_mut(*place as usize) {
                *slot = to;
            }
            *place += 1;
        }
        Self { start, list }
    }

    pub(super) fn of(&self, node: NodeId) -> &[NodeId] {
        let bound = |at: usize| self.start.get(at).map_or(0, |at| *at as usize);
        self.list.get(bound(node.at())..bound(node.at() + 1)).unwrap_or_default()
    }
}

/// Nodes by kind and name: what decides where nothing else does.
fn ranks(graph: &Graph) -> Vec<u32> {
    let mut by_name: Vec<u32> = (0..u32::try_from(graph.nodes.len()).unwrap_or(u32::MAX)).collect();
    by_name.sort_by_cached_key(|at| {
        graph.nodes.get(*at as usize).map(|node| (node.kind, node.name.as_str()))
    });
    let mut ranks = vec![0; by_name.len()];
    for (rank, at) in by_name.iter().enumerate() {
        if let Some(slot) = ranks.get_mut(*at as usize) {
            *slot = u32::try_from(rank).unwrap_or(u32::MAX);
        }
    }
    ranks
}

fn get(list: &[u64], node: NodeId) -> u64 {
    list.get(node.at()).copied().unwrap_or(0)
}

pub(super) fn schedule<'g>(graph: &'g Graph, limits: &Limits) -> Result<Order<'g>, Cycles> {
    let count = graph.nodes.len();
    let after = Neighbours::new(count, graph.edges.iter().map(|(from, to, _)| (*from, *to)));
    let rank = ranks(graph);
    let rank_of = |node: NodeId| rank.get(node.at()).copied().unwrap_or(0);

    // Waves, in topological order.
    let mut waiting = vec![0_u32; count];
    for (_, to, _) in &graph.edges {
        if let Some(slot) = waiting.get_mut(to.at()) {
            *slot += 1;
        }
    }
    let all = || (0..count).map(|at| NodeId(u32::try_from(at).unwrap_or(u32::MAX)));
    let mut wave = vec![0_u64; count];
    let mut topological: Vec<NodeId> =
        all().filter(|node| waiting.get(node.at()) == Some(&0)).collect();
    let mut left = waiting.clone();
    let mut at = 0;
    while let Some(node) = topological.get(at).copied() {
        at += 1;
        for next in after.of(node) {
            let own = get(&wave, node).saturating_add(1);
            if let Some(slot) = wave.get_mut(next.at()) {
                *slot = (*slot).max(own);
            }
            if let Some(left) = left.get_mut(next.at()) {
                *left -= 1;
                if *left == 0 {
                    topological.push(*next);
                }
            }
        }
    }
    if topological.len() < count {
        return Err(cycles(graph, &after, &left));
    }

    // How long it takes from each node on: what is longest goes first.
    let seconds = |node: NodeId| graph.node(node).map_or(0, |node| node.seconds);
    let mut tail = vec![0_u64; count];
    for node in topological.iter().rev() {
        let longest = after.of(*node).iter().map(|next| get(&tail, *next)).max().unwrap_or(0);
        if let Some(slot) = tail.get_mut(node.at()) {
            *slot = longest.saturating_add(seconds(*node));
        }
    }
    let slots =
        run(graph, &after, waiting, limits, |node| (get(&tail, node), Reverse(rank_of(node))));
    let slots: Vec<Slot> = slots
        .into_iter()
        .map(|(node, start, end)| Slot {
            node,
            wave: usize::try_from(get(&wave, node)).unwrap_or(0),
            start,
            end,
        })
        .collect();
    let total = slots.iter().map(|slot| slot.end).max().unwrap_or(0);
    let critical = critical(&slots, &after, &tail, rank_of);
    Ok(Order { graph, slots, seconds: total, critical })
}

/// What is ready, by what it waits for: nothing, or a resource of which none is left.
struct Ready<'g, K> {
    graph: &'g Graph,
    /// How much is left of each limited resource.
    left: BTreeMap<&'g str, usize>,
    free: BinaryHeap<(K, NodeId)>,
    held_back: BTreeMap<&'g str, BinaryHeap<(K, NodeId)>>,
}

impl<'g, K: Ord + Copy> Ready<'g, K> {
    fn uses(&self, node: NodeId) -> impl Iterator<Item = &'g str> + use<'g, K> {
        let node = self.graph.node(node);
        node.into_iter().flat_map(|node| node.uses.iter().map(String::as_str))
    }

    /// The most urgent node that nothing keeps from beginning. One that is held back is looked at again only when there is
    /// some of what it lacked.
    fn next(&mut self) -> Option<NodeId> {
        loop {
            let some = |resource: &str| self.left.get(resource).is_some_and(|left| *left > 0);
            let waiting = self.held_back.iter_mut().filter(|(resource, _)| some(resource));
            let queues = waiting.map(|(_, queue)| queue).chain([&mut self.free]);
            let (key, node) = queues.max_by_key(|queue| queue.peek().copied())?.pop()?;
            match self.uses(node).find(|resource| self.left.get(resource) == Some(&0)) {
                Some(lacking) => self.held_back.entry(lacking).or_default().push((key, node)),
                None => return Some(node),
            }
        }
    }

    fn take(&mut self, node: NodeId) {
        for resource in self.uses(node) {
            self.left.entry(resource).and_modify(|left| *left = left.saturating_sub(1));
        }
    }

    fn give_back(&mut self, node: NodeId) {
        for resource in self.uses(node) {
            self.left.entry(resource).and_modify(|left| *left += 1);
        }
    }
}

/// List scheduling: whenever something is free, the most urgent that is ready begins.
fn run<K: Ord + Copy>(
    graph: &Graph,
    after: &Neighbours,
    mut waiting: Vec<u32>,
    limits: &Limits,
    urgency: impl Fn(NodeId) -> K,
) -> Vec<(NodeId, u64, u64)> {
    let mut free = limits.parallel.max(1);
    // Where there is none of a resource, one at a time is the least that gets anything done.
    let left = limits.resources.iter().map(|(name, count)| (name.as_str(), (*count).max(1)));
    let left: BTreeMap<&str, usize> = left.collect();
    let mut ready = Ready { graph, left, free: BinaryHeap::new(), held_back: BTreeMap::new() };
    for (at, count) in waiting.iter().enumerate() {
        if *count == 0 {
            let node = NodeId(u32::try_from(at).unwrap_or(u32::MAX));
            ready.free.push((urgency(node), node));
        }
    }
    let mut running: BinaryHeap<Reverse<(u64, NodeId)>> = BinaryHeap::new();
    let mut slots = Vec::with_capacity(waiting.len());
    let mut now = 0_u64;
    loop {
        while free > 0 {
            let Some(node) = ready.next() else { break };
            ready.take(node);
            free -= 1;
            let end = now.saturating_add(graph.node(node).map_or(0, |node| node.seconds));
            slots.push((node, now, end));
            running.push(Reverse((end, node)));
        }
        let Some(Reverse((end, node))) = running.pop() else { return slots };
        now = end;
        let mut ended = vec![node];
        while let Some(Reverse((end, node))) = running.peek().copied() {
            if end > now {
                break;
            }
            running.pop();
            ended.push(node);
        }
        for node in ended {
            free += 1;
            ready.give_back(node);
            for next in after.of(node) {
                let Some(count) = waiting.get_mut(next.at()) else { continue };
                *count -= 1;
                if *count == 0 {
                    ready.free.push((urgency(*next), *next));
                }
            }
        }
    }
}

/// From the node with most before the end, always on to the one with most.
fn critical(
    slots: &[Slot],
    after: &Neighbours,
    tail: &[u64],
    rank: impl Fn(NodeId) -> u32,
) -> Vec<NodeId> {
    let longest = |nodes: &mut dyn Iterator<Item = NodeId>| {
        nodes.max_by_key(|node| (get(tail, *node), Reverse(rank(*node))))
    };
    let mut chain = Vec::new();
    let mut next = longest(&mut slots.iter().map(|slot| slot.node));
    while let Some(node) = next {
        chain.push(node);
        next = longest(&mut after.of(node).iter().copied());
    }
    chain
}
