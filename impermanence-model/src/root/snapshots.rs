//! Whether a root that is rolled back can be, and what else that would take: from the snapshots that are there.

use std::collections::BTreeMap;

use crate::origin::{Layer, Origin};
use crate::problem::{Code, Problem, problem};
use crate::root::Root;

/// A snapshot, as far as rolling back is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Snapshot<'t> {
    name: &'t str,
    /// The transaction group it was made in: later ones are newer.
    created: u64,
    /// How many holds it has.
    holds: u64,
    clones: Vec<&'t str>,
}

/// Why a listing cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: not NAME, createtxg, userrefs and clones, separated by tabs")]
pub struct BadListing {
    /// Which line, from 1.
    pub line: usize,
}

impl Root {
    /// What is wrong with rolling back, given what `zfs list -Hp -r -t filesystem,snapshot -o name,createtxg,userrefs,clones
    /// DATASET` prints (OpenZFS 2.x); nothing for another kind of root.
    ///
    /// The rules are those of zfs-rollback(8): only the latest snapshot can be rolled back to, unless `-r` destroys all later ones,
    /// which holds and clones prevent; children are not rolled back.
    pub fn check_snapshots(&self, listing: &str) -> Result<Vec<Problem>, BadListing> {
        let Root::ZfsRollback { dataset, snapshot } = self else { return Ok(Vec::new()) };
        let (snapshots, datasets) = read(listing)?;
        let origin = Origin::new(Layer::FileSystems, "root.snapshot");
        let mut problems = Vec::new();
        let mut report = |code, what: String, remedy: String| {
            problems.push(problem(&origin, code, what, remedy));
        };
        let own = snapshots.get(dataset.as_str()).map(Vec::as_slice).unwrap_or_default();
        let Some(blank) = own.iter().find(|found| found.name == snapshot) else {
            let what = format!(
                "{dataset}@{snapshot} does not exist, so the boot fails or nothing is thrown away"
            );
            let remedy = format!("zfs snapshot {dataset}@{snapshot}, while the dataset is empty");
            report(Code::RootNotWiped, what, remedy);
            return Ok(problems);
        };
        for newer in own.iter().filter(|found| found.created > blank.created) {
            let name = format!("{dataset}@{}", newer.name);
            if newer.holds > 0 {
                let what = format!("{name} is newer and held, so that the rollback fails");
                report(Code::RootNotWiped, what, format!("zfs holds {name}, and release them"));
            } else if let Some(clone) = newer.clones.first() {
                let what = format!(
                    "{name} is newer and has the clone {clone}, so that the rollback fails"
                );
                report(Code::RootNotWiped, what, format!("zfs promote {clone}, or destroy it"));
            } else {
                let what = format!(
                    "{name} is newer: `zfs rollback` fails, and `zfs rollback -r` destroys it at every boot"
                );
                let remedy = "take the dataset out of what makes snapshots".to_owned();
                report(Code::RootLosesMore, what, remedy);
            }
        }
        for child in datasets.iter().filter(|name| is_below(dataset, name)) {
            let what = format!("{child} is below {dataset}, and is not rolled back with it");
            let remedy =
                "declare it in fileSystems, with `rollback` if it is rolled back, too".to_owned();
            report(Code::RootNotWiped, what, remedy);
        }
        Ok(problems)
    }
}

fn is_below(dataset: &str, name: &str) -> bool {
    name.strip_prefix(dataset).is_some_and(|rest| rest.starts_with('/'))
}

type Read<'t> = (BTreeMap<&'t str, Vec<Snapshot<'t>>>, Vec<&'t str>);

fn read(listing: &str) -> Result<Read<'_>, BadListing> {
    let mut snapshots: BTreeMap<&str, Vec<Snapshot<'_>>> = BTreeMap::new();
    let mut datasets = Vec::new();
    for (number, line) in (1..).zip(listing.lines()) {
        let bad = BadListing { line: number };
        let mut fields = line.split('\t');
        let mut field = || fields.next().ok_or_else(|| bad.clone());
        let (name, created, holds, clones) = (field()?, field()?, field()?, field()?);
        let Some((dataset, snapshot)) = name.split_once('@') else {
            datasets.push(name);
            continue;
        };
        let number = |text: &str| match text {
            "-" => Ok(0),
            text => text.parse().map_err(|_| bad.clone()),
        };
        let clones = clones.split(',').filter(|name| !matches!(*name, "" | "-")).collect();
        let found =
            Snapshot { name: snapshot, created: number(created)?, holds: number(holds)?, clones };
        snapshots.entry(dataset).or_default().push(found);
    }
    Ok((snapshots, datasets))
}
