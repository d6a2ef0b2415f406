//! How does my own program carry out a plan: over its own connection, with its own log, and with a stop in between?
//!
//! ```text
//! cargo run --example own_executor
//! ```
//!
//! The connection here is a stand-in that breaks at the fortieth command; what it reaches is the simulator. Planning again goes on
//! from there.

use std::process::ExitCode;
use std::time::Duration;

use dataset_plan::apply::World;
use dataset_plan::{Observed, Policy, Spec, Step, plan, sim};
use examples::{Failure, Machine};

/// A connection to a machine.
struct Remote {
    machine: sim::Zfs,
    log: Vec<String>,
    breaks_at: usize,
}

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the connection broke")]
    Connection,
    #[error("{0}")]
    Refused(#[from] sim::Refusal),
}

impl World for Remote {
    type Error = Broken;

    fn run(&mut self, step: &Step) -> Result<(), Broken> {
        if self.log.len() == self.breaks_at {
            self.breaks_at = usize::MAX;
            return Err(Broken::Connection);
        }
        // A program of yours would send this list of words: `step.command().argv()`. No shell takes part.
        self.log.push(step.command().to_string());
        World::run(&mut self.machine, step)?;
        Ok(())
    }
}

/// Plans and applies until nothing is left, a few times at most.
fn converge(spec: &Spec, mut observed: Observed, remote: &mut Remote) -> Result<usize, Failure> {
    for attempt in 1..=5 {
        let plan = plan(spec, &observed, &Policy::default())?;
        if plan.is_empty() {
            return Ok(attempt - 1);
        }
        println!("attempt {attempt}: {} steps", plan.steps().len());
        let result = plan.apply_with(remote, |progress| {
            if progress.done % 30 == 0 {
                println!("  {}/{} {}", progress.done + 1, progress.all, progress.step.command());
            }
        });
        if let Err(interrupted) = result {
            println!("  {interrupted}");
            std::thread::sleep(Duration::from_millis(1 << attempt));
        }
        // Never from memory: what is there now is looked at.
        observed = remote.machine.observe();
    }
    Err("still not as declared; something works against it".into())
}

fn run() -> Result<(), Failure> {
    let Machine { host, observed } = Machine::forge()?;
    let mut remote = Remote { machine: sim::Zfs::from(&observed), log: Vec::new(), breaks_at: 40 };
    let attempts = converge(&host.datasets, observed, &mut remote)?;
    println!(
        "as declared after {attempts} attempts and {} commands, none of them twice",
        remote.log.len()
    );
    let mut log = remote.log;
    log.sort();
    if log.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err("a command was sent twice".into());
    }
    Ok(())
}

fn main() -> ExitCode {
    examples::exit(run())
}
