//! What `zfs receive` checks, in the kernel's order, and what it destroys.
//!
//! Rules: OpenZFS 2.1 to 2.4, `module/zfs/dmu_recv.c` (`recv_begin_check_existing_impl`, `dmu_recv_end_check`) and
//! `lib/libzfs/libzfs_sendrecv.c` (`zfs_receive_one`).

use std::collections::HashSet;
use std::fmt;

use zfs_props::name::DatasetName;

use super::version::{Encryption, Guid, Lineage, Version};

/// One stream, to one snapshot. What `zfs send -I` sends are several, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What it is incremental to; none: full.
    pub from: Option<Guid>,
    /// The snapshot it leads to.
    pub to: Version,
    /// Whether it was sent with `-w` from an encrypted dataset.
    pub raw: bool,
    /// Whether it is of a volume.
    pub volume: bool,
    /// Whether it may have small blocks within their pointers: sent with `-w` or `-e` from a dataset that is not encrypted.
    pub embedded: bool,
    /// What the base is encrypted with on the sender ([`Version::ivset`]).
    pub base_ivset: Option<u64>,
}

impl Stream {
    /// A stream of a filesystem, neither raw nor with embedded blocks.
    pub fn new(from: Option<Guid>, to: Version) -> Self {
        Self { from, to, raw: false, volume: false, embedded: false, base_ivset: None }
    }
}

/// Why a receive is refused. The variants stand in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// An incremental stream, and no dataset of that name.
    #[error("ENOENT: the stream is incremental, and there is no such dataset to receive it")]
    NoDataset,
    /// Full stream onto a dataset, without `-F`.
    #[error("EEXIST: the dataset exists; a full stream needs -F, or another name")]
    Exists,
    /// Full stream with `-F` onto a dataset that has snapshots.
    #[error(
        "EEXIST: the dataset has snapshots ({0} and others); even -F wants them destroyed first"
    )]
    HasSnapshots(String),
    /// Full stream with `-F` onto a clone.
    #[error("EEXIST: the dataset is a clone; even -F wants it destroyed first")]
    IsClone,
    /// Full stream with `-F` onto an encrypted dataset, or a raw one onto one that is not.
    #[error(
        "EINVAL: -F can neither replace an encrypted dataset nor put one in the place of another; rename it away first"
    )]
    ForceOntoEncrypted,
    /// A raw stream onto an unencrypted dataset.
    #[error(
        "EINVAL: the stream is raw, of an encrypted dataset, and the receiver is not encrypted"
    )]
    RawOntoPlain,
    /// Not a raw stream, and the receiver's key is not loaded.
    #[error(
        "EACCES: the stream is not raw, and the receiver's key is not loaded; load it, or send raw"
    )]
    KeyNotLoaded,
    /// An interrupted receive is waiting.
    #[error(
        "EBUSY: an interrupted receive is waiting; resume it, or abort it with `zfs receive -A`"
    )]
    Interrupted,
    /// The name of the new snapshot is taken, with `-F` or without.
    #[error("EEXIST: there is a snapshot @{0} already; -F does not help")]
    SnapshotExists(String),
    /// A volume onto a dataset with children.
    #[error("ZFS_ERR_WRONG_PARENT: a volume cannot have datasets below it, and the receiver has")]
    Children,
    /// `snapshot_limit`.
    #[error("EDQUOT: snapshot_limit of the dataset or an ancestor is reached")]
    SnapshotLimit,
    /// Blocks within their pointers onto an encrypted dataset.
    #[error(
        "EINVAL: the stream has embedded blocks (send -w or -e of a dataset that is not encrypted), and the receiver is encrypted; send without"
    )]
    EmbeddedOntoEncrypted,
    /// No snapshot with the base's guid.
    #[error(
        "ENODEV: the receiver has no snapshot with the guid {0} that the stream is incremental to"
    )]
    NoBase(Guid),
    /// Changes, or newer snapshots, since the base, without `-F`.
    #[error("ETXTBSY: the receiver changed after {base}{}; only -F receives, which destroys that", Newer(.newer))]
    Modified {
        /// The base.
        base: Box<Version>,
        /// Snapshots after it.
        newer: Vec<Version>,
    },
    /// A raw stream whose base is encrypted otherwise here than there: what was received before was not all raw.
    #[error(
        "the stream is raw, and {0} is encrypted otherwise here than on the sender (IV set guid mismatch): something was received that was not raw; only a full stream helps"
    )]
    OtherIvset(Box<Version>),
    /// With `-F`: a newer snapshot is held or has clones, found at the end, when all has been received.
    #[error(
        "EBUSY: {0} would have to be destroyed, and is held or cloned; found out at the end, after everything was received"
    )]
    Pinned(Box<Version>),
}

