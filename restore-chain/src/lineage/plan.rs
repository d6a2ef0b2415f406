//! Whole replications: the first one, an interrupted one, and what to do about a conflict.

use std::collections::HashSet;
use std::fmt;

use zfs_props::name::DatasetName;

use super::path::{Conflict, List, incremental_path};
use super::receive::{Effect, Receiver, Refusal, Stream};
use super::rollback::{self, Reach};
use super::step::{Base, Options, Step};
use super::token::ResumeToken;
use super::version::{Encryption, Guid, Kind, Lineage, Version};

/// How many snapshots one command destroys, so that it stays a command that the kernel takes (128 KiB an argument).
const AT_ONCE: usize = 100;

/// What a first replication brings over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum Initial {
    /// All snapshots: the oldest in full, then the others.
    #[default]
    All,
    /// The newest one alone.
    Newest,
    /// None: somebody has to look first.
    Refuse,
}

/// What a replication may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct Policy {
    /// Where the receiver has nothing yet.
    pub initial: Initial,
    /// Blocks as they are on disk (`send -w`).
    pub raw: bool,
    /// Whether what a new receiver is created below is encrypted.
    pub parent: Encryption,
    /// Guids of receiver's snapshots and bookmarks that may be destroyed by a rollback to the newest common snapshot. A
    /// conflict with any other one stays a conflict.
    pub may_destroy: Vec<Guid>,
}

/// The steps from what the receiver has to what the sender has, and what they destroy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Replication {
    /// In this order.
    pub steps: Vec<Step>,
    /// All snapshots and bookmarks that are destroyed on the receiver; empty without a grant.
    pub destroys: Vec<Version>,
    /// Whether a rollback loses what was written into the receiver since its newest snapshot, or would if there is anything
    /// (`written` was not observed). A snapshot of it beforehand has a guid, and needs a grant.
    pub discards_changes: bool,
}

impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.steps.iter().enumerate() {
            write!(f, "{}{step}", if n > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// Why there is no replication.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The two do not fit together.
    #[error(transparent)]
    Conflict(Box<Conflict>),
    /// A receive would be refused.
    #[error("{receiver} would refuse {snapshot}: {refusal}")]
    Refused {
        /// The receiver.
        receiver: DatasetName,
        /// The snapshot it would refuse.
        snapshot: String,
        /// Why.
        #[source]
        refusal: Refusal,
    },
    /// A rollback would be refused.
    #[error(transparent)]
    Rollback(#[from] rollback::Refusal),
    /// A rollback would destroy bookmarks, too, that nobody said it may destroy.
    #[error("going back to {to} would destroy {}, too, of {receiver}: nobody said that it may", List(.destroys))]
    NotGranted {
        /// The receiver.
        receiver: DatasetName,
        /// What it would go back to.
        to: Box<Version>,
        /// What it may not destroy.
        destroys: Vec<Version>,
    },
    /// The sender's key is not loaded.
    #[error("the key of {0} is not loaded: load it, or send raw")]
    Locked(DatasetName),
    /// The receiver has an interrupted receive, and nobody said what it is, or said it of another one.
    #[error(
        "{0} has an interrupted receive: read its token with `zfs send -nvt`, to see whether it can go on"
    )]
    UnreadToken(DatasetName),
}

impl From<Conflict> for PlanError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(Box::new(conflict))
    }
}

/// Plans a replication into `target`. `receiver` is none where no such dataset is there. `token` is what the
/// receiver's resume token stands for.
pub fn plan(
    sender: &Lineage,
    target: &DatasetName,
    receiver: Option<&Lineage>,
    token: Option<&ResumeToken>,
    policy: &Policy,
) -> Result<Replication, PlanError> {
    // Without its key an encrypted dataset can be sent as it is on disk, and not otherwise.
    if !policy.raw && sender.head.key_loaded == Some(false) {
        return Err(PlanError::Locked(sender.dataset.clone()));
    }
    let receiver = Receiver::new(target.clone(), receiver.cloned()).below(policy.parent);
    let granted = policy.may_destroy.iter().copied().collect();
    let mut draft = Draft {
        sender,
        target,
        receiver,
        policy,
        granted,
        steps: Vec::new(),
        destroys: Vec::new(),
        discards_changes: false,
    };
    draft.resume(token)?;
    draft.run()?;
    let Draft { steps, destroys, discards_changes, .. } = draft;
    Ok(Replication { steps, destroys, discards_changes })
}

struct Draft<'d> {
    sender: &'d Lineage,
    target: &'d DatasetName,
    /// As it is after the steps so far.
    receiver: Receiver,
    policy: &'d Policy,
    /// What may be destroyed.
    granted: HashSet<Guid>,
    steps: Vec<Step>,
    destroys: Vec<Version>,
    discards_changes: bool,
}

