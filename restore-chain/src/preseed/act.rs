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

/// `chown`: of the mountpoint alone, or of everything below it but what is mounted there, which are the paths `but`: that is
/// somebody else's. Links are never followed.
pub fn chown(owner: &Owner, path: &str, but: &[String]) -> Command {
    let who = format!("{}:{}", owner.user, owner.group);
    let chown = ["chown", "--no-dereference"];
    if !owner.recursive {
        return Command::new(chown).args(["--", &who, path]);
    }
    if but.is_empty() {
        return Command::new(chown).args(["--recursive", "-P", "--", &who, path]);
    }
    // `chown` itself goes on into whatever is mounted; and -xdev of `find` stops only behind the first folder of that.
    let mut command = Command::new(["find", "-P", path, "("]);
    for (n, place) in but.iter().enumerate() {
        let or: &[&str] = if n > 0 { &["-o"] } else { &[] };
        command = command.args(or.iter().copied()).arg("-path").arg(crate::path::pattern(place));
    }
    command.args([")", "-prune", "-o", "-exec"]).args(chown).args(["--", &who, "{}", "+"])
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// What another dataset below the mountpoint has would go to this service's user.
    #[test]
    fn what_is_mounted_below_keeps_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let own = fs::metadata(folder.path()).unwrap();
        if own.uid() != 0 {
            println!("skipped: chown (not root)");
            return;
        }
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for name in ["a*b/deep", "axb/deep", "c\\[d]/deep"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        std::os::unix::fs::symlink("/nowhere", path("link")).unwrap();
        let owner = Owner { user: "4711".to_owned(), group: "4712".to_owned(), recursive: true };
        let command =
            chown(&owner, folder.path().to_str().unwrap(), &[path("a*b"), path("c\\[d]")]);
        let [program, words @ ..] = command.argv() else { panic!("{command}") };
        assert!(std::process::Command::new(program).args(words).status().unwrap().success());
        let owner = |name: &str| fs::symlink_metadata(path(name)).unwrap().uid();
        assert_eq!(["", "axb", "axb/deep", "link"].map(owner), [4711; 4]);
        assert_eq!(["a*b", "a*b/deep", "c\\[d]", "c\\[d]/deep"].map(owner), [0; 4]);
    }
}
