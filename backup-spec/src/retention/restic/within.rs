//! `--keep-within`: a span of calendar years, months and days, and of hours.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::retention::bucket::day_of;

/// What a duration reaches back from: a time, and the clock that days and months are counted on.
///
/// restic reads a time whose offset is that of the machine's zone then as one of that zone, so that its days have 23
/// and 25 hours as well; any other as one of that fixed offset, and `Z` as UTC (`parseRFC3339` of Go's time package).
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'z> {
    time: Timestamp,
    offset: Offset,
    /// The machine's zone, if the time is one of it.
    zone: Option<&'z TimeZone>,
}

impl<'z> Start<'z> {
    pub(super) fn new(time: Timestamp, offset: Offset, zone: &'z TimeZone) -> Self {
        let is_local = offset != Offset::UTC && zone.to_offset(time) == offset;
        Self { time, offset, zone: is_local.then_some(zone) }
    }

    /// The seconds since 1970 when the clock shows a time, given as if it were UTC. Of a time that it shows twice or never, the
    /// one that Go's `time.Date` takes: by the offset that is in force where the time is if read with the offset of its
    /// namesake in UTC.
    fn instant(&self, local: i128) -> i128 {
        let fixed = i128::from(self.offset.seconds());
        let Some(zone) = self.zone else { return local - fixed };
        let offset = |second: i128| {
            let second = i64::try_from(second).ok();
            let then = second.and_then(|second| Timestamp::from_second(second).ok());
            then.map_or(fixed, |then| i128::from(zone.to_offset(then).seconds()))
        };
        match offset(local) {
            0 => local,
            first => local - offset(local - first),
        }
    }
}

/// How far back from the newest snapshot: `1y5m7d2h`. `m` is a **month**; there are no weeks.
///
/// Years, months and days are those of the calendar, subtracted as Go's `AddDate` does it: three months
/// before 31 May is "31 February", which is 2 or 3 March.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Within {
    /// Calendar years.
    pub years: u32,
    /// Calendar months.
    pub months: u32,
    /// Days.
    pub days: u32,
    /// Hours of 3600 seconds.
    pub hours: u32,
}

/// Not a duration of restic's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WithinError {
    /// Something stands where a number should.
    #[error("`{0}`: a number is expected, then one of y (years), m (months), d (days), h (hours)")]
    NoNumber(String),
    /// A number without a unit, or with another one.
    #[error("`{0}`: after a number comes one of y (years), m (months), d (days), h (hours)")]
    NoUnit(String),
    /// restic reads negative numbers, and then refuses to act on them.
    #[error("`{0}`: a duration must not be negative")]
    Negative(String),
    /// A number that no calendar reaches.
    #[error("`{0}`: the number is too large")]
    TooLarge(String),
}

impl Within {
    /// Whether there is nothing, which to restic is the same as no such option.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// The instant that lies so far before another, in seconds since 1970 and nanoseconds of the second.
    /// It may be earlier than any [`Timestamp`].
    pub(super) fn before(self, latest: Start<'_>) -> (i128, i32) {
        let civil = latest.offset.to_datetime(latest.time);
        let day = day_of(
            i128::from(civil.year()) - i128::from(self.years),
            i128::from(civil.month()) - i128::from(self.months),
            i128::from(civil.day()) - i128::from(self.days),
        );
        let of_day = i128::from(civil.hour()) * 3600
            + i128::from(civil.minute()) * 60
            + i128::from(civil.second());
        let second = latest.instant(day * 86_400 + of_day) - i128::from(self.hours) * 3600;
        (second, civil.subsec_nanosecond())
    }
}

/// As restic writes it: largest first, without what is 0.
impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [(self.years, 'y'), (self.months, 'm'), (self.days, 'd'), (self.hours, 'h')];
        fields
            .iter()
            .filter(|(number, _)| *number != 0)
            .try_for_each(|(n, unit)| write!(f, "{n}{unit}"))
    }
}

impl FromStr for Within {
    type Err = WithinError;

    /// A unit given twice: the last one counts. Nothing at all is no duration.
    fn from_str(text: &str) -> Result<Self, WithinError> {
        let whole = || text.to_owned();
        let (mut within, mut rest) = (Self::default(), text.trim());
        while !rest.is_empty() {
            let digits = rest.strip_prefix('-').unwrap_or(rest);
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let (number, after) = digits.split_at_checked(end).unwrap_or((digits, ""));
            if number.is_empty() {
                return Err(WithinError::NoNumber(whole()));
            }
            let number: u32 = number.parse().map_err(|_| WithinError::TooLarge(whole()))?;
            let mut after = after.chars();
            let field = match after.next() {
                Some('y') => &mut within.years,
                Some('m') => &mut within.months,
                Some('d') => &mut within.days,
                Some('h') => &mut within.hours,
                _ => return Err(WithinError::NoUnit(whole())),
            };
            if digits.len() < rest.len() && number > 0 {
                return Err(WithinError::Negative(whole()));
            }
            *field = number;
            rest = after.as_str();
        }
        Ok(within)
    }
}
