//! From what the tools print to datasets.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, NameError};
use zfs_props::property::Property;
#[cfg(feature = "serde")]
use zfs_props::read::json;
use zfs_props::read::{Document, ReadError, Record, Trust, text};
use zfs_props::release::Release;
use zfs_props::source::Source;

use super::{Account, Dataset, Directory, Effective, Entries, Observed, Raw, Seen, Snapshot};
use crate::path::tidy;
use crate::spec::Mode;

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
    /// A line that does not describe a snapshot.
    #[error(
        "line {line}: `{text}` is not what `zfs list -Hp -t snapshot -o name,guid,createtxg,userrefs,clones` prints"
    )]
    BadSnapshot {
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
    /// is then not known. Of snapshots only what matters for plans is kept (with `-t all` they are
    /// printed too); bookmarks are passed over.
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

    /// Reads `zfs get -Hp -s local,received,none -o name,property,value,received,source all`, a fraction
    /// of the whole: what is not printed there is inherited or has its default.
    ///
    /// Without `none` among the sources neither kind nor guid is printed, nor a dataset that has nothing
    /// set: then it takes `-t filesystem`, and a tree in which every dataset has.
    pub fn from_zfs_get_set(output: impl AsRef<[u8]>) -> Result<Self, ObserveError> {
        let mut observed = Self::from_zfs_get(output)?;
        for dataset in observed.datasets.values_mut() {
            dataset.kind.get_or_insert(DatasetKind::Filesystem);
            dataset.seen = Seen::ALL;
        }
        Ok(observed)
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

    /// Adds what `zfs list -Hp -t snapshot -o name,guid,createtxg,userrefs,clones` prints: all that matters for plans, at a
    /// fraction of what `zfs get -t snapshot all` costs. Snapshots of datasets that were not observed are passed over.
    pub fn with_snapshots(mut self, text: &str) -> Result<Self, ObserveError> {
        let mut last: Option<(DatasetName, Vec<Snapshot>)> = None;
        let mut all: BTreeMap<DatasetName, Vec<Snapshot>> = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()) {
            let bad = || ObserveError::BadSnapshot { line, text: text.to_owned() };
            let cells: Vec<&str> = text.split('\t').collect();
            let [name, guid, createtxg, userrefs, clones] = cells[..] else { return Err(bad()) };
            let (dataset, name) = name.split_once('@').ok_or_else(bad)?;
            if last.as_ref().is_none_or(|(current, _)| current.as_str() != dataset) {
                // One dataset's may be printed in several places, if somebody sorted them.
                let dataset = parse_name(dataset)?;
                let so_far = all.remove(&dataset).unwrap_or_default();
                all.extend(last.replace((dataset, so_far)));
            }
            let mut snapshot = Snapshot { name: name.to_owned(), ..Snapshot::default() };
            for (property, value) in [
                (Property::Guid, guid),
                (Property::Createtxg, createtxg),
                (Property::Userrefs, userrefs),
                (Property::Clones, clones),
            ] {
                snapshot.see(property, value.as_bytes());
            }
            // What is printed without `-p`, or of something else, would be taken for unknown.
            if snapshot.guid.is_none() || snapshot.createtxg.is_none() {
                return Err(bad());
            }
            if let Some((_, snapshots)) = &mut last {
                snapshots.push(snapshot);
            }
        }
        all.extend(last);
        for (name, mut snapshots) in all {
            if let Some(dataset) = self.datasets.get_mut(&name) {
                snapshots.sort_by_key(|snapshot| snapshot.createtxg);
                dataset.snapshots = snapshots;
            }
        }
        Ok(self)
    }

    /// Adds what `stat -c '%U:%u %G:%g %a %n' PATH...` prints of directories where ZFS mounts filesystems,
    /// so that owner, group and mode of existing ones can be planned.
    pub fn with_directories(mut self, text: &str) -> Result<Self, ObserveError> {
        let mut mounted: BTreeMap<String, Vec<DatasetName>> = BTreeMap::new();
        for Effective { dataset, property, value, .. } in self.effective(Release::LATEST) {
            let is_mounted = || self.datasets.get(&dataset)?.mounted;
            if property == Property::Mountpoint.into() && is_mounted() == Some(true) {
                mounted.entry(value).or_default().push(dataset);
            }
        }
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
            let names = mounted
                .get(&path)
                .ok_or_else(|| ObserveError::NothingMounted { line: n + 1, path: path.clone() })?;
            // Where several are mounted at one place, nothing says which of them was seen.
            let [name] = names.as_slice() else { continue };
            if let Some(dataset) = self.datasets.get_mut(name) {
                dataset.directory = Some(directory);
            }
        }
        Ok(self)
    }
}

