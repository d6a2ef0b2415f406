//! What is in an archive: segments as intervals, a handful of numbers for a million names.

use std::collections::BTreeMap;

use super::history::{History, HistoryError, TimelinePath};
use super::wal::{ArchiveName, Segment, SegmentSize, TimelineId};

/// Whole segments of one timeline: `first..end`, disjoint, ascending, not touching.
type Runs = Vec<(u64, u64)>;

/// What an archive holds.
#[derive(Clone, Debug)]
pub struct Archive {
    size: SegmentSize,
    segments: BTreeMap<TimelineId, Runs>,
    histories: BTreeMap<TimelineId, Option<History>>,
    labels: Vec<(Segment, u32)>,
    /// Names that are none of an archive with segments of this size.
    pub foreign: usize,
    /// The first of them.
    pub first_foreign: Option<String>,
}

impl Archive {
    /// An archive by its listing, in any order. History files are known by name then; [`add_history`](Self::add_history)
    /// says what is in them.
    pub fn from_names<'n>(size: SegmentSize, names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut archive = Self {
            size,
            segments: BTreeMap::new(),
            histories: BTreeMap::new(),
            labels: Vec::new(),
            foreign: 0,
            first_foreign: None,
        };
        // A listing is mostly sorted, and then a run grows without a look at the table.
        let mut run: Option<(TimelineId, u64, u64)> = None;
        for name in names {
            match ArchiveName::parse(name, size) {
                Some(ArchiveName::Segment(Segment { timeline, number })) => match &mut run {
                    Some((current, _, end)) if *current == timeline && *end == number => *end += 1,
                    _ => {
                        if let Some((timeline, first, end)) =
                            run.replace((timeline, number, number + 1))
                        {
                            archive.segments.entry(timeline).or_default().push((first, end));
                        }
                    }
                },
                Some(ArchiveName::History(timeline)) => {
                    archive.histories.insert(timeline, None);
                }
                Some(ArchiveName::BackupLabel(segment, offset)) => {
                    archive.labels.push((segment, offset));
                }
                Some(ArchiveName::Partial(_)) => {}
                None => {
                    archive.foreign += 1;
                    archive.first_foreign.get_or_insert_with(|| name.to_owned());
                }
            }
        }
        if let Some((timeline, first, end)) = run {
            archive.segments.entry(timeline).or_default().push((first, end));
        }
        for runs in archive.segments.values_mut() {
            merge(runs);
        }
        archive
    }

    /// Says what a history file contains; one that the listing lacked is there now.
    pub fn add_history(&mut self, timeline: TimelineId, text: &str) -> Result<(), HistoryError> {
        let history = History::parse(timeline, text)?;
        self.histories.insert(timeline, Some(history));
        Ok(())
    }

    /// The size of its segments.
    pub fn size(&self) -> SegmentSize {
        self.size
    }

    /// Timelines with segments.
    pub fn timelines(&self) -> impl Iterator<Item = TimelineId> {
        self.segments.keys().copied()
    }

    /// Whole runs of segments of a timeline: first and end.
    pub fn runs(&self, timeline: TimelineId) -> &[(u64, u64)] {
        self.segments.get(&timeline).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many segments there are.
    pub fn count(&self) -> u64 {
        self.segments.values().flatten().map(|(first, end)| end - first).sum()
    }

    /// The backups whose labels are there: where they start, and the offset in that segment.
    pub fn labels(&self) -> &[(Segment, u32)] {
        &self.labels
    }

    /// Whether a segment is there.
    pub fn has(&self, segment: Segment) -> bool {
        self.end_of_run(segment).is_some()
    }

    /// The end of the run that a segment is in.
    pub fn end_of_run(&self, segment: Segment) -> Option<u64> {
        let runs = self.runs(segment.timeline);
        let after = runs.partition_point(|(first, _)| *first <= segment.number);
        let (_, end) = runs.get(after.checked_sub(1)?)?;
        (*end > segment.number).then_some(*end)
    }

    /// Whether a timeline's history file is there.
    pub fn has_history(&self, timeline: TimelineId) -> bool {
        self.histories.contains_key(&timeline)
    }

    /// What a timeline's history file says, if it is there and was read.
    pub fn history(&self, timeline: TimelineId) -> Option<&History> {
        self.histories.get(&timeline).and_then(Option::as_ref)
    }

    /// The path to a timeline.
    pub fn path(&self, timeline: TimelineId) -> TimelinePath {
        TimelinePath::to(timeline, self.history(timeline))
    }

    /// The newest timeline in PostgreSQL's eyes: counted up from `start` to the first without a history file.
    pub fn newest_by_probing(&self, start: TimelineId) -> TimelineId {
        let mut newest = start;
        while let Some(next) =
            newest.0.checked_add(1).map(TimelineId).filter(|next| self.has_history(*next))
        {
            newest = next;
        }
        newest
    }

    /// The newest timeline that has a history file or segments (pgBackRest's rule).
    pub fn newest_existing(&self) -> TimelineId {
        let newest = self.histories.keys().chain(self.segments.keys()).max();
        newest.copied().unwrap_or(TimelineId(1))
    }

    /// How far the log reaches along a path without a hole, from a segment on: the first segment that is missing.
    ///
    /// At a fork the child's copy of the segment is what recovery reads; the parent's would lead astray.
    pub fn reach(&self, path: &TimelinePath, from: u64) -> u64 {
        let mut at = from;
        while let Some(end) =
            self.end_of_run(Segment { timeline: self.reader(path, at), number: at })
        {
            // Up to the segment where the next timeline takes over.
            let fork = path.piece(self.reader(path, at)).and_then(|piece| piece.end);
            at = fork.map_or(end, |fork| end.min(self.size.of(fork).max(at + 1)));
        }
        at
    }

    /// Whose copy of a segment counts: the last timeline of the path that starts in it or before.
    pub fn reader(&self, path: &TimelinePath, segment: u64) -> TimelineId {
        let started = path.pieces().iter().rev().find(|piece| self.size.of(piece.begin) <= segment);
        started.map_or_else(|| path.last(), |piece| piece.timeline)
    }
}

/// Sorts runs and joins those that touch or overlap.
fn merge(runs: &mut Runs) {
    runs.sort_unstable();
    let mut kept = 0;
    for at in 1..runs.len() {
        let Some((first, end)) = runs.get(at).copied() else { continue };
        let Some(last) = runs.get_mut(kept) else { continue };
        if first <= last.1 {
            last.1 = last.1.max(end);
        } else {
            kept += 1;
            if let Some(slot) = runs.get_mut(kept) {
                *slot = (first, end);
            }
        }
    }
    runs.truncate(kept + 1);
    runs.shrink_to_fit();
}
