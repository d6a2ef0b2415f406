//! The base backup that leads to a wish: by ancestry, consistency and contiguity.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::archive::Archive;
use super::history::TimelinePath;
use super::journal::{Journal, Transaction};
use super::label::BaseBackup;
use super::lsn::Lsn;
use super::target::{Action, Settings, Target, TimelineWish};
use super::wal::{Segment, TimelineId};

/// Labels count in whole seconds: a backup may have ended that much later than it says.
const LABEL_PRECISION: SignedDuration = SignedDuration::from_secs(1);

/// What somebody wants back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Wish {
    /// Up to where.
    pub target: Target,
    /// Whether what is exactly there is wanted too.
    pub inclusive: bool,
    /// On which timeline; none: the newest that exists.
    pub timeline: Option<TimelineId>,
}

impl Wish {
    /// Up to there, inclusive, on the newest timeline.
    pub fn new(target: Target) -> Self {
        Self { target, inclusive: true, timeline: None }
    }

    /// On this timeline.
    #[must_use]
    pub fn on(mut self, timeline: TimelineId) -> Self {
        self.timeline = Some(timeline);
        self
    }
}

/// Why a backup does not lead to the wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Rejection {
    /// It was found to be damaged or incomplete.
    #[error("it is damaged or incomplete")]
    Damaged,
    /// Its timeline is no ancestor of the wanted one.
    #[error("timeline {backup} is no ancestor of timeline {wanted}")]
    OtherBranch {
        /// The backup's timeline.
        backup: TimelineId,
        /// The wanted one.
        wanted: TimelineId,
    },
    /// Nobody has read what the wanted timeline came from: whether the backup's is an ancestor is not known.
    #[error(
        "whether timeline {backup} is an ancestor of timeline {wanted} is not known: the archive lacks {}, or nobody has read it",
        .wanted.history_name()
    )]
    NoHistory {
        /// The backup's timeline.
        backup: TimelineId,
        /// The wanted one.
        wanted: TimelineId,
    },
    /// The wanted timeline had left the backup's when it was taken.
    #[error("it ended at {stop}, after timeline {timeline} was left at {fork}")]
    AfterFork {
        /// Where the backup ended.
        stop: Lsn,
        /// The backup's timeline.
        timeline: TimelineId,
        /// Where it was left.
        fork: Lsn,
    },
    /// Its label names a timeline that began only later: label and history are not of one server.
    #[error(
        "it started at {start}, before its timeline {timeline} began at {begin}: label and history contradict each other"
    )]
    BeforeTimeline {
        /// Where the backup started.
        start: Lsn,
        /// Its timeline.
        timeline: TimelineId,
        /// Where that began.
        begin: Lsn,
    },
    /// It ended after the target.
    #[error(
        "it ended at {stop} ({stop_time}), after the target; PostgreSQL would refuse, or silently give newer data"
    )]
    TooNew {
        /// Where it ended.
        stop: Lsn,
        /// When it ended.
        stop_time: Timestamp,
    },
    /// A segment is missing between its start and the target.
    #[error("segment {name} is missing between its start and the target")]
    Gap {
        /// Which segment.
        segment: Segment,
        /// Its name.
        name: String,
    },
    /// The log ends before the target.
    #[error("the log ends at {until}, before the target")]
    EndsBefore {
        /// Where.
        until: Lsn,
    },
    /// Nothing after the target is in the log, so that PostgreSQL would not know that it was reached.
    #[error(
        "no transaction ended after the target: PostgreSQL would not know that it was reached (use the end of the log)"
    )]
    NothingAfter,
    /// The log has no such transaction or restore point.
    #[error("the target is not in its log")]
    NotInLog,
}

