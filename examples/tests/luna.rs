//! The host of the example keeps what its comments say, and says what it forgot.
#![allow(clippy::unwrap_used)]

use impermanence_model::Host;

#[test]
fn luna_keeps_what_it_declares_and_names_what_it_forgot() {
    let host = Host::from_toml(include_str!("../hosts/luna-persistence.toml")).unwrap();
    let layout = host.resolve().unwrap();
    assert!(layout.warnings().is_empty(), "{:?}", layout.warnings());
    assert!(layout.fate("/var/lib/caddy/certificates").survives());
    assert!(layout.fate("/var/lib/hass/home-assistant_v2.db").survives());
    assert!(layout.fate("/var/lib/node-exporter/x").is_lost());
    let missing = layout.essentials();
    // The core list of this fleet has no machine-id: that is how it was found to be new at every boot.
    assert!(missing.iter().any(|problem| problem.what.starts_with("/etc/machine-id")));
    assert!(!missing.iter().any(|problem| problem.what.starts_with("/var/log")));
}
