//! From a tree of keys and values to a [`Spec`]: the one place that knows the keys.

use std::collections::{BTreeMap, HashMap};

use declared::{Data, Entry, Node, Table};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;

use super::{Base, DatasetSpec, Mode, Moved, Place, Profile, Spec, Volume, Wish};
use crate::observed::inheritable;
use crate::problem::{Code, Problems};
use crate::setting::Setting;

/// Keys that stand for the property of the same name.
const TYPED: [Property; 4] =
    [Property::Recordsize, Property::Compression, Property::Mountpoint, Property::Quota];

/// How a dataset is written.
const DATASET: &str = "write a dataset as `zfs list` does, such as tank/services";

/// Reads a whole declaration and checks that it fits together.
pub(super) fn spec(node: &Node) -> Result<Spec, Problems> {
    let mut reader = Reader::default();
    let root = Entry::root(node);
    let spec = reader.spec(&root);
    reader.base.add(&root, spec.problems());
    reader.base.done(spec)
}

#[derive(Default)]
struct Reader {
    base: declared::Reader<Code>,
    release: Release,
    /// Names of properties, and the last value of each: many datasets say the same, and share it.
    names: HashMap<String, PropertyName>,
    last: BTreeMap<PropertyName, Setting>,
}

impl Reader {
    fn spec(&mut self, root: &Entry<'_>) -> Spec {
        let mut spec = Spec::default();
        let Some(mut top) = self.base.table(root) else { return spec };
        if let Some(entry) = top.take("release") {
            let remedy = "write the release of the host's OpenZFS, such as \"2.3\"";
            let text = self.base.text(&entry).map(str::parse);
            match text {
                Some(Ok(release)) => self.release = release,
                Some(Err(error)) => self.base.report(&entry, Code::BadValue, error, remedy),
                None => {}
            }
        }
        spec.release = self.release;
        spec.parent_dataset = top.take("parentDataset").and_then(|e| self.dataset_name(&e));
        spec.parent_mount = top.take("parentMount").and_then(|e| self.path(&e));
        for entry in self.entries(&mut top, "base") {
            let (name, base) = (self.name_in_key(&entry), self.base_dataset(&entry));
            spec.base.extend(name.zip(base));
        }
        for entry in self.entries(&mut top, "places") {
            spec.places.extend(self.place(&entry).map(|place| (entry.key.to_owned(), place)));
        }
        if let Some(entry) = top.take("ownerProperty") {
            let remedy = "write the name of a user property, such as org.example:declared";
            spec.owner_property = self.base.parsed(&entry, remedy);
        }
        if let Some(entry) = top.take("ignore") {
            spec.ignore = self.base.parsed_list(&entry, "write a pattern such as tank/scratch/**");
        }
        if let Some(entry) = top.take("moved") {
            let list = self.base.list(&entry);
            spec.moved = list.iter().filter_map(|entry| self.moved(entry)).collect();
        }
        if let Some(entry) = top.take("absent") {
            spec.absent = self.base.parsed_list(&entry, DATASET).into_iter().collect();
        }
        for entry in self.entries(&mut top, "profiles") {
            if let Some(mut table) = self.base.table(&entry) {
                let profile = self.profile(&mut table);
                self.finish(&table);
                spec.profiles.insert(entry.key.to_owned(), profile);
            }
        }
        for entry in self.entries(&mut top, "services") {
            let dataset = self.dataset(&entry);
            spec.services.extend(dataset.map(|dataset| (entry.key.to_owned(), dataset)));
        }
        for entry in self.entries(&mut top, "utility") {
            let (name, dataset) = (self.name_in_key(&entry), self.dataset(&entry));
            spec.utility.extend(name.zip(dataset));
        }
        self.base.finish(&top);
        spec
    }

    /// The entries of a table whose keys are names.
    fn entries<'n>(&mut self, top: &mut Table<'n>, key: &'static str) -> Vec<Entry<'n>> {
        top.take(key).map(|entry| self.base.entries(&entry)).unwrap_or_default()
    }

    /// Reports the keys of a profile or dataset that nobody took.
    fn finish(&mut self, table: &Table<'_>) {
        let release = self.release;
        self.base.finish_with(table, |key| {
            PropertyName::parse(key, release).ok()?;
            Some(format!("put the property `{key}` into `properties`"))
        });
    }

    fn base_dataset(&mut self, entry: &Entry<'_>) -> Option<Base> {
        let mut table = self.base.table(entry)?;
        let mounted_at = table.take("mountedAt").and_then(|entry| self.path(&entry));
        self.base.finish(&table);
        Some(Base { mounted_at })
    }

