//! Metrics and alerting rules of Prometheus, made from the same names.
//!
//! Every series of a task has one label, `task`, with the task's unit name for a value: it cannot collide with the `job` that
//! Prometheus adds by itself, differs for tasks that differ, and reads back ([`crate::units::Task`]). A task that never reported has no
//! series at all, so each rule of age has a twin about its absence.

use std::fmt;
use std::fmt::Write;

use crate::health::{Ages, Observations, Outcome, Preseed};
use crate::span::Span;
use crate::spec::Checked;

/// When the last complete run of a task ended, in seconds since 1970.
pub const COMPLETE: &str = "backup_last_complete_timestamp_seconds";
/// 1 for the outcome of the last run of a task (label `outcome`), 0 for the others.
pub const OUTCOME: &str = "backup_last_outcome";
/// When the newest snapshot of a dataset was taken, in seconds since 1970.
pub const SNAPSHOT: &str = "backup_newest_snapshot_timestamp_seconds";
/// How far a replication is behind for a dataset, in seconds.
pub const LAG: &str = "backup_replication_lag_seconds";
/// Space of a dataset that is used, in bytes.
pub const USED: &str = "backup_dataset_used_bytes";
/// Space of a dataset that is available, in bytes.
pub const AVAILABLE: &str = "backup_dataset_available_bytes";
/// 1 if the restore at the last start of a service failed.
pub const PRESEED: &str = "backup_preseed_failed";

/// A text as `PromQL`, JSON and YAML read it between double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            _ if character.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

impl Observations {
    /// What was observed, as a text file for the node exporter (Prometheus text format 0.0.4).
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        let head = |text: &mut String, name: &str, what: &str| {
            let _ = writeln!(text, "# HELP {name} {what}\n# TYPE {name} gauge");
        };
        head(&mut text, COMPLETE, "When the last complete run ended.");
        for (task, record) in &self.tasks {
            let label = quoted(&task.to_string());
            if let Some(complete) = record.complete {
                let _ = writeln!(text, "{COMPLETE}{{task={label}}} {}", complete.as_second());
            }
        }
        head(&mut text, OUTCOME, "How the last run ended.");
        for (task, record) in &self.tasks {
            let Some((_, outcome)) = record.last else { continue };
            let label = quoted(&task.to_string());
            for word in Outcome::WORDS {
                let is = u8::from(outcome.word() == word);
                let _ = writeln!(text, "{OUTCOME}{{task={label},outcome=\"{word}\"}} {is}");
            }
        }
        head(&mut text, SNAPSHOT, "When the newest snapshot was taken.");
        for (dataset, newest) in &self.snapshots {
            let Some(newest) = newest else { continue };
            let label = quoted(dataset.as_str());
            let _ = writeln!(text, "{SNAPSHOT}{{dataset={label}}} {}", newest.as_second());
        }
        head(&mut text, LAG, "Newest point of the source minus newest common point.");
        for ((replication, dataset), lag) in &self.lags {
            let lag = lag.map_or("+Inf".to_owned(), |lag| lag.as_secs().to_string());
            let (replication, dataset) = (quoted(replication.as_str()), quoted(dataset.as_str()));
            let _ = writeln!(text, "{LAG}{{replication={replication},dataset={dataset}}} {lag}");
        }
        head(&mut text, USED, "Used space.");
        for (dataset, capacity) in &self.capacity {
            let _ =
                writeln!(text, "{USED}{{dataset={}}} {}", quoted(dataset.as_str()), capacity.used);
        }
        head(&mut text, AVAILABLE, "Available space.");
        for (dataset, capacity) in &self.capacity {
            let label = quoted(dataset.as_str());
            let _ = writeln!(text, "{AVAILABLE}{{dataset={label}}} {}", capacity.available);
        }
        head(&mut text, PRESEED, "Whether the last restore at the start of a service failed.");
        for (service, preseed) in &self.preseeds {
            let failed = u8::from(*preseed == Preseed::Failed);
            let _ = writeln!(text, "{PRESEED}{{service={}}} {failed}", quoted(service.as_str()));
        }
        text
    }
}

/// One alerting rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, the same for all of its kind.
    pub alert: &'static str,
    /// The expression.
    pub expr: String,
    /// How long it must hold before it fires.
    pub hold: Span,
    /// `warning` or `critical`.
    pub severity: &'static str,
    /// Labels beside the severity. With the name and the severity they are this rule's alone.
    pub labels: Vec<(&'static str, String)>,
    /// What to tell a person.
    pub summary: String,
}

/// The rules of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    host: String,
    rules: Vec<Rule>,
}

