//! What is wrong with a declaration: every problem at once, each with its place and its remedy.

use std::fmt;

/// The kind of a [`Problem`], stable across releases of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Code {
    /// The text is not TOML or JSON.
    Syntax,
    /// A key that means nothing here.
    UnknownKey,
    /// A key given twice.
    DuplicateKey,
    /// A string where a table was expected, and the like.
    WrongType,
    /// A name that ZFS (or the system, for owners) does not accept.
    BadName,
    /// A property that does not exist, or cannot be declared.
    BadProperty,
    /// A value that the property does not take.
    BadValue,
    /// A typed key and the `properties` map set the same property.
    SetTwice,
    /// A profile that is used but not declared.
    UnknownProfile,
    /// A key that is needed is missing.
    MissingKey,
    /// Two declarations of one dataset.
    DuplicateDataset,
    /// Two datasets would be mounted at one place.
    DuplicateMountpoint,
    /// A key that has no effect where it stands.
    NoEffect,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Code::Syntax => "syntax",
            Code::UnknownKey => "unknown-key",
            Code::DuplicateKey => "duplicate-key",
            Code::WrongType => "wrong-type",
            Code::BadName => "bad-name",
            Code::BadProperty => "bad-property",
            Code::BadValue => "bad-value",
            Code::SetTwice => "set-twice",
            Code::UnknownProfile => "unknown-profile",
            Code::MissingKey => "missing-key",
            Code::DuplicateDataset => "duplicate-dataset",
            Code::DuplicateMountpoint => "duplicate-mountpoint",
            Code::NoEffect => "no-effect",
        })
    }
}

/// A place in a text, counted from 1; columns are counted in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

/// One thing that is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Problem {
    /// Where in the text, if the declaration was read from one that has lines.
    pub position: Option<Position>,
    /// Which key, as a path: `services.sonarr.recordsize`.
    pub path: String,
    /// What kind of problem.
    pub code: Code,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {} [{}]", self.what, self.remedy, self.code)
    }
}

/// All problems of a declaration, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok` if the list is empty.
    pub(crate) fn check(mut list: Vec<Problem>) -> Result<(), Problems> {
        if list.is_empty() {
            return Ok(());
        }
        list.sort();
        Err(Problems(list))
    }

    /// The problems, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
