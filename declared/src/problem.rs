//! What is wrong with a declaration: every problem at once, each with its place and its remedy.

use std::fmt;

use crate::path;

/// What reading alone can find wrong. Every crate's own [`Code`] has a code for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Fault {
    /// The text is not TOML or JSON.
    Syntax,
    /// A key that means nothing here.
    UnknownKey,
    /// A key given twice.
    DuplicateKey,
    /// A string where a table was expected, and the like.
    WrongType,
    /// A key that is needed is missing.
    MissingKey,
    /// A value that the key does not take.
    BadValue,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Syntax => "syntax",
            Fault::UnknownKey => "unknown-key",
            Fault::DuplicateKey => "duplicate-key",
            Fault::WrongType => "wrong-type",
            Fault::MissingKey => "missing-key",
            Fault::BadValue => "bad-value",
        })
    }
}

/// The kinds of problems that a crate knows, stable across its releases. [`code!`](crate::code)
/// writes one.
pub trait Code: Copy + Ord + fmt::Debug + fmt::Display + From<Fault> {}

impl<T: Copy + Ord + fmt::Debug + fmt::Display + From<Fault>> Code for T {}

/// Declares a [`Code`]: the faults of reading, and a crate's own kinds beside them.
///
/// Each kind has a variant and the word it is written as. The enum is `#[non_exhaustive]`, and
/// displayed and serialized (by that crate's feature `serde`) as its word.
#[macro_export]
macro_rules! code {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$doc:meta])* $kind:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            /// The text is not TOML or JSON.
            Syntax,
            /// A key that means nothing here.
            UnknownKey,
            /// A key given twice.
            DuplicateKey,
            /// A string where a table was expected, and the like.
            WrongType,
            /// A key that is needed is missing.
            MissingKey,
            /// A value that the key does not take.
            BadValue,
            $($(#[$doc])* $kind,)*
        }

        impl From<$crate::Fault> for $name {
            fn from(fault: $crate::Fault) -> Self {
                match fault {
                    $crate::Fault::Syntax => Self::Syntax,
                    $crate::Fault::UnknownKey => Self::UnknownKey,
                    $crate::Fault::DuplicateKey => Self::DuplicateKey,
                    $crate::Fault::WrongType => Self::WrongType,
                    $crate::Fault::MissingKey => Self::MissingKey,
                    $crate::Fault::BadValue => Self::BadValue,
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let fault = match self {
                    Self::Syntax => $crate::Fault::Syntax,
                    Self::UnknownKey => $crate::Fault::UnknownKey,
                    Self::DuplicateKey => $crate::Fault::DuplicateKey,
                    Self::WrongType => $crate::Fault::WrongType,
                    Self::MissingKey => $crate::Fault::MissingKey,
                    Self::BadValue => $crate::Fault::BadValue,
                    $(Self::$kind => return f.write_str($word),)*
                };
                ::std::fmt::Display::fmt(&fault, f)
            }
        }

        #[cfg(feature = "serde")]
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
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
pub struct Problem<C> {
    /// Where in the text, if the declaration was read from one that has lines.
    pub position: Option<Position>,
    /// Which key, as a path: `services.sonarr.recordsize`.
    pub path: String,
    /// What kind of problem.
    pub code: C,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl<C> Problem<C> {
    /// The same problem of a declaration that is a part of a document, known there by `table`: its path
    /// begins with that.
    #[must_use]
    pub fn within(mut self, table: &str) -> Self {
        self.path = path::within(table, &self.path);
        self
    }

    /// The same problem with another code, such as its word: to put problems of several kinds of
    /// declarations in one report.
    pub fn map<D>(self, code: impl FnOnce(C) -> D) -> Problem<D> {
        let Problem { position, path, code: old, what, remedy } = self;
        Problem { position, path, code: code(old), what, remedy }
    }
}

impl<C: fmt::Display> fmt::Display for Problem<C> {
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

/// All problems of a declaration, in the order of the text. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Problems<C>(Vec<Problem<C>>);

impl<C: Code> Problems<C> {
    /// `Ok` if the list is empty.
    pub fn check(mut list: Vec<Problem<C>>) -> Result<(), Self> {
        if list.is_empty() {
            return Ok(());
        }
        list.sort();
        Err(Self(list))
    }

    /// The same problems with other codes: those of reading alone become those of a crate by
    /// `problems.map(Code::from)`.
    pub fn map<D: Code>(self, code: impl Fn(C) -> D) -> Problems<D> {
        Problems(self.0.into_iter().map(|problem| problem.map(&code)).collect())
    }

    /// The problems, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem<C>> {
        self.0.iter()
    }
}

impl<'a, C: Code> IntoIterator for &'a Problems<C> {
    type Item = &'a Problem<C>;
    type IntoIter = std::slice::Iter<'a, Problem<C>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<C> IntoIterator for Problems<C> {
    type Item = Problem<C>;
    type IntoIter = std::vec::IntoIter<Problem<C>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<C: fmt::Display> fmt::Display for Problems<C> {
    /// A line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl<C: fmt::Debug + fmt::Display> std::error::Error for Problems<C> {}
