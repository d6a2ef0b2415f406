//! Absolute paths of a host, in the one spelling that the tools compare.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// An absolute path in its normal form: no empty, `.` or `..` component, no `/` at the end (but for `/` itself).
///
/// Nothing is resolved: symbolic links are the host's business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct AbsolutePath(String);

/// A text that is no [`AbsolutePath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPath {
    /// It does not begin with `/`.
    #[error("`{0}` is not an absolute path: begin it with `/`")]
    Relative(String),
    /// It has a `..` component, which means something else behind a symbolic link.
    #[error("`{0}` has a `..` in it: write the path that is meant")]
    Parent(String),
    /// No path has a NUL in it; a line end would leave the unit file or list it is written to.
    #[error("{0:?} has a control character in it")]
    Control(String),
}

impl AbsolutePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `/`.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Whether this is `other` or lies below it, by whole components.
    pub fn is_within(&self, other: &Self) -> bool {
        self.below(other).is_some()
    }

    /// What is left of this path below `other`: empty for `other` itself, `None` if it does not lie there.
    pub fn below(&self, other: &Self) -> Option<&str> {
        let rest = self.0.strip_prefix(other.0.trim_end_matches('/'))?;
        if rest.is_empty() || self.0 == other.0 {
            return Some("");
        }
        rest.strip_prefix('/')
    }

    /// The path at `rest` (as [`below`](Self::below) gives it) below this one.
    #[must_use]
    pub fn join(&self, rest: &str) -> Self {
        match (self.0.as_str(), rest) {
            (_, "") => self.clone(),
            ("/", rest) => Self(format!("/{rest}")),
            (base, rest) => Self(format!("{base}/{rest}")),
        }
    }

    /// The components, from the root on.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|component| !component.is_empty())
    }

    /// The directory that this lies in; none for `/`.
    pub fn parent(&self) -> Option<Self> {
        let (front, last) = self.0.rsplit_once('/')?;
        match (front, last) {
            ("", "") => None,
            ("", _) => Some(Self::root()),
            _ => Some(Self(front.to_owned())),
        }
    }

    /// This path, and all directories above it, up to `/`.
    pub(crate) fn and_above(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), Self::parent)
    }
}

impl FromStr for AbsolutePath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        if !text.starts_with('/') {
            return Err(BadPath::Relative(text.to_owned()));
        }
        if text.chars().any(char::is_control) {
            return Err(BadPath::Control(text.to_owned()));
        }
        let mut path = String::with_capacity(text.len());
        for component in text.split('/') {
            match component {
                "" | "." => {}
                ".." => return Err(BadPath::Parent(text.to_owned())),
                component => path.extend(["/", component]),
            }
        }
        if path.is_empty() {
            path.push('/');
        }
        Ok(Self(path))
    }
}

impl fmt::Display for AbsolutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for AbsolutePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for AbsolutePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::AbsolutePath;

    fn path(text: &str) -> AbsolutePath {
        text.parse().unwrap()
    }

    #[test]
    fn below_goes_by_whole_components() {
        assert_eq!(path("/srv/a/b").below(&path("/srv")), Some("a/b"));
        assert_eq!(path("/srv").below(&path("/")), Some("srv"));
        assert_eq!(path("/").below(&path("/")), Some(""));
        assert_eq!(path("/srv").below(&path("/srv/")), Some(""));
        assert_eq!(path("/srv-old").below(&path("/srv")), None);
        assert_eq!(path("/srv").below(&path("/srv/a")), None);
        for (base, rest) in [("/", ""), ("/", "a/b"), ("/a", ""), ("/a", "b")] {
            assert_eq!(path(base).join(rest).below(&path(base)), Some(rest));
        }
    }

    #[test]
    fn one_spelling() {
        assert_eq!(path("//srv/./a//").as_str(), "/srv/a");
        assert_eq!(path("/").parent(), None);
        assert_eq!(path("/a").parent(), Some(AbsolutePath::root()));
        for bad in ["", "srv", "/a/../b", "/a\nb"] {
            assert!(bad.parse::<AbsolutePath>().is_err(), "{bad}");
        }
    }
}
