//! Absolute paths of a host.

use std::fmt;
use std::str::FromStr;

/// An absolute path without `.`, `..`, empty parts or a slash at its end (but for `/` itself).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbsolutePath(String);

/// Why a text is no such path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no absolute path: it starts with / and has neither empty parts nor . and ..")]
pub struct PathError(String);

impl AbsolutePath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the other path is this one or lies below it.
    pub fn contains(&self, other: &Self) -> bool {
        let rest = other.0.strip_prefix(&self.0);
        rest.is_some_and(|rest| rest.is_empty() || self.0 == "/" || rest.starts_with('/'))
    }

    /// What follows this path in one that lies below it, without a slash before it.
    pub fn rest<'p>(&self, other: &'p Self) -> Option<&'p str> {
        self.contains(other)
            .then(|| other.0.get(self.0.len()..).unwrap_or_default().trim_start_matches('/'))
    }
}

impl FromStr for AbsolutePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let trimmed = if text.len() > 1 { text.strip_suffix('/').unwrap_or(text) } else { text };
        let parts = trimmed.strip_prefix('/').ok_or_else(|| PathError(text.to_owned()))?;
        let fits = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if parts.is_empty() || parts.split('/').all(fits) {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(PathError(text.to_owned()))
    }
}

impl fmt::Display for AbsolutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for AbsolutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for AbsolutePath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for AbsolutePath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A pattern that is this path alone: of `find -path` (fnmatch(3)), and of restic (Go's `filepath.Match`).
pub(crate) fn pattern(path: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | '\\').then_some('\\');
    path.chars().flat_map(|c| special(c).into_iter().chain([c])).collect()
}
