//! One act: each is either atomic on disk, or recognisable when it is done by half.

use std::fmt;

use zfs_props::name::DatasetName;

use super::names::Aside;
use super::record::{Intent, Record};
use crate::candidates::Candidate;
use crate::command::Command;
use crate::service::Owner;

/// What is done to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Act {
    /// Writes down that a restore begins. Atomic.
    Note(Intent),
    /// Removes that. Atomic.
    Forget,
    /// Fills staging. By half it is staging without a verification.
    Fetch {
        /// From there.
        candidate: Box<Candidate>,
        /// To there: created with the mark of the candidate, never mounted at the service's mountpoint.
        staging: DatasetName,
    },
    /// Compares staging with its source, and marks it as verified. The mark is atomic.
    Verify {
        /// The source.
        candidate: Box<Candidate>,
        /// Staging.
        staging: DatasetName,
    },
    /// Destroys staging.
    Discard {
        /// Staging.
        staging: DatasetName,
    },
    /// `canmount=noauto`, so that what is set aside does not come back at the next boot. Atomic.
    Disarm,
    /// `canmount=on`. Atomic.
    Arm,
    /// Unmounts the dataset. Atomic.
    Unmount,
    /// Renames the dataset away. Atomic.
    SetAside(Aside),
    /// Renames it back. Atomic.
    PutBack(Aside),
    /// Renames staging into place. Atomic.
    SwapIn {
        /// Staging.
        staging: DatasetName,
    },
    /// Creates the dataset, empty. Atomic.
    CreateEmpty,
    /// Sets the declared properties. By half some are set; they are set again.
    SetProperties,
    /// Mounts the dataset. Atomic.
    Mount,
    /// Gives the data to its owner. By half some of it; it is done again.
    SetOwner,
    /// Looks whether data that is there is what the service can use.
    CheckExisting,
    /// Writes the completion record. Atomic, and last.
    Complete(Record),
    /// Waits, so many seconds, before another attempt.
    Wait(u64),
}

impl Act {
    /// Its kind, in one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Note(_) => "note",
            Self::Forget => "forget",
            Self::Fetch { .. } => "fetch",
            Self::Verify { .. } => "verify",
            Self::Discard { .. } => "discard",
            Self::Disarm => "disarm",
            Self::Arm => "arm",
            Self::Unmount => "unmount",
            Self::SetAside(_) => "set-aside",
            Self::PutBack(_) => "put-back",
            Self::SwapIn { .. } => "swap-in",
            Self::CreateEmpty => "create-empty",
            Self::SetProperties => "set-properties",
            Self::Mount => "mount",
            Self::SetOwner => "set-owner",
            Self::CheckExisting => "check-existing",
            Self::Complete(_) => "complete",
            Self::Wait(_) => "wait",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch { candidate, staging } => {
                write!(f, "fetch {} into {staging}", candidate.id)
            }
            Self::Verify { candidate, staging } => {
                write!(f, "compare {staging} with {}", candidate.id)
            }
            Self::Discard { staging } => write!(f, "discard {staging}"),
            Self::SetAside(aside) => write!(f, "set {} aside as {}", aside.of, aside.name),
            Self::PutBack(aside) => write!(f, "put {} back as {}", aside.name, aside.of),
            Self::SwapIn { staging } => write!(f, "rename {staging} into place"),
            Self::Wait(seconds) => write!(f, "wait {seconds} s"),
            other => f.write_str(other.word()),
        }
    }
}

/// `chown`: of the mountpoint alone, or of everything on that filesystem; links are never followed.
pub fn chown(owner: &Owner, path: &str) -> Command {
    let who = format!("{}:{}", owner.user, owner.group);
    let command = Command::new(["chown", "--no-dereference"]);
    let command = if owner.recursive { command.args(["--recursive", "-P"]) } else { command };
    command.args(["--", &who, path])
}
