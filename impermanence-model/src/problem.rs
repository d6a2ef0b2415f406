//! What is wrong with a declaration: every problem at once, each with its place and its remedy.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// The kind of a problem, stable across releases of this crate.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code, and its text.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($text, Self::$name)),+];

            /// The text, as `two-entries`.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

codes! {
    /// The text is not TOML or JSON.
    Syntax = "syntax",
    /// A key that means nothing here.
    UnknownKey = "unknown-key",
    /// A key given twice.
    DuplicateKey = "duplicate-key",
    /// A string where a table was expected, and the like.
    WrongType = "wrong-type",
    /// A key that is needed is missing.
    MissingKey = "missing-key",
    /// A value that the key does not take.
    BadValue = "bad-value",
    /// A path that is relative, has `..`, or is otherwise none.
    BadPath = "bad-path",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