    fn place(&mut self, entry: &Entry<'_>) -> Option<Place> {
        let mut table = self.base.table(entry)?;
        let mount = table.take("mount").and_then(|entry| self.path(&entry));
        let remedy = "name the dataset below which services live";
        let dataset = self.base.required(&mut table, "dataset", remedy);
        let dataset = dataset.and_then(|entry| self.dataset_name(&entry));
        self.base.finish(&table);
        Some(Place { dataset: dataset?, mount })
    }

    fn moved(&mut self, entry: &Entry<'_>) -> Option<Moved> {
        let mut table = self.base.table(entry)?;
        let mut name = |key| {
            let entry = self.base.required(&mut table, key, "name the dataset")?;
            self.dataset_name(&entry)
        };
        let (from, to) = (name("from"), name("to"));
        self.base.finish(&table);
        Some(Moved { from: from?, to: to? })
    }

    fn name_in_key(&mut self, entry: &Entry<'_>) -> Option<DatasetName> {
        let name = entry.key.parse();
        name.map_err(|error| self.base.report_key(entry, Code::BadName, error, DATASET)).ok()
    }

    fn dataset_name(&mut self, entry: &Entry<'_>) -> Option<DatasetName> {
        let name = self.base.text(entry)?.parse();
        name.map_err(|error| self.base.report(entry, Code::BadName, error, DATASET)).ok()
    }

    /// An absolute path of the host.
    fn path(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = self.base.text(entry)?;
        if text.starts_with('/') {
            return Some(text.to_owned());
        }
        let what = format!("`{text}` is not an absolute path");
        self.base.report(entry, Code::BadValue, what, "begin it with `/`");
        None
    }

    fn volume(&mut self, table: &mut Table<'_>) -> Option<Volume> {
        let sparse = table.take("sparse");
        let Some(entry) = table.take("volume") else {
            if let Some(entry) = sparse {
                let what = "only volumes can be sparse";
                self.base.report(&entry, Code::NoEffect, what, "give `volume` its size");
            }
            return None;
        };
        let sparse = sparse.map_or(Some(false), |entry| self.base.boolean(&entry))?;
        match self.setting(&PropertyName::Native(Property::Volsize), &entry)? {
            Setting::Native(size) => Some(Volume { size: size.number()?, sparse }),
            Setting::User(_) => None,
        }
    }

    fn dataset(&mut self, entry: &Entry<'_>) -> Option<DatasetSpec> {
        let mut table = self.base.table(entry)?;
        let mut dataset = DatasetSpec::default();
        if let Some(entry) = table.take("profile") {
            let names = self.base.one_or_more(&entry);
            dataset.profiles =
                names.iter().filter_map(|name| self.base.text(name)).map(str::to_owned).collect();
        }
        let place = table.take("place");
        dataset.place = place.and_then(|entry| self.base.text(&entry)).map(str::to_owned);
        dataset.volume = self.volume(&mut table);
        dataset.origin = table.take("origin").and_then(|entry| {
            self.base.parsed(&entry, "write a snapshot as `zfs list` does, such as tank/base@ready")
        });
        dataset.guid = table.take("guid").and_then(|entry| {
            self.base.parsed(&entry, "write the number that `zfs get -p guid` prints")
        });
        dataset.own = self.profile(&mut table);
        self.finish(&table);
        Some(dataset)
    }

    /// The keys that profiles and datasets have in common.
    fn profile(&mut self, table: &mut Table<'_>) -> Profile {
        let mut profile = Profile::default();
        let typed = TYPED.map(|property| (property, table.take(property.name())));
        let free = self.entries(table, "properties");
        let count = typed.iter().filter(|(_, entry)| entry.is_some()).count() + free.len();
        profile.properties.reserve(count);
        for (property, entry) in typed {
            let Some(entry) = entry else { continue };
            let name = PropertyName::Native(property);
            profile.properties.extend(self.wish(&name, &entry).map(|wish| (name, wish)));
        }
        for entry in free {
            self.free_property(&mut profile, table, &entry);
        }
        profile.owner = table.take("owner").and_then(|entry| self.owner(&entry));
        profile.group = table.take("group").and_then(|entry| self.owner(&entry));
        profile.mode = table.take("mode").and_then(|entry| self.mode(&entry));
        profile.strict = table.take("strict").and_then(|entry| self.base.boolean(&entry));
        profile
    }

