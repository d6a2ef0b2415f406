//! Lengths of time: systemd's time spans, and what the units of other tools mean.
//!
//! ```
//! use backup_spec::span::{Dialect, Span, Unit, misreadings};
//!
//! let span: Span = "1h 30min".parse()?;
//! assert_eq!(span.as_micros(), 5_400_000_000);
//! assert_eq!(span, "1.5h".parse()?);
//! assert_eq!(span.to_string(), "1h 30min");
//!
//! // `m` is a month to restic and a minute to systemd.
//! assert_eq!(Dialect::Restic.unit("m"), Some(Unit::Month));
//! let elsewhere = misreadings("1m", Dialect::Restic);
//! assert!(elsewhere.iter().any(|other| other.dialect == Dialect::Systemd && other.unit == Unit::Minute));
//! # Ok::<(), backup_spec::span::SpanError>(())
//! ```

use std::fmt;

use jiff::Timestamp;

/// A length of time in whole microseconds, as systemd counts it: a month has 30.4375 days, a year 365.25.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// What a unit's name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Unit {
    /// A millionth of a second.
    Microsecond,
    /// A thousandth of a second.
    Millisecond,
    /// A second.
    Second,
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// A month: 30.4375 days to systemd; a month of the calendar, or a number of days, to others.
    Month,
    /// A year: 365.25 days to systemd.
    Year,
}

/// Whose grammar of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Dialect {
    /// Time spans of units and timers (systemd.time(7)).
    Systemd,
    /// `--keep-within` and its kin (restic-forget(1)).
    Restic,
    /// Intervals and grids of zrepl.
    Zrepl,
    /// `*_warn` and `*_crit` of sanoid.conf.
    Sanoid,
    /// `*_preserve` and `*_preserve_min` of btrbk.conf.
    Btrbk,
    /// Plans of znapzend.
    Znapzend,
    /// Schedules of zfs-autobackup.
    ZfsAutobackup,
}

/// Every dialect.
pub const DIALECTS: [Dialect; 7] = [
    Dialect::Systemd,
    Dialect::Restic,
    Dialect::Zrepl,
    Dialect::Sanoid,
    Dialect::Btrbk,
    Dialect::Znapzend,
    Dialect::ZfsAutobackup,
];

/// systemd's names of units, in the order in which it looks for them: the first that the text begins with is the one.
const SYSTEMD: [(&str, Unit); 30] = [
    ("seconds", Unit::Second),
    ("second", Unit::Second),
    ("sec", Unit::Second),
    ("s", Unit::Second),
    ("minutes", Unit::Minute),
    ("minute", Unit::Minute),
    ("min", Unit::Minute),
    ("months", Unit::Month),
    ("month", Unit::Month),
    ("M", Unit::Month),
    ("msec", Unit::Millisecond),
    ("ms", Unit::Millisecond),
    ("m", Unit::Minute),
    ("hours", Unit::Hour),
    ("hour", Unit::Hour),
    ("hr", Unit::Hour),
    ("h", Unit::Hour),
    ("days", Unit::Day),
    ("day", Unit::Day),
    ("d", Unit::Day),
    ("weeks", Unit::Week),
    ("week", Unit::Week),
    ("w", Unit::Week),
    ("years", Unit::Year),
    ("year", Unit::Year),
    ("y", Unit::Year),
    ("usec", Unit::Microsecond),
    ("us", Unit::Microsecond),
    ("\u{3bc}s", Unit::Microsecond),
    ("\u{b5}s", Unit::Microsecond),
];

/// The units of the others: each has one letter, but znapzend, which also takes names.
const RESTIC: &[(&str, Unit)] =
    &[("h", Unit::Hour), ("d", Unit::Day), ("m", Unit::Month), ("y", Unit::Year)];
const ZREPL: &[(&str, Unit)] = &[
    ("s", Unit::Second),
    ("m", Unit::Minute),
    ("h", Unit::Hour),
    ("d", Unit::Day),
    ("w", Unit::Week),
];
const SANOID: &[(&str, Unit)] = &[
    ("s", Unit::Second),
    ("m", Unit::Minute),
    ("h", Unit::Hour),
    ("d", Unit::Day),
    ("w", Unit::Week),
    ("y", Unit::Year),
];
const BTRBK: &[(&str, Unit)] = &[
    ("h", Unit::Hour),
    ("d", Unit::Day),
    ("w", Unit::Week),
    ("m", Unit::Month),
    ("y", Unit::Year),
];
const ZNAPZEND: &[(&str, Unit)] = &[
    ("s", Unit::Second),
    ("sec", Unit::Second),
    ("min", Unit::Minute),
    ("h", Unit::Hour),
    ("d", Unit::Day),
    ("w", Unit::Week),
    ("m", Unit::Month),
    ("mon", Unit::Month),
    ("y", Unit::Year),
];
const ZFS_AUTOBACKUP: &[(&str, Unit)] = &[
    ("s", Unit::Second),
    ("min", Unit::Minute),
    ("h", Unit::Hour),
    ("d", Unit::Day),
    ("w", Unit::Week),
    ("m", Unit::Month),
    ("y", Unit::Year),
];

