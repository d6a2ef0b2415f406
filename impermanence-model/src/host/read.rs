//! From a tree of keys and values to a [`Host`]: with its neighbours, the one place that knows the keys.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fmt::Display;
use std::str::FromStr;

use declared::{Data, Entry, Node, Table};

use super::read_entry::{kept, layer};
use super::read_root::{root, wipe};
use super::{FileSystem, Host, Keep, Kind, Ownership, Service, State, Storage, Store, User};
use crate::origin::{Layer, Origin};
use crate::owner::Mode;
use crate::path::AbsolutePath;
use crate::problem::{Code, Problems, problem};
use crate::root::{Root, Wipe};

pub(super) type Reader = declared::Reader<Code>;

/// What every path needs to be, for messages.
pub(super) const WRITE_A_PATH: &str = "write an absolute path, as /var/log";

impl Host {
    /// Reads TOML; on failure, every problem with its line.
    pub fn from_toml(text: &str) -> Result<Self, Problems> {
        Self::from_node(&Node::from_toml(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads JSON; on failure, every problem with its path.
    #[cfg(feature = "serde")]
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        Self::from_node(&Node::from_json(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads a tree that is at hand.
    pub fn from_node(node: &Node) -> Result<Self, Problems> {
        Self::from_part(node, "")
    }

    /// Reads a part of a document that is known there by `path`: for hosts that declare more than persistence. Every key that is
    /// named, by problems, warnings and layouts alike, is named as a key of the document.
    pub fn from_part(node: &Node, path: &str) -> Result<Self, Problems> {
        let mut reader = Reader::new();
        let host = host(&mut reader, &Entry::part(node, path));
        reader.done(host.unwrap_or_else(|| Host::new("", Root::DEFAULT)))
    }
}

fn host(reader: &mut Reader, entry: &Entry<'_>) -> Option<Host> {
    let mut table = reader.table(entry)?;
    let name = table.take("name").and_then(|entry| reader.text(&entry)).unwrap_or_default();
    let mut host = Host::new(name, Root::DEFAULT);
    let declared_root = table.take("root");
    for entry in named(reader, &mut table, "fileSystems") {
        if let (Some(path), Some(found)) = (key(reader, &entry), file_system(reader, &entry)) {
            place(reader, &entry, &mut host.file_systems, path, found);
        }
    }
    let mounted = host.file_systems.remove(&AbsolutePath::root());
    if let Some(root) = root(reader, declared_root.as_ref(), mounted, entry) {
        host.root = root;
    }
    host.wipe = declared_root.map_or_else(Wipe::default, |entry| wipe(reader, &entry));
    for entry in named(reader, &mut table, "stores") {
        if let (Some(path), Some(store)) = (key(reader, &entry), store(reader, &entry)) {
            place(reader, &entry, &mut host.stores, path, store);
        }
    }
    host.storage = table.take("storage").and_then(|entry| storage(reader, &entry));
    for entry in named(reader, &mut table, "groups") {
        if let (true, Some(number)) = (named_account(reader, &entry), group_number(reader, &entry))
        {
            host.groups.insert(entry.key.to_owned(), number);
        }
    }
    for entry in named(reader, &mut table, "users") {
        user(reader, &entry, &mut host);
    }
    for (name, kind) in [("core", Layer::Core), ("host", Layer::Host)] {
        let entry = table.take(name);
        let table = entry.as_ref().and_then(|entry| reader.table(entry));
        if let Some(mut table) = table {
            layer(reader, &mut table, &kind, &mut host.entries);
            reader.finish(&table);
        }
    }
    for entry in named(reader, &mut table, "services") {
        if let Some(service) = service(reader, &entry) {
            host.services.insert(entry.key.to_owned(), service);
        }
    }
    for entry in named(reader, &mut table, "keep") {
        if let Some(keep) = keep(reader, &entry) {
            let origin = Origin::of(Layer::Host, &entry);
            host.keep.insert(entry.key.to_owned(), (keep, origin));
        }
    }
    reader.finish(&table);
    Some(host)
}

/// Puts a value under a path; two keys can be one path once they are normalised.
fn place<T>(
    reader: &mut Reader,
    entry: &Entry<'_>,
    map: &mut BTreeMap<AbsolutePath, T>,
    path: AbsolutePath,
    value: T,
) {
    match map.entry(path) {
        Slot::Vacant(slot) => {
            slot.insert(value);
        }
        Slot::Occupied(slot) => {
            let what = format!("{} is declared more than once", slot.key());
            reader.report_key(entry, Code::DeclaredTwice, what, "keep one of them");
        }
    }
}

/// The key of a table as a path.
fn key(reader: &mut Reader, entry: &Entry<'_>) -> Option<AbsolutePath> {
    let path = AbsolutePath::new(entry.key);
    let bad = |error| reader.report_key(entry, Code::BadPath, error, WRITE_A_PATH);
    path.map_err(bad).ok()
}

/// The entries of a table whose keys are names.
pub(super) fn named<'n>(
    reader: &mut Reader,
    table: &mut Table<'n>,
    key: &'static str,
) -> Vec<Entry<'n>> {
    table.take(key).map(|entry| reader.entries(&entry)).unwrap_or_default()
}

/// A value that is a path.
pub(super) fn path<P>(reader: &mut Reader, entry: &Entry<'_>, remedy: &str) -> Option<P>
where
    P: FromStr<Err: Display>,
{
    let text = reader.text(entry)?;
    let bad =
        |error| reader.report(entry, Code::BadPath, format_args!("`{text}`: {error}"), remedy);
    text.parse().map_err(bad).ok()
}

/// A list of strings.
pub(super) fn texts(reader: &mut Reader, entry: &Entry<'_>) -> Vec<String> {
    let elements = reader.list(entry);
    elements.iter().filter_map(|element| reader.text(element).map(str::to_owned)).collect()
}

/// Mount options: a list, each of which may have commas.
pub(super) fn options(reader: &mut Reader, entry: &Entry<'_>) -> Vec<String> {
    let list = texts(reader, entry);
    let options = list.iter().flat_map(|text| text.split(','));
    options.filter(|option| !option.is_empty()).map(str::to_owned).collect()
}

/// Owner, group and mode under three keys.
pub(super) fn ownership(
    reader: &mut Reader,
    table: &mut Table<'_>,
    user: &'static str,
    group: &'static str,
) -> Ownership {
    let user = table.take(user).and_then(|entry| account(reader, &entry));
    let group = table.take(group).and_then(|entry| account(reader, &entry));
    let mode = table.take("mode").and_then(|entry| mode(reader, &entry));
    Ownership { user, group, mode }
}

/// A name or number of a user or group.
pub(super) fn account(reader: &mut Reader, entry: &Entry<'_>) -> Option<String> {
    let text = match &entry.node.data {
        Data::Number(number) => number,
        Data::Other("null") => return None,
        _ => reader.text(entry)?,
    };
    if is_account(text) {
        return Some(text.to_owned());
    }
    let what = format!("`{text}` is no name of a user or group");
    reader.report(entry, Code::BadValue, what, "write a name or a number");
    None
}

/// Whether a name can stand as one word in passwd(5), tmpfiles.d(5) and a unit file alike, and is not `-`, which to those is
/// nobody; or a number that can be one's: the last is none (chown(2)).
pub(super) fn is_account(text: &str) -> bool {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<u32>().is_ok_and(|number| number != u32::MAX);
    }
    let plain = |byte: u8| byte.is_ascii_graphic() && !b":/\"'\\%,".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain)
}

/// The key of a table as the name of a user or group.
fn named_account(reader: &mut Reader, entry: &Entry<'_>) -> bool {
    let is_name = is_account(entry.key);
    if !is_name {
        let what = format!("`{}` is no name of a user or group", entry.key);
        reader.report_key(entry, Code::BadValue, what, "write it as passwd(5) has it");
    }
    is_name
}

pub(super) fn mode(reader: &mut Reader, entry: &Entry<'_>) -> Option<Mode> {
    reader.parsed(entry, "write it as in chmod, in quotes: \"0750\"")
}

/// A field of fstab(5): nothing at all moves those behind it, and `#` at the front makes a comment of the line.
fn field(reader: &mut Reader, entry: &Entry<'_>) -> Option<String> {
    let text = reader.text(entry)?;
    if text.is_empty() || text.starts_with('#') {
        let what = format!("`{text}` is no field of fstab");
        reader.report(
            entry,
            Code::BadValue,
            what,
            "write it as in fstab, such as /dev/sda1 or tank/a",
        );
        return None;
    }
    Some(text.to_owned())
}

fn file_system(reader: &mut Reader, entry: &Entry<'_>) -> Option<FileSystem> {
    let mut table = reader.table(entry)?;
    let device = table.take("device").and_then(|entry| field(reader, &entry));
    let fs_type = reader
        .required(&mut table, "fsType", "name its type, as in fstab")
        .and_then(|entry| field(reader, &entry));
    let options = table.take("options").map(|entry| options(reader, &entry)).unwrap_or_default();
    let boot = table.take("neededForBoot").and_then(|entry| reader.boolean(&entry));
    let depends = table.take("depends").map(|entry| reader.list(&entry)).unwrap_or_default();
    let depends = depends.iter().filter_map(|entry| path(reader, entry, WRITE_A_PATH)).collect();
    let rollback = table.take("rollback").and_then(|entry| reader.text(&entry)).map(str::to_owned);
    reader.finish(&table);
    let fs_type = fs_type?;
    let found = FileSystem {
        device: device.unwrap_or_else(|| fs_type.clone()),
        fs_type,
        options,
        needed_for_boot: boot.unwrap_or(false),
        depends,
        rollback,
        origin: Origin::of(Layer::FileSystems, entry),
    };
    let binds = found.options.iter().any(|option| option == "bind" || option == "rbind");
    if binds && found.bound_from().is_none() {
        let what = format!("`{}` is bound, and is no absolute path", found.device);
        reader.report(entry, Code::BadPath, what, WRITE_A_PATH);
        return None;
    }
    Some(found)
}

fn store(reader: &mut Reader, entry: &Entry<'_>) -> Option<Store> {
    let mut table = reader.table(entry)?;
    let mut options =
        table.take("options").map(|entry| options(reader, &entry)).unwrap_or_default();
    if table.take("hideMounts").and_then(|entry| reader.boolean(&entry)) == Some(true) {
        options.push("x-gvfs-hide".to_owned());
    }
    reader.finish(&table);
    Some(Store { options, origin: Origin::of(Layer::Host, entry) })
}

fn storage(reader: &mut Reader, entry: &Entry<'_>) -> Option<Storage> {
    let mut table = reader.table(entry)?;
    let binds = table.take("binds").and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let datasets = table.take("datasets").and_then(|entry| reader.text(&entry));
    reader.finish(&table);
    match (binds, datasets) {
        (Some(store), None) => Some(Storage::Binds(store)),
        (None, Some(parent)) => Some(Storage::Datasets(parent.to_owned())),
        _ => {
            let remedy = "write one: { binds = \"/persist\" } or { datasets = \"tank/services\" }";
            reader.report(entry, Code::BadValue, "services are kept in one way", remedy);
            None
        }
    }
}

/// A number, or a table with `gid`.
fn group_number(reader: &mut Reader, entry: &Entry<'_>) -> Option<u32> {
    if let Data::Number(_) = entry.node.data {
        return reader.parsed(entry, "write the number of the group");
    }
    let mut table = reader.table(entry)?;
    let number = table.take("gid").and_then(|entry| number(reader, &entry));
    reader.finish(&table);
    number
}

fn number(reader: &mut Reader, entry: &Entry<'_>) -> Option<u32> {
    match entry.node.data {
        Data::Other("null") => None,
        _ => reader.parsed(entry, "write a number"),
    }
}

fn user(reader: &mut Reader, entry: &Entry<'_>, host: &mut Host) {
    let Some(mut table) = reader.table(entry) else { return };
    let name = entry.key;
    let is_name = named_account(reader, entry);
    let uid = table.take("uid").and_then(|entry| number(reader, &entry));
    let group = table.take("group").and_then(|entry| account(reader, &entry));
    let home = table.take("home").and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let home_mode = table.take("homeMode").and_then(|entry| mode(reader, &entry));
    layer(reader, &mut table, &Layer::User(name.into()), &mut host.entries);
    reader.finish(&table);
    if !is_name {
        return;
    }
    let home = home.or_else(|| AbsolutePath::new(["/home/", name].concat()).ok());
    let Some(home) = home else {
        let what = format!("`{name}` is no name of a directory");
        return reader.report_key(entry, Code::BadValue, what, "declare `home`");
    };
    let group = group.unwrap_or_else(|| "users".to_owned());
    let home_mode = home_mode.unwrap_or(Mode::known(0o700));
    host.users.insert(name.to_owned(), User { uid, group, home, home_mode });
}

fn service(reader: &mut Reader, entry: &Entry<'_>) -> Option<Service> {
    let mut table = reader.table(entry)?;
    let list = reader
        .required(&mut table, "state", "list the paths that it needs again; [] if there are none")
        .map(|entry| reader.list(&entry))
        .unwrap_or_default();
    reader.finish(&table);
    Some(Service { state: list.iter().filter_map(|e| state(reader, e, entry.key)).collect() })
}

fn state(reader: &mut Reader, entry: &Entry<'_>, service: &str) -> Option<State> {
    let origin = Origin::of(Layer::Service(service.into()), entry);
    let plain = |path| State {
        path,
        kind: Kind::Directory,
        own: Ownership::default(),
        stage: None,
        origin: origin.clone(),
    };
    if let Data::Text(_) = entry.node.data {
        return path(reader, entry, WRITE_A_PATH).map(plain);
    }
    let mut table = reader.table(entry)?;
    let where_ = reader.required(&mut table, "path", WRITE_A_PATH);
    let where_ = where_.and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let file = table.take("file").and_then(|entry| reader.boolean(&entry));
    let own = ownership(reader, &mut table, "owner", "group");
    let stage = table.take("when").and_then(|entry| reader.word(&entry, &crate::stage::Stage::ALL));
    reader.finish(&table);
    let kind = if file == Some(true) { Kind::File } else { Kind::Directory };
    Some(State { kind, own, stage, ..plain(where_?) })
}

fn keep(reader: &mut Reader, entry: &Entry<'_>) -> Option<Keep> {
    if let Data::Text(_) = entry.node.data {
        return reader.word(entry, &[("bind", ())]).map(|()| Keep::Bind(None));
    }
    let mut table = reader.table(entry)?;
    let bind = table.take("bind").and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let dataset = table.take("dataset").and_then(|entry| reader.text(&entry));
    let dataset = dataset.filter(|dataset| !dataset.is_empty());
    let why = table.take("ephemeral").and_then(|entry| reader.text(&entry));
    reader.finish(&table);
    if let Some(keep) = kept(bind, dataset, why) {
        Some(keep)
    } else {
        let remedy = "write one: \"bind\", { bind = \"/persist\" }, { dataset = \"tank/NAME\" } or \
                      { ephemeral = \"WHY\" }";
        reader.report(entry, Code::BadValue, "a service is kept in one way", remedy);
        None
    }
}

/// For checks of the whole: two roots.
pub(super) fn two_roots(reader: &mut Reader, entry: &Entry<'_>, what: String) {
    let origin = Origin::of(Layer::FileSystems, entry);
    reader.add(entry, [problem(&origin, Code::TwoRoots, what, "leave one of the two out")]);
}
