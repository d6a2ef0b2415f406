//! `restic forget`: which snapshots it keeps, and why.
//!
//! The rules are those of restic 0.18 (`restic-forget(1)`, "Removing snapshots according to a policy"):
//!
//! * Snapshots are [grouped](GroupBy) by host and paths; each group is decided on its own. A job that
//!   backs up one path more begins a new group, and the old one is kept for ever.
//! * A count (`--keep-daily 7`) keeps the newest snapshot of each day that has one, 7 times. The oldest
//!   snapshot of all is kept by every count that has something left.
//! * A duration (`--keep-within 30d`) reaches back from the newest snapshot that is not in the future,
//!   not from today: an outage removes nothing.
//! * Days, weeks and months are those of the offset that is stored with each snapshot. Only how far a duration reaches back
//!   depends on the machine's zone: see [`Forget::apply_in`].
//! * Rules add up: a snapshot stays if one of them wants it.
//! * A policy that says nothing is refused, and so is one that would leave nothing of a group; then no
//!   group is touched.
//!
//! ```
//! use backup_spec::{Snapshot, retention::restic};
//!
//! let snapshots: Vec<Snapshot> = (0..48)
//!     .map(|hour| Ok(Snapshot::new(hour.to_string(), jiff::Timestamp::from_second(hour * 3600)?)))
//!     .collect::<Result<_, jiff::Error>>()?;
//!
//! let keep: restic::Keep = "--keep-daily 1 --keep-within 2h".parse()?;
//! let verdict = keep.apply(&snapshots, "1970-01-03T00:00Z".parse()?)?;
//! let kept: Vec<String> =
//!     verdict.kept().map(|kept| format!("{}: {}", kept.id(), kept.reasons())).collect();
//! assert_eq!(kept, ["47: within 2h, daily snapshot", "46: within 2h"]);
//! assert_eq!(verdict.removed().count(), 46);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod args;
mod evaluate;
mod forget;
mod group;
mod keep;
mod order;
mod verdict;
mod within;

pub use args::ArgsError;
pub use forget::{Forget, Refusal};
pub use group::{Filter, GroupBy, GroupKey};
pub use keep::{Count, CountError, Keep, Rule, TagList};
pub use verdict::{Group, Kept, Reason, Reasons, Verdict};
pub use within::{Within, WithinError};
