//! From a tree of keys and values to a [`Spec`]: the one place that knows the keys.

mod archive;
mod job;
mod notify;
mod protect;
mod repository;
pub(super) mod snapshots;

use declared::{Entry, Node, Reader, Table};

use super::{Checked, Code, Problems, Spec};
use crate::calendar::Calendar;
use crate::exclude::Pattern;
use crate::job::Resources;
use crate::name::Name;
use crate::schedule::Schedule;
use crate::span::Span;
use crate::timer::{DEFAULT_ACCURACY, Timer};

/// Reads a whole declaration, checks that it fits together, and computes what follows.
pub(super) fn checked(node: &Node) -> Result<Checked, Problems> {
    let mut reader = Read { reader: Reader::new(), defaults: Defaults::default() };
    let mut spec = Spec::default();
    let root = Entry::root(node);
    if let Some(mut top) = reader.reader.table(&root) {
        reader.top(&mut top, &mut spec);
        reader.reader.finish(&top);
    }
    let mut reader = reader.reader;
    let (checked, problems) = Checked::with_problems(spec);
    reader.add(&root, problems);
    reader.done(checked)
}

struct Read {
    reader: Reader<Code>,
    defaults: Defaults,
}

/// What jobs have that do not say otherwise.
#[derive(Default)]
struct Defaults {
    repository: Option<Name>,
    timing: Timing,
    one_file_system: bool,
    replication: Replications,
}

/// What replications have that do not say otherwise.
#[derive(Default)]
struct Replications {
    options: Vec<String>,
    user: Option<String>,
    offsite: Option<bool>,
    timing: Timing,
}

/// The keys of a schedule, as far as they are given.
#[derive(Clone, Default)]
struct Timing {
    schedule: Option<Vec<Calendar>>,
    jitter: Option<Span>,
    fixed_jitter: Option<bool>,
    accuracy: Option<Span>,
    persistent: Option<bool>,
    run_time: Option<Span>,
}

impl Timing {
    /// These keys, and where they are not given those.
    fn or(self, other: &Timing) -> Timing {
        Timing {
            schedule: self.schedule.or_else(|| other.schedule.clone()),
            jitter: self.jitter.or(other.jitter),
            fixed_jitter: self.fixed_jitter.or(other.fixed_jitter),
            accuracy: self.accuracy.or(other.accuracy),
            persistent: self.persistent.or(other.persistent),
            run_time: self.run_time.or(other.run_time),
        }
    }

    fn timer(&self, defaults: &Timing, on_calendar: Vec<Calendar>) -> Timer {
        Timer {
            on_calendar,
            persistent: self.persistent.or(defaults.persistent).unwrap_or(false),
            randomized_delay: self.jitter.or(defaults.jitter).unwrap_or_default(),
            fixed_random_delay: self.fixed_jitter.or(defaults.fixed_jitter).unwrap_or(false),
            accuracy: self.accuracy.or(defaults.accuracy).unwrap_or(DEFAULT_ACCURACY),
        }
    }
}

const SPAN: &str = "write a time span such as \"15min\" or \"1h 30min\" (systemd.time(7))";
const NAME: &str = "write a name of letters, digits, `.`, `_` and `-`";
const PATH: &str = "write an absolute path";
const DATASET: &str = "write a dataset as `zfs list` does, such as tank/services";

impl Read {
    fn top(&mut self, top: &mut Table<'_>, spec: &mut Spec) {
        if let Some(entry) = self.reader.required(top, "host", "write the host's name") {
            spec.host = self.host(&entry).unwrap_or_default();
        }
        if let Some(entry) = top.take("zone") {
            let zone = self.reader.parsed(&entry, "write a zone such as \"Europe/Berlin\"");
            spec.zone = zone.unwrap_or_default();
        }
        if let Some(entry) = top.take("excludes") {
            spec.excludes = self.patterns(&entry);
        }
        if let Some(entry) = top.take("floor") {
            if let Some(mut table) = self.reader.table(&entry) {
                spec.floor = self.resources(&mut table, Resources::default());
                self.reader.finish(&table);
            }
        }
        if let Some(entry) = top.take("parallel") {
            spec.parallel = self.reader.parsed(&entry, "write a number of jobs");
        }
        if let Some(entry) = top.take("defaults") {
            self.defaults(&entry);
        }
        for entry in self.entries(top, "repositories") {
            let Some(name) = self.name(&entry) else { continue };
            if let Some(repository) = self.repository(&entry) {
                spec.repositories.insert(name, repository);
            }
        }
        for entry in self.entries(top, "jobs") {
            let Some(name) = self.name(&entry) else { continue };
            if let Some(job) = self.job(&entry, spec.floor) {
                spec.jobs.insert(name, job);
            }
        }
        if let Some(entry) = top.take("sanoid") {
            spec.sanoid = self.sanoid(&entry);
        }
        for entry in self.entries(top, "replication") {
            let Some(name) = self.name(&entry) else { continue };
            if let Some(replication) = self.replication(&entry) {
                spec.replication.insert(name, replication);
            }
        }
        for entry in self.entries(top, "pitr") {
            let Some(name) = self.name(&entry) else { continue };
            if let Some(archive) = self.archive(&entry) {
                spec.pitr.insert(name, archive);
            }
        }
        self.classes(top, spec);
        self.protections(top, spec);
        self.alerts(top, spec);
        self.notifications(top, spec);
    }

