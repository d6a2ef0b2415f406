//! The host of the example keeps what its comments say, and says what it forgot.
#![allow(clippy::unwrap_used)]

use examples::Host;

#[test]
fn luna_keeps_what_it_declares_and_names_what_it_forgot() {
    let host = Host::luna().unwrap();
    let layout = host.layout;
    assert!(layout.warnings().is_empty(), "{:?}", layout.warnings());
    assert!(layout.fate("/var/lib/caddy/certificates").survives());
    assert!(layout.fate("/var/lib/private/AdGuardHome/data").survives());
    // A dataset of its own, of the installer.
    assert!(layout.fate("/home/ryan/.ssh/id_ed25519").survives());
    assert!(layout.fate("/var/lib/node-exporter/x").is_lost());
    let missing = layout.essentials();
    assert!(missing.iter().any(|problem| problem.what.starts_with("/var/lib/systemd")));
    assert!(!missing.iter().any(|problem| problem.what.starts_with("/var/log")));
    assert!(!missing.iter().any(|problem| problem.what.starts_with("/etc/machine-id")));

    // A core list without it is how it was found to be new at every boot.
    let mut without = host.persistence;
    without.entries.retain(|entry| !format!("{:?}", entry.at).contains("machine-id"));
    let missing = without.resolve().unwrap().essentials();
    assert!(missing.iter().any(|problem| problem.what.starts_with("/etc/machine-id")));
}
