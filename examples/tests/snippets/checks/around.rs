//! What is around a snippet: the rest of a host, as tables of its file.

use serde_json::{Value, json};

/// A host with an ephemeral root and the base datasets of an installer on the pools `rpool` and `tank`.
pub fn zfs() -> Value {
    json!({
        "host": { "name": "forge" },
        "datasets": { "base": {
            "rpool": {}, "rpool/local": {}, "rpool/local/root": { "mountedAt": "/" },
            "rpool/local/nix": { "mountedAt": "/nix" }, "rpool/safe": {},
            "rpool/safe/home": { "mountedAt": "/home" }, "rpool/safe/persist": { "mountedAt": "/persist" },
            "tank": {}, "backup-pool": {},
        } },
        "persistence": {
            "root": { "kind": "zfs-rollback", "snapshot": "blank", "initrd": "systemd", "hook": "unit",
                "after": ["zfs-import-rpool.service"], "before": ["sysroot.mount"] },
        },
    })
}

/// The same, where services live below a parent.
pub fn services_below(parent: &str) -> Value {
    with(zfs(), json!({ "datasets": { "parentDataset": parent, "parentMount": "/persist" } }))
}

/// The same, with a repository that jobs write to every day.
pub fn repository() -> Value {
    let backup = json!({
        "defaults": { "repository": "nas-primary", "schedule": "daily", "runTime": "45min" },
        "repositories": { "nas-primary": { "url": "/mnt/nas-backup", "passwordFile": "/run/secrets/restic" } },
    });
    with(services_below("tank/persist"), json!({ "backup": backup }))
}

/// A host whose / is a tmpfs, or is to be declared by the snippet.
pub fn cassie_box(root: Value) -> Value {
    with(json!({ "host": { "name": "cassie-box" } }), root)
}

/// One tree over another.
pub fn with(mut under: Value, over: Value) -> Value {
    fn lay(under: &mut Value, over: Value) {
        match (under, over) {
            (Value::Object(under), Value::Object(over)) => {
                for (key, value) in over {
                    lay(under.entry(key).or_insert(json!({})), value);
                }
            }
            (under, over) => *under = over,
        }
    }
    lay(&mut under, over);
    under
}
