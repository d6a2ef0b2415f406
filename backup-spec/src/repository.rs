//! Where backups go: a restic repository, by what it is and never with its secrets.

mod location;

use std::fmt;
use std::str::FromStr;

pub use location::{Backend, BadLocation, Location};

use crate::path::AbsolutePath;
use crate::retention::restic::{self, GroupBy, Keep};
use crate::schedule::Schedule;

/// A restic repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Repository {
    /// Where it is, as `restic -r` takes it. Passwords in it are refused.
    pub url: Location,
    /// The file that holds its password.
    pub password_file: AbsolutePath,
    /// The file that holds the keys of its backend, as `NAME=VALUE` lines (systemd's `EnvironmentFile=`).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub environment_file: Option<AbsolutePath>,
    /// Its id (`restic cat config`). A repository that has another one is not this repository, whatever lies at its place.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub id: Option<RepositoryId>,
    /// Whether it survives the loss of this site.
    pub offsite: bool,
    /// How new data is compressed.
    pub compression: Compression,
    /// What is kept, and when the rest is forgotten and pruned.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub forget: Option<Forget>,
    /// When it is checked.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub check: Option<Check>,
}

impl Repository {
    /// A repository of which nothing but place and password is said. Backends of which it cannot be known (`sftp:`, `rest:`)
    /// count as on this site: whoever knows better sets [`offsite`](Self::offsite).
    pub fn new(url: Location, password_file: AbsolutePath) -> Self {
        Self {
            offsite: url.backend().offsite().unwrap_or(false),
            url,
            password_file,
            environment_file: None,
            id: None,
            compression: Compression::Auto,
            forget: None,
            check: None,
        }
    }

    /// The directory that must be there, if it is one of this host's: a share may be mounted there.
    pub fn directory(&self) -> Option<&AbsolutePath> {
        match &self.url {
            Location::Local(path) => Some(path),
            _ => None,
        }
    }
}

/// Forgetting by a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Forget {
    /// What is kept, as restic's own arguments say it.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::display"))]
    pub keep: Keep,
    /// Which snapshots are decided about together (`--group-by`).
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::text_form::display"))]
    pub group_by: GroupBy,
    /// When.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub schedule: Schedule,
}

impl Forget {
    /// Forgetting by `keep` at the times of `schedule`.
    pub fn new(keep: Keep, schedule: Schedule) -> Self {
        Self { keep, group_by: GroupBy::default(), schedule }
    }

    /// The whole policy, for the snapshots of one host alone: another host's are not its business.
    pub fn policy(&self, host: &str) -> restic::Forget {
        let filter = restic::Filter { hosts: vec![host.to_owned()], ..restic::Filter::default() };
        restic::Forget {
            keep: self.keep.clone(),
            filter,
            group_by: self.group_by,
            unsafe_allow_remove_all: false,
        }
    }
}

/// Checking a repository, perhaps with a part of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Check {
    /// How much of the data is read, in percent (`--read-data-subset`). 0: the structure alone.
    pub read_percent: u8,
    /// When.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub schedule: Schedule,
}

impl Check {
    /// Checking with so many percent of the data, at the times of `schedule`.
    pub fn new(read_percent: u8, schedule: Schedule) -> Self {
        Self { read_percent, schedule }
    }
}

/// The compression of a repository of version 2 (`--compression`, restic 0.18). The list is closed: restic refuses any other
/// word, and only when it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Compression {
    /// Fast, and not for data that does not compress.
    #[default]
    Auto,
    /// None.
    Off,
    /// As small as it gets.
    Max,
}

impl Compression {
    /// Each with restic's word for it.
    pub const WORDS: &[(&str, Compression)] =
        &[("auto", Compression::Auto), ("off", Compression::Off), ("max", Compression::Max)];
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::Auto => "auto",
            Compression::Off => "off",
            Compression::Max => "max",
        })
    }
}

/// The id that restic gave a repository when it was made: 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryId(String);

/// A text that is no repository's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the id of a repository: 64 hexadecimal digits, as `restic cat config` shows it"
)]
pub struct BadRepositoryId(String);

impl FromStr for RepositoryId {
    type Err = BadRepositoryId;

    fn from_str(text: &str) -> Result<Self, BadRepositoryId> {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let good = text.len() == 64 && text.bytes().all(digit);
        if good { Ok(Self(text.to_owned())) } else { Err(BadRepositoryId(text.to_owned())) }
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::text_form::text_form!(RepositoryId);
