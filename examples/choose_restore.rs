//! Which copy of a service should come back, given what the tools say is there?
//!
//! ```text
//! cargo run --example choose_restore                           what the tools said about sonarr, once
//! cargo run --example choose_restore -- LOCAL REPLICA RESTIC   what they say now, in files:
//!     zfs list -Hp -t snapshot -o name,guid,createtxg,creation,written -r tank/services      > LOCAL
//!     ssh nas-1 zfs list (the same) -r backup/forge/zfs-recv                                 > REPLICA
//!     restic snapshots --json                                                                > RESTIC
//! ```
//!
//! A file that is not there is a tool that failed: that is not the same as having said that there is nothing.

use std::collections::BTreeMap;
use std::process::ExitCode;

use examples::{Failure, Host};
use restore_chain::Candidates;
use restore_chain::candidates::{Kind, Order, Policy, Seen, restic};
use restore_chain::lineage::{Lineage, read};
use zfs_props::DatasetName;

const NOW: &str = "2026-11-21T12:00:00Z";
const COLUMNS: &str = "name,guid,createtxg,creation,written";

const LOCAL: &str = "tank/services/sonarr@autosnap_2026-11-20_00:00:00_daily\t11\t900\t1795132800\t1000000\n\
     tank/services/sonarr@backup-sonarr\t15\t990\t1795254000\t4096\n";
const REPLICA: &str = "backup/forge/zfs-recv/sonarr@autosnap_2026-11-20_00:00:00_daily\t11\t100\t1795132800\t900000000\n\
     backup/forge/zfs-recv/sonarr@autosnap_2026-11-21_09:00:00_hourly\t14\t120\t1795251600\t500000000\n";
const RESTIC: &str = r#"[
  {"id":"4bba301e00000000000000000000000000000000000000000000000000000000","time":"2026-11-21T03:10:00Z","hostname":"forge",
   "paths":["/var/lib/backup-snapshots/sonarr"],"tags":["media","sonarr"]},
  {"id":"79766175000000000000000000000000000000000000000000000000000000aa","time":"2026-11-21T11:59:00Z","hostname":"luna",
   "paths":["/var/lib/backup-snapshots/sonarr"],"tags":["media","sonarr"]}
]"#;

/// What a tool printed: read, failed, or printed what cannot be read.
fn seen<T, E: ToString>(
    text: Result<String, String>,
    read: impl Fn(&str) -> Result<T, E>,
) -> Seen<T> {
    match text.and_then(|text| read(&text).map_err(|error| error.to_string())) {
        Ok(here) => Seen::Here(here),
        Err(error) => Seen::Failed(error),
    }
}

fn run() -> Result<(), Failure> {
    let spec = Host::forge()?.restore;
    let service = spec.services.get("sonarr").ok_or("sonarr is declared")?;
    let files: Vec<String> = std::env::args().skip(1).collect();
    let text = |nth: usize, sample: &str| match files.get(nth) {
        Some(file) => std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}")),
        None => Ok(sample.to_owned()),
    };
    let now = if files.is_empty() { NOW.parse()? } else { jiff::Timestamp::now() };
    let table =
        |text: &str| -> Result<BTreeMap<DatasetName, Lineage>, _> { read::table(text, COLUMNS) };

    let mut inventory = spec.inventory(now);
    inventory.local = seen(text(0, LOCAL), table);
    for replica in &mut inventory.replicas {
        replica.datasets = seen(text(1, REPLICA), table);
    }
    for repository in &mut inventory.repositories {
        repository.snapshots = seen(text(2, RESTIC), restic::read);
    }

    let found = Candidates::discover(&inventory, service);
    let policies = [
        ("the freshest", Policy::default()),
        (
            "by kind",
            Policy { order: Order::Fixed(vec![Kind::Local, Kind::Restic]), ..Policy::default() },
        ),
        (
            "the fastest that loses a day at most",
            Policy { order: Order::FastestWithin(86_400), ..Policy::default() },
        ),
        ("nothing older than an hour", Policy { max_age: Some(3600), ..Policy::default() }),
    ];
    for (name, policy) in policies {
        println!("{name}:");
        match found.choose(&policy) {
            Ok(choice) => {
                println!("  {}", choice.to_string().replace('\n', "\n  "));
                if let Some(first) = choice.chain.first() {
                    let needs: Vec<String> = first.needs.iter().map(ToString::to_string).collect();
                    println!("  it needs {}", needs.join(", "));
                }
            }
            Err(none) => println!("  {none}"),
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    examples::exit(run())
}
