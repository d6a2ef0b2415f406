//! On a real OpenZFS, in a virtual machine: the recorded scenarios, and a whole host, by `examples/converge.rs`.
//!
//! The machine is run by `tools/zfs-vm`, or by the program that the environment variable `ZFS_VM` names: it takes
//! `run --share FOLDER SCRIPT`, shows the folder as `/mnt/share`, and passes output and exit status on.
#![cfg(all(feature = "exec", feature = "serde"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "convergence/scenario.rs"]
#[allow(dead_code, reason = "one test runs them in memory, the other one for real")]
mod scenario;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dataset_plan::Spec;

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

/// What `cargo test` builds beside this test; `cargo test --test live` alone does not.
fn converge() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/converge")
}

/// What forge declares.
fn forge() -> Spec {
    Spec::from_node(&testing::hosts::table("forge", "datasets")).unwrap()
}

/// The users and groups that own directories, as lines of `/etc/passwd` and `/etc/group`.
fn accounts() -> (String, String) {
    let spec = forge();
    let desired = spec.expand().unwrap();
    let wants = desired.datasets.values();
    let names = wants.flat_map(|want| want.owner.into_iter().chain(want.group));
    let names: BTreeSet<&str> = names.filter(|name| *name != "root").collect();
    let (mut users, mut groups) = (String::new(), String::new());
    for (name, number) in names.into_iter().zip(3000..) {
        writeln!(users, "{name}:x:{number}:{number}::/:/bin/sh").unwrap();
        writeln!(groups, "{name}:x:{number}:").unwrap();
    }
    (users, groups)
}

/// Runs a script in the machine, with these files beside it, and gives the results that it prints.
fn run(name: &str, script: &str, files: &[(&str, &str)]) -> Option<Vec<String>> {
    let Some(program) = testing::vm::program() else {
        println!("skipped: {name} (no virtual machine: tools/zfs-vm build)");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::copy(converge(), folder.path().join("converge")).unwrap();
    let script = format!("{HEAD}{script}");
    for (name, text) in files.iter().chain(&[("script", script.as_str())]) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let run = Command::new(program)
        .args(["run", "--timeout", "600", "--share"])
        .arg(folder.path())
        .arg(folder.path().join("script"))
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&run.stdout);
    println!("{out}");
    let errors = String::from_utf8_lossy(&run.stderr);
    // The machine was too slow, or broke down: that says nothing about what ran in it.
    if let Some(124 | 125) = run.status.code() {
        println!("skipped: {name} (the virtual machine did not get to the end: {errors})");
        return None;
    }
    assert!(run.status.success(), "{errors}");
    Some(out.lines().filter_map(|line| line.strip_prefix("result: ")).map(str::to_owned).collect())
}

#[test]
fn one_apply_reaches_the_goal_and_the_impossible_is_refused_before_any_command() {
    let scenarios = scenario::scenarios().unwrap_or_default();
    let (mut script, mut specs) = (String::new(), Vec::new());
    for (n, scenario) in scenarios.iter().enumerate() {
        specs.push((format!("{n}.toml"), scenario.spec()));
        let pools: Vec<&str> = scenario.pools().into_iter().collect();
        writeln!(script, "pools {}\n{}", pools.join(" "), scenario.commands()).unwrap();
        writeln!(script, "converge {} {n}.toml", scenario.name).unwrap();
    }
    let files: Vec<_> = specs.iter().map(|(name, spec)| (name.as_str(), spec.as_str())).collect();
    let Some(results) = run("convergence of recorded scenarios", &script, &files) else { return };
    assert_eq!(results.len(), scenarios.len());
    for (scenario, result) in scenarios.iter().zip(&results) {
        let wanted = if scenario.refused { "2 refused: " } else { "0 converged: " };
        assert!(result.starts_with(&format!("{}: {wanted}", scenario.name)), "{result}");
    }
}

#[test]
fn one_apply_makes_a_half_built_host_what_it_declares() {
    let script = "\
        cat passwd >>/etc/passwd\ncat group >>/etc/group\n\
        pools\nmkdir recorded\nsh ./record forge recorded >log 2>&1 || cat log\n\
        converge forge forge.json\n";
    let (passwd, group) = accounts();
    let forge = serde_json::to_string(&forge()).unwrap();
    let files =
        [("passwd", &*passwd), ("group", &*group), ("forge.json", &*forge), ("record", RECORD)];
    let Some(results) = run("convergence of a host", script, &files) else { return };
    let [result] = results.as_slice() else { panic!("{results:?}") };
    assert!(result.starts_with("forge: 0 converged: "), "{result}");
}
