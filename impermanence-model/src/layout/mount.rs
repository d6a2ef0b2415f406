//! A mount: what, where, and with which options.

use crate::path::AbsolutePath;

/// A mount that the layout makes, or that the host makes and the layout stands on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Mount {
    /// Where.
    pub target: AbsolutePath,
    /// What.
    pub source: Source,
    /// Options as in fstab(5), without `bind` and `rbind`, which [`source`](Self::source) says: `ro`, `nosuid`,
    /// `x-gvfs-hide`.
    pub options: Vec<String>,
    /// How mounts below it travel between namespaces; none: as the mount it stands on.
    pub propagation: Option<Propagation>,
}

impl Mount {
    /// Whether an option says so; of several that contradict each other, the last holds (mount(8)).
    pub fn is_read_only(&self) -> bool {
        let last = self.options.iter().rev().find(|option| matches!(option.as_str(), "ro" | "rw"));
        last.is_some_and(|option| option == "ro")
    }

    /// Where a bind comes from.
    pub fn bound_from(&self) -> Option<&AbsolutePath> {
        match &self.source {
            Source::Bind { from, .. } => Some(from),
            Source::Device { .. } => None,
        }
    }
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Source {
    /// A file system of the host's own, which the host mounts.
    Device {
        /// A device, a dataset, `tmpfs`, `server:/export`, as the first field of fstab(5).
        device: String,
        /// Its type, as the third field of fstab(5).
        fs_type: String,
    },
    /// Another place of the same namespace.
    Bind {
        /// The place.
        from: AbsolutePath,
        /// What it is: the mount point has to be the same.
        of: BindOf,
        /// With the mounts below it (`rbind`); without, their mount points show what is beneath them.
        recursive: bool,
    },
}

/// What a bind shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum BindOf {
    /// A directory.
    Directory,
    /// A single file.
    File,
}

/// How mounts travel between namespaces (`mount_namespaces(7)`, "Shared subtrees").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Propagation {
    /// Not at all.
    Private,
    /// Both ways.
    Shared,
    /// Inwards.
    Slave,
    /// Not at all, and it cannot be bound.
    Unbindable,
}

impl Propagation {
    /// As it is declared, and what it means.
    pub const ALL: [(&'static str, Self); 4] = [
        ("private", Self::Private),
        ("shared", Self::Shared),
        ("slave", Self::Slave),
        ("unbindable", Self::Unbindable),
    ];
}
