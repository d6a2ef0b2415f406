//! zrepl's incremental paths and conflicts.

use restore_chain::lineage::{Conflict, Lineage, Version, incremental_path};
use serde_json::{Value, json};

use testing::baseline::compare;

use crate::harness::{Verdict, same};

fn lineage(name: &str, versions: &Value) -> Lineage {
    let versions = versions.as_array().unwrap().iter().map(|version| {
        let (name, guid) = (version["name"].as_str().unwrap(), version["guid"].as_u64().unwrap());
        let txg = version["createtxg"].as_u64().unwrap();
        match version["type"].as_u64() {
            Some(0) => Version::snapshot(name, guid, txg, 0),
            _ => Version::bookmark(name, guid, txg, 0),
        }
    });
    Lineage::new(name.parse().unwrap(), versions.collect())
}

fn names<'v>(versions: impl IntoIterator<Item = &'v Version>) -> Vec<String> {
    versions.into_iter().map(ToString::to_string).collect()
}

/// Our finer conflicts in zrepl's words.
fn answer(sender: &Lineage, receiver: &Lineage) -> Value {
    match incremental_path(sender, receiver) {
        Ok(path) => json!({ "path": names(path.versions()) }),
        Err(Conflict::NoSenderVersions { .. }) => {
            json!({ "conflict": "ConflictNoSenderSnapshots" })
        }
        Err(Conflict::Initial { .. } | Conflict::NoCommon { .. }) => {
            json!({ "conflict": "ConflictNoCommonAncestor" })
        }
        Err(Conflict::UpToDate { common, .. }) => {
            json!({ "conflict": "ConflictMostRecentSnapshotAlreadyPresent", "common": common.to_string() })
        }
        Err(Conflict::Diverged { common, sender_only, receiver_only, .. }) => json!({
            "conflict": "ConflictDiverged", "common": common.to_string(),
            "sender_only": names(&sender_only), "receiver_only": names(&receiver_only),
        }),
        Err(Conflict::SenderBehind { common, receiver_only, .. }) => json!({
            "conflict": "ConflictDiverged", "common": common.to_string(),
            "sender_only": [], "receiver_only": names(&receiver_only),
        }),
        Err(other) => json!({ "conflict": other.to_string() }),
    }
}

#[test]
fn incremental_paths() {
    compare("incremental-path", |row| -> Verdict {
        let ours =
            answer(&lineage("pool/from", &row["sender"]), &lineage("pool/to", &row["receiver"]));
        same("result", &ours, &row["result"])
    });
}
