//! The plan to put the root of a media server on a tmpfs.

use impermanence_model::Root;
use serde_json::{Value, json};

use super::around::{cassie_box, with};
use super::{Verdict, host};

fn tmpfs() -> Value {
    json!({ "persistence": { "root": { "kind": "tmpfs", "size": "8G" } } })
}

/// The store, as the document has it in `disko`.
fn ext4(needed_for_boot: bool) -> Value {
    let device = "/dev/disk/by-partlabel/disk-main-persist";
    let persist = json!({ "device": device, "fsType": "ext4", "neededForBoot": needed_for_boot });
    json!({ "persistence": { "fileSystems": { "/persist": persist } } })
}

fn stored() -> Value {
    cassie_box(with(
        tmpfs(),
        with(ext4(true), json!({ "persistence": { "stores": { "/persist": {} } } })),
    ))
}

/// Everything stays.
pub fn current_disko_structure(options: Value) -> Verdict {
    let host = host(options, cassie_box(json!({})));
    assert!(matches!(host.layout.root(), Root::Persistent { fs_type, .. } if fs_type == "ext4"));
    assert!(host.layout.fate("/var/lib/plex/x").survives());
    Verdict::Accepted
}

/// The store is mounted after what is bound from it is needed.
pub fn new_disko_structure(options: Value) -> Verdict {
    let kept = json!({ "persistence": {
        "stores": { "/persist": {} },
        "core": { "directories": ["/var/lib/nixos"], "files": ["/etc/machine-id"] },
    } });
    let found = super::problems(options.clone(), cassie_box(with(tmpfs(), kept.clone())));
    assert!(found.iter().any(|(_, code)| code == "too-early"), "{found:#?}");
    let boot =
        json!({ "persistence": { "fileSystems": { "/persist": { "neededForBoot": true } } } });
    // The option that says so is another one than the partition's.
    let around = cassie_box(with(tmpfs(), with(kept, with(ext4(true), boot))));
    assert!(host(json!({}), around).layout.fate("/var/lib/nixos/x").survives());
    Verdict::Problem
}

pub fn additional_nixos_configuration(options: Value) -> Verdict {
    let host = host(options, cassie_box(ext4(true)));
    let Root::Tmpfs { size: Some(size), mode } = host.layout.root() else { panic!() };
    assert_eq!((size.to_string().as_str(), mode.to_string().as_str()), ("8g", "0755"));
    assert!(host.layout.fate("/etc/nixos").is_lost());
    Verdict::Accepted
}

/// It switches persistence on; nothing of what the document says must be kept is kept by that.
pub fn hosts_cassie_box_default(options: Value) -> Verdict {
    let layout = host(options, cassie_box(with(tmpfs(), ext4(true)))).layout;
    assert_eq!(layout.stores().len(), 1);
    assert!(layout.entries().is_empty());
    let missing: Vec<String> = layout.essentials().into_iter().map(|found| found.what).collect();
    for path in ["/etc/machine-id", "/etc/ssh", "/var/lib/nixos", "/var/log"] {
        assert!(missing.iter().any(|what| what.contains(path)), "{path}: {missing:#?}");
    }
    Verdict::Problem
}

/// A mode of three digits is that of four.
pub fn service_configuration_updates(options: Value) -> Verdict {
    let layout = host(options, stored()).layout;
    let [entry] = layout.entries() else { panic!("{:?}", layout.entries()) };
    assert_eq!(
        (entry.path.to_string().as_str(), entry.mode.to_string().as_str()),
        ("/var/lib/plex", "0750")
    );
    assert_eq!(entry.owner.to_string(), "plex:plex");
    assert!(layout.fate("/var/lib/plex/Library/x").survives());
    Verdict::Accepted
}
