//! What timelines came from: `.history` files.

use super::lsn::Lsn;
use super::wal::TimelineId;

/// Where a timeline's parent, or one of its parents, was left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Fork {
    /// The timeline that was left.
    pub timeline: TimelineId,
    /// Where: its own log counts up to there.
    pub at: Lsn,
    /// Why, in the server's words.
    pub reason: String,
}

/// The content of a history file: all ancestors of a timeline, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct History {
    /// Whose history.
    pub timeline: TimelineId,
    /// Its ancestors.
    pub forks: Vec<Fork>,
}

/// Why a history file cannot be used; PostgreSQL refuses it for the same reasons (`timeline.c`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// A line without a timeline and a place.
    #[error("line {line}: {text:?} is not a timeline and an LSN, separated by a tab")]
    Syntax {
        /// Which line, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// Timelines that do not ascend.
    #[error(
        "line {line}: timeline {timeline} has to be greater than the one before, and less than that of the file"
    )]
    Order {
        /// Which line, from 1.
        line: usize,
        /// Which timeline.
        timeline: TimelineId,
    },
}

impl History {
    /// Reads the history file of a timeline. `#` starts a comment; empty lines are allowed.
    pub fn parse(timeline: TimelineId, text: &str) -> Result<Self, HistoryError> {
        let mut forks: Vec<Fork> = Vec::new();
        for (n, full) in text.lines().enumerate() {
            let line = full.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let syntax =
                || HistoryError::Syntax { line: n + 1, text: full.chars().take(80).collect() };
            let mut fields = line.splitn(3, ['\t', ' ']);
            let (parent, at) =
                (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            let parent = TimelineId(parent.parse().map_err(|_| syntax())?);
            let at = at.trim().parse().map_err(|_| syntax())?;
            if parent >= timeline || forks.last().is_some_and(|last| parent <= last.timeline) {
                return Err(HistoryError::Order { line: n + 1, timeline: parent });
            }
            let reason = fields.next().unwrap_or_default().trim().to_owned();
            forks.push(Fork { timeline: parent, at, reason });
        }
        Ok(Self { timeline, forks })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let lines = self
            .forks
            .iter()
            .map(|Fork { timeline, at, reason }| format!("{timeline}\t{at}\t{reason}\n"));
        lines.collect::<Vec<_>>().concat()
    }
}

/// A timeline's part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The timeline.
    pub timeline: TimelineId,
    /// Where it starts.
    pub begin: Lsn,
    /// Where the next one of the path takes over; none: the last one.
    pub end: Option<Lsn>,
}

/// The way from the first timeline to one of its descendants (the server's `expectedTLEs`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelinePath(Vec<Piece>);

impl TimelinePath {
    /// The path to a timeline; without its history it is that timeline alone.
    pub fn to(timeline: TimelineId, history: Option<&History>) -> Self {
        let mut begin = Lsn(0);
        let mut pieces = Vec::new();
        for fork in history.map(|history| history.forks.as_slice()).unwrap_or_default() {
            pieces.push(Piece { timeline: fork.timeline, begin, end: Some(fork.at) });
            begin = fork.at;
        }
        pieces.push(Piece { timeline, begin, end: None });
        Self(pieces)
    }

    /// Oldest first.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The timeline it leads to.
    pub fn last(&self) -> TimelineId {
        self.0.last().map_or(TimelineId(1), |piece| piece.timeline)
    }

    /// A timeline's part.
    pub fn piece(&self, timeline: TimelineId) -> Option<&Piece> {
        self.0.iter().find(|piece| piece.timeline == timeline)
    }

    /// Whose log counts at a place.
    pub fn owner(&self, lsn: Lsn) -> TimelineId {
        let owner = self.0.iter().find(|piece| piece.end.is_none_or(|end| lsn < end));
        owner.map_or_else(|| self.last(), |piece| piece.timeline)
    }

    /// The path to one of its own timelines.
    #[must_use]
    pub fn up_to(&self, timeline: TimelineId) -> Self {
        let mut pieces: Vec<Piece> =
            self.0.iter().take_while(|piece| piece.timeline <= timeline).copied().collect();
        if let Some(last) = pieces.last_mut() {
            last.end = None;
        }
        Self(pieces)
    }
}
