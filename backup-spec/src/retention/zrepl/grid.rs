//! The grid: intervals back from the newest snapshot.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::Snapshot;
use crate::retention::{Decision, Policy};

/// How many snapshots of an interval stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keep {
    /// All of them: `keep=all`.
    All,
    /// The oldest so many. The grammar lets any number through; what is below 1 stops zrepl as soon as
    /// there is a snapshot.
    Oldest(i64),
}

/// Several intervals of one length: `24x1h`, `14x1d(keep=2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Intervals {
    /// How many.
    pub times: u64,
    /// How long each is, in seconds.
    pub seconds: u64,
    /// What stays of each.
    pub keep: Keep,
}

/// A retention grid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grid(Vec<Intervals>);

/// Not a grid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// Intervals that are not of the form `24x1h(keep=2)`.
    #[error("`{0}` is not of the form 24x1h, 24x1h(keep=2) or 24x1h(keep=all)")]
    Shape(String),
    /// A count of intervals that is 0 or too large.
    #[error("`{0}`: the number of intervals must be from 1 to 9223372036854775807")]
    Times(String),
    /// A length that is 0, too large, or without a unit.
    #[error("`{0}`: the length must be a whole number with a unit of s, m (minutes), h, d, w")]
    Length(String),
    /// Something else than one `keep=` in brackets.
    #[error(
        "`{0}`: in brackets stands keep=all or keep= and a whole number, without blanks after it"
    )]
    Keep(String),
}

/// What zrepl does not act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// An interval would keep nothing. zrepl's daemon panics.
    #[error("keep={0}: every interval must keep at least one snapshot")]
    KeepsNothing(i64),
}

/// The configuration is refused: an interval is shorter than one that is nearer to now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("intervals must not become shorter: {shorter} s after {longer} s")]
pub struct Shrinks {
    /// The length of the nearer interval, in seconds.
    pub longer: u64,
    /// The length of the one after it, in seconds.
    pub shorter: u64,
}

/// Why a snapshot stays or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It stays: of interval `interval` (from 0, the nearest) it is among the oldest.
    InInterval {
        /// Which.
        interval: u64,
    },
    /// It goes: interval `interval` has enough older ones.
    EnoughOlder {
        /// Which.
        interval: u64,
    },
    /// It goes: it is older than the grid reaches.
    BeyondGrid,
}

impl Reason {
    /// Whether it is a reason to stay.
    pub fn keeps(self) -> bool {
        matches!(self, Self::InInterval { .. })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InInterval { interval } => {
                write!(f, "among the oldest of interval {}", interval + 1)
            }
            Self::EnoughOlder { interval } => {
                write!(f, "interval {} has enough older ones", interval + 1)
            }
            Self::BeyondGrid => f.write_str("older than the grid reaches"),
        }
    }
}

/// What a grid decides, snapshot by snapshot in the order they were given.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    snapshots: &'a [Snapshot],
    reasons: Vec<Reason>,
}

impl<'a> Verdict<'a> {
    /// The decision about each snapshot, in the order given.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What stays, newest first.
    pub fn kept(&self) -> impl Iterator<Item = &'a Snapshot> {
        self.pick(true)
    }

    /// What goes, newest first.
    pub fn removed(&self) -> impl Iterator<Item = &'a Snapshot> {
        self.pick(false)
    }

    fn pick(&self, keeps: bool) -> impl Iterator<Item = &'a Snapshot> + use<'a> {
        let all = self.snapshots.iter().zip(&self.reasons);
        let mut picked: Vec<&Snapshot> =
            all.filter(|(_, reason)| reason.keeps() == keeps).map(|(s, _)| s).collect();
        picked.sort_by_key(|s| Reverse(s.time));
        picked.into_iter()
    }
}

impl Grid {
    /// The intervals, nearest first.
    pub fn intervals(&self) -> &[Intervals] {
        &self.0
    }

    /// Whether the daemon takes it: no interval may be shorter than the one before, unless all before
    /// keep everything.
    ///
    /// # Errors
    ///
    /// [`Shrinks`]; zrepl then does not start.
    pub fn check(&self) -> Result<(), Shrinks> {
        let mut before = None::<u64>;
        let mut all_kept = true;
        for intervals in &self.0 {
            match before {
                Some(longer) if intervals.seconds < longer && !all_kept => {
                    return Err(Shrinks { longer, shorter: intervals.seconds });
                }
                _ => before = Some(intervals.seconds),
            }
            all_kept &= intervals.keep == Keep::All;
        }
        Ok(())
    }

