//! When something runs, how long a run may take, and what follows from the two.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::calendar::{Calendar, CalendarError};
use crate::span::Span;
use crate::timer::{Flaw, Load, Timer};

/// A timer, and the time that a run may take: it is stopped then (`TimeoutStartSec=`), so that everything that is computed from
/// it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// When it starts.
    pub timer: Timer,
    /// How long a run may take.
    pub run_time: Span,
}

/// What a schedule makes certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Bounds {
    /// The longest real time between two starts.
    pub between_starts: Span,
    /// The most that is lost if the newest complete copy is all there is: what changed since that copy's run began, until
    /// the moment before the next run is complete. The age of the last complete run does not exceed it either.
    pub worst: Span,
    /// Whether a run can still go on when the next one is due, which is lost then.
    pub overlaps: bool,
}

/// The years over which gaps are looked for in what comes every week or more often: a leap year is among them, and every change
/// of the clock that its rules have.
const YEARS: (i64, i64) = (1_704_067_200, 1_767_225_600); // 2024 and 2025
/// For what comes less often: every alignment of dates with weekdays.
const CYCLE: (i64, i64) = (1_704_067_200, 2_587_680_000); // 2024 to 2052
/// Gaps up to this are those of weeks.
const WEEKLY: Span = Span::from_secs(8 * 86_400);
/// All of systemd's calendar, for what comes less than twice in those years.
const EVER: (i64, i64) = (0, 7_258_118_399); // 1970 to 2199

fn range((from, to): (i64, i64)) -> Range<Timestamp> {
    let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    at(from)..at(to)
}

impl Schedule {
    /// A timer whose runs may take so long.
    pub fn new(timer: Timer, run_time: Span) -> Self {
        Self { timer, run_time }
    }

    /// The schedule on a host in this time zone: of calendars that name none, it is theirs.
    #[must_use]
    pub fn in_zone(mut self, zone: &TimeZone) -> Self {
        let calendars = std::mem::take(&mut self.timer.on_calendar);
        let here = |calendar: Calendar| calendar.in_zone(zone.clone());
        self.timer.on_calendar = calendars.into_iter().map(here).collect();
        self
    }

    /// What is certain of a host that is not switched off; `None` if it never runs, or once. Of what ends, nothing is: the
    /// bounds are infinite.
    pub fn bounds(&self) -> Option<Bounds> {
        let load = Load { run: self.run_time, outage: Span::ZERO };
        let within = |years| self.timer.staleness(range(years), load);
        // What is so in some years tells nothing of others.
        let repeats = !self.timer.on_calendar.iter().any(Calendar::names_years);
        let alike = |years| within(years).filter(|_| repeats);
        let staleness = alike(YEARS)
            .filter(|found| found.gap.length() <= WEEKLY)
            .or_else(|| alike(CYCLE))
            .or_else(|| within(EVER))?;
        Some(Bounds {
            between_starts: staleness.between_starts,
            worst: staleness.worst,
            overlaps: staleness.overlaps,
        })
    }

    /// Why it does not go on for ever, of one that does not.
    pub(crate) fn end(&self) -> Option<Flaw> {
        // Of those that end soon, how they do so in these years says more than how they did in 1970.
        let end = |years| self.timer.ends(&range(years)).next();
        end(CYCLE).or_else(|| end(EVER))
    }

    /// The expressions, as one text.
    pub fn calendar(&self) -> String {
        let texts: Vec<String> = self.timer.on_calendar.iter().map(ToString::to_string).collect();
        texts.join(", ")
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.calendar())?;
        if self.timer.randomized_delay != Span::ZERO {
            write!(f, " and up to {} later", self.timer.randomized_delay)?;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Schedule {
    /// As the keys of a declaration: what systemd has by itself is left out.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        use crate::timer::DEFAULT_ACCURACY;
        let Timer { on_calendar, persistent, randomized_delay, fixed_random_delay, accuracy } =
            &self.timer;
        let mut map = serializer.serialize_map(None)?;
        let texts: Vec<String> = on_calendar.iter().map(ToString::to_string).collect();
        match texts.as_slice() {
            [one] => map.serialize_entry("schedule", one)?,
            several => map.serialize_entry("schedule", several)?,
        }
        if *randomized_delay != Span::ZERO {
            map.serialize_entry("jitter", &randomized_delay.to_string())?;
        }
        if *fixed_random_delay {
            map.serialize_entry("fixedJitter", &true)?;
        }
        if *accuracy != DEFAULT_ACCURACY {
            map.serialize_entry("accuracy", &accuracy.to_string())?;
        }
        if *persistent {
            map.serialize_entry("persistent", &true)?;
        }
        map.serialize_entry("runTime", &self.run_time.to_string())?;
        map.end()
    }
}

/// The time zone of a host, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostZone {
    name: String,
    zone: TimeZone,
}

impl HostZone {
    /// The zone itself.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl Default for HostZone {
    fn default() -> Self {
        Self { name: "UTC".into(), zone: TimeZone::UTC }
    }
}

impl FromStr for HostZone {
    type Err = CalendarError;

    /// `UTC`, or a name that calendars can end with.
    fn from_str(name: &str) -> Result<Self, CalendarError> {
        let calendar: Calendar = format!("*-*-* {name}").parse()?;
        Ok(Self { name: name.to_owned(), zone: calendar.zone().clone() })
    }
}

impl fmt::Display for HostZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

crate::text_form::text_form!(HostZone);
