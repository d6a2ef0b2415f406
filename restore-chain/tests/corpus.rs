//! Every file of the fuzz corpora, through what the fuzz targets do.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/restore_chain.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

use testing::corpus::replay;

#[test]
fn wal_names() {
    replay("wal_names", bodies::wal_names);
}

#[test]
fn histories() {
    replay("histories", bodies::histories);
}

#[test]
fn labels() {
    replay("labels", bodies::labels);
}

#[test]
fn lineages() {
    replay("lineages", bodies::lineages);
}

#[test]
fn records() {
    replay("records", bodies::records);
}

#[test]
fn restore_spec() {
    replay("restore_spec", bodies::restore_spec);
}
