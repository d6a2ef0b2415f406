//! The decision that hosts, not modules, say how services are kept.

use impermanence_model::Layout;
use serde_json::{Value, json};

use super::around::{services_below, with, zfs};
use super::{Verdict, desired, host, setting, want};

fn stored() -> Value {
    with(zfs(), json!({ "persistence": { "stores": { "/persist": {} } } }))
}

fn kept(layout: &Layout) -> Vec<String> {
    layout.entries().iter().map(|entry| entry.path.to_string()).collect()
}

/// On a host that keeps services in datasets, a module's own path is kept twice: once for nothing.
pub fn context(options: Value) -> Verdict {
    let luna = host(options.clone(), stored());
    assert_eq!(kept(&luna.layout).len(), 6);
    assert!(luna.layout.fate("/var/lib/omada/db").survives());
    let forge =
        json!({ "datasets": { "services": { "omada": { "mountpoint": "/var/lib/omada" } } } });
    let forge = host(options, with(with(stored(), services_below("tank/services")), forge));
    let omada = |found: &&impermanence_model::Problem| found.what.contains("/var/lib/omada");
    let warnings: Vec<_> = forge.layout.warnings().iter().filter(omada).collect();
    let [hidden] = warnings.as_slice() else { panic!("{warnings:#?}") };
    assert_eq!(hidden.code.to_string(), "bind-on-dataset");
    assert!(hidden.what.contains("is left out"), "{hidden}");
    Verdict::Problem
}

/// What every host keeps. The identity of the machine is not among it.
pub fn implementation_module(options: Value) -> Verdict {
    // The same list is there twice: what the module contributes, and what it makes of all contributions.
    let layout = host(options, stored()).layout;
    assert_eq!(kept(&layout).len(), 7);
    for path in
        ["/var/log/x", "/var/lib/cache/x", "/var/lib/nixos/x", "/etc/ssh/ssh_host_ed25519_key"]
    {
        assert!(layout.fate(path).survives(), "{path}");
    }
    assert!(layout.essentials().iter().any(|found| found.what.starts_with("/etc/machine-id")));
    Verdict::Problem
}

pub fn implementation_luna(options: Value) -> Verdict {
    let layout = host(options, stored()).layout;
    assert_eq!(kept(&layout), ["/var/lib/caddy", "/var/lib/omada", "/var/lib/unifi"]);
    let caddy = &layout.entries()[0];
    assert_eq!(
        (caddy.owner.to_string().as_str(), caddy.mode.to_string().as_str()),
        ("caddy:caddy", "0750")
    );
    Verdict::Accepted
}

/// A dataset needs no entry, and has none.
pub fn implementation_forge(options: Value) -> Verdict {
    let host = host(options, services_below("tank/services"));
    let desired = desired(&host);
    assert_eq!(want(&desired, "tank/services/sonarr").mounted_at(), Some("/var/lib/sonarr"));
    assert_eq!(setting(&desired, "tank/services/sonarr", "recordsize"), "16K");
    assert!(host.layout.entries().is_empty() && host.layout.fate("/var/lib/sonarr/x").survives());
    Verdict::Accepted
}

pub fn adding_new_service_persistence(options: Value) -> Verdict {
    let layout = host(options, stored()).layout;
    assert_eq!(
        kept(&layout),
        ["/var/lib/newservice", "/var/lib/omada", "/var/lib/otherservice", "/var/lib/unifi"]
    );
    let other = &layout.entries()[2];
    assert_eq!(
        (other.owner.to_string().as_str(), other.mode.to_string().as_str()),
        ("other:other", "0750")
    );
    Verdict::Accepted
}
