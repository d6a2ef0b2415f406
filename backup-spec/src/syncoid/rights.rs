//! What a user without root has to be allowed on each side (`zfs allow`).
//!
//! ```
//! use backup_spec::syncoid::{Replication, Right, Side};
//!
//! let job = Replication::new("tank/data".parse()?, "repl@nas:backup/data".parse()?);
//! let target = job.rights(Side::Target, &[]);
//! assert_eq!(target.to_string(), "create,destroy,mount,receive,rollback");
//!
//! // What was granted by hand, and what that is short of; and why it is needed.
//! let missing = target.missing(&[Right::Receive, Right::Create, Right::Mount]);
//! assert_eq!(missing.to_string(), "destroy,rollback");
//! for need in missing.iter() {
//!     println!("{}: {}", need.right, need.operation);
//! }
//! assert_eq!(
//!     target.allow("repl", &"backup".parse()?),
//!     ["zfs", "allow", "-u", "repl", "create,destroy,mount,receive,rollback", "backup"]
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;

use zfs_props::name::DatasetName;

use super::{Preserve, Replication, SyncSnapshots};

/// A right that `zfs allow` delegates (zfs-allow(8), OpenZFS 2.1 to 2.4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[allow(missing_docs, reason = "each is the command of its name")]
#[non_exhaustive]
pub enum Right {
    Bookmark,
    Create,
    Destroy,
    Hold,
    /// On Linux the kernel lets only root mount: the right is still asked for, and the dataset stays unmounted.
    Mount,
    Receive,
    Release,
    Rollback,
    Send,
    Snapshot,
    /// Any user property.
    Userprop,
    /// The property of this name.
    Property(String),
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Right::Bookmark => "bookmark",
            Right::Create => "create",
            Right::Destroy => "destroy",
            Right::Hold => "hold",
            Right::Mount => "mount",
            Right::Receive => "receive",
            Right::Release => "release",
            Right::Rollback => "rollback",
            Right::Send => "send",
            Right::Snapshot => "snapshot",
            Right::Userprop => "userprop",
            Right::Property(name) => name,
        })
    }
}

/// A side of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Side {
    /// Where it is copied from.
    Source,
    /// Where it is copied to.
    Target,
}

/// Something that syncoid does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Operation {
    /// `zfs send`.
    #[error("sending")]
    Send,
    /// `zfs snapshot`.
    #[error("taking a sync snapshot")]
    TakeSnapshot,
    /// `zfs destroy` of its own older snapshots, on both sides.
    #[error("destroying older sync snapshots")]
    PruneSnapshots,
    /// `zfs bookmark`.
    #[error("bookmarking the newest snapshot")]
    Bookmark,
    /// `zfs hold` and, of the one before, `zfs release`.
    #[error("holding the newest common snapshot")]
    Hold,
    /// `zfs receive`, of new datasets too.
    #[error("receiving")]
    Receive,
    /// `zfs receive -F`; up to 2.1 also `zfs rollback -R`.
    #[error("rolling the copy back to the common snapshot")]
    RollBack,
    /// `zfs receive -A`, when an interrupted transfer cannot go on.
    #[error("giving up an interrupted transfer")]
    AbortResume,
    /// `zfs destroy -r` of a copy without a common snapshot.
    #[error("destroying a copy without a common snapshot")]
    ForceDelete,
    /// `zfs destroy` of snapshots that the source lacks.
    #[error("destroying snapshots that the source lacks")]
    DeleteSnapshots,
    /// `zfs receive -o` and `-x`, and properties in the stream.
    #[error("setting properties of the copy")]
    SetProperties,
}

/// What each operation takes (zfs-allow(8): most commands need `mount` besides).
const TABLE: [(Operation, &[Right]); 11] = [
    (Operation::Send, &[Right::Send]),
    (Operation::TakeSnapshot, &[Right::Snapshot, Right::Mount]),
    (Operation::PruneSnapshots, &[Right::Destroy, Right::Mount]),
    (Operation::Bookmark, &[Right::Bookmark]),
    (Operation::Hold, &[Right::Hold, Right::Release]),
    (Operation::Receive, &[Right::Receive, Right::Create, Right::Mount]),
    (Operation::RollBack, &[Right::Rollback, Right::Destroy, Right::Mount]),
    (Operation::AbortResume, &[Right::Destroy, Right::Mount]),
    (Operation::ForceDelete, &[Right::Destroy, Right::Mount]),
    (Operation::DeleteSnapshots, &[Right::Destroy, Right::Mount]),
    (Operation::SetProperties, &[]),
];

