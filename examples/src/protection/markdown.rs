//! The table for a page of documentation.

use std::fmt::Write;

use super::summary::Summary;
use super::{Loss, Row};

/// The table as Markdown.
pub fn table(host: &str, rows: &[Row]) -> String {
    let losses: Vec<&str> = Loss::ALL.iter().map(|loss| loss.title()).collect();
    let mut text = format!(
        "# What {host} loses\n\nAt worst. −: how much of the newest data is lost. +: how long it takes.\n\n| | what | class | {} |\n|---|---|---|",
        losses.join(" | ")
    );
    _ = writeln!(text, "{}", "---|".repeat(losses.len()));
    for row in rows {
        let class = row.class.map_or_else(|| "-".to_owned(), |class| class.to_string());
        let answers: Vec<String> =
            row.answers.iter().map(|answer| escaped(&answer.brief())).collect();
        _ = writeln!(
            text,
            "| {} | {} | {class} | {} |",
            row.verdict.mark().0,
            escaped(&row.name),
            answers.join(" | ")
        );
    }
    _ = writeln!(text, "\n## Not protected as its class asks for\n");
    for row in rows.iter().filter(|row| !row.verdict.reasons().is_empty()) {
        let reasons: Vec<String> =
            row.verdict.reasons().iter().map(|reason| escaped(reason)).collect();
        _ = writeln!(text, "* {}: {}", escaped(&row.name), reasons.join("; "));
    }
    _ = writeln!(text, "\n## How many rows have no way back if one thing more is missing\n");
    for (piece, losses) in Summary::of(rows).heavy() {
        let losses: Vec<String> =
            losses.iter().map(|(loss, count)| format!("{} {count}", loss.title())).collect();
        _ = writeln!(text, "* {}: {}", escaped(piece), losses.join(", "));
    }
    text
}

/// Nothing of it is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>|#&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { ' ' } else { c });
    }
    escaped
}
