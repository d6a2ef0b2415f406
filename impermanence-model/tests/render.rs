//! What is rendered, read by the tools that it is for: systemd 252 or later, util-linux, and the kernel.
//!
//! The hosts are those of the boots. `-- --nocapture` shows what was compared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

#[path = "boots/declared.rs"]
#[allow(dead_code)]
mod declared;
#[path = "boots/generated.rs"]
#[allow(dead_code)]
mod generated;
#[path = "boots/machine.rs"]
#[allow(dead_code)]
mod machine;
#[path = "boots/namespace.rs"]
#[allow(dead_code)]
mod namespace;
#[path = "boots/services.rs"]
#[allow(dead_code)]
mod services;

#[path = "render/fstab.rs"]
mod fstab;
#[path = "render/nixos.rs"]
mod nixos;
#[path = "render/tmpfiles.rs"]
mod tmpfiles;
#[path = "render/units.rs"]
mod units;

use std::process::Command;

use impermanence_model::{Host, Layout};

/// All hosts that resolve.
fn layouts() -> Vec<(Host, Layout)> {
    let declared = declared::BOOT.iter().map(|declared| declared.read().unwrap());
    let generated = (0..60).filter_map(|seed| generated::host(seed, false).ok());
    declared
        .chain(generated)
        .filter_map(|host| Some((host.clone(), host.resolve().ok()?)))
        .collect()
}

/// Whether a tool is there; says loudly if it is not.
fn is_there(test: &str, program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        namespace::skipped(test, &format!("no {program}"));
    }
    found
}
