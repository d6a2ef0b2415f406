//! Mermaid (flowcharts).

use std::fmt;
use std::fmt::Write;

use super::{Graph, Mark};
use crate::plan::Plan;

/// A plan as a Mermaid flowchart.
#[derive(Clone, Copy, Debug)]
pub struct Mermaid<'p>(pub(super) &'p Plan);

impl fmt::Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = Graph::of(self.0);
        writeln!(f, "flowchart LR")?;
        for mark in Mark::ALL {
            let (class, color) = mark.class();
            writeln!(f, "  classDef {class} fill:{color},color:black,text-align:left")?;
        }
        for node in &graph.nodes {
            let label: Vec<_> = node.lines.iter().map(|line| escaped(line)).collect();
            let (class, _) = node.mark.class();
            writeln!(f, "  n{}[\"{}\"]:::{class}", node.number, label.join("<br/>"))?;
        }
        for (from, to, edge) in &graph.edges {
            match edge.label() {
                None => writeln!(f, "  n{from} --> n{to}")?,
                Some(label) => writeln!(f, "  n{from} -. {label} .-> n{to}")?,
            }
        }
        Ok(())
    }
}

/// Mermaid looks for quotes, markup, comments and directives in the raw text, so all but letters, digits
/// and a few signs is written as a character entity (`#59;`: <https://mermaid.js.org/syntax/flowchart.html>).
fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for character in line.chars() {
        if character.is_alphanumeric() || " /._-=".contains(character) {
            text.push(character);
        } else {
            let _ = write!(text, "#{};", u32::from(character));
        }
    }
    text
}
