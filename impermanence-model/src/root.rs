//! What `/` is, and what becomes of it at boot.

use std::fmt;

use crate::owner::Mode;

/// What `/` is, and what becomes of it at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Root {
    /// Memory: empty at every boot.
    Tmpfs {
        /// Bytes it may take; none: half of the memory, which is what tmpfs(5) takes.
        size: Option<u64>,
        /// Of the directory `/`. The kernel's own default is 1777.
        mode: Mode,
    },
    /// A ZFS dataset that is rolled back to a snapshot at every boot (zfs-rollback(8)).
    ZfsRollback {
        /// As `rpool/local/root`.
        dataset: String,
        /// As `blank`.
        snapshot: String,
    },
    /// A new root at every boot, the old ones kept for a while: a ZFS dataset renamed, or a btrfs subvolume moved.
    Rotated {
        /// As `rpool/local/root`, or `/dev/vda2[/root]`.
        device: String,
        /// `zfs` or `btrfs`.
        fs_type: String,
        /// How long an old root is kept.
        retention: Retention,
    },
    /// An ordinary file system: nothing is thrown away.
    Persistent {
        /// The first field of fstab(5).
        device: String,
        /// The third.
        fs_type: String,
    },
}

/// How long old roots are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Retention {
    /// So many of them, the current one not counted.
    Boots(u32),
    /// Those younger than so many days.
    Days(u32),
}

impl Root {
    /// Whether anything is thrown away at boot.
    pub fn is_ephemeral(&self) -> bool {
        !matches!(self, Self::Persistent { .. })
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self {
            Self::Boots(count) => (count, "boot"),
            Self::Days(count) => (count, "day"),
        };
        write!(f, "{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tmpfs { .. } => f.write_str("a tmpfs, empty at every boot"),
            Self::ZfsRollback { dataset, snapshot } => {
                write!(f, "{dataset}, rolled back to @{snapshot} at every boot")
            }
            Self::Rotated { device, retention, .. } => {
                write!(f, "{device}, new at every boot; old roots are kept for {retention}")
            }
            Self::Persistent { device, .. } => write!(f, "{device}, which is kept"),
        }
    }
}
