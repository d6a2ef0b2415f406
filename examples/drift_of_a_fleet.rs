//! What is not as declared, on a thousand machines, from one process?
//!
//! ```text
//! cargo run --release --example drift_of_a_fleet            1,000 machines like forge
//! cargo run --release --example drift_of_a_fleet -- 250     fewer
//! ```
//!
//! Each machine's observation is read from what `zfs get` prints, as it would come over a connection, and each has drifted in its
//! own way. Threads share nothing but the declaration.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use dataset_plan::drift::{Cause, drift};
use dataset_plan::{Observed, Spec};
use examples::{Failure, Host};

const OBSERVED: &str = include_str!("hosts/forge.get");

/// What machine number `n` prints: somebody has set the compression of one of its datasets, and every tenth has lost one.
fn printed(n: usize) -> String {
    let names: Vec<&str> =
        OBSERVED.lines().filter_map(|line| line.strip_suffix("\ttype\tfilesystem\t-\t-")).collect();
    let changed = names.get(n % names.len().max(1)).copied().unwrap_or_default();
    let lines =
        OBSERVED.lines().filter(|line| n % 10 != 0 || !line.starts_with("tank/services/sonarr\t"));
    let compression = format!("{changed}\tcompression\t");
    let changed = |line: &str| {
        if line.starts_with(&compression) {
            format!("{compression}gzip-9\t-\tlocal\n")
        } else {
            format!("{line}\n")
        }
    };
    lines.map(changed).collect()
}

type Causes = BTreeMap<Cause, usize>;

/// The drift of some machines, counted by cause.
fn look(spec: &Spec, machines: &[String]) -> Result<Causes, String> {
    let mut causes = Causes::new();
    for text in machines {
        let observed =
            Observed::from_zfs_get(text.as_bytes()).map_err(|error| error.to_string())?;
        for found in drift(spec, &observed).map_err(|problems| problems.to_string())? {
            *causes.entry(found.cause).or_default() += 1;
        }
    }
    Ok(causes)
}

/// All machines, shared out among the processors.
fn fleet(spec: &Spec, machines: &[String]) -> Result<Causes, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = machines.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            machines.chunks(share).map(|part| scope.spawn(move || look(spec, part))).collect();
        let mut all = Causes::new();
        for worker in workers {
            for (cause, count) in worker.join().map_err(|_| "a thread ended early")?? {
                *all.entry(cause).or_default() += count;
            }
        }
        Ok(all)
    })
}

fn run() -> Result<(), Failure> {
    let count: usize = std::env::args().nth(1).map_or(Ok(1000), |word| word.parse())?;
    let spec = Host::forge()?.datasets;
    let machines: Vec<String> = (0..count).map(printed).collect();
    let bytes: usize = machines.iter().map(String::len).sum();
    println!("{count} machines, {} MB of output of zfs get", bytes / 1_000_000);
    // A quarter, a half, all: as long for each machine.
    for part in [count / 4, count / 2, count] {
        let machines = machines.get(..part).unwrap_or_default();
        let start = Instant::now();
        let causes = fleet(&spec, machines)?;
        let took = start.elapsed();
        let each = took.as_micros() / u128::try_from(part.max(1))?;
        let found: Vec<String> =
            causes.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
        println!(
            "{part:>5} machines in {:>5} ms, {each} µs each: {}",
            took.as_millis(),
            found.join(", ")
        );
    }
    Ok(())
}

fn main() -> ExitCode {
    examples::exit(run())
}
