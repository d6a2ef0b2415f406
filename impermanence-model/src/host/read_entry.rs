//! Reads a layer: a store, directories and files.

use declared::{Data, Entry, Table};

use super::read::{Reader, WRITE_A_PATH, options, ownership, path};
use super::{At, Declared, How, Keep, Kind, Ownership};
use crate::layout::Propagation;
use crate::origin::{Layer, Origin};
use crate::owner::Enforcement;
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// Words for a directory; a file has more.
const DIRECTORY: [(&str, How); 3] =
    [("bind", How::Bind), ("rbind", How::Rbind), ("symlink", How::Symlink)];
const FILE: [(&str, How); 4] =
    [("bind", How::Bind), ("symlink", How::Symlink), ("parent", How::Parent), ("copy", How::Copy)];

/// The keys `store`, `directories` and `files` of a table.
pub(super) fn layer(
    reader: &mut Reader,
    table: &mut Table<'_>,
    layer: &Layer,
    entries: &mut Vec<Declared>,
) {
    let store: Option<AbsolutePath> =
        table.take("store").and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    for (key, kind) in [("directories", Kind::Directory), ("files", Kind::File)] {
        let list = table.take(key).map(|entry| reader.list(&entry)).unwrap_or_default();
        for entry in &list {
            if let Some(mut declared) = declared_entry(reader, entry, kind, layer) {
                declared.store = declared.store.or_else(|| store.clone());
                entries.push(declared);
            }
        }
    }
}

/// Where an entry of a layer is: below the home for a user's.
pub(super) fn at(reader: &mut Reader, entry: &Entry<'_>, layer: &Layer) -> Option<At> {
    match layer {
        Layer::User(user) => {
            let remedy = "write a path below the home, as .config/gh";
            path(reader, entry, remedy).map(|path| At::Home { user: user.to_string(), path })
        }
        _ => path(reader, entry, WRITE_A_PATH).map(At::Path),
    }
}

fn declared_entry(
    reader: &mut Reader,
    entry: &Entry<'_>,
    kind: Kind,
    layer: &Layer,
) -> Option<Declared> {
    let origin = Origin::of(layer.clone(), entry);
    if let Data::Text(_) = entry.node.data {
        return at(reader, entry, layer).map(|at| Declared::new(at, kind, origin));
    }
    let mut table = reader.table(entry)?;
    let place = reader.required(&mut table, "path", "say where it is");
    let place = place.and_then(|entry| at(reader, &entry, layer));
    let own = ownership(reader, &mut table, "owner", "group");
    let parent = table.take("parent").map(|entry| parent(reader, &entry)).unwrap_or_default();
    let store = table.take("store").and_then(|entry| path(reader, &entry, WRITE_A_PATH));
    let words: &[_] = if kind == Kind::File { &FILE } else { &DIRECTORY };
    let how = table.take("how").and_then(|entry| reader.word(&entry, words));
    let create = table.take("create").and_then(|entry| reader.boolean(&entry));
    let enforcement =
        table.take("enforce").and_then(|entry| reader.word(&entry, &Enforcement::ALL));
    let stage = table.take("when").and_then(|entry| reader.word(&entry, &Stage::ALL));
    let options = table.take("options").map(|entry| options(reader, &entry)).unwrap_or_default();
    let propagation =
        table.take("propagation").and_then(|entry| reader.word(&entry, &Propagation::ALL));
    reader.finish(&table);
    Some(Declared {
        store,
        how,
        create,
        own,
        parent,
        enforcement,
        stage,
        options,
        propagation,
        ..Declared::new(place?, kind, origin)
    })
}

fn parent(reader: &mut Reader, entry: &Entry<'_>) -> Ownership {
    let Some(mut table) = reader.table(entry) else { return Ownership::default() };
    let own = ownership(reader, &mut table, "owner", "group");
    reader.finish(&table);
    own
}

/// The one way that is declared.
pub(super) fn kept(
    bind: Option<AbsolutePath>,
    dataset: Option<&str>,
    why: Option<&str>,
) -> Option<Keep> {
    match (bind, dataset, why) {
        (Some(store), None, None) => Some(Keep::Bind(Some(store))),
        (None, Some(dataset), None) => Some(Keep::Dataset(dataset.to_owned())),
        (None, None, Some(why)) => Some(Keep::Ephemeral(why.to_owned())),
        _ => None,
    }
}
