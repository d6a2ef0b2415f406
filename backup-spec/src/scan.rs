//! What a job really reads: the one place that both the argument list of `restic backup` and coverage come from.

use std::fmt;

use zfs_props::name::DatasetName;

use crate::coverage::{Filesystem, Inventory};
use crate::exclude::{Excludes, Pattern, Verdict as Filtered};
use crate::job::{Job, Marks, Source};
use crate::name::Name;
use crate::path::AbsolutePath;
use crate::units;

/// A job's reading, in terms of the paths that restic is given: those of a clone for a job that reads one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scan {
    /// The paths that restic is given.
    pub roots: Vec<AbsolutePath>,
    /// `--exclude`, in order: the host's own patterns, then the job's; and `--iexclude`.
    pub excludes: Excludes,
    /// Exclusions that look at files.
    pub marks: Marks,
    /// `--one-file-system`.
    pub one_file_system: bool,
    /// Patterns of the job that were left out since they are about another place than the clone, as they were declared.
    pub inert: Vec<Pattern>,
    clone: Option<Cloned>,
}

/// A dataset that is read by way of a clone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cloned {
    dataset: DatasetName,
    live: AbsolutePath,
    mount: AbsolutePath,
}

/// Whether a path is in a job's copies, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is.
    Included,
    /// It lies in none of the job's paths.
    NotRead,
    /// A pattern leaves it out, or a directory above it.
    Excluded {
        /// The pattern, as restic gets it.
        pattern: String,
        /// What it matched, as a path of the running host.
        at: AbsolutePath,
    },
    /// It is on another filesystem than the job reads.
    OtherFilesystem {
        /// Where that one is mounted.
        at: AbsolutePath,
        /// What it is.
        filesystem: Filesystem,
    },
    /// The dataset is not mounted where the job expects it.
    MountedElsewhere {
        /// The dataset.
        dataset: DatasetName,
        /// Where it is.
        at: Option<AbsolutePath>,
    },
    /// A file of this name leaves its directory out.
    Marked {
        /// The file.
        by: AbsolutePath,
    },
    /// It is larger than the job takes.
    TooLarge,
}

impl Verdict {
    /// Whether the path is in the copies.
    pub fn is_included(&self) -> bool {
        *self == Verdict::Included
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Included => write!(f, "included"),
            Verdict::NotRead => write!(f, "not among its paths"),
            Verdict::Excluded { pattern, at } => write!(f, "{at} is excluded by `{pattern}`"),
            Verdict::OtherFilesystem { at, filesystem } => {
                write!(f, "{filesystem}, mounted at {at}, is not among what it reads")
            }
            Verdict::MountedElsewhere { dataset, at: Some(at) } => {
                write!(f, "{dataset} is mounted at {at}, where the job does not expect it")
            }
            Verdict::MountedElsewhere { dataset, at: None } => {
                write!(f, "{dataset} is not mounted")
            }
            Verdict::Marked { by } => write!(f, "left out for {by}"),
            Verdict::TooLarge => write!(f, "larger than it takes"),
        }
    }
}

/// The file that marks a cache (<https://bford.info/cachedir/>).
const CACHE_TAG: &str = "CACHEDIR.TAG";

