//! restic's snapshots: which are of this service, and where their content belongs.

use jiff::Timestamp;

use super::inventory::Repository;
use super::rejection::Rejection;
use crate::command::Command;
use crate::path::{AbsolutePath, pattern};

/// A snapshot, as `restic snapshots --json` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
pub struct ResticSnapshot {
    /// Its full id.
    pub id: String,
    /// When it was made, by the clock of the machine that made it.
    pub time: Timestamp,
    /// That machine.
    pub hostname: String,
    /// What it contains.
    pub paths: Vec<String>,
    /// Its tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Vec<String>,
    /// What the backup counted; restic 0.17 and later keep it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub summary: Option<Summary>,
}

impl ResticSnapshot {
    /// The size of its files in bytes, if it is known: of all its paths, which is more than is restored where a job has several.
    pub fn bytes(&self) -> Option<u64> {
        self.summary.as_ref().map(|summary| summary.total_bytes_processed)
    }
}

/// What a backup counted (`summary` of `restic snapshots --json`; restic 0.17, `data.SnapshotSummary`), or what
/// [`stats`] says of one that was made by an earlier release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
pub struct Summary {
    /// The bytes of all files, as they are restored.
    pub total_bytes_processed: u64,
}

impl Summary {
    /// Reads what [`stats`] prints (restic 0.14: `{"total_size":…,"total_file_count":…}`).
    #[cfg(feature = "serde")]
    pub fn from_stats(json: &str) -> Result<Self, serde_json::Error> {
        #[derive(serde::Deserialize)]
        struct Stats {
            total_size: u64,
        }
        let stats: Stats = serde_json::from_str(json)?;
        Ok(Self { total_bytes_processed: stats.total_size })
    }
}

/// Reads what `restic snapshots --json` prints.
#[cfg(feature = "serde")]
pub fn read(json: &str) -> Result<Vec<ResticSnapshot>, serde_json::Error> {
    // An empty repository prints `null` in some releases.
    serde_json::from_str::<Option<Vec<ResticSnapshot>>>(json).map(Option::unwrap_or_default)
}

/// What a job recorded: whose snapshots are wanted, and where in them the service's data is.
#[derive(Clone, Copy, Debug)]
pub struct Job<'j> {
    /// The machine.
    pub host: &'j str,
    /// All of these tags.
    pub tags: &'j [String],
    /// The path in the snapshot that belongs at the mountpoint.
    pub root: &'j AbsolutePath,
}

impl Job<'_> {
    /// Whether a snapshot is this job's, and has its data.
    pub fn accepts(&self, snapshot: &ResticSnapshot, now: Timestamp) -> Result<(), Rejection> {
        if snapshot.hostname != self.host {
            return Err(Rejection::OfAnother(format!("host {}", snapshot.hostname)));
        }
        let has =
            |path: &String| path.parse().is_ok_and(|path: AbsolutePath| path.contains(self.root));
        let has_root = snapshot.paths.iter().any(has);
        if let Some(tag) = self.tags.iter().find(|tag| !snapshot.tags.contains(tag)) {
            // A tag may have been declared late, or wrongly: the data is in it all the same.
            return Err(if has_root {
                Rejection::OtherTags { root: self.root.clone(), tag: tag.clone() }
            } else {
                Rejection::OfAnother(format!("another job: it lacks the tag {tag}"))
            });
        }
        if !has_root {
            let (paths, root) = (snapshot.paths.join(", "), self.root);
            // Its tags say that it is this job's all the same: made when the data was elsewhere.
            return Err(if self.tags.is_empty() {
                Rejection::OfAnother(format!("{paths}, not {root}"))
            } else {
                Rejection::OtherPath { paths, root: root.clone() }
            });
        }
        if snapshot.time > now {
            return Err(Rejection::Future);
        }
        Ok(())
    }
}

/// `restic restore`, so that the content of `root` lands in `target` itself: `ID:ROOT` (restic 0.16 and later). Without
/// the root, everything would land below it, under its full recorded path.
pub fn restore(
    url: &str,
    password_file: &AbsolutePath,
    snapshot: &str,
    root: &AbsolutePath,
    target: &str,
) -> Command {
    let from =
        if root.as_str() == "/" { snapshot.to_owned() } else { format!("{snapshot}:{root}") };
    base(url, password_file).args(["restore", &from, "--target", target])
}

/// `restic restore` for releases before 0.16: the content lands in `target` followed by the recorded path.
pub fn restore_nested(
    url: &str,
    password_file: &AbsolutePath,
    snapshot: &str,
    root: &AbsolutePath,
    target: &str,
) -> Command {
    base(url, password_file).args([
        "restore",
        snapshot,
        "--include",
        &pattern(root.as_str()),
        "--target",
        target,
    ])
}

/// The size of a snapshot's files, and how many there are: [`Summary::from_stats`].
pub fn stats(url: &str, password_file: &AbsolutePath, snapshot: &str) -> Command {
    base(url, password_file).args(["stats", "--mode", "restore-size", "--json", snapshot])
}

/// All snapshots of a repository.
pub fn list(repository: &Repository) -> Command {
    base(&repository.url, &repository.password_file).args(["snapshots", "--json"])
}

fn base(url: &str, password_file: &AbsolutePath) -> Command {
    Command::new(["restic", "--no-cache", "--repo", url, "--password-file", password_file.as_str()])
}
