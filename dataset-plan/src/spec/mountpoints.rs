//! No two datasets may be mounted at one path, and paths say where they lead.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::desired::Desired;
use super::properties::Table;
use crate::path::tidy;
use crate::problem::{Code, Problem};

/// The places of a declaration, as they are come across. Mostly all of them are different and plain, which is known from
/// less than the paths.
#[derive(Default)]
pub(super) struct Places {
    hashes: Vec<u64>,
    dotted: bool,
}

/// Of FNV-1a.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Places {
    pub(super) fn reserve(&mut self, count: usize) {
        self.hashes.reserve(count);
    }

    pub(super) fn add(&mut self, path: &str) {
        let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        self.hashes.push(tidy(path.into()).bytes().fold(BASIS, step));
        self.dotted |= is_dotted(path);
    }

    /// Two may be the same, or one leads elsewhere.
    pub(super) fn want_a_closer_look(&mut self) -> bool {
        self.hashes.sort_unstable();
        self.dotted || self.hashes.windows(2).any(|two| matches!(two, [a, b] if a == b))
    }
}

fn is_dotted(path: &str) -> bool {
    let dotted = || path.split('/').any(|part| matches!(part, "." | ".."));
    path.as_bytes().contains(&b'.') && dotted()
}

/// What is wrong with the places of a whole declaration.
pub(super) fn problems(desired: &Desired<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |path: Table<'_>, key, code, what, remedy: &str| {
        let (path, remedy) = (format!("{path}.{key}"), remedy.into());
        problems.push(Problem { position: None, path, code, what, remedy });
    };
    let mut taken: HashMap<Cow<'_, str>, Table<'_>> = HashMap::new();
    let based = desired.base.iter();
    let based = based.filter_map(|(name, base)| {
        Some((base.mounted_at.as_deref()?, Table::Base(name), "mountedAt"))
    });
    let wanted = desired.datasets.values();
    let wanted = wanted.filter_map(|want| Some((want.mounted_at()?, want.path, "mountpoint")));
    for (mountpoint, path, key) in based.chain(wanted) {
        if is_dotted(mountpoint) {
            let what = format!("{mountpoint} leads to another path than it says");
            let remedy = "write the path that is meant, without `.` and `..`";
            report(path, key, Code::BadValue, what, remedy);
        }
        match taken.entry(tidy(mountpoint.into())) {
            Entry::Vacant(free) => {
                free.insert(path);
            }
            Entry::Occupied(first) => {
                let (place, first) = (first.key(), first.get());
                let what = format!("{place} is where `{first}` is mounted too");
                let remedy = "give each its own mountpoint, or canmount=off to one";
                report(path, key, Code::DuplicateMountpoint, what, remedy);
            }
        }
    }
    problems
}
