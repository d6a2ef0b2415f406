//! What becomes of a path at the next boot, and why.

mod answer;
mod caveat;
mod explain;

use std::path::Path;

pub use answer::{Fate, Hidden, Loss, Recreated, Survival, Unknown};
pub use caveat::Caveat;

use crate::host::{Backing, Kind};
use crate::index::Found;
use crate::layout::{Action, By, Cover, Layout};
use crate::path::{AbsolutePath, normal};

impl Layout {
    /// What becomes of what is at a path, or is written there, at the next boot.
    ///
    /// The path is one that programs use, absolute, of a running system; it need not be declared. It takes a binary search
    /// over the mounts.
    pub fn fate<P: AsRef<Path> + ?Sized>(&self, path: &P) -> Fate<'_> {
        self.fate_of(path.as_ref().as_os_str().as_encoded_bytes())
    }

    /// The same for bytes, as they come in listings.
    pub fn fate_of(&self, path: &[u8]) -> Fate<'_> {
        match normal(path) {
            Ok(path) => self.fate_of_normal(&path),
            Err(bad) => Fate::Unknown(Unknown::NoPath(bad)),
        }
    }

    fn fate_of_normal(&self, path: &[u8]) -> Fate<'_> {
        let Some(nearest) = self.covers.find(path) else {
            return Fate::Unknown(Unknown::NotDeclared(String::new()));
        };
        let mut found = nearest;
        while let By::Made(_) = found.value.by {
            let Some(above) = self.covers.above(&found) else { break };
            found = above;
        }
        let (on, cover) = (found.path, found.value);
        if let By::Entry(number) = cover.by {
            let is_file = self.entries.get(number).is_some_and(|entry| entry.kind == Kind::File);
            if is_file && on.as_bytes() != path {
                return Fate::Unknown(Unknown::BelowFile(on.clone()));
            }
        }
        match &cover.backing {
            Backing::Persistent(_) | Backing::External(_) => {
                Fate::Survives(self.survival(path, on, cover))
            }
            Backing::Unknown(kind) => Fate::Unknown(Unknown::NotDeclared(kind.clone())),
            Backing::Volatile(_) | Backing::RolledBack(_) | Backing::Retained { .. } => {
                self.not_kept(path, nearest, found)
            }
        }
    }

    fn survival<'l>(&'l self, path: &[u8], on: &'l AbsolutePath, cover: &'l Cover) -> Survival<'l> {
        let entry = match cover.by {
            By::Entry(number) | By::Submount(number) => self.entries.get(number),
            By::Root | By::FileSystem | By::Made(_) => None,
        };
        Survival { path: path.into(), on, backing: &cover.backing, entry }
    }

    fn not_kept<'l>(
        &'l self,
        path: &[u8],
        nearest: Found<'l, Cover>,
        found: Found<'l, Cover>,
    ) -> Fate<'l> {
        let (on, cover) = (found.path, found.value);
        if let By::Made(step) = nearest.value.by {
            let step = self.steps.get(step).filter(|_| nearest.path.as_bytes() == path);
            if let Some(Action::Create(place)) = step.map(|step| &step.action) {
                return Fate::Recreated(Recreated { place, backing: &cover.backing });
            }
        }
        // An entry or a file system above this cover keeps the place, but does not show here.
        let hidden = self.covers.above(&found).filter(|beneath| {
            matches!(beneath.value.by, By::Entry(_)) && beneath.value.backing.is_kept()
        });
        if let Some(beneath) = hidden {
            return Fate::Hidden(Hidden { by: on, backing: &cover.backing, beneath: beneath.path });
        }
        Fate::Lost(Loss { layout: self, path: path.into(), on, backing: &cover.backing })
    }

    /// The entry that keeps a path, if one does.
    pub fn entry_of(&self, path: &AbsolutePath) -> Option<&crate::layout::Entry> {
        let (_, cover) = self.covers.nearest(path.as_bytes())?;
        match cover.by {
            By::Entry(number) => self.entries.get(number),
            _ => None,
        }
    }
}