/// A right, and the first operation that needs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Need {
    /// The right.
    pub right: Right,
    /// What for.
    pub operation: Operation,
}

/// The rights of a side, each once, in order. Displayed as `zfs allow` takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Rights(Vec<Need>);

impl Rights {
    /// The rights with what they are for.
    pub fn iter(&self) -> std::slice::Iter<'_, Need> {
        self.0.iter()
    }

    /// Whether none is needed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are not among the granted.
    #[must_use]
    pub fn missing(&self, granted: &[Right]) -> Rights {
        let missing = self.0.iter().filter(|need| !granted.contains(&need.right));
        Rights(missing.cloned().collect())
    }

    /// The command that grants them to a user on a dataset and everything below it.
    ///
    /// For a target that does not exist yet, name its parent: rights cannot be granted on what is not there.
    pub fn allow(&self, user: &str, dataset: &DatasetName) -> Vec<String> {
        let words = ["zfs", "allow", "-u", user, &self.to_string(), dataset.as_str()];
        words.map(str::to_owned).into()
    }
}

impl<'r> IntoIterator for &'r Rights {
    type Item = &'r Need;
    type IntoIter = std::slice::Iter<'r, Need>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, need) in self.0.iter().enumerate() {
            write!(f, "{}{}", if n > 0 { "," } else { "" }, need.right)?;
        }
        Ok(())
    }
}

impl Replication {
    /// What syncoid does on a side in the course of time, not only in a run that goes well.
    pub fn operations(&self, side: Side) -> Vec<Operation> {
        let taken = !matches!(self.snapshots, SyncSnapshots::Existing { .. });
        let prunes = self.snapshots == SyncSnapshots::Taken;
        let bookmark = self.snapshots == SyncSnapshots::Existing { bookmark: true };
        let sets = self.preserve != Preserve::Nothing
            || self.sends_with('p')
            || !self.receive.set.is_empty()
            || !self.receive.without.is_empty();
        let all: &[(Operation, bool)] = match side {
            Side::Source => &[
                (Operation::Send, true),
                (Operation::TakeSnapshot, taken),
                (Operation::PruneSnapshots, prunes),
                (Operation::Bookmark, bookmark),
                (Operation::Hold, self.hold),
            ],
            Side::Target => &[
                (Operation::Receive, true),
                (Operation::RollBack, self.rollback),
                (Operation::PruneSnapshots, prunes),
                (Operation::AbortResume, self.resume),
                (Operation::Hold, self.hold),
                (Operation::ForceDelete, self.force_delete),
                (Operation::DeleteSnapshots, self.delete_target_snapshots),
                (Operation::SetProperties, sets),
            ],
        };
        all.iter().filter(|(_, done)| *done).map(|(operation, _)| *operation).collect()
    }

    /// The rights that the job needs on a side, if its user there is not root and has no `sudo`.
    ///
    /// `local` names the properties that the source's datasets have locally: they go along with
    /// [`Preserve::Local`] or `zfs send -p`, and the receiving user has to be allowed each of them.
    pub fn rights(&self, side: Side, local: &[&str]) -> Rights {
        let mut needs: BTreeMap<Right, Operation> = BTreeMap::new();
        for operation in self.operations(side) {
            let rows = TABLE.iter().filter(|(row, _)| *row == operation);
            for right in rows.flat_map(|(_, rights)| *rights) {
                needs.entry(right.clone()).or_insert(operation);
            }
            if operation == Operation::SetProperties {
                for name in self.properties_set(local) {
                    let user = name.contains(':');
                    let right =
                        if user { Right::Userprop } else { Right::Property(name.to_owned()) };
                    needs.entry(right).or_insert(operation);
                }
            }
        }
        Rights(needs.into_iter().map(|(right, operation)| Need { right, operation }).collect())
    }

    fn properties_set<'a>(&'a self, local: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let in_stream = self.preserve == Preserve::Local || self.sends_with('p');
        let local = if in_stream { local } else { &[] };
        let recordsize = (self.preserve == Preserve::Recordsize).then_some("recordsize");
        let named = self.receive.set.iter().chain(&self.receive.without);
        named
            .map(|pair| pair.split_once('=').map_or(pair.as_str(), |(name, _)| name))
            .chain(local.iter().copied())
            .chain(recordsize)
    }
}
