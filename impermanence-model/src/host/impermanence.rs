//! Reads `environment.persistence` of nix-community/impermanence (submodule-options.nix), as written or as evaluated.
//!
//! A value that is the module's default says nothing here: an evaluated declaration cannot be told from one in
//! which it was written.

use declared::{Data, Entry, Node, Table};

use super::read::{Reader, WRITE_A_PATH, is_account, named, path};
use super::read_entry::at;
use super::{At, Declared, Host, Kind, Ownership, Store, User};
use crate::origin::{Layer, Origin};
use crate::owner::Mode;
use crate::path::{AbsolutePath, HomePath};
use crate::problem::{Code, Problems};

impl Host {
    /// Adds what the JSON of `environment.persistence` declares, as entries of the host layer and of users. Users
    /// that it names have to be declared.
    pub fn with_impermanence(mut self, json: &str) -> Result<Self, Problems> {
        let node = Node::from_json(json).map_err(|problems| problems.map(Code::from))?;
        let mut reader = Reader::new();
        persistence(&mut reader, &Entry::part(&node, "environment.persistence"), &mut self);
        reader.done(self)
    }
}

fn persistence(reader: &mut Reader, entry: &Entry<'_>, host: &mut Host) {
    for entry in reader.entries(entry) {
        store(reader, &entry, host);
    }
}

/// Keys that only ask for output.
const SILENT: [&str; 3] = ["enableDebugging", "enableWarnings", "assertions"];

fn store(reader: &mut Reader, entry: &Entry<'_>, host: &mut Host) {
    let Some(mut table) = reader.table(entry) else { return };
    let enabled = table.take("enable").and_then(|entry| reader.boolean(&entry)).unwrap_or(true);
    let given = table.take("persistentStoragePath");
    let given = given.and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let place: Option<AbsolutePath> = given.or_else(|| {
        let bad = |error| reader.report_key(entry, Code::BadPath, error, WRITE_A_PATH);
        AbsolutePath::new(entry.key).map_err(bad).ok()
    });
    for key in SILENT {
        table.take(key);
    }
    let mut options = Vec::new();
    for (key, option) in [("hideMounts", "x-gvfs-hide"), ("allowTrash", "x-gvfs-trash")] {
        if table.take(key).and_then(|entry| reader.boolean(&entry)) == Some(true) {
            options.push(option.to_owned());
        }
    }
    let Some(place) = place else { return };
    let mut entries = Vec::new();
    lists(reader, &mut table, &Layer::Host, &mut entries);
    for user in named(reader, &mut table, "users") {
        let Some(mut table) = reader.table(&user) else { continue };
        let name = table.take("name").and_then(|entry| reader.text(&entry)).unwrap_or(user.key);
        home(reader, &mut table, name, host);
        lists(reader, &mut table, &Layer::User(name.into()), &mut entries);
        reader.finish(&table);
    }
    reader.finish(&table);
    if enabled {
        for mut declared in entries {
            declared.store = declared.store.or_else(|| Some(place.clone()));
            host.entries.push(declared);
        }
        let origin = Origin::of(Layer::Host, entry);
        host.stores.entry(place).or_insert(Store { options, origin });
    }
}

fn lists(reader: &mut Reader, table: &mut Table<'_>, layer: &Layer, entries: &mut Vec<Declared>) {
    let directories = table.take("directories").map(|entry| reader.list(&entry));
    for entry in directories.iter().flatten() {
        entries.extend(directory(reader, entry, layer));
    }
    let files = table.take("files").map(|entry| reader.list(&entry));
    for entry in files.iter().flatten() {
        entries.extend(file(reader, entry, layer));
    }
}

/// The owner and mode that a directory has by default.
fn defaults(layer: &Layer) -> (&str, Mode) {
    match layer {
        Layer::User(name) => (&**name, Mode::DIRECTORY),
        _ => ("root", Mode::DIRECTORY),
    }
}

/// `user`, `group` and `mode`, without those that are the default.
fn ownership(reader: &mut Reader, table: &mut Table<'_>, layer: &Layer) -> Ownership {
    let (user, default) = defaults(layer);
    let own = super::read::ownership(reader, table, "user", "group");
    let is_default = own.user.as_deref() == Some(user);
    Ownership {
        group: own.group.filter(|group| !(group == "root" && user == "root")),
        user: own.user.filter(|_| !is_default),
        mode: own.mode.filter(|mode| *mode != default),
    }
}

