use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::{is_there, layouts};

/// systemd takes every unit: names, values, and an order without circles once they are enabled.
#[test]
fn systemd_takes_the_units() {
    if !is_there("systemd_takes_the_units", "systemd-analyze") {
        return;
    }
    let (mut verified, mut seen) = (0, BTreeSet::new());
    for (host, layout) in layouts() {
        let Ok(units) = layout.systemd_mounts() else { continue };
        // The generated ones differ little.
        if host.name.starts_with("seed") && seen.len() > 50 {
            continue;
        }
        seen.insert(host.name.clone());
        let folder = tempfile::tempdir().unwrap();
        for unit in &units {
            fs::write(folder.path().join(unit.name()), unit.text()).unwrap();
            for line in unit.text().lines() {
                if let Some(target) = line.strip_prefix("RequiredBy=") {
                    let wants = folder.path().join(format!("{target}.requires"));
                    fs::create_dir_all(&wants).unwrap();
                    symlink(format!("../{}", unit.name()), wants.join(unit.name())).unwrap();
                }
            }
        }
        if units.is_empty() {
            continue;
        }
        let mut tool = Command::new("systemd-analyze");
        tool.args(["verify", "--man=no", "multi-user.target"]);
        tool.args(units.iter().map(|unit| format!("./{}", unit.name())));
        tool.current_dir(folder.path()).env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()));
        let output = tool.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let about_us = |line: &&str| {
            line.contains("cycle") || units.iter().any(|unit| line.contains(unit.name()))
        };
        let complaints: Vec<_> = said.lines().filter(about_us).collect();
        assert!(complaints.is_empty(), "{}:\n{}", host.name, complaints.join("\n"));
        verified += units.len();
    }
    println!("systemd-analyze verify: {verified} units of {} hosts", seen.len());
    assert!(verified > 100);
}

/// In the initrd, everything is below /sysroot.
#[test]
fn units_of_the_initrd_are_below_sysroot() {
    let mut count = 0;
    for (_, layout) in layouts() {
        for unit in layout.initrd_mounts().into_iter().flatten() {
            assert!(unit.name().starts_with("sysroot"), "{}", unit.name());
            let place = unit.text().lines().find_map(|line| line.strip_prefix("Where=")).unwrap();
            assert!(place.starts_with("/sysroot/") || place == "%f", "{place}");
            count += 1;
        }
        let lines = layout.initrd_tmpfiles().map(|lines| lines.to_string()).unwrap_or_default();
        assert!(lines.lines().all(|line| line.contains("\"/sysroot/")), "{lines}");
    }
    assert!(count > 20);
}
