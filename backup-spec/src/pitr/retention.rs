//! How long base backups are kept, and with them the WAL.

use std::fmt;
use std::str::FromStr;

/// A retention policy. Displayed and read as barman writes it: `REDUNDANCY 7`, `RECOVERY WINDOW OF 30 DAYS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retention {
    /// So many full backups.
    Redundancy(u32),
    /// What is needed to go back so many days: the newer ones and the first before.
    Window {
        /// Days; a month has 31 to barman.
        days: u32,
    },
}

/// A text that is no retention policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no retention policy; write REDUNDANCY N or RECOVERY WINDOW OF N DAYS, WEEKS or MONTHS (barman(5))"
)]
pub struct RetentionError(String);

impl FromStr for Retention {
    type Err = RetentionError;

    /// Reads what barman reads (`retention_policies.py`): any case, any blanks, one day or many.
    fn from_str(text: &str) -> Result<Self, RetentionError> {
        let error = || RetentionError(text.to_owned());
        let words: Vec<String> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let number = |word: &str| {
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            word.parse().ok().filter(|_| digits).ok_or_else(error)
        };
        match words.as_slice() {
            ["redundancy", count] => number(count).map(Self::Redundancy),
            ["recovery", "window", "of", count, unit] => {
                let days = match *unit {
                    "day" | "days" => 1,
                    "week" | "weeks" => 7,
                    "month" | "months" => 31,
                    _ => return Err(error()),
                };
                let days = number(count)?.checked_mul(days).ok_or_else(error)?;
                Ok(Self::Window { days })
            }
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retention::Redundancy(count) => write!(f, "REDUNDANCY {count}"),
            Retention::Window { days } => write!(f, "RECOVERY WINDOW OF {days} DAYS"),
        }
    }
}

crate::text_form::text_form!(Retention);
