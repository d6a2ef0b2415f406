//! Argument lists of restic 0.18, and the environment it runs in.

use std::collections::BTreeMap;

use crate::exclude::Excludes;
use crate::job::{Job, Marks, Tag};
use crate::path::AbsolutePath;
use crate::repository::{Check, Forget, Repository};
use crate::scan::Scan;

/// A `restic backup` as it is run: what a job's argument list says, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// `--host`.
    pub host: String,
    /// `--tag`.
    pub tags: Vec<Tag>,
    /// `--exclude` and `--iexclude`, each in order.
    pub excludes: Excludes,
    /// Exclusions that look at files.
    pub marks: Marks,
    /// `--one-file-system`.
    pub one_file_system: bool,
    /// What is read.
    pub roots: Vec<AbsolutePath>,
}

/// An argument list that [`Backup::args`] does not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("argument {at}, `{argument}`: {what}")]
pub struct BadArguments {
    /// Which argument, from 0 (the program).
    pub at: usize,
    /// The argument.
    pub argument: String,
    /// What is wrong with it.
    pub what: String,
}

impl Backup {
    /// The run of a job on `host`, reading what `scan` says.
    pub fn new(host: &str, job: &Job, scan: &Scan) -> Self {
        Self {
            host: host.to_owned(),
            tags: job.tags.clone(),
            excludes: scan.excludes.clone(),
            marks: scan.marks.clone(),
            one_file_system: scan.one_file_system,
            roots: scan.roots.clone(),
        }
    }

    /// The program and its arguments. Patterns are arguments and not a file, since restic expands variables in files.
    pub fn args(&self) -> Vec<String> {
        let mut args = vec!["restic".to_owned(), "backup".into(), format!("--host={}", self.host)];
        args.extend(self.tags.iter().map(|tag| format!("--tag={tag}")));
        args.extend(self.excludes.patterns().iter().map(|p| format!("--exclude={p}")));
        args.extend(self.excludes.patterns_ignoring_case().map(|p| format!("--iexclude={p}")));
        let Marks { exclude_caches, exclude_if_present, exclude_larger_than } = &self.marks;
        args.extend(exclude_caches.then(|| "--exclude-caches".to_owned()));
        args.extend(exclude_if_present.iter().map(|name| format!("--exclude-if-present={name}")));
        args.extend(exclude_larger_than.map(|size| format!("--exclude-larger-than={size}")));
        args.extend(self.one_file_system.then(|| "--one-file-system".to_owned()));
        args.push("--".into());
        args.extend(self.roots.iter().map(ToString::to_string));
        args
    }

    /// Reads back what [`args`](Self::args) wrote.
    pub fn from_args<S: AsRef<str>>(args: &[S]) -> Result<Self, BadArguments> {
        let mut backup = Self {
            host: String::new(),
            tags: Vec::new(),
            excludes: Excludes::default(),
            marks: Marks::default(),
            one_file_system: false,
            roots: Vec::new(),
        };
        let (mut excludes, mut iexcludes) = (Vec::new(), Vec::new());
        let mut options = true;
        for (at, argument) in args.iter().enumerate() {
            let argument = argument.as_ref();
            let bad = |what: String| BadArguments { at, argument: argument.to_owned(), what };
            if !options {
                backup.roots.push(parsed(argument).map_err(bad)?);
                continue;
            }
            let (option, value) = argument.split_once('=').unwrap_or((argument, ""));
            match (at, option) {
                (0, "restic") | (1, "backup") => {}
                (_, "--") => options = false,
                (_, "--host") => value.clone_into(&mut backup.host),
                (_, "--tag") => backup.tags.push(parsed(value).map_err(bad)?),
                (_, "--exclude") => excludes.push(value),
                (_, "--iexclude") => iexcludes.push(value),
                (_, "--exclude-caches") => backup.marks.exclude_caches = true,
                (_, "--exclude-if-present") => {
                    backup.marks.exclude_if_present.push(parsed(value).map_err(bad)?);
                }
                (_, "--exclude-larger-than") => {
                    backup.marks.exclude_larger_than = Some(parsed(value).map_err(bad)?);
                }
                (_, "--one-file-system") => backup.one_file_system = true,
                _ => return Err(bad("is not written by this crate".into())),
            }
        }
        let excludes = Excludes::new(excludes).and_then(|e| e.ignoring_case(iexcludes));
        backup.excludes = excludes.map_err(|error| BadArguments {
            at: 0,
            argument: error.pattern.clone(),
            what: error.to_string(),
        })?;
        Ok(backup)
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// `restic forget` with its policy, for the snapshots of one host, and pruning after it.
pub fn forget(host: &str, forget: &Forget) -> Vec<String> {
    let mut args = vec!["restic".to_owned(), "forget".into(), "--prune".into()];
    args.extend(forget.policy(host).to_args());
    args
}

/// `restic check`, with so much of the data as is declared.
pub fn check(check: &Check) -> Vec<String> {
    let mut args = vec!["restic".to_owned(), "check".into()];
    if check.read_percent > 0 {
        args.push(format!("--read-data-subset={}%", check.read_percent));
    }
    args
}

/// A shell command that fails unless the repository there is the declared one.
///
/// `restic init` is nowhere: where a share is not mounted, a repository that makes itself would be an empty one that every
/// job then fills with what it should have had already.
pub fn identity(repository: &Repository, restic: &str) -> Option<Vec<String>> {
    let id = repository.id.as_ref()?;
    let restic = crate::shell::quoted(restic);
    let script = format!("{restic} cat config --no-lock | grep -qF '\"id\": \"{id}\"'");
    Some(vec!["/bin/sh".into(), "-c".into(), script])
}

/// What restic is told by its environment. The password and the keys are named by their files.
pub fn environment(repository: &Repository) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("RESTIC_REPOSITORY", repository.url.to_string()),
        ("RESTIC_PASSWORD_FILE", repository.password_file.to_string()),
        ("RESTIC_COMPRESSION", repository.compression.to_string()),
    ])
}
