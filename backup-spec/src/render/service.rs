//! The systemd service and timer of every task.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::NameError;

use super::restic::{self, Backup};
use super::unit_file::{UnitFile, pattern, quoted, whole};
use crate::job::Source;
use crate::name::Name;
use crate::repository::Repository;
use crate::size::Cpus;
use crate::span::Span;
use crate::spec::Checked;
use crate::timer::{DEFAULT_ACCURACY, Timer};
use crate::units::{self, Task};

/// Where programs are, by their names: units are started with no search path that could be relied on (NixOS has next to none).
/// What is not listed is left to systemd, which looks where its distribution puts programs.
pub type Programs = BTreeMap<String, String>;

/// The units of a host, by file name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Units {
    /// Each unit file under its name.
    pub files: BTreeMap<String, UnitFile>,
    /// The programs that they run, by name: all that must be there.
    pub programs: BTreeSet<String>,
}

impl Units {
    /// A service and a timer for everything that is in force.
    pub fn of(spec: &Checked, programs: &Programs) -> Result<Self, NameError> {
        let mut units = Self::default();
        let mut builder = Builder { spec, programs, needed: BTreeSet::new() };
        for task in spec.tasks() {
            let Some(schedule) = spec.schedule(&task) else { continue };
            let Some(service) = builder.service(&task)? else { continue };
            units.files.insert(task.service(), service);
            units.files.insert(task.timer(), timer(&task, &schedule.timer));
        }
        units.programs = builder.needed;
        Ok(units)
    }
}

struct Builder<'b> {
    spec: &'b Checked,
    programs: &'b Programs,
    needed: BTreeSet<String>,
}

impl Builder<'_> {
    /// The command with its program where it is; it is needed from now on.
    fn run(&mut self, mut words: Vec<String>) -> Vec<String> {
        if let Some(program) = words.first_mut() {
            self.needed.insert(program.clone());
            if let Some(path) = self.programs.get(program) {
                program.clone_from(path);
            }
        }
        words
    }

    fn service(&mut self, task: &Task) -> Result<Option<UnitFile>, NameError> {
        let spec = self.spec;
        let Some(schedule) = spec.schedule(task) else { return Ok(None) };
        let unit = match task {
            Task::Backup(name) => self.backup(name)?,
            Task::Forget(name) => spec.repositories.get(name).and_then(|repository| {
                let forget = restic::forget(&spec.host, repository.forget.as_ref()?);
                Some(self.on_repository(name, repository, "Forgetting backups in", forget))
            }),
            Task::Check(name) => spec.repositories.get(name).and_then(|repository| {
                let check = restic::check(repository.check.as_ref()?);
                Some(self.on_repository(name, repository, "Checking", check))
            }),
            Task::Replicate(name) => spec.replication.get(name).map(|replication| {
                let unit = head(&format!("Replicating {}", replication.source()))
                    .set("After", "network-online.target zfs-mount.service")
                    .set("Wants", "network-online.target");
                // Not while a job still reads a clone: its snapshot must not be sent along.
                let unit = self.locks(name).fold(unit, |unit, directory| {
                    unit.set(
                        "ConditionDirectoryNotEmpty",
                        format_args!("!{}", whole(directory.as_str())),
                    )
                });
                let argv = self.run(replication.job.argv());
                unit.section("Service")
                    .set("Type", "oneshot")
                    .set_some("User", replication.user.as_deref())
                    .command("ExecStart", &argv)
            }),
            Task::BaseBackup(nth, name) => spec.pitr.get(name).and_then(|archive| {
                let argv = self.run(archive.base(*nth)?.argv(&archive.pitr));
                let unit = head(&format!("Base backup {nth} of the database archive {name}"))
                    .set("After", "network-online.target postgresql.service")
                    .set("Wants", "network-online.target")
                    .section("Service")
                    .set("Type", "oneshot")
                    .set("User", &archive.user)
                    .set_some("EnvironmentFile", archive.environment_file().map(pattern));
                let unit = unit.command("ExecStart", &argv);
                // Once the new one is there.
                let expired = archive.pitr.expire_after_base();
                Some(expired.into_iter().fold(unit, |unit, argv| {
                    let argv = self.run(argv);
                    unit.command("ExecStart", &argv)
                }))
            }),
            Task::Snapshot => {
                let argv = ["sanoid", "--cron", "--quiet"].map(str::to_owned);
                let argv = self.run(argv.into());
                let unit = head("Taking and pruning snapshots").set("After", "zfs-mount.service");
                // sanoid reads the local clock for its marks.
                let unit = unit
                    .section("Service")
                    .set("Type", "oneshot")
                    .set("Environment", format_args!("TZ={}", spec.zone));
                Some(unit.command("ExecStart", &argv))
            }
        };
        Ok(unit.map(|unit| unit.set("TimeoutStartSec", schedule.run_time)))
    }

    /// The directories of locks that a replication has to wait for.
    fn locks(&self, name: &Name) -> impl Iterator<Item = crate::path::AbsolutePath> {
        let replication = self.spec.replication.get(name);
        let cloned =
            self.spec.jobs.values().filter(|job| job.enable).filter_map(|job| match &job.source {
                Source::Clone { dataset, .. } => Some(dataset),
                Source::Live {} => None,
            });
        let sent = cloned.filter(|dataset| replication.is_some_and(|r| r.includes(dataset)));
        sent.map(units::lock_directory).collect::<BTreeSet<_>>().into_iter()
    }

    fn backup(&mut self, name: &Name) -> Result<Option<UnitFile>, NameError> {
        let spec = self.spec;
        let Some(job) = spec.jobs.get(name) else { return Ok(None) };
        let Some(repository) = spec.repositories.get(&job.repository) else { return Ok(None) };
        let Some(scan) = spec.scan(name) else { return Ok(None) };
        let mut unit = Self::repository_head(&format!("Backup {name}"), repository);
        unit = match &job.source {
            Source::Clone { .. } => unit.set("After", "zfs-mount.service"),
            Source::Live {} => job
                .paths
                .iter()
                .fold(unit, |unit, read| unit.set("RequiresMountsFor", quoted(read.as_str()))),
        };
        unit = self.repository_service(unit, name, repository);
        let cpus = job.resources.cpus.map(quota);
        unit = unit.set_some("MemoryMax", job.resources.memory).set_some("CPUQuota", cpus);
        let brackets = job.brackets(name)?;
        for bracket in &brackets {
            for words in &bracket.tidy {
                let words = self.run(words.clone());
                unit = unit.try_command("ExecStartPre", &words);
            }
            for words in &bracket.open {
                let words = self.run(words.clone());
                unit = unit.command("ExecStartPre", &words);
            }
        }
        let argv = self.run(Backup::new(&spec.host, job, &scan).args());
        unit = unit.command("ExecStart", &argv);
        // Last opened, first closed; each however the run ended, whether or not the one before could be closed.
        for bracket in brackets.iter().rev() {
            for words in &bracket.close {
                let words = self.run(words.clone());
                unit = unit.try_command("ExecStopPost", &words);
            }
        }
        Ok(Some(unit))
    }

    fn on_repository(
        &mut self,
        name: &Name,
        repository: &Repository,
        what: &str,
        argv: Vec<String>,
    ) -> UnitFile {
        let unit = Self::repository_head(&format!("{what} {name}"), repository);
        let unit = self.repository_service(unit, name, repository);
        let argv = self.run(argv);
        unit.command("ExecStart", &argv)
    }

    fn repository_head(what: &str, repository: &Repository) -> UnitFile {
        let unit =
            head(what).set("After", "network-online.target").set("Wants", "network-online.target");
        unit.set_some("RequiresMountsFor", repository.directory().map(|path| quoted(path.as_str())))
    }

    fn repository_service(
        &mut self,
        unit: UnitFile,
        name: &Name,
        repository: &Repository,
    ) -> UnitFile {
        let mut unit = unit.section("Service").set("Type", "oneshot");
        for (variable, value) in restic::environment(repository) {
            unit = unit.set("Environment", quoted(&format!("{variable}={value}")));
        }
        let cache = format!("restic/{name}");
        unit = unit
            .set_some(
                "EnvironmentFile",
                repository.environment_file.as_ref().map(|path| pattern(path.as_str())),
            )
            .set("CacheDirectory", quoted(&cache))
            .set("Environment", quoted(&format!("RESTIC_CACHE_DIR=/var/cache/{cache}")));
        let restic = self.programs.get("restic").map_or("restic", String::as_str);
        if let Some(identity) = restic::identity(repository, restic) {
            let identity = self.run(identity);
            unit = unit.command("ExecStartPre", &identity);
        }
        unit
    }
}

