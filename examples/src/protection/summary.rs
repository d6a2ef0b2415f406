//! The table in numbers: how many rows hold, and what each single piece carries.

use std::collections::BTreeMap;

use backup_spec::coverage::Class;

use super::{End, Loss, Row};

/// A table, counted.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Rows by verdict.
    pub verdicts: BTreeMap<&'static str, usize>,
    /// How many rows have no way back from a loss if this piece is missing, too; those that need not come back not counted.
    pub pieces: BTreeMap<String, BTreeMap<&'static str, usize>>,
}

impl Summary {
    /// Of a table.
    pub fn of(rows: &[Row]) -> Self {
        let mut summary = Self::default();
        for row in rows {
            *summary.verdicts.entry(row.verdict.mark().1).or_default() += 1;
            if row.class == Some(Class::Ephemeral) {
                continue;
            }
            for answer in
                row.answers.iter().filter(|answer| matches!(answer.end, End::Back | End::ByHand))
            {
                for piece in &answer.breaks {
                    let losses = summary.pieces.entry(piece.clone()).or_default();
                    *losses.entry(answer.loss.title()).or_default() += 1;
                }
            }
        }
        summary
    }

    /// The pieces that carry more than one row, those that carry most first.
    pub fn heavy(&self) -> Vec<(&str, Vec<(Loss, usize)>)> {
        let counts = self.pieces.iter().map(|(piece, losses)| {
            let counts =
                Loss::ALL.iter().filter_map(|loss| Some((*loss, *losses.get(loss.title())?)));
            (piece.as_str(), counts.collect::<Vec<_>>())
        });
        let mut heavy: Vec<_> =
            counts.filter(|(_, counts)| counts.iter().any(|(_, count)| *count > 1)).collect();
        heavy.sort_by_key(|(piece, counts)| {
            (std::cmp::Reverse(counts.iter().map(|(_, count)| *count).max()), *piece)
        });
        heavy
    }
}
