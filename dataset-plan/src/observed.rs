//! What is really there: datasets with what each stores, read from what the ZFS tools print.
//!
//! Take `zfs get -Hp -o name,property,value,received,source all` (or `zfs get -jp all` of OpenZFS
//! 2.3 and later). Pretty sizes such as `1.50T` are refused: they stand for a range of values.
//! What was not printed stays unknown; it is never taken for a default.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, NameError};
use zfs_props::property::Property;
#[cfg(feature = "serde")]
use zfs_props::read::json;
use zfs_props::read::{Document, ReadError, Record, Trust, text};
use zfs_props::release::Release;
use zfs_props::source::Source;
use zfs_props::store::Entry;
use zfs_props::value::Value;

use crate::spec::Mode;

/// A value as `zfs get -p` prints it.
pub type Raw = Box<[u8]>;

/// The datasets of one machine, and what each stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    pub(crate) datasets: BTreeMap<DatasetName, Dataset>,
    /// What properties are where nobody set them, as printed.
    pub(crate) defaults: BTreeMap<(Property, DatasetKind), Raw>,
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
    /// What it stores itself.
    pub(crate) entries: BTreeMap<PropertyName, Entry<Raw>>,
    /// Fixed when it was created: `normalization`, `volblocksize` and the like.
    pub(crate) fixed: BTreeMap<Property, Raw>,
    /// Inherited from an ancestor that was not observed itself.
    pub(crate) outside: BTreeMap<PropertyName, (DatasetName, Raw)>,
    /// What a mount option makes of a property for now; what is stored is not printed then.
    pub(crate) temporary: BTreeMap<Property, Raw>,
    /// Which of ZFS's properties were printed.
    pub(crate) seen: Seen,
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

    /// Reads `NAME:NUMBER` as `stat` prints it: `UNKNOWN` stands for no name.
    fn from_stat(text: &str) -> Option<Self> {
        let (name, number) = text.split_once(':')?;
        let name = Some(name.to_owned()).filter(|name| name != "UNKNOWN");
        Some(Self { name, number: Some(number.parse().ok()?) })
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

/// Why an observation cannot be planned from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// The text is not what the tool prints.
    #[error("{0}")]
    Unreadable(#[from] ReadError),
    /// The text ends early, or lines in it contradict each other.
    #[error("the observation cannot be trusted ({trust:?}): {what}; observe again")]
    Untrusted {
        /// What is wrong with it.
        trust: Trust,
        /// Where.
        what: String,
    },
    /// A value was printed for people.
    #[error(
        "{dataset}: {property} is {value}, which stands for a range of values; use `zfs get -p`"
    )]
    Inexact {
        /// The dataset.
        dataset: String,
        /// The property.
        property: String,
        /// The printed value.
        value: String,
    },
    /// No such dataset can exist.
    #[error("{dataset}: {error}")]
    BadName {
        /// What was printed.
        dataset: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// A line about a directory is not as `stat -c '%U:%u %G:%g %a %n'` prints it.
    #[error(
        "line {line}: `{text}` is not `OWNER:UID GROUP:GID MODE PATH`, as `stat -c '%U:%u %G:%g %a %n'` prints it"
    )]
    Directory {
        /// Line, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A directory where no observed filesystem is mounted.
    #[error("line {line}: no observed filesystem is mounted at {path}")]
    NothingMounted {
        /// Line, from 1.
        line: usize,
        /// The directory.
        path: String,
    },
}

impl Observed {
    /// Reads `zfs get -Hp -o name,property,value,received,source all`.
    ///
    /// The column `received` may be missing; a value that was received and is covered by a local one
    /// is then not known. Snapshots and bookmarks are passed over.
    pub fn from_zfs_get(output: impl AsRef<[u8]>) -> Result<Self, ObserveError> {
        let output = output.as_ref();
        let columns = text::Columns::detect(output).unwrap_or(text::Columns::ALL);
        let mut collector = Collector::default();
        let mut records = text::get(output, columns);
        for record in &mut records {
            collector.record(&record?)?;
        }
        collector.finish(&records.finish())
    }

