//! What is in a store, and kept by no entry any more.

use std::collections::BTreeMap;
use std::fmt;

use crate::audit::{Kind, Listed};
use crate::index::Index;
use crate::layout::{Layout, Source};
use crate::path::{AbsolutePath, parent};

/// Files in a store below a directory of which no entry keeps anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Garbage {
    /// The directory (or file) in the store.
    pub at: AbsolutePath,
    /// The path that programs once used, if it was kept by this store.
    pub was: AbsolutePath,
    /// How many files and links.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the newest was last changed, in seconds since 1970 UTC.
    pub newest: i64,
}

impl Layout {
    /// What of a listing of a store no entry keeps: by the topmost directory with nothing that is kept, largest first. What is
    /// outside of all stores is passed over; so are other file systems that are mounted in a store.
    pub fn garbage<'l>(&self, listing: impl IntoIterator<Item = Listed<'l>>) -> Vec<Garbage> {
        let stores = Index::new(self.stores().iter().map(|store| (store.clone(), ())));
        let sources = self.entries().iter().map(|entry| (entry.source(), ()));
        let mounted = self.mounts().filter(|mount| matches!(mount.source, Source::Device { .. }));
        let mounted = mounted.filter(|mount| !self.stores().contains(&mount.target));
        let in_store = mounted.filter(|mount| stores.nearest(mount.target.as_bytes()).is_some());
        let kept = Index::new(sources.chain(in_store.map(|mount| (mount.target.clone(), ()))));
        let mut groups: BTreeMap<Box<[u8]>, (u64, u64, i64)> = BTreeMap::new();
        for listed in listing {
            let Some((store, ())) = stores.nearest(listed.path) else { continue };
            let is_kept = listed.kind == Kind::Directory || kept.nearest(listed.path).is_some();
            if is_kept || listed.path == store.as_bytes() {
                continue;
            }
            let top = topmost(listed.path, store, &kept);
            let (files, bytes, newest) = groups.entry(top.into()).or_insert((0, 0, i64::MIN));
            *files += 1;
            *bytes = bytes.saturating_add(listed.bytes);
            *newest = listed.modified.max(*newest);
        }
        let group = |(at, (files, bytes, newest)): (Box<[u8]>, (u64, u64, i64))| {
            let at = AbsolutePath::new(at).ok()?;
            let (store, ()) = stores.nearest(at.as_bytes())?;
            let was = at.rebased(store, &AbsolutePath::root())?;
            Some(Garbage { at, was, files, bytes, newest })
        };
        let mut all: Vec<Garbage> = groups.into_iter().filter_map(group).collect();
        all.sort_by(|a, b| (b.bytes, &a.at).cmp(&(a.bytes, &b.at)));
        all
    }
}

/// The highest directory on the way to a path that holds nothing that is kept.
fn topmost<'p>(path: &'p [u8], store: &AbsolutePath, kept: &Index<()>) -> &'p [u8] {
    let mut top = path;
    while let Some(above) = parent(top) {
        let is_store = above.len() <= store.as_bytes().len();
        if is_store || kept.below(above).next().is_some() {
            break;
        }
        top = above;
    }
    top
}

impl fmt::Display for Garbage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, was, files, bytes, .. } = self;
        write!(f, "{at}: {files} files of {bytes} bytes, once {was}")
    }
}