/// What leads to the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Choice {
    /// The newest backup that does.
    pub backup: BaseBackup,
    /// Settings that do: with the timeline by number, so that nothing depends on how a tool counts; or the backup's own one,
    /// where the archive has no history file of it.
    pub settings: Settings,
    /// The log it takes: runs of segments, first and last.
    pub needs: Vec<(Segment, Segment)>,
    /// Whether the log surely contains the target; if not, only its contiguity up to the end is sure.
    pub certain: bool,
    /// Every other backup, newest first, and why not; those that would do and are older have no reason.
    pub others: Vec<(String, Option<Rejection>)>,
    /// What to know about it.
    pub remarks: Vec<String>,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BaseBackup { name, stop, stop_time, .. } = &self.backup;
        write!(
            f,
            "backup {name} (consistent at {stop}, {stop_time}), then the log to {}",
            self.settings.target
        )?;
        for (name, why) in &self.others {
            match why {
                Some(why) => write!(f, "\n  not {name}: {why}")?,
                None => write!(f, "\n  not {name}: older, more log to replay")?,
            }
        }
        Ok(())
    }
}

/// The best that can be had where the wish cannot be met.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Reachable {
    /// The backup to start with.
    pub backup: String,
    /// The timeline.
    pub timeline: TimelineId,
    /// The log has no hole up to here.
    pub until: Lsn,
    /// When the last known transaction up to there ended.
    pub time: Option<Timestamp>,
}

/// No backup leads to the wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no backup leads to {target} on timeline {timeline}{}", Why(.rejected, .reachable.as_ref()))]
pub struct Unreachable {
    /// The wish.
    pub target: Target,
    /// The timeline.
    pub timeline: TimelineId,
    /// Every backup, newest first, and why not.
    pub rejected: Vec<(String, Rejection)>,
    /// The latest point on that timeline that can be reached.
    pub reachable: Option<Reachable>,
}

struct Why<'w>(&'w [(String, Rejection)], Option<&'w Reachable>);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rejection) in self.0 {
            write!(f, "; {name}: {rejection}")?;
        }
        match self.1 {
            Some(Reachable { backup, until, .. }) => {
                write!(f, "; reachable is everything up to {until}, with {backup}")
            }
            None => Ok(()),
        }
    }
}

/// Chooses the newest backup that leads to the wish. With a journal, times, transactions and names are looked up in
/// it; without, for a time, the log has to be there without a hole up to its end.
pub fn choose(
    backups: &[BaseBackup],
    archive: &Archive,
    wish: &Wish,
    journal: Option<&Journal>,
) -> Result<Choice, Unreachable> {
    let timeline = wish.timeline.unwrap_or_else(|| archive.newest_existing());
    let path = archive.path(timeline);
    let search = Search { archive, path: &path, wish, journal };
    let mut newest_first: Vec<&BaseBackup> = backups.iter().collect();
    newest_first
        .sort_by(|a, b| (b.stop, b.stop_time, &b.name).cmp(&(a.stop, a.stop_time, &a.name)));
    let mut found: Option<(&BaseBackup, Found)> = None;
    let mut others = Vec::new();
    for backup in newest_first.iter().copied() {
        match search.judge(backup) {
            Ok(way) if found.is_none() => found = Some((backup, way)),
            Ok(_) => others.push((backup.name.clone(), None)),
            Err(rejection) => others.push((backup.name.clone(), Some(rejection))),
        }
    }
    let Some((backup, way)) = found else {
        let rejected = others.into_iter().filter_map(|(name, why)| Some((name, why?))).collect();
        let reachable = search.best(&newest_first);
        return Err(Unreachable { target: wish.target.clone(), timeline, rejected, reachable });
    };
    let mut remarks = Vec::new();
    if archive.newest_by_probing(backup.timeline) != archive.newest_existing() {
        remarks.push(format!(
            "a history file is missing: `latest` would be timeline {} for PostgreSQL, and {} for pgBackRest",
            archive.newest_by_probing(backup.timeline),
            archive.newest_existing(),
        ));
    }
    // The server wants the history file of a timeline that it is told by number, but for the first one. Without that file only
    // backups of the timeline itself lead there, and those have it as their own.
    let known = timeline.0 == 1 || archive.has_history(timeline);
    let settings = Settings {
        target: wish.target.clone(),
        inclusive: wish.inclusive,
        timeline: if known { TimelineWish::Id(timeline) } else { TimelineWish::Current },
        action: Action::Promote,
    };
    let needs = search.needs(backup, way.last_segment);
    Ok(Choice { backup: backup.clone(), settings, needs, certain: way.certain, others, remarks })
}

