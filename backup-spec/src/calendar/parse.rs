//! Reading an expression as systemd 257 does (systemd.time(7); `calendar_spec_from_string` of `calendarspec.c`).

use super::error::{CalendarError, Fault, FieldName};
use super::field::{Field, Part, SECOND};
use super::zone::Zone;
use super::{Calendar, When};

/// Years an expression may name.
pub(super) const YEARS: std::ops::RangeInclusive<u32> = 1970..=2199;
/// Parts in one field.
const PARTS: usize = 241;
/// The largest number systemd holds: its fields are signed, of 32 bits.
const MAX: u64 = i32::MAX as u64;

/// Weekdays, the long name first: what begins with a short one has to be it.
const WEEKDAYS: [(&str, &str); 7] = [
    ("monday", "mon"),
    ("tuesday", "tue"),
    ("wednesday", "wed"),
    ("thursday", "thu"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
];

/// Words for whole expressions.
const WORDS: [(&str, &str); 13] = [
    ("minutely", "*-*-* *:*:00"),
    ("hourly", "*-*-* *:00:00"),
    ("daily", "*-*-* 00:00:00"),
    ("weekly", "Mon *-*-* 00:00:00"),
    ("monthly", "*-*-01 00:00:00"),
    ("yearly", "*-01-01 00:00:00"),
    ("annually", "*-01-01 00:00:00"),
    ("anually", "*-01-01 00:00:00"),
    ("quarterly", "*-01,04,07,10-01 00:00:00"),
    ("semiannually", "*-01,07-01 00:00:00"),
    ("semi-annually", "*-01,07-01 00:00:00"),
    ("biannually", "*-01,07-01 00:00:00"),
    ("bi-annually", "*-01,07-01 00:00:00"),
];

impl std::str::FromStr for Calendar {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let (body, zone) = split_zone(text)?;
        if body.is_empty() {
            return Err(CalendarError::new(text, 0, Fault::Empty));
        }
        let word = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(body));
        let read = word.map_or(body, |(_, means)| means);
        let mut input = Input { text: read, at: 0 };
        let parsed = expression(&mut input);
        let (when, epoch) =
            parsed.map_err(|fault| CalendarError::new(text, input.at.min(text.len()), fault))?;
        Ok(Calendar::new(when, if epoch { Zone::Utc } else { zone }))
    }
}

/// The expression and the zone at its end. What looks like a zone but is none is left where it is, and refused there.
fn split_zone(text: &str) -> Result<(&str, Zone), CalendarError> {
    let Some((body, name)) = text.rsplit_once(' ') else { return Ok((text, Zone::Local)) };
    if name.eq_ignore_ascii_case("UTC") {
        return Ok((body, Zone::Utc));
    }
    let like_a_zone = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !WEEKDAYS
            .iter()
            .any(|(long, short)| [*long, *short].iter().any(|day| starts_with(name, day)));
    match Zone::named(name) {
        Ok(zone) => Ok((body, zone)),
        Err(fault) if like_a_zone => Err(CalendarError::new(text, body.len() + 1, fault)),
        Err(_) => Ok((text, Zone::Local)),
    }
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

struct Input<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Input<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn at_end_or(&self, also: &[u8]) -> bool {
        self.peek().is_none_or(|byte| also.contains(&byte))
    }

    fn skip_blanks(&mut self) {
        while self.take(" ") {}
    }

    fn digits(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }
}

/// The fields, and whether they come from `@SECONDS`, which is UTC whatever zone is named.
fn expression(input: &mut Input<'_>) -> Result<(When, bool), Fault> {
    let weekdays = weekdays(input)?;
    if input.take("@") {
        let mut when = epoch(input)?;
        when.weekdays = weekdays;
        return if input.rest().is_empty() { check(when, true) } else { Err(Fault::Trailing) };
    }
    let mut when = date(input)?;
    time(input, &mut when)?;
    when.weekdays = weekdays;
    check(when, false)
}

