//! A migration as a text that a person follows.

use std::fmt;

use super::phase::Scene;
use super::{Migration, Move, Proof};
use crate::command::quoted;
use crate::render::Line;

/// A migration in Markdown: each phase with its commands, what has to hold before, and the way back.
#[derive(Clone, Copy, Debug)]
pub struct Runbook<'m>(&'m Migration);

const BACK: &str = "Back to the old copy:";

impl Migration {
    /// The whole migration as a runbook, from the beginning, as it goes when nothing is interrupted.
    pub fn runbook(&self) -> Runbook<'_> {
        Runbook(self)
    }
}

impl fmt::Display for Runbook<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(migration) = self;
        let at = Scene { migration, observed: None };
        let (path, to) = (Line(&migration.path), &migration.to);
        let hours = migration.hold.div_ceil(3600);
        writeln!(f, "# Move {path} into {to}\n")?;
        writeln!(
            f,
            "Stop at the first command that fails. What is there then is safe: observe, and go on from the phase \
             that fits, or go back.\n"
        )?;
        let phases = [
            (
                "Back up and create",
                "The services run. Nothing is at the new name.",
                at.create(),
                vec![],
            ),
            (
                "Copy while the services run",
                "They keep using the old copy.",
                at.seed(),
                vec![(BACK, at.stay())],
            ),
            (
                "Stop, copy, verify, switch, start",
                "In one go: after an interruption, begin this phase again, unless the old copy was put away already. The \
                 comparison prints nothing, or do not go on.",
                at.cut_over(0),
                vec![
                    ("Back, while the old copy is in its place:", at.stay()),
                    (
                        "Back, once it was put away and before the services ran on the new copy (if there are files at \
                         their path by then, somebody has to see which are newer):",
                        at.finish_return(),
                    ),
                ],
            ),
            (
                "Hold",
                "Check the service: its log, its data, its backup.",
                at.settle(),
                vec![(BACK, at.copy_back())],
            ),
            (
                "Retire the old copy",
                "Only after the time above, and with somebody's word for it.",
                at.retire(),
                vec![],
            ),
        ];
        for (n, (title, before, moves, back)) in phases.into_iter().enumerate() {
            writeln!(f, "## {}. {title}\n\n{before}", n + 1)?;
            if title == "Hold" {
                writeln!(f, "Keep the old copy at {} for {hours} hours.", Line(migration.kept()))?;
            }
            block(f, &moves)?;
            for (when, moves) in back {
                writeln!(f, "{when}")?;
                block(f, &moves)?;
            }
        }
        Ok(())
    }
}

/// Commands as a code block; its fence is longer than any run of backticks in it.
fn block(f: &mut fmt::Formatter<'_>, moves: &[Move]) -> fmt::Result {
    let text: String = moves.iter().map(line).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    writeln!(f, "\n{fence}sh\n{text}{fence}\n")
}

fn line(step: &Move) -> String {
    let command = step.command();
    let words: Vec<String> = command.argv().iter().map(|word| dated(word)).collect();
    let mut line = words.join(" ");
    if matches!(step, Move::Run { proof: Proof::Silence, .. }) {
        line.push_str("   # prints nothing");
    }
    line + "\n"
}

/// Quoted for a shell; the time of the switch is when it is done.
fn dated(word: &str) -> String {
    let marker = format!("{}=switched@", Migration::MARKER);
    let rest = word.strip_prefix(&marker).and_then(|rest| rest.strip_prefix('0'));
    match rest {
        Some(rest) => format!("{marker}\"$(date +%s)\"{}", quoted(rest)),
        None => quoted(word),
    }
}