/// That a backup leads to the wish.
struct Found {
    last_segment: u64,
    certain: bool,
}

struct Search<'s> {
    archive: &'s Archive,
    path: &'s TimelinePath,
    wish: &'s Wish,
    journal: Option<&'s Journal>,
}

impl Search<'_> {
    /// Whether a backup is on the way to the wanted timeline.
    fn ancestry(&self, backup: &BaseBackup) -> Result<(), Rejection> {
        if backup.damaged {
            return Err(Rejection::Damaged);
        }
        let Some(piece) = self.path.piece(backup.timeline) else {
            let (backup, wanted) = (backup.timeline, self.path.last());
            // The first timeline has no history, and a timeline is newer than those it came from.
            let known = backup > wanted || wanted.0 == 1 || self.archive.history(wanted).is_some();
            return Err(if known {
                Rejection::OtherBranch { backup, wanted }
            } else {
                Rejection::NoHistory { backup, wanted }
            });
        };
        if backup.checkpoint < piece.begin {
            let (start, timeline, begin) = (backup.start, backup.timeline, piece.begin);
            return Err(Rejection::BeforeTimeline { start, timeline, begin });
        }
        match piece.end {
            Some(fork) if backup.stop > fork || backup.checkpoint >= fork => {
                Err(Rejection::AfterFork { stop: backup.stop, timeline: backup.timeline, fork })
            }
            _ => Ok(()),
        }
    }

    fn judge(&self, backup: &BaseBackup) -> Result<Found, Rejection> {
        self.ancestry(backup)?;
        let size = self.archive.size();
        let start = size.of(backup.start);
        let reach = self.archive.reach(self.path, start);
        let until = size.start(reach);
        let consistent = size.before(backup.stop);
        if reach <= consistent {
            return Err(self.gap(reach));
        }
        let too_new = Rejection::TooNew { stop: backup.stop, stop_time: backup.stop_time };
        let to = |last_segment: u64, certain| {
            if last_segment < reach {
                Ok(Found { last_segment, certain })
            } else {
                Err(self.gap(reach))
            }
        };
        match &self.wish.target {
            Target::Immediate => to(consistent, true),
            Target::End if self.more_behind(reach) => Err(self.gap(reach)),
            Target::End => to(reach.saturating_sub(1), true),
            Target::Lsn(lsn) if *lsn < backup.stop => Err(too_new),
            Target::Lsn(lsn) if *lsn >= until && !self.more_behind(reach) => {
                Err(Rejection::EndsBefore { until })
            }
            Target::Lsn(lsn) => to(size.of(*lsn), true),
            Target::Time(time) => self.time(backup, *time, reach, too_new),
            Target::Xid(xid) => {
                let one = self.transactions().find(|one| one.xid == *xid && one.end > backup.start);
                let inside = |end: Lsn| {
                    if self.wish.inclusive { end < backup.stop } else { end <= backup.stop }
                };
                self.found(one.map(|one| one.end), too_new, inside, reach)
            }
            Target::Name(name) => {
                let points = self.journal.iter().flat_map(|journal| &journal.restore_points);
                let mut points = points
                    .filter(|point| point.name == *name && self.is_on(point.timeline, point.end));
                let point = points.next().map(|point| point.end);
                if point.is_some_and(|end| end < backup.stop) {
                    return Err(too_new);
                }
                self.found(point, too_new, |end| end < backup.stop, reach)
            }
        }
    }

    /// A place in the log that has to be found and reached.
    fn found(
        &self,
        end: Option<Lsn>,
        too_new: Rejection,
        inside: impl Fn(Lsn) -> bool,
        reach: u64,
    ) -> Result<Found, Rejection> {
        let last_segment = |end| self.archive.size().before(end);
        match (end, self.journal) {
            (Some(end), _) if inside(end) => Err(too_new),
            (Some(end), _) if last_segment(end) < reach => {
                Ok(Found { last_segment: last_segment(end), certain: true })
            }
            (Some(_), _) => Err(self.gap(reach)),
            (None, Some(_)) => Err(Rejection::NotInLog),
            (None, None) if self.more_behind(reach) => Err(self.gap(reach)),
            (None, None) => Ok(Found { last_segment: reach.saturating_sub(1), certain: false }),
        }
    }

    fn time(
        &self,
        backup: &BaseBackup,
        time: Timestamp,
        reach: u64,
        too_new: Rejection,
    ) -> Result<Found, Rejection> {
        let later = |one: &&Transaction| {
            if self.wish.inclusive { one.time > time } else { one.time >= time }
        };
        let safe = backup.stop_time.checked_add(LABEL_PRECISION).is_ok_and(|ended| ended <= time);
        let Some(_) = self.journal else {
            if !safe {
                return Err(too_new);
            }
            if self.more_behind(reach) {
                return Err(self.gap(reach));
            }
            return Ok(Found { last_segment: reach.saturating_sub(1), certain: false });
        };
        // Whatever the clock says: nothing that the backup contains may be later than the target.
        let contained = self.transactions().any(|one| later(&one) && one.end <= backup.stop);
        if contained || (!safe && time < backup.stop_time) {
            return Err(too_new);
        }
        let stop = self
            .transactions()
            .filter(|one| later(one) && one.end > backup.stop)
            .map(|one| one.end)
            .min();
        match stop.map(|end| self.archive.size().before(end)) {
            Some(last_segment) if last_segment < reach => Ok(Found { last_segment, certain: true }),
            Some(_) => Err(self.gap(reach)),
            None => Err(Rejection::NothingAfter),
        }
    }

    fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        let all = self.journal.into_iter().flat_map(|journal| &journal.transactions);
        all.filter(|one| self.is_on(one.timeline, one.end))
    }

    fn is_on(&self, timeline: TimelineId, end: Lsn) -> bool {
        let piece = self.path.piece(timeline);
        piece.is_some_and(|piece| end > piece.begin && piece.end.is_none_or(|left| end <= left))
    }

    /// Whether the archive has anything of the path behind a hole.
    fn more_behind(&self, reach: u64) -> bool {
        let pieces = self.path.pieces().iter();
        let mut later =
            pieces.filter(|piece| piece.end.is_none_or(|end| self.archive.size().of(end) >= reach));
        later.any(|piece| {
            let last = self.archive.runs(piece.timeline).last();
            let counts = piece.end.map_or(u64::MAX, |end| self.archive.size().of(end));
            last.is_some_and(|(_, end)| (*end).min(counts) > reach)
        })
    }

    fn gap(&self, number: u64) -> Rejection {
        let segment = Segment { timeline: self.archive.reader(self.path, number), number };
        Rejection::Gap { segment, name: self.archive.size().name(segment) }
    }

    /// Runs of the segments from the backup's start to the last one, each from the timeline that counts.
    fn needs(&self, backup: &BaseBackup, last: u64) -> Vec<(Segment, Segment)> {
        let size = self.archive.size();
        let mut at = size.of(backup.start);
        let mut runs = Vec::new();
        while at <= last {
            let timeline = self.archive.reader(self.path, at);
            let fork =
                self.path.piece(timeline).and_then(|piece| piece.end).map(|end| size.of(end));
            let end = fork.map_or(last, |fork| last.min(fork.saturating_sub(1).max(at)));
            runs.push((Segment { timeline, number: at }, Segment { timeline, number: end }));
            at = end + 1;
        }
        runs
    }

    /// The latest point that any backup on the path reaches.
    fn best(&self, backups: &[&BaseBackup]) -> Option<Reachable> {
        let usable = backups.iter().filter(|backup| self.ancestry(backup).is_ok());
        let reaches = usable.filter_map(|backup| {
            let reach = self.archive.reach(self.path, self.archive.size().of(backup.start));
            (reach > self.archive.size().before(backup.stop)).then_some((reach, *backup))
        });
        let (reach, backup) = reaches.max_by_key(|(reach, backup)| (*reach, backup.stop))?;
        let until = self.archive.size().start(reach);
        let time = self.transactions().filter(|one| one.end <= until).map(|one| one.time).max();
        Some(Reachable { backup: backup.name.clone(), timeline: self.path.last(), until, time })
    }
}
