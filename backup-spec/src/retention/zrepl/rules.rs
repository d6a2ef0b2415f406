//! The `keep` rules of a job together: a snapshot goes if no rule keeps it.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use super::grid::{Grid, Refusal};
use crate::Snapshot;

/// Which names a rule is about. zrepl takes a regular expression; here it is one of the two kinds that jobs
/// have: any name, or a name that begins so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Names {
    /// Any.
    #[default]
    All,
    /// Those that begin with this.
    Prefix(String),
}

/// A regular expression of another kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `.*` nor of the form `^prefix_.*`, and others are not evaluated here")]
pub struct NamesError(String);

impl Names {
    /// Whether a name is one of them.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(prefix) => name.starts_with(prefix),
        }
    }
}

/// Reads `.*`, or `^prefix` with or without `.*` after it.
impl FromStr for Names {
    type Err = NamesError;

    fn from_str(text: &str) -> Result<Self, NamesError> {
        let open = text.strip_suffix(".*$").or(text.strip_suffix(".*")).unwrap_or(text);
        if matches!(open, "" | "^") {
            return Ok(Self::All);
        }
        let prefix = open.strip_prefix('^').filter(|prefix| !prefix.contains(special));
        prefix
            .map(|prefix| Self::Prefix(prefix.to_owned()))
            .ok_or_else(|| NamesError(text.to_owned()))
    }
}

/// Whether a character means something else than itself.
fn special(c: char) -> bool {
    r"\.+*?()|[]{}^$".contains(c)
}

/// As zrepl's configuration has it.
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(".*"),
            Self::Prefix(prefix) => write!(f, "^{prefix}.*"),
        }
    }
}

/// One `keep` rule. What a rule is not about, it does not keep.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `type: grid`: of these names, what the grid keeps.
    Grid {
        /// The grid.
        grid: Grid,
        /// The names it is about.
        names: Names,
    },
    /// `type: last_n`: the newest of these names. Of the same instant, the last in the alphabet is newest.
    LastN {
        /// How many; zrepl does not take 0.
        count: u64,
        /// The names it is about.
        names: Names,
    },
    /// `type: regex`: all of these names, or all others.
    Regex {
        /// The names.
        names: Names,
        /// Whether it is the others that are kept.
        negate: bool,
    },
    /// `type: not_replicated`: what is not replicated yet.
    NotReplicated,
}

/// The rules of one side of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Prune {
    /// The rules. Without any, nothing is removed.
    pub rules: Vec<Rule>,
}

/// Which rules keep which snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// For each rule, for each snapshot.
    by_rule: Vec<Vec<bool>>,
}

impl Kept {
    /// Whether the snapshot at a place stays.
    pub fn stays(&self, index: usize) -> bool {
        self.by_rule.is_empty() || self.rules(index).next().is_some()
    }

    /// The places of the rules that keep it.
    pub fn rules(&self, index: usize) -> impl Iterator<Item = usize> {
        let by_rule = self.by_rule.iter().enumerate();
        by_rule.filter(move |(_, keeps)| keeps.get(index) == Some(&true)).map(|(rule, _)| rule)
    }
}

impl Prune {
    /// Asks every rule about every snapshot. `is_replicated` says which of them are older than the
    /// replication cursor (or at it, where the job takes that one for replicated).
    ///
    /// # Errors
    ///
    /// If a grid would keep nothing of an interval.
    pub fn apply(
        &self,
        snapshots: &[Snapshot],
        is_replicated: impl Fn(&Snapshot) -> bool,
    ) -> Result<Kept, Refusal> {
        let keeps = |rule: &Rule| match rule {
            Rule::Grid { grid, names } => of_grid(grid, names, snapshots),
            Rule::LastN { count, names } => Ok(newest(*count, names, snapshots)),
            Rule::Regex { names, negate } => {
                Ok(snapshots.iter().map(|s| names.matches(&s.id) != *negate).collect())
            }
            Rule::NotReplicated => Ok(snapshots.iter().map(|s| !is_replicated(s)).collect()),
        };
        Ok(Kept { by_rule: self.rules.iter().map(keeps).collect::<Result<_, _>>()? })
    }
}

fn of_grid(grid: &Grid, names: &Names, snapshots: &[Snapshot]) -> Result<Vec<bool>, Refusal> {
    let matching: Vec<Snapshot> =
        snapshots.iter().filter(|s| names.matches(&s.id)).cloned().collect();
    let verdict = grid.apply(&matching)?;
    let mut reasons = verdict.reasons().iter();
    let keeps = |s: &Snapshot| names.matches(&s.id) && reasons.next().is_some_and(|r| r.keeps());
    Ok(snapshots.iter().map(keeps).collect())
}

fn newest(count: u64, names: &Names, snapshots: &[Snapshot]) -> Vec<bool> {
    let mut keeps = vec![false; snapshots.len()];
    let all = snapshots.iter().zip(&mut keeps);
    let mut matching: Vec<_> = all.filter(|(s, _)| names.matches(&s.id)).collect();
    matching.sort_unstable_by_key(|(s, _)| Reverse((s.time, s.id.as_str())));
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    matching.into_iter().take(count).for_each(|(_, keeps)| *keeps = true);
    keeps
}
