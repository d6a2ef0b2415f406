//! The crate's answers beside those recorded from OpenZFS: every row compared, every disagreement shown.
//!
//! `BASELINE_DIR=FOLDER` compares with the recordings of the same names in that folder instead.
//! `-- --nocapture` shows the counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/cli.rs"]
mod cli;
#[path = "baseline/commands.rs"]
mod commands;
#[path = "baseline/creates.rs"]
mod creates;
#[path = "baseline/features.rs"]
mod features;
#[path = "baseline/gets.rs"]
mod gets;
#[path = "baseline/names.rs"]
mod names;
#[path = "baseline/numbers.rs"]
mod numbers;
#[path = "baseline/pools.rs"]
mod pools;
#[path = "baseline/propnames.rs"]
mod propnames;
#[path = "baseline/props.rs"]
mod props;
#[path = "baseline/reservation.rs"]
mod reservation;
#[path = "baseline/sets.rs"]
mod sets;
#[path = "baseline/state.rs"]
mod state;
#[path = "baseline/values.rs"]
mod values;
#[path = "baseline/world.rs"]
mod world;
