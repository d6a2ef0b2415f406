//! What a host declares: its root, its file systems, its stores, and what is kept in them.
//!
//! A [`Host`] is plain data. Build it in code, or read it from TOML ([`Host::from_toml`]) or JSON
//! ([`Host::from_json`]); the keys are the same. `environment.persistence` of nix-community/impermanence and
//! `preserveAt` of preservation are added with [`Host::with_impermanence`] and [`Host::with_preservation`].
//!
//! | key | where | meaning |
//! |---|---|---|
//! | `name` | top | of the host, for messages |
//! | `[root]` | top | what `/` is; may be left out if `fileSystems."/"` says it |
//! | `kind` | root | `tmpfs`, `zfs-rollback`, `rotated` or `persistent` |
//! | `size`, `mode` | root (tmpfs) | as in tmpfs(5): `"8G"`, `"25%"`; of the directory `/`, 0755 unless given |
//! | `dataset`, `snapshot` | root (zfs-rollback) | what is rolled back, and to which snapshot |
//! | `device`, `fsType`, `retention` | root (rotated, persistent) | what is mounted; how long old roots are kept: `"3 boots"`, `"30 days"` |
//! | `initrd`, `hook`, `after`, `before`, `resume` | root | `systemd` or `scripted`; what wipes the root (`unit`, `post-device-commands`), and its ordering; whether the host resumes from hibernation |
//! | `[fileSystems."/PATH"]` | top | as in NixOS: `device`, `fsType`, `options`, `neededForBoot`, `depends`; `rollback` names a snapshot that it is rolled back to at boot |
//! | `[stores."/PATH"]` | top | a directory that entries are kept in; `options` and `hideMounts` are for all its binds |
//! | `storage` | top | how this host keeps services: `{ binds = "/persist" }` or `{ datasets = "tank/services" }` |
//! | `[users.NAME]` | top | `uid`, `group`, `home`, `homeMode`, and a layer of paths relative to the home |
//! | `groups` | top | numbers of groups by name, or tables with `gid` |
//! | `[core]`, `[host]` | top | layers: `store`, `directories`, `files` |
//! | `directories`, `files` | layer | paths, or tables with `path` |
//! | `owner`, `group`, `mode`, `enforce` | entry | of the directory or file; `enforce` is `create`, `always` or `report` |
//! | `parent` | entry | `owner`, `group`, `mode` of the directory it is in |
//! | `how` | entry | `bind`, `rbind`, `symlink`; for files also `parent` (bind the directory it is in) and `copy` |
//! | `create` | entry | with `symlink`: whether what it points to is created |
//! | `when` | entry, state | `initrd`, `early` or `late` |
//! | `options`, `propagation`, `store` | entry | mount options; how mounts travel; another store than the layer's |
//! | `[services.NAME]` | top | `state`: what the service writes and needs again, as paths or tables with `path`, `owner`, `group`, `mode`, `file`, `when` |
//! | `[keep]` | top | by service: `"bind"`, `{ bind = "/persist" }`, `{ dataset = "tank/NAME" }` or `{ ephemeral = "WHY" }` |

mod account;
mod entry;
mod file_system;
#[cfg(feature = "serde")]
mod impermanence;
mod keep;
#[cfg(feature = "serde")]
mod preservation;
mod read;
mod read_entry;
mod read_root;
#[cfg(feature = "schemars")]
mod schema;

use std::collections::BTreeMap;

use crate::origin::Origin;
use crate::path::AbsolutePath;
use crate::root::{Root, Wipe};

pub use account::User;
pub use entry::{At, Declared, How, Kind, Ownership};
pub use file_system::{Backing, FileSystem};
pub use keep::{Advice, Keep, Service, State, Storage, advise};

/// The declaration of one host. See the [module](self) for the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// For messages; may be empty.
    pub name: String,
    /// What `/` is.
    pub root: Root,
    /// What throws it away, as far as it is known.
    pub wipe: Wipe,
    /// Every other file system, by where it is mounted.
    pub file_systems: BTreeMap<AbsolutePath, FileSystem>,
    /// The directories that entries are kept in.
    pub stores: BTreeMap<AbsolutePath, Store>,
    /// How services are kept.
    pub storage: Option<Storage>,
    /// Users by name.
    pub users: BTreeMap<String, User>,
    /// Group numbers by name.
    pub groups: BTreeMap<String, u32>,
    /// What core, host and users keep. The order means nothing.
    pub entries: Vec<Declared>,
    /// What services need again.
    pub services: BTreeMap<String, Service>,
    /// How each service is kept, with the place of the decision.
    pub keep: BTreeMap<String, (Keep, Origin)>,
}

/// A directory on a persistent file system that entries are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Mount options of every bind from it.
    pub options: Vec<String>,
    /// Where it is declared.
    pub origin: Origin,
}

impl Host {
    /// A host that keeps nothing yet.
    pub fn new(name: impl Into<String>, root: Root) -> Self {
        Self {
            name: name.into(),
            root,
            wipe: Wipe::default(),
            file_systems: BTreeMap::new(),
            stores: BTreeMap::new(),
            storage: None,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            entries: Vec::new(),
            services: BTreeMap::new(),
            keep: BTreeMap::new(),
        }
    }
}
