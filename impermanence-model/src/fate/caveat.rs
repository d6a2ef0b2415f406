//! What programs meet where a path is kept, although it survives.

use std::fmt;

use super::Survival;
use crate::host::Kind;
use crate::layout::Via;

/// What a program may not expect of a path that is kept. `Display` gives the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Caveat {
    /// No hard link leads from here to what another entry keeps, or out of this one.
    HardLink,
    /// Nothing is renamed from here to what another entry keeps, or out of this one.
    Rename,
    /// A program that writes a new file and renames it over this one, or removes it, fails.
    Busy,
    /// A program that writes a new file and renames it over this one ends the keeping.
    Unlinked,
    /// Who watches the directory that this file is in hears nothing of it.
    Unwatched,
    /// The name of a socket survives, and nobody listens.
    Socket,
}

/// How something is kept, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// By a mount, or below one.
    Tree,
    /// As a single file, by a bind.
    BoundFile,
    /// As a single file, by a link.
    LinkedFile,
    /// As a copy, or on the root.
    InPlace,
}

impl Kept {
    fn by(via: &Via, kind: Kind) -> Self {
        match (via, kind) {
            (Via::Copy, _) => Self::InPlace,
            (Via::Bind | Via::Rbind, Kind::File) => Self::BoundFile,
            (Via::Symlink, Kind::File) => Self::LinkedFile,
            _ => Self::Tree,
        }
    }
}

/// Each caveat, where it applies, and why.
const TABLE: [(Caveat, &[Kept], &str); 6] = [
    (
        Caveat::HardLink,
        &[Kept::Tree, Kept::BoundFile],
        "a hard link to another mount is refused (EXDEV), even within one file system (link(2))",
    ),
    (
        Caveat::Rename,
        &[Kept::Tree],
        "a rename to another mount is refused (EXDEV), even within one file system: mv(1) copies (rename(2))",
    ),
    (
        Caveat::Busy,
        &[Kept::BoundFile],
        "it is a mount point, and can be neither replaced nor removed (EBUSY, rename(2), unlink(2))",
    ),
    (
        Caveat::Unlinked,
        &[Kept::LinkedFile],
        "a file that is renamed over the link replaces it, and is not kept (rename(2))",
    ),
    (
        Caveat::Unwatched,
        &[Kept::BoundFile, Kept::LinkedFile],
        "a watch on its directory does not report it, for the file is in another one (inotify(7))",
    ),
    (
        Caveat::Socket,
        &[Kept::Tree],
        "a socket in it outlives its program, and the next bind is refused (EADDRINUSE, unix(7)) until it is removed",
    ),
];

impl Caveat {
    fn row(self) -> Option<&'static (Caveat, &'static [Kept], &'static str)> {
        TABLE.iter().find(|(caveat, ..)| *caveat == self)
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().map_or("", |(.., why)| why))
    }
}

impl Via {
    /// What programs meet where something of this kind is kept like this.
    pub fn caveats(&self, kind: Kind) -> impl Iterator<Item = Caveat> + use<> {
        of(Kept::by(self, kind))
    }
}

impl Survival<'_> {
    /// What programs meet there, although it survives.
    pub fn caveats(&self) -> impl Iterator<Item = Caveat> + use<> {
        of(match self.entry {
            Some(entry) => Kept::by(&entry.via, entry.kind),
            None if self.on.is_root() => Kept::InPlace,
            None => Kept::Tree,
        })
    }
}

fn of(kept: Kept) -> impl Iterator<Item = Caveat> + use<> {
    TABLE.iter().filter(move |(_, at, _)| at.contains(&kept)).map(|(caveat, ..)| *caveat)
}
