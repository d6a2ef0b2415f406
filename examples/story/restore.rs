//! What could come back, what is chosen, and how it comes back: for real.

use std::collections::BTreeMap;
use std::time::Duration;

use examples::Failure;
use jiff::Timestamp;
use restore_chain::candidates::{Seen, restic};
use restore_chain::command::Command;
use restore_chain::exec::{Tools, Zfs, process};
use restore_chain::lineage::{Lineage, read};
use restore_chain::preseed::{Preseed, Report};
use restore_chain::{Candidates, Choice, Inventory, Service};
use zfs_props::name::DatasetName;

use crate::forge::Forge;

const LIMIT: Duration = Duration::from_secs(120);
/// On the first disk, which outlives the second one.
pub(crate) const STATE: &str = "/persist/restore-chain";

/// What a command says, or why nobody can know.
fn seen<T>(command: &Command, read: impl Fn(&str) -> Result<T, Failure>) -> Seen<T> {
    let output = process::run(command, &[], LIMIT).map_err(Failure::from);
    let text = output.and_then(|output| Ok(String::from_utf8(output)?));
    match text.and_then(|text| read(&text)) {
        Ok(here) => Seen::Here(here),
        Err(error) => Seen::Failed(error.to_string()),
    }
}

fn lineages(text: &str) -> Result<BTreeMap<DatasetName, Lineage>, Failure> {
    Ok(read::lineages(text)?)
}

/// Looks everywhere.
pub(crate) fn inventory(forge: &Forge) -> Result<Inventory, Failure> {
    let mut inventory = forge.restores.inventory(Timestamp::now());
    inventory.local = seen(&read::command(&"tank".parse()?), lineages);
    for replica in &mut inventory.replicas {
        let there = Command::new(replica.transport.iter().cloned());
        let list = there.args(read::command(&replica.target).argv().iter().cloned());
        replica.datasets = seen(&list, lineages);
    }
    for repository in &mut inventory.repositories {
        repository.snapshots = seen(&restic::list(repository), |text| Ok(restic::read(text)?));
    }
    Ok(inventory)
}

/// The ways back of a service, in the order in which they are tried.
pub(crate) fn choose(forge: &Forge, inventory: &Inventory, service: &Service) -> Choice {
    let choice = Candidates::discover(inventory, service).choose(&forge.restores.policy);
    choice.unwrap_or_else(Choice::from)
}

/// Restores, and tells of each act and of how far a transfer is.
pub(crate) fn restore(
    forge: &Forge,
    service: &Service,
    choice: &Choice,
    mut line: impl FnMut(String),
    arrived: impl FnMut(u64) + Send + 'static,
) -> Result<Report, Failure> {
    let preseed = Preseed::new(service, choice, &forge.restores.budget)?;
    let mut arrived = arrived;
    let mut tools = Tools::below(STATE);
    tools.progress = Box::new(move |progress| arrived(progress.bytes));
    let report = preseed.run_with(&mut Zfs::new(tools), |act| line(act.to_string()))?;
    line(report.to_string());
    Ok(report)
}

/// As a process of its own, which somebody may kill.
pub(crate) fn alone(name: &str) -> Result<(), Failure> {
    let forge = Forge::read()?;
    let service = forge.service(name)?;
    let choice = choose(&forge, &inventory(&forge)?, service);
    let report = restore(
        &forge,
        service,
        &choice,
        |line| println!("{line}"),
        |bytes| println!("arrived: {bytes}"),
    )?;
    match report.outcome.record() {
        Some(_) => Ok(()),
        None => Err("not restored".into()),
    }
}
