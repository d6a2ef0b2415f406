//! What is known of the content of the log: commits and restore points (`pg_waldump`, or the application's own marks).
//!
//! Nothing here is needed to choose a backup; with it the answers become exact.

use jiff::Timestamp;

use super::lsn::Lsn;
use super::wal::TimelineId;

/// The end of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The timeline whose log it is in.
    pub timeline: TimelineId,
    /// Its number.
    pub xid: u32,
    /// When it ended.
    pub time: Timestamp,
    /// Where its commit record ends.
    pub end: Lsn,
}

/// `pg_create_restore_point`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestorePoint {
    /// Its name.
    pub name: String,
    /// The timeline whose log it is in.
    pub timeline: TimelineId,
    /// Where its record ends.
    pub end: Lsn,
}

/// Commits and restore points of all timelines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// In any order.
    pub transactions: Vec<Transaction>,
    /// In any order.
    pub restore_points: Vec<RestorePoint>,
}
