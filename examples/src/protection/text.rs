//! The table for a terminal.

use std::fmt::Write;

use super::summary::Summary;
use super::{End, Loss, Row};

/// The table, what fails, and what everything hangs on.
pub fn table(host: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "{host}, at worst. −: how much of the newest data is lost. +: how long it takes.\n\n"
    );
    let mut cells: Vec<Vec<String>> = vec![head()];
    cells.extend(rows.iter().map(line));
    let widths: Vec<usize> = (0..cells.first().map_or(0, Vec::len))
        .map(|column| {
            cells
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for line in &cells {
        let padded: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        _ = writeln!(text, "{}", padded.join("  ").trim_end());
    }
    let summary = Summary::of(rows);
    let counts: Vec<String> =
        summary.verdicts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    _ = writeln!(text, "\n{host}: {} rows: {}.", rows.len(), counts.join(", "));
    fails(&mut text, rows);
    let heavy = summary.heavy();
    if !heavy.is_empty() {
        _ = writeln!(text, "\nHow many rows have no way back if one thing more is missing:");
    }
    for (piece, losses) in heavy {
        let losses: Vec<String> =
            losses.iter().map(|(loss, count)| format!("{} {count}", loss.title())).collect();
        _ = writeln!(text, "  {piece}: {}", losses.join(", "));
    }
    text
}

fn head() -> Vec<String> {
    let losses = Loss::ALL.iter().map(|loss| loss.title().to_owned());
    ["", "what", "class"].map(str::to_owned).into_iter().chain(losses).collect()
}

fn line(row: &Row) -> Vec<String> {
    let class = row.class.map_or_else(|| "-".to_owned(), |class| class.to_string());
    let answers = row.answers.iter().map(super::Answer::brief);
    [row.verdict.mark().0.to_owned(), row.name.clone(), class].into_iter().chain(answers).collect()
}

/// What fails, by what it fails for.
fn fails(text: &mut String, rows: &[Row]) {
    let mut groups: Vec<(Vec<String>, Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| !row.verdict.reasons().is_empty()) {
        let mut reasons = row.verdict.reasons().to_vec();
        let gone = row.answers.iter().filter(|answer| answer.end == End::Gone);
        reasons.extend(gone.flat_map(|answer| {
            answer.why.iter().map(|why| format!("{}: {why}", answer.loss.title()))
        }));
        match groups.iter_mut().find(|(same, _)| *same == reasons) {
            Some((_, names)) => names.push(&row.name),
            None => groups.push((reasons, vec![&row.name])),
        }
    }
    if !groups.is_empty() {
        _ = writeln!(text, "\nNot protected as its class asks for:");
    }
    for (reasons, names) in groups {
        _ = writeln!(text, "  {}", names.join(", "));
        for reason in reasons {
            _ = writeln!(text, "      {reason}");
        }
    }
}
