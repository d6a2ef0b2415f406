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
//! | `[places.NAME]` | top | another `dataset` and `mount` that services can live below, perhaps in another pool |
//! | `ignore` | top | patterns of datasets that are never touched: `*` in one component, `**` for many |
//! | `moved` | top | renamed datasets, as `{ from = "OLD", to = "NEW" }`; the data goes along |
//! | `absent` | top | datasets that shall not exist; each needs a grant of the policy |
//! | `ownerProperty` | top | the user property in which a dataset notes which properties were declared, so that they are unset when they leave the declaration |
//! | `place` | service | the place it lives in; absent: `parentDataset` and `parentMount` |
//! | `profile` | service, utility | a profile's name, or a list of which later ones win |
//! | `volume`, `sparse` | service, utility | a volume of this size; with `sparse = true` nothing is reserved |
//! | `origin` | service, utility | the snapshot that it is a clone of; `none`: a clone is promoted |
//! | `guid` | service, utility | the dataset it is, under whatever name it is found |
//! | `recordsize`, `compression`, `mountpoint`, `quota` | profile, service, utility | the properties of those names |
//! | `properties` | profile, service, utility | any other settable property, user properties included: a value, or `{ source = "inherited" }`, `"received"` or `"any"` (left as it is) |
//! | `owner`, `group`, `mode` | profile, service, utility | of the directory at the mountpoint |
//! | `strict` | profile, service, utility | with `true`, ZFS's own properties that are set on the dataset and not declared are unset; counts for the declared datasets below it too, until one says `false` |
//!
//! The own keys of a dataset win over those of its profiles. Within one table a property can be set
//! once: a typed key beside the same property in `properties` is an error, not an override.

mod desired;
mod expand;
mod mountpoints;
mod pattern;
mod properties;
mod read;
#[cfg(feature = "schemars")]
mod schema;
mod wish;
#[cfg(feature = "serde")]
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use declared::Node;

pub use desired::{Datasets, Desired, Want};
pub(crate) use expand::LONGEST;
pub use pattern::{BadPattern, Pattern};
pub use properties::{Declared, Iter, Properties, Table};
pub use wish::Wish;
use zfs_props::key::UserProperty;
use zfs_props::name::{DatasetName, NameError, SnapshotName};
use zfs_props::release::Release;

use crate::by_property::ByProperty;
use crate::problem::{Code, Problems};

/// The declaration of one host. See the [module](self) for the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// The OpenZFS release whose rules hold.
    pub release: Release,
    /// The dataset below which services live.
    pub parent_dataset: Option<DatasetName>,
    /// The absolute path below which services are mounted.
    pub parent_mount: Option<String>,
    /// Other places that services can live in, by name.
    pub places: BTreeMap<String, Place>,
    /// The user property in which datasets note what was declared of them.
    pub owner_property: Option<UserProperty>,
    /// Datasets that are never touched.
    pub base: BTreeMap<DatasetName, Base>,
    /// Datasets that are never touched, by pattern.
    pub ignore: Vec<Pattern>,
    /// Datasets that have a new name.
    pub moved: Vec<Moved>,
    /// Datasets that shall not exist.
    pub absent: BTreeSet<DatasetName>,
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

/// Where services live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The dataset below which they are created.
    pub dataset: DatasetName,
    /// The absolute path below which they are mounted.
    pub mount: Option<String>,
}

/// A dataset that has a new name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where it was.
    pub from: DatasetName,
    /// Where it shall be.
    pub to: DatasetName,
}

/// What a dataset began as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It depends on no other dataset; a clone is promoted.
    Independent,
    /// It is a clone of this snapshot.
    Snapshot(SnapshotName),
}

impl FromStr for Origin {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "none" => Ok(Self::Independent),
            snapshot => snapshot.parse().map(Self::Snapshot),
        }
    }
}

/// A block device instead of a filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its size in bytes.
    pub size: u64,
    /// Nothing is reserved for it.
    pub sparse: bool,
}

/// Keys that datasets share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What shall become of its properties; those that are not named are left alone.
    pub properties: ByProperty<Wish>,
    /// User name or number that owns the mounted directory.
    pub owner: Option<String>,
    /// Group name or number of the mounted directory.
    pub group: Option<String>,
    /// Permission bits of the mounted directory.
    pub mode: Option<Mode>,
    /// What is set on the dataset and not declared is unset, also on the declared datasets below it that do not say otherwise.
    pub strict: Option<bool>,
}

/// A declared dataset: the profiles it uses, and its own keys, which win.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatasetSpec {
    /// Names of profiles; later ones win.
    pub profiles: Vec<String>,
    /// The dataset's own keys.
    pub own: Profile,
    /// The place of a service, if it is not the usual one.
    pub place: Option<String>,
    /// It is a volume.
    pub volume: Option<Volume>,
    /// The snapshot that it is a clone of, or none.
    pub origin: Option<Origin>,
    /// The dataset it is, under whatever name.
    pub guid: Option<u64>,
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
        Self::from_node(&Node::from_toml(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads a declaration in JSON, with the same keys and the same checks.
    #[cfg(feature = "serde")]
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        Self::from_node(&Node::from_json(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads a tree that is at hand: for hosts that declare more than datasets, in one document.
    ///
    /// Positions are those of the document; paths are of this part, until
    /// [`within`](declared::Problem::within) says where it is.
    ///
    /// ```
    /// use dataset_plan::Spec;
    /// use declared::Node;
    ///
    /// let host = Node::from_toml("name = 'forge'\n[datasets.utility.'tank/temp']\nrecordsize = '3K'\n")?;
    /// let problems = Spec::from_node(host.get("datasets").unwrap_or(&Node::EMPTY)).unwrap_err();
    /// let problem = problems.into_iter().next().unwrap().within("datasets").to_string();
    /// assert!(problem.starts_with("line 3, column 14: datasets.utility.\"tank/temp\".recordsize: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_node(node: &Node) -> Result<Self, Problems> {
        read::spec(node)
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
        let node = Node::deserialize(deserializer)?;
        read::spec(&node).map_err(serde::de::Error::custom)
    }
}
