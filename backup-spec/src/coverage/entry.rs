//! One subject: the copies it has, those it only seems to have, and what it lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zfs_props::name::DatasetName;

use super::class::{Class, Consistency, Protection, Requirement, Subject, Tier};
use super::copies;
use super::index::Index;
use super::inventory::Inventory;
use crate::name::Name;
use crate::path::AbsolutePath;
use crate::scan::Verdict;
use crate::snapshots::Policies;
use crate::span::Span;
use crate::spec::Checked;
use crate::units::Task;

/// What is known of the protection of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Entry {
    /// The dataset or path.
    pub subject: Subject,
    /// Its class; `None`: nobody decided.
    pub class: Option<Class>,
    /// What is asked for.
    pub requirement: Requirement,
    /// Copies that hold its bytes.
    pub copies: Vec<Copy>,
    /// What is declared and holds them not.
    pub refused: Vec<Refused>,
    /// The most that can be lost with the pool while this site survives; `None`: everything.
    pub onsite: Option<Span>,
    /// The most that can be lost with the site; `None`: everything.
    pub offsite: Option<Span>,
    /// What is missing.
    pub findings: Vec<Finding>,
}

/// What makes a copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Via {
    /// A task of this host.
    Task(Task),
    /// Someone who vouched for it.
    Voucher(String),
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Via::Task(task) => write!(f, "{task}"),
            Via::Voucher(who) => f.write_str(who),
        }
    }
}

/// A copy that holds the subject's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Copy {
    /// The tier it meets.
    pub tier: Tier,
    /// What makes it.
    pub via: Via,
    /// Whether it survives the loss of this site.
    pub offsite: bool,
    /// What it looks like to the program whose data it is; `None`: whoever vouches for it did not say.
    pub consistency: Option<Consistency>,
    /// The most that is lost if this copy is all there is; `None`: not known.
    pub worst: Option<Span>,
    /// The proof: what is read, and what of it is left out.
    pub held: Held,
}

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Held {
    /// The whole dataset, as snapshots do.
    Whole,
    /// Files.
    Files {
        /// The path that is read.
        path: AbsolutePath,
        /// Patterns that can leave something out below it, with the bytes and files of the inventory that each does; without
        /// files in the inventory, zeros.
        excluded: BTreeMap<String, Amount>,
        /// The files of the inventory that are included.
        included: Amount,
    },
    /// A database, with its log.
    Database,
    /// As someone vouches.
    Vouched,
}

/// A number of files, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Amount {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Amount {
    pub(super) fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Something that is declared, is about the subject, and does not protect it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Refused {
    /// What it is.
    pub via: Via,
    /// The tier that it would have met.
    pub tier: Tier,
    /// Why it does not.
    pub why: Why,
}

/// Why something does not protect a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It does not run.
    Disabled,
    /// The bytes are not in it.
    NotHeld {
        /// The path that was looked for.
        path: AbsolutePath,
        /// What became of it.
        verdict: Verdict,
    },
    /// The dataset is not mounted, so its files are at no path.
    NotMounted,
    /// A job reads a path that a child dataset covers, and not the child.
    NotDescended,
    /// The dataset that its clone would be made below is not there.
    NoPlaceForClone(DatasetName),
    /// It lies in the same pool: both go together.
    SamePool,
    /// It is not as consistent as asked for.
    Consistency(Consistency),
    /// sanoid only prunes here.
    NoSnapshots,
    /// There are no snapshots that it could send.
    NothingToSend,
    /// Its timer never elapses.
    Never,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Disabled => write!(f, "disabled"),
            Why::NotHeld { verdict, .. } => write!(f, "{verdict}"),
            Why::NotMounted => write!(f, "the dataset is not mounted"),
            Why::NotDescended => write!(f, "the dataset lies below what it reads, and is not read"),
            Why::NoPlaceForClone(parent) => {
                write!(f, "{parent} is not there, and its clone is made below it")
            }
            Why::SamePool => write!(f, "in the same pool"),
            Why::Consistency(found) => write!(f, "its consistency is {found}"),
            Why::NoSnapshots => write!(f, "no snapshots are taken"),
            Why::NothingToSend => write!(f, "there are no snapshots to send"),
            Why::Never => write!(f, "its timer never elapses"),
        }
    }
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "kebab-case", tag = "code")
)]
#[non_exhaustive]
pub enum Finding {
    /// Nobody decided how well this must be protected.
    Unclassified,
    /// The subject is declared and not there.
    NotThere,
    /// A tier that is asked for is not met.
    MissingTier {
        /// The tier.
        tier: Tier,
    },
    /// More can be lost than is allowed.
    TooStale {
        /// With what.
        lack: Lack,
        /// What is allowed.
        objective: Span,
        /// What can be lost; `None`: everything.
        worst: Option<Span>,
    },
    /// A job leaves this out, and nobody else has it.
    HeldByNobody {
        /// The job.
        job: Name,
    },
}

