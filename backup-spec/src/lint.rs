//! The form of what is odd: something that a tool takes, and that does something else than it seems to.

use std::fmt;

/// Something odd: where it stands, what it is, and what it concerns.
///
/// Displayed: `PLACE: CODE (ABOUT); REMEDY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<P, L> {
    /// Where it stands.
    pub place: P,
    /// What is odd.
    pub lint: L,
    /// What it concerns: a value, a path, something else that it clashes with; empty where the place says it all.
    pub about: String,
}

/// A kind of oddity, with a name that does not change, and what to do about it.
pub trait Lint: Copy {
    /// Its name in reports; it does not change.
    fn code(self) -> &'static str;

    /// What to do about it.
    fn remedy(self) -> &'static str;
}

impl<P, L: Lint> Finding<P, L> {
    /// What is odd, without the place and the remedy: `CODE (ABOUT)`.
    pub fn what(&self) -> String {
        match self.about.as_str() {
            "" => self.lint.code().to_owned(),
            about => format!("{} ({about})", self.lint.code()),
        }
    }
}

impl<P: fmt::Display, L: Lint> fmt::Display for Finding<P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what(), self.lint.remedy())
    }
}

/// Makes an enum of kinds of oddities from a table: variant, code, remedy.
macro_rules! lints {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = ($code:literal, $remedy:literal),)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $crate::lint::Lint for $name {
            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

pub(crate) use lints;
