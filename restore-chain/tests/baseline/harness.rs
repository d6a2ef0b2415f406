//! Walks a recording row by row and says how many agree.

use std::fmt::Debug;
use std::path::PathBuf;

use serde_json::Value;

/// `Ok`: agrees; `Err`: what was recorded and what we say.
pub(crate) type Verdict = Result<(), String>;

/// Agrees if `ours` equals `recorded`.
pub(crate) fn same<T: PartialEq<U> + Debug, U: Debug>(
    what: &str,
    ours: &T,
    recorded: &U,
) -> Verdict {
    if *ours == *recorded {
        Ok(())
    } else {
        Err(format!("{what}: recorded {recorded:?}, ours {ours:?}"))
    }
}

/// The text of a recording.
pub(crate) fn recording(file: &str) -> Option<String> {
    let folder = std::env::var_os("BASELINE_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/baseline"),
        PathBuf::from,
    );
    std::fs::read_to_string(folder.join(file)).ok()
}

/// The rows of a recording, its first line (what it is) aside.
pub(crate) fn rows(file: &str) -> Vec<Value> {
    let text = recording(file).unwrap_or_default();
    let rows = text.lines().filter(|line| !line.is_empty());
    let rows = rows
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{file}: {e}: {line}")));
    rows.filter(|row: &Value| row.get("_meta").is_none()).collect()
}

/// Compares every row of `NAME.jsonl`; fails after the last one if any disagrees.
pub(crate) fn compare(name: &str, mut row: impl FnMut(&Value) -> Verdict) {
    let rows = rows(&format!("{name}.jsonl"));
    if rows.is_empty() {
        println!("skipped: baseline {name} (no such recording)");
        return;
    }
    let mut disagree = Vec::new();
    for value in &rows {
        if let Err(difference) = row(value) {
            disagree.push(format!("  {name} {} ({}): {difference}", value["n"], value["note"]));
        }
    }
    println!("baseline {name}: {} compared, {} disagree", rows.len(), disagree.len());
    assert!(disagree.is_empty(), "{}", disagree.join("\n"));
}
