//! Next and previous elapse: the fields as bits, dates and times of the clock, then instants.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Dst;

use super::field::{Field, SECOND};
use super::parse::YEARS;
use super::zone::{Place, in_half, place, shown_until};
use super::{Calendar, When};

const MINUTE: u64 = 60 * SECOND as u64;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// 2 January 2200, in microseconds since 1970: in no zone, there is an elapse after it.
const BEYOND: i64 = 7_258_204_800_000_000;

/// The fields, as they are evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    year: Field,
    /// Bits 1 to 12.
    months: u64,
    /// Bits 1 to 31; counted from the month's end if `from_end`.
    days: u64,
    from_end: bool,
    /// Monday is the lowest bit.
    weekdays: u64,
    /// Bits 0 to 23.
    hours: u64,
    /// Bits 0 to 59.
    minutes: u64,
    micro: Field,
    carry: Carry,
    /// The days as they are declared.
    day: Field,
    /// Months beyond January that an open step of months comes to.
    months_left: u32,
    /// Whether an open step of months, days or hours can lead far from where it goes on.
    pub(super) leads_far: bool,
}

/// What is left when an open step leaves its field: `0/7` of minutes comes to 63, which is 3 of the next hour.
///
/// systemd goes on from there, not from the beginning, wherever the unit after the next turns over too: `*:0/7` never
/// elapses at midnight, `0/7:00` not at midnight on the first of a month (`tm_within_bounds` of `calendarspec.c`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Carry {
    /// Microseconds from the hours, kept when a month begins.
    hour: u64,
    /// From the minutes, kept when a day begins.
    minute: u64,
    /// From the seconds, kept when an hour begins.
    second: u64,
    /// From the fractions of seconds, kept when a minute begins.
    fraction: u64,
}

/// A time that a clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Local {
    pub(super) date: Date,
    /// Microseconds since midnight.
    pub(super) time: u64,
}

/// Where the next day is entered, in microseconds since its midnight.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) at_day: u64,
    /// If it is the first of a month.
    pub(super) at_month: u64,
}

impl Carry {
    fn new(when: &When) -> Self {
        let left = |field: &Field, limit: u32| u64::from(field.left_over(limit));
        let micro = left(&when.micro, 60 * SECOND);
        let fraction = micro % u64::from(SECOND);
        Self {
            hour: left(&when.hour, 24) * HOUR,
            minute: left(&when.minute, 60) * MINUTE,
            second: micro - fraction,
            fraction,
        }
    }
}

/// The bits from `from` up.
fn from_bit(from: u64) -> u64 {
    u64::MAX.checked_shl(u32::try_from(from).unwrap_or(64)).unwrap_or(0)
}

/// The bits up to `to`.
fn to_bit(to: u64) -> u64 {
    !from_bit(to + 1)
}

fn lowest(bits: u64) -> Option<u64> {
    (bits != 0).then(|| bits.trailing_zeros().into())
}

fn highest(bits: u64) -> Option<u64> {
    bits.checked_ilog2().map(u64::from)
}

impl Pattern {
    pub(super) fn new(when: &When) -> Self {
        let from_end = when.from_end;
        Self {
            year: when.year.clone(),
            months: when.month.mask(1, 12),
            days: if from_end { when.day.mask_from_end() } else { when.day.mask(1, 31) },
            from_end,
            weekdays: if when.weekdays == 0 { 0x7f } else { when.weekdays.into() },
            hours: when.hour.mask(0, 23),
            minutes: when.minute.mask(0, 59),
            micro: when.micro.clone(),
            carry: Carry::new(when),
            day: when.day.clone(),
            months_left: when.month.left_over(13),
            leads_far: when.day.has_open_step()
                || when.month.left_over(13) > 0
                || when.hour.left_over(24) > 0,
        }
    }

    /// The first time from `from` on, as systemd finds it.
    pub(super) fn at_least(&self, mut from: Local) -> Option<Local> {
        loop {
            let date = self.date_at_least(from.date)?;
            if date != from.date {
                return Some(Local { date, time: self.time_at_least(0).ok()? });
            }
            match self.time_at_least(from.time) {
                Ok(time) => return Some(Local { date, time }),
                Err(left) => {
                    let date = date.tomorrow().ok()?;
                    let kept = if date.day() == 1 { left.at_month } else { left.at_day };
                    from = Local { date, time: kept };
                }
            }
        }
    }

    /// The last time up to `to`.
    pub(super) fn at_most(&self, to: Local) -> Option<Local> {
        let mut date = self.date_at_most(to.date)?;
        if date == to.date {
            if let Some(time) = self.time_at_most(to.time) {
                return Some(Local { date, time });
            }
            date = self.date_at_most(date.yesterday().ok()?)?;
        }
        Some(Local { date, time: self.time_at_most(DAY - 1)? })
    }

