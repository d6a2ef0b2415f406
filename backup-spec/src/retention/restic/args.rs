//! A policy as the options of `restic forget`, read and written.

use std::fmt;
use std::str::FromStr;

use super::Forget;
use super::group::{Filter, GroupBy};
use super::keep::{Count, CountError, Keep, Rule, TagList};
use super::within::{Within, WithinError};
use crate::shell;

/// Options that restic would not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgsError {
    /// An option that has nothing to do with retention.
    #[error("`{0}` is not an option of `restic forget` that decides what is kept")]
    Unknown(String),
    /// An option at the end that needs a value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A count that is none.
    #[error("{option}: {problem}")]
    Count {
        /// The option.
        option: String,
        /// What is wrong.
        problem: CountError,
    },
    /// A duration that is none.
    #[error("{option}: {problem}")]
    Within {
        /// The option.
        option: String,
        /// What is wrong.
        problem: WithinError,
    },
    /// Grouping by something else than host, paths and tags.
    #[error("--group-by: `{0}` is none of host, paths, tags")]
    GroupBy(String),
    /// A quotation that does not end.
    #[error("a quotation mark without its other one")]
    Quotation,
}

/// What an option sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sets {
    Count(Rule),
    Within(Rule),
    Tags,
}

/// Long option, short option, and what it sets; in the order they are written.
const OPTIONS: [(&str, &str, Sets); 13] = [
    ("--keep-last", "-l", Sets::Count(Rule::Last)),
    ("--keep-hourly", "-H", Sets::Count(Rule::Hourly)),
    ("--keep-daily", "-d", Sets::Count(Rule::Daily)),
    ("--keep-weekly", "-w", Sets::Count(Rule::Weekly)),
    ("--keep-monthly", "-m", Sets::Count(Rule::Monthly)),
    ("--keep-yearly", "-y", Sets::Count(Rule::Yearly)),
    ("--keep-within", "", Sets::Within(Rule::Last)),
    ("--keep-within-hourly", "", Sets::Within(Rule::Hourly)),
    ("--keep-within-daily", "", Sets::Within(Rule::Daily)),
    ("--keep-within-weekly", "", Sets::Within(Rule::Weekly)),
    ("--keep-within-monthly", "", Sets::Within(Rule::Monthly)),
    ("--keep-within-yearly", "", Sets::Within(Rule::Yearly)),
    ("--keep-tag", "", Sets::Tags),
];

impl Keep {
    /// Sets what an option says.
    fn set(&mut self, option: &str, sets: Sets, value: &str) -> Result<(), ArgsError> {
        let keep = std::mem::take(self);
        let option = || option.to_owned();
        *self = match sets {
            Sets::Count(rule) => {
                let count: Count = value
                    .parse()
                    .map_err(|problem| ArgsError::Count { option: option(), problem })?;
                keep.with_count(rule, count)
            }
            Sets::Within(rule) => {
                let within: Within = value
                    .parse()
                    .map_err(|problem| ArgsError::Within { option: option(), problem })?;
                keep.with_within(rule, within)
            }
            Sets::Tags => keep.with_tags(TagList::from(value)),
        };
        Ok(())
    }

    /// Reads options, each value in the same word (`--keep-daily=7`, `-d7`) or the next. An option given twice:
    /// the last one counts, but tags add up.
    ///
    /// # Errors
    ///
    /// [`ArgsError`]; any option that is not about what is kept is one.
    pub fn from_args<I: IntoIterator<Item: AsRef<str>>>(args: I) -> Result<Self, ArgsError> {
        let forget = Forget::from_args(args)?;
        let plain = Forget { keep: forget.keep.clone(), ..Forget::default() };
        if forget == plain {
            Ok(forget.keep)
        } else {
            Err(ArgsError::Unknown("a filter, --group-by or --unsafe-allow-remove-all".to_owned()))
        }
    }

