//! Name checks: every layer of OpenZFS that looks at a name, and what libzfs opens by type.

use serde_json::json;
use zfs_props::name::{
    BookmarkName, DatasetName, Name, NameError, NameFault, PermissionSetName, PoolName,
    SnapshotName, check,
};

use testing::baseline::{Verdict, compare};

/// A verdict in the recording's words.
fn code(verdict: Result<(), NameError>) -> String {
    match verdict {
        Ok(()) => "ok".into(),
        Err(e) => match e.fault() {
            NameFault::InvalidChar => {
                format!("invalid_char:{}", e.text().as_bytes()[e.position()])
            }
            // One constant stands for both in OpenZFS.
            NameFault::NoLeadingSlash => NameFault::LeadingSlash.code().into(),
            fault => fault.code().into(),
        },
    }
}

#[test]
fn names() {
    compare("names", |row| {
        let name = row["name"].as_str().unwrap();
        let any = name.parse::<Name>();
        let dataset = name.parse::<DatasetName>().is_ok();
        let snapshot = name.parse::<SnapshotName>().is_ok();
        let pool = name.parse::<PoolName>();
        let bookmark = name.parse::<BookmarkName>().is_ok();
        let answers = json!({
            "name": name,
            "entity": code(check::entity(name)),
            "dataset": code(check::dataset(name)),
            "snapshot": code(check::snapshot(name)),
            "bookmark": code(check::bookmark(name)),
            "component": code(check::component(name)),
            "permset": code(name.parse::<PermissionSetName>().map(|_| ())),
            "pool": code(pool.clone().map(|_| ())),
            "mountpoint": code(check::mountpoint(name)),
            "depth": check::depth(name),
            "nest_ok": check::nesting(name).is_ok(),
            "valid_fs": dataset,
            "valid_vol": dataset,
            "valid_snap": snapshot,
            "valid_bm": bookmark,
            "valid_pool": pool.and_then(|pool| pool.check_creatable()).is_ok(),
            "valid_dataset": matches!(any, Ok(Name::Dataset(_) | Name::Snapshot(_))),
            "valid_any": any.is_ok(),
        });
        Verdict::fields(row, &answers)
    });
}
