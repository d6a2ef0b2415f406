//! A plan as a graph of datasets with what changes: one model, written as Graphviz or as Mermaid.

mod dot;
mod mermaid;

use std::collections::BTreeMap;

pub use dot::Dot;
pub use mermaid::Mermaid;
use zfs_props::name::DatasetName;

use super::Line;
use super::kind::{Kind, Weight};
use super::table::change;
use crate::plan::{Action, Plan};

impl Plan {
    /// The plan as a Graphviz graph.
    pub fn dot(&self) -> Dot<'_> {
        Dot(self)
    }

    /// The plan as a Mermaid flowchart.
    pub fn mermaid(&self) -> Mermaid<'_> {
        Mermaid(self)
    }
}

/// What becomes of a dataset; the weightiest of its steps decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    #[default]
    Kept,
    Does(Weight),
    Blocked,
}

impl Mark {
    const ALL: [Mark; 5] = [
        Mark::Kept,
        Mark::Does(Weight::Changes),
        Mark::Does(Weight::Creates),
        Mark::Does(Weight::Destroys),
        Mark::Blocked,
    ];

    /// Name and colour; the colours are names in X11, which Graphviz and CSS share.
    fn class(self) -> (&'static str, &'static str) {
        match self {
            Mark::Kept => ("kept", "white"),
            Mark::Does(Weight::Changes) => ("changes", "khaki"),
            Mark::Does(Weight::Creates) => ("creates", "palegreen"),
            Mark::Does(Weight::Destroys) => ("destroys", "tomato"),
            Mark::Blocked => ("blocked", "lightgrey"),
        }
    }
}

/// A dataset: the first line is its name (of a pool) or last component, the others what changes.
#[derive(Default)]
struct Node {
    number: usize,
    lines: Vec<String>,
    mark: Mark,
}

/// How two datasets belong together.
#[derive(Clone, Copy)]
enum Edge {
    Holds,
    BecomesName,
    OriginOf,
}

impl Edge {
    fn label(self) -> Option<&'static str> {
        match self {
            Edge::Holds => None,
            Edge::BecomesName => Some("rename"),
            Edge::OriginOf => Some("clone"),
        }
    }
}

struct Graph {
    nodes: Vec<Node>,
    /// Between numbers of nodes.
    edges: Vec<(usize, usize, Edge)>,
}

impl Graph {
    fn of(plan: &Plan) -> Self {
        let mut nodes: BTreeMap<DatasetName, Node> = BTreeMap::new();
        for step in plan.steps() {
            let kind = Kind::of(&step.action);
            let node = node(&mut nodes, &step.dataset);
            let line = format!("{} {} {}", step.id, kind.verb, change(&step.action));
            node.lines.push(line.trim_end().to_owned());
            node.mark = node.mark.max(Mark::Does(kind.weight));
        }
        for blocked in plan.blocked() {
            let node = node(&mut nodes, &blocked.dataset);
            node.lines.push(format!("blocked: {}", blocked.what));
            node.mark = Mark::Blocked;
        }
        for untouched in plan.untouched() {
            node(&mut nodes, &untouched.dataset);
        }
        let others: Vec<_> = plan.steps().iter().filter_map(other).collect();
        for (from, to, _) in &others {
            node(&mut nodes, from);
            node(&mut nodes, to);
        }
        for (number, (name, node)) in nodes.iter_mut().enumerate() {
            node.number = number;
            node.lines.insert(0, name.leaf().to_owned());
            for line in &mut node.lines {
                *line = Line(&*line).to_string();
            }
        }
        let number = |name: &DatasetName| nodes.get(name).map(|node| node.number);
        let held = nodes
            .iter()
            .filter_map(|(name, node)| Some((number(&name.parent()?)?, node.number, Edge::Holds)));
        let others =
            others.iter().filter_map(|(from, to, edge)| Some((number(from)?, number(to)?, *edge)));
        let edges = held.chain(others).collect();
        Self { nodes: nodes.into_values().collect(), edges }
    }
}

/// The node of a dataset, made with those above it if need be.
fn node<'n>(nodes: &'n mut BTreeMap<DatasetName, Node>, name: &DatasetName) -> &'n mut Node {
    for above in name.ancestors() {
        nodes.entry(above).or_default();
    }
    nodes.entry(name.clone()).or_default()
}

/// The other dataset that a step is about.
fn other(step: &crate::plan::Step) -> Option<(DatasetName, DatasetName, Edge)> {
    match &step.action {
        Action::Rename { to } => Some((step.dataset.clone(), to.clone(), Edge::BecomesName)),
        Action::Clone { origin, .. } => {
            Some((origin.dataset_name().ok()?, step.dataset.clone(), Edge::OriginOf))
        }
        _ => None,
    }
}
