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
    /// What is there is taken over.
    Adopt,
    /// The service starts with nothing.
    Empty,
}

impl Kind {
    /// Its word in declarations and records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Replica => "replica",
            Self::Local => "local",
            Self::Restic => "restic",
            Self::Pitr => "pitr",
            Self::Adopt => "adopt",
            Self::Empty => "empty",
        }
    }

    /// Whether it brings data from a copy: what a policy puts in order. [`Adopt`](Self::Adopt) comes before all of them and
    /// [`Empty`](Self::Empty) after, if the service's declaration allows them at all.
    pub const fn is_copy(self) -> bool {
        !matches!(self, Self::Adopt | Self::Empty)
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
    /// Nothing is fetched: data that is there is checked, and stays.
    Adopt,
    /// Nothing is fetched: the dataset is created if it is missing.
    Empty,
}

impl Method {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Replica { .. } => Kind::Replica,
            Self::Local { .. } => Kind::Local,
            Self::Restic { .. } => Kind::Restic,
            Self::Pitr { .. } => Kind::Pitr,
            Self::Adopt => Kind::Adopt,
            Self::Empty => Kind::Empty,
        }
    }

    /// Where it takes the data from, whichever snapshot that is: `replica nas-1`, `restic nas-primary`, `local`. What a drill
    /// of one snapshot has shown is true of the way to the others.
    pub fn way(&self) -> String {
        match self {
            Self::Replica { replica: name, .. }
            | Self::Restic { repository: name, .. }
            | Self::Pitr { source: name, .. } => way(self.kind(), name),
            Self::Local { .. } | Self::Adopt | Self::Empty => self.kind().to_string(),
        }
    }
}

/// A kind and a name: the beginning of every candidate's id. The kind's word has no blank, so that no two share one.
pub(super) fn way(kind: Kind, name: &str) -> String {
    format!("{kind} {name}")
}

/// What follows for replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Consequence {
    /// Incremental replication goes on.
    Continues,
    /// It goes on when what was set aside is [released](crate::preseed::release): until then the dataset is a clone of a snapshot
    /// there, and has none of its own that a replica knows.
    AfterRelease,
    /// The same, and replicas have newer snapshots: they have to be rolled back before they receive again.
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

/// What the last drill has shown of a way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tested {
    /// When that drill ended.
    pub at: Timestamp,
    /// Whether data came back that way, and was compared with its source.
    pub passed: bool,
}

/// A way back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Candidate {
    /// What it is called in records and reports: `replica nas-1`, `restic nas-primary 4bba301e`.
    pub id: String,
    /// How it is carried out.
    pub method: Method,
    /// The recovery point: the data is as it was then. None: no data comes back.
    pub point: Option<Timestamp>,
    /// Bytes to transfer, if they are known: for a replica what its snapshots wrote, for restic the size of the files.
    pub bytes: Option<u64>,
    /// Seconds it takes, if both the bytes and the declared rate are known: one divided by the other. Verification, and what is
    /// compressed or there already, is left out of account.
    pub seconds: Option<u64>,
    /// What follows for replication.
    pub consequence: Consequence,
    /// What it cannot do without.
    pub needs: Vec<Need>,
    /// What the last drill of this way has shown; none: there was no drill, or nobody said so.
    pub tested: Option<Tested>,
}

impl Candidate {
    /// A candidate of which no more is known than how it is carried out, and the recovery point.
    pub fn new(id: impl Into<String>, method: Method, point: Option<Timestamp>) -> Self {
        let consequence = match method.kind() {
            Kind::Replica | Kind::Adopt => Consequence::Continues,
            Kind::Local => Consequence::AfterRelease,
            Kind::Restic | Kind::Pitr | Kind::Empty => Consequence::Breaks,
        };
        let (id, needs) = (id.into(), Vec::new());
        Self { id, method, point, bytes: None, seconds: None, consequence, needs, tested: None }
    }

    /// Seconds of data that are lost at `now`; none: all of it. A point that is not past loses nothing.
    pub fn loses(&self, now: Timestamp) -> Option<u64> {
        self.point.map(|point| age(now, point))
    }
}

/// Seconds from a point to now; 0 for one that is not past.
pub(super) fn age(now: Timestamp, point: Timestamp) -> u64 {
    u64::try_from(now.duration_since(point).as_secs()).unwrap_or(0)
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.method.kind(), self.point) {
            (Kind::Adopt, _) => return f.write_str("adopt what is there"),
            (Kind::Empty, _) => return f.write_str("start empty"),
            (_, Some(point)) => write!(f, "{} as of {point}", self.id)?,
            (_, None) => f.write_str(&self.id)?,
        }
        if let Some(seconds) = self.seconds {
            write!(f, ", about {}", Seconds(seconds))?;
        }
        match self.consequence {
            Consequence::Continues => {}
            Consequence::AfterRelease => {
                f.write_str(", replicas wait for the release of what is set aside")?;
            }
            Consequence::ReplicasAhead => f.write_str(
                ", replicas wait for the release of what is set aside, and have to be rolled back",
            )?,
            Consequence::Breaks => f.write_str(", replicas need a full send")?,
        }
        match self.tested {
            Some(Tested { at, passed: true }) => write!(f, ", came back in the drill of {at}"),
            Some(Tested { at, passed: false }) => write!(f, ", failed in the drill of {at}"),
            None => Ok(()),
        }
    }
}
