//! The policy: what `restic forget --keep-…` is told.

use std::fmt;
use std::str::FromStr;

use super::Within;
use crate::Snapshot;

/// How a rule divides time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Every snapshot is for itself: `--keep-last`, `--keep-within`.
    Last,
    /// `--keep-hourly`, `--keep-within-hourly`.
    Hourly,
    /// `--keep-daily`, `--keep-within-daily`.
    Daily,
    /// Weeks from Monday to Sunday: `--keep-weekly`, `--keep-within-weekly`.
    Weekly,
    /// `--keep-monthly`, `--keep-within-monthly`.
    Monthly,
    /// `--keep-yearly`, `--keep-within-yearly`.
    Yearly,
}

impl Rule {
    /// All of them, in restic's order.
    pub const ALL: [Self; 6] =
        [Self::Last, Self::Hourly, Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly];

    /// The word in options and reasons.
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }

    fn place(self) -> usize {
        self as usize
    }
}

/// How many periods a count rule keeps a snapshot of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Count {
    /// So many; 0 is no rule at all.
    Newest(u64),
    /// As many as there are.
    Unlimited,
}

impl Count {
    /// Whether it keeps anything.
    pub fn is_on(self) -> bool {
        self != Self::Newest(0)
    }
}

impl Default for Count {
    fn default() -> Self {
        Self::Newest(0)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest(count) => count.fmt(f),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

/// Not a count of restic's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number from 0 on, nor `unlimited`")]
pub struct CountError(String);

impl FromStr for Count {
    type Err = CountError;

    fn from_str(text: &str) -> Result<Self, CountError> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        let number = text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
        number.map(Self::Newest).ok_or_else(|| CountError(text.to_owned()))
    }
}

/// Tags of which a snapshot must have every one: `--keep-tag media,keepme`.
///
/// The empty list that `--keep-tag ""` gives matches snapshots without tags, and no others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TagList(Vec<String>);

impl TagList {
    /// The tags; one empty tag where none was given.
    pub fn tags(&self) -> &[String] {
        &self.0
    }

    /// Whether a snapshot has them all. An empty tag is had by what has no tag.
    pub fn matches(&self, snapshot: &Snapshot) -> bool {
        for tag in &self.0 {
            if tag.is_empty() && snapshot.tags.is_empty() {
                return true;
            }
            if !snapshot.tags.contains(tag) {
                return false;
            }
        }
        true
    }
}

impl From<&str> for TagList {
    fn from(text: &str) -> Self {
        Self(text.split(',').map(|tag| tag.trim().to_owned()).collect())
    }
}

/// The tags as restic's reasons show them: `[media, keepme]`.
impl fmt::Display for TagList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0.join(", "))
    }
}

/// A retention policy: counts, durations and tags, each of which may keep a snapshot.
///
/// It is read from the options of `restic forget` and shown as them. How it is applied:
/// [`apply`](Self::apply), or [`Forget`](super::Forget) with filters and other groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Keep {
    counts: [Count; 6],
    within: [Within; 6],
    tags: Vec<TagList>,
}

impl Keep {
    /// How many `rule` keeps.
    pub fn count(&self, rule: Rule) -> Count {
        self.counts.get(rule.place()).copied().unwrap_or_default()
    }

    /// How far `rule` reaches back; for [`Rule::Last`] that is `--keep-within`.
    pub fn within(&self, rule: Rule) -> Within {
        self.within.get(rule.place()).copied().unwrap_or_default()
    }

    /// The lists of tags of which one is enough.
    pub fn tags(&self) -> &[TagList] {
        &self.tags
    }

    /// The same with another count.
    #[must_use]
    pub fn with_count(mut self, rule: Rule, count: Count) -> Self {
        if let Some(place) = self.counts.get_mut(rule.place()) {
            *place = count;
        }
        self
    }

    /// The same with another duration.
    #[must_use]
    pub fn with_within(mut self, rule: Rule, within: Within) -> Self {
        if let Some(place) = self.within.get_mut(rule.place()) {
            *place = within;
        }
        self
    }

    /// The same with one list of tags more.
    #[must_use]
    pub fn with_tags(mut self, tags: TagList) -> Self {
        self.tags.push(tags);
        self
    }

    /// Both policies at once: of two counts the larger, of two durations the second unless it is nothing,
    /// and the tags of both.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for rule in Rule::ALL {
            let count = match (self.count(rule), other.count(rule)) {
                (Count::Newest(one), Count::Newest(two)) => Count::Newest(one.max(two)),
                _ => Count::Unlimited,
            };
            self = self.with_count(rule, count);
            if !other.within(rule).is_zero() {
                self = self.with_within(rule, other.within(rule));
            }
        }
        self.tags.extend_from_slice(&other.tags);
        self
    }

    /// Whether it says nothing: every count 0, every duration nothing, and no tags. restic refuses that.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
            && self.counts.iter().all(|count| !count.is_on())
            && self.within.iter().all(|within| within.is_zero())
    }
}
