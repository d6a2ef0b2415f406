//! How much memory it takes to read what a fleet has set, and to plan for it.
//!
//! `cargo run --release -p benches --example memory [DATASETS]` writes the observation (`zfs get -Hp -s local,received,none`)
//! and the declaration into a temporary directory, and does each of these in a process of its own, which tells its peak
//! (`VmHWM` of `/proc/self/status`) at the end:
//!
//! * `text`: the observation's text alone;
//! * `read`: reading it;
//! * `declare`: the declaration alone;
//! * `plan`: all of it, and planning. The declaration comes first: what it takes to read it is free again before the
//!   observation is there.

use std::path::Path;
use std::process::Command;
use std::{env, error, fs};

use benches::{fleet, zfs_get_set};
use dataset_plan::{Observed, Policy, Spec, plan};

const MODES: [&str; 4] = ["text", "read", "declare", "plan"];

fn main() -> Result<(), Box<dyn error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => all(50_000),
        [count] => all(count.parse()?),
        [mode, directory, ..] => one(mode, Path::new(directory)),
    }
}

fn all(datasets: usize) -> Result<(), Box<dyn error::Error>> {
    let directory = tempfile::tempdir()?;
    fs::write(directory.path().join("observed"), zfs_get_set(datasets))?;
    fs::write(directory.path().join("declared"), serde_json::to_vec(&fleet(datasets))?)?;
    println!("{datasets} datasets");
    for mode in MODES {
        Command::new(env::current_exe()?).arg(mode).arg(directory.path()).status()?;
    }
    Ok(())
}

fn one(mode: &str, directory: &Path) -> Result<(), Box<dyn error::Error>> {
    let observed = || fs::read(directory.join("observed"));
    let declared = || fs::read_to_string(directory.join("declared"));
    let result = match mode {
        "text" => format!("{} bytes", observed()?.len()),
        "read" => {
            let observed = Observed::from_zfs_get_set(observed()?)?;
            format!("{} datasets", observed.datasets().count())
        }
        "declare" => format!("{} datasets", Spec::from_json(&declared()?)?.utility.len()),
        _ => {
            let spec = Spec::from_json(&declared()?)?;
            let observed = Observed::from_zfs_get_set(observed()?)?;
            let plan = plan(&spec, &observed, &Policy::default())?;
            format!("{} steps", plan.steps().len())
        }
    };
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown");
    println!("{mode:8} {result:>20}  peak {}", peak.trim());
    Ok(())
}