/// Weekdays as bits, Monday the lowest; 0 where none is named. A list may end in a comma.
fn weekdays(input: &mut Input<'_>) -> Result<u8, Fault> {
    let mut bits = 0;
    let mut open: Option<usize> = None;
    loop {
        let found = WEEKDAYS.iter().enumerate().find_map(|(day, (long, short))| {
            let name = [*long, *short].into_iter().find(|name| starts_with(input.rest(), name))?;
            Some((day, name.len()))
        });
        let Some((day, length)) = found else {
            return if bits == 0 { Ok(0) } else { Err(Fault::Weekday) };
        };
        let start = input.at;
        input.at += length;
        if !input.at_end_or(b"-., ") {
            input.at = start;
            return Err(Fault::Weekday);
        }
        let from = open.take();
        let first = from.unwrap_or(day);
        if first > day {
            return Err(Fault::WeekdayRange);
        }
        bits |= (first..=day).fold(0, |bits, day| bits | 1 << day);
        if input.at_end_or(b" ") {
            input.skip_blanks();
            return Ok(bits);
        }
        if !input.take(",") {
            if from.is_some() || !(input.take("..") || input.take("-")) {
                return Err(Fault::WeekdayRange);
            }
            open = Some(day);
        }
        if input.at_end_or(b" ") {
            input.skip_blanks();
            return if open.is_none() { Ok(bits) } else { Err(Fault::WeekdayRange) };
        }
    }
}

/// `@SECONDS` since 1970. systemd reads the number with `strtoul(3)`: blanks and a plus may stand before it.
fn epoch(input: &mut Input<'_>) -> Result<When, Fault> {
    while input.peek().is_some_and(|byte| byte == b' ' || (9..=13).contains(&byte)) {
        input.at += 1;
    }
    let _ = input.take("+");
    let digits = input.digits();
    if digits.is_empty() {
        return Err(Fault::Number);
    }
    let out = Fault::Range(FieldName::Year);
    let seconds: i64 = digits.parse().map_err(|_| out)?;
    let instant = jiff::Timestamp::from_second(seconds).map_err(|_| out)?;
    let civil = jiff::tz::Offset::UTC.to_datetime(instant);
    let one = |value: i16| Field::new(vec![Part::one(u32::from(value.unsigned_abs()))]);
    let small = |value: i8| one(value.into());
    Ok(When {
        weekdays: 0,
        year: one(civil.year()),
        month: small(civil.month()),
        day: small(civil.day()),
        from_end: false,
        hour: small(civil.hour()),
        minute: small(civil.minute()),
        micro: Field::new(vec![Part::one(u32::from(civil.second().unsigned_abs()) * SECOND)]),
    })
}

/// The date, if one stands here; every day otherwise. The time is left for later.
fn date(input: &mut Input<'_>) -> Result<When, Fault> {
    let any = || When {
        weekdays: 0,
        year: Field::default(),
        month: Field::default(),
        day: Field::default(),
        from_end: false,
        hour: Field::default(),
        minute: Field::default(),
        micro: Field::default(),
    };
    if input.rest().is_empty() {
        return Ok(any());
    }
    let start = input.at;
    let first = chain(input, 1)?;
    // Then it was the hour; without a colon, reading the time refuses it.
    if input.at_end_or(b":") {
        input.at = start;
        return Ok(any());
    }
    let from_end = day_follows(input)?;
    let second = chain(input, 1)?;
    let when = if input.at_end_or(b" ") {
        When { month: Field::new(first), day: Field::new(second), from_end, ..any() }
    } else if from_end {
        return Err(Fault::Shape);
    } else {
        let from_end = day_follows(input)?;
        let third = chain(input, 1)?;
        if !input.at_end_or(b" ") {
            return Err(Fault::Shape);
        }
        let year = Field::new(first.into_iter().map(century).collect());
        let (month, day) = (Field::new(second), Field::new(third));
        When { year, month, day, from_end, ..any() }
    };
    input.skip_blanks();
    Ok(when)
}

/// `-` or `~`, which counts from the month's end.
fn day_follows(input: &mut Input<'_>) -> Result<bool, Fault> {
    let from_end = input.take("~");
    if from_end || input.take("-") { Ok(from_end) } else { Err(Fault::Shape) }
}

