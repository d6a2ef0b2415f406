//! What is protected by what, how fresh, and what is not.
//!
//! [`Coverage::of`] joins the declaration with what is mounted where. Each dataset that is there and each subject with a
//! decision becomes an [`Entry`]: the copies that really hold its bytes, what was refused and why, and what is missing.
//! A job holds a dataset's bytes if the very scan its argument list is made from ([`Scan`](crate::scan::Scan)) includes
//! them: at the paths it reads, behind its excludes, on the filesystems it descends into.
//!
//! # Tiers and copies
//!
//! | tier | met by |
//! |---|---|
//! | `local-snapshot` | sanoid takes snapshots of the dataset |
//! | `replication` | an enabled replication of the dataset, or of a parent with its children, into another pool |
//! | `nas-backup` | an enabled job, or an archive of a database, that holds the bytes, in a repository on this site |
//! | `offsite-backup` | the same in a repository elsewhere |
//! | `automated-restore`, `independent-restore`, `external-bootstrap` | whoever vouches for it ([`Inventory::vouch`]) |
//!
//! # Cost
//!
//! Linear in datasets, mounts, files and declarations, but for what lies in each other: a subject is held against the jobs,
//! replications and archives of the directories and datasets above it, and a job's files are counted for each subject that
//! they lie within.
//!
//! # How fresh
//!
//! Of each copy the worst case is computed, never declared: the longest real time between two runs, with their random delay
//! and accuracy, and the time that a run may take. A replication that sends snapshots of others adds the longest time between
//! those. What may be lost with the pool is that of the best copy on this site in another pool; with the site, that of the best
//! copy elsewhere.

mod class;
mod copies;
mod entry;
mod index;
mod inventory;
mod mountinfo;
mod table;

use std::collections::BTreeSet;

pub use class::{BadSubject, Class, Consistency, Protection, Requirement, Subject, Tier};
pub use entry::{Copy, Entry, Finding, Held, Lack, Refused, Via, Why};
pub use inventory::{BadInventory, Filesystem, Inventory, Kind};

use crate::snapshots::Policies;
use crate::spec::Checked;

/// What is protected by what. Displayed, it is a table, and below it everything that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Coverage {
    /// What is there and what has a decision, sorted.
    pub entries: Vec<Entry>,
}

impl Coverage {
    /// The coverage that a declaration gives to what is there.
    pub fn of(spec: &Checked, inventory: &Inventory) -> Self {
        let index = index::Index::of(spec);
        let there = inventory.datasets().map(|(dataset, _)| Subject::Dataset(dataset.clone()));
        let subjects: BTreeSet<Subject> = there.chain(spec.protection.keys().cloned()).collect();
        let datasets = inventory.datasets().map(|(dataset, _)| dataset);
        // The check of the declaration has seen that they can be told.
        let policies = spec.sanoid.as_ref().and_then(|s| Policies::of(s, datasets).ok());
        let policies = policies.unwrap_or_default();
        let entry = |subject| entry::of((spec, inventory), &index, &policies, subject);
        Self { entries: subjects.into_iter().map(entry).collect() }
    }

    /// Everything that is missing, by subject.
    pub fn findings(&self) -> impl Iterator<Item = (&Subject, &Finding)> {
        self.entries.iter().flat_map(|entry| entry.findings.iter().map(|f| (&entry.subject, f)))
    }

    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.entries.iter().all(|entry| entry.findings.is_empty())
    }

    /// The entry of a subject.
    pub fn get(&self, subject: &Subject) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.subject.cmp(subject)).ok()?;
        self.entries.get(at)
    }
}