impl Dialect {
    fn units(self) -> &'static [(&'static str, Unit)] {
        match self {
            Dialect::Systemd => &SYSTEMD,
            Dialect::Restic => RESTIC,
            Dialect::Zrepl => ZREPL,
            Dialect::Sanoid => SANOID,
            Dialect::Btrbk => BTRBK,
            Dialect::Znapzend => ZNAPZEND,
            Dialect::ZfsAutobackup => ZFS_AUTOBACKUP,
        }
    }

    /// What a unit's name means to this tool; none if it has no such unit.
    pub fn unit(self, name: &str) -> Option<Unit> {
        self.units().iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Systemd => "systemd",
            Dialect::Restic => "restic",
            Dialect::Zrepl => "zrepl",
            Dialect::Sanoid => "sanoid",
            Dialect::Btrbk => "btrbk",
            Dialect::Znapzend => "znapzend",
            Dialect::ZfsAutobackup => "zfs-autobackup",
        })
    }
}

/// A unit that another tool reads as something else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Misreading {
    /// The unit as it is written.
    pub name: String,
    /// Who reads it otherwise.
    pub dialect: Dialect,
    /// As what.
    pub unit: Unit,
}

/// The units in a duration written for one tool that mean something else to others: what happens when it is copied.
pub fn misreadings(text: &str, written_for: Dialect) -> Vec<Misreading> {
    let mut found = Vec::new();
    let names = text.split(|c: char| !c.is_alphabetic()).filter(|name| !name.is_empty());
    for name in names {
        let Some(meant) = written_for.unit(name) else { continue };
        for dialect in DIALECTS {
            let read = dialect.unit(name).filter(|unit| *unit != meant);
            found.extend(read.map(|unit| Misreading { name: name.to_owned(), dialect, unit }));
        }
    }
    found
}

impl Unit {
    /// Its length to systemd, in microseconds.
    const fn micros(self) -> u64 {
        match self {
            Unit::Microsecond => 1,
            Unit::Millisecond => 1_000,
            Unit::Second => 1_000_000,
            Unit::Minute => 60_000_000,
            Unit::Hour => 3_600_000_000,
            Unit::Day => 86_400_000_000,
            Unit::Week => 604_800_000_000,
            Unit::Month => 2_629_800_000_000,
            Unit::Year => 31_557_600_000_000,
        }
    }
}

/// The units a span is shown in, the largest first.
const SHOWN: [(&str, Unit); 9] = [
    ("y", Unit::Year),
    ("month", Unit::Month),
    ("w", Unit::Week),
    ("d", Unit::Day),
    ("h", Unit::Hour),
    ("min", Unit::Minute),
    ("s", Unit::Second),
    ("ms", Unit::Millisecond),
    ("us", Unit::Microsecond),
];

impl Span {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// `infinity`: no limit.
    pub const INFINITY: Self = Self(u64::MAX);

    /// So many microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// So many seconds; [`Span::INFINITY`] beyond what it holds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(Unit::Second.micros()))
    }

    /// The time from one instant to a later one; none at all if it is earlier.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        let micros = to.duration_since(from).as_micros();
        Self(u64::try_from(micros.max(0)).unwrap_or(u64::MAX))
    }

    /// Its length in microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Its length in whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / Unit::Second.micros()
    }

    /// Whether it is without limit.
    pub const fn is_infinite(self) -> bool {
        self.0 == u64::MAX
    }

    /// The sum; without limit where it is beyond what a span holds.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `count` times as long.
    #[must_use]
    pub const fn saturating_mul(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl fmt::Display for Span {
    /// As systemd writes spans, and reads them: `1w 2d 30min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_infinite() {
            return f.pad("infinity");
        }
        if self.0 == 0 {
            return f.pad("0");
        }
        let mut text = String::new();
        let mut rest = self.0;
        for (name, unit) in SHOWN {
            let count = rest / unit.micros();
            rest %= unit.micros();
            if count > 0 {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(&count.to_string());
                text.push_str(name);
            }
        }
        f.pad(&text)
    }
}

