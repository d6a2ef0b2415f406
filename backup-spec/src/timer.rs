//! systemd timers: what `Persistent=`, `RandomizedDelaySec=`, `AccuracySec=` and `FixedRandomDelay=` make of a schedule,
//! and how stale a copy can get by it.
//!
//! ```
//! use backup_spec::span::Span;
//! use backup_spec::timer::{Load, Timer};
//!
//! let mut timer = Timer::new("02:00 UTC".parse()?);
//! timer.randomized_delay = "4h".parse()?;
//! let year = "2026-01-01T00:00:00Z".parse()?.."2027-01-01T00:00:00Z".parse()?;
//!
//! // From one start to the next: a day, and up to four hours and a minute (the default accuracy).
//! let load = Load { run: "30min".parse()?, outage: Span::ZERO };
//! let staleness = timer.staleness(year.clone(), load).unwrap();
//! assert_eq!(staleness.between_starts.to_string(), "1d 4h 1min");
//! // The newest copy is as old as its start, until the next one is complete.
//! assert_eq!(staleness.worst.to_string(), "1d 4h 31min");
//!
//! // Two days off. A persistent timer catches up when the machine is back; another waits for its next turn.
//! let load = Load { outage: "2d".parse()?, ..load };
//! assert_eq!(timer.staleness(year.clone(), load).unwrap().worst.to_string(), "4d 8h 32min");
//! timer.persistent = true;
//! assert_eq!(timer.staleness(year, load).unwrap().worst.to_string(), "3d 4h 31min");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::ops::Range;

use jiff::Timestamp;

use crate::calendar::{Calendar, Gap};
use crate::span::Span;

/// A timer of calendar expressions (systemd.timer(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Timer {
    /// `OnCalendar=`, once or more: it elapses when any of them does.
    pub on_calendar: Vec<Calendar>,
    /// `Persistent=`: what was missed while the machine was off is caught up with, once.
    pub persistent: bool,
    /// `RandomizedDelaySec=`: each elapse is late by a random time up to this.
    pub randomized_delay: Span,
    /// `FixedRandomDelay=`: that time is the same for every elapse of this timer.
    pub fixed_random_delay: bool,
    /// `AccuracySec=`: an elapse may be late by this too, to share a wake-up with others.
    pub accuracy: Span,
}

/// `AccuracySec=` where nothing is set.
pub const DEFAULT_ACCURACY: Span = Span::from_secs(60);

/// Elapses that are looked at one by one where several expressions meet: a year of minutes fits twice.
const LOOKED_AT: usize = 1 << 20;

/// What happens to the runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Load {
    /// The longest that a run takes.
    pub run: Span,
    /// The longest time that the machine is off, once between two runs, and not while one goes on.
    pub outage: Span,
}

/// How stale what a timer renews can get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Staleness {
    /// The longest time between two elapses of the calendar, and where it is.
    pub gap: Gap,
    /// The longest time between two starts.
    pub between_starts: Span,
    /// The greatest age of the newest complete copy: from the start of its run until the next run is complete.
    pub worst: Span,
    /// Whether a run can still go on when the next is due. Then that one is lost, and `worst` allows for it.
    pub overlaps: bool,
}

