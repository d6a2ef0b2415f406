//! The quick reference of the plan.

use serde_json::{Value, json};

use super::around::{repository, services_below, zfs};
use super::{Verdict, commands, desired, host, plan_of, setting, want};

pub fn per_service_zfs_properties(options: Value) -> Verdict {
    let services = options.as_object().unwrap().clone();
    let options = json!({ "modules": { "storage": { "datasets": { "services": options } } } });
    let host = host(options, services_below("tank/persist"));
    let (desired, commands) = (desired(&host), commands(&plan_of(&host)));
    assert_eq!(desired.datasets.len(), 6);
    for (name, keys) in services {
        let dataset = format!("tank/persist/{name}");
        for (property, value) in keys.as_object().unwrap() {
            assert_eq!(setting(&desired, &dataset, property), value.as_str().unwrap());
        }
        let created = |line: &&String| line.starts_with("zfs create") && line.ends_with(&dataset);
        assert_eq!(commands.iter().filter(created).count(), 1, "{commands:#?}");
    }
    Verdict::Accepted
}

pub fn host_config_forge(options: Value) -> Verdict {
    let host = host(options, zfs());
    let parent = host.datasets.parent_dataset.as_ref().unwrap();
    assert_eq!(
        (parent.as_str(), host.datasets.parent_mount.as_deref()),
        ("tank/persist", Some("/persist"))
    );
    Verdict::Accepted
}

pub fn service_module(options: Value) -> Verdict {
    let host = host(options, repository());
    let desired = desired(&host);
    let sonarr = want(&desired, "tank/persist/sonarr");
    assert_eq!(sonarr.mounted_at(), Some("/persist/sonarr"));
    let own = (sonarr.owner, sonarr.group, sonarr.mode.unwrap().bits());
    assert_eq!(own, (Some("sonarr"), Some("sonarr"), 0o755));
    let scan = host.backup.scan(&"sonarr".parse().unwrap()).unwrap();
    assert_eq!(scan.roots, ["/persist/sonarr".parse().unwrap()]);
    Verdict::Accepted
}
