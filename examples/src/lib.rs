//! What the examples share: a host's file, and how a program that shows plans talks to a person.

pub mod backup;
pub mod host;
pub mod lost_pool;
pub mod machine;
pub mod nix;
pub mod protection;

use std::error::Error;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

pub use host::{HOSTS, Host, Report};
pub use machine::Machine;

/// A message for the person who ran the program.
pub type Failure = Box<dyn Error>;

/// How a program ends: well if it went well, or if whoever reads has seen enough; else with the message.
pub fn exit(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    if failure
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    {
        return ExitCode::SUCCESS;
    }
    eprintln!("{failure}");
    ExitCode::FAILURE
}

/// Whether to print in colour: to a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
pub fn color() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !refused
}
