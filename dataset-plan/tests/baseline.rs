//! The simulator beside recordings of a real OpenZFS. `cargo test --test baseline -- --nocapture` shows counts and
//! disagreements.

#[path = "baseline/commands.rs"]
mod commands;
#[path = "baseline/harness.rs"]
mod harness;
#[path = "baseline/sequences.rs"]
mod sequences;