impl Scan {
    /// What the job called `name` reads, with the host's own patterns `global` in front of the job's.
    ///
    /// A pattern that begins at the root means a path of the running host. For a job that reads a clone it is moved to where
    /// the clone is mounted; left where it was, it would match nothing there. The host's patterns about other paths are left
    /// out; those of the job itself that can match nothing are [`inert`](Self::inert).
    pub fn of(name: &Name, job: &Job, global: &[Pattern]) -> Self {
        let clone = match &job.source {
            Source::Live {} => None,
            Source::Clone { dataset, mountpoint } => Some(Cloned {
                dataset: dataset.clone(),
                live: mountpoint.clone(),
                mount: units::clone_mount(name),
            }),
        };
        let mut inert = Vec::new();
        let place = |pattern: &Pattern| place(pattern, clone.as_ref());
        let mut own = |patterns: &[Pattern]| -> Vec<String> {
            let moved = patterns.iter().flat_map(|pattern| {
                let placed = place(pattern);
                inert.extend(placed.is_empty().then(|| pattern.clone()));
                placed
            });
            moved.collect()
        };
        let (excludes, iexcludes) = (own(&job.excludes), own(&job.iexcludes));
        let excludes = global.iter().flat_map(place).chain(excludes);
        // What a pattern is, a moved one is too: only its literal beginning was replaced.
        let excludes = Excludes::new(excludes).and_then(|e| e.ignoring_case(iexcludes));
        let root = |path: &AbsolutePath| match &clone {
            None => path.clone(),
            Some(clone) => {
                path.below(&clone.live).map_or(path.clone(), |rest| clone.mount.join(rest))
            }
        };
        Self {
            roots: job.paths.iter().map(root).collect(),
            excludes: excludes.unwrap_or_default(),
            marks: job.marks.clone(),
            one_file_system: job.one_file_system,
            inert,
            clone,
        }
    }

    /// Paths of the running host that everything the job reads lies within.
    pub(crate) fn tops(&self) -> &[AbsolutePath] {
        match &self.clone {
            None => &self.roots,
            Some(clone) => std::slice::from_ref(&clone.live),
        }
    }

    /// Where restic meets a path of the running host, if the job reads it at all.
    pub fn scanned(&self, live: &AbsolutePath) -> Option<AbsolutePath> {
        let met = match &self.clone {
            None => live.clone(),
            Some(clone) => clone.mount.join(live.below(&clone.live)?),
        };
        self.root_of(&met)?;
        Some(met)
    }

    /// The path of the running host that restic meets at `scanned`.
    pub fn live(&self, scanned: &AbsolutePath) -> AbsolutePath {
        let Some(clone) = &self.clone else { return scanned.clone() };
        scanned.below(&clone.mount).map_or(scanned.clone(), |rest| clone.live.join(rest))
    }

    /// The nearest path above that restic was given: the one whose filesystem counts for `--one-file-system`.
    fn root_of(&self, scanned: &AbsolutePath) -> Option<&AbsolutePath> {
        let above = self.roots.iter().filter(|root| scanned.is_within(root));
        above.max_by_key(|root| root.as_str().len())
    }

    /// Whether a path of the running host is in the job's copies.
    ///
    /// `path` is taken for a file unless something is known to lie below it.
    pub fn verdict(&self, path: &AbsolutePath, inventory: &Inventory) -> Verdict {
        let Some(scanned) = self.scanned(path) else { return Verdict::NotRead };
        let Some(root) = self.root_of(&scanned) else { return Verdict::NotRead };
        if let Some(verdict) = self.wrong_filesystem(path, &self.live(root), inventory) {
            return verdict;
        }
        if let Filtered::Excluded { by, at } =
            self.excludes.verdict(root.as_str(), scanned.as_str())
        {
            let at = at.parse().map_or(path.clone(), |at| self.live(&at));
            return Verdict::Excluded { pattern: by.to_string(), at };
        }
        self.marked(path, &self.live(root), inventory).unwrap_or(Verdict::Included)
    }

    fn wrong_filesystem(
        &self,
        path: &AbsolutePath,
        root: &AbsolutePath,
        inventory: &Inventory,
    ) -> Option<Verdict> {
        let (at, filesystem) = inventory.resolve(path)?;
        let other = || Verdict::OtherFilesystem { at: at.clone(), filesystem: filesystem.clone() };
        if let Some(clone) = &self.clone {
            let is_it = matches!(filesystem, Filesystem::Dataset(d) if *d == clone.dataset);
            return if !inventory.is_mounted_at(&clone.dataset, &clone.live) {
                let dataset = clone.dataset.clone();
                let at = inventory.mount_of(&dataset).cloned();
                Some(Verdict::MountedElsewhere { dataset, at })
            } else if is_it {
                None
            } else {
                Some(other())
            };
        }
        if !self.one_file_system {
            return None;
        }
        // restic compares the device of every directory on the way down with that of the path it was given; a bind mount of
        // the same filesystem is the same device.
        let home = inventory.resolve(root)?;
        let mut here = path.clone();
        while here != *root {
            let (at, filesystem) = inventory.resolve(&here)?;
            let same = match (filesystem, home.1) {
                (Filesystem::Dataset(this), Filesystem::Dataset(home)) => this == home,
                _ => at == home.0,
            };
            if !same {
                return Some(Verdict::OtherFilesystem {
                    at: at.clone(),
                    filesystem: filesystem.clone(),
                });
            }
            here = here.parent()?;
        }
        None
    }

