//! A plan as a tree that a person reviews.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zfs_props::name::DatasetName;

use super::Line;
use super::kind::{Kind, Weight};
use crate::plan::{Blocked, Kept, Plan, Reason, Step};

/// A plan as a tree of datasets: under each its steps, numbered in the order they run, with reason
/// and exact command; then what is blocked, and what is left alone.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'p> {
    plan: &'p Plan,
    color: bool,
}

impl Plan {
    /// The plan as a tree, without colour.
    pub fn tree(&self) -> Tree<'_> {
        Tree { plan: self, color: false }
    }
}

impl Tree<'_> {
    /// Whether to use the colours of an ANSI terminal.
    #[must_use]
    pub fn color(self, color: bool) -> Self {
        Self { color, ..self }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree().fmt(f)
    }
}

/// Colours by meaning (ECMA-48 SGR).
mod paint {
    pub(super) const BLOCKED: &str = "31";
    pub(super) const NAME: &str = "1";
    pub(super) const FAINT: &str = "2";
}

impl Weight {
    fn paint(self) -> &'static str {
        match self {
            Weight::Creates => "32",
            Weight::Changes => "33",
            Weight::Destroys => "1;31",
        }
    }
}

#[derive(Default)]
struct Node<'p> {
    children: BTreeSet<DatasetName>,
    steps: Vec<&'p Step>,
    blocked: Vec<&'p Blocked>,
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary(f)?;
        let mut nodes: BTreeMap<DatasetName, Node<'_>> = BTreeMap::new();
        for step in self.plan.steps() {
            node(&mut nodes, &step.dataset).steps.push(step);
        }
        for blocked in self.plan.blocked() {
            node(&mut nodes, &blocked.dataset).blocked.push(blocked);
        }
        for (name, node) in &nodes {
            if name.parent().is_none() {
                writeln!(f)?;
                self.node(f, &nodes, name, node, "", "")?;
            }
        }
        self.left_alone(f)
    }
}

/// Breaks a text at blanks into lines of about `width` characters.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut room = width;
    for word in text.split(' ') {
        let length = word.chars().count() + 1;
        if length > room && !lines.is_empty() {
            lines.push('\n');
            room = width;
        } else if !lines.is_empty() {
            lines.push(' ');
        }
        lines.push_str(word);
        room = room.saturating_sub(length);
    }
    lines
}

/// The node of a dataset, made with those above it if need be.
fn node<'n, 'p>(
    nodes: &'n mut BTreeMap<DatasetName, Node<'p>>,
    name: &DatasetName,
) -> &'n mut Node<'p> {
    if !nodes.contains_key(name) {
        if let Some(parent) = name.parent() {
            node(nodes, &parent).children.insert(name.clone());
        }
    }
    nodes.entry(name.clone()).or_default()
}

impl Tree<'_> {
    fn paint(&self, style: &str, text: impl fmt::Display) -> String {
        if self.color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_string() }
    }

    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        for step in self.plan.steps() {
            *counts.entry(Kind::of(&step.action)).or_default() += 1;
        }
        if self.plan.is_empty() {
            write!(f, "Nothing to do.")?;
        } else {
            let steps = self.plan.steps().len();
            write!(f, "{steps} step{}: ", if steps == 1 { "" } else { "s" })?;
            for (n, (kind, count)) in counts.iter().enumerate() {
                let comma = if n > 0 { ", " } else { "" };
                let counted = format_args!("{count} {}", kind.counted);
                write!(f, "{comma}{}", self.paint(kind.weight.paint(), counted))?;
            }
            write!(f, ".")?;
        }
        match self.plan.blocked().len() {
            0 => writeln!(f),
            n => writeln!(f, " {}", self.paint(paint::BLOCKED, format_args!("{n} blocked."))),
        }
    }

    fn node(
        &self,
        f: &mut fmt::Formatter<'_>,
        nodes: &BTreeMap<DatasetName, Node<'_>>,
        name: &DatasetName,
        node: &Node<'_>,
        first: &str,
        rest: &str,
    ) -> fmt::Result {
        let shown = name.as_str().rsplit_once('/').map_or(name.as_str(), |(_, last)| last);
        let guide = |text: &str| self.paint(paint::FAINT, text);
        writeln!(f, "{}{}", guide(first), self.paint(paint::NAME, shown))?;
        let below = if node.children.is_empty() { "     " } else { "│    " };
        let below = guide(&format!("{rest}{below}"));
        for step in &node.steps {
            self.step(f, step, &below)?;
        }
        for blocked in &node.blocked {
            let Blocked { what, remedy, code, .. } = blocked;
            writeln!(f, "{below}  {} {}", self.paint(paint::BLOCKED, "✗"), Line(what))?;
            writeln!(f, "{below}     {} [{code}]", Line(remedy))?;
        }
        let last = node.children.len().saturating_sub(1);
        for (n, child) in node.children.iter().enumerate() {
            let (branch, trunk) = if n == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            if let Some(below) = nodes.get(child) {
                let (first, rest) = (format!("{rest}{branch}"), format!("{rest}{trunk}"));
                self.node(f, nodes, child, below, &first, &rest)?;
            }
        }
        Ok(())
    }

    fn step(&self, f: &mut fmt::Formatter<'_>, step: &Step, below: &str) -> fmt::Result {
        let style = Kind::of(&step.action).weight.paint();
        let command = self.paint(style, Line(step.command()));
        writeln!(f, "{below}{:>3}  {command}", step.id)?;
        match &step.reason {
            Reason::Differs(differences) => {
                for difference in differences {
                    writeln!(f, "{below}     {}", Line(difference))?;
                }
            }
            reason => writeln!(f, "{below}     {}", Line(reason))?,
        }
        if !step.risk.is_empty() {
            let who = step.heirs.iter().chain(&step.remounts).map(DatasetName::as_str);
            let who: BTreeSet<&str> = who.collect();
            let colon = if who.is_empty() { "" } else { ": " };
            let risk = self.paint(paint::FAINT, step.risk);
            let who = who.into_iter().collect::<Vec<_>>().join(", ");
            writeln!(f, "{below}     {risk}{colon}{who}")?;
        }
        Ok(())
    }

    fn left_alone(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut settings = Vec::new();
        for untouched in self.plan.untouched() {
            match &untouched.why {
                why @ Kept::Settings(_) => settings.push((&untouched.dataset, why)),
                why => groups
                    .entry(Line(why).to_string())
                    .or_default()
                    .push(untouched.dataset.as_str()),
            }
        }
        if self.plan.untouched().is_empty() {
            return Ok(());
        }
        writeln!(f, "\nLeft alone:")?;
        for (why, datasets) in groups {
            let list = wrapped(&format!("{why}: {}", datasets.join(", ")), 100);
            writeln!(f, "  {}", list.replace('\n', "\n    "))?;
        }
        for (dataset, why) in settings {
            writeln!(f, "  {dataset}: {}", Line(why))?;
        }
        Ok(())
    }
}
