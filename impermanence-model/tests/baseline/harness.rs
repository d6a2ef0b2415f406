//! Walks a recording row by row and says how many agree.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::Value;

/// What became of one row.
pub(crate) enum Verdict {
    Agree,
    /// What was recorded and what we say, in words.
    Disagree(String),
    /// The rule by which this row says nothing about the crate (the recording machine decided it).
    #[allow(dead_code, reason = "only some recordings have such rows")]
    LeftOut(&'static str),
}

impl Verdict {
    /// Agrees if `ours` equals `recorded`.
    #[allow(clippy::needless_pass_by_value, reason = "values and references alike")]
    pub(crate) fn of<T: PartialEq<U> + Debug, U: Debug>(ours: T, recorded: U) -> Self {
        if ours == recorded {
            Self::Agree
        } else {
            Self::Disagree(format!("recorded {recorded:?}, ours {ours:?}"))
        }
    }
}

/// Compares every row of `NAME.jsonl`; fails after the last one if any disagrees.
pub(crate) fn compare(name: &str, mut row: impl FnMut(&Value) -> Verdict) {
    compare_with_meta(name, |_, value| row(value));
}

/// [`compare`] for recordings whose first line is needed to read the rows.
pub(crate) fn compare_with_meta(name: &str, mut row: impl FnMut(&Value, &Value) -> Verdict) {
    const SHOWN: usize = 20;
    let Some(text) = recording(name) else {
        println!("baseline {name}: absent");
        return;
    };
    let mut lines = text.lines().filter(|line| !line.is_empty()).map(|line| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{name}: {e}: {line}"))
    });
    let first = lines.next().unwrap_or_else(|| panic!("{name}: empty recording"));
    let meta = first.get("_meta").unwrap_or_else(|| panic!("{name}: first line is not `_meta`"));

    let (mut compared, mut disagreed, mut left_out) = (0_usize, 0_usize, BTreeMap::new());
    for value in lines {
        let verdict = row(meta, &value);
        if let Verdict::LeftOut(why) = verdict {
            *left_out.entry(why).or_insert(0_usize) += 1;
            continue;
        }
        compared += 1;
        if let Verdict::Disagree(how) = verdict {
            disagreed += 1;
            if disagreed <= SHOWN {
                println!("baseline {name}: {how}\n    in {value}");
            }
        }
    }
    for (why, count) in left_out {
        println!("baseline {name}: {count} left out: {why}");
    }
    println!("baseline {name}: {compared} compared, {disagreed} disagree");
    assert!(disagreed == 0, "{name}: {disagreed} of {compared} disagree");
    assert!(compared > 0, "{name}: a recording without a row to compare proves nothing");
}

/// The text of a recording; `None` if there is no such file.
fn recording(name: &str) -> Option<String> {
    let folder = std::env::var_os("BASELINE_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/baseline")),
        PathBuf::from,
    );
    let path = folder.join(format!("{name}.jsonl"));
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => panic!("{}: {e}", path.display()),
    }
}