    /// The options, one word each, that make this policy.
    pub fn to_args(&self) -> Vec<String> {
        let mut args = Vec::new();
        let mut push = |option: &str, value: String| args.extend([option.to_owned(), value]);
        for (option, _, sets) in OPTIONS {
            match sets {
                Sets::Count(rule) if self.count(rule).is_on() => {
                    push(option, self.count(rule).to_string());
                }
                Sets::Within(rule) if !self.within(rule).is_zero() => {
                    push(option, self.within(rule).to_string());
                }
                Sets::Tags => {
                    for list in self.tags() {
                        push(option, list.tags().join(","));
                    }
                }
                Sets::Count(_) | Sets::Within(_) => {}
            }
        }
        args
    }
}

impl Forget {
    /// Reads options of `restic forget`: what is kept, which snapshots are looked at (`--host`, `--tag`,
    /// `--path`), how they are grouped.
    ///
    /// # Errors
    ///
    /// [`ArgsError`]; any other option is one.
    pub fn from_args<I: IntoIterator<Item: AsRef<str>>>(args: I) -> Result<Self, ArgsError> {
        let mut forget = Self::default();
        let mut args = args.into_iter();
        while let Some(word) = args.next() {
            let word = word.as_ref();
            if word == "--unsafe-allow-remove-all" {
                forget.unsafe_allow_remove_all = true;
                continue;
            }
            let (option, inline) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value)),
                _ => short(word),
            };
            let known = OPTIONS.iter().find(|(long, short, _)| *long == option || *short == option);
            let filters = matches!(option, "--host" | "--tag" | "--path" | "--group-by" | "-g");
            if option.is_empty() || known.is_none() && !filters {
                return Err(ArgsError::Unknown(word.to_owned()));
            }
            let next = if inline.is_none() { args.next() } else { None };
            let value = inline
                .or(next.as_ref().map(AsRef::as_ref))
                .ok_or_else(|| ArgsError::NoValue(option.to_owned()))?;
            match (known, option) {
                (Some((long, _, sets)), _) => forget.keep.set(long, *sets, value)?,
                (None, "--host") => forget.filter.hosts.push(value.to_owned()),
                (None, "--tag") => forget.filter.tags.push(TagList::from(value)),
                (None, "--path") => forget.filter.paths.push(value.to_owned()),
                (None, _) => forget.group_by = value.parse()?,
            }
        }
        Ok(forget)
    }

    /// The options, one word each, that say the same.
    pub fn to_args(&self) -> Vec<String> {
        let Self { keep, filter: Filter { hosts, tags, paths }, group_by, unsafe_allow_remove_all } =
            self;
        let mut args = keep.to_args();
        let mut push = |option: &str, value: String| args.extend([option.to_owned(), value]);
        for host in hosts {
            push("--host", host.clone());
        }
        for list in tags {
            push("--tag", list.tags().join(","));
        }
        for path in paths {
            push("--path", path.clone());
        }
        if *group_by != GroupBy::default() {
            push("--group-by", group_by.to_string());
        }
        if *unsafe_allow_remove_all {
            args.push("--unsafe-allow-remove-all".to_owned());
        }
        args
    }
}

/// A short option, and its value in the same word: `-d7`, `-d=7`.
fn short(word: &str) -> (&str, Option<&str>) {
    match word.split_at_checked(2) {
        Some((option, value)) if !value.is_empty() && word.starts_with('-') && option != "--" => {
            (option, Some(value.strip_prefix('=').unwrap_or(value)))
        }
        _ => (word, None),
    }
}

/// Words as a shell would separate them: blanks, `'…'`, `"…"` and `\`, without anything that expands.
fn words(text: &str) -> Result<Vec<String>, ArgsError> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(ArgsError::Quotation)? {
                        end if end == c => break,
                        '\\' if c == '"' => word.push(chars.next().ok_or(ArgsError::Quotation)?),
                        other => word.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(ArgsError::Quotation)?),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Reads the options in one line, as in a shell.
impl FromStr for Keep {
    type Err = ArgsError;

    fn from_str(text: &str) -> Result<Self, ArgsError> {
        Self::from_args(words(text)?)
    }
}

/// The options in one line, fit for a shell.
impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shell::line(&self.to_args()))
    }
}

impl FromStr for Forget {
    type Err = ArgsError;

    fn from_str(text: &str) -> Result<Self, ArgsError> {
        Self::from_args(words(text)?)
    }
}

impl fmt::Display for Forget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shell::line(&self.to_args()))
    }
}
