//! Walks a recording row by row and says how many agree.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::Value;

/// What became of one row.
pub(crate) enum Verdict {
    Agree,
    /// What was recorded and what we say, in words.
    Disagree(String),
    /// The rule by which this row says nothing about the crate (the recording machine decided it).
    #[allow(dead_code, reason = "the latest recording has no such row")]
    LeftOut(&'static str),
}

/// Compares every row of `NAME.jsonl`, on all processors, with what `read` makes of its first line; fails after the last
/// one if any disagrees.
pub(crate) fn compare<M: Sync>(
    name: &str,
    read: impl FnOnce(&Value) -> M,
    row: impl Fn(&M, &Value) -> Verdict + Sync,
) {
    const SHOWN: usize = 20;
    let Some(text) = recording(name) else {
        println!("baseline {name}: absent");
        return;
    };
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let parse = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{name}: {e}: {line}"))
    };
    let first = lines.next().map(parse).unwrap_or_else(|| panic!("{name}: empty recording"));
    let meta = first.get("_meta").unwrap_or_else(|| panic!("{name}: first line is not `_meta`"));
    let meta = read(meta);
    let lines: Vec<&str> = lines.collect();

    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = lines.len().div_ceil(threads).max(1);
    let judge = |some: &[&str]| -> Vec<Verdict> {
        some.iter().map(|line| row(&meta, &parse(line))).collect()
    };
    let verdicts = std::thread::scope(|scope| {
        let judge = &judge;
        let shares: Vec<_> =
            lines.chunks(share).map(|some| scope.spawn(move || judge(some))).collect();
        let verdicts = shares.into_iter().flat_map(|share| share.join().unwrap());
        verdicts.collect::<Vec<_>>()
    });

    let (mut compared, mut disagreed, mut left_out) = (0_usize, 0_usize, BTreeMap::new());
    for (line, verdict) in lines.iter().zip(verdicts) {
        match verdict {
            Verdict::LeftOut(why) => {
                *left_out.entry(why).or_insert(0_usize) += 1;
                continue;
            }
            Verdict::Agree => {}
            Verdict::Disagree(how) => {
                disagreed += 1;
                if disagreed <= SHOWN {
                    println!("baseline {name}: {how}\n    in {line}");
                }
            }
        }
        compared += 1;
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
