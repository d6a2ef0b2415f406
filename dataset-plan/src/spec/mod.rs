//! What a host declares: its datasets, and the properties each shall have.
//!
//! A [`Spec`] is plain data. Build it in code, or read it from TOML ([`Spec::from_toml`]) or JSON
//! ([`Spec::from_json`], which is what Nix emits); the keys are the same:
//!
//! | key | where | meaning |
//! |---|---|---|
//! | `release` | top | the OpenZFS release of the host, as `"2.3"`; absent: the latest known |
//! | `parentDataset` | top | service datasets are created below it; it is made as a container if it is missing |
//! | `parentMount` | top | a service without `mountpoint` is mounted at `parentMount/NAME` |
//! | `[base."DATASET"]` | top | datasets that belong to the installer: seen, never touched |
//! | `mountedAt` | base | where the host mounts a base dataset whose mountpoint is `legacy` |
//! | `[profiles.NAME]` | top | keys that datasets share by name |
//! | `[services.NAME]` | top | the dataset `parentDataset/NAME` |
//! | `[utility."DATASET"]` | top | a dataset by its full name; `mountpoint` is `none` unless given |
//! | `profile` | service, utility | a profile's name, or a list of which later ones win |
//! | `recordsize`, `compression`, `mountpoint`, `quota` | profile, service, utility | the properties of those names |
//! | `properties` | profile, service, utility | any other settable property, user properties included |
//! | `owner`, `group`, `mode` | profile, service, utility | of the directory at the mountpoint |
//!
//! The own keys of a dataset win over those of its profiles. Within one table a property can be set
//! once: a typed key beside the same property in `properties` is an error, not an override.

mod expand;
mod node;
mod read;

use std::collections::BTreeMap;
use std::fmt;

pub use expand::{Declared, Desired, Want};
use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::release::Release;

use crate::problem::Problems;
use crate::setting::Setting;

/// The declaration of one host. See the [module](self) for the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// The OpenZFS release whose rules hold.
    pub release: Release,
    /// The dataset below which services live.
    pub parent_dataset: Option<DatasetName>,
    /// The absolute path below which services are mounted.
    pub parent_mount: Option<String>,
    /// Datasets that are never touched.
    pub base: BTreeMap<DatasetName, Base>,
    /// Shared keys by name.
    pub profiles: BTreeMap<String, Profile>,
    /// Datasets below the parent, by the rest of their name.
    pub services: BTreeMap<String, DatasetSpec>,
    /// Datasets by full name.
    pub utility: BTreeMap<DatasetName, DatasetSpec>,
}

/// A dataset of the installer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Where the host mounts it, if ZFS does not (`mountpoint=legacy`).
    pub mounted_at: Option<String>,
}

/// Keys that datasets share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Properties to set.
    pub properties: BTreeMap<PropertyName, Setting>,
    /// User name or number that owns the mounted directory.
    pub owner: Option<String>,
    /// Group name or number of the mounted directory.
    pub group: Option<String>,
    /// Permission bits of the mounted directory.
    pub mode: Option<Mode>,
}

/// A declared dataset: the profiles it uses, and its own keys, which win.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatasetSpec {
    /// Names of profiles; later ones win.
    pub profiles: Vec<String>,
    /// The dataset's own keys.
    pub own: Profile,
}

/// Permission bits, as in `chmod`: written in octal, `750` and `0750` are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(u16);

impl Mode {
    /// The mode of a directory that ZFS has just made.
    pub const NEW_DATASET: Mode = Mode(0o755);

    /// Reads one to four octal digits.
    pub fn parse(text: &str) -> Option<Mode> {
        let digits =
            text.bytes().all(|b| matches!(b, b'0'..=b'7')) && (1..=4).contains(&text.len());
        digits.then(|| u16::from_str_radix(text, 8).ok().map(Mode)).flatten()
    }

    /// The bits, below `0o10000`.
    pub fn bits(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl Spec {
    /// Reads a declaration in TOML.
    ///
    /// Every problem of the text is reported, not the first: unknown keys (with the nearest known
    /// one), values that the property does not take, names that ZFS does not accept, and
    /// whatever does not fit together.
    pub fn from_toml(text: &str) -> Result<Self, Problems> {
        read::spec(node::from_toml(text))
    }

    /// Reads a declaration in JSON, with the same keys and the same checks.
    #[cfg(feature = "serde")]
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        read::spec(node::from_json(text))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Mode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Mode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = || serde::de::Error::custom(format_args!("{text:?} is not a mode such as 0750"));
        Mode::parse(&text).ok_or_else(bad)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Spec {
    /// For a declaration inside another document; an error lists every problem.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = node::Node::deserialize(deserializer)?;
        read::spec(Ok(node)).map_err(serde::de::Error::custom)
    }
}
