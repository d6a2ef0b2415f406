//! The answer: what is kept, and every reason for it.

use std::fmt;

use super::group::GroupKey;
use super::keep::{Keep, Rule, TagList};
use super::within::Within;
use crate::Snapshot;

/// Which rules keep a snapshot: one bit each. Three sets of six, and one for tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u32);

impl Marks {
    const WITHIN: u32 = 6;
    const OLDEST: u32 = 12;
    const TAGGED: u32 = 24;

    fn bit(rule: Rule) -> u32 {
        1 << rule as u32
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn tagged(&mut self) {
        self.0 |= 1 << Self::TAGGED;
    }

    pub(super) fn counted(&mut self, rule: Rule, oldest: bool) {
        self.mark(Self::bit(rule), oldest);
    }

    pub(super) fn reached(&mut self, rule: Rule, oldest: bool) {
        self.mark(Self::bit(rule) << Self::WITHIN, oldest);
    }

    fn mark(&mut self, bit: u32, oldest: bool) {
        self.0 |= bit;
        if oldest {
            self.0 |= bit << Self::OLDEST;
        }
    }

    fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
}

/// One rule's reason to keep a snapshot. Shown in restic's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'a> {
    /// It has these tags.
    Tags(&'a TagList),
    /// It is the newest of its period, and the count lasts so far.
    Count {
        /// The period.
        rule: Rule,
        /// The period has a newer one already; this is the oldest snapshot of all, and the count is not
        /// used up.
        oldest: bool,
    },
    /// It lies within a duration, and is the newest of its period.
    Within {
        /// The period; [`Rule::Last`]: any snapshot.
        rule: Rule,
        /// The duration.
        within: Within,
        /// As for a count.
        oldest: bool,
    },
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let oldest = |oldest: bool| if oldest { "oldest " } else { "" };
        match *self {
            Self::Tags(tags) => write!(f, "has tags {tags}"),
            Self::Count { rule, oldest: is } => write!(f, "{}{} snapshot", oldest(is), rule.name()),
            Self::Within { rule: Rule::Last, within, .. } => write!(f, "within {within}"),
            Self::Within { rule, within, oldest: is } => {
                write!(f, "{}{} within {within}", oldest(is), rule.name())
            }
        }
    }
}

/// Every reason to keep a snapshot, in restic's order: tags, `--keep-within`, counts, the other
/// durations.
#[derive(Clone, Copy, Debug)]
pub struct Reasons<'a> {
    marks: Marks,
    keep: &'a Keep,
    snapshot: &'a Snapshot,
}

impl<'a> Reasons<'a> {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Reason<'a>> + use<'a> {
        let Self { marks, keep, snapshot } = *self;
        let within = move |rule: Rule| {
            let bit = Marks::bit(rule) << Marks::WITHIN;
            let oldest = marks.has(bit << Marks::OLDEST);
            let reason = Reason::Within { rule, within: keep.within(rule), oldest };
            marks.has(bit).then_some(reason)
        };
        let count = move |rule: Rule| {
            let bit = Marks::bit(rule);
            marks.has(bit).then(|| Reason::Count { rule, oldest: marks.has(bit << Marks::OLDEST) })
        };
        let tags = keep.tags().iter().filter(move |list| list.matches(snapshot)).map(Reason::Tags);
        let [last, others @ ..] = Rule::ALL;
        tags.chain(within(last))
            .chain(Rule::ALL.into_iter().filter_map(count))
            .chain(others.into_iter().filter_map(within))
    }
}

/// With commas.
impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().enumerate().try_for_each(|(nr, reason)| {
            f.write_str(if nr > 0 { ", " } else { "" })?;
            reason.fmt(f)
        })
    }
}

/// A snapshot that stays.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    reasons: Reasons<'a>,
    index: usize,
}

impl<'a> Kept<'a> {
    /// Its id.
    pub fn id(&self) -> &'a str {
        &self.reasons.snapshot.id
    }

    /// All of it.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.reasons.snapshot
    }

    /// Its place in the list that was decided about.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Why it stays.
    pub fn reasons(&self) -> Reasons<'a> {
        self.reasons
    }
}

/// What is decided about the snapshots of one group, newest first.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    pub(super) key: GroupKey<'a>,
    pub(super) keep: &'a Keep,
    pub(super) snapshots: &'a [Snapshot],
    pub(super) kept: Vec<(u32, Marks)>,
    pub(super) removed: Vec<u32>,
}

impl<'a> Group<'a> {
    /// What its snapshots have in common.
    pub fn key(&self) -> &GroupKey<'a> {
        &self.key
    }

    /// What stays, newest first.
    pub fn kept(&self) -> impl Iterator<Item = Kept<'a>> + use<'a, '_> {
        let (keep, snapshots) = (self.keep, self.snapshots);
        self.kept.iter().filter_map(move |&(index, marks)| {
            let index = index as usize;
            let snapshot = snapshots.get(index)?;
            Some(Kept { reasons: Reasons { marks, keep, snapshot }, index })
        })
    }

    /// What goes, newest first.
    pub fn removed(&self) -> impl Iterator<Item = &'a Snapshot> + use<'a, '_> {
        let snapshots = self.snapshots;
        self.removed.iter().filter_map(|&index| snapshots.get(index as usize))
    }
}

/// What is decided about every snapshot that was looked at, group by group.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    pub(super) groups: Vec<Group<'a>>,
}

impl<'a> Verdict<'a> {
    /// The groups, sorted by what their snapshots have in common.
    pub fn groups(&self) -> &[Group<'a>] {
        &self.groups
    }

    /// What stays, group by group, newest first.
    pub fn kept(&self) -> impl Iterator<Item = Kept<'a>> + use<'a, '_> {
        self.groups.iter().flat_map(Group::kept)
    }

    /// What goes, group by group, newest first.
    pub fn removed(&self) -> impl Iterator<Item = &'a Snapshot> + use<'a, '_> {
        self.groups.iter().flat_map(Group::removed)
    }
}
