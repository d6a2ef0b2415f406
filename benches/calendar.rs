//! Calendar expressions, beside the conversion of one instant to a clock's time and back.
//!
//! | group | subject | floor |
//! |---|---|---|
//! | `calendar-next` | the next elapse of 8 expressions in Berlin, after each of 1,000 instants | the conversions alone, as often |
//! | `calendar-never` | finding out that three expressions never elapse | walking over every month up to 2199, three times |

#![allow(missing_docs)]

use std::hint::black_box;

use backup_spec::calendar::Calendar;
use benches::measure;
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const EXPRESSIONS: [&str; 8] = [
    "daily",
    "hourly",
    "*:0/15",
    "Mon..Fri *-*-* 02:30",
    "*-*-01 04:00",
    "Sun *-*-* 03:17:30",
    "Mon *-*~07/1 12:00",
    "*-1,4,7,10-1..7 0/6:30",
];

const NEVER: [&str; 3] = ["*-02-30", "Sun *-03-25..31 02:30 Europe/Berlin", "Mon *-04-31"];

fn next(c: &mut Criterion) {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let read = |text: &&str| Some(text.parse::<Calendar>().ok()?.in_zone(zone.clone()));
    let calendars: Vec<Calendar> = EXPRESSIONS.iter().filter_map(read).collect();
    // Two years, 17 hours apart and a little.
    let bases = (0..1000).map(|n| Timestamp::from_second(1_700_000_000 + n * 63_211));
    let bases: Vec<Timestamp> = bases.filter_map(Result::ok).collect();
    let subject = || {
        let next = |calendar: &Calendar| {
            let after =
                |base: &Timestamp| calendar.next_after(*base).map_or(0, Timestamp::as_second);
            bases.iter().map(after).fold(0, i64::wrapping_add)
        };
        black_box(&calendars).iter().map(next).fold(0, i64::wrapping_add)
    };
    let floor = || {
        let there_and_back = |base: &Timestamp| {
            let local = black_box(&zone).to_datetime(*base);
            zone.to_ambiguous_timestamp(local).compatible().map_or(0, Timestamp::as_second)
        };
        let once = |_: &Calendar| bases.iter().map(there_and_back).fold(0, i64::wrapping_add);
        calendars.iter().map(once).fold(0, i64::wrapping_add)
    };
    measure(c, "calendar-next", subject, floor);
}

fn never(c: &mut Criterion) {
    let read = |text: &&str| text.parse::<Calendar>().ok();
    let calendars: Vec<Calendar> = NEVER.iter().filter_map(read).collect();
    let base = Timestamp::from_second(1_700_000_000).unwrap_or_default();
    let subject = || {
        black_box(&calendars).iter().filter(|calendar| calendar.next_after(base).is_err()).count()
    };
    let months = || {
        let first = |year: i16, month: i8| {
            Date::new(year, month, 1).map_or(0, |date| date.weekday().to_monday_zero_offset())
        };
        let year = |year: i16| (1..=12).map(|month| i64::from(first(year, month))).sum::<i64>();
        (0..3).map(|_| (black_box(2023)..2200).map(year).sum::<i64>()).sum::<i64>()
    };
    measure(c, "calendar-never", subject, months);
}

criterion_group!(calendars, next, never);
criterion_main!(calendars);
