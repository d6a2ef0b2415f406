//! From a tree of keys and values to a [`Spec`]: the one place that knows the keys.

use std::collections::BTreeMap;
use std::fmt::Display;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;

use super::node::{Data, Member, Node};
use super::{Base, DatasetSpec, Mode, Moved, Place, Profile, Spec, Volume, Wish};
use crate::observed::inheritable;
use crate::problem::{Code, Position, Problem, Problems};
use crate::setting::Setting;

/// Keys that stand for the property of the same name.
const TYPED: [Property; 4] =
    [Property::Recordsize, Property::Compression, Property::Mountpoint, Property::Quota];

/// Reads a whole declaration and checks that it fits together.
pub(super) fn spec(node: Result<Node, Vec<Problem>>) -> Result<Spec, Problems> {
    let mut reader = Reader::default();
    match node {
        Err(problems) => reader.problems = problems,
        Ok(node) => {
            let spec = reader.spec(&node);
            reader.add_checks(spec.problems());
            if reader.problems.is_empty() {
                return Ok(spec);
            }
        }
    }
    Problems::check(reader.problems).map(|()| Spec::default())
}

#[derive(Default)]
struct Reader {
    release: Release,
    problems: Vec<Problem>,
    /// Where each key stood, for problems that are found later.
    places: BTreeMap<String, Position>,
}

/// A table whose keys are taken one after another; what is left over is unknown.
struct Table<'n> {
    path: String,
    members: Vec<&'n Member>,
    known: Vec<&'static str>,
}

impl<'n> Table<'n> {
    fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        let index = self.members.iter().position(|member| member.key == key)?;
        Some(&self.members.remove(index).node)
    }

    fn path(&self, key: &str) -> String {
        join(&self.path, key)
    }
}

/// A path of keys; keys that TOML would quote are quoted.
pub(super) fn join(path: &str, key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
    let mut joined = String::with_capacity(path.len() + key.len() + 3);
    joined.push_str(path);
    if !path.is_empty() {
        joined.push('.');
    }
    if !key.is_empty() && key.bytes().all(bare) {
        joined.push_str(key);
    } else if key.bytes().all(plain) {
        joined.extend(["\"", key, "\""]);
    } else {
        joined = format!("{joined}{key:?}");
    }
    joined
}

impl Reader {
    fn report(
        &mut self,
        at: Option<Position>,
        path: &str,
        code: Code,
        what: impl Display,
        remedy: impl Display,
    ) {
        let (path, what, remedy) = (path.to_owned(), what.to_string(), remedy.to_string());
        self.problems.push(Problem { position: at, path, code, what, remedy });
    }

    /// Adds what the checks of the whole found, where reading found nothing already.
    fn add_checks(&mut self, found: Vec<Problem>) {
        for mut problem in found {
            if self.problems.iter().all(|known| known.path != problem.path) {
                problem.position = self.position(&problem.path);
                self.problems.push(problem);
            }
        }
    }