    /// Fits snapshots into the intervals. The newest of them is the present, whatever the clock says.
    /// Among snapshots of the same instant, those given later count as older.
    ///
    /// # Errors
    ///
    /// [`Refusal`], if an interval keeps nothing; no snapshots at all are no error.
    pub fn apply<'a>(&self, snapshots: &'a [Snapshot]) -> Result<Verdict<'a>, Refusal> {
        let mut order: Vec<usize> = (0..snapshots.len()).collect();
        let nanosecond = |&at: &usize| snapshots.get(at).map_or(0, |s| s.time.as_nanosecond());
        order.sort_by_key(|at| Reverse(nanosecond(at)));
        let mut reasons = vec![Reason::BeyondGrid; snapshots.len()];
        let Some(now) = order.first().map(nanosecond) else {
            return Ok(Verdict { snapshots, reasons });
        };
        for intervals in &self.0 {
            match intervals.keep {
                Keep::Oldest(count) if count < 1 => return Err(Refusal::KeepsNothing(count)),
                Keep::Oldest(_) | Keep::All => {}
            }
        }

        let (mut rest, mut start, mut before) = (order.as_slice(), 0_i128, 0_u64);
        for intervals in &self.0 {
            let length = i128::from(intervals.seconds) * 1_000_000_000;
            let end = start.saturating_add(length.saturating_mul(i128::from(intervals.times)));
            // Which of these intervals, or none if it is older than the last of them.
            let interval = |at: &usize| {
                let age = now - nanosecond(at);
                if age < end { u64::try_from((age - start) / length).ok() } else { None }
            };
            while let Some(of) = rest.first().and_then(interval) {
                let size = rest.partition_point(|at| interval(at) == Some(of));
                let Some((members, remaining)) = rest.split_at_checked(size) else { break };
                let staying = match intervals.keep {
                    Keep::All => members.len(),
                    Keep::Oldest(count) => usize::try_from(count).unwrap_or(usize::MAX),
                };
                let go = members.len().saturating_sub(staying);
                let interval = before.saturating_add(of);
                for (nr, &at) in members.iter().enumerate() {
                    if let Some(reason) = reasons.get_mut(at) {
                        *reason = if nr < go {
                            Reason::EnoughOlder { interval }
                        } else {
                            Reason::InInterval { interval }
                        };
                    }
                }
                rest = remaining;
            }
            (start, before) = (end, before.saturating_add(intervals.times));
        }
        Ok(Verdict { snapshots, reasons })
    }
}

impl Policy for Grid {
    type Refusal = Refusal;

    fn decide(&self, snapshots: &[Snapshot], _now: Timestamp) -> Result<Vec<Decision>, Refusal> {
        let decision = |reason: &Reason| Decision::new(reason.keeps(), reason.to_string());
        Ok(self.apply(snapshots)?.reasons.iter().map(decision).collect())
    }

    fn keeps(&self, snapshots: &[Snapshot], _now: Timestamp) -> Result<Vec<bool>, Refusal> {
        Ok(self.apply(snapshots)?.reasons.iter().map(|reason| reason.keeps()).collect())
    }
}

/// The units, and the seconds of each; the largest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Go's `\s`.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

fn intervals(text: &str) -> Result<Intervals, GridError> {
    let whole = || text.trim().to_owned();
    let shape = || GridError::Shape(whole());
    let (times, rest) = text.split_once('x').ok_or_else(shape)?;
    let times = times.trim_matches(is_blank);
    if times.is_empty() || !times.bytes().all(|b| b.is_ascii_digit()) {
        return Err(shape());
    }
    let (length, keep) = match rest.split_once('(') {
        None => (rest, None),
        Some((length, brackets)) => {
            let inner = brackets.trim_end_matches(is_blank).strip_suffix(')').ok_or_else(shape)?;
            (length, Some(inner))
        }
    };
    if length.is_empty() {
        return Err(shape());
    }
    let count = times.parse::<i64>().ok().and_then(|times| u64::try_from(times).ok());
    let times = count.filter(|&times| times > 0).ok_or_else(|| GridError::Times(whole()))?;
    let seconds = seconds(length).ok_or_else(|| GridError::Length(whole()))?;
    let keep = match keep.map(|keep| keep.trim_start_matches(is_blank).strip_prefix("keep=")) {
        None => Keep::Oldest(1),
        Some(Some("all")) => Keep::All,
        Some(value) => match value.and_then(|value| value.parse().ok()) {
            Some(-1) => Keep::All,
            Some(count) => Keep::Oldest(count),
            None => return Err(GridError::Keep(whole())),
        },
    };
    Ok(Intervals { times, seconds, keep })
}

/// A length above 0 that fits into the nanoseconds of a Go duration.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim_matches(is_blank);
    let (_, unit) = *UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
    let (number, _) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.trim_end_matches(is_blank).parse().ok()?;
    let seconds = u64::try_from(number).ok()?.checked_mul(unit)?;
    (seconds > 0 && seconds <= i64::MAX.unsigned_abs() / 1_000_000_000).then_some(seconds)
}

impl FromStr for Grid {
    type Err = GridError;

    fn from_str(text: &str) -> Result<Self, GridError> {
        text.split('|').map(intervals).collect::<Result<_, _>>().map(Self)
    }
}

/// In zrepl's grammar, with the largest unit that fits.
impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nr, intervals) in self.0.iter().enumerate() {
            f.write_str(if nr > 0 { " | " } else { "" })?;
            let fits = |(_, unit): &&(char, u64)| intervals.seconds % unit == 0;
            let (unit, seconds) = UNITS.iter().find(fits).copied().unwrap_or(('s', 1));
            write!(f, "{}x{}{unit}", intervals.times, intervals.seconds / seconds)?;
            match intervals.keep {
                Keep::Oldest(1) => {}
                Keep::Oldest(count) => write!(f, "(keep={count})")?,
                Keep::All => f.write_str("(keep=all)")?,
            }
        }
        Ok(())
    }
}
