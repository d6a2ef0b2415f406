//! `sanoid --cron` and `sanoid --monitor-snapshots` at a fixed clock, once and many times over.

use std::collections::{BTreeMap, BTreeSet};

use backup_spec::Snapshot;
use backup_spec::retention::sanoid::{Level, Run, World, monitor, run};
use backup_spec::sanoid::{Config, Settings};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use testing::baseline::{Verdict, compare};

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn instant(value: &Value) -> Timestamp {
    Timestamp::from_second(value.as_i64().unwrap()).unwrap()
}

fn snapshot(value: &Value) -> Snapshot {
    Snapshot::new(value[0].as_str().unwrap(), instant(&value[1]))
}

/// What is there before the run.
fn world(row: &Value, now: &Value) -> World {
    let datasets = texts(&row["datasets"]).into_iter().map(|dataset| {
        let snapshots = row["snapshots"][&dataset].as_array().into_iter().flatten();
        (dataset, snapshots.map(snapshot).collect())
    });
    let capacity = row["pools"].as_object().into_iter().flatten();
    let percent = |used: &Value| u8::try_from(used.as_u64().unwrap()).unwrap();
    World {
        now: instant(now),
        zone: TimeZone::get(row["tz"].as_str().unwrap()).unwrap(),
        datasets: datasets.collect(),
        capacity: capacity.map(|(pool, used)| (pool.clone(), percent(used))).collect(),
    }
}

/// What is in force, or `None` if sanoid stops before it does anything.
fn settings(row: &Value) -> Option<Vec<Settings>> {
    let config: Config = row["conf"].as_str().unwrap().parse().ok()?;
    config.resolve(&texts(&row["datasets"])).ok()
}

/// Taken and destroyed, as they are recorded.
type Done = (BTreeSet<String>, BTreeSet<String>);

fn done(run: &Run) -> Done {
    let taken = run.taken.iter().map(|taken| {
        let flag = if taken.recursive { "-r " } else { "" };
        format!("{flag}{}@{}", taken.dataset, taken.name)
    });
    let destroyed = run.destroyed.iter().map(|(dataset, name, _)| format!("{dataset}@{name}"));
    (taken.collect(), destroyed.collect())
}

fn done_recorded(value: &Value) -> Done {
    let set = |field: &str| texts(&value[field]).into_iter().collect();
    (set("taken"), set("destroyed"))
}

/// The answer of the newest version, and whether there are others.
fn newest(results: &Value) -> (&Value, bool) {
    let results = results.as_object().unwrap();
    let version = |name: &str| -> Vec<u32> {
        name.split('.').map(|part| part.parse().unwrap_or(u32::MAX)).collect()
    };
    let (_, newest) = results.iter().max_by_key(|(name, _)| version(name)).unwrap();
    (newest, results.values().any(|other| other != newest))
}

/// Level, dataset, type and whether there is none, out of the text of a finding.
fn findings(text: &str) -> BTreeSet<(bool, String, String, bool)> {
    let parts = text.split(", ").filter_map(|part| {
        let (level, rest) = part.split_once(": ")?;
        let critical = match level {
            "CRIT" => true,
            "WARN" => false,
            _ => return None,
        };
        let words: Vec<&str> = rest.split(' ').collect();
        let none = words.contains(&"no");
        Some((critical, words[0].to_owned(), words[2 + usize::from(none)].to_owned(), none))
    });
    parts.collect()
}

#[test]
fn sanoid() {
    let mut other_versions = 0;
    compare("sanoid", |row| {
        let (recorded, differ) = newest(&row["results"]);
        other_versions += usize::from(differ);
        let failed = recorded["rc"] != 0;
        let Some(settings) = settings(row) else {
            return Verdict::of((true, Done::default()), (failed, done_recorded(recorded)));
        };
        let world = world(row, &row["now"]);
        let run = run(&settings, &world);
        let deferred = recorded.get("deferred").map_or(0, |d| d.as_array().unwrap().len());
        let ours = (run.died.is_some(), done(&run), run.deferred.len());
        let verdict = Verdict::of(ours, (failed, done_recorded(recorded), deferred));
        let Some(recorded) = recorded.get("monitor") else { return verdict };
        if let Verdict::Disagree(_) = verdict {
            return verdict;
        }
        let report = monitor(&settings, &world);
        let code = recorded.get("rc").unwrap_or(recorded).as_u64().unwrap();
        let Some(text) = recorded.get("out").and_then(Value::as_str) else {
            return Verdict::of(u64::from(report.code), code);
        };
        let ours = report.findings.iter().map(|finding| {
            let critical = finding.level == Level::Critical;
            (critical, finding.dataset.clone(), finding.kind.to_string(), finding.age.is_none())
        });
        Verdict::of((u64::from(report.code), ours.collect()), (code, findings(text)))
    });
    println!("baseline sanoid: in {other_versions} rows older versions differ; the newest counts");
}

#[test]
fn sanoid_sequences() {
    let mut runs = 0;
    compare("sanoid-sequences", |row| {
        let settings = settings(row).unwrap();
        let mut world = world(row, &row["steps"][0]["now"]);
        for step in row["steps"].as_array().unwrap() {
            world.now = instant(&step["now"]);
            let run = run(&settings, &world);
            runs += 1;
            if done(&run) != done_recorded(step) {
                let at = world.now;
                return Verdict::of((at, done(&run)), (at, done_recorded(step)));
            }
            for taken in run.taken {
                let snapshots = world.datasets.get_mut(&taken.dataset).unwrap();
                snapshots.push(Snapshot::new(taken.name, world.now));
            }
            for (dataset, name, _) in run.destroyed {
                world.datasets.get_mut(&dataset).unwrap().retain(|snapshot| snapshot.id != name);
            }
        }
        let held = |(dataset, snapshots): (&String, &Vec<Snapshot>)| {
            (dataset.clone(), snapshots.iter().map(|s| s.id.clone()).collect::<BTreeSet<_>>())
        };
        let ours: BTreeMap<_, _> = world.datasets.iter().map(held).collect();
        let recorded: BTreeMap<_, _> = row["final"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(dataset, snapshots)| {
                let names = snapshots.as_array().unwrap().iter().map(|s| snapshot(s).id);
                (dataset.clone(), names.collect::<BTreeSet<_>>())
            })
            .collect();
        Verdict::of(ours, recorded)
    });
    println!("baseline sanoid-sequences: {runs} runs");
}
