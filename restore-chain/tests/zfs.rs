//! On a real OpenZFS, in a virtual machine: sends and receives between generated pairs of datasets, planned here and
//! carried out there.
//!
//! The machine is run by `tools/zfs-vm`, or by the program that the environment variable `ZFS_VM` names. `ZFS_PAIRS=N`
//! makes N pairs instead of 24; `ZFS_RECORD=FILE` keeps what was recorded, for `tests/baseline/replications.jsonl`.
#![cfg(feature = "exec")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/harness.rs"]
#[allow(dead_code, reason = "the recordings are another test's")]
mod harness;
#[path = "baseline/replications.rs"]
mod replications;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SCRIPT: &str = r#"#!/bin/bash
set -u
export LC_ALL=C
cd /mnt/share || exit
for pool in from to; do
    truncate -s 512M "/tmp/$pool.vdev"
    zpool create -f "$pool" "/tmp/$pool.vdev" || exit
done
./replications "$1" "$2" >rows.jsonl 2>said
"#;

fn machine() -> Option<PathBuf> {
    if let Some(program) = std::env::var_os("ZFS_VM") {
        return Some(program.into());
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/zfs-vm");
    let built = Command::new(&program).arg("info").output().is_ok_and(|info| info.status.success());
    built.then_some(program)
}

#[test]
fn what_is_planned_is_what_zfs_does() {
    let Some(machine) = machine() else {
        println!("skipped: zfs (no virtual machine: tools/zfs-vm build)");
        return;
    };
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples/replications");
    if !program.exists() {
        println!("skipped: zfs (the example replications is not built: `cargo test --features exec`)");
        return;
    }
    let pairs = std::env::var("ZFS_PAIRS").unwrap_or_else(|_| "24".to_owned());
    let seed = std::env::var("ZFS_SEED").unwrap_or_else(|_| "7".to_owned());
    let folder = tempfile::tempdir().unwrap();
    fs::copy(program, folder.path().join("replications")).unwrap();
    let script = folder.path().join("script");
    fs::write(&script, SCRIPT).unwrap();
    let mut run = Command::new(machine);
    run.arg("run").arg("--share").arg(folder.path()).args(["--timeout", "3600"]).arg(&script).args([&pairs, &seed]);
    let output = run.output().unwrap();
    let said = fs::read_to_string(folder.path().join("said")).unwrap_or_default();
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stderr));
    let rows = fs::read_to_string(folder.path().join("rows.jsonl")).unwrap();
    if let Some(file) = std::env::var_os("ZFS_RECORD") {
        fs::write(file, &rows).unwrap();
    }
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if row.get("_meta").is_some() {
            continue;
        }
        compared += 1;
        if let Err(difference) = replications::judge(&row) {
            wrong.push(format!("{}: {difference}", row["n"]));
        }
    }
    println!("zfs: {compared} pairs compared, {} disagree", wrong.len());
    assert!(wrong.is_empty() && compared > 0, "{}", wrong.join("\n"));
}
