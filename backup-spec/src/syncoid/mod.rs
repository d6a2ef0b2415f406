//! Replication by syncoid: what goes where, with which options, which rights that takes, and how far behind it is.
//!
//! ```
//! use backup_spec::syncoid::{Replication, Side, SyncSnapshots};
//!
//! let mut job = Replication::new("tank/services".parse()?, "repl@nas:backup/forge".parse()?);
//! job.recursive = true;
//! job.exclude = vec!["tank/services/cache".parse()?];
//! job.snapshots = SyncSnapshots::Existing { bookmark: false };
//! assert!(job.flaws().is_empty());
//!
//! let argv = job.argv();
//! assert_eq!(argv, [
//!     "syncoid", "--recursive", "--exclude-datasets=^tank/services/cache(?:/|$)", "--no-sync-snap",
//!     "--no-privilege-elevation", "tank/services", "repl@nas:backup/forge",
//! ]);
//! assert_eq!(Replication::from_argv(&argv)?, job);
//!
//! // Where a dataset's copy is: exactly where the job puts it, or nowhere.
//! assert_eq!(job.target_of(&"tank/services/sonarr".parse()?).unwrap(), "backup/forge/sonarr");
//! assert_eq!(job.target_of(&"tank/services/cache/tiles".parse()?), None);
//!
//! // What has to be delegated so that it works without root.
//! let rights = job.rights(Side::Source, &[]).to_string();
//! assert_eq!(rights, "send");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options are those of syncoid 2.3; what each release reads is in [`option`].

pub mod option;
pub mod picture;
pub mod rights;

mod argv;
mod check;
mod endpoint;

use zfs_props::name::DatasetName;

pub use argv::ArgvError;
pub use check::Flaw;
pub use endpoint::{Endpoint, EndpointError};
pub use picture::{Picture, picture};
pub use rights::{Right, Rights, Side};

/// One job of syncoid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of syncoid")]
pub struct Replication {
    /// What is copied.
    pub source: Endpoint,
    /// Where it goes. The source's own dataset becomes this one, its children the children.
    pub target: Endpoint,
    /// Children too, each for itself (`--recursive`).
    pub recursive: bool,
    /// Only the children (`--skip-parent`).
    pub skip_parent: bool,
    /// Datasets that are left out, with everything below them.
    pub exclude: Vec<DatasetName>,
    /// Which snapshots are sent.
    pub snapshots: SyncSnapshots,
    /// Part of the names of sync snapshots, so that several targets do not remove each other's (`--identifier`).
    pub identifier: Option<String>,
    /// Holds the newest common snapshot on both sides (`--use-hold`).
    pub hold: bool,
    /// Snapshots between the last and the newest are sent too; otherwise `--no-stream`.
    pub intermediate: bool,
    /// What the target has that the source has not is rolled back; otherwise `--no-rollback`.
    pub rollback: bool,
    /// A target without a common snapshot is destroyed (`--force-delete`).
    pub force_delete: bool,
    /// Snapshots of the target that the source lacks are destroyed (`--delete-target-snapshots`).
    pub delete_target_snapshots: bool,
    /// An interrupted transfer goes on; otherwise `--no-resume`.
    pub resume: bool,
    /// Which properties go along.
    pub preserve: Preserve,
    /// Letters for `zfs send`, such as `w` for raw (`--sendoptions`).
    pub send: String,
    /// For `zfs receive` (`--recvoptions`).
    pub receive: ReceiveOptions,
    /// How the stream is compressed on its way; syncoid's own choice is `lzo`.
    pub compress: Option<Compression>,
    /// Rate at the source, as mbuffer takes it, such as `10M` (`--source-bwlimit`).
    pub source_limit: Option<String>,
    /// Rate at the target (`--target-bwlimit`).
    pub target_limit: Option<String>,
    /// How the other host is reached.
    pub ssh: Ssh,
    /// `sudo` where the user is not root; otherwise `--no-privilege-elevation`, and the rights are delegated.
    pub sudo: bool,
}