    /// The days of a month that match, as bits.
    fn days_of(&self, year: i16, month: i8) -> u64 {
        let Ok(first) = Date::new(year, month, 1) else { return 0 };
        let length = u32::from(first.days_in_month().unsigned_abs());
        // The last day's bit is 1, and becomes `length`.
        let days =
            if self.from_end { self.days.reverse_bits() >> (62 - length) } else { self.days };
        let monday = first.weekday().to_monday_zero_offset();
        let week = (self.weekdays << 7 | self.weekdays) >> monday & 0x7f;
        let weeks = (0..5).fold(0, |weeks, n| weeks | week << (7 * n + 1));
        days & weeks & to_bit(length.into()) & from_bit(1)
    }

    /// The date, or the first day of the first year after it that matches.
    pub(super) fn year_at_least(&self, from: Date) -> Option<Date> {
        let year = u32::from(from.year().unsigned_abs());
        let found = self.year.at_least(year).filter(|year| year <= YEARS.end())?;
        if found == year { Some(from) } else { Date::new(i16::try_from(found).ok()?, 1, 1).ok() }
    }

    /// The first month that matches, in the rest of the year.
    pub(super) fn month_at_least(&self, from: Date) -> Option<i8> {
        let month = lowest(self.months & from_bit(from.month().unsigned_abs().into()))?;
        i8::try_from(month).ok()
    }

    /// Where a step of months leads beyond the year, and where the search goes on.
    pub(super) fn after_months(&self, from: Date) -> Option<(Date, Date)> {
        let begin = Date::new(from.year().checked_add(1)?, 1, 1).ok()?;
        let left = i32::try_from(self.months_left).ok()?;
        Some((begin.checked_add(jiff::Span::new().try_months(left).ok()?).ok()?, begin))
    }

    /// The first day that matches in the rest of the month, whichever weekday it is.
    pub(super) fn day_at_least(&self, from: Date) -> Option<i8> {
        let length = u32::from(from.days_in_month().unsigned_abs());
        let days =
            if self.from_end { self.days.reverse_bits() >> (62 - length) } else { self.days };
        let day =
            lowest(days & to_bit(length.into()) & from_bit(from.day().unsigned_abs().into()))?;
        i8::try_from(day).ok()
    }

    /// Where a step of days leads beyond the month, and where the search goes on.
    pub(super) fn after_days(&self, from: Date) -> Option<(Date, Date)> {
        let length = u32::from(from.days_in_month().unsigned_abs());
        let begin = from.last_of_month().tomorrow().ok()?;
        let left = if self.from_end {
            self.day.left_over_from_end()
        } else {
            self.day.at_least(length + 1).map_or(0, |day| day - length - 1)
        };
        let left = begin.checked_add(jiff::Span::new().try_days(left).ok()?).ok()?;
        // The search goes on at the beginning of the month that the step led into.
        Some((left, left.first_of_month()))
    }

    pub(super) fn is_weekday(&self, date: Date) -> bool {
        self.weekdays >> date.weekday().to_monday_zero_offset() & 1 == 1
    }

    fn date_at_least(&self, from: Date) -> Option<Date> {
        let mut year = u32::from(from.year().unsigned_abs());
        loop {
            year = self.year.at_least(year).filter(|year| year <= YEARS.end())?;
            let this = i16::try_from(year).ok()?;
            let after = this != from.year();
            let first = if after { 1 } else { from.month() };
            let mut months = self.months & from_bit(first.unsigned_abs().into());
            while let Some(month) = lowest(months) {
                months &= months - 1;
                let month = i8::try_from(month).ok()?;
                let first = if after || month != from.month() { 1 } else { from.day() };
                let days = self.days_of(this, month) & from_bit(first.unsigned_abs().into());
                if let Some(day) = lowest(days) {
                    return Date::new(this, month, i8::try_from(day).ok()?).ok();
                }
            }
            year += 1;
        }
    }

    fn date_at_most(&self, to: Date) -> Option<Date> {
        let mut year = u32::from(to.year().unsigned_abs()).min(*YEARS.end());
        loop {
            // The epoch, in the zones west of it, lies in 1969.
            year = self.year.at_most(year).filter(|year| *year >= *YEARS.start() - 1)?;
            let this = i16::try_from(year).ok()?;
            let before = this != to.year();
            let last = if before { 12 } else { to.month() };
            let mut months = self.months & to_bit(last.unsigned_abs().into());
            while let Some(month) = highest(months) {
                months &= !(1 << month);
                let month = i8::try_from(month).ok()?;
                let last = if before || month != to.month() { 31 } else { to.day() };
                let days = self.days_of(this, month) & to_bit(last.unsigned_abs().into());
                if let Some(day) = highest(days) {
                    return Date::new(this, month, i8::try_from(day).ok()?).ok();
                }
            }
            year -= 1;
        }
    }

