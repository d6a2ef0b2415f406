//! The crate's answers beside those recorded from the real tools: every row compared, every disagreement shown.
//!
//! `BASELINE_DIR=FOLDER` compares with the recordings of the same names in that folder instead.
//! `-- --nocapture` shows the counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "baseline/harness.rs"]
mod harness;

#[path = "baseline/incremental_path.rs"]
mod incremental_path;
#[path = "baseline/pitr.rs"]
mod pitr;
#[path = "baseline/replications.rs"]
mod replications;
#[path = "baseline/syncoid.rs"]
mod syncoid;

#[test]
fn replications_between_generated_pairs() {
    testing::baseline::compare("replications", replications::judge);
}

#[test]
fn replications_between_generated_pairs_with_encryption() {
    testing::baseline::compare("replications-encrypted", replications::judge);
}
