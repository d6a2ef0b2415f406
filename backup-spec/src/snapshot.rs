//! A point in time that a backup tool holds, as `restic snapshots --json` describes it.

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

/// One snapshot of a repository or a dataset.
///
/// For restic this is a record of `restic snapshots --json`; for snapshots of ZFS, `id` is the part of
/// the name after `@` and the lists are empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// What the tool calls it. Unique among the snapshots that are looked at together.
    pub id: String,
    /// When it was taken.
    pub time: Timestamp,
    /// The offset from UTC that was stored along with the time. Calendar days, weeks and months of
    /// this snapshot begin and end in it, wherever the repository is looked at from.
    pub offset: Offset,
    /// The host that took it; empty where the tool does not say.
    pub host: String,
    /// The paths that were backed up, in any order.
    pub paths: Vec<String>,
    /// Tags, in any order.
    pub tags: Vec<String>,
}

impl Snapshot {
    /// A snapshot of no host, path or tag, in UTC.
    pub fn new(id: impl Into<String>, time: Timestamp) -> Self {
        Self {
            id: id.into(),
            time,
            offset: Offset::UTC,
            host: String::new(),
            paths: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// A time that is not RFC 3339 with an offset, such as `2026-03-01T04:00:00.25+01:00`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time with an offset, such as 2026-03-01T04:00:00+01:00")]
pub struct TimeError(String);

/// Reads a time and the offset that it is written in.
///
/// # Errors
///
/// Without an offset (or `Z`) the text names no instant.
pub fn parse_time(text: &str) -> Result<(Timestamp, Offset), TimeError> {
    let read = || {
        let pieces = Pieces::parse(text).ok()?;
        let (offset, time) = (pieces.to_numeric_offset()?, pieces.time()?);
        let instant = offset.to_timestamp(pieces.date().to_datetime(time)).ok()?;
        Some((instant, offset))
    };
    read().ok_or_else(|| TimeError(text.to_owned()))
}

#[cfg(feature = "serde")]
mod json {
    use std::borrow::Cow;

    use jiff::fmt::temporal::DateTimePrinter;
    use serde::ser::{Error as _, SerializeStruct};
    use serde::{Deserialize, Serialize, Serializer};

    use super::{Snapshot, TimeError, parse_time};

    /// Text that is not what `restic snapshots --json` prints.
    #[derive(Debug, thiserror::Error)]
    #[non_exhaustive]
    pub enum ReadError {
        /// Not JSON, or JSON of another shape.
        #[error("not a list of snapshots as `restic snapshots --json` prints it: {0}")]
        Shape(#[from] serde_json::Error),
        /// A snapshot's time cannot be read.
        #[error("snapshot {id}: {problem}")]
        Time {
            /// The snapshot's id.
            id: String,
            /// What is wrong with the time.
            problem: TimeError,
        },
    }

    #[derive(Deserialize)]
    struct Record<'a> {
        id: String,
        #[serde(borrow)]
        time: Cow<'a, str>,
        #[serde(default)]
        hostname: String,
        paths: Option<Vec<String>>,
        tags: Option<Vec<String>>,
    }

    /// The fields that [`Snapshot::from_json`] reads, as restic calls them.
    impl Serialize for Snapshot {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut time = String::new();
            DateTimePrinter::new()
                .print_timestamp_with_offset(&self.time, self.offset, &mut time)
                .map_err(S::Error::custom)?;
            let mut record = serializer.serialize_struct("Snapshot", 5)?;
            record.serialize_field("id", &self.id)?;
            record.serialize_field("time", &time)?;
            record.serialize_field("hostname", &self.host)?;
            record.serialize_field("paths", &self.paths)?;
            record.serialize_field("tags", &self.tags)?;
            record.end()
        }
    }

    impl Snapshot {
        /// Reads what `restic snapshots --json` prints. Fields that nothing here needs are passed over.
        /// restic prints `null` where there is no snapshot.
        ///
        /// # Errors
        ///
        /// [`ReadError`], with line and column or the snapshot's id.
        pub fn from_json(text: &[u8]) -> Result<Vec<Self>, ReadError> {
            let records: Option<Vec<Record<'_>>> = serde_json::from_slice(text)?;
            let snapshot = |record: Record<'_>| match parse_time(&record.time) {
                Ok((time, offset)) => Ok(Self {
                    id: record.id,
                    time,
                    offset,
                    host: record.hostname,
                    paths: record.paths.unwrap_or_default(),
                    tags: record.tags.unwrap_or_default(),
                }),
                Err(problem) => Err(ReadError::Time { id: record.id, problem }),
            };
            records.unwrap_or_default().into_iter().map(snapshot).collect()
        }
    }
}

#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use json::ReadError;
