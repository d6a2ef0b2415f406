//! The incremental path from a sender to a receiver, or why there is none.
//!
//! The rule is zrepl's (0.7, `internal/replication/logic/diff`): the newest version of the receiver whose guid the
//! sender has, as snapshot rather than bookmark, has to be the receiver's newest; the sender's later snapshots
//! follow. Where zrepl is silent or wrong, [`Conflict`] says more: a sender that was rolled back, bookmarks that are
//! no start, names that stand for different snapshots.

use std::collections::HashMap;
use std::fmt;

use zfs_props::name::DatasetName;

use super::step::{Base, Step};
use super::version::{Guid, Lineage, Version};

/// A base that both sides have, and the sender's snapshots after it, oldest first; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Path {
    /// Which dataset is sent.
    pub sender: DatasetName,
    /// Which dataset receives.
    pub receiver: DatasetName,
    /// What both have.
    pub base: Version,
    /// What the receiver lacks, oldest first.
    pub following: Vec<Version>,
}

impl Path {
    /// The base, and then what follows it.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        std::iter::once(&self.base).chain(&self.following)
    }

    /// The sends and receives: one `-I`, or from a bookmark an `-i` to the next snapshot and then the `-I`
    /// (`zfs send -I` takes no bookmark: zfs-send(8)).
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut base = self.base.clone();
        let mut following = self.following.as_slice();
        if !base.is_snapshot() {
            if let Some((first, rest)) = following.split_first() {
                steps.push(self.step(Base::Incremental(base), first));
                (base, following) = (first.clone(), rest);
            }
        }
        match following {
            [] => {}
            [only] => steps.push(self.step(Base::Incremental(base), only)),
            [.., last] => steps.push(self.step(Base::Intermediates(base), last)),
        }
        steps
    }

    fn step(&self, base: Base, to: &Version) -> Step {
        let (sender, receiver) = (self.sender.clone(), self.receiver.clone());
        Step::Send {
            sender,
            receiver,
            base,
            to: to.clone(),
            options: super::step::Options::default(),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.steps().iter().enumerate() {
            write!(f, "{}{step}", if n > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// Why nothing can be sent incrementally, with what both sides have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "kebab-case", tag = "conflict")
)]
#[non_exhaustive]
pub enum Conflict {
    /// The sender has neither snapshots nor bookmarks.
    #[error("{sender} has no snapshots: there is nothing to send")]
    NoSenderVersions {
        /// The sender.
        sender: DatasetName,
    },
    /// The receiver has no snapshots: a first, full send is needed.
    #[error("{receiver} has no snapshots: a full send starts it{}", if *.only_bookmarks { ", and the sender has bookmarks alone, which hold no data" } else { "" })]
    Initial {
        /// The receiver.
        receiver: DatasetName,
        /// Whether the sender has nothing that could be sent in full.
        only_bookmarks: bool,
    },
    /// No guid is on both sides.
    #[error(
        "{sender} and {receiver} have no snapshot in common (newest: {} and {}){}",
        .sender_newest, .receiver_newest, Namesakes(.namesakes)
    )]
    NoCommon {
        /// The sender.
        sender: DatasetName,
        /// The receiver.
        receiver: DatasetName,
        /// The sender's newest version.
        sender_newest: Box<Version>,
        /// The receiver's newest snapshot.
        receiver_newest: Box<Version>,
        /// Names that are on both sides and stand for different snapshots.
        namesakes: Box<[String]>,
    },
    /// The receiver has snapshots of its own after the newest common one, and so has the sender.
    #[error(
        "{sender} and {receiver} went apart after {common}: only the sender has {}; only the receiver has {}{}",
        List(.sender_only), List(.receiver_only), Namesakes(.namesakes)
    )]
    Diverged {
        /// The sender.
        sender: DatasetName,
        /// The receiver.
        receiver: DatasetName,
        /// The newest version that both have.
        common: Box<Version>,
        /// The sender's versions after it.
        sender_only: Vec<Version>,
        /// The receiver's snapshots after it: what a forced receive would destroy.
        receiver_only: Vec<Version>,
        /// Names that are on both sides and stand for different snapshots.
        namesakes: Box<[String]>,
    },
    /// The receiver has newer snapshots, the sender has not: it was rolled back, or the two are the wrong way round.
    #[error(
        "{sender} has nothing after {common}, and {receiver} has {}: was the sender rolled back, or should it receive?",
        List(.receiver_only)
    )]
    SenderBehind {
        /// The sender.
        sender: DatasetName,
        /// The receiver.
        receiver: DatasetName,
        /// The newest version that both have.
        common: Box<Version>,
        /// The receiver's snapshots after it.
        receiver_only: Vec<Version>,
    },
    /// The receiver has all there is.
    #[error("{receiver} has everything up to {common} already: nothing to send")]
    UpToDate {
        /// The receiver.
        receiver: DatasetName,
        /// The newest version that both have.
        common: Box<Version>,
    },
}

