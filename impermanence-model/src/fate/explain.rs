//! The answers as sentences.

use std::fmt;

use super::{Fate, Hidden, Loss, Recreated, Survival, Unknown};
use crate::host::Backing;
use crate::layout::{By, Layout, ServiceState, Via};
use crate::path::{AbsolutePath, compare, contains};

impl Layout {
    /// The kept path that shares most components with this one.
    pub(super) fn nearest_kept(&self, path: &[u8]) -> Option<&AbsolutePath> {
        let kept =
            self.covers.closest(path, |cover| cover.by != By::Root && cover.backing.is_kept());
        kept.map(|(path, _)| path)
    }

    /// State that is lost on purpose, at or above a path.
    pub(super) fn ephemeral(&self, path: &[u8]) -> Option<&ServiceState> {
        let end = self.services.partition_point(|s| compare(s.path.as_bytes(), path).is_le());
        let before = self.services.get(..end)?;
        // States are few, and nested ones fewer.
        let mut above = before.iter().rev().filter(|state| contains(state.path.as_bytes(), path));
        above.find(|state| state.ephemeral.is_some())
    }
}

impl fmt::Display for Fate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Survives(how) => write!(f, "survives: {how}"),
            Self::Lost(why) => write!(f, "lost: {why}"),
            Self::Recreated(how) => write!(f, "recreated empty: {how}"),
            Self::Hidden(by) => write!(f, "lost: {by}"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

impl fmt::Display for Survival<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(entry) = self.entry else {
            return match self.backing {
                Backing::External(device) => {
                    write!(f, "{} is {device}, which another machine keeps", self.on)
                }
                backing => write!(f, "{} is a file system of its own, {backing}", self.on),
            };
        };
        let source = entry.source();
        match &entry.via {
            Via::Symlink => write!(f, "link to {source}")?,
            Via::Copy => write!(f, "copied from {source} at boot, and back at shutdown")?,
            via => write!(f, "{via} from {source}")?,
        }
        write!(f, ", declared by {}", entry.origin)?;
        match entry.via {
            Via::Bind | Via::Rbind => write!(f, ", mounted in stage {}", entry.stage),
            Via::Copy => f.write_str("; a crash loses what changed since boot"),
            _ => write!(f, ", made in stage {}", entry.stage),
        }
    }
}

impl fmt::Display for Loss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.backing {
            Backing::RolledBack(_) => write!(
                f,
                "{} is {}, and only what the snapshot holds is back",
                self.on, self.backing
            )?,
            backing => write!(f, "{} is {backing}", self.on)?,
        }
        if let Some(state) = self.on_purpose() {
            let why = state.ephemeral.as_deref().unwrap_or_default();
            return write!(f, "; on purpose: service {} says {why}", state.service);
        }
        match self.nearest() {
            Some(nearest) => write!(f, "; the nearest kept path is {nearest}"),
            None => f.write_str("; nothing is kept"),
        }
    }
}

impl fmt::Display for Recreated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place;
        write!(
            f,
            "a directory of {} with mode {}; what else is in it is lost",
            place.owner, place.mode
        )
    }
}

impl fmt::Display for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, and hides what {} keeps", self.by, self.backing, self.beneath)
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPath(bad) => write!(f, "{bad}"),
            Self::BelowFile(file) => {
                write!(f, "{file} is declared as a file, and nothing is below one")
            }
            Self::NotDeclared(kind) => {
                write!(f, "the declaration does not say what becomes of {kind}")
            }
        }
    }
}
