//! A plan as columns for a terminal.

use std::fmt;
use std::fmt::Write;

use super::Line;
use super::kind::Kind;
use crate::plan::{Action, Assignment, Plan, Step};

/// A plan in columns, a step a line in the order of running, then what is blocked.
///
/// Columns are as wide as their widest entry, counted in characters; the last one ends with its text.
#[derive(Clone, Copy, Debug)]
pub struct Table<'p>(&'p Plan);

impl Plan {
    /// The plan in columns.
    pub fn table(&self) -> Table<'_> {
        Table(self)
    }
}

const HEAD: [&str; 5] = ["STEP", "ACTION", "DATASET", "CHANGE", "BESIDES"];

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(plan) = self;
        let head = HEAD.map(str::to_owned);
        let steps = plan.steps().iter().map(row);
        let blocked = plan.blocked().iter().map(|blocked| {
            let words =
                ["-", "blocked", blocked.dataset.as_str(), &blocked.what].map(str::to_owned);
            let [step, action, dataset, change] = words;
            [step, action, dataset, change, format!("[{}] {}", blocked.code, blocked.remedy)]
        });
        let rows: Vec<[String; 5]> = std::iter::once(head).chain(steps).chain(blocked).collect();
        let rows: Vec<_> =
            rows.into_iter().map(|row| row.map(|cell| Line(cell).to_string())).collect();
        let mut widths = [0; 5];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for [step, rest @ ..] in &rows {
            let [first, widths @ ..] = widths;
            let mut line = format!("{step:>first$}");
            for (cell, width) in rest.iter().zip(widths) {
                let _ = write!(line, "  {cell:width$}");
            }
            writeln!(f, "{}", line.trim_end_matches(' '))?;
        }
        Ok(())
    }
}

fn row(step: &Step) -> [String; 5] {
    let verb = Kind::of(&step.action).verb.to_owned();
    let risk = step.risk.to_string();
    [step.id.to_string(), verb, step.dataset.to_string(), change(&step.action), risk]
}

/// What an action does, without saying to which dataset.
pub(super) fn change(action: &Action) -> String {
    let joined =
        |list: &[Assignment]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    match action {
        Action::Create { properties, .. } | Action::Set(properties) => joined(properties),
        Action::CreateVolume { size, properties, .. } => {
            format!("volsize={size} {}", joined(properties)).trim_end().to_owned()
        }
        Action::Clone { origin, properties } => {
            format!("of {origin} {}", joined(properties)).trim_end().to_owned()
        }
        Action::Inherit(property) | Action::Revert(property) => property.to_string(),
        Action::Rename { to } => format!("to {to}"),
        Action::Snapshot(snapshot)
        | Action::Rollback(snapshot)
        | Action::DestroySnapshot(snapshot) => format!("@{}", snapshot.name()),
        Action::Hold { snapshot, tag } | Action::Release { snapshot, tag } => {
            format!("@{} {tag}", snapshot.name())
        }
        Action::Own { path, owner, group, mode } => {
            let (owner, group) = (owner.as_deref().unwrap_or(""), group.as_deref().unwrap_or(""));
            let mode = mode.map(|mode| mode.to_string()).unwrap_or_default();
            format!("{path} {owner}:{group} {mode}")
        }
        Action::Promote | Action::LoadKey | Action::Mount | Action::Unmount | Action::Destroy => {
            String::new()
        }
    }
}
