//! From a host's declaration to a plan, carried out in memory: the main job, on real input.
//!
//! ```text
//! cargo run --example forge                                  the host that comes with the examples
//! cargo run --example forge -- --host FILE --observed FILE   a host of yours; perhaps with
//!                              --stat FILE                   who owns its mounted directories
//!                              --json | --script             the plan alone, for a program or a shell
//! ```

use std::io::{self, Write};
use std::process::ExitCode;

use dataset_plan::{Policy, plan, sim};
use examples::{Failure, Machine, backup, color};
use jiff::Timestamp;

const USAGE: &str = "usage: forge [--host FILE --observed FILE [--stat FILE]] [--json | --script]";

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
    let (machine, form) = arguments()?;
    let (spec, observed) = (&machine.host.datasets, &machine.observed);
    let plan = plan(spec, observed, &Policy::default())?;
    let mut out = io::stdout().lock();
    match form {
        Form::Json => writeln!(out, "{}", serde_json::to_string_pretty(&plan)?)?,
        Form::Script => write!(out, "{}", plan.script())?,
        Form::Person => {
            writeln!(out, "The declaration has no problems.\n")?;
            writeln!(out, "{}", plan.tree().color(color()))?;

            let mut zfs = sim::Zfs::from(observed);
            plan.apply(&mut zfs)?;
            let again = dataset_plan::plan(spec, &zfs.observe(), &Policy::default())?;
            let done = format!("Carried out in memory: {} steps.", plan.steps().len());
            if !again.is_empty() {
                return Err(format!("{done} Planned again, this is left:\n{again}").into());
            }
            writeln!(out, "{done} Planned again: nothing is left to do.")?;

            let inventory = machine.inventory(&zfs.observe())?;
            writeln!(out, "\nWhat protects it then:\n")?;
            let now = Timestamp::from_second(RECORDED)?;
            backup::report(&mut out, &machine.host.backup, &inventory, now)?;
        }
    }
    Ok(())
}

fn arguments() -> Result<(Machine, Form), Failure> {
    let (mut host, mut observed, mut stat, mut form) = (None, None, None, Form::Person);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut file = || arguments.next().ok_or(format!("{argument} needs a file\n{USAGE}"));
        match argument.as_str() {
            "--host" => host = Some(file()?),
            "--observed" => observed = Some(file()?),
            "--stat" => stat = Some(file()?),
            "--json" => form = Form::Json,
            "--script" => form = Form::Script,
            _ => return Err(format!("unknown argument {argument}\n{USAGE}").into()),
        }
    }
    match (host, observed, stat) {
        (None, None, None) => Ok((Machine::forge()?, form)),
        (Some(host), Some(observed), stat) => {
            Ok((Machine::read(&host, &observed, stat.as_deref())?, form))
        }
        _ => Err(format!("--host and --observed go together\n{USAGE}").into()),
    }
}
