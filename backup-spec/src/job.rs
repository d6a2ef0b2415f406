//! A backup job: what it reads, what it leaves out, where it goes, and what is done around it.

use std::fmt;
use std::str::FromStr;

use zfs_props::name::{DatasetName, NameError};

use crate::exclude::Pattern;
use crate::name::Name;
use crate::path::AbsolutePath;
use crate::schedule::Schedule;
use crate::size::{Bytes, Cpus};
use crate::units;

/// A restic backup job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Job {
    /// Whether it runs. One that does not protects nothing.
    pub enable: bool,
    /// The repository it writes to.
    pub repository: Name,
    /// The dataset that it takes a snapshot of and reads a clone of; none: it reads the paths as they are, while they change.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub source: Source,
    /// What it reads, as paths of the running host. Never empty.
    pub paths: Vec<AbsolutePath>,
    /// What it leaves out, in order.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::text_form::list", skip_serializing_if = "Vec::is_empty")
    )]
    pub excludes: Vec<Pattern>,
    /// What it leaves out, in order, letters taken for the same in either case (`--iexclude`).
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::text_form::list", skip_serializing_if = "Vec::is_empty")
    )]
    pub iexcludes: Vec<Pattern>,
    /// What decides by what lies in a directory or how big a file is.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub marks: Marks,
    /// Whether it stays on the filesystem of each path (`--one-file-system`): a child dataset is another one.
    pub one_file_system: bool,
    /// Tags of its snapshots, sorted.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub tags: Vec<Tag>,
    /// When, and how long a run may take.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub schedule: Schedule,
    /// What is run around it, the outermost pair first.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub hooks: Vec<Hook>,
    /// What it may use.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub resources: Resources,
}

impl Job {
    /// A job that reads paths as they are.
    pub fn new(repository: Name, paths: Vec<AbsolutePath>, schedule: Schedule) -> Self {
        Self {
            enable: true,
            repository,
            source: Source::Live {},
            paths,
            excludes: Vec::new(),
            iexcludes: Vec::new(),
            marks: Marks::default(),
            one_file_system: false,
            tags: Vec::new(),
            schedule,
            hooks: Vec::new(),
            resources: Resources::default(),
        }
    }

    /// A job that reads a clone of a dataset, all of it.
    pub fn cloning(
        repository: Name,
        dataset: DatasetName,
        mountpoint: AbsolutePath,
        schedule: Schedule,
    ) -> Self {
        let paths = vec![mountpoint.clone()];
        let source = Source::Clone { dataset, mountpoint };
        Self { source, ..Self::new(repository, paths, schedule) }
    }
}

/// What a job reads from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
pub enum Source {
    /// A snapshot of a dataset, by way of a clone. Children of the dataset are not in it.
    Clone {
        /// The dataset.
        dataset: DatasetName,
        /// Where the dataset is mounted on the running host.
        mountpoint: AbsolutePath,
    },
    /// The files as they are while it runs.
    Live {},
}

/// Exclusions that look at files and not at names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Marks {
    /// Directories that hold a `CACHEDIR.TAG` (`--exclude-caches`).
    pub exclude_caches: bool,
    /// Directories that hold a file of one of these names (`--exclude-if-present`).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub exclude_if_present: Vec<FileName>,
    /// Files larger than this (`--exclude-larger-than`).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub exclude_larger_than: Option<Bytes>,
}

/// Two commands that belong together: what the first one begins, the second one ends, however the run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Hook {
    /// Run before; its failure is the run's.
    pub open: Vec<String>,
    /// Run after, also when `open` failed or the run was killed.
    pub close: Vec<String>,
    /// Whether the program's data is in order on disk between the two.
    pub quiesces: bool,
}

impl Hook {
    /// A pair of commands, each a program with its arguments.
    pub fn new(open: Vec<String>, close: Vec<String>) -> Self {
        Self { open, close, quiesces: false }
    }
}

/// What a job may use (systemd.resource-control(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Resources {
    /// `MemoryMax=`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub memory: Option<Bytes>,
    /// `CPUQuota=`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub cpus: Option<Cpus>,
    /// Whether it is meant to have less than the host's floor.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "std::ops::Not::not"))]
    pub below_floor: bool,
}

/// A restic tag: no comma, which separates tags; no blank at its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// A text that is no [`Tag`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a tag: restic separates tags at commas, so one has none, and is not empty")]
pub struct BadTag(String);

impl FromStr for Tag {
    type Err = BadTag;

    fn from_str(text: &str) -> Result<Self, BadTag> {
        let bad = text.is_empty() || text.contains(',') || text.trim() != text;
        if bad || text.chars().any(char::is_control) {
            return Err(BadTag(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of a file, without a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// A text that is no [`FileName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a file: no `/`, no `:` (restic reads a header behind it)")]
pub struct BadFileName(String);

impl FileName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = BadFileName;

    fn from_str(text: &str) -> Result<Self, BadFileName> {
        let bad = |c: char| c.is_control() || matches!(c, '/' | ':');
        if text.is_empty() || matches!(text, "." | "..") || text.chars().any(bad) {
            return Err(BadFileName(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::text_form::text_form!(Tag, FileName);

/// Commands that are run around a job, in pairs: opened in this order, closed in the opposite one, whatever happened in between.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bracket {
    /// What it is for.
    pub what: &'static str,
    /// Left-overs of a run that was cut off: their failure means nothing.
    pub tidy: Vec<Vec<String>>,
    /// Begin.
    pub open: Vec<Vec<String>>,
    /// End.
    pub close: Vec<Vec<String>>,
}

impl Job {
    /// Everything around the run of the job called `name`: its lock first, so that it is released last; then its hooks, its
    /// snapshot and its clone. Each is the job's alone, so no other job ends what this one still reads.
    pub fn brackets(&self, name: &Name) -> Result<Vec<Bracket>, NameError> {
        let hooks = self.hooks.iter().map(|hook| Bracket {
            what: "hook",
            tidy: Vec::new(),
            open: vec![hook.open.clone()],
            close: vec![hook.close.clone()],
        });
        let Source::Clone { dataset, .. } = &self.source else { return Ok(hooks.collect()) };
        let names = units::clone_names(name, dataset)?;
        let snapshot = names.snapshot.to_string();
        let (clone, lock) = (names.clone.as_str(), names.lock.as_str());
        let destroy = |object: &str| words(["zfs", "destroy", object]);
        let mount = format!("mountpoint={}", names.mount);
        let lock = Bracket {
            what: "lock",
            tidy: Vec::new(),
            open: vec![words(["mkdir", "-p", names.locks.as_str()]), words(["touch", lock])],
            close: vec![words(["rm", "-f", lock])],
        };
        let snapshot = Bracket {
            what: "snapshot",
            tidy: vec![destroy(clone), destroy(&snapshot)],
            open: vec![words(["zfs", "snapshot", &snapshot])],
            close: vec![destroy(&snapshot)],
        };
        let make =
            ["zfs", "clone", "-o", "readonly=on", "-o", &mount, names.snapshot.as_str(), clone];
        let clone = Bracket {
            what: "clone",
            tidy: Vec::new(),
            open: vec![words(make)],
            close: vec![destroy(clone)],
        };
        let brackets = std::iter::once(lock).chain(hooks).chain([snapshot, clone]);
        Ok(brackets.collect())
    }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}
