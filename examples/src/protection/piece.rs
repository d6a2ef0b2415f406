//! What ways back cannot do without.

use std::collections::BTreeSet;

use backup_spec::coverage::Filesystem;
use restore_chain::candidates::{Candidate, Method, Need};
use zfs_props::DatasetName;

use super::system::System;

/// Stands for the secrets of whoever restores by hand.
pub const BY_HAND: &str = "/by-hand";

/// Everything that a way back cannot do without: what it says itself, the machine behind a share, and the key behind a secret.
pub fn pieces(system: &System, way: &Candidate) -> BTreeSet<String> {
    let mut pieces = BTreeSet::new();
    for need in &way.needs {
        match need {
            Need::Network => _ = pieces.insert("the network".to_owned()),
            Need::Dataset(dataset) => _ = pieces.insert(format!("{dataset}'s own snapshots")),
            Need::Secret(_) => {}
            Need::Source(name) => {
                let is_machine = matches!(way.method, Method::Replica { .. });
                pieces.insert(if is_machine { name.clone() } else { format!("repository {name}") });
                pieces.extend(machine(system, name));
            }
            other => _ = pieces.insert(other.to_string()),
        }
    }
    pieces.extend(secrets(system, way).into_iter().map(|secret| format!("key {secret}")));
    pieces
}

/// What all ways back have in common: any single one of these missing leaves none.
pub fn single(system: &System, ways: &[Candidate]) -> BTreeSet<String> {
    let mut all = ways.iter().map(|way| pieces(system, way));
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, pieces| common.intersection(&pieces).cloned().collect())
}

/// The machine whose share a repository lies on.
pub fn machine(system: &System, repository: &str) -> Option<String> {
    let directory =
        match repository.parse().ok().and_then(|name| system.copies.repositories.get(&name)) {
            Some(repository) => repository.directory()?.clone(),
            // An archive's repository is named by its place.
            None => repository.parse().ok()?,
        };
    match system.inventory.resolve(&directory)? {
        (_, Filesystem::Other(machine)) => Some(machine.clone()),
        _ => None,
    }
}

/// The secrets of a way back, and those that they are decrypted with.
pub fn secrets(system: &System, way: &Candidate) -> Vec<String> {
    let mut secrets = Vec::new();
    for need in &way.needs {
        let Need::Secret(path) = need else { continue };
        if path.as_str() == BY_HAND {
            continue;
        }
        secrets.push(path.to_string());
        let decrypted = system.decrypted.as_ref();
        let decrypted = decrypted.filter(|files| path.as_str().starts_with(&files.below));
        secrets.extend(decrypted.map(|files| files.key.clone()));
    }
    secrets
}

/// The datasets that a way back's secrets lie on.
pub fn hold_secrets(system: &System, way: &Candidate) -> BTreeSet<DatasetName> {
    let paths = secrets(system, way).into_iter().filter_map(|path| path.parse().ok());
    let on = paths.filter_map(|path| match system.inventory.resolve(&path)? {
        // What is decrypted at boot is on the root, which is new at every boot.
        (mount, _) if mount.as_str() == "/" => None,
        (_, Filesystem::Dataset(dataset)) => Some(dataset.clone()),
        _ => None,
    });
    on.collect()
}
