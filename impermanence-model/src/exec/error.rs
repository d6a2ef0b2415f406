//! Why something was not done.

use nix::errno::Errno;

use crate::path::AbsolutePath;

/// Why a step was not carried out, or not checked. What it was about is as it was before, or as the message says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// A system call failed.
    #[error("{path}: {what}: {errno}")]
    System {
        /// What it was about.
        path: AbsolutePath,
        /// What was tried.
        what: &'static str,
        /// The kernel's answer.
        errno: Errno,
    },
    /// A component is a symbolic link, and what it leads to is whoever's choice who made it.
    #[error(
        "{path} is a symbolic link; declare the path it leads to, for mount points and stores are reached without links (systemd.mount(5))"
    )]
    Link {
        /// The link.
        path: AbsolutePath,
    },
    /// Something else is there, and is not replaced.
    #[error("{path} is {found}, and {wanted} is declared; see what is in it, and move it away")]
    Other {
        /// Where.
        path: AbsolutePath,
        /// What is there.
        found: &'static str,
        /// What is declared.
        wanted: &'static str,
    },
    /// A mount would hide what is there.
    #[error(
        "{path} has something in it that the mount would hide; move it into the store, or say that it may be hidden"
    )]
    Hides {
        /// The mount point.
        path: AbsolutePath,
    },
    /// Another mount is on the mount point, or over it.
    #[error("{path}: {found}")]
    Occupied {
        /// The mount point.
        path: AbsolutePath,
        /// What was found, and what would help.
        found: String,
    },
    /// A file system of the host's own is not mounted.
    #[error("{path} is not mounted; the host mounts it ({what}) before anything that stands on it")]
    NotMounted {
        /// Its mount point.
        path: AbsolutePath,
        /// Its device and type.
        what: String,
    },
    /// The caller's own mounting of it failed.
    #[error("{path}: the host could not mount it: {error}")]
    Mounter {
        /// Its mount point.
        path: AbsolutePath,
        /// What it said.
        error: String,
    },
    /// A mount is in use.
    #[error("{path} is in use, by the processes {holders:?}; stop them first")]
    Busy {
        /// The mount point.
        path: AbsolutePath,
        /// Processes that have a file of it open, or work in it. One that only maps a file of it is not found, and
        /// neither is one of another user, without privileges.
        holders: Vec<u32>,
    },
    /// Something is in two places, and is not the same.
    #[error(
        "{path} and {other} differ ({what}); see which is the right one, and move the other away"
    )]
    Differ {
        /// The one.
        path: AbsolutePath,
        /// The other.
        other: AbsolutePath,
        /// In what.
        what: &'static str,
    },
    /// The caller did not agree to a step.
    #[error("{path}: not done: {error}")]
    Declined {
        /// What the step is about.
        path: AbsolutePath,
        /// What the caller said.
        error: String,
    },
    /// A file that its directory's owner may have put there, by a second name for another's file.
    #[error(
        "{path} has several names, and its directory belongs to uid {uid}, who may have given it this one: owner and mode are left alone"
    )]
    Planted {
        /// The file.
        path: AbsolutePath,
        /// The owner of its directory.
        uid: u32,
    },
    /// A user or group that the system does not know.
    #[error("{path}: there is no {kind} {name:?}")]
    Unknown {
        /// What should belong to it.
        path: AbsolutePath,
        /// `user` or `group`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// An option that is none of a bind's.
    #[error(
        "{path}: a bind cannot have the option {option:?}; it takes ro, rw, nosuid, nodev, noexec, the atime and diratime options, nosymfollow, and their opposites"
    )]
    Option {
        /// The mount point.
        path: AbsolutePath,
        /// The option.
        option: String,
    },
    /// The kernel's table of mounts cannot be read.
    #[error("the table of mounts cannot be read: {0}")]
    Table(String),
}

impl ExecError {
    /// A failed system call, for `map_err`.
    pub(super) fn system(
        path: &AbsolutePath,
        what: &'static str,
    ) -> impl FnOnce(Errno) -> Self + use<> {
        let path = path.clone();
        move |errno| Self::System { path, what, errno }
    }
}
