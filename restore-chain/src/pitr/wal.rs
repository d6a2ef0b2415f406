//! Names in a write-ahead log archive.
//!
//! Eight hexadecimal digits each, without blanks: the timeline, the LSN's upper half, and which segment of it
//! (PostgreSQL, `access/xlog_internal.h`). How many segments an upper half has follows from their size: 256 of 16 MiB,
//! 4096 of 1 MiB.

use std::fmt;

use super::lsn::Lsn;

/// A timeline: 1 at first, and a new one with every promotion.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TimelineId(pub u32);

impl fmt::Display for TimelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TimelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimelineId({})", self.0)
    }
}

impl TimelineId {
    /// The name of its history file.
    pub fn history_name(self) -> String {
        format!("{:08X}.history", self.0)
    }
}

/// The size of a segment in bytes: a power of two from 1 MiB to 1 GiB (`initdb --wal-segsize`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SegmentSize(u64);

/// Why a number is no size of a segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "segments of {0} bytes are not possible: a power of two from 1 MiB to 1 GiB is (`SHOW wal_segment_size`)"
)]
pub struct SegmentSizeError(u64);

impl Default for SegmentSize {
    /// 16 MiB.
    fn default() -> Self {
        Self(16 << 20)
    }
}

impl SegmentSize {
    /// A size in bytes.
    pub fn new(bytes: u64) -> Result<Self, SegmentSizeError> {
        let fits = bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes);
        fits.then_some(Self(bytes)).ok_or(SegmentSizeError(bytes))
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// How many segments an LSN's upper half has.
    const fn per_half(self) -> u64 {
        (1 << 32) / self.0
    }

    /// The segment that the byte at this place is in.
    pub const fn of(self, lsn: Lsn) -> u64 {
        lsn.0 / self.0
    }

    /// The segment that the byte before this place is in: where something that *ends* there is.
    pub const fn before(self, lsn: Lsn) -> u64 {
        lsn.0.saturating_sub(1) / self.0
    }

    /// Where a segment starts.
    pub const fn start(self, segment: u64) -> Lsn {
        Lsn(segment.saturating_mul(self.0))
    }

    /// The name of a segment.
    pub fn name(self, segment: Segment) -> String {
        let (half, rest) = (segment.number / self.per_half(), segment.number % self.per_half());
        format!("{:08X}{half:08X}{rest:08X}", segment.timeline.0)
    }
}

/// A segment of one timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Segment {
    /// The timeline.
    pub timeline: TimelineId,
    /// Its number, from the start of the log: the LSN divided by the size.
    pub number: u64,
}

/// What a name in an archive stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArchiveName {
    /// A whole segment.
    Segment(Segment),
    /// `.partial`: the last segment of a timeline that another one has taken over; recovery does not read it.
    Partial(Segment),
    /// `.OFFSET.backup`: the label of a base backup that started there.
    BackupLabel(Segment, u32),
    /// `.history`: what a timeline came from.
    History(TimelineId),
}

/// What archivers append to a name when they compress it.
const COMPRESSED: [&str; 7] = [".gz", ".zst", ".lz4", ".lzo", ".bz2", ".xz", ".br"];

impl ArchiveName {
    /// Reads a name, without folders before it. What archivers append is left out of account: compression
    /// (barman, wal-g), and the checksum of pgBackRest (`-` and 40 hexadecimal digits).
    pub fn parse(name: &str, size: SegmentSize) -> Option<Self> {
        let (name, _) =
            COMPRESSED.iter().find_map(|s| Some((name.strip_suffix(s)?, s))).unwrap_or((name, &""));
        let bytes = name.as_bytes();
        let timeline = TimelineId(hex8(bytes)?);
        if timeline.0 == 0 {
            return None;
        }
        if bytes.get(8..) == Some(b".history") {
            return Some(Self::History(timeline));
        }
        let (half, rest) = (hex8(bytes.get(8..)?)?, hex8(bytes.get(16..)?)?);
        if u64::from(rest) >= size.per_half() {
            return None;
        }
        let number = u64::from(half) * size.per_half() + u64::from(rest);
        let segment = Segment { timeline, number };
        match bytes.get(24..)? {
            b"" => Some(Self::Segment(segment)),
            b".partial" => Some(Self::Partial(segment)),
            [b'-', sum @ ..] if sum.len() == 40 && sum.iter().all(u8::is_ascii_hexdigit) => {
                Some(Self::Segment(segment))
            }
            [b'.', offset @ ..] if offset.get(8..) == Some(b".backup") => {
                Some(Self::BackupLabel(segment, hex8(offset)?))
            }
            _ => None,
        }
    }
}

/// Eight upper-case hexadecimal digits at the start, as PostgreSQL writes them.
fn hex8(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..8)?;
    let mut value: u32 = 0;
    for digit in digits {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return None,
        };
        value = value << 4 | u32::from(digit);
    }
    Some(value)
}
