//! What a recovery is to reach.

use std::fmt;

use jiff::Timestamp;

use super::lsn::Lsn;
use super::wal::TimelineId;

/// Where recovery stops (`recovery_target…`; at most one of them may be set).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Target {
    /// At the end of the log, wherever that is.
    End,
    /// As soon as the backup is consistent (`immediate`).
    Immediate,
    /// At a time, by the clock of the server that wrote the log.
    Time(Timestamp),
    /// At a place.
    Lsn(Lsn),
    /// At the end of a transaction.
    Xid(u32),
    /// At a restore point.
    Name(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("the end of the log"),
            Self::Immediate => f.write_str("the end of the backup"),
            Self::Time(time) => write!(f, "{time}"),
            Self::Lsn(lsn) => write!(f, "LSN {lsn}"),
            Self::Xid(xid) => write!(f, "transaction {xid}"),
            Self::Name(name) => write!(f, "restore point {name:?}"),
        }
    }
}

/// Which timeline is followed (`recovery_target_timeline`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum TimelineWish {
    /// The backup's own.
    Current,
    /// The newest one, by the rule of whoever restores.
    #[default]
    Latest,
    /// This one.
    Id(TimelineId),
}

/// What happens when the target is reached (`recovery_target_action`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Action {
    /// The server waits, and can be read (the default).
    #[default]
    Pause,
    /// A new timeline starts.
    Promote,
    /// The server stops.
    Shutdown,
}

/// The settings of a recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Settings {
    /// Where it stops.
    pub target: Target,
    /// Whether what is exactly at the target is taken (`recovery_target_inclusive`, on by default).
    pub inclusive: bool,
    /// Which timeline is followed.
    pub timeline: TimelineWish,
    /// What happens then.
    pub action: Action,
}

impl Settings {
    /// The server's defaults with a target.
    pub fn new(target: Target) -> Self {
        Self { target, inclusive: true, timeline: TimelineWish::Latest, action: Action::Pause }
    }
}