    /// Reads `zfs get -jp all` (OpenZFS 2.3 and later), which does not print values that were
    /// received and are covered by local ones.
    #[cfg(feature = "serde")]
    pub fn from_zfs_get_json(output: impl AsRef<[u8]>) -> Result<Self, ObserveError> {
        let mut collector = Collector::default();
        let mut failed = None;
        let document = json::read(output.as_ref(), |record| {
            if failed.is_none() {
                failed = collector.record(&record).err();
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None => collector.finish(&document),
        }
    }

    /// Adds what `stat -c '%U:%u %G:%g %a %n' PATH...` prints of directories where ZFS mounts filesystems,
    /// so that owner, group and mode of existing ones can be planned.
    pub fn with_directories(mut self, text: &str) -> Result<Self, ObserveError> {
        let mounted: BTreeMap<String, DatasetName> = self
            .effective(Release::LATEST)
            .into_iter()
            .filter(|value| value.property == PropertyName::Native(Property::Mountpoint))
            .filter(|value| {
                self.datasets.get(&value.dataset).is_some_and(|d| d.mounted == Some(true))
            })
            .map(|value| (value.value, value.dataset))
            .collect();
        for (n, line) in text.lines().enumerate() {
            let directory = || {
                let mut fields = line.splitn(4, ' ');
                let owner = Account::from_stat(fields.next()?)?;
                let group = Account::from_stat(fields.next()?)?;
                let mode = Mode::parse(fields.next()?)?;
                let path = fields.next()?.to_owned();
                Some((path, Directory { owner, group, mode }))
            };
            let (path, directory) = directory()
                .ok_or_else(|| ObserveError::Directory { line: n + 1, text: line.to_owned() })?;
            let name = mounted
                .get(&path)
                .ok_or_else(|| ObserveError::NothingMounted { line: n + 1, path: path.clone() })?;
            if let Some(dataset) = self.datasets.get_mut(name) {
                dataset.directory = Some(directory);
            }
        }
        Ok(self)
    }

    /// What every dataset sees of what can be set: own, inherited and default values, with their
    /// sources, in the order of the tree. Mountpoints are given as they are stored where they are set.
    pub fn effective(&self, release: Release) -> Vec<Effective> {
        let none = crate::spec::Desired { release, ..Default::default() };
        crate::tree::Tree::new(&none, self).effective(release)
    }

    /// The observed datasets; a parent comes right before its subtree.
    pub fn datasets(&self) -> impl Iterator<Item = (&DatasetName, &Dataset)> {
        self.datasets.iter()
    }

    /// One dataset.
    pub fn dataset(&self, name: &DatasetName) -> Option<&Dataset> {
        self.datasets.get(name)
    }

    /// What a property is on a dataset of this kind where nobody set it: as observed, or else as
    /// this release has it.
    pub(crate) fn default_for(
        &self,
        property: Property,
        kind: DatasetKind,
        release: Release,
    ) -> Option<Raw> {
        if let Some(raw) = self.defaults.get(&(property, kind)) {
            return Some(raw.clone());
        }
        if !property.applies_to(kind, release) {
            return None;
        }
        Value::default_of(property, release).map(|value| value.to_string().into_bytes().into())
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

/// Sorts records into datasets.
#[derive(Default)]
struct Collector {
    observed: Observed,
    /// The dataset of the record before; the tools print all of one dataset together.
    name: Option<DatasetName>,
}

impl Collector {
    fn record(&mut self, record: &Record<'_>) -> Result<(), ObserveError> {
        let Record { dataset, property, value, received, .. } = record;
        if dataset.contains(['@', '#']) || record.is_absent() {
            return Ok(());
        }
        if record.trust != Trust::Exact {
            return Err(ObserveError::Inexact {
                dataset: dataset.to_string(),
                property: property.to_string(),
                value: String::from_utf8_lossy(value).into_owned(),
            });
        }
        let name = match self.name.take() {
            Some(name) if name.as_str() == dataset => name,
            _ => parse_name(dataset)?,
        };
        // A property of a release to come is nothing that could be declared.
        if let Ok(property) = PropertyName::parse_for_reading(property, Release::LATEST) {
            let place = self.observed.datasets.entry(name.clone()).or_default();
            let source = record.source.clone().unwrap_or(Source::None);
            let source = match source {
                Source::Inherited(from) => Source::Inherited(parse_name(&from)?),
                other => other.map(|_| name.clone()),
            };
            if let Some(received) = received {
                let entry = place.entries.entry(property.clone()).or_default();
                entry.receive(received.as_ref().into());
                entry.hidden = matches!(source, Source::Inherited(_) | Source::Default);
            }
            place.take(&mut self.observed.defaults, property, value, source);
        }
        self.name = Some(name);
        Ok(())
    }

    fn finish(mut self, document: &Document<'_>) -> Result<Observed, ObserveError> {
        if document.trust != Trust::Exact {
            let what = match (&document.cut, document.doubted()) {
                (Some(cut), _) => {
                    format!("it ends early, at {} of {}", cut.property, cut.dataset)
                }
                (None, [first, ..]) => format!("lines about {first} contradict each other"),
                (None, []) => "a value was not printed as it is stored".to_owned(),
            };
            return Err(ObserveError::Untrusted { trust: document.trust, what });
        }
        // What an observed ancestor decides is not kept twice.
        let observed: BTreeSet<DatasetName> = self.observed.datasets.keys().cloned().collect();
        for dataset in self.observed.datasets.values_mut() {
            dataset.outside.retain(|_, (from, _)| !observed.contains(from));
        }
        Ok(self.observed)
    }
}

fn parse_name(text: &str) -> Result<DatasetName, ObserveError> {
    let bad = |error| ObserveError::BadName { dataset: text.to_owned(), error };
    text.parse().map_err(bad)
}

impl Dataset {
    /// Keeps what one record says.
    fn take(
        &mut self,
        defaults: &mut BTreeMap<(Property, DatasetKind), Raw>,
        property: PropertyName,
        value: &[u8],
        source: Source<DatasetName>,
    ) {
        let native = property.native();
        if let Some(native) = native {
            self.seen.insert(native);
            match native {
                Property::Type => {
                    self.kind = std::str::from_utf8(value).ok().and_then(DatasetKind::from_name);
                }
                Property::Mounted => self.mounted = Some(value == b"yes"),
                _ => {}
            }
            if native.is_readonly() && !native.is_settable_once() {
                return;
            }
        }
        match (source, native) {
            (Source::Local, _) => {
                self.entries.entry(property).or_default().local = Some(value.into());
            }
            (Source::Received, _) => {
                self.entries.entry(property).or_default().receive(value.into());
            }
            (Source::Inherited(from), _) => {
                self.outside.insert(property, (from, value.into()));
            }
            (Source::Temporary, Some(native)) => {
                self.temporary.insert(native, value.into());
            }
            (Source::None, Some(native)) => {
                self.fixed.insert(native, value.into());
            }
            // The default mountpoint is `/`, which is printed with the dataset's name.
            (Source::Default, Some(native)) if native != Property::Mountpoint => {
                if let Some(kind) = self.kind {
                    defaults.entry((native, kind)).or_insert_with(|| value.into());
                }
            }
            (Source::Temporary | Source::None | Source::Default, _) => {}
        }
    }
}

/// Children see what the parent has.
pub(crate) fn inheritable(property: &PropertyName) -> bool {
    match property {
        PropertyName::Native(property) => property.is_inheritable(),
        _ => true,
    }
}
