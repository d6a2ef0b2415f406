//! How well something must be protected: classes, tiers, objectives.

use crate::span::Span;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use zfs_props::name::DatasetName;

use crate::path::AbsolutePath;

/// What is protected: a dataset with what is in it, or a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// A dataset, without its children.
    Dataset(DatasetName),
    /// A path and all below it on the same filesystem.
    Path(AbsolutePath),
}

/// A text that is neither a dataset nor an absolute path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither an absolute path nor a dataset: {error}")]
pub struct BadSubject {
    text: String,
    error: String,
}

impl FromStr for Subject {
    type Err = BadSubject;

    /// What begins with `/` is a path: no dataset does.
    fn from_str(text: &str) -> Result<Self, BadSubject> {
        let bad = |error: String| BadSubject { text: text.to_owned(), error };
        if text.starts_with('/') {
            text.parse()
                .map(Subject::Path)
                .map_err(|error: crate::path::BadPath| bad(error.to_string()))
        } else {
            text.parse()
                .map(Subject::Dataset)
                .map_err(|error: zfs_props::name::NameError| bad(error.to_string()))
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Dataset(dataset) => f.pad(dataset.as_str()),
            Subject::Path(path) => f.pad(path.as_str()),
        }
    }
}

/// Makes a closed vocabulary: an enum, its words in declarations, and reading them.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        pub enum $name {
            $($(#[$doc])* #[cfg_attr(feature = "serde", serde(rename = $word))] $variant,)*
        }

        impl $name {
            /// Each with its word.
            pub const WORDS: &[(&str, $name)] = &[$(($word, $name::$variant),)*];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $($name::$variant => $word,)* })
            }
        }
    };
}

words! {
    /// How much it would hurt to lose it.
    Class {
        /// The host does not come back without it.
        System = "system",
        /// Cannot be made again.
        Critical = "critical",
        /// Can be made again, with work.
        Standard = "standard",
        /// Made again by itself, or not to be kept.
        Ephemeral = "ephemeral",
    }
}

words! {
    /// A kind of protection, each against something else.
    Tier {
        /// Against a mistake: snapshots in the same pool.
        LocalSnapshot = "local-snapshot",
        /// Against the loss of the pool: snapshots in another one.
        Replication = "replication",
        /// Against a fault of ZFS or of the pool's history: a backup of another kind on this site.
        NasBackup = "nas-backup",
        /// Against the loss of the site.
        OffsiteBackup = "offsite-backup",
        /// It comes back by itself.
        AutomatedRestore = "automated-restore",
        /// It comes back without this host's own tools.
        IndependentRestore = "independent-restore",
        /// What the restore needs (keys, addresses) is kept elsewhere.
        ExternalBootstrap = "external-bootstrap",
    }
}

words! {
    /// What a copy looks like to the program whose data it is, worst first.
    Consistency {
        /// Files of different moments.
        Torn = "none",
        /// As after a power failure: one moment.
        Crash = "crash",
        /// The program was told before.
        Application = "application",
        /// A committed state of the database.
        Transaction = "transaction-consistent",
    }
}

/// What a class or a subject asks for. An objective of `None` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Requirement {
    /// The tiers that must be there.
    pub tiers: BTreeSet<Tier>,
    /// The most that may be lost when the pool is, if this site survives.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub onsite_rpo: Option<Span>,
    /// The most that may be lost when the site is.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub offsite_rpo: Option<Span>,
    /// What a copy must be at least in order to count.
    pub consistency: Consistency,
}

impl Default for Requirement {
    fn default() -> Self {
        Self {
            tiers: BTreeSet::new(),
            onsite_rpo: None,
            offsite_rpo: None,
            consistency: Consistency::Crash,
        }
    }
}

/// The decision about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Protection {
    /// Its class.
    pub class: Class,
    /// What is asked for: the class's requirement with the subject's own keys over it.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub requirement: Requirement,
    /// Paths that must be in every copy, relative to where the subject is mounted. None: what any ordinary file there is
    /// called.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub payload: Vec<String>,
}

impl Protection {
    /// The decision for a class, with its requirement.
    pub fn new(class: Class, requirement: Requirement) -> Self {
        Self { class, requirement, payload: Vec::new() }
    }
}

crate::text_form::text_form!(Subject);
