//! What can be lost, how far back one can go, and what that costs: from settings, schedules and retention.

use std::ops::Range;

use jiff::Timestamp;

use super::{BaseBackup, Kind, Pitr, Retention, Tool};
use crate::span::Span;

/// What the backups of one repository give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Objectives {
    /// The longest that WAL can be that has to be replayed onto a base backup, from one that takes no time; infinite if no
    /// base backup comes after the last.
    pub longest_replay: Span,
    /// How far back one can always go, once that much has been kept.
    pub window: Span,
    /// The most full backups that exist at one time: with the size of one, what the repository costs.
    pub fulls_at_most: u64,
}

impl Pitr {
    /// The longest time before a loss of the machine whose changes are gone with it: until a segment is closed
    /// (`archive_timeout`), and `arrival` until it is archived. None where `archive_timeout` is 0: nothing closes the last
    /// segment of a quiet server.
    pub fn worst_loss(&self, arrival: Span) -> Option<Span> {
        let closes = self.archive_timeout.as_secs() > 0;
        closes.then(|| self.archive_timeout.saturating_add(arrival))
    }

    fn retention(&self, repository: u32) -> Option<Retention> {
        match &self.tool {
            Tool::Barman(barman) => (repository == 1).then_some(barman.retention),
            Tool::PgBackRest(tool) => {
                let index = usize::try_from(repository).ok()?.checked_sub(1)?;
                tool.repositories.get(index).map(|repository| repository.retention)
            }
        }
    }

    /// What the backups into a repository give, by the schedule within a time. None if there is no such repository, or its
    /// full backups do not come twice in that time.
    pub fn objectives(&self, repository: u32, within: Range<Timestamp>) -> Option<Objectives> {
        let retention = self.retention(repository)?;
        let here = || self.base.iter().filter(|base| base.repository == repository);
        let gaps = |base: &BaseBackup| base.timer.distances(&within);
        let fulls = || here().filter(|base| base.kind == Kind::Full);
        // Whoever comes most often bounds the longest gap; the bound on the number needs all of them.
        let full_gap = fulls().filter_map(gaps).map(|(longest, _)| longest).min()?;
        let longest_replay = here().filter_map(gaps).map(|(longest, _)| longest).min()?;
        let late = fulls().map(|base| base.timer.lateness()).max().unwrap_or(Span::ZERO);
        let (window, fulls_at_most) = match retention {
            Retention::Redundancy(count) => {
                // Of so many, the newest may be of just now.
                let shortest = fulls().filter_map(gaps).map(|(_, shortest)| shortest).min()?;
                let between = shortest.as_micros().saturating_sub(late.as_micros());
                let several = if fulls().count() > 1 { 0 } else { between };
                let steps = u64::from(count).saturating_sub(1);
                (Span::from_micros(several).saturating_mul(steps), u64::from(count) + 1)
            }
            Retention::Window { days } => {
                let window = Span::from_secs(u64::from(days) * 86_400);
                let each = fulls().filter_map(|base| {
                    let (_, shortest) = gaps(base)?;
                    // The first may be late, and the last in time.
                    let span = window.saturating_add(base.timer.lateness());
                    Some(span.as_micros() / shortest.as_micros().max(1) + 1)
                });
                // Those inside, the first before, and the one that is being made.
                (window, each.sum::<u64>().saturating_add(2))
            }
        };
        let longest_replay = longest_replay.min(full_gap).saturating_add(late);
        Some(Objectives { longest_replay, window, fulls_at_most })
    }
}