impl Observed {
    /// Adds what else is mounted, or will be at boot, from an fstab(5) or `/proc/self/mounts`: a dataset
    /// that would be mounted at the same place, or over it, is blocked.
    ///
    /// The second field decides; `none` and `swap` are passed over. A dataset's own legacy mount is no
    /// obstacle to itself.
    #[must_use]
    pub fn with_fstab(mut self, text: &str) -> Self {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let mut fields = line.split_ascii_whitespace().map(unescaped);
            if let (Some(source), Some(target)) = (fields.next(), fields.next()) {
                if let Some(path) = target.starts_with('/').then(|| target.trim_end_matches('/')) {
                    let path = if path.is_empty() { "/" } else { path };
                    self.foreign.insert(path.to_owned(), source);
                }
            }
        }
        self
    }

    /// Adds directories that hold files of another file system: mounting over one would cover them.
    /// One path a line, as `find /var/lib -mindepth 2 -maxdepth 2 -xdev -printf '%h\n'` prints the
    /// directories right below `/var/lib` that hold something. What is mounted there already is no news.
    #[must_use]
    pub fn with_occupied(mut self, text: &str) -> Self {
        let paths = text.lines().filter(|path| path.starts_with('/'));
        self.occupied.extend(paths.map(|path| tidy(path.into()).into_owned()));
        self
    }
}

