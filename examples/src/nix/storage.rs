//! Datasets, and who owns what is mounted.

use serde_json::{Map, Value, json};

use super::options::{Options, enabled, merge};

/// `modules.storage.datasets` has the keys of the table `datasets`, and `enable`.
pub(super) fn datasets(options: &mut Options) -> Value {
    let mut datasets = options.table("modules.storage.datasets");
    if enabled(&mut datasets) { datasets.into() } else { Map::new().into() }
}

/// Rules of tmpfiles.d(5) that make a directory are about the dataset that is mounted there.
pub(super) fn owners(options: &mut Options, tables: &mut Value) {
    let Some(rules) = options.take("systemd.tmpfiles.rules") else { return };
    let datasets = tables.get("datasets").cloned().unwrap_or_default();
    let mount = datasets.get("parentMount").and_then(Value::as_str).unwrap_or_default();
    let services = datasets.get("services").and_then(Value::as_object);
    let rules = rules.as_array().cloned().unwrap_or_default();
    let mut others = Vec::new();
    for rule in rules {
        let words: Vec<&str> = rule.as_str().unwrap_or_default().split_whitespace().collect();
        let ["d", path, mode, owner, group, ..] = words.as_slice() else {
            others.push(rule);
            continue;
        };
        let here = services.into_iter().flatten().find(|(name, service)| {
            match service.get("mountpoint").and_then(Value::as_str) {
                Some(mountpoint) => mountpoint == *path,
                None => format!("{mount}/{name}") == *path,
            }
        });
        let Some((name, _)) = here else {
            others.push(rule);
            continue;
        };
        // `-` is whatever tmpfiles takes by itself.
        let said = [("owner", owner), ("group", group), ("mode", mode)];
        let said = said.into_iter().filter(|(_, word)| **word != "-");
        let own: Map<String, Value> =
            said.map(|(key, word)| (key.to_owned(), json!(word))).collect();
        merge(tables, json!({ "datasets": { "services": { name: own } } }));
    }
    if !others.is_empty() {
        options.put_back("systemd.tmpfiles", Map::from_iter([("rules".to_owned(), others.into())]));
    }
}

/// What packages read is about them.
pub(super) fn packages(options: &mut Options) {
    for service in options.names("services") {
        for key in ["enable", "dataDir"] {
            options.take(&format!("services.{service}.{key}"));
        }
    }
}