/// What is wrong with a timer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Flaw {
    /// No expression.
    #[error("no calendar expression")]
    Empty,
    /// An expression that is valid and has no elapse.
    #[error("`{0}` never elapses")]
    Never(String),
    /// An expression whose next elapse systemd fails to find.
    #[error(
        "after {after}, systemd does not find the next elapse of `{calendar}`, and the timer is dead"
    )]
    Stuck {
        /// The expression.
        calendar: String,
        /// Its last elapse.
        after: Timestamp,
    },
    /// An expression whose years end before the time that is looked at does.
    #[error("`{calendar}` does not elapse after {after}")]
    Ended {
        /// The expression.
        calendar: String,
        /// Its last elapse.
        after: Timestamp,
    },
    /// A run takes as long as the time between two elapses.
    #[error("a run of {run} can still go on when the next is due, {gap} after the one before")]
    Overlap {
        /// The longest run.
        run: Span,
        /// The shortest time between two elapses.
        gap: Span,
    },
    /// The delay alone passes over elapses: the next one is looked for after the delayed start.
    #[error("a delay of up to {delay} passes over elapses that are {gap} apart")]
    DelayBeyondGap {
        /// `RandomizedDelaySec=`.
        delay: Span,
        /// The shortest time between two elapses.
        gap: Span,
    },
    /// A time of the clock that does not exist on some days, or counts once of twice: elapses get lost or farther apart.
    #[error(
        "changes of the clock put {longest} between elapses that are {usual} apart by the expression"
    )]
    ClockChange {
        /// The longest gap.
        longest: Span,
        /// The longest gap of the same expression in UTC.
        usual: Span,
    },
}

impl Flaw {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Flaw::Empty => "give at least one, such as `daily`",
            Flaw::Never(_) => "write a date that exists",
            Flaw::Stuck { .. } => {
                "write the values out instead of an open step, and the zone as UTC or by its full name"
            }
            Flaw::Ended { .. } => "leave the years out",
            Flaw::Overlap { .. } => "run less often, or make the run shorter",
            Flaw::DelayBeyondGap { .. } => "make the delay shorter than the time between elapses",
            Flaw::ClockChange { .. } => "write the zone UTC, or a time that every day has once",
        }
    }
}

impl Timer {
    /// A timer as systemd has it where nothing else is set.
    pub fn new(calendar: Calendar) -> Self {
        Self {
            on_calendar: vec![calendar],
            persistent: false,
            randomized_delay: Span::ZERO,
            fixed_random_delay: false,
            accuracy: DEFAULT_ACCURACY,
        }
    }

    /// The first elapse after an instant, before any delay.
    pub fn next_after(&self, base: Timestamp) -> Option<Timestamp> {
        self.on_calendar.iter().filter_map(|calendar| calendar.next_after(base).ok()).min()
    }

    /// The longest that a start can be later than its elapse.
    pub fn lateness(&self) -> Span {
        self.randomized_delay.saturating_add(self.accuracy)
    }

    /// The longest and the shortest time between two elapses that begins in this time.
    ///
    /// With several expressions, every elapse is looked at, up to a million; beyond, the longest is that of the best
    /// single expression that goes on, which the union cannot exceed.
    fn gaps(&self, within: &Range<Timestamp>) -> Option<(Gap, Span)> {
        if let [calendar] = self.on_calendar.as_slice() {
            let gaps = calendar.gaps(within.start, within.end)?;
            return Some((gaps.longest, gaps.shortest.length()));
        }
        let mut from = self.next_after(within.start)?;
        let mut found: Option<(Gap, Span)> = None;
        for _ in 0..LOOKED_AT {
            let next = (from < within.end).then(|| self.next_after(from)).flatten();
            let Some(to) = next else { return found };
            let gap = Gap { from, to };
            let (longest, shortest) = found.get_or_insert((gap, gap.length()));
            if gap.length() > longest.length() {
                *longest = gap;
            }
            *shortest = gap.length().min(*shortest);
            from = to;
        }
        let going_on = self.on_calendar.iter().filter(|calendar| end(calendar, within).is_none());
        let each = going_on.filter_map(|calendar| calendar.gaps(within.start, within.end));
        let longest = each.map(|gaps| gaps.longest).min_by_key(Gap::length)?;
        Some((longest, Span::ZERO))
    }

    /// Why nothing comes after some expressions from within a time on.
    pub(crate) fn ends(&self, within: &Range<Timestamp>) -> impl Iterator<Item = Flaw> {
        self.on_calendar.iter().filter_map(|calendar| end(calendar, within))
    }

