//! zrepl's pruning, as zrepl 0.7 does it: `keep` rules, and above all the retention grid.
//!
//! A grid is a row of intervals, adjacent from the newest snapshot back: `24x1h | 14x1d(keep=2)` is 24
//! hours and then 14 days. Of each interval the **oldest** snapshots stay, one or as many as `keep` says
//! (or all). What is older than the last interval goes. Units are `s`, `m` (**minutes**), `h`, `d`, `w`;
//! there are no calendar months.
//!
//! ```
//! use backup_spec::{Snapshot, retention::zrepl::Grid};
//!
//! let snapshots: Vec<Snapshot> = (0..72)
//!     .map(|hour| Ok(Snapshot::new(hour.to_string(), jiff::Timestamp::from_second(hour * 3600)?)))
//!     .collect::<Result<_, jiff::Error>>()?;
//! let grid: Grid = "2x1h | 2x1d".parse()?;
//! let kept: Vec<&str> = grid.apply(&snapshots)?.kept().map(|s| s.id.as_str()).collect();
//! assert_eq!(kept, ["71", "70", "46", "22"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Several rules of a job: [`Prune`].

mod grid;
mod rules;

pub use grid::{Grid, GridError, Intervals, Keep, Reason, Refusal, Shrinks, Verdict};
pub use rules::{Kept, Names, NamesError, Prune, Rule};
