//! Names that are derived from declared ones: of units, snapshots, clones, mounts and locks.
//!
//! Each kind of name comes from one function here, differs for things that differ, and can be read back. Nothing else in
//! the crate puts such a name together or takes one apart.

use std::fmt;
use std::str::FromStr;

use zfs_props::name::{DatasetName, NameError, SnapshotName};

use crate::name::Name;
use crate::path::AbsolutePath;

/// Something that runs by a timer of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Task {
    /// The backup job of this name.
    Backup(Name),
    /// Forgetting and pruning in the repository of this name.
    Forget(Name),
    /// Checking the repository of this name.
    Check(Name),
    /// The replication of this name.
    Replicate(Name),
    /// A base backup for the archive of this name: the one of this number, from 1.
    BaseBackup(u32, Name),
    /// sanoid: taking and pruning snapshots.
    Snapshot,
}

/// What stands in front of a task's name. No one of these begins another, so the name that follows can be anything.
const BACKUP: &str = "restic-backup-";
const FORGET: &str = "restic-forget-";
const CHECK: &str = "restic-check-";
const REPLICATE: &str = "syncoid-";
const BASE: &str = "pitr-base-";
const SNAPSHOT: &str = "sanoid";

type Make = fn(Name) -> Task;

/// A text that is no unit of this crate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a unit of a backup, a forget, a check, a replication, a base backup or of sanoid"
)]
pub struct UnknownUnit(String);

impl Task {
    /// The name of its service, such as `restic-backup-sonarr.service`.
    pub fn service(&self) -> String {
        format!("{self}.service")
    }

    /// The name of its timer.
    pub fn timer(&self) -> String {
        format!("{self}.timer")
    }
}

impl fmt::Display for Task {
    /// The unit's name without a suffix. It is also the value of the label `task` of every metric and alert.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, name) = match self {
            Task::BaseBackup(nth, name) => return f.pad(&format!("{BASE}{nth}-{name}")),
            Task::Backup(name) => (BACKUP, name.as_str()),
            Task::Forget(name) => (FORGET, name.as_str()),
            Task::Check(name) => (CHECK, name.as_str()),
            Task::Replicate(name) => (REPLICATE, name.as_str()),
            Task::Snapshot => (SNAPSHOT, ""),
        };
        f.pad(&[prefix, name].concat())
    }
}

impl FromStr for Task {
    type Err = UnknownUnit;

    /// Reads a unit's name without its suffix: [`from_unit`](Task::from_unit) reads one with it. A job may be called
    /// `mail.service`; its service is `restic-backup-mail.service.service`.
    fn from_str(text: &str) -> Result<Self, UnknownUnit> {
        let unknown = || UnknownUnit(text.to_owned());
        if text == SNAPSHOT {
            return Ok(Task::Snapshot);
        }
        if let Some((nth, name)) = text.strip_prefix(BASE).and_then(|rest| rest.split_once('-')) {
            // One number has one spelling.
            let number = nth.parse::<u32>().ok().filter(|n| *n > 0 && n.to_string() == nth);
            let base = number.and_then(|nth| Some(Task::BaseBackup(nth, name.parse().ok()?)));
            return base.ok_or_else(unknown);
        }
        let kinds: [(&str, Make); 4] = [
            (BACKUP, Task::Backup),
            (FORGET, Task::Forget),
            (CHECK, Task::Check),
            (REPLICATE, Task::Replicate),
        ];
        let found = kinds
            .into_iter()
            .find_map(|(prefix, make)| Some(make(text.strip_prefix(prefix)?.parse().ok()?)));
        found.ok_or_else(unknown)
    }
}

