//! Machines are booted twice: what was written in the first boot is there in the second exactly if `fate` said so.
//!
//! Roots are tmpfs in a private mount namespace, directories are disks; the layout is carried out by `exec`, as root,
//! and again without privileges in a user namespace. `-- --nocapture` shows what was compared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

#[path = "boots/declared.rs"]
mod declared;
#[path = "boots/generated.rs"]
mod generated;
#[path = "boots/machine.rs"]
#[allow(dead_code, reason = "what other tests need of it as well")]
mod machine;
#[path = "boots/namespace.rs"]
mod namespace;
#[path = "boots/peers.rs"]
mod peers;
#[path = "boots/services.rs"]
mod services;
#[path = "boots/twice.rs"]
mod twice;

use impermanence_model::exec::ExecError;
use impermanence_model::layout::Layout;
use impermanence_model::stage::Stage;
use impermanence_model::{Host, Problems};

use declared::{BOOT, REFUSED};
use machine::Machine;
use namespace::{again_unprivileged, is_unprivileged, isolated, skipped};
use twice::Counts;

/// Hosts that come from seeds.
const SEEDS: u64 = 100;

/// Boots hosts twice, as root and without privileges. A host whose files are not all root's boots as root alone: a
/// namespace with one user cannot give files to others.
fn boot_all(test: &str, hosts: impl Iterator<Item = (Host, Layout)> + Send) -> Counts {
    if is_unprivileged() || nix::unistd::geteuid().is_root() {
        let mut counts = Counts::default();
        for (host, layout) in hosts {
            if is_unprivileged() && !is_possible_unprivileged(&layout) {
                continue;
            }
            match isolated(move || twice::boot(host, layout)) {
                Ok(more) => counts.add(more),
                Err(why) => {
                    skipped(test, &why);
                    return Counts::default();
                }
            }
        }
        let who = if is_unprivileged() { "without privileges" } else { "as root" };
        println!("{test}, {who}: {counts}");
        if !is_unprivileged() {
            unprivileged(test);
        }
        return counts;
    }
    unprivileged(test);
    Counts::default()
}

fn unprivileged(test: &str) {
    match again_unprivileged(test) {
        Ok(output) => output
            .lines()
            .filter(|line| line.contains("without"))
            .for_each(|line| println!("{line}")),
        Err(why) => skipped(&format!("{test} without privileges"), &why),
    }
}

/// Whether a user namespace with one user can hold it. Access times are the outer namespace's (`mount_namespaces(7)`).
fn is_possible_unprivileged(layout: &Layout) -> bool {
    let is_root = |name: &str| matches!(name, "root" | "0");
    let mut options = layout.mounts().flat_map(|mount| &mount.options);
    layout.places().all(|place| is_root(&place.owner.user) && is_root(&place.owner.group))
        && !options.any(|option| option.ends_with("atime"))
}

fn resolved(host: Result<Host, Problems>) -> Result<(Host, Layout), Problems> {
    let host = host?;
    let layout = host.resolve()?;
    Ok((host, layout))
}

#[test]
fn declared_hosts() {
    let hosts = BOOT.iter().map(|declared| {
        resolved(declared.read())
            .unwrap_or_else(|problems| panic!("{}:\n{problems}", declared.name))
    });
    let counts = boot_all("declared_hosts", hosts);
    assert!(counts.hosts == 0 || is_unprivileged() || counts.hosts == BOOT.len());
}

#[test]
fn refused_hosts() {
    for (declared, code) in &REFUSED {
        let Err(problems) = resolved(declared.read()) else {
            panic!("{} ({}) is accepted", declared.name, declared.about)
        };
        let found = problems.iter().any(|problem| problem.code.to_string() == *code);
        assert!(found, "{} ({}), not {code}:\n{problems}", declared.name, declared.about);
    }
}

/// Of the recorded hosts, these say two things at once, or what cannot be: both modules accept most of them.
const IMPOSSIBLE: [u64; 10] = [11, 12, 17, 18, 19, 21, 22, 32, 33, 34];

#[test]
fn peers_hosts() {
    let (impossible, possible): (Vec<_>, Vec<_>) =
        peers::hosts().into_iter().partition(|peer| IMPOSSIBLE.contains(&peer.n));
    for peer in impossible {
        assert!(resolved(peer.host).is_err(), "{} {} is accepted", peer.n, peer.name);
    }
    let hosts = possible.into_iter().map(|peer| {
        resolved(peer.host).unwrap_or_else(|problems| panic!("{}:\n{problems}", peer.name))
    });
    boot_all("peers_hosts", hosts);
}

#[test]
fn generated_hosts() {
    let hosts =
        (0..SEEDS).filter_map(|seed| resolved(generated::host(seed, is_unprivileged())).ok());
    let counts = boot_all("generated_hosts", hosts);
    assert!(counts.hosts == 0 || counts.hosts > 40, "most seeds are refused: {counts}");
}

/// Data that is at a target before: both modules hide a directory silently, and leave a file where it is, so that
/// what is written to it later is lost.
#[test]
fn existing_data_is_not_hidden() {
    if !nix::unistd::geteuid().is_root() {
        return skipped("existing_data_is_not_hidden", "not root");
    }
    let mut compared = 0;
    for peer in peers::hosts().into_iter().filter(|peer| !peer.before.is_empty()) {
        let Ok((host, layout)) = resolved(peer.host) else { continue };
        let done = isolated(move || {
            let machine = Machine::new(host, layout);
            let booted = machine.boot_after(&peer.before);
            let Err(interrupted) = booted else { panic!("{}: the data are hidden", peer.name) };
            assert!(matches!(interrupted.error, ExecError::Hides { .. }), "{interrupted}");
            let allowed = machine.world().may_hide().apply(&machine.layout, Stage::Late);
            allowed.unwrap_or_else(|interrupted| panic!("{}: {interrupted}", peer.name));
        });
        match done {
            Ok(()) => compared += 1,
            Err(why) => return skipped("existing_data_is_not_hidden", &why),
        }
    }
    assert_eq!(compared, 2);
}