struct Newer<'v>(&'v [Version]);

impl fmt::Display for Newer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, " (newer: {})", super::path::List(self.0))
        }
    }
}

/// What a receive that is not refused changes, beside the snapshot it adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The receiver's snapshots that are destroyed, oldest first.
    pub destroys: Vec<Version>,
    /// Whether changes since the base are lost (with `-F`, and the head changed or its changes are unknown).
    pub discards_changes: bool,
    /// Whether the dataset is new.
    pub creates: bool,
    /// Whether nothing changes at all: the snapshot was there, under whatever name, and its name is taken. `zfs receive`
    /// takes the stream then, and drops it (`libzfs_sendrecv.c`, 2.1 to 2.4).
    pub ignored: bool,
}

/// A dataset that receives, one stream after another.
#[derive(Clone, Debug)]
pub struct Receiver {
    dataset: DatasetName,
    lineage: Option<Lineage>,
    parent: Encryption,
    names: HashSet<String>,
}

impl Receiver {
    /// A dataset; none where nothing of that name is there.
    pub fn new(dataset: DatasetName, lineage: Option<Lineage>) -> Self {
        let snapshots = lineage.iter().flat_map(Lineage::snapshots);
        let names = snapshots.map(|snapshot| snapshot.name.clone()).collect();
        Self { dataset, lineage, parent: Encryption::Unknown, names }
    }

    /// Whether what it is, or would be, below is encrypted: then what is created by a stream that is not raw is so, too.
    #[must_use]
    pub fn below(self, parent: Encryption) -> Self {
        Self { parent, ..self }
    }

    /// The dataset as it is now.
    pub fn lineage(&self) -> Option<&Lineage> {
        self.lineage.as_ref()
    }

    /// The dataset as it is now.
    pub fn into_lineage(self) -> Option<Lineage> {
        self.lineage
    }

    /// What would become of a receive (`zfs receive`, with `-F` if `force`).
    pub fn check(&self, stream: &Stream, force: bool) -> Result<Effect, Refusal> {
        match &self.lineage {
            Some(lineage) => existing(lineage, stream, force, self.names.contains(&stream.to.name)),
            None if stream.from.is_none() && stream.embedded && self.parent == Encryption::On => {
                Err(Refusal::EmbeddedOntoEncrypted)
            }
            None if stream.from.is_none() => Ok(Effect { creates: true, ..Effect::default() }),
            None => Err(Refusal::NoDataset),
        }
    }

    /// Receives: the dataset is afterwards what the kernel would leave.
    pub fn receive(&mut self, stream: &Stream, force: bool) -> Result<Effect, Refusal> {
        let effect = self.check(stream, force)?;
        if !effect.ignored {
            self.arrive(stream, &effect);
        }
        Ok(effect)
    }