    /// The length of the longest gap within a time; infinite if nothing comes after the last elapse in it.
    fn longest(&self, gap: Gap, within: &Range<Timestamp>) -> Span {
        let ended = self.ends(within).count() == self.on_calendar.len();
        if ended { Span::INFINITY } else { gap.length() }
    }

    /// The longest and the shortest time between two elapses that begins in this time; the longest is infinite if none comes
    /// after the last.
    pub(crate) fn distances(&self, within: &Range<Timestamp>) -> Option<(Span, Span)> {
        let (gap, shortest) = self.gaps(within)?;
        Some((self.longest(gap, within), shortest))
    }

    /// How stale what this timer renews can get within a time; none if it does not elapse twice in it.
    ///
    /// The bound holds for any delays that systemd may draw, for runs up to `load.run`, and one outage up to `load.outage`
    /// between two runs. It is reached by the worst of them.
    pub fn staleness(&self, within: Range<Timestamp>, load: Load) -> Option<Staleness> {
        let (gap, shortest) = self.gaps(&within)?;
        // A delay that never changes moves all starts alike.
        let jitter = if self.fixed_random_delay { self.accuracy } else { self.lateness() };
        let between = self.longest(gap, &within).saturating_add(jitter);
        let overlaps = shortest < jitter.saturating_add(load.run);
        // Whoever is still running when it is due starts after its end only, at the next elapse.
        let lost = if overlaps { load.run } else { Span::ZERO };
        let off = match load.outage {
            Span::ZERO => Span::ZERO,
            outage if self.persistent => outage,
            // The next elapse after the machine is back, wherever that falls between two, and as late as can be.
            outage => outage.saturating_add(gap.length()).saturating_add(self.lateness()),
        };
        let starts = between.saturating_add(lost).saturating_add(off);
        let worst = starts.saturating_add(load.run);
        Some(Staleness { gap, between_starts: starts, worst, overlaps })
    }

    /// What is wrong with the timer, for runs up to `run`, as far as it shows in this time.
    pub fn flaws(&self, within: Range<Timestamp>, run: Span) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if self.on_calendar.is_empty() {
            flaws.push(Flaw::Empty);
        }
        let never = self.on_calendar.iter().filter(|calendar| calendar.never_elapses());
        flaws.extend(never.map(|calendar| Flaw::Never(calendar.to_string())));
        flaws.extend(self.ends(&within));
        let Some((longest, shortest)) = self.gaps(&within) else { return flaws };
        if shortest < run {
            flaws.push(Flaw::Overlap { run, gap: shortest });
        }
        if !self.fixed_random_delay && self.randomized_delay > shortest {
            flaws.push(Flaw::DelayBeyondGap { delay: self.randomized_delay, gap: shortest });
        }
        let utc = |calendar: &Calendar| calendar.clone().without_clock_changes();
        let steady =
            Timer { on_calendar: self.on_calendar.iter().map(utc).collect(), ..self.clone() };
        if let Some((usual, _)) = steady.gaps(&within) {
            // A day of 25 hours is no loss: an elapse has to be missing, or twice as far.
            let (longest, usual) = (longest.length(), usual.length());
            if longest > usual.saturating_add(HOUR) || (usual < DAY && longest > usual) {
                flaws.push(Flaw::ClockChange { longest, usual });
            }
        }
        flaws
    }
}

/// Why nothing comes after an expression from within a time on, if it is so.
fn end(calendar: &Calendar, within: &Range<Timestamp>) -> Option<Flaw> {
    let name = || calendar.to_string();
    if let Some(after) = calendar.stuck_after(within.start, within.end) {
        return Some(Flaw::Stuck { calendar: name(), after });
    }
    let after = calendar.ends().filter(|after| *after < within.end)?;
    Some(Flaw::Ended { calendar: name(), after })
}

const HOUR: Span = Span::from_secs(3600);
const DAY: Span = Span::from_secs(86_400);
