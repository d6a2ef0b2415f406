//! One way back: how old its data is, what it costs, what it needs, and what follows from it.

use std::fmt;

use jiff::Timestamp;
use zfs_props::name::DatasetName;

use crate::lineage::Version;
use crate::path::AbsolutePath;
use crate::pitr;
use crate::quantity::Seconds;

/// The kinds of ways back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Kind {
    /// A replica is sent back.
    Replica,
    /// A snapshot of the dataset itself, as a clone.
    Local,
    /// A restic snapshot.
    Restic,
    /// A base backup and the log after it.
    Pitr,
}

impl Kind {
    /// Its word in declarations and records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Replica => "replica",
            Self::Local => "local",
            Self::Restic => "restic",
            Self::Pitr => "pitr",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How it is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "kebab-case", tag = "method")
)]
#[non_exhaustive]
pub enum Method {
    /// `zfs send` there, `zfs receive` here.
    Replica {
        /// The replica's name.
        replica: String,
        /// The dataset there.
        from: DatasetName,
        /// Its oldest and newest snapshot, both sent.
        oldest: Box<Version>,
        /// The snapshot that is there afterwards.
        newest: Box<Version>,
        /// What runs `zfs send` there.
        transport: Vec<String>,
        /// Whether the stream is raw.
        raw: bool,
    },
    /// `zfs clone` of a snapshot: the dataset itself stays as it is, beside it.
    Local {
        /// The snapshot.
        snapshot: Box<Version>,
    },
    /// `restic restore`.
    Restic {
        /// The repository's name.
        repository: String,
        /// `--repo`
        url: String,
        /// `--password-file`
        password_file: AbsolutePath,
        /// A file with credentials for the environment.
        environment_file: Option<AbsolutePath>,
        /// The snapshot's full id: never `latest`, which is whatever a filter lets through.
        snapshot: String,
        /// The path in the snapshot whose content belongs at the mountpoint.
        root: AbsolutePath,
    },
    /// A base backup, and the log after it.
    Pitr {
        /// Where the backups are kept.
        source: String,
        /// The backup and the settings.
        choice: Box<pitr::Choice>,
    },
}

impl Method {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Replica { .. } => Kind::Replica,
            Self::Local { .. } => Kind::Local,
            Self::Restic { .. } => Kind::Restic,
            Self::Pitr { .. } => Kind::Pitr,
        }
    }
}

/// What follows for replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Consequence {
    /// Incremental replication goes on.
    Continues,
    /// Replicas have newer snapshots, and have to be rolled back before they receive again.
    ReplicasAhead,
    /// A new lineage: every replica needs a full send.
    Breaks,
}

/// What a way back cannot do without.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Need {
    /// The network.
    Network,
    /// Another machine or repository.
    Source(String),
    /// A file with a password or key.
    Secret(AbsolutePath),
    /// The dataset itself.
    Dataset(DatasetName),
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("the network"),
            Self::Source(name) => f.write_str(name),
            Self::Secret(path) => write!(f, "{path}"),
            Self::Dataset(dataset) => write!(f, "{dataset}"),
        }
    }
}

/// A way back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Candidate {
    /// What it is called in records and reports: `replica nas-1`.
    pub id: String,
    /// How it is carried out.
    pub method: Method,
    /// The data is as it was then.
    pub point: Timestamp,
    /// Bytes to transfer.
    pub bytes: Option<u64>,
    /// Seconds it takes.
    pub seconds: Option<u64>,
    /// What follows for replication.
    pub consequence: Consequence,
    /// What it cannot do without.
    pub needs: Vec<Need>,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as of {}", self.id, self.point)?;
        if let Some(seconds) = self.seconds {
            write!(f, ", about {}", Seconds(seconds))?;
        }
        match self.consequence {
            Consequence::Continues => Ok(()),
            Consequence::ReplicasAhead => f.write_str(", replicas have to be rolled back"),
            Consequence::Breaks => f.write_str(", replicas need a full send"),
        }
    }
}

/// What is no way back, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rejected {
    /// What it is called.
    pub id: String,
    /// When it is of, if it is known.
    pub point: Option<Timestamp>,
    /// Why.
    pub why: Rejection,
}

/// Why something is no way back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Rejection {
    /// Nobody could look: it may be there or not.
    #[error("could not be looked at: {0}")]
    Unknown(String),
    /// It is not there.
    #[error("has nothing of this")]
    Absent,
    /// What it is for.
    #[error("was taken for another purpose, not as a way back")]
    Purpose,
    /// It is of another dataset, host, job or path.
    #[error("is of {0}")]
    OfAnother(String),
    /// It is of the future: some clock was wrong, and nobody knows when it is really of.
    #[error("is of the future: a clock was wrong when it was made")]
    Future,
    /// Nobody finished it.
    #[error("is incomplete")]
    Incomplete,
    /// A newer one is taken.
    #[error("is older than {0}")]
    Older(String),
    /// It is older than the policy allows.
    #[error("is older than the policy allows, by {}", Seconds(*.0))]
    TooOld(u64),
    /// What it needs lies in what it would restore.
    #[error("needs {secret}, which lies on {dataset}, which is to be restored: keep it elsewhere")]
    SecretInside {
        /// The secret.
        secret: AbsolutePath,
        /// The dataset it lies on.
        dataset: DatasetName,
    },
    /// The policy does not use this kind.
    #[error("is not among the kinds that the policy uses")]
    NotInPolicy,
    /// No base backup leads to the wish.
    #[error("{0}")]
    Unreachable(String),
}