/// The first and the last, and how many.
pub(crate) struct List<'v>(pub(crate) &'v [Version]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("nothing"),
            [one] => one.fmt(f),
            [one, two] => write!(f, "{one}, {two}"),
            [first, .., last] => write!(f, "{first} … {last} ({} in all)", self.0.len()),
        }
    }
}

struct Namesakes<'n>(&'n [String]);

impl fmt::Display for Namesakes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            names => write!(f, "; of the same name, but other snapshots: {}", names.join(", ")),
        }
    }
}

/// Names on both sides that stand for different snapshots.
fn namesakes(sender: &Lineage, receiver: &Lineage) -> Box<[String]> {
    let ours: HashMap<&str, Guid> = sender.snapshots().map(|s| (s.name.as_str(), s.guid)).collect();
    let theirs = receiver.snapshots();
    let differ = theirs
        .filter(|their| ours.get(their.name.as_str()).is_some_and(|guid| *guid != their.guid));
    differ.map(|version| version.name.clone()).collect()
}

/// Where the newest common version stands, on the sender and among the receiver's snapshots counted from its end.
pub(crate) fn newest_common(sender: &Lineage, receiver: &Lineage) -> Option<(usize, usize)> {
    // Mostly the receiver's newest is it: without the table then, which costs most.
    let versions = sender.versions();
    let newest = receiver.newest()?;
    if let Some(at) = versions.iter().rposition(|version| version.guid == newest.guid) {
        return Some((at, 0));
    }
    // The last one of a guid wins: the snapshot, which sorts after its bookmark.
    let places: HashMap<Guid, usize> =
        versions.iter().enumerate().map(|(at, version)| (version.guid, at)).collect();
    receiver
        .snapshots()
        .rev()
        .enumerate()
        .find_map(|(back, their)| places.get(&their.guid).map(|at| (*at, back)))
}

/// What leads from the receiver's newest snapshot to the sender's newest one. Linear.
pub fn incremental_path(sender: &Lineage, receiver: &Lineage) -> Result<Path, Conflict> {
    let versions = sender.versions();
    let (from, to) = (sender.dataset.clone(), receiver.dataset.clone());
    let Some(sender_newest) = versions.last() else {
        return Err(Conflict::NoSenderVersions { sender: from });
    };
    let Some(receiver_newest) = receiver.newest() else {
        let only_bookmarks = sender.newest().is_none();
        return Err(Conflict::Initial { receiver: to, only_bookmarks });
    };
    let Some((at, back)) = newest_common(sender, receiver) else {
        return Err(Conflict::NoCommon {
            sender: from,
            receiver: to,
            sender_newest: Box::new(sender_newest.clone()),
            receiver_newest: Box::new(receiver_newest.clone()),
            namesakes: namesakes(sender, receiver),
        });
    };
    let base = versions.get(at).unwrap_or(sender_newest);
    let later = versions.get(at + 1..).unwrap_or_default();
    if back > 0 {
        let mut receiver_only: Vec<Version> =
            receiver.snapshots().rev().take(back).cloned().collect();
        receiver_only.reverse();
        let common = Box::new(base.clone());
        return Err(if later.is_empty() {
            Conflict::SenderBehind { sender: from, receiver: to, common, receiver_only }
        } else {
            let (sender_only, namesakes) = (later.to_vec(), namesakes(sender, receiver));
            Conflict::Diverged {
                sender: from,
                receiver: to,
                common,
                sender_only,
                receiver_only,
                namesakes,
            }
        });
    }
    let mut following: Vec<Version> = Vec::new();
    for version in later.iter().filter(|version| version.is_snapshot()) {
        if following.last().map_or(base.guid, |last| last.guid) != version.guid {
            following.push(version.clone());
        }
    }
    if following.is_empty() {
        return Err(Conflict::UpToDate { receiver: to, common: Box::new(base.clone()) });
    }
    Ok(Path { sender: from, receiver: to, base: base.clone(), following })
}
