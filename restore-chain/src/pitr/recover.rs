//! What PostgreSQL does with a backup, an archive and settings, step by step as the server does it.
//!
//! PostgreSQL 15: `InitWalRecovery`, `XLogFileReadAnyTLI`, `recoveryStopsBefore`, `recoveryStopsAfter`,
//! `FinishWalRecovery`, `findNewestTimeLine`. It says "success" in cases that are none; [`Surprise`] names them.

use std::fmt;

use super::archive::Archive;
use super::history::TimelinePath;
use super::journal::{Journal, Transaction};
use super::label::BaseBackup;
use super::lsn::Lsn;
use super::target::{Action, Settings, Target, TimelineWish};
use super::wal::{Segment, TimelineId};

/// The record that ends a backup takes so many bytes: a stop there is consistent already.
const BACKUP_END_RECORD: u64 = 40;

/// Why the server does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Fatal {
    /// No history file of the timeline that was asked for.
    #[error("the timeline that was asked for has no history file")]
    NoSuchTimeline,
    /// The checkpoint of the backup is not where it should be: its segment is missing, or another branch's copy is read.
    #[error(
        "the checkpoint that the backup starts with cannot be read from the log of this timeline"
    )]
    NoCheckpoint,
    /// The log from which to start is missing.
    #[error("the place where recovery starts cannot be read")]
    NoRedo,
    /// The timeline left the backup's before the backup was taken.
    #[error("the timeline forked off before the backup was taken")]
    NotAChild,
    /// The target lies before the end of the backup.
    #[error("the target lies before the backup is consistent")]
    BeforeConsistency,
    /// The log ends before the target.
    #[error("the log ends before the target")]
    TargetNotReached,
    /// The log ends before the backup does.
    #[error("the log ends before the backup is consistent")]
    EndsInsideBackup,
}

/// How a recovery ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Outcome {
    /// At the target, waiting.
    Paused,
    /// On a new timeline.
    Promoted(TimelineId),
    /// At the target, stopped.
    ShutDown,
    /// It did not come up.
    Failed(Fatal),
}

/// What the server calls success, and its user would not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Surprise {
    /// The backup is newer than the time that was asked for, and so is what comes back.
    NewerThanAsked,
    /// A missing segment was taken for the end, and there is more behind it.
    GapTakenForEnd(Segment),
    /// A missing history file hides these timelines from `latest`.
    TimelinesHidden(TimelineId),
    /// The new timeline has a number that the archive knows already: its files will collide.
    TimelineReused(TimelineId),
    /// The child's copy of a segment was missing, and the parent's led into a branch that had been left.
    AbandonedBranch(Segment),
}

impl fmt::Display for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewerThanAsked => f.write_str(
                "the backup is newer than the time asked for, and the server does not say so",
            ),
            Self::GapTakenForEnd(Segment { timeline, number }) => {
                write!(
                    f,
                    "segment {number} of timeline {timeline} is missing and was taken for the end; there is more behind it"
                )
            }
            Self::TimelinesHidden(timeline) => {
                write!(f, "timeline {timeline} and others are hidden by a missing history file")
            }
            Self::TimelineReused(timeline) => {
                write!(f, "the new timeline {timeline} is in the archive already")
            }
            Self::AbandonedBranch(Segment { timeline, number }) => {
                write!(
                    f,
                    "segment {number} was read from timeline {timeline}, beyond the place where that was left"
                )
            }
        }
    }
}

/// What the server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction<'j> {
    /// How it ends.
    pub outcome: Outcome,
    /// The timeline it followed.
    pub timeline: TimelineId,
    /// The segments it needs, in the order it reads them.
    pub files: Vec<Segment>,
    /// The first segment it wanted and did not find.
    pub missing: Option<Segment>,
    /// The transactions of the journal that are visible afterwards, in the order of the log.
    pub visible: Vec<&'j Transaction>,
    /// What it does not say.
    pub surprises: Vec<Surprise>,
}