impl Draft<'_> {
    /// What the receiver has by now.
    fn received(&self) -> Lineage {
        self.receiver
            .lineage()
            .cloned()
            .unwrap_or_else(|| Lineage::new(self.target.clone(), Vec::new()))
    }

    fn resume(&mut self, token: Option<&ResumeToken>) -> Result<(), PlanError> {
        let mut there = self.received();
        let Some(waiting) = there.head.resume_token.take() else { return Ok(()) };
        let receiver = self.target.clone();
        let token = token.filter(|token| token.token == waiting);
        let Some(token) = token else { return Err(PlanError::UnreadToken(receiver)) };
        // A dataset that only the interrupted receive had made is gone when that is aborted.
        let nothing_else = there.newest().is_none() && token.from_guid.is_none();
        let arrives = self.sender.snapshots().find(|version| version.guid == token.to_guid);
        if let Some(arrives) = arrives.filter(|_| token.is_live(self.sender)) {
            self.receiver = Receiver::new(receiver.clone(), Some(there)).below(self.policy.parent);
            self.steps.push(Step::Resume {
                receiver,
                token: token.token.clone(),
                to: token.to_guid,
            });
            let stream = Stream {
                raw: self.policy.raw && self.sender.head.encryption == Encryption::On,
                ..Stream::new(token.from_guid, arrives.clone())
            };
            self.receiver.arrive(&stream, &Effect::default());
        } else {
            let there = (!nothing_else).then_some(there);
            self.receiver = Receiver::new(receiver.clone(), there).below(self.policy.parent);
            self.steps.push(Step::Abort { receiver });
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), PlanError> {
        match incremental_path(self.sender, &self.received()) {
            Ok(path) => self.send_all(path.steps()),
            Err(Conflict::Initial { .. }) if self.policy.initial != Initial::Refuse => {
                self.initial()
            }
            Err(Conflict::UpToDate { .. }) if !self.steps.is_empty() => Ok(()),
            Err(Conflict::Diverged { common, receiver_only, .. })
                if receiver_only.iter().all(|version| self.granted.contains(&version.guid)) =>
            {
                self.roll_back(common.guid)?;
                let path = incremental_path(self.sender, &self.received())?;
                self.send_all(path.steps())
            }
            Err(conflict) => Err(conflict.into()),
        }
    }

    fn roll_back(&mut self, common: Guid) -> Result<(), PlanError> {
        let mut received = self.received();
        let name =
            received.snapshots().find(|version| version.guid == common).map(|v| v.name.clone());
        let rollback = rollback::check(&received, &name.unwrap_or_default(), Reach::Newer, None)?;
        let granted = |gone: &Version| self.granted.contains(&gone.guid);
        let destroys: Vec<Version> =
            rollback.destroys.iter().filter(|gone| !granted(gone)).cloned().collect();
        if !destroys.is_empty() {
            let to = Box::new(rollback.to);
            return Err(PlanError::NotGranted { receiver: self.target.clone(), to, destroys });
        }
        let back = rollback.to.createtxg;
        received.retain(|version| version.createtxg <= back);
        self.discards_changes = received.head.written != Some(0);
        received.head.written = Some(0);
        self.receiver = Receiver::new(self.target.clone(), Some(received));
        self.destroys.extend(rollback.destroys.iter().cloned());
        let target = || self.target.clone();
        let (marks, snapshots): (Vec<_>, Vec<_>) =
            rollback.destroys.into_iter().partition(|version| version.kind == Kind::Bookmark);
        let named = snapshots.chunks(AT_ONCE).map(<[Version]>::to_vec);
        let named = named.chain(marks.into_iter().map(|mark| vec![mark]));
        self.steps.extend(named.map(|versions| Step::Destroy { receiver: target(), versions }));
        self.steps.push(Step::Rollback { receiver: target(), to: rollback.to });
        Ok(())
    }

    fn initial(&mut self) -> Result<(), PlanError> {
        let first = match self.policy.initial {
            Initial::All => self.sender.snapshots().next(),
            Initial::Newest | Initial::Refuse => self.sender.newest(),
        };
        let (Some(first), Some(newest)) = (first, self.sender.newest()) else {
            let receiver = self.target.clone();
            return Err(Conflict::Initial { receiver, only_bookmarks: true }.into());
        };
        let step = |base, to: &Version| {
            let (sender, receiver) = (self.sender.dataset.clone(), self.target.clone());
            Step::Send { sender, receiver, base, to: to.clone(), options: Options::default() }
        };
        let mut steps = vec![step(Base::Full, first)];
        match self.sender.snapshots().filter(|version| version.order() > first.order()).count() {
            0 => {}
            1 => steps.push(step(Base::Incremental(first.clone()), newest)),
            _ => steps.push(step(Base::Intermediates(first.clone()), newest)),
        }
        self.send_all(steps)
    }

    /// Takes steps over if the receiver takes every stream of theirs.
    fn send_all(&mut self, steps: Vec<Step>) -> Result<(), PlanError> {
        for mut step in steps {
            if let Step::Send { options, .. } = &mut step {
                options.raw = self.policy.raw;
            }
            for stream in streams(self.sender, &step) {
                let refused = |refusal| PlanError::Refused {
                    receiver: self.target.clone(),
                    snapshot: stream.to.of(&self.sender.dataset),
                    refusal,
                };
                self.receiver.receive(&stream, false).map_err(refused)?;
            }
            self.steps.push(step);
        }
        Ok(())
    }
}

/// The streams that a step sends, one for each snapshot that arrives.
pub(crate) fn streams(sender: &Lineage, step: &Step) -> Vec<Stream> {
    let Step::Send { base, to, options, .. } = step else { return Vec::new() };
    let (raw, embedded) = match sender.head.encryption {
        Encryption::On => (options.raw, false),
        Encryption::Off => (false, options.raw),
        Encryption::Unknown => (false, false),
    };
    let stream = |base: Option<&Version>, to: &Version| Stream {
        raw,
        embedded,
        volume: sender.head.volume,
        base_ivset: base.and_then(|base| base.ivset),
        ..Stream::new(base.map(|base| base.guid), to.clone())
    };
    match base {
        Base::Full => vec![stream(None, to)],
        Base::Incremental(base) => vec![stream(Some(base), to)],
        // The clone's first stream names a snapshot of another dataset; whether it is there is not in this listing.
        Base::Origin(_) => Vec::new(),
        Base::Intermediates(base) => {
            let between =
                sender.snapshots().filter(|v| v.order() > base.order() && v.order() <= to.order());
            let mut from = base;
            let mut streams = Vec::new();
            for version in between {
                streams.push(stream(Some(from), version));
                from = version;
            }
            streams
        }
    }
}
