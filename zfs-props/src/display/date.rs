//! Dates, as `zfs get` prints them.

use core::fmt;

/// `Sat Nov 21 10:13 2026`, and with seconds `Sat Nov 21 10:13:28 2026`, in UTC (OpenZFS asks
/// strftime(3) for `%a %b %e %k:%M %Y`). A time that has no such date is printed in digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    /// Seconds since 1970; as OpenZFS has it, more than 2^63 are seconds before.
    pub(super) time: u64,
    pub(super) with_seconds: bool,
}

const DAY: i64 = 24 * 60 * 60;
/// From 1970-01-01, a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
/// From March on: leap days come last in a year so.
const MONTHS: [&str; 12] =
    ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = i64::from_ne_bytes(self.time.to_ne_bytes());
        let (days, second) = (time.div_euclid(DAY), time.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        // What the C library keeps the years since 1900 in.
        if i32::try_from(year - 1900).is_err() {
            return write!(f, "{}", self.time);
        }
        let weekday = name(&WEEKDAYS, days.rem_euclid(7));
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{weekday} {} {day:2} {hour:2}:{minute:02}", name(&MONTHS, month))?;
        if self.with_seconds {
            write!(f, ":{:02}", second % 60)?;
        }
        write!(f, " {year}")
    }
}

fn name(names: &[&'static str], number: i64) -> &'static str {
    usize::try_from(number).ok().and_then(|number| names.get(number)).copied().unwrap_or_default()
}

/// Year, month from March = 0, and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Counts from the first of March of year 0, in cycles of 400 years.
fn civil(days: i64) -> (i64, i64, i64) {
    const CYCLE: i64 = 146_097;
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(CYCLE), days.rem_euclid(CYCLE));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, over and over.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    (cycle * 400 + year + i64::from(month >= 10), month, day)
}
