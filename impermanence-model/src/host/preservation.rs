//! Reads `preservation.preserveAt` (nix-community/preservation, options.nix), as written or as evaluated.
//!
//! A value that is the module's default says nothing here, except a mode of a file and the way it is kept: those the
//! module always applies.

use declared::{Data, Entry, Node, Table};

use super::read::{Reader, WRITE_A_PATH, named, path};
use super::read_entry::at;
use super::{At, Declared, Host, How, Kind, Ownership, Store};
use crate::origin::{Layer, Origin};
use crate::owner::Mode;
use crate::path::{AbsolutePath, HomePath};
use crate::problem::{Code, Problems};
use crate::stage::Stage;

const HOW: [(&str, How); 2] = [("bindmount", How::Bind), ("symlink", How::Symlink)];

impl Host {
    /// Adds what the JSON of `preservation.preserveAt` declares, as entries of the host layer and of users. Users that
    /// it names have to be declared.
    pub fn with_preservation(mut self, json: &str) -> Result<Self, Problems> {
        let node = Node::from_json(json).map_err(|problems| problems.map(Code::from))?;
        let mut reader = Reader::new();
        for entry in reader.entries(&Entry::part(&node, "preservation.preserveAt")) {
            store(&mut reader, &entry, &mut self);
        }
        reader.done(self)
    }
}

fn store(reader: &mut Reader, entry: &Entry<'_>, host: &mut Host) {
    let Some(mut table) = reader.table(entry) else { return };
    let given = table.take("persistentStoragePath");
    let given = given.and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let place: Option<AbsolutePath> = given.or_else(|| {
        let bad = |error| reader.report_key(entry, Code::BadPath, error, WRITE_A_PATH);
        AbsolutePath::new(entry.key).map_err(bad).ok()
    });
    let options = mount_options(reader, &mut table, "commonMountOptions");
    let Some(place) = place else { return };
    let start = host.entries.len();
    lists(reader, &mut table, &Layer::Host, &[], host);
    for user in named(reader, &mut table, "users") {
        let Some(mut table) = reader.table(&user) else { continue };
        let name = table.take("username").and_then(|entry| reader.text(&entry));
        table.take("home");
        let common = mount_options(reader, &mut table, "commonMountOptions");
        let layer = Layer::User(name.unwrap_or(user.key).into());
        lists(reader, &mut table, &layer, &common, host);
        reader.finish(&table);
    }
    reader.finish(&table);
    for declared in host.entries.iter_mut().skip(start) {
        declared.store = Some(place.clone());
    }
    let origin = Origin::of(Layer::Host, entry);
    host.stores.entry(place).or_insert(Store { options, origin });
}

fn lists(
    reader: &mut Reader,
    table: &mut Table<'_>,
    layer: &Layer,
    common: &[String],
    host: &mut Host,
) {
    for (key, kind) in [("directories", Kind::Directory), ("files", Kind::File)] {
        let list = table.take(key).map(|entry| reader.list(&entry));
        for entry in list.iter().flatten() {
            if let Some(mut declared) = element(reader, entry, kind, layer, host) {
                for option in common.iter().rev() {
                    if !declared.options.contains(option) {
                        declared.options.insert(0, option.clone());
                    }
                }
                host.entries.push(declared);
            }
        }
    }
}

/// What the module adds to the options of a directory, so that fstrim(8) trims the store once.
const NO_TRIM: &str = "X-fstrim.notrim";

