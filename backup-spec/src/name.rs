//! Names that are given to jobs, repositories, replications and archives.

use std::fmt;
use std::str::FromStr;

/// The name of something that is declared: a job, a repository, a replication, an archive.
///
/// Letters, digits, `.`, `_` and `-`, a letter or digit in front, 100 bytes at most. That is what a systemd unit, a ZFS
/// dataset, a file and a restic tag all take as it is, so no derived name ([`crate::units`]) needs to change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Name(String);

/// A text that cannot be a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a name: letters, digits, `.`, `_` and `-`, a letter or digit in front, 100 bytes at most"
)]
pub struct BadName(String);

impl Name {
    /// The longest name, in bytes: derived unit names stay below systemd's 255 (systemd.unit(5)), derived snapshot names
    /// leave room for a dataset's.
    pub const MAX_LEN: usize = 100;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let good = text.len() <= Self::MAX_LEN
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
            && text.bytes().all(inner);
        if good { Ok(Self(text.to_owned())) } else { Err(BadName(text.to_owned())) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
