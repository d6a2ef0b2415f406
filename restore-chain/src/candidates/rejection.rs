//! What is no way back, and why.

use std::fmt;

use jiff::Timestamp;
use zfs_props::name::DatasetName;

use crate::path::AbsolutePath;
use crate::quantity::Seconds;

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
    /// It is this job's, by machine and tags, and has another path: the data was elsewhere when it was made.
    #[error("is this job's, and has {paths}, not {root}: restore it by hand, or declare that root")]
    OtherPath {
        /// What it has.
        paths: String,
        /// Where the job is declared to have the data.
        root: AbsolutePath,
    },
    /// It is of this machine, has the path, and lacks a tag of the job.
    #[error(
        "has {root} of this machine, and lacks the tag {tag}: restore it by hand, or declare its tags"
    )]
    OtherTags {
        /// What it has.
        root: AbsolutePath,
        /// What it lacks.
        tag: String,
    },
    /// It is of the future: some clock was wrong, and nobody knows when it is really of.
    #[error("is of the future: a clock was wrong when it was made")]
    Future,
    /// A newer one is taken.
    #[error("is older than {0}")]
    Older(String),
    /// It is older than the policy allows.
    #[error("is older than the policy allows, by {}", Seconds(*.0))]
    TooOld(u64),
    /// What it needs, or what that is made from, lies in what it would restore.
    #[error("needs {}, which lies on {dataset}, which is to be restored: keep it elsewhere", MadeFrom(.secrets))]
    SecretInside {
        /// The secret that is needed, then what it is made from; the last one lies there.
        secrets: Vec<AbsolutePath>,
        /// The dataset it lies on.
        dataset: DatasetName,
    },
    /// The policy does not use this kind.
    #[error("is not among the kinds that the policy uses")]
    NotInPolicy,
    /// No base backup leads to the wish.
    #[error("{0}")]
    Unreachable(String),
    /// Nobody has looked whether there is data; the restore itself looks.
    #[error("nobody has looked yet whether there is data")]
    NotLookedAt,
    /// It is empty: there is nothing to adopt.
    #[error("nothing is in it")]
    Nothing,
    /// It is not mounted: nobody can tell whether it is empty.
    #[error("is not mounted, so that nobody can tell whether it is empty")]
    NotMounted,
    /// There is data, and the declaration does not adopt it unseen.
    #[error("the data that is there was restored by nobody: somebody has to look at it first")]
    Ask,
    /// There is data that nobody has restored: it is never replaced.
    #[error("would replace data that is there, which never happens")]
    InTheWay,
    /// The service's declaration does not let it start empty.
    #[error("the service may not start empty")]
    MayNotBeEmpty,
    /// It may start empty only where nothing exists, and something does, or may.
    #[error("copies exist, or may exist: the service starts empty only where there are none")]
    CopiesMayExist,
}

impl Rejection {
    /// Whether it says that there is no copy. All other reasons leave one, if only one that is no good.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Absent | Self::OfAnother(_) | Self::Nothing | Self::NotLookedAt)
    }
}

/// A secret, and what it is made from.
struct MadeFrom<'s>(&'s [AbsolutePath]);

impl fmt::Display for MadeFrom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, secret) in self.0.iter().enumerate() {
            write!(f, "{}{secret}", if n > 0 { ", made from " } else { "" })?;
        }
        Ok(())
    }
}