    /// Where a key stood, or else the table it would belong to.
    fn position(&self, path: &str) -> Option<Position> {
        let mut path = path;
        loop {
            if let Some(position) = self.places.get(path) {
                return Some(*position);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    fn wrong_type(&mut self, node: &Node, path: &str, wanted: &str) {
        let what = format!("{} where {wanted} belongs", node.noun());
        self.report(node.at, path, Code::WrongType, what, format_args!("write {wanted}"));
    }

    fn table<'n>(&mut self, node: &'n Node, path: &str) -> Option<Table<'n>> {
        let Data::Table(all) = &node.data else {
            self.wrong_type(node, path, "a table");
            return None;
        };
        let mut members: Vec<&Member> = Vec::with_capacity(all.len());
        let mut seen = std::collections::BTreeSet::new();
        for member in all {
            let path = join(path, &member.key);
            if seen.insert(&member.key) {
                self.places.extend(member.at.map(|at| (path, at)));
                members.push(member);
            } else {
                self.report(
                    member.at,
                    &path,
                    Code::DuplicateKey,
                    "the key is given twice",
                    "keep one of the two",
                );
            }
        }
        Some(Table { path: path.to_owned(), members, known: Vec::new() })
    }

    /// Reports the keys that nobody took.
    fn finish(&mut self, table: &Table<'_>) {
        for member in &table.members {
            let key = member.key.as_str();
            let remedy = match nearest(key, &table.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if table.known.contains(&"properties")
                    && PropertyName::parse(key, self.release).is_ok() =>
                {
                    format!("put the property `{key}` into `properties`")
                }
                None => format!("known here: {}", table.known.join(", ")),
            };
            let what = format!("unknown key `{key}`");
            self.report(member.at, &table.path(key), Code::UnknownKey, what, remedy);
        }
    }

    fn text<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n str> {
        let Data::Text(text) = &node.data else {
            self.wrong_type(node, path, "a string");
            return None;
        };
        Some(text)
    }

    fn spec(&mut self, node: &Node) -> Spec {
        let mut spec = Spec::default();
        let Some(mut top) = self.table(node, "") else { return spec };
        if let Some(release) = top.take("release").and_then(|node| self.release(node)) {
            self.release = release;
        }
        spec.release = self.release;
        if let Some(node) = top.take("parentDataset") {
            spec.parent_dataset = self.dataset_name(node, "parentDataset");
        }
        if let Some(node) = top.take("parentMount") {
            spec.parent_mount = self.path(node, "parentMount");
        }
        self.tables(&mut top, "base", |reader, path, member| {
            let name = reader.parsed_name(member.at, path, &member.key)?;
            let mut table = reader.table(&member.node, path)?;
            let at = table.path("mountedAt");
            let mounted_at = table.take("mountedAt").and_then(|node| reader.path(node, &at));
            reader.finish(&table);
            spec.base.insert(name, Base { mounted_at });
            Some(())
        });
        self.tables(&mut top, "places", |reader, path, member| {
            let mut table = reader.table(&member.node, path)?;
            let at = table.path("mount");
            let mount = table.take("mount").and_then(|node| reader.path(node, &at));
            let at = table.path("dataset");
            let node = table.take("dataset");
            if node.is_none() {
                let remedy = "name the dataset below which services live";
                reader.report(member.at, path, Code::MissingKey, "no `dataset`", remedy);
            }
            let dataset = node.and_then(|node| reader.dataset_name(node, &at));
            reader.finish(&table);
            spec.places.insert(member.key.clone(), Place { dataset: dataset?, mount });
            Some(())
        });
        if let Some(node) = top.take("ownerProperty") {
            let remedy = "write the name of a user property, such as org.example:declared";
            spec.owner_property = self.parsed(node, "ownerProperty", remedy);
        }
        let remedy = "write a pattern such as tank/scratch/**";
        spec.ignore = self.list(&mut top, "ignore", remedy);
        spec.moved = self.moved(&mut top);
        let remedy = "write a dataset as `zfs list` does, such as tank/old";
        spec.absent = self.list(&mut top, "absent", remedy).into_iter().collect();
        self.tables(&mut top, "profiles", |reader, path, member| {
            let mut table = reader.table(&member.node, path)?;
            let profile = reader.profile(&mut table);
            reader.finish(&table);
            spec.profiles.insert(member.key.clone(), profile);
            Some(())
        });
        self.tables(&mut top, "services", |reader, path, member| {
            let dataset = reader.dataset(&member.node, path)?;
            spec.services.insert(member.key.clone(), dataset);
            Some(())
        });
        self.tables(&mut top, "utility", |reader, path, member| {
            let name = reader.parsed_name(member.at, path, &member.key)?;
            let dataset = reader.dataset(&member.node, path)?;
            spec.utility.insert(name, dataset);
            Some(())
        });
        self.finish(&top);
        spec
    }

    /// Reads a table of tables, an entry at a time.
    fn tables(
        &mut self,
        top: &mut Table<'_>,
        key: &'static str,
        mut entry: impl FnMut(&mut Self, &str, &Member) -> Option<()>,
    ) {
        let Some(table) = top.take(key).and_then(|node| self.table(node, key)) else { return };
        for member in &table.members {
            entry(self, &table.path(&member.key), member);
        }
    }

    fn release(&mut self, node: &Node) -> Option<Release> {
        let text = self.text(node, "release")?;
        text.parse()
            .map_err(|error| {
                let remedy = "write the release of the host's OpenZFS, such as \"2.3\"";
                self.report(node.at, "release", Code::BadValue, error, remedy);
            })
            .ok()
    }

    fn dataset_name(&mut self, node: &Node, path: &str) -> Option<DatasetName> {
        let text = self.text(node, path)?;
        self.parsed_name(node.at, path, text)
    }

    fn parsed_name(&mut self, at: Option<Position>, path: &str, text: &str) -> Option<DatasetName> {
        text.parse()
            .map_err(|error| {
                let remedy = "write a dataset as `zfs list` does, such as tank/services";
                self.report(at, path, Code::BadName, error, remedy);
            })
            .ok()
    }

    /// An absolute path of the host.
    fn path(&mut self, node: &Node, path: &str) -> Option<String> {
        let text = self.text(node, path)?;
        if text.starts_with('/') {
            return Some(text.to_owned());
        }
        let what = format!("`{text}` is not an absolute path");
        self.report(node.at, path, Code::BadValue, what, "begin it with `/`");
        None
    }

    /// A text or number that has its own way of being read.
    fn parsed<T: std::str::FromStr<Err: Display>>(
        &mut self,
        node: &Node,
        path: &str,
        remedy: &str,
    ) -> Option<T> {
        let text = match &node.data {
            Data::Number(number) => number,
            _ => self.text(node, path)?,
        };
        text.parse().map_err(|error| self.report(node.at, path, Code::BadValue, error, remedy)).ok()
    }

    /// A list of texts, each with its own way of being read.
    fn list<T: std::str::FromStr<Err: Display>>(
        &mut self,
        top: &mut Table<'_>,
        key: &'static str,
        remedy: &str,
    ) -> Vec<T> {
        let Some(node) = top.take(key) else { return Vec::new() };
        let Data::List(list) = &node.data else {
            self.wrong_type(node, key, "a list");
            return Vec::new();
        };
        list.iter().filter_map(|node| self.parsed(node, key, remedy)).collect()
    }

    fn moved(&mut self, top: &mut Table<'_>) -> Vec<Moved> {
        let Some(node) = top.take("moved") else { return Vec::new() };
        let Data::List(list) = &node.data else {
            self.wrong_type(node, "moved", "a list of tables");
            return Vec::new();
        };
        let entry = |node: &Node| {
            let mut table = self.table(node, "moved")?;
            let name = |key: &'static str, reader: &mut Self, table: &mut Table<'_>| {
                let (path, taken) = (table.path(key), table.take(key));
                let Some(node) = taken else {
                    let (what, remedy) = (format!("no `{key}`"), "name the dataset");
                    reader.report(node.at, "moved", Code::MissingKey, what, remedy);
                    return None;
                };
                reader.dataset_name(node, &path)
            };
            let (from, to) = (name("from", self, &mut table), name("to", self, &mut table));
            self.finish(&table);
            Some(Moved { from: from?, to: to? })
        };
        list.iter().filter_map(entry).collect()
    }

    fn volume(&mut self, table: &mut Table<'_>) -> Option<Volume> {
        let sparse_path = table.path("sparse");
        let sparse = table.take("sparse");
        let Some(node) = table.take("volume") else {
            if let Some(node) = sparse {
                let what = "only volumes can be sparse";
                self.report(node.at, &sparse_path, Code::NoEffect, what, "give `volume` its size");
            }
            return None;
        };
        let path = table.path("volume");
        let name = PropertyName::Native(Property::Volsize);
        let sparse = match sparse.map(|node| (node, &node.data)) {
            None => false,
            Some((_, Data::Boolean(sparse))) => *sparse,
            Some((node, _)) => {
                self.wrong_type(node, &sparse_path, "true or false");
                return None;
            }
        };
        match self.setting(&name, node, &path)? {
            Setting::Native(size) => Some(Volume { size: size.number()?, sparse }),
            Setting::User(_) => None,
        }
    }

    fn dataset(&mut self, node: &Node, path: &str) -> Option<DatasetSpec> {
        let mut table = self.table(node, path)?;
        let mut profiles = Vec::new();
        if let Some(node) = table.take("profile") {
            let path = table.path("profile");
            match &node.data {
                Data::List(list) => {
                    let names = list.iter().filter_map(|node| self.text(node, &path));
                    profiles.extend(names.map(str::to_owned));
                }
                Data::Text(name) => profiles.push(name.clone()),
                _ => self.wrong_type(node, &path, "a profile's name, or a list of names"),
            }
        }
        let mut dataset = DatasetSpec { profiles, ..DatasetSpec::default() };
        let at = table.path("place");
        let place = table.take("place").and_then(|node| self.text(node, &at));
        dataset.place = place.map(str::to_owned);
        dataset.volume = self.volume(&mut table);
        let at = table.path("origin");
        dataset.origin = table.take("origin").and_then(|node| {
            self.parsed(node, &at, "write a snapshot as `zfs list` does, such as tank/base@ready")
        });
        let at = table.path("guid");
        dataset.guid = table.take("guid").and_then(|node| {
            self.parsed(node, &at, "write the number that `zfs get -p guid` prints")
        });
        dataset.own = self.profile(&mut table);
        self.finish(&table);
        Some(dataset)
    }

    /// The keys that profiles and datasets have in common.
    fn profile(&mut self, table: &mut Table<'_>) -> Profile {
        let mut profile = Profile::default();
        for property in TYPED {
            let Some(node) = table.take(property.name()) else { continue };
            let path = table.path(property.name());
            let name = PropertyName::Native(property);
            if let Some(wish) = self.wish(&name, node, &path) {
                profile.properties.insert(name, wish);
            }
        }
        if let Some(node) = table.take("properties") {
            let path = table.path("properties");
            if let Some(free) = self.table(node, &path) {
                for member in &free.members {
                    self.free_property(&mut profile, table, &free.path(&member.key), member);
                }
            }
        }
        let mut owner = |key: &'static str, reader: &mut Self| {
            let path = table.path(key);
            table.take(key).and_then(|node| reader.owner(node, &path))
        };
        profile.owner = owner("owner", self);
        profile.group = owner("group", self);
        let path = table.path("mode");
        profile.mode = table.take("mode").and_then(|node| self.mode(node, &path));
        profile
    }

