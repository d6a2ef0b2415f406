//! Recordings of real tools, compared row by row.
//!
//! They lie in `tests/baseline` of the package, or in the folder that `BASELINE_DIR` names: one JSON value a line, of which the first is
//! `{"_meta": ...}` and says which tool and version. A folder need not have all of them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::Value;

/// How many disagreements are shown.
const SHOWN: usize = 20;

/// What became of one row.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The crate says what was recorded.
    Agree,
    /// What was recorded and what we say, in words.
    Disagree(String),
    /// The rule by which this row says nothing about the crate (the recording machine decided it).
    LeftOut(&'static str),
}

impl Verdict {
    /// Agrees if `ours` equals `recorded`.
    #[allow(clippy::needless_pass_by_value, reason = "values and references alike")]
    pub fn of<T: PartialEq<U> + Debug, U: Debug>(ours: T, recorded: U) -> Self {
        if ours == recorded {
            Self::Agree
        } else {
            Self::Disagree(format!("recorded {recorded:?}, ours {ours:?}"))
        }
    }

    /// Agrees if every field of the row, its number `n` aside, has the same value in `answers`.
    pub fn fields(row: &Value, answers: &Value) -> Self {
        let differing: Vec<_> = row
            .as_object()
            .unwrap()
            .iter()
            .filter(|&(field, recorded)| field != "n" && answers.get(field) != Some(recorded))
            .map(|(field, recorded)| match answers.get(field) {
                Some(ours) => format!("{field}: recorded {recorded}, ours {ours}"),
                None => format!("{field}: recorded {recorded}, not answered"),
            })
            .collect();
        if differing.is_empty() { Self::Agree } else { Self::Disagree(differing.join("; ")) }
    }
}

/// An error tells the disagreement.
impl From<Result<(), String>> for Verdict {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Disagree, |()| Self::Agree)
    }
}

/// Compares every row of `NAME.jsonl`; fails after the last one if any disagrees.
pub fn compare<V: Into<Verdict>>(name: &str, mut row: impl FnMut(&Value) -> V) {
    compare_with_meta(name, |_, value| row(value));
}

/// [`compare`] for recordings whose first line is needed to read the rows.
pub fn compare_with_meta<V: Into<Verdict>>(name: &str, mut row: impl FnMut(&Value, &Value) -> V) {
    let Some(recording) = Recording::open(name) else { return };
    let mut tally = Tally::new(name);
    for line in &recording.rows {
        tally.add(line, row(&recording.meta, &recording.parse(line)).into());
    }
    tally.finish();
}

/// [`compare`] on all processors, with what `read` makes of the first line.
pub fn compare_in_parallel<M: Sync>(
    name: &str,
    read: impl FnOnce(&Value) -> M,
    row: impl Fn(&M, &Value) -> Verdict + Sync,
) {
    let Some(recording) = Recording::open(name) else { return };
    let meta = read(&recording.meta);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = recording.rows.len().div_ceil(threads).max(1);
    let judge = |some: &[String]| -> Vec<Verdict> {
        some.iter().map(|line| row(&meta, &recording.parse(line))).collect()
    };
    let verdicts = std::thread::scope(|scope| {
        let judge = &judge;
        let shares: Vec<_> =
            recording.rows.chunks(share).map(|some| scope.spawn(move || judge(some))).collect();
        let verdicts = shares.into_iter().flat_map(|share| share.join().unwrap());
        verdicts.collect::<Vec<_>>()
    });
    let mut tally = Tally::new(name);
    for (line, verdict) in recording.rows.iter().zip(verdicts) {
        tally.add(line, verdict);
    }
    tally.finish();
}

/// The rows of a recording; none if there is no such file.
pub fn rows(name: &str) -> Vec<Value> {
    let recording = Recording::open(name);
    recording.map(|it| it.rows.iter().map(|line| it.parse(line)).collect()).unwrap_or_default()
}

/// What the rows of a recording say that others refer to.
pub fn lookup<K: Ord, V>(name: &str, entry: impl Fn(&Value) -> (K, V)) -> BTreeMap<K, V> {
    rows(name).iter().map(entry).collect()
}

/// A file beside the recordings, as text; `None` if there is no such file.
pub fn text(file: &str) -> Option<String> {
    let own = || crate::of_package("tests/baseline");
    let path = std::env::var_os("BASELINE_DIR").map_or_else(own, PathBuf::from).join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// A file beside the recordings that is one JSON document; `None` if there is no such file.
pub fn document(file: &str) -> Option<Value> {
    let read = |text: String| serde_json::from_str(&text);
    text(file).map(|text| read(text).unwrap_or_else(|error| panic!("{file}: {error}")))
}

struct Recording<'n> {
    name: &'n str,
    meta: Value,
    rows: Vec<String>,
}

impl<'n> Recording<'n> {
    fn open(name: &'n str) -> Option<Self> {
        let Some(text) = text(&format!("{name}.jsonl")) else {
            println!("baseline {name}: absent");
            return None;
        };
        let mut lines = text.lines().filter(|line| !line.is_empty()).map(str::to_owned);
        let mut recording = Self { name, meta: Value::Null, rows: Vec::new() };
        let first = lines.next().unwrap_or_else(|| panic!("{name}: empty recording"));
        let meta = recording.parse(&first).get("_meta").cloned();
        recording.meta = meta.unwrap_or_else(|| panic!("{name}: first line is not `_meta`"));
        recording.rows = lines.collect();
        Some(recording)
    }

    fn parse(&self, line: &str) -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", self.name))
    }
}

/// Counts verdicts, and shows the first disagreements.
struct Tally<'n> {
    name: &'n str,
    compared: usize,
    disagree: usize,
    left_out: BTreeMap<&'static str, usize>,
}

impl<'n> Tally<'n> {
    fn new(name: &'n str) -> Self {
        Self { name, compared: 0, disagree: 0, left_out: BTreeMap::new() }
    }

    fn add(&mut self, line: &str, verdict: Verdict) {
        let name = self.name;
        match verdict {
            Verdict::LeftOut(why) => {
                *self.left_out.entry(why).or_insert(0) += 1;
                return;
            }
            Verdict::Agree => {}
            Verdict::Disagree(how) => {
                self.disagree += 1;
                if self.disagree <= SHOWN {
                    println!("baseline {name}: {how}\n    in {line}");
                }
            }
        }
        self.compared += 1;
    }

    fn finish(self) {
        let Self { name, compared, disagree, left_out } = self;
        for (why, count) in left_out {
            println!("baseline {name}: {count} left out: {why}");
        }
        println!("baseline {name}: {compared} compared, {disagree} disagree");
        assert!(disagree == 0, "{name}: {disagree} of {compared} disagree");
        assert!(compared > 0, "{name}: a recording without a row to compare proves nothing");
    }
}
