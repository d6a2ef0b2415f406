//! What `/` is, and what becomes of it at boot.

mod snapshots;

use std::fmt;
use std::str::FromStr;

use crate::origin::{Layer, Origin};
use crate::owner::Mode;
use crate::problem::{Code, Problem, problem};

pub use snapshots::BadListing;

/// What `/` is, and what becomes of it at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Root {
    /// Memory: empty at every boot.
    Tmpfs {
        /// What it may take; none: half of the memory, which is what tmpfs(5) takes.
        size: Option<TmpfsSize>,
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

/// What a tmpfs may take, as the option `size` of tmpfs(5) has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum TmpfsSize {
    /// Bytes.
    Bytes(u64),
    /// Hundredths of the memory.
    Percent(u32),
}

/// Why a text is no size of a tmpfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a size is a number of bytes with k, m or g behind it, or of hundredths of the memory with %"
)]
pub struct BadSize;

/// `8G`, `512m`, `25%`, as the kernel's `memparse` takes it.
impl FromStr for TmpfsSize {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        const UNITS: [(char, u32); 6] =
            [('k', 10), ('m', 20), ('g', 30), ('t', 40), ('p', 50), ('e', 60)];
        if let Some(number) = text.strip_suffix('%') {
            return number.parse().map(Self::Percent).map_err(|_| BadSize);
        }
        let lower = text.to_ascii_lowercase();
        let unit = UNITS.iter().find(|(letter, _)| lower.ends_with(*letter));
        let (digits, shift) = match unit {
            Some((letter, shift)) => (lower.strip_suffix(*letter).unwrap_or(&lower), *shift),
            None => (lower.as_str(), 0),
        };
        let number: u64 = digits.parse().map_err(|_| BadSize)?;
        number.checked_mul(1 << shift).map(Self::Bytes).ok_or(BadSize)
    }
}

impl fmt::Display for TmpfsSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Bytes(bytes) => {
                let shift = (bytes.trailing_zeros() / 10 * 10).min(30);
                let unit = match shift {
                    10 => "k",
                    20 => "m",
                    30 => "g",
                    _ => return write!(f, "{bytes}"),
                };
                write!(f, "{}{unit}", bytes >> shift)
            }
        }
    }
}

/// How long old roots are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Retention {
    /// So many of them, the current one not counted.
    Boots(u32),
    /// Those younger than so many days.
    Days(u32),
}

/// Why a text is no retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a retention is a number of boots or days, as `3 boots` or `30 days`")]
pub struct BadRetention;

impl FromStr for Retention {
    type Err = BadRetention;

    fn from_str(text: &str) -> Result<Self, BadRetention> {
        let (count, unit) = text.split_once(' ').ok_or(BadRetention)?;
        let count = count.parse().map_err(|_| BadRetention)?;
        match unit {
            "boot" | "boots" => Ok(Self::Boots(count)),
            "day" | "days" => Ok(Self::Days(count)),
            _ => Err(BadRetention),
        }
    }
}

impl Root {
    /// Whether anything is thrown away at boot.
    pub fn is_ephemeral(&self) -> bool {
        !matches!(self, Self::Persistent { .. })
    }
}

/// What throws the root away, as far as it is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wipe {
    /// What the initrd is made of.
    pub initrd: Option<Initrd>,
    /// What does it.
    pub hook: Option<Hook>,
    /// Units that the wiping unit is ordered after.
    pub after: Vec<String>,
    /// Units that it is ordered before.
    pub before: Vec<String>,
    /// Whether the host resumes from hibernation.
    pub resume: bool,
    /// The place of the declaration.
    pub key: String,
}

/// What the initrd is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initrd {
    /// A shell script of the distribution's.
    Scripted,
    /// systemd.
    Systemd,
}

/// What throws the root away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Lines in the script of a scripted initrd (`boot.initrd.postDeviceCommands` and its like).
    PostDeviceCommands,
    /// A unit of a systemd initrd.
    Unit,
}

impl Initrd {
    /// As it is declared, and what it means.
    pub const ALL: [(&'static str, Self); 2] =
        [("scripted", Self::Scripted), ("systemd", Self::Systemd)];
}

impl Hook {
    /// As it is declared, and what it means.
    pub const ALL: [(&'static str, Self); 2] =
        [("post-device-commands", Self::PostDeviceCommands), ("unit", Self::Unit)];
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

/// Whether the root is thrown away as it is meant to be.
pub(crate) fn check(
    root: &Root,
    wipe: &Wipe,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let origin = Origin::new(Layer::FileSystems, wipe.key.clone());
    let mut refuse = |what: &str, remedy: &str| {
        problems.push(problem(&origin, Code::RootNotWiped, what, remedy));
    };
    match (wipe.initrd, wipe.hook) {
        (Some(Initrd::Systemd), Some(Hook::PostDeviceCommands)) => refuse(
            "an initrd of systemd ignores post-device-commands, so nothing is thrown away",
            "write hook = \"unit\", and make a unit of it",
        ),
        (Some(Initrd::Scripted), Some(Hook::Unit)) => refuse(
            "a scripted initrd starts no units, so nothing is thrown away",
            "write hook = \"post-device-commands\"",
        ),
        _ => {}
    }
    if let (Some(Hook::Unit), true) = (wipe.hook, needs_unit(root)) {
        if !wipe.before.iter().any(|unit| unit == "sysroot.mount") {
            refuse(
                "the unit that throws the root away may run after the root is mounted",
                "order it before sysroot.mount",
            );
        }
        if wipe.after.is_empty() {
            refuse(
                "the unit that throws the root away may run before its pool or device is there",
                "order it after what imports the pool, or loads its key, or after the device",
            );
        }
    }
    if wipe.resume && root.is_ephemeral() {
        let waits = |unit: &String| unit.contains("hibernate-resume");
        if !wipe.after.iter().any(waits) {
            let what = "the host resumes from hibernation: a root that is thrown away under a sleeping system is \
                        corrupt when that goes on";
            let remedy =
                "order the wiping after systemd-hibernate-resume.service, or do not resume";
            problems.push(problem(&origin, Code::RootLosesMore, what, remedy));
        }
    }
    if let Root::Tmpfs { mode, .. } = root {
        if mode.bits() & 0o022 != 0 {
            let what = format!("/ has mode {mode}: everybody may write there");
            let remedy = "write mode=755 among the options (the kernel takes 1777)";
            warnings.push(problem(&origin, Code::SecretMode, what, remedy));
        }
    }
}

/// A tmpfs is empty by itself.
fn needs_unit(root: &Root) -> bool {
    matches!(root, Root::ZfsRollback { .. } | Root::Rotated { .. })
}
