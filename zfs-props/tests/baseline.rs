//! The crate's answers beside those recorded from OpenZFS: every row compared, every disagreement shown.
//!
//! `BASELINE_DIR=FOLDER` compares with the recordings of the same names in that folder instead.
//! `-- --nocapture` shows the counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/harness.rs"]
mod harness;

#[path = "baseline/names.rs"]
mod names;
#[path = "baseline/numbers.rs"]
mod numbers;
#[path = "baseline/features.rs"]
mod features;
#[path = "baseline/propnames.rs"]
mod propnames;
#[path = "baseline/props.rs"]
mod props;
#[path = "baseline/gets.rs"]
mod gets;
#[cfg(feature = "json")]
#[path = "baseline/cli.rs"]
mod cli;
#[cfg(feature = "json")]
#[path = "baseline/state.rs"]
mod state;
