//! Whether what is written to a root in memory fits there.

use std::fmt;

use crate::audit::{Group, Report};
use crate::layout::Layout;
use crate::root::{Root, TmpfsSize};

/// What a root in memory may take, beside what is written to it now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Sizing {
    /// What it may take, in bytes.
    pub capacity: u64,
    /// What lies on it, in bytes.
    pub used: u64,
    /// The directories that take most, largest first; at most ten.
    pub largest: Vec<Group>,
}

impl Layout {
    /// Compares the size of a tmpfs root with what an audit found that no entry keeps. `memory` is that of the machine, in bytes.
    /// None if the root is no tmpfs.
    pub fn sizing(&self, report: &Report, memory: u64) -> Option<Sizing> {
        let Root::Tmpfs { size, .. } = self.root() else { return None };
        let part = |percent: u32| {
            let part = u128::from(memory) * u128::from(percent) / 100;
            u64::try_from(part).unwrap_or(u64::MAX)
        };
        let capacity = match size {
            Some(TmpfsSize::Bytes(bytes)) => *bytes,
            Some(TmpfsSize::Percent(percent)) => part(*percent),
            // tmpfs(5): half of the memory.
            None => part(50),
        };
        let largest = report.groups.iter().take(10).cloned().collect();
        Some(Sizing { capacity, used: report.bytes(), largest })
    }
}

impl Sizing {
    /// Whether it fits, and leaves as much again for what a day writes.
    pub fn is_enough(&self) -> bool {
        self.used <= self.capacity / 2
    }
}

impl fmt::Display for Sizing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.used > self.capacity, self.is_enough()) {
            (true, _) => "it does not fit",
            (_, false) => "it fits, and more than half is used already",
            (_, true) => "it fits",
        };
        writeln!(f, "{} of {} bytes: {verdict}", self.used, self.capacity)?;
        self.largest
            .iter()
            .try_for_each(|group| writeln!(f, "{:>14} {}", group.bytes, group.directory))
    }
}