    fn marked(
        &self,
        path: &AbsolutePath,
        root: &AbsolutePath,
        inventory: &Inventory,
    ) -> Option<Verdict> {
        let Marks { exclude_caches, exclude_if_present, exclude_larger_than } = &self.marks;
        if exclude_larger_than
            .is_some_and(|limit| inventory.file(path).is_some_and(|n| n > limit.0))
        {
            return Some(Verdict::TooLarge);
        }
        let tags = exclude_caches.then_some(CACHE_TAG).into_iter();
        let names: Vec<&str> =
            tags.chain(exclude_if_present.iter().map(crate::job::FileName::as_str)).collect();
        let mut here = path.clone();
        while here != *root && !names.is_empty() {
            let directory = here.parent()?;
            for name in &names {
                let by = directory.join(name);
                // The file itself stays, as a sign that something was left out.
                if by != here && inventory.file(&by).is_some() {
                    return Some(Verdict::Marked { by });
                }
            }
            here = directory;
        }
        None
    }

    /// A path below `top` with names that no pattern is about, deeper than any pattern can tell from the depths below: if it
    /// is included, ordinary files there are.
    pub fn ordinary(&self, top: &AbsolutePath) -> AbsolutePath {
        // Private use characters are in nobody's pattern; the length keeps `?` off.
        const NAME: &str = "\u{f8f1}\u{f8f2}\u{f8f3}\u{f8f4}\u{f8f5}\u{f8f6}\u{f8f7}\u{f8f8}";
        let deepest = self.patterns().map(|pattern| pattern.as_str().matches('/').count()).max();
        let mut path = top.clone();
        for _ in 0..deepest.unwrap_or(0).min(64) + 2 {
            path = path.join(NAME);
        }
        path
    }

    /// A pattern of the job as restic gets it: none if it is left out.
    pub(crate) fn moved(&self, pattern: &Pattern) -> Vec<String> {
        place(pattern, self.clone.as_ref())
    }

    /// All patterns, those that heed case first.
    fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.excludes.patterns().iter().chain(self.excludes.patterns_ignoring_case())
    }

    /// The patterns that can leave something out at a path of the running host or below it.
    pub fn acting_below(&self, top: &AbsolutePath) -> impl Iterator<Item = &Pattern> {
        let scanned = self.scanned(top);
        let reaches = move |pattern: &&Pattern| {
            !pattern.is_negated()
                && scanned.as_ref().is_some_and(|scanned| pattern.reaches(scanned.as_str()))
        };
        self.patterns().filter(reaches)
    }

    /// The dataset that is cloned, if one is.
    pub fn dataset(&self) -> Option<&DatasetName> {
        self.clone.as_ref().map(|clone| &clone.dataset)
    }
}

/// A pattern about the running host, for a job that reads a clone.
fn place(pattern: &Pattern, clone: Option<&Cloned>) -> Vec<String> {
    match clone {
        Some(clone) if anchored(pattern) => {
            pattern.rebased(clone.live.as_str(), clone.mount.as_str())
        }
        _ => vec![pattern.to_string()],
    }
}

/// Whether a pattern is about one place, counted from the root: `/**` is about any.
fn anchored(pattern: &Pattern) -> bool {
    let text = pattern.as_str();
    pattern.is_absolute() && !text.trim_start_matches('!').starts_with("/**")
}
