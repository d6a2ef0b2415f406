//! File systems, and what is kept of a root that is thrown away.

use serde_json::{Map, Value, json};

use super::options::{Options, enabled, merge};

/// Where things are kept unless somebody says otherwise.
const STORE: &str = "/persist";

/// What the table `persistence` has keys for.
pub(super) fn declared(options: &mut Options) -> Value {
    let mut declared = json!({ "fileSystems": options.table("fileSystems") });
    for disk in options.names("disko.devices.disk") {
        let partitions = format!("disko.devices.disk.{disk}.content.partitions");
        for name in options.names(&partitions) {
            let at = format!("{partitions}.{name}");
            // How big it is makes no difference to what is kept.
            options.take(&format!("{at}.size"));
            let content = format!("{at}.content");
            let mut rest = options.table(&content);
            let text = |rest: &Map<String, Value>, key| {
                rest.get(key).and_then(Value::as_str).map(str::to_owned)
            };
            if let (Some("filesystem"), Some(path)) =
                (text(&rest, "type").as_deref(), text(&rest, "mountpoint"))
            {
                let device = format!("/dev/disk/by-partlabel/disk-{disk}-{name}");
                let mut file_system = json!({ "device": device, "fsType": text(&rest, "format") });
                if let Some(options) = rest.remove("mountOptions") {
                    merge(&mut file_system, json!({ "options": options }));
                }
                merge(&mut declared, json!({ "fileSystems": { path: file_system } }));
                rest.retain(|key, _| !["type", "mountpoint", "format"].contains(&key.as_str()));
            }
            options.put_back(&content, rest);
        }
    }
    let enabled = options.is_enabled("mySystem.system.impermanence");
    let folder = options.take("mySystem.persistentFolder");
    if let Some(folder) = folder.as_ref().and_then(Value::as_str).filter(|_| enabled) {
        merge(&mut declared, json!({ "stores": { folder: {} } }));
    }
    declared
}

/// What is kept, as nix-community/impermanence reads it: by whom it is contributed makes no difference to it.
pub(super) fn kept(options: &mut Options) -> Value {
    let mut kept = Value::from(options.table("environment.persistence"));
    let mut contributed = options.table("modules.system.impermanence");
    let store = contributed.remove("persistPath");
    let store = store.as_ref().and_then(Value::as_str).unwrap_or(STORE);
    if !enabled(&mut contributed) {
        return kept;
    }
    for (key, value) in contributed {
        let known = kept.get(store).and_then(|store| store.get(&key)).and_then(Value::as_array);
        // The module makes the one of the other: what is there already was contributed.
        let all = match (known.cloned(), value) {
            (Some(known), Value::Array(more)) => {
                let new = more.into_iter().filter(|one| !known.contains(one)).collect::<Vec<_>>();
                [known, new].concat().into()
            }
            (_, value) => value,
        };
        merge(&mut kept, json!({ store: { key: all } }));
    }
    kept
}
