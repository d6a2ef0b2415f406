//! The local clock as Perl shows it: `localtime`, and its inverse `timelocal` of `Time::Local` 1.30.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::retention::bucket::day_of;

/// A number that `timelocal` refuses. sanoid then stops, for every dataset.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{what} {value} is out of range: there is no such {what} this month or at all")]
pub struct OutOfRange {
    /// `month`, `day`, `hour` or `minute`.
    pub what: &'static str,
    /// The number (a month counts from 1).
    pub value: f64,
}

/// What a clock on the wall then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wall {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// Sunday is 0.
    pub(super) weekday: i64,
    pub(super) is_dst: bool,
}

impl Wall {
    /// The seconds since 1970 if this were UTC.
    fn as_utc(self) -> i64 {
        let day = day_of(self.year.into(), self.month.into(), self.day.into());
        let of_day = self.hour * 3600 + self.minute * 60 + self.second;
        i64::try_from(day).unwrap_or(0) * 86_400 + of_day
    }
}

/// The time of a run, and the zone it is read in.
#[derive(Clone, Debug)]
pub(super) struct Clock<'z> {
    zone: &'z TimeZone,
    /// Seconds since 1970.
    pub(super) now: i64,
    pub(super) wall: Wall,
    /// 3600 if summer time ended today, before now.
    pub(super) ended_dst: f64,
}

impl<'z> Clock<'z> {
    pub(super) fn new(now: Timestamp, zone: &'z TimeZone) -> Self {
        let second = now.as_second();
        let wall = wall(zone, second);
        let mut clock = Self { zone, now: second, wall, ended_dst: 0.0 };
        let day_start = clock.instant(wall.month, [day_as_f64(wall.day), 0.0, 0.0]).unwrap_or(0.0);
        if clock.is_dst(day_start) && !wall.is_dst {
            clock.ended_dst = 3600.0;
        }
        clock
    }

    /// Whether it is summer time then.
    pub(super) fn is_dst(&self, second: f64) -> bool {
        self.wall_at(second).is_dst
    }

    fn wall_at(&self, second: f64) -> Wall {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "to whole seconds, as localtime does it"
        )]
        wall(self.zone, second.floor() as i64)
    }

    /// When the clock shows a time of this year, `[day, hour, minute]` of a month; as `timelocal` has it,
    /// which in a gap or a repeated hour is not what one would expect.
    pub(super) fn instant(
        &self,
        month: i64,
        [day, hour, minute]: [f64; 3],
    ) -> Result<f64, OutOfRange> {
        let refuse = |what, value| Err(OutOfRange { what, value });
        if !(1..=12).contains(&month) {
            return refuse("month", day_as_f64(month));
        }
        let days = days_of(self.wall.year, month);
        if !(day >= 1.0 && day <= day_as_f64(days)) {
            return refuse("day", day);
        }
        if !(0.0..=23.0).contains(&hour) {
            return refuse("hour", hour);
        }
        if !(0.0..=59.0).contains(&minute) {
            return refuse("minute", minute);
        }
        let first = Wall { month, day: 1, hour: 0, minute: 0, second: 0, ..self.wall }.as_utc();
        let shown = day_as_f64(first) + (day - 1.0) * 86_400.0 + hour * 3600.0 + minute * 60.0;
        let as_utc = |second: f64| day_as_f64(self.wall_at(second).as_utc());

        let offset = as_utc(shown) - shown;
        if offset == 0.0 {
            return Ok(shown);
        }
        let mut instant = shown - offset;
        let off_by = shown - as_utc(instant);
        if off_by == 0.0 && shown - 3600.0 - as_utc(instant - 3600.0) < 0.0 {
            return Ok(instant - 3600.0);
        }
        instant += off_by;
        if off_by > 0.0 {
            return Ok(instant);
        }
        let then = self.wall_at(instant);
        #[allow(clippy::float_cmp, reason = "as Perl does it")]
        let is_other =
            then.second != 0 || day_as_f64(then.minute) != minute || day_as_f64(then.hour) != hour;
        Ok(if is_other { instant - off_by } else { instant })
    }

    /// `YYYY-MM-DD_HH:MM:SS`, as in names.
    pub(super) fn stamp(&self) -> String {
        let Wall { year, month, day, hour, minute, second, .. } = self.wall;
        format!("{year}-{month:02}-{day:02}_{hour:02}:{minute:02}:{second:02}")
    }
}

/// A small whole number as Perl's arithmetic has it.
#[allow(clippy::cast_precision_loss, reason = "seconds of years up to 9999 are exact")]
pub(super) fn day_as_f64(number: i64) -> f64 {
    number as f64
}

fn days_of(year: i64, month: i64) -> i64 {
    let first = |month: i64| day_of(year.into(), month.into(), 1);
    i64::try_from(first(month + 1) - first(month)).unwrap_or(31)
}

fn wall(zone: &TimeZone, second: i64) -> Wall {
    let timestamp = Timestamp::from_second(second).unwrap_or_default();
    let info = zone.to_offset_info(timestamp);
    let civil = info.offset().to_datetime(timestamp);
    Wall {
        year: civil.year().into(),
        month: civil.month().into(),
        day: civil.day().into(),
        hour: civil.hour().into(),
        minute: civil.minute().into(),
        second: civil.second().into(),
        weekday: civil.weekday().to_sunday_zero_offset().into(),
        is_dst: info.dst().is_dst(),
    }
}
