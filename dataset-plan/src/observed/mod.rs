//! What is really there: datasets with what each stores, read from what the ZFS tools print.
//!
//! Take `zfs get -Hp -o name,property,value,received,source all` (or `zfs get -jp all` of OpenZFS
//! 2.3 and later). Pretty sizes such as `1.50T` are refused: they stand for a range of values.
//! What was not printed stays unknown; it is never taken for a default.

mod read;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use read::ObserveError;
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::{Property, Stored};
use zfs_props::release::Release;
use zfs_props::source::Source;
use zfs_props::store::Entry;
use zfs_props::value::Value;

use crate::by_property::ByProperty;
use crate::setting::Setting;
use crate::shared::Shared;
use crate::spec::Mode;

/// A value as `zfs get -p` prints it; shared, since most values occur many times.
pub type Raw = Arc<[u8]>;

/// What a dataset stores.
pub(crate) type Entries = ByProperty<Entry<Raw>>;

/// The datasets of one machine, and what each stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    pub(crate) datasets: BTreeMap<DatasetName, Shared<Dataset>>,
    /// What properties are where nobody set them, as printed.
    pub(crate) defaults: BTreeMap<(Property, DatasetKind), Raw>,
    /// Where other things are mounted, and what.
    pub(crate) foreign: BTreeMap<String, String>,
    /// Directories that hold files and are no mountpoints.
    pub(crate) occupied: BTreeSet<String>,
}

/// One observed filesystem or volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    /// Filesystem or volume, if `type` was printed.
    pub kind: Option<DatasetKind>,
    /// Whether it is mounted, if `mounted` was printed.
    pub mounted: Option<bool>,
    /// Owner and mode of its root directory, if that was observed.
    pub directory: Option<Directory>,
    /// What identifies it, under whatever name: its property `guid`.
    pub guid: Option<u64>,
    /// The transaction group that made it: its property `createtxg`.
    pub createtxg: Option<u64>,
    /// The snapshot it is a clone of.
    pub origin: Option<SnapshotName>,
    /// The dataset whose key encrypts it; `None`: it is not encrypted, or that was not printed.
    pub encryption_root: Option<DatasetName>,
    /// Whether its key is loaded (`keystatus`); `None`: not encrypted, or not printed.
    pub key_loaded: Option<bool>,
    /// Bytes that it and all below it take up: its property `used`.
    pub used: Option<u64>,
    /// Bytes that it refers to: its property `referenced`.
    pub referenced: Option<u64>,
    /// Bytes that it and those below it can still take: its property `available`.
    pub available: Option<u64>,
    /// Bytes that would be free without it, its snapshots aside: its property `usedbydataset`.
    pub used_by_dataset: Option<u64>,
    /// Bytes that its `refreservation` keeps free: its property `usedbyrefreservation`.
    pub used_by_refreservation: Option<u64>,
    /// Its snapshots by the name after `@`, oldest first, as far as they were printed.
    pub snapshots: Vec<Snapshot>,
    /// What it stores itself.
    pub(crate) entries: Entries,
    /// Fixed when it was created: `normalization`, `volblocksize` and the like.
    pub(crate) fixed: BTreeMap<Property, Raw>,
    /// Inherited from an ancestor that was not observed itself.
    pub(crate) outside: BTreeMap<PropertyName, (DatasetName, Raw)>,
    /// What a mount option makes of a property for now; what is stored is not printed then.
    pub(crate) temporary: BTreeMap<Property, Raw>,
    /// Which of ZFS's properties were printed.
    pub(crate) seen: Seen,
}

/// One observed snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What stands after `@`.
    pub name: String,
    /// Its property `guid`.
    pub guid: Option<u64>,
    /// Its property `createtxg`.
    pub createtxg: Option<u64>,
    /// How many holds keep it from being destroyed: its property `userrefs`.
    pub holds: Option<u64>,
    /// Clones of it, if that was printed.
    pub clones: Vec<DatasetName>,
}

/// Owner and mode of a filesystem's root directory: of what is at its mountpoint while it is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The user.
    pub owner: Account,
    /// The group.
    pub group: Account,
    /// Permission bits.
    pub mode: Mode,
}

/// A user or group, by name and number; one of the two may be unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name, if the system knows one.
    pub name: Option<String>,
    /// The number, if it is known.
    pub number: Option<u32>,
}

