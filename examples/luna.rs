//! A host whose root is thrown away: what is kept and how, what would be lost, what is missing, and the mounts.
//!
//! ```text
//! cargo run --example luna                     the host that comes with the examples
//! cargo run --example luna -- FILE             another one, in TOML or JSON
//!                             --json           the layout alone, for a program
//! ```

use std::io::{self, Write};
use std::process::ExitCode;

use examples::machine::read_host;
use examples::{Failure, Host};
use impermanence_model::{Fate, Layout};

const USAGE: &str = "usage: luna [FILE] [--json]";

/// Paths that a reader may wonder about.
const ASKED: [&str; 6] = [
    "/var/lib/caddy/certificates/acme/luna.crt",
    "/var/lib/private/AdGuardHome/data/querylog.json",
    "/var/lib/node-exporter/textfile/backup.prom",
    "/var/lib/unify/data",
    "/home/ryan/.cache/nix",
    "/home/ryan",
];

fn main() -> ExitCode {
    examples::exit(run())
}

struct Arguments {
    file: Option<String>,
    json: bool,
}

fn arguments() -> Result<Arguments, Failure> {
    let mut found = Arguments { file: None, json: false };
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--json" => found.json = true,
            file if !file.starts_with('-') && found.file.is_none() => found.file = Some(argument),
            _ => return Err(format!("unknown argument {argument}\n{USAGE}").into()),
        }
    }
    Ok(found)
}

fn run() -> Result<(), Failure> {
    let arguments = arguments()?;
    let layout = match &arguments.file {
        None => Host::luna()?.layout,
        Some(file) => read_host(file)?.layout,
    };
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&layout)?)?;
        return Ok(());
    }
    kept(&mut out, &layout)?;
    missing(&mut out, &layout)?;
    if arguments.file.is_none() {
        asked(&mut out, &layout)?;
    }
    units(&mut out, &layout)
}

fn kept(out: &mut impl Write, layout: &Layout) -> Result<(), Failure> {
    writeln!(out, "{}: / is {}\n\nKept:", layout.host(), layout.root())?;
    for entry in layout.entries() {
        let (path, owner) = (entry.path.to_string(), entry.owner.to_string());
        let (mode, via) = (entry.mode, entry.via.to_string());
        writeln!(out, "  {path:<40} {owner:<14} {mode}  {via}, {}", entry.origin)?;
    }
    writeln!(out, "\nServices:")?;
    for service in layout.by_service() {
        write!(out, "  {}", service.to_string().replace("\n  ", "\n    "))?;
    }
    Ok(())
}

fn missing(out: &mut impl Write, layout: &Layout) -> Result<(), Failure> {
    writeln!(out, "\nMissing, or odd:")?;
    for problem in layout.warnings().iter().chain(&layout.essentials()) {
        writeln!(out, "  {problem}")?;
    }
    Ok(())
}

fn asked(out: &mut impl Write, layout: &Layout) -> Result<(), Failure> {
    writeln!(out, "\nWhat becomes of")?;
    for path in ASKED {
        let mark = match layout.fate(path) {
            Fate::Survives(_) => "+",
            Fate::Recreated(_) => "o",
            _ => "-",
        };
        writeln!(out, "  {mark} {path}\n      {}", layout.fate(path))?;
    }
    Ok(())
}

fn units(out: &mut impl Write, layout: &Layout) -> Result<(), Failure> {
    writeln!(out, "\nMounts:")?;
    for unit in layout.initrd_mounts()?.iter().chain(&layout.systemd_mounts()?) {
        writeln!(out, "\n# {}\n{}", unit.name(), unit.text().trim_end())?;
    }
    Ok(())
}
