//! zrepl's retention grid over made-up snapshots.

use std::collections::BTreeSet;

use backup_spec::Snapshot;
use backup_spec::retention::zrepl::{Grid, Reason};
use jiff::Timestamp;
use serde_json::Value;

use testing::baseline::{Verdict, compare};

fn ids(value: &Value) -> BTreeSet<String> {
    let ids = value.as_array().into_iter().flatten();
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn zrepl_grid() {
    compare("zrepl-grid", |row| {
        let snapshots: Vec<Snapshot> = row["snaps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|snap| {
                let time = Timestamp::from_second(snap[1].as_i64().unwrap()).unwrap();
                Snapshot::new(snap[0].as_str().unwrap(), time)
            })
            .collect();
        let result = &row["result"];
        let refused = result.get("keep").is_none();
        let Ok(grid) = row["spec"].as_str().unwrap().parse::<Grid>() else {
            return Verdict::of((true, false), (refused, result.get("panic").is_some()));
        };
        let Ok(verdict) = grid.apply(&snapshots) else {
            return Verdict::of((true, true), (refused, result.get("panic").is_some()));
        };
        if refused {
            return Verdict::Disagree("recorded: refused".to_owned());
        }
        // zrepl's list of what it keeps still has what an interval has too much of; its list of what it
        // removes is the one that counts. What is in no interval is in the second alone.
        let (keep, remove) = (ids(&result["keep"]), ids(&result["remove"]));
        let recorded = (keep.difference(&remove).cloned().collect(), remove.clone());
        let kept: BTreeSet<String> = verdict.kept().map(|s| s.id.clone()).collect();
        let removed: BTreeSet<String> = verdict.removed().map(|s| s.id.clone()).collect();
        let beyond: BTreeSet<String> = snapshots
            .iter()
            .zip(verdict.reasons())
            .filter(|(_, reason)| **reason == Reason::BeyondGrid)
            .map(|(s, _)| s.id.clone())
            .collect();
        let beyond_recorded: BTreeSet<String> = remove.difference(&keep).cloned().collect();
        Verdict::of(((kept, removed), beyond), (recorded, beyond_recorded))
    });
}