    fn free_property(
        &mut self,
        profile: &mut Profile,
        table: &Table<'_>,
        path: &str,
        member: &Member,
    ) -> Option<()> {
        let key = member.key.as_str();
        let name = match PropertyName::parse(key, self.release) {
            Ok(name) => name,
            Err(error) => {
                let remedy = match Property::nearest(key, self.release) {
                    Some(near) => format!("did you mean `{}`?", near.name()),
                    None => "see zfsprops(7) for the names".to_owned(),
                };
                self.report(member.at, path, Code::BadProperty, error, remedy);
                return None;
            }
        };
        if let Some(reason) = undeclarable(&name, self.release) {
            let what = format!("`{name}` {reason}");
            self.report(member.at, path, Code::BadProperty, what, "leave it out");
            return None;
        }
        let wish = self.wish(&name, &member.node, path)?;
        if profile.properties.contains_key(&name) {
            let what = format!("`{name}` is set by `{}` too", table.path(&name.to_string()));
            self.report(member.at, path, Code::SetTwice, what, "keep one of the two");
            return None;
        }
        profile.properties.insert(name, wish);
        Some(())
    }

    /// A value, or a table that says where the value shall come from.
    fn wish(&mut self, name: &PropertyName, node: &Node, path: &str) -> Option<Wish> {
        if !matches!(node.data, Data::Table(_)) {
            return self.setting(name, node, path).map(Wish::Set);
        }
        let mut table = self.table(node, path)?;
        let source = table.take("source");
        self.finish(&table);
        let remedy = "write { source = \"inherited\" }, \"received\" or \"any\"";
        let Some(source) = source else {
            self.report(node.at, path, Code::MissingKey, "no `source`", remedy);
            return None;
        };
        let wish = match self.text(source, &table.path("source"))? {
            "inherited" if !inheritable(name) => {
                let what = format!("`{name}` is never inherited");
                self.report(source.at, path, Code::BadValue, what, "declare a value");
                return None;
            }
            "inherited" => Wish::Inherit,
            "received" => Wish::Received,
            "any" => Wish::Any,
            other => {
                let what = format!("`{other}` is no source");
                self.report(source.at, path, Code::BadValue, what, remedy);
                return None;
            }
        };
        Some(wish)
    }

