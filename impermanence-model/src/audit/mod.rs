//! What the next boot would throw away: files on what is volatile that no entry keeps, by directory.
//!
//! The input is a listing, from wherever (`find / -xdev -printf ...`, a snapshot's difference); with feature `exec`,
//! `exec::World::audit` walks a live tree. Skipped are: what the layout keeps or makes; links into the system's store,
//! which are made anew; and what every system writes for itself at boot ([`NOISE`]).

mod report;
mod rules;

pub use report::{Group, Passed, Report};
pub use rules::{MANAGED, NOISE, Rules};

pub(crate) use report::Tally;
#[cfg(all(feature = "exec", target_os = "linux"))]
pub(crate) use rules::State;

use crate::layout::Layout;

/// One entry of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'l> {
    /// An absolute path in normal form.
    pub path: &'l [u8],
    /// What it is.
    pub kind: Kind<'l>,
    /// What it takes on the disk, or its length, in bytes: the sums are of the same.
    pub bytes: u64,
    /// When it was last changed, in seconds since 1970 UTC.
    pub modified: i64,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'l> {
    /// A directory: counted by what is in it.
    Directory,
    /// A file, or something special.
    File,
    /// A symbolic link, and where it points.
    Link(&'l [u8]),
}

impl Layout {
    /// What of a listing the next boot throws away, with the usual [rules](Rules::new).
    pub fn audit<'l>(&self, listing: impl IntoIterator<Item = Listed<'l>>) -> Report {
        Rules::new(self).audit(listing)
    }
}

impl Rules {
    /// What of a listing the next boot throws away.
    pub fn audit<'l>(&self, listing: impl IntoIterator<Item = Listed<'l>>) -> Report {
        let mut tally = Tally::default();
        for listed in listing {
            if listed.kind != Kind::Directory {
                let state = self.state_of_parent(listed.path);
                tally.add(self, state, &listed);
            }
        }
        tally.report()
    }
}