impl Rules {
    /// The rules that say of the metrics what [`evaluate`](crate::health::evaluate) says of the observations behind them.
    pub fn of(spec: &Checked) -> Self {
        let mut rules = Vec::new();
        for task in spec.tasks() {
            let Some(ages) = spec.ages(&task) else { continue };
            let series = format!("{COMPLETE}{{task={}}}", quoted(&task.to_string()));
            let labels = || vec![("task", task.to_string())];
            rules.extend(
                Aged {
                    alerts: ["BackupStale", "BackupNeverComplete"],
                    series: &series,
                    age: &format!("time() - {series}"),
                    labels: labels(),
                    old: &|age| format!("{task} did not complete for {age}"),
                    unknown: format!("nothing is known of a complete run of {task}"),
                }
                .rules(ages),
            );
            rules.push(future("BackupInFuture", &series, labels(), &task.to_string()));
            rules.push(Rule {
                alert: "BackupIncomplete",
                expr: format!(
                    "{OUTCOME}{{task={},outcome=\"complete\"}} == 0",
                    quoted(&task.to_string())
                ),
                hold: Span::ZERO,
                severity: "warning",
                labels: labels(),
                summary: format!("the last run of {task} did not complete"),
            });
        }
        for (dataset, _) in spec.snapshotted() {
            let Some(ages) = spec.snapshot_ages(dataset) else { continue };
            let series = format!("{SNAPSHOT}{{dataset={}}}", quoted(dataset.as_str()));
            let labels = || vec![("dataset", dataset.to_string())];
            rules.extend(
                Aged {
                    alerts: ["SnapshotOld", "SnapshotAbsent"],
                    series: &series,
                    age: &format!("time() - {series}"),
                    labels: labels(),
                    old: &|age| format!("the newest snapshot of {dataset} is older than {age}"),
                    unknown: format!("nothing is known of a snapshot of {dataset}"),
                }
                .rules(ages),
            );
            rules.push(future("SnapshotInFuture", &series, labels(), dataset.as_str()));
        }
        for (name, ages) in spec.replications_with_ages() {
            let series = format!("{LAG}{{replication={}}}", quoted(name.as_str()));
            rules.extend(
                Aged {
                    alerts: ["ReplicationLag", "ReplicationLagAbsent"],
                    series: &series,
                    age: &series,
                    labels: vec![("replication", name.to_string())],
                    old: &|age| format!("{name} is more than {age} behind"),
                    unknown: format!("nothing is known of how far {name} is behind"),
                }
                .rules(ages),
            );
        }
        let capacity = spec.alerts.capacity;
        for (severity, percent) in [("warning", capacity.warning), ("critical", capacity.critical)]
        {
            rules.push(Rule {
                alert: "DatasetFull",
                expr: format!("100 * {USED} > {percent} * ({USED} + {AVAILABLE})"),
                hold: Span::ZERO,
                severity,
                labels: Vec::new(),
                summary: format!("{{{{ $labels.dataset }}}} is more than {percent} % full"),
            });
        }
        rules.push(Rule {
            alert: "PreseedFailed",
            expr: format!("{PRESEED} == 1"),
            hold: Span::ZERO,
            severity: "critical",
            labels: Vec::new(),
            summary: "the restore at the start of {{ $labels.service }} failed".into(),
        });
        Self { host: spec.host.clone(), rules }
    }

    /// The rules, in the order they are written.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }
}

/// What has an age: it can be too great, and it can be unknown.
struct Aged<'a> {
    /// Who tells that it is too great, and who that it is unknown.
    alerts: [&'static str; 2],
    /// The metric, with its labels.
    series: &'a str,
    /// The age by it, in seconds.
    age: &'a str,
    labels: Vec<(&'static str, String)>,
    /// What to tell of an age that is too great.
    old: &'a dyn Fn(Span) -> String,
    /// What to tell if it is unknown.
    unknown: String,
}

impl Aged<'_> {
    /// Two for the age, and one for its absence.
    fn rules(self, ages: Ages) -> [Rule; 3] {
        let [old, absent] = self.alerts;
        let above = |severity, age| Rule {
            alert: old,
            expr: format!("{} > {}", self.age, seconds(age)),
            hold: Span::ZERO,
            severity,
            labels: self.labels.clone(),
            summary: (self.old)(age),
        };
        let unknown = Rule {
            alert: absent,
            expr: format!("absent({})", self.series),
            hold: ages.warning,
            severity: "critical",
            labels: self.labels.clone(),
            summary: self.unknown.clone(),
        };
        [above("warning", ages.warning), above("critical", ages.critical), unknown]
    }
}

/// What is dated after now has no age that could be too great: by a wrong clock, it would be well for years.
fn future(
    alert: &'static str,
    series: &str,
    labels: Vec<(&'static str, String)>,
    of: &str,
) -> Rule {
    Rule {
        alert,
        expr: format!("{series} > time()"),
        hold: CLOCKS,
        severity: "warning",
        labels,
        summary: format!("{of} is dated in the future: a clock is wrong"),
    }
}

/// The clocks of a host and of Prometheus may differ by this.
const CLOCKS: Span = Span::from_secs(300);

/// The longest duration of Prometheus, in seconds: 2^63 nanoseconds.
const LONGEST: u64 = 9_223_372_036;

/// Whole seconds, rounded up: a rule may wait a moment longer, and never fires in health.
fn seconds(span: Span) -> u64 {
    span.as_micros().div_ceil(1_000_000)
}

impl fmt::Display for Rules {
    /// A rule file (YAML, of which every text is quoted as in JSON).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "groups:\n  - name: {}\n    rules:",
            quoted(&format!("backup of {}", self.host))
        )?;
        for rule in &self.rules {
            writeln!(f, "      - alert: {}", rule.alert)?;
            writeln!(f, "        expr: {}", quoted(&rule.expr))?;
            if rule.hold != Span::ZERO {
                writeln!(f, "        for: {}s", seconds(rule.hold).min(LONGEST))?;
            }
            writeln!(f, "        labels:\n          severity: {}", rule.severity)?;
            for (label, value) in &rule.labels {
                writeln!(f, "          {label}: {}", quoted(value))?;
            }
            writeln!(f, "        annotations:\n          summary: {}", quoted(&rule.summary))?;
        }
        Ok(())
    }
}
