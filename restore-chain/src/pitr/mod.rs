//! Point-in-time recovery of PostgreSQL: which base backup leads to a wish, what write-ahead log that takes, and what
//! the server itself would make of it.
//!
//! ```
//! use restore_chain::pitr::{Archive, BaseBackup, Label, SegmentSize, Target, Wish, choose};
//!
//! let names = "00000001000000000000000A 00000001000000000000000B 00000001000000000000000D";
//! let archive = Archive::from_names(SegmentSize::new(16 << 20)?, names.split(' '));
//! let label = "START WAL LOCATION: 0/A000028 (file 00000001000000000000000A)\n\
//!     STOP WAL LOCATION: 0/A000138 (file 00000001000000000000000A)\n\
//!     CHECKPOINT LOCATION: 0/A000060\nSTART TIMELINE: 1\n\
//!     START TIME: 2026-11-21 09:13:52 UTC\nSTOP TIME: 2026-11-21 09:13:52 UTC\n";
//! let nightly = BaseBackup::from_label("nightly", &Label::parse(label)?)?;
//!
//! let wish = |lsn: &str| Wish::new(Target::Lsn(lsn.parse().unwrap()));
//! let choice = choose(&[nightly.clone()], &archive, &wish("0/B000000"), None)?;
//! assert_eq!(choice.backup.name, "nightly");
//!
//! // 0/D000000 lies behind a hole: PostgreSQL would stop there and, without a target, call it the end.
//! let unreachable = choose(&[nightly], &archive, &wish("0/D000000"), None).unwrap_err();
//! assert_eq!(unreachable.reachable.unwrap().until.to_string(), "0/C000000");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`wal`], [`history`], [`label`]: names and files, as PostgreSQL writes them.
//! * [`archive`]: what is in the archive, as intervals.
//! * [`choose()`]: the backup for a wish, by ancestry, consistency and contiguity; every other one with its reason.
//! * [`recover`]: what PostgreSQL itself does with a backup and settings, including what it does not say.
//! * [`render`]: settings and commands.
//!
//! Rules: PostgreSQL 15, `xlogrecovery.c`, `timeline.c`, `xlogarchive.c`, compared with recorded recoveries.

pub mod archive;
pub mod choose;
pub mod history;
pub mod journal;
pub mod label;
pub mod lsn;
pub mod recover;
pub mod render;
pub mod target;
pub mod wal;

pub use archive::Archive;
pub use choose::{Choice, Reachable, Rejection, Unreachable, Wish, choose};
pub use history::{History, TimelinePath};
pub use journal::{Journal, RestorePoint, Transaction};
pub use label::{BaseBackup, Label};
pub use lsn::Lsn;
pub use recover::{Fatal, Outcome, Prediction, Surprise, predict};
pub use target::{Settings, Target, TimelineWish};
pub use wal::{ArchiveName, Segment, SegmentSize, TimelineId};