impl Task {
    /// Reads the name of a service or timer, as systemd's `%n` gives it.
    pub fn from_unit(unit: &str) -> Result<Self, UnknownUnit> {
        let stem = unit.strip_suffix(".service").or_else(|| unit.strip_suffix(".timer"));
        stem.ok_or_else(|| UnknownUnit(unit.to_owned()))?.parse()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Task {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Below this, per pool, a job's clone is made. The dataset has to exist.
const CLONES: &str = "temp";
/// Where clones are mounted.
const MOUNTS: &str = "/var/lib/backup-snapshots";
/// Where locks lie: a directory per dataset, in it a file per job that holds it.
const LOCKS: &str = "/run/lock/backup-active";
/// What the snapshot of a job is called, in front of the job's name.
const TAKEN: &str = "backup-";

/// The names a job uses that reads from a snapshot: all of them the job's alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloneNames {
    /// The snapshot it takes, `DATASET@backup-JOB`.
    pub snapshot: SnapshotName,
    /// The dataset that clones are made below, in the dataset's own pool: a clone cannot be in another.
    pub parent: DatasetName,
    /// The clone it reads, `POOL/temp/JOB`.
    pub clone: DatasetName,
    /// Where the clone is mounted.
    pub mount: AbsolutePath,
    /// The directory of locks on the dataset: replication waits while it is not empty.
    pub locks: AbsolutePath,
    /// The lock of this job in it.
    pub lock: AbsolutePath,
}

/// The names that `job` uses to read from `dataset`.
pub fn clone_names(job: &Name, dataset: &DatasetName) -> Result<CloneNames, NameError> {
    let parent = dataset.ancestors().last().unwrap_or_else(|| dataset.clone()).child(CLONES)?;
    let locks = lock_directory(dataset);
    Ok(CloneNames {
        snapshot: dataset.snapshot(&format!("{TAKEN}{job}"))?,
        clone: parent.child(job.as_str())?,
        parent,
        mount: clone_mount(job),
        lock: locks.join(job.as_str()),
        locks,
    })
}

/// Where the clone of a job is mounted.
pub fn clone_mount(job: &Name) -> AbsolutePath {
    fixed(MOUNTS).join(job.as_str())
}

/// The job whose clone is mounted at `path` or above it, and what is left of the path below that.
pub fn job_of_path(path: &AbsolutePath) -> Option<(Name, &str)> {
    let below = path.below(&fixed(MOUNTS))?;
    let (job, rest) = below.split_once('/').unwrap_or((below, ""));
    Some((job.parse().ok()?, rest))
}

/// The job that a snapshot was taken for, by its name behind the `@`.
pub fn job_of_snapshot(name: &str) -> Option<Name> {
    name.strip_prefix(TAKEN)?.parse().ok()
}

/// The directory of locks on a dataset.
pub fn lock_directory(dataset: &DatasetName) -> AbsolutePath {
    fixed(LOCKS).join(&escaped(dataset.as_str()))
}

/// The dataset whose locks lie in the directory of this path.
pub fn dataset_of_locks(path: &AbsolutePath) -> Option<DatasetName> {
    let name = path.below(&fixed(LOCKS))?;
    unescaped(name)?.parse().ok()
}

fn fixed(path: &'static str) -> AbsolutePath {
    path.parse().unwrap_or_else(|_| AbsolutePath::root())
}

/// A dataset's name as one component of a path: `/` becomes `-`, and what that could be mistaken for is escaped as systemd
/// does it (systemd.unit(5), "String Escaping for Inclusion in Unit Names").
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '/' => text.push('-'),
            '-' => text.push_str("\\x2d"),
            '\\' => text.push_str("\\x5c"),
            _ => text.push(character),
        }
    }
    text
}

fn unescaped(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\\x2d") {
            name.push('-');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\x5c") {
            name.push('\\');
            rest = after;
        } else {
            match character {
                '-' => name.push('/'),
                '\\' | '/' => return None,
                _ => name.push(character),
            }
            rest = rest.get(character.len_utf8()..)?;
        }
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn tasks_are_read_back() {
        for text in ["a", "check-a", "restic-check-a", "x.service", "a.timer", "sanoid"] {
            let make = [Task::Backup, Task::Forget, Task::Check, Task::Replicate];
            let base = [1, 2, 12].map(|nth| Task::BaseBackup(nth, name(text)));
            let tasks = make.map(|make| make(name(text))).into_iter().chain(base);
            for task in tasks.chain([Task::Snapshot]) {
                assert_eq!(task.to_string().parse(), Ok(task.clone()));
                assert_eq!(Task::from_unit(&task.service()), Ok(task.clone()));
                assert_eq!(Task::from_unit(&task.timer()), Ok(task));
            }
        }
        // Names of other releases of a tool, or of other tools, are nobody's.
        for unknown in [
            "restic-backups-a.service",
            "restic-backup-.service",
            "sanoid-x.timer",
            "syncoid-a",
            "pitr-base-01-a.timer",
        ] {
            assert!(Task::from_unit(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn datasets_that_differ_have_locks_that_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for dataset in ["t/a/b-c", "t/a-b/c", "t/a-b-c", "t/a/b/c", "t/a b", "t/a_b", "t/a-"] {
            let dataset: DatasetName = dataset.parse().unwrap();
            let locks = lock_directory(&dataset);
            assert_eq!(dataset_of_locks(&locks), Some(dataset));
            assert!(seen.insert(locks));
        }
    }

    #[test]
    fn a_clone_is_in_the_pool_of_its_dataset() {
        let names = clone_names(&name("persist"), &"rpool/safe/persist".parse().unwrap()).unwrap();
        assert_eq!(names.clone.as_str(), "rpool/temp/persist");
        assert_eq!(names.snapshot.to_string(), "rpool/safe/persist@backup-persist");
        assert_eq!(names.lock.as_str(), "/run/lock/backup-active/rpool-safe-persist/persist");
        assert_eq!(job_of_snapshot("backup-persist"), Some(name("persist")));
        let path = names.mount.join("var/log");
        assert_eq!(job_of_path(&path), Some((name("persist"), "var/log")));
        let whole = clone_names(&name("all"), &"tank".parse().unwrap()).unwrap();
        assert_eq!(whole.clone.as_str(), "tank/temp/all");
    }
}