    fn entries<'n>(&mut self, top: &mut Table<'n>, key: &'static str) -> Vec<Entry<'n>> {
        top.take(key).map(|entry| self.reader.entries(&entry)).unwrap_or_default()
    }

    /// The key of an entry as a name.
    fn name(&mut self, entry: &Entry<'_>) -> Option<Name> {
        entry
            .key
            .parse()
            .map_err(|error| self.reader.report_key(entry, Code::BadValue, error, NAME))
            .ok()
    }

    /// The name of a host, as restic records it.
    fn host(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = self.reader.text(entry)?;
        let good = !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        if good {
            return Some(text.to_owned());
        }
        let what = format!("`{text}` is not the name of a host");
        self.reader.report(entry, Code::BadValue, what, "write letters, digits, `-` and `.`");
        None
    }

    fn patterns(&mut self, entry: &Entry<'_>) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for element in self.reader.list(entry) {
            let Some(text) = self.reader.text(&element) else { continue };
            match Pattern::parse(text) {
                Ok(Some(pattern)) if !text.chars().any(char::is_control) => patterns.push(pattern),
                Ok(Some(_)) => {
                    let what = "a control character in a pattern";
                    self.reader.report(
                        &element,
                        Code::BadValue,
                        what,
                        "leave it out, or write `?`",
                    );
                }
                Ok(None) => {
                    let what = "an empty pattern, which restic passes over";
                    self.reader.report(&element, Code::NoEffect, what, "leave it out");
                }
                Err(error) => {
                    let remedy = "write a special character with a `\\` before it";
                    self.reader.report(&element, Code::BadValue, error, remedy);
                }
            }
        }
        patterns
    }

    fn flag(&mut self, table: &mut Table<'_>, key: &'static str, default: bool) -> bool {
        let entry = table.take(key);
        entry.and_then(|entry| self.reader.boolean(&entry)).unwrap_or(default)
    }

    fn defaults(&mut self, entry: &Entry<'_>) {
        let Some(mut table) = self.reader.table(entry) else { return };
        if let Some(entry) = table.take("repository") {
            self.defaults.repository = self.reader.parsed(&entry, NAME);
        }
        self.defaults.timing = self.timing(&mut table);
        self.defaults.one_file_system = self.flag(&mut table, "oneFileSystem", false);
        if let Some(entry) = table.take("replication") {
            self.replication_defaults(&entry);
        }
        let timing = std::mem::take(&mut self.defaults.replication.timing);
        self.defaults.replication.timing = timing.or(&self.defaults.timing);
        self.reader.finish(&table);
    }

    fn timing(&mut self, table: &mut Table<'_>) -> Timing {
        let schedule = table.take("schedule").map(|entry| self.calendars(&entry));
        let mut span = |key| table.take(key).and_then(|entry| self.reader.parsed(&entry, SPAN));
        let (jitter, accuracy, run_time) = (span("jitter"), span("accuracy"), span("runTime"));
        let mut flag = |key| table.take(key).and_then(|entry| self.reader.boolean(&entry));
        let (fixed_jitter, persistent) = (flag("fixedJitter"), flag("persistent"));
        Timing { schedule, jitter, fixed_jitter, accuracy, persistent, run_time }
    }

    fn calendars(&mut self, entry: &Entry<'_>) -> Vec<Calendar> {
        let mut calendars = Vec::new();
        for entry in self.reader.one_or_more(entry) {
            let Some(text) = self.reader.text(&entry) else { continue };
            match text.parse::<Calendar>() {
                Ok(calendar) => calendars.push(calendar),
                Err(error) => {
                    let remedy = error.remedy().to_string();
                    self.reader.report(&entry, Code::BadValue, error, remedy);
                }
            }
        }
        calendars
    }

    /// The schedule of something that must have one.
    fn schedule(&mut self, table: &mut Table<'_>, defaults: &Timing) -> Option<Schedule> {
        let own = self.timing(table);
        let calendars = own.schedule.clone().or_else(|| defaults.schedule.clone());
        let run_time = own.run_time.or(defaults.run_time);
        if calendars.is_none() {
            let remedy = "write when it runs, such as \"daily\" (systemd.time(7))";
            self.reader.missing(table, "schedule", remedy);
        }
        if run_time.is_none() {
            let remedy = "write how long a run may take, such as \"45min\": it is stopped then";
            self.reader.missing(table, "runTime", remedy);
        }
        Some(Schedule::new(own.timer(defaults, calendars?), run_time?))
    }

    /// A timer alone, for what has the time of its runs elsewhere.
    fn timer(&mut self, table: &mut Table<'_>) -> Option<Timer> {
        let own = self.timing(table);
        if own.schedule.is_none() {
            let remedy = "write when it runs, such as \"daily\" (systemd.time(7))";
            self.reader.missing(table, "schedule", remedy);
        }
        let calendars = own.schedule.clone();
        Some(own.timer(&Timing::default(), calendars?))
    }

    fn resources(&mut self, table: &mut Table<'_>, floor: Resources) -> Resources {
        let memory = table.take("memory");
        let cpus = table.take("cpus");
        let mut resources = floor;
        if let Some(entry) = memory {
            resources.memory = self.reader.parsed(&entry, "write an amount such as \"2G\"");
        }
        if let Some(entry) = cpus {
            resources.cpus = self.reader.parsed(&entry, "write a decimal such as \"1.5\"");
        }
        resources
    }
}
