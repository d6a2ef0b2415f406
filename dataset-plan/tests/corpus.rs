//! Every file of the fuzz corpora, through what the fuzz targets do.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/dataset_plan.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

use testing::corpus::replay;

#[test]
fn spec_toml() {
    replay("spec_toml", bodies::spec_toml);
}

#[test]
fn spec_json() {
    replay("spec_json", bodies::spec_json);
}

#[test]
fn observed() {
    replay("observed", bodies::observed);
}

#[test]
fn document() {
    replay("document", bodies::document);
}

#[test]
fn applied() {
    replay("applied", bodies::applied);
}