    /// A snapshot arrives that somebody else has checked: of a resumed stream, or of a clone.
    pub(crate) fn arrive(&mut self, stream: &Stream, effect: &Effect) {
        let lineage =
            self.lineage.get_or_insert_with(|| Lineage::new(self.dataset.clone(), Vec::new()));
        if let Some(first) = effect.destroys.first() {
            let from = first.createtxg;
            lineage.retain(|version| !version.is_snapshot() || version.createtxg < from);
        }
        for gone in &effect.destroys {
            self.names.remove(&gone.name);
        }
        // `createtxg` is the receiving pool's own: later than all that is there.
        let createtxg =
            lineage.versions().last().map_or(1, |last| last.createtxg.saturating_add(1));
        // What is not sent raw is encrypted anew, or not at all.
        let ivset = stream.to.ivset.filter(|_| stream.raw);
        let to = Version { createtxg, holds: 0, clones: Vec::new(), ivset, ..stream.to.clone() };
        self.names.insert(to.name.clone());
        lineage.insert(to);
        if stream.from.is_none() {
            lineage.head.encryption = if stream.raw { Encryption::On } else { self.parent };
            lineage.head.key_loaded = (stream.raw).then_some(false);
        }
        lineage.head.written = Some(0);
        lineage.head.resume_token = None;
        lineage.head.snapshots_left =
            lineage.head.snapshots_left.map(|left| left.saturating_sub(1));
    }
}

fn existing(
    receiver: &Lineage,
    stream: &Stream,
    force: bool,
    name_taken: bool,
) -> Result<Effect, Refusal> {
    let encrypted = receiver.head.encryption == Encryption::On;
    // libzfs, before the kernel is asked.
    if stream.from.is_none() {
        if !force {
            return Err(Refusal::Exists);
        }
        if let Some(oldest) = receiver.snapshots().next() {
            return Err(Refusal::HasSnapshots(oldest.name.clone()));
        }
        if receiver.head.origin.is_some() {
            return Err(Refusal::IsClone);
        }
        if encrypted || (stream.raw && receiver.head.encryption == Encryption::Off) {
            return Err(Refusal::ForceOntoEncrypted);
        }
    } else if stream.raw && receiver.head.encryption == Encryption::Off {
        return Err(Refusal::RawOntoPlain);
    }
    if encrypted && !stream.raw && receiver.head.key_loaded == Some(false) {
        return Err(Refusal::KeyNotLoaded);
    }
    if receiver.head.resume_token.is_some() {
        return Err(Refusal::Interrupted);
    }
    if name_taken {
        if receiver.snapshots().any(|snapshot| snapshot.guid == stream.to.guid) {
            return Ok(Effect { ignored: true, ..Effect::default() });
        }
        return Err(Refusal::SnapshotExists(stream.to.name.clone()));
    }
    if stream.volume && receiver.head.children {
        return Err(Refusal::Children);
    }
    if receiver.head.snapshots_left == Some(0) {
        return Err(Refusal::SnapshotLimit);
    }
    let discards_changes = receiver.head.written != Some(0);
    let Some(from) = stream.from else {
        return Ok(Effect { discards_changes, ..Effect::default() });
    };
    if stream.embedded && encrypted {
        return Err(Refusal::EmbeddedOntoEncrypted);
    }
    let newer = || receiver.snapshots().rev().take_while(|snapshot| snapshot.guid != from);
    let base = receiver.snapshots().rev().find(|snapshot| snapshot.guid == from);
    let Some(base) = base else { return Err(Refusal::NoBase(from)) };
    // Found out when the first blocks arrive, after everything that is checked before.
    let other_ivset = stream.raw
        && stream.base_ivset.is_some()
        && base.ivset.is_some()
        && base.ivset != stream.base_ivset;
    if force {
        let mut destroys: Vec<Version> = newer().cloned().collect();
        destroys.reverse();
        if let Some(pinned) = destroys.iter().find(|gone| gone.holds > 0 || !gone.clones.is_empty())
        {
            return Err(Refusal::Pinned(Box::new(pinned.clone())));
        }
        if other_ivset {
            return Err(Refusal::OtherIvset(Box::new(base.clone())));
        }
        return Ok(Effect { destroys, discards_changes, ..Effect::default() });
    }
    let changed = discards_changes || newer().any(|snapshot| snapshot.written != Some(0));
    if changed || (stream.raw && newer().next().is_some()) {
        let mut newer: Vec<Version> = newer().cloned().collect();
        newer.reverse();
        return Err(Refusal::Modified { base: Box::new(base.clone()), newer });
    }
    if other_ivset {
        return Err(Refusal::OtherIvset(Box::new(base.clone())));
    }
    Ok(Effect::default())
}
