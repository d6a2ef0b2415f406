//! Makes this machine what a declaration says, by the real `zfs`, and looks again whether it is.
//!
//! ```text
//! cargo run -p dataset-plan --features exec --example converge -- SPEC (TOML or JSON)
//! ```
//!
//! The last line of its output says how it went, as `converged: 12 steps, 0 failed, 0 blocked`; exit status 0: nothing
//! is left to do, 2: the declaration was refused before anything was run, 1: anything else.

use std::error::Error;
use std::process::ExitCode;

use dataset_plan::exec::Cli;
use dataset_plan::{Policy, Spec, plan, verify};

const USAGE: &str = "usage: converge SPEC.toml";

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or(USAGE)?;
    let text = std::fs::read_to_string(&file)?;
    let json = text.trim_start().starts_with('{');
    let spec = match if json { Spec::from_json(&text) } else { Spec::from_toml(&text) } {
        Ok(spec) => spec,
        Err(problems) => {
            println!("{problems}\nrefused: the declaration has problems");
            return Ok(ExitCode::from(2));
        }
    };
    let mut cli = Cli::new();
    let observed = cli.observe_directories(cli.observe()?)?;
    let first = plan(&spec, &observed, &Policy::default())?;
    print!("{}", first.table());
    if first.is_empty() && !first.blocked().is_empty() {
        println!("refused: {} blocked, nothing to do besides", first.blocked().len());
        return Ok(ExitCode::from(2));
    }
    let outcome = cli.apply(&first, |progress| {
        eprintln!("{}/{} {}", progress.done + 1, progress.all, progress.step.command());
    });
    let now = cli.observe_directories(outcome.now?)?;
    if let Some(interrupted) = outcome.interrupted {
        return Err(interrupted.into());
    }
    let second = plan(&spec, &now, &Policy::default())?;
    let (steps, blocked) = (first.steps().len(), second.blocked().len());
    if !second.is_empty() {
        println!("{second}\nnot converged: {} steps are left", second.steps().len());
        return Ok(ExitCode::FAILURE);
    }
    print!("{}", verify(&spec, &now)?);
    println!("converged: {steps} steps, 0 failed, {blocked} blocked");
    Ok(ExitCode::SUCCESS)
}