fn head(what: &str) -> UnitFile {
    UnitFile::default().section("Unit").set("Description", what.replace('%', "%%"))
}

/// Processors as systemd's percentage; thousandths below a hundredth are dropped, and what is left is never nothing.
fn quota(cpus: Cpus) -> String {
    format!("{}%", (cpus.thousandths() / 10).max(1))
}

/// The timer of a task.
pub fn timer(task: &Task, timer: &Timer) -> UnitFile {
    let Timer { on_calendar, persistent, randomized_delay, fixed_random_delay, accuracy } = timer;
    let mut unit = head(&format!("Times of {task}")).section("Timer");
    for calendar in on_calendar {
        unit = unit.set("OnCalendar", calendar);
    }
    if *randomized_delay != Span::ZERO {
        unit = unit.set("RandomizedDelaySec", randomized_delay);
    }
    if *fixed_random_delay {
        unit = unit.set("FixedRandomDelay", "true");
    }
    if *accuracy != DEFAULT_ACCURACY {
        unit = unit.set("AccuracySec", accuracy);
    }
    if *persistent {
        unit = unit.set("Persistent", "true");
    }
    unit.section("Install").set("WantedBy", "timers.target")
}

/// A timer file that [`timer`] does not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}={value}: {what}")]
pub struct BadTimer {
    setting: &'static str,
    value: String,
    what: String,
}

/// Reads back what [`timer`] wrote.
pub fn read_timer(unit: &UnitFile) -> Result<Timer, BadTimer> {
    fn all<T: std::str::FromStr<Err: std::fmt::Display>>(
        unit: &UnitFile,
        setting: &'static str,
    ) -> Result<Vec<T>, BadTimer> {
        let values = unit.get("Timer", setting);
        let parsed = values.map(|value| {
            let bad = |error: T::Err| BadTimer {
                setting,
                value: value.to_owned(),
                what: error.to_string(),
            };
            value.parse().map_err(bad)
        });
        parsed.collect()
    }
    let last = |setting| Ok(all::<Span>(unit, setting)?.pop());
    let flag = |setting| Ok::<_, BadTimer>(all::<bool>(unit, setting)?.pop().unwrap_or(false));
    Ok(Timer {
        on_calendar: all(unit, "OnCalendar")?,
        persistent: flag("Persistent")?,
        randomized_delay: last("RandomizedDelaySec")?.unwrap_or_default(),
        fixed_random_delay: flag("FixedRandomDelay")?,
        accuracy: last("AccuracySec")?.unwrap_or(DEFAULT_ACCURACY),
    })
}