fn element(
    reader: &mut Reader,
    entry: &Entry<'_>,
    kind: Kind,
    layer: &Layer,
    host: &Host,
) -> Option<Declared> {
    let origin = Origin::of(layer.clone(), entry);
    let added = |mut options: Vec<String>| {
        if kind == Kind::Directory && !options.iter().any(|option| option == NO_TRIM) {
            options.push(NO_TRIM.to_owned());
        }
        options
    };
    let how = Some(How::Bind);
    if let Data::Text(_) = entry.node.data {
        let options = added(Vec::new());
        return at(reader, entry, layer).map(|at| Declared {
            how,
            options,
            ..Declared::new(at, kind, origin)
        });
    }
    let mut table = reader.table(entry)?;
    let key = if kind == Kind::File { "file" } else { "directory" };
    let place = reader.required(&mut table, key, "say where it is");
    let place = place.and_then(|entry| placed(reader, &entry, layer, host));
    let how = table.take("how").and_then(|entry| reader.word(&entry, &HOW)).or(how);
    let default = if kind == Kind::File { Mode::FILE } else { Mode::DIRECTORY };
    let own = ownership(reader, &mut table, layer, default);
    let is_root = matches!(own.user.as_deref(), None | Some("root")) && *layer == Layer::Host;
    let configure = table.take("configureParent").and_then(|entry| reader.boolean(&entry));
    let configure = configure.unwrap_or(how == Some(How::Symlink) && !is_root);
    let parent = table.take("parent").map(|entry| parent(reader, &entry, layer));
    let options = added(mount_options(reader, &mut table, "mountOptions"));
    let create = table.take("createLinkTarget").and_then(|entry| reader.boolean(&entry));
    let initrd = table.take("inInitrd").and_then(|entry| reader.boolean(&entry)) == Some(true);
    reader.finish(&table);
    Some(Declared {
        how,
        own,
        parent: parent.filter(|_| configure).unwrap_or_default(),
        options,
        create,
        stage: initrd.then_some(Stage::Initrd),
        ..Declared::new(place?, kind, origin)
    })
}

/// An evaluated path of a user has the home in front.
fn placed(reader: &mut Reader, entry: &Entry<'_>, layer: &Layer, host: &Host) -> Option<At> {
    if let (Layer::User(user), Data::Text(text)) = (layer, &entry.node.data) {
        let home = host.users.get(&**user).map(|user| &user.home);
        let rest = home.and_then(|home| {
            let path = AbsolutePath::new(text).ok()?;
            HomePath::new(crate::path::rest(home.as_bytes(), path.as_bytes())?).ok()
        });
        if let Some(path) = rest {
            return Some(At::Home { user: user.to_string(), path });
        }
    }
    at(reader, entry, layer)
}

fn ownership(
    reader: &mut Reader,
    table: &mut Table<'_>,
    layer: &Layer,
    default: Mode,
) -> Ownership {
    let own = super::read::ownership(reader, table, "user", "group");
    let user = match layer {
        Layer::User(name) => &**name,
        _ => "root",
    };
    let is_default = own.user.as_deref().is_none_or(|name| name == user);
    Ownership {
        group: own.group.filter(|group| !(is_default && user == "root" && group == "root")),
        user: own.user.filter(|_| !is_default),
        mode: own.mode.filter(|mode| *mode != default),
    }
}

fn parent(reader: &mut Reader, entry: &Entry<'_>, layer: &Layer) -> Ownership {
    let Some(mut table) = reader.table(entry) else { return Ownership::default() };
    let own = ownership(reader, &mut table, layer, Mode::DIRECTORY);
    reader.finish(&table);
    own
}

/// A list of options, each a string or a name with a value. What makes it a bind is said elsewhere.
fn mount_options(reader: &mut Reader, table: &mut Table<'_>, key: &'static str) -> Vec<String> {
    let list = table.take(key).map(|entry| reader.list(&entry)).unwrap_or_default();
    let options = list.iter().filter_map(|entry| mount_option(reader, entry));
    options.filter(|option| option != "bind").collect()
}

fn mount_option(reader: &mut Reader, entry: &Entry<'_>) -> Option<String> {
    if let Data::Text(text) = &entry.node.data {
        return Some(text.clone());
    }
    let mut table = reader.table(entry)?;
    let name = reader.required(&mut table, "name", "name the option");
    let name = name.and_then(|entry| reader.text(&entry));
    let value = table.take("value").filter(|entry| entry.node.data != Data::Other("null"));
    let value = value.and_then(|entry| reader.text(&entry));
    reader.finish(&table);
    Some(match value {
        Some(value) => format!("{}={value}", name?),
        None => name?.to_owned(),
    })
}
