//! The hour, day, week, month and year that an instant falls into.

use jiff::tz::Offset;

/// Seconds in a day.
const DAY: i64 = 86_400;

/// A number for each period that an instant lies in, counted from 1970. Two instants have the same
/// number exactly if they lie in the same hour, day, ISO week, month or year of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Days since 1 January 1970.
    pub day: i64,
    /// Hours since then.
    pub hour: i64,
    /// Weeks that begin on Monday. An ISO year has whole weeks, so that the week of 30 December is the
    /// same as that of 2 January of the next year if both lie between one Monday and the next.
    pub week: i64,
    /// Months since year 0.
    pub month: i64,
    /// The year of our calendar (proleptic).
    pub year: i64,
}

impl Buckets {
    /// Of the instant so many seconds after 1970 began in UTC, on clocks that show `offset`.
    pub fn of(second: i64, offset: Offset) -> Self {
        let local = second + i64::from(offset.seconds());
        let day = local.div_euclid(DAY);
        let (year, month) = month_of(day);
        Self {
            day,
            hour: local.div_euclid(3600),
            // 1 January 1970 was a Thursday: the Monday before it is day -3.
            week: (day + 3).div_euclid(7),
            month,
            year,
        }
    }

    /// As [`of`](Self::of), for an instant close to the one that this belongs to: the calendar is asked
    /// only if the day is another.
    #[must_use]
    pub fn next(&self, second: i64, offset: Offset) -> Self {
        let local = second + i64::from(offset.seconds());
        if local.div_euclid(DAY) == self.day {
            Self { hour: local.div_euclid(3600), ..*self }
        } else {
            Self::of(second, offset)
        }
    }
}

/// The year and the month (counted from year 0) that a day lies in. The year is counted from March, so
/// that the leap day is its last, in eras of 400 years, which all have the same days.
fn month_of(day: i64) -> (i64, i64) {
    // 1 March of year 0 is day -719468.
    let since = day + 719_468;
    let (era, of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let months = (era * 400 + year_of_era) * 12 + from_march + 2;
    (months.div_euclid(12), months)
}

/// The day that the given one of a month is, also if the month is shorter: 31 February is 3 March (or 2
/// March), as in Go's `time.Date`. Months and days may be any number.
pub(crate) fn day_of(year: i128, month: i128, day: i128) -> i128 {
    let months = year * 12 + (month - 1) - 2;
    let (from_march_year, from_march) = (months.div_euclid(12), months.rem_euclid(12));
    let (era, of_era) = (from_march_year.div_euclid(400), from_march_year.rem_euclid(400));
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