/// The time of day; midnight where none stands here.
fn time(input: &mut Input<'_>, when: &mut When) -> Result<(), Fault> {
    let zero = || Field::new(vec![Part::one(0)]);
    (when.hour, when.minute, when.micro) = (zero(), zero(), zero());
    if input.rest().is_empty() {
        return Ok(());
    }
    when.hour = Field::new(chain(input, 1)?);
    if !input.take(":") {
        return Err(Fault::Shape);
    }
    when.minute = Field::new(chain(input, 1)?);
    if input.take(":") {
        when.micro = Field::seconds(chain(input, SECOND)?);
    }
    if input.rest().is_empty() { Ok(()) } else { Err(Fault::Trailing) }
}

/// `*`, or parts with commas between. `unit` is 1, or [`SECOND`] for the field that has fractions.
fn chain(input: &mut Input<'_>, unit: u32) -> Result<Vec<Part>, Fault> {
    if input.take("*") {
        return Ok(if unit == SECOND { vec![Part::EVERY_SECOND] } else { Vec::new() });
    }
    let mut parts = Vec::new();
    loop {
        if parts.len() == PARTS {
            return Err(Fault::TooManyParts);
        }
        parts.push(part(input, unit)?);
        if !input.take(",") {
            return Ok(parts);
        }
    }
}

fn part(input: &mut Input<'_>, unit: u32) -> Result<Part, Fault> {
    let mut part = Part::one(number(input, unit)?);
    if input.take("..") {
        part.stop = Some(number(input, unit)?);
        part.step = unit;
    }
    if input.take("/") {
        part.step = number(input, unit)?;
        if part.step == 0 {
            return Err(Fault::ZeroStep);
        }
    } else if let Some(stop) = part.stop.filter(|_| unit == SECOND) {
        if part.start.saturating_add(part.step) > stop {
            return Err(Fault::ShortRange);
        }
    }
    if input.at_end_or(b" ,-~:") { Ok(part) } else { Err(Fault::AfterNumber) }
}

/// A number; of seconds with a fraction, which is rounded to microseconds by its seventh digit.
fn number(input: &mut Input<'_>, unit: u32) -> Result<u32, Fault> {
    let digits = input.digits();
    if digits.is_empty() {
        return Err(Fault::Number);
    }
    let whole: u64 = digits.parse().map_err(|_| Fault::Overflow)?;
    let mut value = whole.checked_mul(unit.into()).ok_or(Fault::Overflow)?;
    let fraction = input.rest().starts_with('.') && !input.rest().starts_with("..");
    if unit == SECOND && fraction {
        input.at += 1;
        let digits = input.digits().as_bytes();
        if digits.is_empty() {
            return Err(Fault::Number);
        }
        let digit = |n: usize| u64::from(digits.get(n).map_or(0, |byte| byte - b'0'));
        value += (0..6).fold(0, |sum, n| sum * 10 + digit(n)) + u64::from(digit(6) >= 5);
    }
    u32::try_from(value).ok().filter(|_| value <= MAX).ok_or(Fault::Overflow)
}

/// A year of two digits in its century.
fn century(part: Part) -> Part {
    let year = |year: u32| match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        _ => year,
    };
    Part { start: year(part.start), stop: part.stop.map(year), step: part.step }
}

/// Every field has to be within its bounds.
fn check(mut when: When, epoch: bool) -> Result<(When, bool), Fault> {
    when.from_end &= !when.day.is_any();
    let day = if when.from_end { (FieldName::DayFromEnd, 28) } else { (FieldName::Day, 31) };
    let fields = [
        (FieldName::Year, &when.year, *YEARS.start(), *YEARS.end()),
        (FieldName::Month, &when.month, 1, 12),
        (day.0, &when.day, 1, day.1),
        (FieldName::Hour, &when.hour, 0, 23),
        (FieldName::Minute, &when.minute, 0, 59),
        (FieldName::Second, &when.micro, 0, 60 * SECOND - 1),
    ];
    for (name, field, from, to) in fields {
        if !field.fits(from, to, name == FieldName::DayFromEnd) {
            return Err(Fault::Range(name));
        }
    }
    Ok((when, epoch))
}
