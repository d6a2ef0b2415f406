//! On a real OpenZFS, in a virtual machine: the recorded scenarios, and a whole host, by `examples/converge.rs`.
//!
//! The machine is run by `tools/zfs-vm`, or by the program that the environment variable `ZFS_VM` names: it takes
//! `run --share FOLDER SCRIPT`, shows the folder as `/mnt/share`, and passes output and exit status on.
#![cfg(feature = "exec")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "convergence/scenario.rs"]
mod scenario;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dataset_plan::Spec;

const FORGE: &str = include_str!("../../examples/hosts/forge.toml");
const RECORD: &str = include_str!("../../examples/hosts/record");

/// Pools of former runs are destroyed, and those that are asked for made of sparse files.
const HEAD: &str = r#"#!/bin/bash
set -u
export LC_ALL=C
cd /mnt/share || exit
pools() {
    for old in $(zpool list -H -o name); do zpool destroy -f "$old"; done
    for new; do
        rm -f "/tmp/$new.vdev"
        truncate -s 256M "/tmp/$new.vdev"
        zpool create -f "$new" "/tmp/$new.vdev" || exit
    done
}
converge() {
    ./converge "$2" >log 2>&1
    echo "result: $1: $? $(tail -n 1 log)"
    cat log
}
"#;

fn program() -> Option<PathBuf> {
    if let Some(program) = std::env::var_os("ZFS_VM") {
        return Some(program.into());
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/zfs-vm");
    let built = Command::new(&program).arg("info").output().is_ok_and(|info| info.status.success());
    built.then_some(program)
}

/// What `cargo test` built beside this test.
fn converge() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/converge")
}

/// The users that own directories, for machines that have none.
fn users() -> String {
    let desired = Spec::from_toml(FORGE).unwrap().expand().unwrap();
    let wants = desired.datasets.values();
    let names: BTreeSet<&String> =
        wants.flat_map(|want| want.owner.iter().chain(&want.group)).collect();
    let mut text = String::new();
    for (n, name) in names.iter().enumerate() {
        let number = 3000 + n;
        writeln!(text, "grep -q '^{name}:' /etc/passwd || echo '{name}:x:{number}:{number}::/:/bin/sh' >>/etc/passwd").unwrap();
        writeln!(text, "grep -q '^{name}:' /etc/group || echo '{name}:x:{number}:' >>/etc/group")
            .unwrap();
    }
    text
}

#[test]
fn on_a_real_openzfs_one_apply_reaches_the_goal() {
    let (Some(program), Some(scenarios)) = (program(), scenario::scenarios()) else {
        println!(
            "skipped: on_a_real_openzfs_one_apply_reaches_the_goal (no virtual machine: tools/zfs-vm build)"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::copy(converge(), folder.path().join("converge")).unwrap();
    let mut script = HEAD.to_owned();
    for (n, scenario) in scenarios.iter().enumerate() {
        write(&format!("{n}.toml"), &scenario.spec());
        let pools: Vec<&str> = scenario.pools().into_iter().collect();
        writeln!(script, "pools {}\n{}", pools.join(" "), scenario.commands()).unwrap();
        writeln!(script, "converge {} {n}.toml", scenario.name).unwrap();
    }
    write("forge.toml", FORGE);
    write("record", RECORD);
    script.push_str(&users());
    script.push_str("pools\nmkdir recorded\nsh ./record forge recorded >log 2>&1 || cat log\n");
    script.push_str("converge forge forge.toml\nconverge again forge.toml\n");
    write("script", &script);
    let run = Command::new(program)
        .args(["run", "--share"])
        .arg(folder.path())
        .arg(folder.path().join("script"))
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&run.stdout);
    let results: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("result: ")).collect();
    for result in &results {
        println!("{result}");
    }
    assert_eq!(
        results.len(),
        scenarios.len() + 2,
        "{out}\n{}",
        String::from_utf8_lossy(&run.stderr)
    );
    for (scenario, result) in scenarios.iter().zip(&results) {
        let wanted = if scenario.refused { "2 refused: " } else { "0 converged: " };
        let wanted = format!("{}: {wanted}", scenario.name);
        assert!(result.starts_with(&wanted), "{result}\n{out}");
    }
    assert!(results[scenarios.len()].starts_with("forge: 0 converged: "), "{out}");
}