    fn free_property(
        &mut self,
        profile: &mut Profile,
        table: &Table<'_>,
        entry: &Entry<'_>,
    ) -> Option<()> {
        let known = self.names.get(entry.key).cloned();
        let name = match known.map_or_else(|| PropertyName::parse(entry.key, self.release), Ok) {
            Ok(name) => name,
            Err(error) => {
                let remedy = match Property::nearest(entry.key, self.release) {
                    Some(near) => format!("did you mean `{}`?", near.name()),
                    None => "see zfsprops(7) for the names".to_owned(),
                };
                self.base.report_key(entry, Code::BadProperty, error, remedy);
                return None;
            }
        };
        if let Some(reason) = undeclarable(&name, self.release) {
            let what = format!("`{name}` {reason}");
            self.base.report_key(entry, Code::BadProperty, what, "leave it out");
            return None;
        }
        if !self.names.contains_key(entry.key) {
            self.names.insert(entry.key.to_owned(), name.clone());
        }
        let wish = self.wish(&name, entry)?;
        if profile.properties.contains_key(&name) {
            let what = format!("`{name}` is set by `{}` too", table.path(&name.to_string()));
            self.base.report_key(entry, Code::SetTwice, what, "keep one of the two");
            return None;
        }
        profile.properties.insert(name, wish);
        Some(())
    }

    /// A value, or a table that says where the value shall come from.
    fn wish(&mut self, name: &PropertyName, entry: &Entry<'_>) -> Option<Wish> {
        if !matches!(entry.node.data, Data::Table(_)) {
            return self.setting(name, entry).map(Wish::Set);
        }
        let mut table = self.base.table(entry)?;
        let remedy = "write { source = \"inherited\" }, \"received\" or \"any\"";
        let source = self.base.required(&mut table, "source", remedy);
        self.base.finish(&table);
        let sources =
            [("inherited", Wish::Inherit), ("received", Wish::Received), ("any", Wish::Any)];
        let source = source?;
        let wish = self.base.word(&source, &sources)?;
        if wish == Wish::Inherit && !inheritable(name) {
            let what = format!("`{name}` is never inherited");
            self.base.report(&source, Code::BadValue, what, "declare a value");
            return None;
        }
        Some(wish)
    }

    fn setting(&mut self, name: &PropertyName, entry: &Entry<'_>) -> Option<Setting> {
        let text = match &entry.node.data {
            Data::Text(text) | Data::Number(text) => text,
            Data::Boolean(_) => {
                let what = format!("a boolean for `{name}`");
                let remedy =
                    "ZFS has words for it: write \"on\" or \"off\" (or a user property's text)";
                self.base.report(entry, Code::WrongType, what, remedy);
                return None;
            }
            _ => {
                self.base.wrong_type(entry, "a string");
                return None;
            }
        };
        if let Some(last) = self.last.get(name).filter(|last| last.argument() == text) {
            return Some(last.clone());
        }
        let setting = Setting::parse(name, text, self.release)
            .map_err(|error| {
                let near: Vec<_> =
                    error.suggestions().iter().map(|text| format!("{text:?}")).collect();
                let remedy = match near.as_slice() {
                    [] => format!("see `{name}` in zfsprops(7)"),
                    near => format!("write {}", near.join(" or ")),
                };
                self.base.report(entry, Code::BadValue, error, remedy);
            })
            .ok()?;
        self.last.insert(name.clone(), setting.clone());
        Some(setting)
    }

    fn owner(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = match &entry.node.data {
            Data::Number(number) => number,
            _ => self.base.text(entry)?,
        };
        // What useradd(8) and chown(1) agree on: no blanks, no colon, no option-like dash in front.
        let valid = !text.is_empty()
            && !text.starts_with('-')
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$'));
        if valid {
            return Some(text.to_owned());
        }
        let what = format!("`{text}` is not the name or number of a user or group");
        let remedy = "write a name such as sonarr, or a number";
        self.base.report(entry, Code::BadName, what, remedy);
        None
    }

    fn mode(&mut self, entry: &Entry<'_>) -> Option<Mode> {
        if let Data::Number(_) = entry.node.data {
            // A TOML number 0o750 is 488 by now: only strings say what was meant.
            let remedy = "write the octal digits as a string, such as \"0750\"";
            self.base.report(entry, Code::WrongType, "a number for `mode`", remedy);
            return None;
        }
        let text = self.base.text(entry)?;
        let mode = Mode::parse(text);
        if mode.is_none() {
            let what = format!("`{text}` is not a mode");
            let remedy = "write one to four octal digits, such as \"0750\"";
            self.base.report(entry, Code::BadValue, what, remedy);
        }
        mode
    }
}

/// Why a property cannot stand in a declaration, if so.
fn undeclarable(name: &PropertyName, release: Release) -> Option<String> {
    match name {
        PropertyName::User(_) => None,
        PropertyName::Native(property) => {
            if property.is_readonly() && !property.is_settable_once() {
                Some("is read-only: ZFS sets it".into())
            } else if *property == Property::Volsize {
                Some("is declared by the key `volume`".into())
            } else if ![DatasetKind::Filesystem, DatasetKind::Volume]
                .iter()
                .any(|kind| property.applies_to(*kind, release))
            {
                Some("does not apply to filesystems or volumes".into())
            } else {
                None
            }
        }
        _ => Some("is not listed by `zfs get all`, so nothing could tell whether it holds".into()),
    }
}
