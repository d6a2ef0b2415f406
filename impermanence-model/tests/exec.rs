//! `exec` against the kernel: what it refuses, what it mounts, what it finds, and how it takes things back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

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

#[path = "exec/audit.rs"]
mod audit;
#[path = "exec/change.rs"]
mod change;
#[path = "exec/files.rs"]
mod files;
#[path = "exec/found.rs"]
mod found;
#[path = "exec/mounts.rs"]
mod mounts;
#[path = "exec/resume.rs"]
mod resume;
#[path = "exec/users.rs"]
mod users;

use impermanence_model::{AbsolutePath, Host};
use machine::Machine;

/// A tmpfs root, a store on a disk, and what is added.
const USUAL: &str = r#"
[root]
kind = "tmpfs"
[fileSystems."/persist"]
device = "/dev/vda"
fsType = "ext4"
neededForBoot = true
[stores."/persist"]
[users.alice]
uid = 1000
group = "users"
[groups]
users = 100
"#;

/// The machine of a declaration.
fn machine(toml: &str) -> Machine {
    let host = Host::from_toml(&format!("{USUAL}{toml}")).unwrap();
    let layout = host.resolve().unwrap();
    Machine::new(host, layout)
}

/// Runs a test with mounts of its own, as root.
fn as_root(name: &str, test: impl FnOnce() + Send) {
    if !nix::unistd::geteuid().is_root() {
        return namespace::skipped(name, "not root");
    }
    if let Err(why) = namespace::isolated(test) {
        namespace::skipped(name, &why);
    }
}

fn at(path: &str) -> AbsolutePath {
    path.parse().unwrap()
}
