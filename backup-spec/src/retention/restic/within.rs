//! `--keep-within`: a span of calendar years, months and days, and of hours.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::retention::bucket::day_of;

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
    pub(super) fn before(self, latest: Timestamp, offset: Offset) -> (i128, i32) {
        let civil = offset.to_datetime(latest);
        let day = day_of(
            i128::from(civil.year()) - i128::from(self.years),
            i128::from(civil.month()) - i128::from(self.months),
            i128::from(civil.day()) - i128::from(self.days),
        );
        let of_day = i128::from(civil.hour()) * 3600
            + i128::from(civil.minute()) * 60
            + i128::from(civil.second());
        let local = day * 86_400 + of_day - i128::from(self.hours) * 3600;
        (local - i128::from(offset.seconds()), civil.subsec_nanosecond())
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
