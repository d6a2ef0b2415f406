//! From a host's declaration to a plan, carried out in memory: the main job, on real input.
//!
//! ```text
//! cargo run --example forge                                  the host that comes with the examples
//! cargo run --example forge -- --spec FILE --observed FILE   a host of yours; perhaps with
//!                              --stat FILE                   who owns its mounted directories
//!                              --backup FILE                 what it declares about its copies
//!                              --json | --script             the plan alone, for a program or a shell
//! ```

use std::io::{self, Write};
use std::process::ExitCode;

use dataset_plan::{Policy, plan, sim};
use examples::backup::{self, Backup};
use examples::{Failure, Host, color};
use jiff::Timestamp;

const USAGE: &str =
    "usage: forge [--spec FILE --observed FILE [--stat FILE] [--backup FILE]] [--json | --script]";

/// When the host that comes with the examples was recorded: no clock is read.
const RECORDED: i64 = 1_795_263_081;

enum Form {
    Person,
    Json,
    Script,
}

fn main() -> ExitCode {
    examples::exit(run())
}

fn run() -> Result<(), Failure> {
    let (host, backup, form) = arguments()?;
    let spec = host.spec()?;
    let observed = host.observed()?;
    let plan = plan(&spec, &observed, &Policy::default())?;
    let mut out = io::stdout().lock();
    match form {
        Form::Json => writeln!(out, "{}", serde_json::to_string_pretty(&plan)?)?,
        Form::Script => write!(out, "{}", plan.script())?,
        Form::Person => {
            writeln!(out, "The declaration has no problems.\n")?;
            writeln!(out, "{}", plan.tree().color(color()))?;

            let mut zfs = sim::Zfs::from(&observed);
            plan.apply(&mut zfs)?;
            let again = dataset_plan::plan(&spec, &zfs.observe(), &Policy::default())?;
            let done = format!("Carried out in memory: {} steps.", plan.steps().len());
            if !again.is_empty() {
                return Err(format!("{done} Planned again, this is left:\n{again}").into());
            }
            writeln!(out, "{done} Planned again: nothing is left to do.")?;

            if let Some(backup) = backup {
                let copies = backup.spec()?;
                let inventory = backup.inventory(&spec, &zfs.observe())?;
                writeln!(out, "\nWhat protects it then:\n")?;
                let now = Timestamp::from_second(RECORDED)?;
                backup::report(&mut out, &copies, &inventory, now)?;
            }
        }
    }
    Ok(())
}

fn arguments() -> Result<(Host, Option<Backup>, Form), Failure> {
    let (mut spec, mut observed, mut stat, mut form) = (None, None, None, Form::Person);
    let mut backup = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut file = || arguments.next().ok_or(format!("{argument} needs a file\n{USAGE}"));
        match argument.as_str() {
            "--spec" => spec = Some(file()?),
            "--observed" => observed = Some(file()?),
            "--stat" => stat = Some(file()?),
            "--backup" => backup = Some(Backup::read(&file()?)?),
            "--json" => form = Form::Json,
            "--script" => form = Form::Script,
            _ => return Err(format!("unknown argument {argument}\n{USAGE}").into()),
        }
    }
    match (spec, observed, stat) {
        (None, None, None) => Ok((Host::forge(), Some(backup.unwrap_or_else(Backup::forge)), form)),
        (Some(spec), Some(observed), stat) => {
            Ok((Host::read(&spec, &observed, stat.as_deref())?, backup, form))
        }
        _ => Err(format!("--spec and --observed go together\n{USAGE}").into()),
    }
}