/// A field of an fstab(5), in which blanks are written as three octal digits.
fn unescaped(field: &str) -> String {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        let digits = (*byte == b'\\').then(|| after.first_chunk::<3>()).flatten();
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                text.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => text.push(*byte),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

impl Account {
    /// Reads `NAME:NUMBER` as `stat` prints it: `UNKNOWN` stands for no name.
    fn from_stat(text: &str) -> Option<Self> {
        let (name, number) = text.split_once(':')?;
        let name = Some(name.to_owned()).filter(|name| name != "UNKNOWN");
        Some(Self { name, number: Some(number.parse().ok()?) })
    }
}

impl Dataset {
    /// Notes that a property was printed, and keeps facts that are no settings.
    fn see(&mut self, native: Property, value: &[u8]) {
        self.seen.insert(native);
        match native {
            Property::Type => {
                self.kind = std::str::from_utf8(value).ok().and_then(DatasetKind::from_name);
            }
            Property::Mounted => self.mounted = Some(value == b"yes"),
            Property::Guid => self.guid = parsed(value),
            Property::Createtxg => self.createtxg = parsed(value),
            Property::Origin => self.origin = parsed(value),
            Property::Encryptionroot => self.encryption_root = parsed(value),
            Property::Keystatus => self.key_loaded = Some(value == b"available"),
            Property::Used => self.used = parsed(value),
            Property::Referenced => self.referenced = parsed(value),
            Property::Available => self.available = parsed(value),
            Property::Usedbydataset => self.used_by_dataset = parsed(value),
            Property::Usedbyrefreservation => self.used_by_refreservation = parsed(value),
            _ => {}
        }
    }
}

impl Snapshot {
    fn see(&mut self, native: Property, value: &[u8]) {
        match native {
            Property::Guid => self.guid = parsed(value),
            Property::Createtxg => self.createtxg = parsed(value),
            Property::Userrefs => self.holds = parsed(value),
            Property::Clones => {
                // `-` would be a dataset's name, too; it stands for none.
                let names = value.split(|byte| *byte == b',').filter(|name| *name != b"-");
                self.clones = names.filter_map(parsed).collect();
            }
            _ => {}
        }
    }
}

/// A printed value; `None` for what is printed where there is none (`-`).
fn parsed<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Sorts records into datasets.
#[derive(Default)]
struct Collector {
    observed: Observed,
    /// The dataset of the record before; the tools print all of one dataset together.
    current: Option<(DatasetName, Dataset)>,
    /// Room for what the next dataset stores.
    spare: Entries,
    /// The properties in the order in which the dataset before printed them, mostly the same again.
    order: Vec<Column>,
    /// The place of the next one.
    place: usize,
    /// Defaults that are known, of filesystems and of others.
    known: [Seen; 2],
    /// The ancestor that was inherited from last, and whether it was observed.
    ancestor: Option<(DatasetName, bool)>,
    /// The dataset whose snapshots are being printed, and all before it.
    snapshots: Option<(DatasetName, Vec<Snapshot>)>,
    observed_snapshots: BTreeMap<DatasetName, Vec<Snapshot>>,
}

/// What many datasets print at the same place.
struct Column {
    text: String,
    property: Option<PropertyName>,
    /// The value that was kept last.
    value: Raw,
}

impl Collector {
    fn record(&mut self, record: &Record<'_>) -> Result<(), ObserveError> {
        let Record { dataset, property, value, received, .. } = record;
        if let Some((dataset, snapshot)) = dataset.split_once('@') {
            return self.snapshot(dataset, snapshot, property, value);
        }
        if dataset.contains('#') || record.is_absent() {
            return Ok(());
        }
        if record.trust != Trust::Exact {
            return Err(ObserveError::Inexact {
                dataset: dataset.to_string(),
                property: property.to_string(),
                value: String::from_utf8_lossy(value).into_owned(),
            });
        }
        let (name, mut place) = match self.current.take() {
            Some((name, place)) if name.as_str() == dataset => (name, place),
            before => {
                self.keep(before);
                self.place = 0;
                let entries = std::mem::take(&mut self.spare);
                (parse_name(dataset)?, Dataset { entries, ..Dataset::default() })
            }
        };
        if let Some(property) = self.property(property) {
            let source = match record.source.as_ref().unwrap_or(&Source::None) {
                Source::Inherited(from) if self.is_observed(from)? => None,
                source => Some(source),
            };
            if let Some(received) = received {
                let hidden = matches!(source, None | Some(Source::Inherited(_) | Source::Default));
                let received = self.shared(received.as_ref());
                place.entries.change(&property, |entry| {
                    entry.receive(received);
                    entry.hidden = hidden;
                });
            }
            if let Some(native) = property.native() {
                place.see(native, value);
            }
            if let Some(source) = source {
                self.take(&mut place, property, value, source)?;
            }
        }
        self.current = Some((name, place));
        Ok(())
    }

    /// A property of a snapshot; snapshots may be printed before their dataset.
    fn snapshot(
        &mut self,
        dataset: &str,
        snapshot: &str,
        property: &str,
        value: &[u8],
    ) -> Result<(), ObserveError> {
        let Some(native) = Property::from_name(property) else { return Ok(()) };
        let list = match &mut self.snapshots {
            Some((name, list)) if name.as_str() == dataset => list,
            before => {
                self.observed_snapshots.extend(before.take());
                &mut before.insert((parse_name(dataset)?, Vec::new())).1
            }
        };
        if list.last().is_none_or(|last: &Snapshot| last.name != snapshot) {
            list.push(Snapshot { name: snapshot.to_owned(), ..Snapshot::default() });
        }
        if let Some(last) = list.last_mut() {
            last.see(native, value);
        }
        Ok(())
    }

    /// The property of a name; `None` for one of a release to come, which nobody can declare.
    fn property(&mut self, text: &str) -> Option<PropertyName> {
        let place = self.place;
        self.place += 1;
        match self.order.get(place) {
            Some(column) if column.text == text => column.property.clone(),
            _ => {
                let property = PropertyName::parse_for_reading(text, Release::LATEST).ok();
                self.order.truncate(place);
                let column = Column {
                    text: text.to_owned(),
                    property: property.clone(),
                    value: Raw::default(),
                };
                self.order.push(column);
                property
            }
        }
    }

    /// The value of this line, to keep: mostly it is what the dataset before had there.
    fn shared(&mut self, value: &[u8]) -> Raw {
        match self.place.checked_sub(1).and_then(|place| self.order.get_mut(place)) {
            Some(column) => {
                if *column.value != *value {
                    column.value = value.into();
                }
                Raw::clone(&column.value)
            }
            None => value.into(),
        }
    }

    /// Whether an ancestor is among the datasets: what it decides is not kept twice.
    fn is_observed(&mut self, ancestor: &str) -> Result<bool, ObserveError> {
        match &self.ancestor {
            Some((name, known)) if name.as_str() == ancestor => Ok(*known),
            _ => {
                let name = parse_name(ancestor)?;
                let known = self.observed.datasets.contains_key(&name);
                self.ancestor = Some((name, known));
                Ok(known)
            }
        }
    }

    fn keep(&mut self, dataset: Option<(DatasetName, Dataset)>) {
        self.observed.datasets.extend(dataset.map(|(name, mut dataset)| {
            let entries = dataset.entries.drain();
            self.spare = std::mem::replace(&mut dataset.entries, entries);
            (name, dataset.into())
        }));
    }

    /// Keeps a value where its source says that it belongs.
    fn take(
        &mut self,
        dataset: &mut Dataset,
        property: PropertyName,
        value: &[u8],
        source: &Source<Cow<'_, str>>,
    ) -> Result<(), ObserveError> {
        let native = property.native();
        if native.is_some_and(|p| p.is_readonly() && !p.is_settable_once()) {
            return Ok(());
        }
        match (source, native) {
            (Source::Local, _) => {
                let value = self.shared(value);
                dataset.entries.change(&property, |entry| entry.local = Some(value));
            }
            (Source::Received, _) => {
                let value = self.shared(value);
                dataset.entries.change(&property, |entry| entry.receive(value));
            }
            (Source::Inherited(from), _) => {
                dataset.outside.insert(property, (parse_name(from)?, self.shared(value)));
            }
            (Source::Temporary, Some(native)) => {
                dataset.temporary.insert(native, self.shared(value));
            }
            (Source::None, Some(native)) => {
                dataset.fixed.insert(native, self.shared(value));
            }
            // The default mountpoint is `/`, which is printed with the dataset's name.
            (Source::Default, Some(native)) if native != Property::Mountpoint => {
                let Some(kind) = dataset.kind else { return Ok(()) };
                let [filesystems, others] = &mut self.known;
                let known = if kind == DatasetKind::Filesystem { filesystems } else { others };
                if !known.contains(native) {
                    known.insert(native);
                    self.observed.defaults.insert((native, kind), value.into());
                }
            }
            (Source::Temporary | Source::None | Source::Default, _) => {}
        }
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
        let last = self.current.take();
        self.keep(last);
        self.observed_snapshots.extend(self.snapshots.take());
        for (name, mut snapshots) in self.observed_snapshots {
            if let Some(dataset) = self.observed.datasets.get_mut(&name) {
                snapshots.sort_by_key(|snapshot| snapshot.createtxg);
                dataset.snapshots.append(&mut snapshots);
            }
        }
        // Where a dataset was printed before the ancestor that it inherits from.
        let names: BTreeSet<DatasetName> = self.observed.datasets.keys().cloned().collect();
        for dataset in self.observed.datasets.values_mut() {
            dataset.outside.retain(|_, (from, _)| !names.contains(from));
        }
        Ok(self.observed)
    }
}

fn parse_name(text: &str) -> Result<DatasetName, ObserveError> {
    let bad = |error| ObserveError::BadName { dataset: text.to_owned(), error };
    text.parse().map_err(bad)
}