/// Keys that the module fills in itself.
fn internal(table: &mut Table<'_>) {
    for key in ["home", "dirPath", "filePath", "defaultPerms", "enableDebugging", "assertions"] {
        table.take(key);
    }
}

/// The key `home` of a user declares a user that nobody else did; it cannot move one's home.
fn home(reader: &mut Reader, table: &mut Table<'_>, name: &str, host: &mut Host) {
    let Some(entry) = table.take("home").filter(|entry| entry.node.data != Data::Other("null"))
    else {
        return;
    };
    let Some(home) = path::<AbsolutePath>(reader, &entry, WRITE_A_PATH) else { return };
    match host.users.get(name) {
        Some(user) if user.home == home => {}
        Some(user) => {
            let what = format!("the home of {name} is {}", user.home);
            reader.report(&entry, Code::BadValue, what, "leave it out, or declare that home");
        }
        None if !is_account(name) => {
            let what = format!("`{name}` is no name of a user");
            reader.report(&entry, Code::BadValue, what, "write it as passwd(5) has it");
        }
        None => {
            let (group, home_mode) = ("users".to_owned(), Mode::known(0o700));
            host.users.insert(name.to_owned(), User { uid: None, group, home, home_mode });
        }
    }
}

/// The place of an entry. The module joins a user's to the home, so a slash at the front makes no difference to it.
fn placed(reader: &mut Reader, entry: &Entry<'_>, layer: &Layer) -> Option<At> {
    if let (Layer::User(user), Data::Text(text)) = (layer, &entry.node.data) {
        let text = text.trim_start_matches('/');
        let bad = |error| reader.report(entry, Code::BadPath, error, "write a path below the home");
        let path = HomePath::new(text).map_err(bad).ok()?;
        return Some(At::Home { user: user.to_string(), path });
    }
    at(reader, entry, layer)
}

fn directory(reader: &mut Reader, entry: &Entry<'_>, layer: &Layer) -> Option<Declared> {
    let origin = Origin::of(layer.clone(), entry);
    if let Data::Text(_) = entry.node.data {
        return placed(reader, entry, layer).map(|at| Declared::new(at, Kind::Directory, origin));
    }
    let mut table = reader.table(entry)?;
    let place = reader.required(&mut table, "directory", "say where it is");
    let place = place.and_then(|entry| placed(reader, &entry, layer));
    let store = table.take("persistentStoragePath");
    let store = store.and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let mut options = Vec::new();
    for (key, option) in [("hideMount", "x-gvfs-hide"), ("allowTrash", "x-gvfs-trash")] {
        if table.take(key).and_then(|entry| reader.boolean(&entry)) == Some(true) {
            options.push(option.to_owned());
        }
    }
    let own = ownership(reader, &mut table, layer);
    internal(&mut table);
    reader.finish(&table);
    Some(Declared { store, own, options, ..Declared::new(place?, Kind::Directory, origin) })
}

fn file(reader: &mut Reader, entry: &Entry<'_>, layer: &Layer) -> Option<Declared> {
    let origin = Origin::of(layer.clone(), entry);
    if let Data::Text(_) = entry.node.data {
        return placed(reader, entry, layer).map(|at| Declared::new(at, Kind::File, origin));
    }
    let mut table = reader.table(entry)?;
    let place = reader.required(&mut table, "file", "say where it is");
    let place = place.and_then(|entry| placed(reader, &entry, layer));
    let store = table.take("persistentStoragePath");
    let store = store.and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let parent = table.take("parentDirectory").map(|entry| parent(reader, &entry, layer));
    internal(&mut table);
    reader.finish(&table);
    let parent = parent.unwrap_or_default();
    Some(Declared { store, parent, ..Declared::new(place?, Kind::File, origin) })
}

fn parent(reader: &mut Reader, entry: &Entry<'_>, layer: &Layer) -> Ownership {
    let Some(mut table) = reader.table(entry) else { return Ownership::default() };
    let own = ownership(reader, &mut table, layer);
    for key in ["directory", "persistentStoragePath", "hideMount", "allowTrash"] {
        table.take(key);
    }
    internal(&mut table);
    reader.finish(&table);
    own
}