/// Which snapshots are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum SyncSnapshots {
    /// syncoid takes one for the purpose, and destroys its older ones on both sides.
    Taken,
    /// It takes one, and keeps them all (`--keep-sync-snap`).
    TakenAndKept,
    /// Those that there are (`--no-sync-snap`).
    Existing {
        /// The newest is bookmarked after it was sent (`--create-bookmark`).
        bookmark: bool,
    },
}

/// Which properties go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Preserve {
    /// None by syncoid's own doing.
    Nothing,
    /// `recordsize` (`--preserve-recordsize`).
    Recordsize,
    /// Every local one (`--preserve-properties`).
    Local,
}

/// Options for `zfs receive`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ReceiveOptions {
    /// Not mounted (`u`).
    pub unmounted: bool,
    /// Set on the target, as `property=value` (`o`).
    pub set: Vec<String>,
    /// Not taken over from the stream (`x`).
    pub without: Vec<String>,
}

/// How another host is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ssh {
    /// File with the private key (`--sshkey`): a reference, never the key.
    pub key: Option<String>,
    /// Port (`--sshport`).
    pub port: Option<u16>,
    /// Options of `ssh_config`(5) (`--sshoption`).
    pub options: Vec<String>,
}

macro_rules! compressions {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What syncoid can pipe a stream through (`--compress`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
        #[allow(missing_docs, reason = "each is the program of its name")]
        pub enum Compression {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Compression {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As the option takes it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

compressions! {
    /// Not at all: for streams that are compressed already (`w`, `c`).
    None = "none",
    Gzip = "gzip",
    PigzFast = "pigz-fast",
    PigzSlow = "pigz-slow",
    ZstdFast = "zstd-fast",
    ZstdmtFast = "zstdmt-fast",
    ZstdSlow = "zstd-slow",
    ZstdmtSlow = "zstdmt-slow",
    Xz = "xz",
    Lzo = "lzo",
    Lz4 = "lz4",
}

impl std::str::FromStr for Compression {
    type Err = ArgvError;

    fn from_str(text: &str) -> Result<Self, ArgvError> {
        let known = Self::ALL.iter().find(|known| known.as_str() == text);
        known.copied().ok_or_else(|| ArgvError::Value("--compress".to_owned(), text.to_owned()))
    }
}

impl Replication {
    /// A job as syncoid does it without options, but by delegated rights and not by `sudo`.
    pub fn new(source: Endpoint, target: Endpoint) -> Self {
        Self {
            source,
            target,
            recursive: false,
            skip_parent: false,
            exclude: Vec::new(),
            snapshots: SyncSnapshots::Taken,
            identifier: None,
            hold: false,
            intermediate: true,
            rollback: true,
            force_delete: false,
            delete_target_snapshots: false,
            resume: true,
            preserve: Preserve::Nothing,
            send: String::new(),
            receive: ReceiveOptions::default(),
            compress: None,
            source_limit: None,
            target_limit: None,
            ssh: Ssh::default(),
            sudo: false,
        }
    }

    /// The name that the copy of a dataset has on the target's host; none if this job does not copy it.
    ///
    /// Only what the job names or, if it is recursive, what lies below is copied: an ancestor alone is not enough.
    pub fn target_of(&self, dataset: &DatasetName) -> Option<DatasetName> {
        let below = dataset.relative_to(&self.source.dataset)?;
        let meant = if below.is_empty() { !self.skip_parent } else { self.recursive };
        let excluded = self.exclude.iter().any(|out| dataset.relative_to(out).is_some());
        if !meant || excluded {
            return None;
        }
        dataset.rebase(&self.source.dataset, &self.target.dataset).ok().flatten()
    }

    /// Whether `zfs send` is given this letter.
    pub fn sends_with(&self, letter: char) -> bool {
        self.send.contains(letter)
    }
}
