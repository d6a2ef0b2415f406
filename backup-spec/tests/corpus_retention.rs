//! Every file of the fuzz corpora, through what the fuzz targets do.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/backup_spec_retention.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

use testing::corpus::replay;

#[test]
fn sanoid_conf() {
    replay("sanoid_conf", bodies::sanoid_conf);
}

#[test]
fn exclude_patterns() {
    replay("exclude_patterns", bodies::exclude_patterns);
}

#[test]
fn exclude_file() {
    replay("exclude_file", bodies::exclude_file);
}

#[test]
fn restic_json() {
    replay("restic_json", bodies::restic_json);
}

#[test]
fn keep_args() {
    replay("keep_args", bodies::keep_args);
}
