//! `OnCalendar=` of systemd timers: reading, normal form, next and previous elapse, gaps.
//!
//! The rules are those of systemd 257 (systemd.time(7), "Calendar Events").
//!
//! ```
//! use backup_spec::calendar::Calendar;
//!
//! let workdays: Calendar = "mon..FRI 2:30 UTC".parse()?;
//! assert_eq!(workdays.to_string(), "Mon..Fri *-*-* 02:30:00 UTC");
//!
//! let saturday = "2024-03-30T00:00:00Z".parse()?;
//! assert_eq!(workdays.next_after(saturday)?.to_string(), "2024-04-01T02:30:00Z");
//! assert_eq!(workdays.previous_before(saturday)?.to_string(), "2024-03-29T02:30:00Z");
//!
//! // Valid, and never:
//! let never: Calendar = "*-02-30".parse()?;
//! assert!(never.never_elapses());
//!
//! // A mistake says where it is and what would be right.
//! let error = "Fri..Mon".parse::<Calendar>().unwrap_err();
//! assert_eq!(
//!     error.remedy(),
//!     "a range of weekdays runs from Monday to Sunday; write Fri..Mon as Fri..Sun,Mon"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Zones
//!
//! An expression is read in the zone named at its end. Without one it is read in the host's own, which is given by
//! [`Calendar::in_zone`], and is UTC until then. What a clock jumps over in spring does not happen on that day. What it
//! shows twice in autumn happens the first time; only a timer that is started during the second pass elapses in that one.
//!
//! ```
//! # #[cfg(feature = "tz")] {
//! use backup_spec::calendar::Calendar;
//!
//! let hourly: Calendar = "hourly Europe/Berlin".parse()?;
//! // 02:00 of summer time; the next is 03:00 of winter time, two hours later.
//! let second_hour = "2024-10-27T00:00:00Z".parse()?;
//! assert_eq!(hourly.next_after(second_hour)?.to_string(), "2024-10-27T02:00:00Z");
//!
//! let year = ("2024-01-01T00:00:00Z".parse()?, "2025-01-01T00:00:00Z".parse()?);
//! let gaps = hourly.gaps(year.0, year.1).unwrap();
//! assert_eq!(gaps.longest.length().to_string(), "2h");
//! assert_eq!(gaps.shortest.length().to_string(), "1h");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Zones by name are those of the database compiled in (feature `tz`), so that an answer does not depend on the machine.
//! Abbreviations (`CEST`), which systemd accepts where they are those of the machine it runs on, are not read unless the
//! database has them as names (`CET`, `EST`). On a host whose own zone uses such a name, systemd takes it for that half of
//! the year: `10:00 CET` in Berlin elapses in winter, and once summer comes, never again.
//!
//! An open step that leaves its field (`*-2/7-1`: 16 is April) makes systemd go round in circles where that is in the other half
//! of the year than where the search goes on: in Berlin, this one is dead after the first of September.
//! [`Calendar::stuck_after`] finds such ends. `*:0/7` misses midnight on every day, because systemd goes on from minute 63.

mod circle;
mod display;
mod elapse;
mod error;
mod field;
mod gap;
mod parse;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod zone;

use jiff::Timestamp;
use jiff::tz::{Dst, TimeZone};

pub use error::{CalendarError, Fault, FieldName};
pub use gap::{Gap, Gaps};

use elapse::Pattern;
use field::Field;
use zone::Zone;

/// A calendar expression. Displayed, it is in systemd's normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    when: When,
    zone: Zone,
    /// The zone it is evaluated in.
    clock: TimeZone,
    /// The half of the year that its zone's name stands for, of a local zone that has two.
    half: Option<Dst>,
    pattern: Pattern,
}

/// The fields of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
struct When {
    /// Monday is the lowest bit; 0 for every day.
    weekdays: u8,
    year: Field,
    month: Field,
    day: Field,
    /// Days are counted from the month's end.
    from_end: bool,
    hour: Field,
    minute: Field,
    /// Seconds, in microseconds.
    micro: Field,
}

/// A calendar that does not elapse on that side of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("never elapses {side} {instant}", side = if *.forward { "after" } else { "before" })]
pub struct Never {
    /// The instant that was asked for.
    pub instant: Timestamp,
    forward: bool,
}

impl Calendar {
    fn new(mut when: When, zone: Zone) -> Self {
        // All seven days are no restriction.
        when.weekdays &= if when.weekdays == 0x7f { 0 } else { 0x7f };
        let clock = zone.clock();
        Self { pattern: Pattern::new(&when), when, zone, clock, half: None }
    }

    /// The calendar on a host whose local zone is this. One that names its zone stays as it is, unless the name is an
    /// abbreviation that the local zone uses itself: see [the module](self#zones).
    #[must_use]
    pub fn in_zone(mut self, local: TimeZone) -> Self {
        self.half = self.zone.half_of(&local);
        if self.zone == Zone::Local || self.half.is_some() {
            self.clock = local;
        }
        self
    }

    /// The same calendar as the expression reads, where systemd's search may fail; none where it does not.
    fn without_quirks(&self) -> Option<Self> {
        let quirks = self.half.is_some() || self.pattern.leads_far;
        let mut plain = quirks.then(|| self.clone())?;
        plain.half = None;
        plain.pattern.leads_far = false;
        Some(plain)
    }

    /// The same times on a clock that never changes.
    pub(crate) fn without_clock_changes(mut self) -> Self {
        self.clock = TimeZone::UTC;
        self
    }

    /// Whether it elapses in some years only.
    pub(crate) fn names_years(&self) -> bool {
        !self.when.year.is_any()
    }

    /// The last elapse of an expression whose years end, such as `2026..2028-*-*`; `None` if it goes on as long as systemd's
    /// calendar does (2199), or never elapses.
    pub fn ends(&self) -> Option<Timestamp> {
        let (year, last) = (&self.when.year, *parse::YEARS.end());
        let goes_on = year.at_most(last) == Some(last) || year.at_least(last).is_some();
        if goes_on { None } else { self.before(Timestamp::MAX) }
    }

    /// Whether the expression leaves its zone to the host.
    pub fn is_local(&self) -> bool {
        self.zone == Zone::Local
    }

    /// The zone it is evaluated in.
    pub fn zone(&self) -> &TimeZone {
        &self.clock
    }

    /// The first elapse after `base`, never `base` itself; to the microsecond, as systemd's clock.
    ///
    /// No elapse lies before 1970 or after 2199 (systemd's own bounds). The cost does not depend on how far away it is,
    /// and an expression that never elapses costs some microseconds.
    pub fn next_after(&self, base: Timestamp) -> Result<Timestamp, Never> {
        self.after(base).ok_or(Never { instant: base, forward: true })
    }

    /// The last elapse before `base`, never `base` itself. Of times that a clock shows twice, only the first counts.
    pub fn previous_before(&self, base: Timestamp) -> Result<Timestamp, Never> {
        self.before(base).ok_or(Never { instant: base, forward: false })
    }

    /// Every elapse after `base`, in order.
    pub fn upcoming(&self, base: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.after(base), |last| self.after(*last))
    }

    /// Whether there is no elapse at all, as for `*-02-30`, or 02:30 on every day that clocks jump over it.
    pub fn never_elapses(&self) -> bool {
        self.after(Timestamp::MIN).is_none()
    }
}

crate::text_form::text_form!(Calendar);
