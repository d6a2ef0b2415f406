//! Graphviz (the DOT language).

use std::fmt;

use super::Graph;
use crate::plan::Plan;

/// A plan as a Graphviz graph, for `dot -Tsvg`.
#[derive(Clone, Copy, Debug)]
pub struct Dot<'p>(pub(super) &'p Plan);

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = Graph::of(self.0);
        writeln!(f, "digraph plan {{\n  rankdir=LR;\n  node [shape=box, style=filled];")?;
        for node in &graph.nodes {
            let label: String = node.lines.iter().map(|line| escaped(line) + "\\l").collect();
            let (_, color) = node.mark.class();
            writeln!(f, "  n{} [label=\"{label}\", fillcolor={color}];", node.number)?;
        }
        for (from, to, edge) in &graph.edges {
            match edge.label() {
                None => writeln!(f, "  n{from} -> n{to};")?,
                Some(label) => {
                    writeln!(f, "  n{from} -> n{to} [label={label}, style=dashed];")?;
                }
            }
        }
        writeln!(f, "}}")
    }
}

/// Inside a quoted label: quotes and escapes (`escString`), and the HTML entities that Graphviz reads in any
/// label (<https://graphviz.org/doc/info/lang.html>).
fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '&' => text.push_str("&amp;"),
            other => text.push(other),
        }
    }
    text
}
