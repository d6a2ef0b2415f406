//! tmpfiles.d(5).

use std::fmt;

use super::seen;
use crate::escape::Inexpressible;
use crate::escape::tmpfiles::{argument, path};
use crate::layout::{Action, Layout, PlaceKind};
use crate::owner::{Enforcement, Mode, Owner};
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// Lines that create what the layout creates, with its owners and modes, for systemd-tmpfiles(8).
///
/// For `systemd-tmpfiles --create` once the directories are mounted and before the files are: it follows the tree as
/// it then is. [`Enforcement::CreateOnly`] and [`Enforcement::Report`] are `:0755`, which since systemd 250 is applied
/// only to what is created.
///
/// Files that are copied are none of its matter: see [`Layout::systemd_copies`].
///
/// `Display` shows bytes that are not UTF-8 by a replacement: a file is written from [`as_bytes`](Self::as_bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmpfiles(Vec<u8>);

impl Layout {
    /// Everything that is created, for the system proper.
    pub fn tmpfiles(&self) -> Result<Tmpfiles, Inexpressible> {
        self.lines(false)
    }

    /// What is created in the initrd, below `/sysroot`.
    pub fn initrd_tmpfiles(&self) -> Result<Tmpfiles, Inexpressible> {
        self.lines(true)
    }

    fn lines(&self, in_initrd: bool) -> Result<Tmpfiles, Inexpressible> {
        let mut text = Vec::new();
        let wanted = |stage| !in_initrd || stage == Stage::Initrd;
        for step in self.steps().iter().filter(|step| wanted(step.stage)) {
            match &step.action {
                Action::Create(place) => {
                    let line = Line {
                        path: &seen(&place.path, in_initrd),
                        owner: &place.owner,
                        mode: place.mode,
                        enforcement: place.enforcement,
                    };
                    match &place.kind {
                        PlaceKind::Directory => line.write(&mut text, "d", b"")?,
                        PlaceKind::File(content) => line.write(&mut text, "f", content.bytes())?,
                        // A link leads to where it will be read: in the system proper.
                        PlaceKind::Link { to } => line.write(&mut text, "L", to.as_bytes())?,
                    }
                }
                // A line `C` would leave what a rolled-back root has: see the unit of the copies.
                Action::Mount(_) | Action::CopyIn(_) => {}
            }
        }
        Ok(Tmpfiles(text))
    }
}

struct Line<'l> {
    path: &'l AbsolutePath,
    owner: &'l Owner,
    mode: Mode,
    enforcement: Enforcement,
}

impl Line<'_> {
    fn write(&self, text: &mut Vec<u8>, kind: &str, value: &[u8]) -> Result<(), Inexpressible> {
        let once = if self.enforcement == Enforcement::Enforce { "" } else { ":" };
        text.extend_from_slice(kind.as_bytes());
        text.push(b' ');
        text.extend_from_slice(&path(self.path)?);
        let Owner { user, group } = self.owner;
        let perms = if kind == "L" {
            format!(" - {user} {group}")
        } else {
            format!(" {once}{} {once}{user} {once}{group}", self.mode)
        };
        text.extend_from_slice(perms.as_bytes());
        if !value.is_empty() {
            text.extend_from_slice(b" - ");
            text.extend_from_slice(&argument(value));
        }
        text.push(b'\n');
        Ok(())
    }
}

impl Tmpfiles {
    /// The file's content.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Tmpfiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
