//! The crate's answers beside those recorded from systemd, util-linux and two NixOS modules: every row compared, every
//! disagreement shown.
//!
//! `BASELINE_DIR=FOLDER` compares with the recordings of the same names in that folder instead.
//! `-- --nocapture` shows the counts. `record/` holds what recorded them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/escapes.rs"]
mod escapes;
#[path = "baseline/fstab.rs"]
mod fstab;
#[path = "baseline/hosts.rs"]
mod hosts;
#[path = "baseline/percent.rs"]
mod percent;
