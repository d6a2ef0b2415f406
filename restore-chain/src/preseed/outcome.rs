//! How a preseed ends: one of these states, never another.

use std::fmt;

use zfs_props::name::DatasetName;

use super::record::Record;
use super::sight::Occupant;
use super::world::Fault;
use crate::quantity::Seconds;

/// How a preseed ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Outcome {
    /// The dataset was complete before.
    Skipped(Record),
    /// The data came back.
    Restored(Record),
    /// The data was there, and was taken over.
    Adopted(Record),
    /// The service starts empty, as its declaration allows.
    StartedEmpty(Record),
    /// There is data that nobody has restored or adopted: somebody has to look at it. Nothing was changed.
    NeedsAdoption,
    /// Another run is at work.
    Busy,
    /// The service must not start.
    Blocked(Block),
}

impl Outcome {
    /// The completion record, if the service may start.
    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Skipped(record)
            | Self::Restored(record)
            | Self::Adopted(record)
            | Self::StartedEmpty(record) => Some(record),
            Self::NeedsAdoption | Self::Busy | Self::Blocked(_) => None,
        }
    }
}

/// Why a service must not start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Block {
    /// The pool is not there.
    Pool,
    /// The dataset above is not there. Made by the way, it would not be as it is declared; and a receive does not make it, so that
    /// an older copy would come back instead of a replica.
    NoParent(DatasetName),
    /// Something else is at the mountpoint, too: which of them holds the data? So are files that a mount would cover.
    SharedMountpoint(Occupant),
    /// The dataset cannot be mounted, and so nobody knows whether it is empty.
    CannotTell,
    /// Every way back failed, or there was none, and the service may not start empty.
    NothingRestored,
    /// What came back is empty, which nobody could see before it was mounted.
    NothingInIt,
    /// Not enough time was left for another attempt.
    OutOfTime,
    /// The last way back that was left needs more time than it has. What has arrived stays, and the next run goes on.
    Unfinished(String),
    /// An act failed that everything after depends on; the next run goes on from here.
    Act {
        /// Which.
        act: &'static str,
        /// Why.
        fault: Fault,
    },
    /// A dataset that is not ours has the name of staging.
    ForeignStaging(DatasetName),
    /// What is on disk could not be looked at.
    Unobservable(Fault),
    /// No progress was made: a fault of this crate or of a [`World`](super::World).
    NoProgress,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool => f.write_str("the pool is not available"),
            Self::NoParent(parent) => {
                write!(f, "{parent} is not there: make it as it is declared, and run this again")
            }
            Self::SharedMountpoint(files @ Occupant::Files(_)) => write!(
                f,
                "{files} would be covered by the dataset: see whose they are, and move them away"
            ),
            Self::SharedMountpoint(other) => write!(
                f,
                "{other} is, or would be, mounted at the same place: give it another mountpoint"
            ),
            Self::CannotTell => f.write_str(
                "the dataset cannot be mounted, so that nobody can tell whether it is empty",
            ),
            Self::NothingRestored => {
                f.write_str("nothing could be restored, and the service may not start empty")
            }
            Self::NothingInIt => f.write_str(
                "what came back has nothing in it: see what other copies there are, and rename it away",
            ),
            Self::OutOfTime => f.write_str("no time was left for another attempt"),
            Self::Unfinished(candidate) => write!(
                f,
                "{candidate} needs more time: what has arrived stays, and the next run goes on"
            ),
            Self::Act { act, fault } => write!(f, "{act}: {fault}"),
            Self::ForeignStaging(name) => {
                write!(f, "{name} exists and is no staging of ours: rename it")
            }
            Self::Unobservable(fault) => {
                write!(f, "what is on disk could not be looked at: {fault}")
            }
            Self::NoProgress => f.write_str("no progress was made"),
        }
    }
}

/// An attempt to fetch or verify that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Attempt {
    /// The candidate.
    pub candidate: String,
    /// The act that failed.
    pub act: &'static str,
    /// Why.
    pub fault: Fault,
}

/// How a run went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    /// The service.
    pub service: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What failed on the way.
    pub attempts: Vec<Attempt>,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// Whether nobody could be told.
    pub untold: Option<Fault>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use super::record::RecordKind;
        write!(f, "{}: ", self.service)?;
        match &self.outcome {
            Outcome::Skipped(_) => f.write_str("complete already")?,
            Outcome::Restored(Record {
                kind: RecordKind::Restored { candidate, point }, ..
            }) => {
                write!(
                    f,
                    "restored from {candidate}, as of {point}, in {}",
                    Seconds(self.seconds)
                )?;
            }
            Outcome::Restored(_) => f.write_str("restored")?,
            Outcome::Adopted(_) => f.write_str("adopted what was there")?,
            Outcome::StartedEmpty(_) => f.write_str("starts empty")?,
            Outcome::NeedsAdoption => f.write_str(
                "has data that nobody restored: look at it, and adopt it or set it aside",
            )?,
            Outcome::Busy => f.write_str("another run is at work")?,
            Outcome::Blocked(block) => write!(f, "must not start: {block}")?,
        }
        for attempt in &self.attempts {
            write!(f, "\n  {} {}: {}", attempt.act, attempt.candidate, attempt.fault)?;
        }
        Ok(())
    }
}
