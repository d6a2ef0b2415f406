//! What a host has: datasets, and paths that it declares to be kept.

use backup_spec::coverage::{Coverage, Entry, Filesystem, Inventory, Protection, Subject, Tier};
use backup_spec::path::AbsolutePath;
use backup_spec::spec::Checked;
use impermanence_model::layout::Via;
use zfs_props::DatasetName;

use super::system::System;
use crate::Failure;

/// Something that is there now, and shall be there afterwards.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is called: a dataset, or the path where programs find it.
    pub name: String,
    /// What copies know it as: a dataset, or the path where it is kept.
    pub subject: Subject,
    /// Where programs find it; none: it is mounted nowhere.
    pub path: Option<AbsolutePath>,
    /// The dataset that it is or lies on; none: another machine's.
    pub dataset: Option<DatasetName>,
}

impl Item {
    /// Where it is restored to.
    pub fn place(&self) -> String {
        match (&self.subject, &self.path) {
            (Subject::Path(kept), _) => kept.to_string(),
            (_, Some(path)) => path.to_string(),
            // Where ZFS would mount it by itself.
            (subject, None) => format!("/{subject}"),
        }
    }
}

/// Everything, datasets first, with what `backup-spec` says of each.
pub fn items(system: &System) -> Result<Vec<(Item, Option<Entry>)>, Failure> {
    let mut items: Vec<Item> = Vec::new();
    for (dataset, _) in system.inventory.datasets() {
        let (subject, path) =
            (Subject::Dataset(dataset.clone()), system.inventory.mount_of(dataset).cloned());
        items.push(Item {
            name: dataset.to_string(),
            subject,
            path,
            dataset: Some(dataset.clone()),
        });
    }
    let entries = system.layout.entries().iter().filter(|entry| entry.via != Via::FileSystem);
    let kept = entries.map(|entry| (entry.path.to_string(), entry.source().to_string()));
    let states = system.layout.services().iter().filter(|state| state.ephemeral.is_some());
    let thrown = states.map(|state| (state.path.to_string(), state.path.to_string()));
    let shares = system.copies.protection.keys().filter_map(|subject| match subject {
        Subject::Path(path) => Some((path.to_string(), path.to_string())),
        _ => None,
    });
    for (path, kept) in kept.chain(thrown).chain(shares) {
        let kept: AbsolutePath = kept.parse()?;
        let dataset = match system.inventory.resolve(&kept) {
            Some((_, Filesystem::Dataset(dataset))) => Some(dataset.clone()),
            _ => None,
        };
        items.push(Item {
            path: Some(path.parse()?),
            name: path,
            subject: Subject::Path(kept),
            dataset,
        });
    }
    let spec = with_paths(system, &items)?;
    let coverage = Coverage::of(&spec, &vouched(system, &items));
    let with_entry = |item: Item| {
        let entry = coverage.get(&item.subject).cloned();
        (item, entry)
    };
    Ok(items.into_iter().map(with_entry).collect())
}

/// The declaration, with each path protected as well as the dataset that it lies on, unless it has a decision of its own.
fn with_paths(system: &System, items: &[Item]) -> Result<Checked, Failure> {
    let mut spec = system.copies.clone().into_spec();
    for item in items {
        let on = item.dataset.clone().map(Subject::Dataset);
        let decision: Option<Protection> = on.and_then(|on| spec.protection.get(&on)).cloned();
        if let (Subject::Path(_), Some(decision)) = (&item.subject, decision) {
            spec.protection.entry(item.subject.clone()).or_insert(decision);
        }
    }
    Ok(spec.check()?)
}

/// What is there, with who vouches for a dataset vouching for the paths on it.
fn vouched(system: &System, items: &[Item]) -> Inventory {
    let mut inventory = system.inventory.clone();
    for item in items {
        let (Subject::Path(_), Some(dataset)) = (&item.subject, &item.dataset) else { continue };
        let on = Subject::Dataset(dataset.clone());
        for (_, tier) in Tier::WORDS {
            if let Some(who) = system.inventory.voucher(&on, *tier) {
                inventory.vouch(item.subject.clone(), *tier, who);
            }
        }
    }
    inventory
}
