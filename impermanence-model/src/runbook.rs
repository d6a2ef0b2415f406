//! From an ordinary root to one that is thrown away: what to do, in order, with the command and the check of each step.
//!
//! The root changes its type, so the machine is installed anew: back up, restructure, install, restore into the store,
//! verify. Nothing of it is carried out here.

use std::fmt;

use crate::host::Kind;
use crate::index::Index;
use crate::layout::{Entry, Layout, Source};
use crate::path::AbsolutePath;

/// Phases in order; the next one begins when every step of the one before is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Runbook {
    /// The phases.
    pub phases: Vec<Phase>,
}

/// Steps that can be done in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Phase {
    /// Its name.
    pub name: &'static str,
    /// What becomes of the machine if it ends here.
    pub ending_here: &'static str,
    /// The steps.
    pub steps: Vec<Task>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Task {
    /// What, for a person.
    pub what: String,
    /// The command, if one does it: program and arguments, which are for no shell.
    pub command: Vec<String>,
    /// The command that shows that it is done: it prints nothing and succeeds.
    pub check: Vec<String>,
}

/// Everything that makes a file what it is, and numbers instead of names: users may have other ones while installing.
const RSYNC: [&str; 3] = ["rsync", "-aHAXS", "--numeric-ids"];

/// The runbook to the layout of the new root. `backup` is where there is room for all that is kept, on another disk.
pub fn conversion(new: &Layout, backup: &AbsolutePath) -> Runbook {
    let directories = new.entries().iter().filter(|entry| entry.kind == Kind::Directory);
    let directories = Index::new(directories.map(|entry| (entry.path.clone(), &entry.store)));
    // What a directory of the same store holds is copied with it.
    let is_copied = |entry: &&Entry| {
        let above = directories.nearest_above(entry.path.as_bytes());
        above.is_none_or(|(_, store)| **store != entry.store)
    };
    let kept: Vec<&Entry> = new.entries().iter().filter(is_copied).collect();
    let phases = vec![
        Phase {
            name: "back up",
            ending_here: "nothing has changed",
            steps: kept
                .iter()
                .map(|entry| copy(entry, &entry.path, &entry.path.inside(backup)))
                .collect(),
        },
        Phase { name: "restructure", ending_here: "nothing has changed", steps: restructure(new) },
        Phase {
            name: "install",
            ending_here: "the old system is gone; the backup holds what is kept",
            steps: vec![Task {
                what: format!("install the system anew, with / as {}", new.root()),
                command: Vec::new(),
                check: Vec::new(),
            }],
        },
        Phase {
            name: "restore into the store",
            ending_here: "the new system boots, and lacks state; restore again",
            steps: kept
                .iter()
                .map(|entry| copy(entry, &entry.path.inside(backup), &entry.source()))
                .collect(),
        },
        Phase {
            name: "verify",
            ending_here: "the new system runs; keep the backup until every service is verified",
            steps: verify(new),
        },
    ];
    Runbook { phases }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A path as an argument; none if it is not text, which a runbook cannot hold.
fn argument(path: &AbsolutePath) -> Option<String> {
    std::str::from_utf8(path.as_bytes()).ok().map(str::to_owned)
}

fn copy(entry: &Entry, from: &AbsolutePath, to: &AbsolutePath) -> Task {
    let (Some(source), Some(target)) = (argument(from), argument(to)) else {
        let what = format!("copy {from} to {to} by hand: its name is not text");
        return Task { what, command: Vec::new(), check: Vec::new() };
    };
    // A slash at the end is what is in a directory, without the directory's name.
    let slash = if entry.kind == Kind::Directory { "/" } else { "" };
    let places = [source + slash, target + slash];
    let mut command = words(&RSYNC);
    command.push("--mkpath".to_owned());
    command.extend(places.clone());
    let mut check = words(&RSYNC);
    check.extend(words(&["--dry-run", "--checksum", "--delete", "--out-format=%i %n"]));
    check.extend(places);
    Task { what: format!("copy {from} to {to}"), command, check }
}

fn restructure(new: &Layout) -> Vec<Task> {
    let devices = new.mounts().filter_map(|mount| match &mount.source {
        Source::Device { device, fs_type } => Some(Task {
            what: format!("make {device} a {fs_type} that is mounted at {}", mount.target),
            command: Vec::new(),
            check: Vec::new(),
        }),
        Source::Bind { .. } => None,
    });
    devices.collect()
}

fn verify(new: &Layout) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for summary in new.by_service() {
        for (state, fate) in &summary.state {
            let what = format!("service {}: {} {}", summary.service, state.path, fate.word());
            let command = words(&["systemctl", "status", "--no-pager", summary.service]);
            tasks.push(Task { what, command, check: exists(&state.path) });
        }
    }
    for entry in new.entries() {
        let what = format!("{} belongs to {}, mode {}", entry.path, entry.owner, entry.mode);
        let stat = |path: String| words(&["stat", "--format=%U:%G %04a", &path]);
        let command = argument(&entry.path).map(stat).unwrap_or_default();
        tasks.push(Task { what, command, check: exists(&entry.path) });
    }
    tasks
}

fn exists(path: &AbsolutePath) -> Vec<String> {
    argument(path).map(|path| words(&["test", "-e", &path])).unwrap_or_default()
}

/// A word that a POSIX shell reads as it is (POSIX.1-2024, shell, 2.2.2 single-quotes).
fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+=.,:/@%".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl fmt::Display for Runbook {
    /// Phases, and below each its steps with their commands, as a shell takes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, phase) in self.phases.iter().enumerate() {
            writeln!(f, "{}. {} (if it ends here: {})", number + 1, phase.name, phase.ending_here)?;
            for task in &phase.steps {
                writeln!(f, "   - {}", task.what)?;
                if !task.command.is_empty() {
                    let words: Vec<String> = task.command.iter().map(|word| quoted(word)).collect();
                    writeln!(f, "     {}", words.join(" "))?;
                }
            }
        }
        Ok(())
    }
}
