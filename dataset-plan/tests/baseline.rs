//! The simulator beside recordings of a real OpenZFS. `cargo test --test baseline -- --nocapture` shows counts and
//! disagreements.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/commands.rs"]
mod commands;
#[path = "baseline/sequences.rs"]
mod sequences;
