//! The arguments of `mkPreseedService`, and who waits for what it makes.

use serde_json::{Value, json};

use super::options::{Options, merge};

/// A service comes back from its own newest snapshot, then from restic; whatever happens, it starts.
pub(super) fn restores(options: &mut Options) -> Value {
    let mut restores = json!({});
    let mut preseed = options.table("preseed");
    let name = preseed.remove("serviceName");
    let Some(name) = name.as_ref().and_then(Value::as_str) else {
        options.put_back("preseed", preseed);
        return restores;
    };
    let (path, dataset) = (preseed.remove("dataPath"), preseed.remove("zfsDataset"));
    let order = if dataset.is_some() { json!(["local", "restic"]) } else { json!(["restic"]) };
    let mut service = json!({ "mountpoint": path, "bootstrap": "even-if-restore-fails" });
    if let Some(dataset) = dataset {
        merge(&mut service, json!({ "dataset": dataset }));
    }
    let unit = format!("preseed@{name}.service");
    for (key, gate) in [("wants", "wanted"), ("requires", "required")] {
        let list = options.take(&format!("systemd.services.{name}.{key}"));
        if list.as_ref().and_then(Value::as_array).is_some_and(|list| list.contains(&json!(unit))) {
            merge(&mut service, json!({ "gate": gate }));
        }
    }
    // The unit is ordered before whoever waits for it in any case.
    options.take(&format!("systemd.services.{name}.after"));
    merge(&mut restores, json!({ "policy": { "order": order }, "services": { name: service } }));
    if let Some(url) = preseed.remove("resticRepo") {
        let jobs = json!({ name: { "root": path } });
        merge(&mut restores, json!({ "repositories": { "restic": { "url": url, "jobs": jobs } } }));
    }
    let timeout = preseed.remove("timeout").unwrap_or(json!(3600));
    merge(&mut restores, json!({ "budget": { "unit": timeout } }));
    options.put_back("preseed", preseed);
    restores
}