/// A text that is no time span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "time span `{}`, byte {at}: {fault}; write numbers with units, such as `1h 30min`; `m` is a minute, `M` a month \
     (systemd.time(7))",
    text.escape_debug()
)]
pub struct SpanError {
    text: String,
    /// The byte at which reading stopped.
    pub at: usize,
    /// What is wrong there.
    pub fault: SpanFault,
}

/// What is wrong with a time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanFault {
    /// Nothing but blanks.
    #[error("empty")]
    Empty,
    /// Neither a number nor a unit.
    #[error("a number is missing")]
    Number,
    /// Below zero.
    #[error("negative")]
    Negative,
    /// Two numbers without a unit or a blank between.
    #[error("a unit is missing")]
    Unit,
    /// Longer than systemd can hold (some 584,000 years).
    #[error("too long")]
    TooLong,
    /// Something follows `infinity`.
    #[error("something follows `infinity`")]
    Trailing,
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

impl std::str::FromStr for Span {
    type Err = SpanError;

    /// Reads a span as systemd 257 does (`parse_sec`): numbers without a unit are seconds, and all of it is added up.
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let mut rest = text.trim_start_matches(BLANKS);
        let error = |rest: &str, fault| SpanError {
            text: text.to_owned(),
            at: text.len() - rest.len(),
            fault,
        };
        if let Some(after) = rest.strip_prefix("infinity") {
            let after = after.trim_start_matches(BLANKS);
            let end = after.is_empty();
            return if end { Ok(Self::INFINITY) } else { Err(error(after, SpanFault::Trailing)) };
        }
        let mut sum: u64 = 0;
        while !rest.is_empty() {
            let (amount, after) = amount(rest).map_err(|(rest, fault)| error(rest, fault))?;
            sum = sum
                .checked_add(amount)
                .filter(|sum| *sum < u64::MAX)
                .ok_or_else(|| error(rest, SpanFault::TooLong))?;
            rest = after.trim_start_matches(BLANKS);
        }
        let empty = text.trim_matches(BLANKS).is_empty();
        if empty { Err(error("", SpanFault::Empty)) } else { Ok(Self(sum)) }
    }
}

/// A number with its unit: microseconds, and what follows.
fn amount(text: &str) -> Result<(u64, &str), (&str, SpanFault)> {
    if text.starts_with('-') {
        return Err((text, SpanFault::Negative));
    }
    let digits_end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    // `strtoll(3)` takes a plus.
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let (whole, mut rest) = unsigned.split_at(digits_end(unsigned));
    let mut fraction = "";
    let point = rest.strip_prefix('.').filter(|_| !whole.is_empty() || unsigned == text);
    if let Some(after) = point {
        (fraction, rest) = after.split_at(digits_end(after));
    }
    if whole.is_empty() && point.is_none() {
        return Err((text, SpanFault::Number));
    }
    if point.is_some() && fraction.is_empty() {
        return Err((rest, SpanFault::Number));
    }
    let after = rest.trim_start_matches(BLANKS);
    let named = SYSTEMD.iter().find_map(|(name, unit)| Some((*unit, after.strip_prefix(name)?)));
    let (unit, end) = named.unwrap_or((Unit::Second, after));
    if named.is_none() && after.len() == rest.len() && !rest.is_empty() {
        return Err((rest, SpanFault::Unit));
    }
    let micros = unit.micros();
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        let number: i64 = whole.parse().map_err(|_| (text, SpanFault::TooLong))?;
        number.unsigned_abs()
    };
    let too_long = (text, SpanFault::TooLong);
    let mut sum =
        whole.checked_mul(micros).filter(|_| whole < u64::MAX / micros).ok_or(too_long)?;
    // Each digit is worth a tenth of the one before it, in whole microseconds.
    let mut worth = micros / 10;
    for digit in fraction.bytes() {
        sum = sum.checked_add(u64::from(digit - b'0') * worth).ok_or(too_long)?;
        worth /= 10;
    }
    Ok((sum, end))
}

/// Spans for property tests: short ones and long ones alike, none without limit.
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub fn strategy() -> impl proptest::strategy::Strategy<Value = Span> {
    use proptest::prelude::*;
    (0..64_u32, any::<u64>()).prop_map(|(bits, value)| Span(value >> 1 >> bits))
}

crate::text_form::text_form!(Span);
