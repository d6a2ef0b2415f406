//! Machines are booted twice: what was written in the first boot is there in the second exactly if `fate` said so.
//!
//! Roots are tmpfs in a private mount namespace, directories are disks; the layout is carried out by `exec`, as root,
//! and again without privileges in a user namespace. `-- --nocapture` shows what was compared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

#[path = "boots/machine.rs"]
mod machine;
#[path = "boots/namespace.rs"]
mod namespace;
#[path = "boots/services.rs"]
mod services;

use impermanence_model::Host;
use machine::Machine;

#[test]
fn smoke() {
    let host = Host::from_toml(r#"
name = "t"
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
directories = ["Downloads", ".local/share/x"]
files = [".zshrc"]
[host]
directories = ["/var/log", "/var/lib/nixos", { path = "/var/lib/caddy", owner = "caddy", group = "caddy", mode = "0750" }]
files = ["/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key", "/etc/passwd"]
"#).unwrap();
    let layout = host.resolve().unwrap();
    for s in layout.steps() { println!("{:?}", s); }
    namespace::isolated(move || {
        let machine = Machine::new(host, layout);
        let running = machine.boot();
        println!("{:?}", running.applied);
        let verify = running.world.verify(&machine.layout, impermanence_model::stage::Stage::Late).unwrap();
        println!("{verify:?}");
        println!("{}", String::from_utf8_lossy(&std::process::Command::new("find").arg(machine.root()).args(["-printf","%P %y %m %U:%G\n"]).output().unwrap().stdout));
        let w = services::run(&machine);
        println!("{:?}", w.keys());
        running.shut_down();
        let again = machine.boot();
        services::inside(&machine, || for (p, c) in &w { println!("{p} {}", std::fs::read(p.as_path()).is_ok_and(|f| f == *c)); });
        let un = again.world.undo(&machine.layout, &again.applied);
        println!("{un:?}");
    }).unwrap();
}
