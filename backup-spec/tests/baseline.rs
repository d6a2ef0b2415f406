//! The crate's answers beside those recorded from the real tools: every row compared, every disagreement shown.
//!
//! `BASELINE_DIR=FOLDER` compares with the recordings of the same names in that folder instead.
//! `-- --nocapture` shows the counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(feature = "tz")]
#[path = "baseline/calendar.rs"]
mod calendar;
#[path = "baseline/restic_exclude.rs"]
mod restic_exclude;
#[path = "baseline/restic_forget.rs"]
mod restic_forget;
#[cfg(feature = "tz")]
#[path = "baseline/sanoid.rs"]
mod sanoid;
#[path = "baseline/zrepl_grid.rs"]
mod zrepl_grid;
