//! Every file of the fuzz corpora, through what the fuzz targets do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/impermanence_model.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

use testing::corpus::replay;

#[test]
fn mountinfo() {
    replay("mountinfo", bodies::mountinfo);
}

#[test]
fn path_escapes() {
    replay("path_escapes", bodies::path_escapes);
}

#[test]
fn host_toml() {
    replay("host_toml", bodies::host_toml);
}

#[test]
fn host_json() {
    replay("host_json", bodies::host_json);
}

#[test]
fn modules_json() {
    replay("modules_json", bodies::modules_json);
}
