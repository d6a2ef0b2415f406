//! Every file of the fuzz corpora, through what the fuzz targets do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/zfs_props.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

use testing::corpus::replay;

#[test]
fn names() {
    replay("names", bodies::names);
}

#[test]
fn numbers() {
    replay("numbers", bodies::numbers);
}

#[test]
fn values() {
    replay("values", bodies::values);
}

#[test]
fn get_text() {
    replay("get_text", bodies::get_text);
}

#[test]
fn get_json() {
    replay("get_json", bodies::get_json);
}

#[test]
fn get_table() {
    replay("get_table", bodies::get_table);
}