/// What is lost along with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Lack {
    /// The pool.
    Pool,
    /// The site.
    Site,
}

impl Finding {
    /// Its code, stable across releases.
    pub fn code(&self) -> &'static str {
        match self {
            Finding::Unclassified => "unclassified",
            Finding::NotThere => "not-there",
            Finding::MissingTier { .. } => "missing-tier",
            Finding::TooStale { .. } => "too-stale",
            Finding::HeldByNobody { .. } => "held-by-nobody",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Unclassified => {
                write!(f, "no class: nobody decided how well it must be protected")?;
            }
            Finding::NotThere => write!(f, "not there")?,
            Finding::MissingTier { tier } => write!(f, "no {tier}")?,
            Finding::TooStale { lack, objective, worst } => {
                let lack = match lack {
                    Lack::Pool => "pool",
                    Lack::Site => "site",
                };
                match worst {
                    Some(worst) => {
                        write!(f, "with the {lack}, {worst} can be lost; {objective} is allowed")?;
                    }
                    None => {
                        write!(f, "with the {lack}, everything is lost; {objective} is allowed")?;
                    }
                }
            }
            Finding::HeldByNobody { job } => {
                write!(f, "left out by {job}, and held by nobody else")?;
            }
        }
        write!(f, " [{}]", self.code())
    }
}

/// The entry of one subject.
pub(super) fn of(
    (spec, inventory): (&Checked, &Inventory),
    index: &Index<'_>,
    policies: &Policies,
    subject: Subject,
) -> Entry {
    let protection = spec.protection.get(&subject);
    let requirement = protection.map(|p| p.requirement.clone()).unwrap_or_default();
    let mut search = copies::Search {
        spec,
        inventory,
        index,
        policies,
        wanted: requirement.consistency,
        copies: Vec::new(),
        refused: Vec::new(),
    };
    let dataset = dataset_of(&subject, inventory);
    let there = match &subject {
        Subject::Dataset(dataset) => inventory.kind(dataset).is_some(),
        Subject::Path(path) => inventory.resolve(path).is_some(),
    };
    if let Some(dataset) = &dataset {
        search.snapshots(dataset);
        search.replications(dataset);
    }
    search.archives(&subject);
    search.jobs(&subject, protection.map_or(&[], |p| p.payload.as_slice()));
    search.vouched(&subject);
    let copies::Search { copies, refused, .. } = search;
    let best = |offsite: bool| {
        let counted = |copy: &&Copy| copy.tier != Tier::LocalSnapshot && copy.offsite == offsite;
        copies.iter().filter(counted).filter_map(|copy| copy.worst).min()
    };
    let mut entry = Entry {
        class: protection.map(|p| p.class),
        onsite: best(false),
        offsite: best(true),
        requirement,
        copies,
        refused,
        findings: Vec::new(),
        subject,
    };
    entry.findings = findings(&entry, protection, there);
    entry
}

/// The dataset whose snapshots hold a subject.
fn dataset_of(subject: &Subject, inventory: &Inventory) -> Option<DatasetName> {
    match subject {
        Subject::Dataset(dataset) => Some(dataset.clone()),
        Subject::Path(path) => match inventory.resolve(path)?.1 {
            super::Filesystem::Dataset(dataset) => Some(dataset.clone()),
            super::Filesystem::Other(_) => None,
        },
    }
}

fn findings(entry: &Entry, protection: Option<&Protection>, there: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !there {
        findings.push(Finding::NotThere);
    }
    if protection.is_none() {
        findings.push(Finding::Unclassified);
    }
    let met: BTreeSet<Tier> = entry.copies.iter().map(|copy| copy.tier).collect();
    let missing = entry.requirement.tiers.difference(&met);
    findings.extend(missing.map(|tier| Finding::MissingTier { tier: *tier }));
    let objectives = [
        (Lack::Pool, entry.requirement.onsite_rpo, entry.onsite),
        (Lack::Site, entry.requirement.offsite_rpo, entry.offsite),
    ];
    for (lack, objective, worst) in objectives {
        let Some(objective) = objective else { continue };
        if worst.is_none_or(|worst| worst > objective) {
            findings.push(Finding::TooStale { lack, objective, worst });
        }
    }
    // What is made again by itself may be left out; what is in a snapshot of the same pool is in the same boat.
    let kept = entry.copies.iter().any(|copy| copy.tier != Tier::LocalSnapshot);
    if !kept && entry.class != Some(Class::Ephemeral) {
        let left_out =
            entry.refused.iter().find_map(|refused| match (&refused.via, &refused.why) {
                (Via::Task(Task::Backup(job)), Why::NotHeld { .. } | Why::NotDescended) => {
                    Some(job)
                }
                _ => None,
            });
        findings.extend(left_out.map(|job| Finding::HeldByNobody { job: job.clone() }));
    }
    findings
}

crate::text_form::text_form!(Via, Why);
