//! Why an expression is no calendar expression.

use std::fmt;

/// A text that systemd does not take for `OnCalendar=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarError {
    text: String,
    at: usize,
    fault: Fault,
}

/// What is wrong at that place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing there.
    Empty,
    /// A word where a weekday may stand is followed by something that cannot follow one.
    Weekday,
    /// A range of weekdays that ends before it begins (`Fri..Mon`), or has no end, or two.
    WeekdayRange,
    /// No number where one has to be.
    Number,
    /// A number that is too large for any field.
    Overflow,
    /// A step of 0.
    ZeroStep,
    /// A range of seconds that ends less than a second after it begins, without a step.
    ShortRange,
    /// More than 241 parts in one field.
    TooManyParts,
    /// A character that cannot follow a number.
    AfterNumber,
    /// Neither a date (`-` or `~` missing) nor a time (`:` missing).
    Shape,
    /// Something stands after the end.
    Trailing,
    /// A value, range or step outside of its field.
    Range(FieldName),
    /// A time zone that is not in the database.
    #[cfg(feature = "tz")]
    Zone,
    /// A time zone by name, without the feature `tz`.
    #[cfg(not(feature = "tz"))]
    NoZoneData,
}

/// The fields of a calendar expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldName {
    /// 1970 to 2199; two digits mean 1970 to 2069.
    Year,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// 1 to 28, counted from the month's end.
    DayFromEnd,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 up to, not including, 60; fractions down to a microsecond.
    Second,
}

impl CalendarError {
    pub(super) fn new(text: &str, at: usize, fault: Fault) -> Self {
        Self { text: text.to_owned(), at, fault }
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte at which reading stopped.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is wrong there.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// What would be right.
    pub fn remedy(&self) -> &'static str {
        match self.fault {
            Fault::Empty => "write a time such as `02:30`, or `daily`",
            Fault::Weekday => "weekdays are Mon to Sun or Monday to Sunday, then a blank",
            Fault::WeekdayRange => {
                "a range of weekdays runs from Monday to Sunday; write Fri..Mon as Fri..Sun,Mon"
            }
            Fault::Number => "write digits, or `*` alone for every value",
            Fault::Overflow => "write a value that its field takes",
            Fault::ZeroStep => "a step is at least 1 (seconds: at least 0.000001)",
            Fault::ShortRange => "give a step, as in 1..1.5/0.1",
            Fault::TooManyParts => "use ranges and steps in place of single values",
            Fault::AfterNumber => {
                "after a number may stand `..`, `/`, `,`, `-`, `~`, `:` or a blank"
            }
            Fault::Shape => "a date is YEAR-MONTH-DAY or MONTH-DAY, a time HOUR:MINUTE[:SECOND]",
            Fault::Trailing => "the form is [WEEKDAYS] [DATE] [TIME] [ZONE], a blank between",
            Fault::Range(name) => name.range(),
            #[cfg(feature = "tz")]
            Fault::Zone => "write UTC or a name of the IANA database, in its own case",
            #[cfg(not(feature = "tz"))]
            Fault::NoZoneData => "write UTC, or build with the feature `tz`",
        }
    }
}

impl FieldName {
    fn range(self) -> &'static str {
        match self {
            FieldName::Year => "years are 1970 to 2199, ascending",
            FieldName::Month => "months are 1 to 12, ascending, a step below 12",
            FieldName::Day => "days are 1 to 31, ascending, a step below 31",
            FieldName::DayFromEnd => {
                "days from the month's end are 1 to 28, ascending; of a list, the second at most 25, the third 22, and so on"
            }
            FieldName::Hour => "hours are 0 to 23, ascending, a step below 24",
            FieldName::Minute => "minutes are 0 to 59, ascending, a step below 60",
            FieldName::Second => "seconds are 0 to 59.999999, ascending, a step below 60",
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            FieldName::Year => "year",
            FieldName::Month => "month",
            FieldName::Day | FieldName::DayFromEnd => "day",
            FieldName::Hour => "hour",
            FieldName::Minute => "minute",
            FieldName::Second => "second",
        }
    }
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calendar expression `{}`, byte {}: ", self.text.escape_debug(), self.at)?;
        match self.fault {
            Fault::Empty => f.write_str("empty"),
            Fault::Weekday => f.write_str("no weekday"),
            Fault::WeekdayRange => f.write_str("no range of weekdays"),
            Fault::Number => f.write_str("a number is missing"),
            Fault::Overflow => f.write_str("the number is too large"),
            Fault::ZeroStep => f.write_str("the step is 0"),
            Fault::ShortRange => f.write_str("the range is shorter than a second"),
            Fault::TooManyParts => f.write_str("too many parts"),
            Fault::AfterNumber => f.write_str("this cannot follow a number"),
            Fault::Shape => f.write_str("neither a date nor a time"),
            Fault::Trailing => f.write_str("something follows the end"),
            Fault::Range(name) => write!(f, "the {} is out of range", name.as_str()),
            #[cfg(feature = "tz")]
            Fault::Zone => f.write_str("unknown time zone"),
            #[cfg(not(feature = "tz"))]
            Fault::NoZoneData => f.write_str("time zones by name are not compiled in"),
        }?;
        write!(f, "; {} (systemd.time(7))", self.remedy())
    }
}

impl std::error::Error for CalendarError {}