    fn setting(&mut self, name: &PropertyName, node: &Node, path: &str) -> Option<Setting> {
        let text = match &node.data {
            Data::Text(text) | Data::Number(text) => text,
            Data::Boolean(_) => {
                let what = format!("a boolean for `{name}`");
                let remedy =
                    "ZFS has words for it: write \"on\" or \"off\" (or a user property's text)";
                self.report(node.at, path, Code::WrongType, what, remedy);
                return None;
            }
            _ => {
                self.wrong_type(node, path, "a string");
                return None;
            }
        };
        Setting::parse(name, text, self.release)
            .map_err(|error| {
                let near: Vec<_> =
                    error.suggestions().iter().map(|text| format!("{text:?}")).collect();
                let remedy = match near.as_slice() {
                    [] => format!("see `{name}` in zfsprops(7)"),
                    near => format!("write {}", near.join(" or ")),
                };
                self.report(node.at, path, Code::BadValue, error, remedy);
            })
            .ok()
    }

    fn owner(&mut self, node: &Node, path: &str) -> Option<String> {
        let text = match &node.data {
            Data::Number(number) => number,
            _ => self.text(node, path)?,
        };
        // What useradd(8) and chown(1) agree on: no blanks, no colon, no option-like dash in front.
        let valid = !text.is_empty()
            && !text.starts_with('-')
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$'));
        if valid {
            return Some(text.to_owned());
        }
        let what = format!("`{text}` is not the name or number of a user or group");
        self.report(node.at, path, Code::BadName, what, "write a name such as sonarr, or a number");
        None
    }

    fn mode(&mut self, node: &Node, path: &str) -> Option<Mode> {
        let text = match &node.data {
            // A TOML number 0o750 is 488 by now: only strings say what was meant.
            Data::Number(_) => {
                let remedy = "write the octal digits as a string, such as \"0750\"";
                self.report(node.at, path, Code::WrongType, "a number for `mode`", remedy);
                return None;
            }
            _ => self.text(node, path)?,
        };
        let mode = Mode::parse(text);
        if mode.is_none() {
            let what = format!("`{text}` is not a mode");
            let remedy = "write one to four octal digits, such as \"0750\"";
            self.report(node.at, path, Code::BadValue, what, remedy);
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

/// The nearest of some words, if one is near enough to be a slip.
fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let distance =
        |other: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &other.to_lowercase());
    let (distance, near) = known.iter().map(|other| (distance(other), *other)).min()?;
    (distance <= 1 + near.len() / 4).then_some(near)
}
