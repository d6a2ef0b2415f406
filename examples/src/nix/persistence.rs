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
            let mut content = options.table(&format!("{at}.content"));
            let kind = content.remove("type");
            let (format, path) = (content.remove("format"), content.remove("mountpoint"));
            // How big it is makes no difference to what is kept.
            options.take(&format!("{at}.size"));
            if let (Some("filesystem"), Some(path)) =
                (kind.as_ref().and_then(Value::as_str), path.as_ref().and_then(Value::as_str))
            {
                let device = format!("/dev/disk/by-partlabel/disk-{disk}-{name}");
                let file_system = json!({ "device": device, "fsType": format });
                merge(&mut declared, json!({ "fileSystems": { path: file_system } }));
            }
        }
    }
    let enabled = enabled(&mut options.table("mySystem.system.impermanence"));
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
    if enabled(&mut contributed) && !contributed.is_empty() {
        let all = kept.as_object_mut().and_then(|all| all.get_mut(store)?.as_object_mut());
        match all {
            // The module makes the one of the other: what is there already was contributed.
            Some(all) => {
                for (key, value) in contributed {
                    match (all.get_mut(&key), value) {
                        (Some(Value::Array(list)), Value::Array(more)) => {
                            let new = more.into_iter().filter(|one| !list.contains(one));
                            let new: Vec<Value> = new.collect();
                            list.extend(new);
                        }
                        (_, value) => _ = all.insert(key, value),
                    }
                }
            }
            None => {
                let store = Map::from_iter([(store.to_owned(), contributed.into())]);
                merge(&mut kept, store.into());
            }
        }
    }
    kept
}
