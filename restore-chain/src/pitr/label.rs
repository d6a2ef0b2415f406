//! Base backups: `backup_label` and the `.backup` files of an archive.

use jiff::Timestamp;

use super::lsn::{Lsn, LsnError};
use super::wal::TimelineId;

/// A `backup_label`, or an archive's `.backup` file, which says where the backup ended, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Label {
    /// `START WAL LOCATION`: where recovery starts.
    pub start: Option<Lsn>,
    /// `STOP WAL LOCATION`: from there on the backup is consistent.
    pub stop: Option<Lsn>,
    /// `CHECKPOINT LOCATION`
    pub checkpoint: Option<Lsn>,
    /// `START TIMELINE`
    pub start_timeline: Option<TimelineId>,
    /// `STOP TIMELINE`
    pub stop_timeline: Option<TimelineId>,
    /// `START TIME`, in whole seconds.
    pub start_time: Option<Timestamp>,
    /// `STOP TIME`, in whole seconds.
    pub stop_time: Option<Timestamp>,
    /// `LABEL`
    pub label: Option<String>,
    /// `INCREMENTAL FROM LSN` (PostgreSQL 17): it needs the backup before it.
    pub incremental_from: Option<Lsn>,
}

/// Why a label cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// A place that is none.
    #[error("{line}: {error}")]
    Lsn {
        /// What the line starts with.
        line: &'static str,
        /// What is wrong.
        #[source]
        error: LsnError,
    },
    /// A timeline that is none.
    #[error("{line}: {text:?} is no timeline")]
    Timeline {
        /// What the line starts with.
        line: &'static str,
        /// What it says.
        text: String,
    },
    /// A time that nobody can be sure of.
    #[error(
        "{line}: {text:?} cannot be placed in time: only UTC, GMT and offsets such as +01 are unambiguous (`log_timezone`)"
    )]
    Time {
        /// What the line starts with.
        line: &'static str,
        /// What it says.
        text: String,
    },
    /// A line that is needed and missing.
    #[error(
        "there is no line {0:?}; a `.backup` file of the archive has it, `backup_label` may not"
    )]
    Missing(&'static str),
    /// An incremental backup.
    #[error(
        "it is incremental, from {0} on (PostgreSQL 17): combine it with those before it first (`pg_combinebackup`)"
    )]
    Incremental(Lsn),
}

/// A time of the server: `2026-11-21 09:13:54.609394+00`, `2026-11-21 09:13:47 UTC`.
pub fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let zone = ["UTC", "GMT"].iter().find_map(|zone| text.strip_suffix(zone));
    let text = zone.map_or_else(|| text.to_owned(), |text| format!("{}Z", text.trim_end()));
    text.parse().ok()
}

impl Label {
    /// Reads a label. Lines that are not known are left out of account: every release adds some.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let mut label = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            let lsn = |line| {
                let place = value.split(' ').next().unwrap_or_default();
                place.parse().map(Some).map_err(|error| LabelError::Lsn { line, error })
            };
            let timeline = |line| {
                let number = value.parse().ok().filter(|number| *number > 0).map(TimelineId);
                number
                    .map(Some)
                    .ok_or_else(|| LabelError::Timeline { line, text: value.to_owned() })
            };
            let time = |line| {
                time(value)
                    .map(Some)
                    .ok_or_else(|| LabelError::Time { line, text: value.to_owned() })
            };
            match key {
                "START WAL LOCATION" => label.start = lsn("START WAL LOCATION")?,
                "STOP WAL LOCATION" => label.stop = lsn("STOP WAL LOCATION")?,
                "CHECKPOINT LOCATION" => label.checkpoint = lsn("CHECKPOINT LOCATION")?,
                "INCREMENTAL FROM LSN" => label.incremental_from = lsn("INCREMENTAL FROM LSN")?,
                "START TIMELINE" => label.start_timeline = timeline("START TIMELINE")?,
                "STOP TIMELINE" => label.stop_timeline = timeline("STOP TIMELINE")?,
                "START TIME" => label.start_time = time("START TIME")?,
                "STOP TIME" => label.stop_time = time("STOP TIME")?,
                "LABEL" => label.label = Some(value.to_owned()),
                _ => {}
            }
        }
        Ok(label)
    }
}

/// A base backup, as far as recovery is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BaseBackup {
    /// What the backup tool calls it.
    pub name: String,
    /// The timeline it was taken on.
    pub timeline: TimelineId,
    /// Where recovery starts.
    pub start: Lsn,
    /// The checkpoint that it starts with.
    pub checkpoint: Lsn,
    /// From where on it is consistent.
    pub stop: Lsn,
    /// When it ended, in whole seconds, by the server's clock.
    pub stop_time: Timestamp,
    /// Whether somebody has found it damaged or incomplete (`pg_verifybackup`, an aborted backup).
    pub damaged: bool,
}

impl BaseBackup {
    /// A backup by its `.backup` file. An incremental one is none by itself.
    pub fn from_label(name: &str, label: &Label) -> Result<Self, LabelError> {
        if let Some(from) = label.incremental_from {
            return Err(LabelError::Incremental(from));
        }
        let start = label.start.ok_or(LabelError::Missing("START WAL LOCATION"))?;
        Ok(Self {
            name: name.to_owned(),
            timeline: label.start_timeline.ok_or(LabelError::Missing("START TIMELINE"))?,
            start,
            checkpoint: label.checkpoint.unwrap_or(start),
            stop: label.stop.ok_or(LabelError::Missing("STOP WAL LOCATION"))?,
            stop_time: label.stop_time.ok_or(LabelError::Missing("STOP TIME"))?,
            damaged: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseBackup, Label, LabelError};

    /// As PostgreSQL 17 writes it (`build_backup_content` in `xlogbackup.c`).
    #[test]
    fn an_incremental_backup_is_none_by_itself() {
        let text = "START WAL LOCATION: 0/9000028 (file 000000010000000000000009)\n\
                    STOP WAL LOCATION: 0/9000120 (file 000000010000000000000009)\n\
                    CHECKPOINT LOCATION: 0/9000080\nSTART TIMELINE: 1\nSTOP TIME: 2026-11-21 09:13:52 UTC\n";
        let full = Label::parse(text).unwrap();
        assert!(BaseBackup::from_label("full", &full).is_ok());
        let text = format!("{text}INCREMENTAL FROM LSN: 0/7000028\nINCREMENTAL FROM TLI: 1\n");
        let from = "0/7000028".parse().unwrap();
        let refused = BaseBackup::from_label("incremental", &Label::parse(&text).unwrap());
        assert_eq!(refused, Err(LabelError::Incremental(from)));
    }
}
