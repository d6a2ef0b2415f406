//! Does this path survive a reboot, and why?
//!
//! ```text
//! cargo run --example explain_path -- PATH...                    on luna
//! cargo run --example explain_path -- --host HOST.toml PATH...   on a host of yours
//! ```
//!
//! Exit status 1 if any of them does not.

use std::process::ExitCode;

use examples::machine::read_host;
use examples::{Failure, Host};
use impermanence_model::{Fate, Layout};

fn run() -> Result<ExitCode, Failure> {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    let mut host = None;
    if paths.first().is_some_and(|word| word == "--host") {
        let file = paths.get(1).ok_or("usage: explain_path [--host HOST.toml] PATH...")?;
        host = Some(read_host(file)?);
        paths.drain(..2);
    }
    if paths.is_empty() {
        let some = [
            "/var/lib/caddy/acme/luna.crt",
            "/home/ryan/.ssh/id_ed25519",
            "/var/lib/unify/db",
            "/var/lib",
            "/tmp/x",
        ];
        paths.extend(some.map(str::to_owned));
    }
    let layout = host.map_or_else(Host::luna, Ok)?.layout;
    let lost = paths.iter().filter(|path| !explain(&layout, path)).count();
    Ok(if lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what becomes of a path; whether it survives.
fn explain(layout: &Layout, path: &str) -> bool {
    let fate = layout.fate(path);
    println!("{path}\n  {fate}");
    match &fate {
        Fate::Survives(how) => {
            // What a backup has to read, and what to look at on a rescue system.
            if let Some(kept) = how.kept_at() {
                println!("  it is kept at {kept}");
            }
            if let Some(entry) = how.entry {
                println!("  the entry belongs to {} with mode {}", entry.owner, entry.mode);
            }
        }
        Fate::Lost(loss) => {
            if let (Some(nearest), None) = (loss.nearest(), loss.on_purpose()) {
                println!("  did you mean something in {nearest}?");
            }
        }
        _ => {}
    }
    fate.survives()
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(failure) => examples::exit(Err(failure)),
    }
}