/// One segment that is read, with what its content descends from.
struct Read {
    segment: Segment,
    /// The path that the file's content follows.
    content: TimelinePath,
}

/// Recovery as it goes along.
struct Replay<'r> {
    archive: &'r Archive,
    path: TimelinePath,
    reads: Vec<Read>,
    missing: Option<Segment>,
}

impl Replay<'_> {
    /// The file that a segment is read from: of the newest timeline of the path that has started by then and has
    /// it, none older than the file before.
    fn file(&self, number: u64, not_before: TimelineId) -> Option<Segment> {
        let size = self.archive.size();
        let pieces = self.path.pieces().iter().rev();
        let pieces = pieces.take_while(|piece| piece.timeline >= not_before);
        let started = pieces.filter(|piece| size.of(piece.begin) <= number);
        let mut files = started.map(|piece| Segment { timeline: piece.timeline, number });
        files.find(|file| self.archive.has(*file))
    }

    /// Reads on from a segment to the end of the log: a segment that is missing, or does not continue the one before.
    fn read_from(&mut self, first: u64) {
        let mut last: Option<Segment> = None;
        let mut number = first;
        loop {
            let not_before = last.map_or(TimelineId(0), |last| last.timeline);
            let Some(segment) = self.file(number, not_before) else {
                let timeline = self.archive.reader(&self.path, number);
                self.missing = Some(Segment { timeline, number });
                return;
            };
            let left_before = |last: Segment| {
                let left = self.path.piece(last.timeline).and_then(|piece| piece.end);
                last.timeline != segment.timeline
                    && left.is_some_and(|left| left < self.archive.size().start(number))
            };
            if last.is_some_and(left_before) {
                self.missing =
                    Some(Segment { timeline: segment.timeline, number: number.saturating_sub(1) });
                return;
            }
            let content = match self.reads.last() {
                Some(read) if read.segment.timeline == segment.timeline => read.content.clone(),
                _ => self.path.up_to(segment.timeline),
            };
            self.reads.push(Read { segment, content });
            last = Some(segment);
            let Some(next) = number.checked_add(1) else { return };
            number = next;
        }
    }

    /// Whether the log that was read contains what ends at `end` on `timeline`, from `start` on.
    fn contains(&self, timeline: TimelineId, end: Lsn, start: Lsn) -> bool {
        let number = self.archive.size().before(end);
        let first = self.reads.first().map_or(0, |read| read.segment.number);
        let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        let read = at.and_then(|at| self.reads.get(at));
        end > start && read.is_some_and(|read| on(&read.content, timeline, end))
    }

    /// The end of what was read.
    fn end(&self) -> Lsn {
        let last = self.reads.last().map_or(0, |read| read.segment.number + 1);
        self.archive.size().start(last)
    }
}

/// Whether what ends at `end` on `timeline` is part of a path.
fn on(path: &TimelinePath, timeline: TimelineId, end: Lsn) -> bool {
    path.piece(timeline)
        .is_some_and(|piece| end > piece.begin && piece.end.is_none_or(|left| end <= left))
}

/// Where a recovery stops, and what is visible then.
struct Stop<'j> {
    /// Transactions that end up to here are visible.
    at: Lsn,
    /// This one is not, though it ends where others do that are.
    before: Option<&'j Transaction>,
    /// Whether the backup is consistent there.
    consistent: bool,
    /// The last segment it takes.
    segment: u64,
}

