//! The kernel's table of mounts, as `/proc/self/mountinfo` shows it (proc(5)).
//!
//! ```
//! use impermanence_model::mountinfo::MountTable;
//!
//! let table = MountTable::parse(b"\
//! 22 1 0:20 / / rw,relatime shared:1 - tmpfs none rw,size=4096k
//! 30 22 8:1 / /persist rw shared:2 - ext4 /dev/sda1 rw
//! 31 22 8:1 /srv/a /srv/a\\040b rw shared:2 - ext4 /dev/sda1 rw
//! ")?;
//! let bind = table.at(b"/srv/a b").expect("a mount");
//! assert_eq!((bind.id, bind.root.as_slice()), (31, &b"/srv/a"[..]));
//! assert_eq!(table.covering(b"/srv/a b/c/d").map(|mount| mount.id), Some(31));
//! assert_eq!(table.covering(b"/srv/a").map(|mount| mount.id), Some(22));
//! # Ok::<(), impermanence_model::mountinfo::MountinfoError>(())
//! ```
//!
//! Everything is bytes: file systems, sources and mount points need not be UTF-8. The table is read in one pass, and
//! knows which of its mounts can be reached: one may lie under another that was mounted on the same path, or
//! above it, later.
//!
//! The table of a thread that has left the process's mount namespace is `/proc/thread-self/mountinfo`.

mod parse;
mod reach;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use parse::MountinfoError;

/// One line of mountinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mount {
    /// Identifies the mount while it exists; what `statx` gives as `stx_mnt_id`.
    pub id: u64,
    /// The mount it is mounted on. That of the root directory is not in the table; it is 0 where there is none.
    pub parent: u64,
    /// The device number of the file system's files, major and minor: equal for two mounts of one file system.
    pub device: (u32, u32),
    /// The directory or file of the file system that is mounted, as an absolute path in it. It ends in `//deleted`
    /// if it was removed since: see [`deleted`](Self::deleted).
    pub root: Vec<u8>,
    /// Where it is mounted, as seen from the reader's root directory.
    pub point: Vec<u8>,
    /// Options of the mount itself, comma separated: `rw,nosuid,relatime`.
    pub options: Vec<u8>,
    /// How mounts below it spread to other namespaces.
    pub propagation: Propagation,
    /// The type of the file system, with its subtype: `ext4`, `fuse.sshfs`.
    pub fs_type: Vec<u8>,
    /// What was mounted, as the file system calls it: a device, `none`, a dataset, or nothing at all.
    pub source: Vec<u8>,
    /// Options of the file system, comma separated and as it writes them.
    pub super_options: Vec<u8>,
}

/// The optional fields of a line: `mount_namespaces(7)`, "Shared subtrees".
///
/// None of them: the mount is private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Propagation {
    /// The peer group it shares mounts with.
    pub shared: Option<u64>,
    /// The peer group whose mounts it receives.
    pub master: Option<u64>,
    /// The nearest reachable group that mounts come from, if that is not its master.
    pub propagate_from: Option<u64>,
    /// It cannot be bound elsewhere.
    pub unbindable: bool,
}

/// A whole table.
#[derive(Clone, Debug, Default)]
pub struct MountTable {
    mounts: Vec<Mount>,
    /// Mounts by their mount point, and by the mount they are on.
    by_point: HashMap<Vec<u8>, BTreeMap<u64, usize>>,
    /// Parents that are not in the table: the root directory's mount is on one of them.
    outside: BTreeSet<u64>,
}

impl Mount {
    /// Whether the mounted directory or file was removed from its file system; and its path before.
    pub fn deleted(&self) -> Option<&[u8]> {
        self.root.strip_suffix(b"//deleted")
    }

    /// Whether an option is set, of the mount or of its file system.
    pub fn has_option(&self, option: &[u8]) -> bool {
        let set = |options: &[u8]| options.split(|&byte| byte == b',').any(|each| each == option);
        set(&self.options) || set(&self.super_options)
    }

    /// Whether nothing can be written through this mount: it, or its file system, is read-only.
    pub fn is_read_only(&self) -> bool {
        self.has_option(b"ro")
    }
}

impl MountTable {
    /// Every mount, in the kernel's order.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }
}

#[cfg(all(feature = "exec", target_os = "linux"))]
impl MountTable {
    /// Takes in a mount that was made after the table was read.
    pub(crate) fn add(&mut self, mount: Mount) {
        self.by_point
            .entry(mount.point.clone())
            .or_default()
            .insert(mount.parent, self.mounts.len());
        self.mounts.push(mount);
    }
}
