//! Where an open step leaves its field across a change of the clock.
//!
//! systemd adds the step, lets the C library turn day 39 into the 11th of the next month, and goes back to that month's
//! beginning; but it keeps the half of the year that the 11th is in (`tm_isdst`). If the beginning is in the other half, it is
//! misread by an hour: into the day before, from where the same step leads to the same place for ever, until systemd gives up
//! and the timer fails; or an hour too late. So `*-2/7-1` never elapses again in Berlin once September is over, and `0/16:00`
//! fails on the evening before the clocks go forward.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Dst, TimeZone};

use super::elapse::{Local, Pattern};
use super::zone::{Place, place};

/// Rounds after which systemd gives up (`MAX_CALENDAR_ITERATIONS`).
const ROUNDS: usize = 1000;

/// Where the search goes on from `begin`, after a step led to `left`. None: in circles.
fn go_on(zone: &TimeZone, left: Local, begin: Local) -> Option<Local> {
    if left == begin {
        return Some(begin);
    }
    let summer = |instant: Timestamp| zone.to_offset_info(instant).dst() == Dst::Yes;
    let stepped = zone.to_ambiguous_timestamp(left.datetime()?).compatible().ok()?;
    // Where a whole day is left out, the step led into the next.
    let begin = if begin.date == left.date {
        Local { date: zone.to_datetime(stepped).date(), ..begin }
    } else {
        begin
    };
    match (summer(stepped), place(zone, begin.datetime()?)?) {
        (true, Place::Missing { .. }) => None,
        (true, Place::Once(instant)) if !summer(instant) => None,
        (false, Place::Once(instant)) if summer(instant) => {
            // Read in the other half, it is that much later.
            let late = zone.to_offset(instant).seconds() - zone.to_offset(stepped).seconds();
            let instant = instant.checked_add(jiff::SignedDuration::from_secs(late.into())).ok()?;
            Some(Local::new(zone.to_datetime(instant)))
        }
        _ => Some(begin),
    }
}

impl Pattern {
    /// As [`at_least`](Self::at_least), on a clock that changes. The way of systemd, field by field.
    pub(super) fn at_least_on(&self, zone: &TimeZone, mut from: Local) -> Option<Local> {
        for _ in 0..ROUNDS {
            let at = |date: Date| Local { date, time: 0 };
            let entered = self.year_at_least(from.date)?;
            if entered != from.date {
                from = at(entered);
            }
            let Some(month) = self.month_at_least(from.date) else {
                let (left, begin) = self.after_months(from.date)?;
                from = go_on(zone, at(left), at(begin))?;
                continue;
            };
            if month != from.date.month() {
                from = at(Date::new(from.date.year(), month, 1).ok()?);
            }
            let Some(day) = self.day_at_least(from.date) else {
                let (left, begin) = self.after_days(from.date)?;
                from = go_on(zone, at(left), at(begin))?;
                continue;
            };
            if day != from.date.day() {
                from = at(Date::new(from.date.year(), from.date.month(), day).ok()?);
            }
            if !self.is_weekday(from.date) {
                from = at(from.date.tomorrow().ok()?);
                continue;
            }
            let entry = match self.time_at_least(from.time) {
                Ok(time) => return Some(Local { time, ..from }),
                Err(entry) => entry,
            };
            let date = from.date.tomorrow().ok()?;
            let kept = if date.day() == 1 { entry.at_month } else { entry.at_day };
            let left = Local { date, time: entry.at_month };
            from = go_on(zone, left, Local { date, time: kept })?;
        }
        None
    }
}