    /// The first time of a day from `from` on, in microseconds since midnight; or where the next day is entered.
    pub(super) fn time_at_least(&self, from: u64) -> Result<u64, Entry> {
        let (mut hour, mut minute, mut micro) = (from / HOUR, from % HOUR / MINUTE, from % MINUTE);
        let carry = self.carry;
        if self.hours >> hour & 1 == 1 {
            loop {
                if self.minutes >> minute & 1 == 1 {
                    if let Some(micro) = self.micro_at_least(micro) {
                        return Ok(hour * HOUR + minute * MINUTE + micro);
                    }
                    (minute, micro) = (minute + 1, carry.fraction);
                    if minute == 60 {
                        (hour, minute, micro) = (hour + 1, 0, carry.second + carry.fraction);
                        if hour == 24 {
                            return Err(Entry { at_day: micro, at_month: micro });
                        }
                        if self.hours >> hour & 1 == 0 {
                            break;
                        }
                    }
                } else if let Some(next) = lowest(self.minutes & from_bit(minute)) {
                    (minute, micro) = (next, 0);
                } else if hour == 23 {
                    return Err(Entry { at_day: carry.minute, at_month: carry.minute });
                } else {
                    (hour, minute, micro) = (hour + 1, 0, 0);
                    if self.hours >> hour & 1 == 0 {
                        break;
                    }
                }
            }
        }
        let none = Entry { at_day: 0, at_month: carry.hour };
        let hour = lowest(self.hours & from_bit(hour)).ok_or(none)?;
        let (minute, micro) = (lowest(self.minutes), self.micro_at_least(0));
        let (minute, micro) = minute.zip(micro).ok_or(none)?;
        Ok(hour * HOUR + minute * MINUTE + micro)
    }

    fn micro_at_least(&self, from: u64) -> Option<u64> {
        let micro = self.micro.at_least(u32::try_from(from).ok()?)?;
        Some(u64::from(micro)).filter(|micro| *micro < MINUTE)
    }

    /// Whether systemd passes over a time that matches, because a step carried over it. Such a time is a match to
    /// [`at_most`](Self::at_most).
    pub(super) fn is_passed_over(&self, at: Local) -> bool {
        if self.carry == Carry::default() {
            return false;
        }
        let units = [MINUTE, HOUR, DAY];
        units.into_iter().any(|unit| {
            let start = Local { time: at.time - at.time % unit, ..at };
            let last = start.before().and_then(|before| self.at_most(before));
            let next = last.and_then(Local::after).and_then(|after| self.at_least(after));
            next.is_some_and(|next| next > at)
        })
    }

    /// The last time of a day up to `to`.
    pub(super) fn time_at_most(&self, to: u64) -> Option<u64> {
        let (hour, minute, micro) = (to / HOUR, to % HOUR / MINUTE, to % MINUTE);
        let last = u64::from(self.micro.at_most(60 * SECOND - 1)?);
        if self.hours >> hour & 1 == 1 {
            if self.minutes >> minute & 1 == 1 {
                let micro = u32::try_from(micro).ok().and_then(|micro| self.micro.at_most(micro));
                if let Some(micro) = micro {
                    return Some(hour * HOUR + minute * MINUTE + u64::from(micro));
                }
            }
            let earlier = minute.checked_sub(1).and_then(|to| highest(self.minutes & to_bit(to)));
            if let Some(minute) = earlier {
                return Some(hour * HOUR + minute * MINUTE + last);
            }
        }
        let hour = highest(self.hours & to_bit(hour.checked_sub(1)?))?;
        Some(hour * HOUR + highest(self.minutes)? * MINUTE + last)
    }

    /// The minutes of a day in which something matches, as microseconds since midnight.
    pub(super) fn minutes_of_day(&self) -> impl Iterator<Item = u64> + Clone + '_ {
        let hours = (0..24).filter(|hour| self.hours >> hour & 1 == 1);
        hours.flat_map(|hour| {
            let minutes = (0..60).filter(|minute| self.minutes >> minute & 1 == 1);
            minutes.map(move |minute| hour * HOUR + minute * MINUTE)
        })
    }

    pub(super) fn micro(&self) -> &Field {
        &self.micro
    }
}

impl Local {
    pub(super) fn new(at: DateTime) -> Self {
        let number = |value: i8| u64::from(value.unsigned_abs());
        let clock = number(at.hour()) * HOUR
            + number(at.minute()) * MINUTE
            + number(at.second()) * u64::from(SECOND);
        let fraction = u64::from(at.subsec_nanosecond().unsigned_abs()) / 1000;
        Self { date: at.date(), time: clock + fraction }
    }

