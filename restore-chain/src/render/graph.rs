//! The order as a graph: for Graphviz, and for Mermaid.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::order::{NodeId, Order};

/// For `dot`. What everything waits for is bold.
pub fn dot(order: &Order<'_>) -> String {
    let mut text = String::from("digraph restore {\n  rankdir=LR;\n  node [shape=box];\n");
    let critical: BTreeSet<NodeId> = order.critical.iter().copied().collect();
    for slot in &order.slots {
        let Some(node) = order.graph().node(slot.node) else { continue };
        let bold = if critical.contains(&slot.node) { ", style=bold" } else { "" };
        let label = node.to_string().replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(
            text,
            "  n{} [label=\"{label}\\n{} s\"{bold}];",
            slot.node.index(),
            node.seconds
        );
    }
    for (from, to) in edges(order) {
        let _ = writeln!(text, "  n{from} -> n{to};");
    }
    text.push_str("}\n");
    text
}

/// For Mermaid.
pub fn mermaid(order: &Order<'_>) -> String {
    let mut text = String::from("flowchart LR\n");
    for slot in &order.slots {
        let Some(node) = order.graph().node(slot.node) else { continue };
        // Mermaid knows entities alone.
        let label =
            node.to_string().replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let _ = writeln!(text, "  n{}[\"{label}<br/>{} s\"]", slot.node.index(), node.seconds);
    }
    for (from, to) in edges(order) {
        let _ = writeln!(text, "  n{from} --> n{to}");
    }
    text
}

/// Edges in the order of the nodes, each once.
fn edges(order: &Order<'_>) -> BTreeSet<(usize, usize)> {
    order.graph().links().map(|(from, to)| (from.index(), to.index())).collect()
}
