//! Problems of time: schedules, thresholds, crowds. All are computed; none is guessed.

use std::collections::BTreeMap;

use declared::join;

use super::{Found, protection_path};
use crate::health::Ages;
use crate::span::Span;
use crate::spec::{Checked, Code};
use crate::units::Task;

impl Found {
    pub(super) fn times(&mut self, spec: &Checked) {
        for task in spec.tasks() {
            let Some(schedule) = spec.schedule(&task) else { continue };
            let path = path_of(&task);
            let Some(bounds) = spec.bounds(&task) else {
                let what = format!("`{}` does not elapse twice", schedule.calendar());
                let remedy = "write a calendar that does (systemd-analyze calendar)";
                self.add(join(&path, "schedule"), Code::NeverRuns, what, remedy);
                continue;
            };
            if bounds.worst.is_infinite() {
                let end = schedule.clone().into_owned().in_zone(spec.zone.zone()).end();
                if let Some(end) = end {
                    self.add(join(&path, "schedule"), Code::NeverRuns, &end, end.remedy());
                    continue;
                }
            }
            // A run that is still going when the timer elapses swallows that elapse.
            if bounds.overlaps {
                let late = schedule.timer.lateness();
                let what = format!(
                    "a run of {} that starts up to {late} late can still go on when the next is due",
                    schedule.run_time
                );
                let remedy = "let it run less often, or give it less time or jitter";
                self.add(join(&path, "runTime"), Code::RunExceedsPause, what, remedy);
            }
        }
        for (subject, protection) in &spec.protection {
            if !spec.classes.contains_key(&protection.class) {
                let what = format!("nothing is said of the class `{}`", protection.class);
                let remedy = "declare it in `classes`, if only to ask for nothing";
                self.add(
                    join(&protection_path(subject), "class"),
                    Code::UnknownClass,
                    what,
                    remedy,
                );
            }
        }
    }

    /// Thresholds leave room for what the schedules they guard do in health.
    pub(super) fn thresholds(&mut self, spec: &Checked) {
        let tasks = spec.tasks();
        let jobs = tasks.iter().filter(|task| matches!(task, Task::Backup(_)));
        let bounds = jobs.filter_map(|task| Some((spec.bound(task)?, task.to_string())));
        self.threshold("backup", spec.alerts.backup, bounds.max());
        let enabled = spec.replication.iter().filter(|(_, replication)| replication.enable);
        let bounds =
            enabled.filter_map(|(name, _)| Some((spec.lag_bound(name)?, name.to_string())));
        self.threshold("lag", spec.alerts.lag, bounds.max());
        let bounds = spec.snapshotted().map(|(dataset, gap)| (gap, dataset.to_string()));
        self.threshold("snapshot", spec.alerts.snapshot, bounds.max());
        let capacity = spec.alerts.capacity;
        if capacity.warning >= capacity.critical {
            let what =
                format!("a warning at {} %, critical at {} %", capacity.warning, capacity.critical);
            let remedy = "let the warning come first";
            self.add("alerts.capacity".into(), Code::ThresholdOrder, what, remedy);
        }
    }

    fn threshold(&mut self, key: &str, declared: Option<Ages>, slowest: Option<(Span, String)>) {
        let Some(ages) = declared else { return };
        let path = join("alerts", key);
        if ages.warning >= ages.critical {
            let what =
                format!("a warning after {}, critical after {}", ages.warning, ages.critical);
            let remedy = "let the warning come first";
            self.add(path.clone(), Code::ThresholdOrder, what, remedy);
        }
        let Some((bound, who)) = slowest else { return };
        if ages.warning < bound {
            let what = format!("{} is exceeded in health: {who} can take {bound}", ages.warning);
            let remedy = format!("write {bound} or more, or leave it out: it is computed then");
            self.add(join(&path, "warning"), Code::FalseAlarm, what, remedy);
        }
    }

    /// Jobs that one moment starts have room in the window that their timers spread them over.
    pub(super) fn crowds(&mut self, spec: &Checked) {
        let Some(parallel) = spec.parallel else { return };
        let mut crowds: BTreeMap<String, Vec<(&crate::name::Name, Span, Span)>> = BTreeMap::new();
        for (name, job) in spec.jobs.iter().filter(|(_, job)| job.enable) {
            let crowd = crowds.entry(job.schedule.calendar()).or_default();
            crowd.push((name, job.schedule.timer.randomized_delay, job.schedule.run_time));
        }
        for (when, crowd) in crowds {
            let work = crowd.iter().fold(Span::ZERO, |sum, (_, _, run)| sum.saturating_add(*run));
            // The last job that starts may take its whole time after the window.
            let spread = crowd.iter().map(|(_, jitter, _)| *jitter).max().unwrap_or_default();
            let longest = crowd.iter().map(|(_, _, run)| *run).max().unwrap_or_default();
            let window = spread.saturating_add(longest);
            if work > window.saturating_mul(u64::from(parallel)) {
                let what = format!(
                    "{} jobs start at `{when}` and work for {work} in {window}: more than {parallel} at a time",
                    crowd.len()
                );
                let remedy = "give them more jitter, other times, or less runTime";
                self.add("parallel".into(), Code::Crowded, what, remedy);
            }
        }
    }
}

/// Where a task's keys stand.
fn path_of(task: &Task) -> String {
    match task {
        Task::Backup(name) => join("jobs", name.as_str()),
        Task::Forget(name) => join(&join("repositories", name.as_str()), "forget"),
        Task::Check(name) => join(&join("repositories", name.as_str()), "check"),
        Task::Replicate(name) => join("replication", name.as_str()),
        Task::BaseBackup(nth, name) => format!("{}.base[{}]", join("pitr", name.as_str()), nth - 1),
        Task::Snapshot => "sanoid".into(),
    }
}