    pub(super) fn datetime(self) -> Option<DateTime> {
        let small = |value: u64| i8::try_from(value).ok();
        let nanos = i32::try_from(self.time % u64::from(SECOND) * 1000).ok()?;
        let (hour, minute) = (small(self.time / HOUR)?, small(self.time % HOUR / MINUTE)?);
        let second = small(self.time % MINUTE / u64::from(SECOND))?;
        let time = jiff::civil::Time::new(hour, minute, second, nanos).ok()?;
        Some(DateTime::from_parts(self.date, time))
    }

    /// One microsecond later.
    fn after(self) -> Option<Self> {
        if self.time + 1 < DAY {
            return Some(Self { time: self.time + 1, ..self });
        }
        Some(Self { date: self.date.tomorrow().ok()?, time: 0 })
    }

    /// One microsecond earlier.
    fn before(self) -> Option<Self> {
        match self.time.checked_sub(1) {
            Some(time) => Some(Self { time, ..self }),
            None => Some(Self { date: self.date.yesterday().ok()?, time: DAY - 1 }),
        }
    }
}

/// The last whole microsecond at or before an instant.
fn micros(instant: Timestamp) -> i64 {
    i64::try_from(instant.as_nanosecond().div_euclid(1000)).unwrap_or(i64::MIN)
}

impl Calendar {
    pub(super) fn after(&self, base: Timestamp) -> Option<Timestamp> {
        // systemd's clock has no time before 1970.
        let start = Timestamp::from_microsecond(micros(base).saturating_add(1).max(0)).ok()?;
        let mut from = Local::new(self.clock.to_datetime(start));
        if let Some(half) = self.half {
            return self.after_in_half(from, half).filter(|found| *found > base);
        }
        let changes = self.pattern.leads_far && self.clock.to_fixed_offset().is_err();
        loop {
            let found = if changes {
                self.pattern.at_least_on(&self.clock, from)?
            } else {
                self.pattern.at_least(from)?
            };
            match place(&self.clock, found.datetime()?)? {
                Place::Once(instant) => return Some(instant),
                // The first time has passed only for a base that lies in the second pass itself.
                Place::Twice(first, second) => {
                    return Some(if first > base { first } else { second });
                }
                Place::Missing { end, .. } => from = Local::new(end),
            }
        }
    }

    pub(super) fn before(&self, base: Timestamp) -> Option<Timestamp> {
        let last = i64::try_from((base.as_nanosecond() - 1).div_euclid(1000)).ok()?;
        // Years are numbers without a sign from here on.
        let last = Timestamp::from_microsecond(last.min(BEYOND)).ok()?;
        if last < Timestamp::UNIX_EPOCH {
            return None;
        }
        if let Some(half) = self.half {
            return self.before_in_half(last, half);
        }
        let mut to = Local::new(shown_until(&self.clock, last));
        loop {
            let found = self.pattern.at_most(to)?;
            if self.pattern.is_passed_over(found) {
                to = found.before()?;
                continue;
            }
            match place(&self.clock, found.datetime()?)? {
                Place::Once(instant) | Place::Twice(instant, _) => {
                    return Some(instant).filter(|instant| *instant >= Timestamp::UNIX_EPOCH);
                }
                Place::Missing { begin, .. } => to = Local::new(begin).before()?,
            }
        }
    }

    /// systemd gives up where its search meets the other half of the year: at its start, at the beginning of the month or
    /// day that it goes on to, or at what it finds.
    fn after_in_half(&self, from: Local, half: Dst) -> Option<Timestamp> {
        let shown = |local: Local| in_half(&self.clock, local.datetime()?, half);
        shown(from)?;
        let found = self.pattern.at_least(from)?;
        let month = Local { date: found.date.first_of_month(), time: 0 };
        let day = Local { date: found.date, time: 0 };
        for passed in [month, day].into_iter().filter(|passed| *passed > from) {
            shown(passed)?;
        }
        shown(found)
    }

    fn before_in_half(&self, last: Timestamp, half: Dst) -> Option<Timestamp> {
        let mut to = Local::new(self.clock.to_datetime(last));
        loop {
            let found = self.pattern.at_most(to)?;
            let shown = in_half(&self.clock, found.datetime()?, half);
            if let Some(shown) = shown.filter(|shown| *shown <= last) {
                let passed = self.pattern.is_passed_over(found);
                if !passed {
                    return Some(shown).filter(|shown| *shown >= Timestamp::UNIX_EPOCH);
                }
                to = found.before()?;
                continue;
            }
            // In the other half: on to where that began.
            let (Place::Once(instant) | Place::Twice(instant, _)) =
                place(&self.clock, found.datetime()?)?
            else {
                to = found.before()?;
                continue;
            };
            let turn = self.clock.preceding(instant).next()?.timestamp();
            let before = turn.checked_sub(jiff::SignedDuration::from_micros(1)).ok()?;
            to = Local::new(self.clock.to_datetime(before)).min(found.before()?);
        }
    }
}
