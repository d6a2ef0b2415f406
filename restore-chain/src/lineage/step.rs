//! One step of a replication: its commands.

use std::fmt;

use zfs_props::name::DatasetName;

use super::version::Version;
use crate::command::Command;

/// What a stream starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Base {
    /// Nothing: all data is sent.
    Full,
    /// `-i`: the difference to a snapshot or bookmark.
    Incremental(Version),
    /// `-I`: with every snapshot between; from a snapshot only.
    Intermediates(Version),
    /// `-i DATASET@SNAPSHOT`: a clone, from the snapshot of another dataset that it was made of.
    Origin(String),
}

/// Options of `zfs send` and `zfs receive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command")]
pub struct Options {
    /// `send -w`: blocks as they are on disk; encrypted ones stay encrypted.
    pub raw: bool,
    /// `receive -s`: what was received survives an interruption.
    pub resumable: bool,
    /// `receive -u`: not mounted, so that nothing changes the head before the next receive.
    pub unmounted: bool,
    /// `receive -F`: rolls back, and destroys the receiver's newer snapshots.
    pub force: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { raw: false, resumable: true, unmounted: true, force: false }
    }
}

/// A step, in the order it has to be done.
///
/// Displayed, it is its command line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "kebab-case", tag = "step")
)]
#[non_exhaustive]
pub enum Step {
    /// A send into a receive.
    Send {
        /// The dataset that is sent.
        sender: DatasetName,
        /// The dataset that receives.
        receiver: DatasetName,
        /// What the stream starts from.
        base: Base,
        /// The snapshot that the receiver has afterwards.
        to: Version,
        /// Options.
        options: Options,
    },
    /// An interrupted receive goes on.
    Resume {
        /// The dataset that receives.
        receiver: DatasetName,
        /// `receive_resume_token`.
        token: String,
        /// The guid of the snapshot it leads to.
        to: super::Guid,
    },
    /// An interrupted receive is given up: what was received of it is lost, which nobody could use.
    Abort {
        /// The dataset that receives.
        receiver: DatasetName,
    },
    /// The receiver loses versions of its own, each by its name: snapshots, or one bookmark, as `zfs destroy` takes them.
    Destroy {
        /// The receiver.
        receiver: DatasetName,
        /// What is destroyed.
        versions: Vec<Version>,
    },
    /// The receiver goes back to its newest snapshot. Where there is a newer one by then, that is refused: `-r`, which would
    /// destroy whatever has come since somebody looked, is never given.
    Rollback {
        /// The receiver.
        receiver: DatasetName,
        /// The snapshot.
        to: Version,
    },
}

impl Step {
    /// What runs on the sending side.
    pub fn send(&self) -> Option<Command> {
        match self {
            Self::Send { sender, base, to, options, .. } => {
                let mut command = Command::new(["zfs", "send"]);
                if options.raw {
                    command = command.arg("-w");
                }
                command = match base {
                    Base::Full => command,
                    Base::Incremental(base) => command.arg("-i").arg(base.of(sender)),
                    Base::Intermediates(base) => command.arg("-I").arg(base.of(sender)),
                    Base::Origin(origin) => command.arg("-i").arg(origin),
                };
                Some(command.arg(to.of(sender)))
            }
            Self::Resume { token, .. } => Some(Command::new(["zfs", "send", "-t", token])),
            Self::Abort { .. } | Self::Destroy { .. } | Self::Rollback { .. } => None,
        }
    }

    /// What runs on the receiving side; with the output of [`send`](Self::send) as its input, where there is one.
    pub fn receive(&self) -> Command {
        match self {
            Self::Send { receiver, options, .. } => {
                let flags =
                    [(options.resumable, "-s"), (options.unmounted, "-u"), (options.force, "-F")];
                let flags = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag);
                Command::new(["zfs", "receive"]).args(flags).arg(receiver)
            }
            Self::Resume { receiver, .. } => {
                Command::new(["zfs", "receive", "-s", "-u"]).arg(receiver)
            }
            Self::Abort { receiver } => Command::new(["zfs", "receive", "-A"]).arg(receiver),
            Self::Destroy { receiver, versions } => {
                // `DATASET@a,b`: the mark is written once.
                let texts = versions.iter().enumerate().map(|(n, version)| match n {
                    0 => version.of(receiver),
                    _ => format!(",{}", version.name),
                });
                Command::new(["zfs", "destroy"]).arg(texts.collect::<String>())
            }
            Self::Rollback { receiver, to } => {
                Command::new(["zfs", "rollback"]).arg(to.of(receiver))
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(send) = self.send() {
            write!(f, "{send} | ")?;
        }
        write!(f, "{}", self.receive())
    }
}