/// What PostgreSQL does. Without a journal, targets that are times, transactions or names are never met.
pub fn predict<'j>(
    backup: &BaseBackup,
    archive: &Archive,
    settings: &Settings,
    journal: &'j Journal,
) -> Prediction<'j> {
    let newest = archive.newest_by_probing(backup.timeline);
    let timeline = match settings.timeline {
        TimelineWish::Current => backup.timeline,
        TimelineWish::Latest => newest,
        TimelineWish::Id(timeline) => timeline,
    };
    let mut surprises = Vec::new();
    if settings.timeline == TimelineWish::Latest && archive.newest_existing() > newest {
        surprises.push(Surprise::TimelinesHidden(archive.newest_existing()));
    }
    let path = archive.path(timeline);
    let mut replay = Replay { archive, path, reads: Vec::new(), missing: None };
    let stop = start(&mut replay, backup, settings)
        .and_then(|()| stop(&replay, backup, settings, journal));
    let mut files: Vec<Segment> = replay.reads.iter().map(|read| read.segment).collect();
    let mut seen = Vec::new();
    let outcome = match stop {
        Err(fatal) => Outcome::Failed(fatal),
        Ok(stop) if !stop.consistent => {
            files.retain(|file| file.number <= stop.segment);
            Outcome::Failed(Fatal::BeforeConsistency)
        }
        Ok(stop) => {
            files.retain(|file| file.number <= stop.segment);
            seen = visible(&replay, backup, &stop, journal);
            surprises.extend(silent(&replay, backup, settings, &stop));
            match settings {
                Settings { target: Target::End, .. } | Settings { action: Action::Promote, .. } => {
                    let next = archive.newest_by_probing(timeline).0.saturating_add(1);
                    Outcome::Promoted(TimelineId(next))
                }
                Settings { action: Action::Pause, .. } => Outcome::Paused,
                Settings { action: Action::Shutdown, .. } => Outcome::ShutDown,
            }
        }
    };
    if let Outcome::Promoted(new) = outcome {
        if !archive.runs(new).is_empty() || archive.has_history(new) {
            surprises.push(Surprise::TimelineReused(new));
        }
    }
    Prediction { outcome, timeline, files, missing: replay.missing, visible: seen, surprises }
}

/// Up to the first record that is replayed.
fn start(replay: &mut Replay<'_>, backup: &BaseBackup, settings: &Settings) -> Result<(), Fatal> {
    let (archive, size) = (replay.archive, replay.archive.size());
    if let TimelineWish::Id(timeline) = settings.timeline {
        if timeline != TimelineId(1) && !archive.has_history(timeline) {
            return Err(Fatal::NoSuchTimeline);
        }
    }
    // The file may be another branch's: what stands at that place is no checkpoint then.
    let mut readable = |lsn: Lsn| {
        let number = size.of(lsn);
        let file = replay.file(number, TimelineId(0));
        if file.is_none() {
            let timeline = archive.reader(&replay.path, number);
            replay.missing = Some(Segment { timeline, number });
        }
        let file = file?;
        let content = replay.path.up_to(file.timeline);
        (content.owner(lsn) == backup.timeline).then_some((file, content))
    };
    let checkpoint = readable(backup.checkpoint);
    if let Some((segment, content)) = checkpoint {
        let start = readable(backup.start);
        if replay.path.owner(backup.checkpoint) != backup.timeline {
            replay.reads.push(Read { segment, content });
            return Err(Fatal::NotAChild);
        }
        if start.is_none() {
            return Err(Fatal::NoRedo);
        }
        replay.read_from(size.of(backup.start));
        return Ok(());
    }
    Err(Fatal::NoCheckpoint)
}

