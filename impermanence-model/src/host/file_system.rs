//! File systems of the host, and what becomes of what is written to them.

use std::fmt;

use crate::origin::Origin;
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// A file system that the host mounts; the keys of `fileSystems` in NixOS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSystem {
    /// The first field of fstab(5).
    pub device: String,
    /// The third field.
    pub fs_type: String,
    /// The fourth, split at commas.
    pub options: Vec<String>,
    /// Mounted in the initrd.
    pub needed_for_boot: bool,
    /// Mount points that have to be mounted before.
    pub depends: Vec<AbsolutePath>,
    /// The snapshot that it is rolled back to at every boot.
    pub rollback: Option<String>,
    /// Where it is declared.
    pub origin: Origin,
}

/// What becomes of what is written to a file system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Backing {
    /// It is kept, on this device.
    Persistent(String),
    /// It is gone when the power is.
    Volatile(String),
    /// It is gone at boot; what the snapshot holds is back. As `rpool/local/root@blank`.
    RolledBack(String),
    /// It is set aside at boot, and kept for this long there.
    Retained {
        /// What holds the old roots.
        device: String,
        /// For how long.
        retention: crate::root::Retention,
    },
    /// Another machine keeps it, or not.
    External(String),
    /// Nobody can say from the declaration alone.
    Unknown(String),
}

/// Types of file systems whose content is memory (filesystems(5), tmpfs(5)).
const VOLATILE: [&str; 10] = [
    "tmpfs",
    "ramfs",
    "devtmpfs",
    "proc",
    "sysfs",
    "devpts",
    "cgroup2",
    "hugetlbfs",
    "mqueue",
    "securityfs",
];

/// Types whose content another machine has (nfs(5), mount.cifs(8), and what hypervisors share).
const EXTERNAL: [&str; 11] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "virtiofs",
    "ceph",
    "glusterfs",
    "fuse.sshfs",
    "afs",
    "fuse.rclone",
];

/// Types that show other file systems in a way that the mount table does not tell.
const UNKNOWN: [&str; 4] = ["overlay", "autofs", "fuse.mergerfs", "fuse.unionfs"];

impl FileSystem {
    /// What is bound, if it is a bind.
    pub fn bound_from(&self) -> Option<AbsolutePath> {
        let bind = |option: &String| option == "bind" || option == "rbind";
        if self.options.iter().any(bind) { self.device.parse().ok() } else { None }
    }

    /// Whether mounts below the source come along.
    pub fn is_recursive(&self) -> bool {
        self.options.iter().any(|option| option == "rbind")
    }

    /// What becomes of what is written to it. None for a bind: that is where it comes from.
    pub fn backing(&self) -> Option<Backing> {
        if self.bound_from().is_some() {
            return None;
        }
        let (kind, device) = (self.fs_type.as_str(), self.device.clone());
        Some(match &self.rollback {
            Some(snapshot) => Backing::RolledBack(format!("{device}@{snapshot}")),
            None if VOLATILE.contains(&kind) => Backing::Volatile(kind.to_owned()),
            None if EXTERNAL.contains(&kind) => Backing::External(device),
            None if UNKNOWN.contains(&kind) => Backing::Unknown(kind.to_owned()),
            None => Backing::Persistent(device),
        })
    }

    /// When it is mounted: in the initrd if the boot needs it, else by `local-fs.target`.
    pub fn stage(&self) -> Stage {
        if self.needed_for_boot { Stage::Initrd } else { Stage::Late }
    }
}

impl Backing {
    /// Whether what is written is gone, or at least set aside, after a reboot.
    pub fn is_thrown_away(&self) -> bool {
        matches!(self, Self::Volatile(_) | Self::RolledBack(_) | Self::Retained { .. })
    }

    /// Whether what is written is there after a reboot.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Persistent(_) | Self::External(_))
    }
}

impl fmt::Display for Backing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Persistent(device) => write!(f, "{device}, which is kept"),
            Self::Volatile(kind) => write!(f, "a {kind}, empty at every boot"),
            Self::RolledBack(snapshot) => write!(f, "rolled back to {snapshot} at every boot"),
            Self::Retained { device, retention } => {
                write!(f, "{device}, new at every boot; the old one is kept for {retention}")
            }
            Self::External(device) => write!(f, "{device}, which another machine keeps"),
            Self::Unknown(kind) => {
                write!(f, "{kind}, of which the declaration does not say what becomes")
            }
        }
    }
}
