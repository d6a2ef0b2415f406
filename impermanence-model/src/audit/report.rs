//! What was found, by directory.

use std::collections::HashMap;
use std::fmt;

use super::rules::{Rules, State};
use super::{Kind, Listed};
use crate::path::{AbsolutePath, parent};

/// Why an entry is not lost, or of no interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// The layout keeps it, or makes it at boot.
    Kept,
    /// A link that the system makes.
    Managed,
    /// What the system writes for itself.
    Noise,
    /// Another mount begins there.
    OtherMount,
}

/// Files that would be lost, below one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Group {
    /// The directory.
    pub directory: AbsolutePath,
    /// How many files and links.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the newest was last changed, in seconds since 1970 UTC.
    pub newest: i64,
}

/// What the next boot would throw away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// By directory; the largest first, then by path.
    pub groups: Vec<Group>,
    /// Entries that were passed over: kept or made by the layout. One for a whole directory, if it was walked.
    pub kept: u64,
    /// Links that the system makes.
    pub managed: u64,
    /// What the system writes for itself.
    pub noise: u64,
    /// Where other mounts begin.
    pub other_mounts: u64,
    /// Directories that could not be read: what is in them is unknown, not absent.
    pub unread: Vec<AbsolutePath>,
}

impl Report {
    /// How many files would be lost.
    pub fn files(&self) -> u64 {
        self.groups.iter().map(|group| group.files).sum()
    }

    /// How many bytes.
    pub fn bytes(&self) -> u64 {
        self.groups.iter().map(|group| group.bytes).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in &self.groups {
            writeln!(f, "{:>12} {:>8} files  {}", group.bytes, group.files, group.directory)?;
        }
        for directory in &self.unread {
            writeln!(f, "{directory}: not readable, so that nothing is known of it")?;
        }
        let (files, bytes) = (self.files(), self.bytes());
        writeln!(f, "{files} files of {bytes} bytes would be lost at the next boot")
    }
}

/// Files, their bytes, and the newest change.
type Sum = (u64, u64, i64);

/// A report that is being made; several are joined.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    groups: HashMap<Box<[u8]>, Sum>,
    /// The group of the last file, which is that of the next most of the time.
    last: Option<(Box<[u8]>, Sum)>,
    passed: [u64; 4],
    unread: Vec<Box<[u8]>>,
}

impl Tally {
    /// Counts an entry that is not a directory, given the one it is in.
    pub(crate) fn add(&mut self, rules: &Rules, state: State, listed: &Listed<'_>) {
        let link = if let Kind::Link(to) = listed.kind { Some(to) } else { None };
        if let Some(why) = rules.passes(state, listed.path, link) {
            self.pass(why);
            return;
        }
        let end = if let State::Free(settled) = state { settled } else { None };
        let group = match end {
            Some(end) => listed.path.get(..end),
            None => parent(listed.path),
        };
        let (files, bytes, newest) = self.group(group.unwrap_or(b"/"));
        *files += 1;
        *bytes = bytes.saturating_add(listed.bytes);
        *newest = listed.modified.max(*newest);
    }

    fn group(&mut self, directory: &[u8]) -> &mut Sum {
        let is_same = self.last.as_ref().is_some_and(|(last, _)| **last == *directory);
        if !is_same {
            self.settle();
        }
        &mut self.last.get_or_insert_with(|| (Box::from(directory), NOTHING)).1
    }

    /// Adds what was counted for the last group.
    fn settle(&mut self) {
        if let Some((directory, more)) = self.last.take() {
            add(self.groups.entry(directory).or_insert(NOTHING), more);
        }
    }

    pub(crate) fn pass(&mut self, why: Passed) {
        let [kept, managed, noise, other] = &mut self.passed;
        *match why {
            Passed::Kept => kept,
            Passed::Managed => managed,
            Passed::Noise => noise,
            Passed::OtherMount => other,
        } += 1;
    }

    #[cfg(all(feature = "exec", target_os = "linux"))]
    pub(crate) fn not_read(&mut self, directory: &[u8]) {
        self.unread.push(Box::from(directory));
    }

    #[cfg(all(feature = "exec", target_os = "linux"))]
    pub(crate) fn join(&mut self, mut other: Self) {
        other.settle();
        for (directory, more) in other.groups {
            add(self.groups.entry(directory).or_insert(NOTHING), more);
        }
        for (sum, more) in self.passed.iter_mut().zip(other.passed) {
            *sum += more;
        }
        self.unread.extend(other.unread);
    }

    pub(crate) fn report(mut self) -> Report {
        self.settle();
        // A walk gets deeper than a path can be long: then it is the last directory that has one.
        let path = |bytes: Box<[u8]>| {
            let mut above = std::iter::successors(Some(&*bytes), |path| parent(path));
            above.find_map(|path| AbsolutePath::new(path).ok()).unwrap_or_else(AbsolutePath::root)
        };
        let group = |(directory, (files, bytes, newest))| Group {
            directory: path(directory),
            files,
            bytes,
            newest,
        };
        let mut groups: Vec<_> = self.groups.into_iter().map(group).collect();
        groups.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.directory.cmp(&b.directory)));
        let mut unread: Vec<_> = self.unread.into_iter().map(path).collect();
        unread.sort();
        let [kept, managed, noise, other_mounts] = self.passed;
        Report { groups, kept, managed, noise, other_mounts, unread }
    }
}

const NOTHING: Sum = (0, 0, i64::MIN);

fn add(sum: &mut Sum, (files, bytes, newest): Sum) {
    *sum = (sum.0 + files, sum.1.saturating_add(bytes), sum.2.max(newest));
}
