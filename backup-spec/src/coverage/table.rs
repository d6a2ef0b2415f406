//! Coverage as columns for a terminal.

use std::collections::BTreeSet;
use std::fmt;

use super::Coverage;
use super::class::Tier;
use super::entry::{Entry, Finding};
use crate::span::Span;

/// A letter per tier, in the order of the tiers.
const LETTERS: &[(Tier, char)] = &[
    (Tier::LocalSnapshot, 's'),
    (Tier::Replication, 'r'),
    (Tier::NasBackup, 'n'),
    (Tier::OffsiteBackup, 'o'),
    (Tier::AutomatedRestore, 'a'),
    (Tier::IndependentRestore, 'i'),
    (Tier::ExternalBootstrap, 'x'),
];

const HEAD: [&str; 6] = ["SUBJECT", "CLASS", "TIERS", "POOL LOST", "SITE LOST", "BY"];

/// The tiers of an entry: a letter for each that is met, a capital for each that is asked for and missing, a dot for the others.
fn tiers(entry: &Entry) -> String {
    let met: BTreeSet<Tier> = entry.copies.iter().map(|copy| copy.tier).collect();
    let letter = |(tier, letter): &(Tier, char)| {
        if met.contains(tier) {
            *letter
        } else if entry.requirement.tiers.contains(tier) {
            letter.to_ascii_uppercase()
        } else {
            '.'
        }
    };
    LETTERS.iter().map(letter).collect()
}

pub(crate) fn lost(worst: Option<Span>) -> String {
    worst.map_or("all".to_owned(), |worst| worst.to_string())
}

/// What makes the copies, each named once.
pub(crate) fn by(entry: &Entry) -> String {
    let by: BTreeSet<String> = entry.copies.iter().map(|copy| copy.via.to_string()).collect();
    by.into_iter().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |entry: &Entry| {
            let class = entry.class.map_or("-".to_owned(), |class| class.to_string());
            let subject = entry.subject.to_string();
            [subject, class, tiers(entry), lost(entry.onsite), lost(entry.offsite), by(entry)]
        };
        let head = HEAD.map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head).chain(self.entries.iter().map(row)).collect();
        let mut widths = [0; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &rows {
            let mut line = String::new();
            for (width, cell) in widths.iter().zip(row) {
                let pad = width.saturating_sub(cell.chars().count()) + 2;
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', pad));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f)?;
        let words: Vec<String> =
            LETTERS.iter().map(|(tier, letter)| format!("{letter} {tier}")).collect();
        writeln!(f, "{}; a capital: missing", words.join(", "))?;
        let findings: Vec<_> = self.findings().collect();
        if findings.is_empty() {
            return write!(f, "Nothing is missing.");
        }
        write!(f, "\n{} missing:", findings.len())?;
        for (subject, finding) in findings {
            write!(f, "\n  {subject}: {finding}")?;
            if let (Finding::MissingTier { tier }, Some(entry)) = (finding, self.get(subject)) {
                for refused in entry.refused.iter().filter(|refused| refused.tier == *tier) {
                    write!(f, "\n    not by {}: {}", refused.via, refused.why)?;
                }
            }
        }
        Ok(())
    }
}
