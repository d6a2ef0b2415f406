//! The last time a snapshot of a type was due.

use super::clock::{Clock, OutOfRange, day_as_f64};
use crate::sanoid::{Marks, Type};

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// When a snapshot of this type was due last, in seconds since 1970.
///
/// The mark of the current hour, day, week, month or year is tried first; one that is still to come is
/// moved back by a period: 31 days for a month, and for a year 31 times 365.25 days (a slip of sanoid's:
/// until its mark, no yearly snapshot is due as long as there is one at all). One that is ahead by more than
/// that stays ahead, and is due at every run: a weekday from 7 on, an hourly mark past the full hour on the day
/// on which summer time ends.
pub(super) fn last_mark(kind: Type, marks: &Marks, clock: &Clock<'_>) -> Result<f64, OutOfRange> {
    let (now, wall) = (day_as_f64(clock.now), clock.wall);
    let today =
        |hour: f64, minute: f64| clock.instant(wall.month, [day_as_f64(wall.day), hour, minute]);
    let hour = day_as_f64(wall.hour);
    let (mut mark, period) = match kind {
        Type::Frequently => {
            let period = marks.frequent_period;
            if period == 0.0 {
                return Err(OutOfRange { what: "minute", value: period });
            }
            let slice = (day_as_f64(wall.minute) / period).trunc();
            (today(hour, slice * period)?, 60.0 * period)
        }
        // An hour that is shown twice is taken twice.
        Type::Hourly => (today(hour, marks.hourly_min)? + clock.ended_dst, HOUR),
        Type::Daily => {
            let mut mark = today(marks.daily_hour, marks.daily_min)? + clock.ended_dst;
            if wall.is_dst && !clock.is_dst(mark) {
                mark -= HOUR;
            }
            (mark, DAY + 2.0 * clock.ended_dst)
        }
        Type::Weekly => {
            let days = marks.weekly_wday - day_as_f64(wall.weekday);
            let ahead = if days < 0.0 { days + 7.0 } else { days };
            (today(marks.weekly_hour, marks.weekly_min)? + ahead * DAY, 7.0 * DAY)
        }
        Type::Monthly => {
            let mark = [marks.monthly_mday, marks.monthly_hour, marks.monthly_min];
            (clock.instant(wall.month, mark)?, 31.0 * DAY)
        }
        Type::Yearly => {
            #[allow(
                clippy::cast_possible_truncation,
                reason = "a month is looked up by its whole number"
            )]
            let month = marks.yearly_mon.floor() as i64;
            let mark = [marks.yearly_mday, marks.yearly_hour, marks.yearly_min];
            (clock.instant(month, mark)?, 31.0 * 365.25 * DAY)
        }
    };
    if mark > now {
        mark -= period;
    }
    Ok(mark)
}
