//! Which snapshots are looked at, and which of them are decided about together.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use super::args::ArgsError;
use super::keep::{Keep, TagList};
use super::order::Entry;
use crate::Snapshot;

/// What the snapshots of one group have in common: `--group-by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupBy {
    /// The host.
    pub host: bool,
    /// The paths, in any order.
    pub paths: bool,
    /// The tags, in any order.
    pub tags: bool,
}

/// By host and paths.
impl Default for GroupBy {
    fn default() -> Self {
        Self { host: true, paths: true, tags: false }
    }
}

impl FromStr for GroupBy {
    type Err = ArgsError;

    fn from_str(text: &str) -> Result<Self, ArgsError> {
        let mut by = Self { host: false, paths: false, tags: false };
        for word in text.split(',') {
            match word {
                "host" | "hosts" => by.host = true,
                "path" | "paths" => by.paths = true,
                "tag" | "tags" => by.tags = true,
                "" => {}
                other => return Err(ArgsError::GroupBy(other.to_owned())),
            }
        }
        Ok(by)
    }
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.host, "host"), (self.paths, "paths"), (self.tags, "tags")];
        let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        f.write_str(&words.join(","))
    }
}

/// Which snapshots `forget` looks at: those of one of the hosts, with one of the lists of tags, that have
/// every one of the paths. What is empty lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// `--host`, of which one is enough.
    pub hosts: Vec<String>,
    /// `--tag`, of which one is enough.
    pub tags: Vec<TagList>,
    /// `--path`, of which all are needed.
    pub paths: Vec<String>,
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.tags.is_empty() && self.paths.is_empty()
    }

    /// Whether it lets a snapshot through.
    pub fn matches(&self, snapshot: &Snapshot) -> bool {
        (self.hosts.is_empty() || self.hosts.contains(&snapshot.host))
            && (self.tags.is_empty() || self.tags.iter().any(|list| list.matches(snapshot)))
            && self.paths.iter().all(|path| snapshot.paths.contains(path))
    }
}

/// What the snapshots of a group have in common; empty where they are not grouped by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey<'a> {
    /// The host.
    pub host: &'a str,
    /// The paths, sorted.
    pub paths: Vec<&'a str>,
    /// The tags, sorted.
    pub tags: Vec<&'a str>,
}

impl fmt::Display for GroupKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.host.is_empty() {
            parts.push(format!("host {}", self.host));
        }
        if !self.paths.is_empty() {
            parts.push(format!("paths {}", self.paths.join(" ")));
        }
        if !self.tags.is_empty() {
            parts.push(format!("tags {}", self.tags.join(" ")));
        }
        f.write_str(if parts.is_empty() { "all snapshots" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

/// The same before it is sorted: no memory is needed to look it up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct AsGiven<'a> {
    host: &'a str,
    paths: &'a [String],
    tags: &'a [String],
}

/// The groups, sorted by key, with what the rules need of their snapshots (the first 2^32).
pub(super) fn groups<'a>(
    snapshots: &'a [Snapshot],
    by: GroupBy,
    filter: &Filter,
    keep: &Keep,
) -> BTreeMap<GroupKey<'a>, Vec<Entry>> {
    let as_given = |snapshot: &'a Snapshot| AsGiven {
        host: if by.host { &snapshot.host } else { "" },
        paths: if by.paths { &snapshot.paths } else { &[] },
        tags: if by.tags { &snapshot.tags } else { &[] },
    };
    let unfiltered = filter.is_empty();
    let (mut places, mut members) = (HashMap::new(), Vec::<(AsGiven<'a>, Vec<Entry>)>::new());
    let mut last = None::<(AsGiven<'a>, usize)>;
    for (index, snapshot) in (0_u32..).zip(snapshots) {
        if !unfiltered && !filter.matches(snapshot) {
            continue;
        }
        let given = as_given(snapshot);
        let place = match last {
            Some((same, place)) if same == given => place,
            _ => *places.entry(given).or_insert_with(|| {
                members.push((given, Vec::new()));
                members.len() - 1
            }),
        };
        last = Some((given, place));
        if let Some((_, members)) = members.get_mut(place) {
            members.push(Entry::new(snapshot, index, keep));
        }
    }
    let mut groups = BTreeMap::new();
    for (given, mut entries) in members {
        let sorted = |texts: &'a [String]| {
            let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            texts.sort_unstable();
            texts
        };
        let key =
            GroupKey { host: given.host, paths: sorted(given.paths), tags: sorted(given.tags) };
        groups.entry(key).or_insert_with(Vec::new).append(&mut entries);
    }
    groups
}
