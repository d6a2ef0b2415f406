//! What is known of a task's runs, and how a run changes it.

use jiff::Timestamp;

use super::outcome::Outcome;

/// What is known of the runs of one task. Nothing but a complete run moves [`complete`](Self::complete), and nothing moves
/// it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Record {
    /// Since when the task is declared; `None` if that is not known.
    pub since: Option<Timestamp>,
    /// When the last complete run ended.
    pub complete: Option<Timestamp>,
    /// When and how the last run ended.
    #[cfg_attr(feature = "serde", serde(skip_deserializing))]
    pub last: Option<(Timestamp, Outcome)>,
}

impl Record {
    /// Of a task that is declared since then, and did not run yet.
    pub fn since(since: Timestamp) -> Self {
        Self { since: Some(since), ..Self::default() }
    }

    /// The record after one more run.
    #[must_use]
    pub fn after(self, ended: Timestamp, outcome: Outcome) -> Self {
        let complete =
            if outcome.is_complete() { self.complete.max(Some(ended)) } else { self.complete };
        let last = match self.last {
            Some((at, _)) if at > ended => self.last,
            _ => Some((ended, outcome)),
        };
        Self { since: self.since, complete, last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::outcome::Ended;

    #[test]
    fn only_a_complete_run_moves_the_last_success() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut record = Record::since(at(0)).after(at(10), Outcome::Complete);
        for (n, status) in (0..=255).filter(|status| *status != 0).enumerate() {
            let outcome = Outcome::of_restic(Ended::Exited(status));
            record = record.after(at(20 + i64::try_from(n).unwrap()), outcome);
            assert_eq!(record.complete, Some(at(10)), "{outcome}");
        }
        assert_eq!(record.after(at(5), Outcome::Complete).complete, Some(at(10)));
        assert_eq!(record.after(at(999), Outcome::Complete).complete, Some(at(999)));
    }
}
