//! Machines are booted twice: what was written in the first boot is there in the second exactly if `fate` said so.
//!
//! Roots are tmpfs in a private mount namespace, directories are disks; the layout is carried out by `exec`, as root,
//! and again without privileges in a user namespace. `-- --nocapture` shows what was compared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

#[path = "boots/declared.rs"]
mod declared;
#[path = "boots/machine.rs"]
mod machine;
#[path = "boots/namespace.rs"]
mod namespace;
#[path = "boots/peers.rs"]
mod peers;
#[path = "boots/services.rs"]
mod services;
#[path = "boots/twice.rs"]
mod twice;

use declared::{BOOT, Declared, USERS, USUAL};
use impermanence_model::Host;

fn read(declared: &Declared) -> Host {
    let usual = if declared.toml.contains("[root]") { "" } else { USUAL };
    let users = if declared.toml.contains("[users.") || declared.toml.contains("[groups]") { "" } else { USERS };
    let text = format!("name = \"{}\"\n{usual}{users}{}", declared.name, declared.toml);
    let text = text.replacen("[stores.\"/persist\"]\n", "", usize::from(declared.toml.contains("persistent-root"))); 
    Host::from_toml(&text).unwrap_or_else(|problems| panic!("{}:\n{problems}", declared.name))
}

#[test]
fn declared_hosts() {
    for declared in &BOOT {
        let host = read(declared);
        match host.resolve() {
            Ok(layout) => { let r = namespace::isolated(move || twice::boot(host, layout)); println!("{}: {:?}", declared.name, r); }
            Err(p) => println!("{}: REFUSED\n{p}", declared.name),
        }
    }
}

#[test]
fn peers_hosts() {
    for peer in peers::hosts() {
        match peer.host.and_then(|host| Ok((host.resolve()?, host))) {
            Ok((layout, host)) => { let r = namespace::isolated(move || twice::boot(host, layout)); println!("{} {}: {:?}", peer.n, peer.name, r); }
            Err(p) => println!("{} {}: REFUSED\n{p}", peer.n, peer.name),
        }
    }
}
