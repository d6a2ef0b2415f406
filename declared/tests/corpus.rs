//! Every file of the fuzz corpora, through what the fuzz targets do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/declared.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

use testing::corpus::replay;

#[test]
fn declaration() {
    replay("declaration", bodies::declaration);
}
