//! Brings a folder back from restic, and can be killed at any moment.
//!
//! `restore_folder STATE PLACE REPOSITORY PASSWORD_FILE SNAPSHOT ROOT`: records below STATE; the content of ROOT in the
//! snapshot is wanted at PLACE. Exit status 0: it is there; 75: another run is at work; 1: it is not there.

use std::process::ExitCode;

use jiff::Timestamp;
use restore_chain::candidates::{Candidate, Method};
use restore_chain::exec::{Folder, Tools};
use restore_chain::preseed::{Budget, Outcome, Preseed};
use restore_chain::{Choice, Service};

fn run() -> Result<Outcome, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [state, place, url, password_file, snapshot, root] = arguments.as_slice() else {
        return Err("restore_folder STATE PLACE REPOSITORY PASSWORD_FILE SNAPSHOT ROOT".into());
    };
    let method = Method::Restic {
        repository: "repository".to_owned(),
        url: url.clone(),
        password_file: password_file.parse()?,
        environment_file: None,
        snapshot: snapshot.clone(),
        root: root.parse()?,
    };
    let id = format!("restic {}", snapshot.get(..8).unwrap_or(snapshot));
    let candidate = Candidate::new(id, method, Some(Timestamp::now()));
    let service = Service::new("example", "folder/example".parse()?, place.parse()?);
    let choice = Choice { chain: vec![candidate], ..Choice::default() };
    let restore = Preseed::new(&service, &choice, &Budget::default())?;
    let report =
        restore.run_with(&mut Folder::new(Tools::below(state)), |act| println!("{act}"))?;
    println!("{report}");
    Ok(report.outcome)
}

fn main() -> ExitCode {
    match run() {
        Ok(outcome) if outcome.record().is_some() => ExitCode::SUCCESS,
        Ok(Outcome::Busy) => ExitCode::from(75),
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
