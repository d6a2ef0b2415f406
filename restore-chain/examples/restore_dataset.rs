//! Brings a dataset back from another dataset on this machine or from a snapshot of itself, and can be killed at any
//! moment.
//!
//! `restore_dataset STATE DATASET PLACE replica FROM | local SNAPSHOT`: records below STATE. Exit status 0: it is there;
//! 75: another run is at work; 2: data is there that somebody has to look at; 1: it is not there.

use std::process::ExitCode;

use jiff::Timestamp;
use restore_chain::candidates::{Candidate, Method};
use restore_chain::command::Command;
use restore_chain::exec::{Tools, Zfs, process};
use restore_chain::lineage::{Lineage, read};
use restore_chain::preseed::{Budget, Outcome, Preseed};
use restore_chain::{Choice, Service};

type Failure = Box<dyn std::error::Error>;

fn lineage(dataset: &str) -> Result<Lineage, Failure> {
    let command: Command = read::command(&dataset.parse()?);
    let listed = process::run(&command, &[], std::time::Duration::from_secs(60))?;
    let lineages = read::lineages(std::str::from_utf8(&listed)?)?;
    Ok(lineages.into_values().next().ok_or("an empty listing")?)
}

fn run() -> Result<Outcome, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [state, dataset, place, how, from] = arguments.as_slice() else {
        return Err("restore_dataset STATE DATASET PLACE replica FROM | local SNAPSHOT".into());
    };
    let (method, creation) = if how == "local" {
        let snapshot = lineage(dataset)?.snapshot(from).ok_or("no such snapshot")?.clone();
        let creation = snapshot.creation;
        (Method::Local { snapshot: Box::new(snapshot) }, creation)
    } else {
        let there = lineage(from)?;
        let oldest = there.snapshots().next().ok_or("no snapshots")?.clone();
        let newest = there.newest().ok_or("no snapshots")?.clone();
        let (replica, from, creation) = ("other".to_owned(), from.parse()?, newest.creation);
        let (oldest, newest) = (Box::new(oldest), Box::new(newest));
        (
            Method::Replica { replica, from, oldest, newest, transport: Vec::new(), raw: false },
            creation,
        )
    };
    let id = format!("{} {from}", method.kind());
    let candidate = Candidate::new(id, method, Some(Timestamp::from_second(creation)?));
    let service = Service {
        properties: vec![("recordsize".to_owned(), "16K".to_owned())],
        ..Service::new("example", dataset.parse()?, place.parse()?)
    };
    let choice = Choice { chain: vec![candidate], ..Choice::default() };
    let restore = Preseed::new(&service, &choice, &Budget::default())?;
    let report = restore.run_with(&mut Zfs::new(Tools::below(state)), |act| println!("{act}"))?;
    println!("{report}");
    Ok(report.outcome)
}

fn main() -> ExitCode {
    match run() {
        Ok(outcome) if outcome.record().is_some() => ExitCode::SUCCESS,
        Ok(Outcome::Busy) => ExitCode::from(75),
        Ok(Outcome::NeedsAdoption) => ExitCode::from(2),
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