/// Where the replay stops.
fn stop<'j>(
    replay: &Replay<'_>,
    backup: &BaseBackup,
    settings: &Settings,
    journal: &'j Journal,
) -> Result<Stop<'j>, Fatal> {
    let size = replay.archive.size();
    let end = replay.end();
    let replayed = |timeline, place| replay.contains(timeline, place, backup.start);
    // The record that ends the backup is on its own timeline: a path that left that before never comes across it.
    let ended = replayed(backup.timeline, backup.stop);
    let before = |transaction: &'j Transaction| Stop {
        at: transaction.end,
        before: Some(transaction),
        consistent: ended && transaction.end > backup.stop,
        segment: size.before(transaction.end),
    };
    let after = |place: Lsn| Stop {
        at: place,
        before: None,
        consistent: ended && place >= backup.stop,
        segment: size.before(place),
    };
    let transactions = journal.transactions.iter().filter(|one| replayed(one.timeline, one.end));
    match &settings.target {
        Target::End if !ended => Err(Fatal::EndsInsideBackup),
        Target::End => {
            Ok(Stop { at: end, before: None, consistent: true, segment: size.before(end) })
        }
        Target::Immediate if !ended => Err(Fatal::TargetNotReached),
        Target::Immediate => Ok(after(backup.stop)),
        // The first record that starts at the target or behind it has to be there.
        Target::Lsn(target) if *target >= end => Err(Fatal::TargetNotReached),
        Target::Lsn(target) => {
            let place = (*target).max(backup.start);
            let slack = if settings.inclusive { BACKUP_END_RECORD } else { 0 };
            let consistent = ended && place.0.saturating_add(slack) >= backup.stop.0;
            Ok(Stop { at: place, before: None, consistent, segment: size.of(place) })
        }
        // Only the ends of transactions have times: it stops before the first later one.
        Target::Time(target) => {
            let later = transactions.filter(|one| {
                if settings.inclusive { one.time > *target } else { one.time >= *target }
            });
            later.min_by_key(|one| one.end).map(before).ok_or(Fatal::TargetNotReached)
        }
        Target::Xid(xid) => {
            let one = transactions.filter(|one| one.xid == *xid).min_by_key(|one| one.end);
            let one = one.ok_or(Fatal::TargetNotReached)?;
            Ok(if settings.inclusive { after(one.end) } else { before(one) })
        }
        Target::Name(name) => {
            let points = journal.restore_points.iter().filter(|point| point.name == *name);
            let point = points
                .filter(|point| replayed(point.timeline, point.end))
                .map(|point| point.end)
                .min();
            point.map(after).ok_or(Fatal::TargetNotReached)
        }
    }
}

/// The transactions that the backup or the log brought.
fn visible<'j>(
    replay: &Replay<'_>,
    backup: &BaseBackup,
    stop: &Stop<'_>,
    journal: &'j Journal,
) -> Vec<&'j Transaction> {
    let base = replay.path.up_to(backup.timeline);
    let visible = journal.transactions.iter().filter(|one| {
        let stopped = stop.before.is_some_and(|before| one.end >= before.end);
        let replayed =
            one.end <= stop.at && !stopped && replay.contains(one.timeline, one.end, backup.start);
        replayed || (one.end <= backup.start && on(&base, one.timeline, one.end))
    });
    let mut visible: Vec<&Transaction> = visible.collect();
    visible.sort_by_key(|one| one.end);
    visible
}

/// What went wrong without a word.
fn silent(
    replay: &Replay<'_>,
    backup: &BaseBackup,
    settings: &Settings,
    stop: &Stop<'_>,
) -> Vec<Surprise> {
    let mut surprises = Vec::new();
    if matches!(settings.target, Target::Time(target) if target < backup.stop_time) {
        surprises.push(Surprise::NewerThanAsked);
    }
    let size = replay.archive.size();
    if let (Target::End, Some(missing)) = (&settings.target, replay.missing) {
        let behind = |timeline: TimelineId| {
            replay.archive.runs(timeline).last().is_some_and(|(_, end)| *end > missing.number + 1)
        };
        if behind(missing.timeline) {
            surprises.push(Surprise::GapTakenForEnd(missing));
        }
    }
    let beyond = replay.reads.iter().find(|read| {
        let left = replay.path.piece(read.segment.timeline).and_then(|piece| piece.end);
        let ends = size.start(read.segment.number + 1);
        read.segment.number <= stop.segment
            && left.is_some_and(|left| left < ends && left < stop.at)
    });
    surprises.extend(beyond.map(|read| Surprise::AbandonedBranch(read.segment)));
    surprises
}
