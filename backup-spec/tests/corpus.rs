//! Every file of the fuzz corpora, through what the fuzz targets do.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/backup_spec.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

use testing::corpus::replay;

#[test]
fn calendar() {
    replay("calendar", bodies::calendar);
}

#[test]
fn span() {
    replay("span", bodies::span);
}

#[test]
fn template() {
    replay("template", bodies::template);
}

#[test]
fn syncoid() {
    replay("syncoid", bodies::syncoid);
}

#[test]
fn backup_toml() {
    replay("backup_toml", bodies::backup_toml);
}

#[test]
fn backup_json() {
    replay("backup_json", bodies::backup_json);
}

#[test]
fn unit_file() {
    replay("unit_file", bodies::unit_file);
}

#[test]
fn restic_args() {
    replay("restic_args", bodies::restic_args);
}

#[test]
fn backup_mountinfo() {
    replay("backup_mountinfo", bodies::backup_mountinfo);
}