impl Account {
    /// Whether a declared name or number means this account.
    pub fn is(&self, declared: &str) -> bool {
        self.name.as_deref() == Some(declared)
            || self.number.is_some_and(|number| declared.parse() == Ok(number))
    }

    /// The account of a declared name or number.
    pub(crate) fn declared(text: &str) -> Self {
        match text.parse() {
            Ok(number) => Self { name: None, number: Some(number) },
            Err(_) => Self { name: Some(text.to_owned()), number: None },
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.number) {
            (Some(name), _) => f.write_str(name),
            (None, Some(number)) => number.fmt(f),
            (None, None) => f.write_str("?"),
        }
    }
}

impl Directory {
    /// The root directory of a new filesystem.
    pub(crate) fn of_new_dataset() -> Self {
        let root = Account { name: Some("root".into()), number: Some(0) };
        Self { owner: root.clone(), group: root, mode: Mode::NEW_DATASET }
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.owner, self.group, self.mode)
    }
}

/// A set of ZFS's own properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen([u64; 2]);

impl Seen {
    pub(crate) const ALL: Self = Self([u64::MAX; 2]);

    fn bit(property: Property) -> (usize, u64) {
        let number = property as usize;
        (number / 64, 1 << (number % 64))
    }

    pub(crate) fn insert(&mut self, property: Property) {
        let (word, bit) = Self::bit(property);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    pub(crate) fn contains(self, property: Property) -> bool {
        let (word, bit) = Self::bit(property);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

impl Observed {
    /// What every dataset sees of what can be set: own, inherited and default values, with their
    /// sources, in the order of the tree.
    pub fn effective(&self, release: Release) -> Vec<Effective> {
        let none = crate::spec::Desired { release, ..Default::default() };
        crate::tree::Tree::new(&none, self, &BTreeSet::new()).effective()
    }

    /// The observed datasets; a parent comes right before its subtree.
    pub fn datasets(&self) -> impl Iterator<Item = (&DatasetName, &Dataset)> {
        self.datasets.iter().map(|(name, dataset)| (name, &**dataset))
    }

    /// One dataset.
    pub fn dataset(&self, name: &DatasetName) -> Option<&Dataset> {
        self.datasets.get(name).map(|dataset| &**dataset)
    }

    /// What a property is on a dataset of this kind where nobody set it: as observed, or else as
    /// this release has it.
    pub(crate) fn default_for(
        &self,
        property: Property,
        kind: DatasetKind,
        release: Release,
    ) -> Option<Cow<'_, [u8]>> {
        if let Some(raw) = self.defaults.get(&(property, kind)) {
            return Some(Cow::Borrowed(raw));
        }
        if !property.applies_to(kind, release) {
            return None;
        }
        // Words and texts are in the table as they are printed; of `mounted` the words are others.
        match property.default(release)? {
            Stored::Text(text) => return Some(Cow::Borrowed(text.as_bytes())),
            Stored::Number(number) if property != Property::Mounted => {
                if let Some(word) = property.word_for(number, release) {
                    return Some(Cow::Borrowed(word.as_bytes()));
                }
            }
            Stored::Number(_) => {}
        }
        let default = Value::default_of(property, release)?;
        Some(Cow::Owned(default.to_string().into_bytes()))
    }
}

impl Dataset {
    /// A property is set here. One that is not inherited can only be set back, to what it is where nobody set it.
    pub(crate) fn sets(&self, property: &PropertyName, release: Release) -> bool {
        let local = self.entries.get(property).and_then(|entry| entry.local.as_deref());
        let native = property.native().filter(|_| !inheritable(property));
        let default = native.and_then(|native| Value::default_of(native, release));
        local.is_some_and(|raw| {
            default.is_none_or(|default| !Setting::Native(default).is_printed_as(raw))
        })
    }
}

/// One property of one dataset, as it is for the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effective {
    /// The dataset.
    pub dataset: DatasetName,
    /// The property.
    pub property: PropertyName,
    /// Its value, as `zfs get -p` prints it.
    pub value: String,
    /// Where that comes from.
    pub source: Source<DatasetName>,
}

/// Children see what the parent has.
pub(crate) fn inheritable(property: &PropertyName) -> bool {
    match property {
        PropertyName::Native(property) => property.is_inheritable(),
        _ => true,
    }
}
