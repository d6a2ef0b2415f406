//! Every file of the fuzz corpora, through what the fuzz targets do.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/backup_spec.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;
#[path = "../../fuzz/backup_spec_retention.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod retention;

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

#[test]
fn sanoid_conf() {
    replay("sanoid_conf", retention::sanoid_conf);
}

#[test]
fn exclude_patterns() {
    replay("exclude_patterns", retention::exclude_patterns);
}

#[test]
fn exclude_file() {
    replay("exclude_file", retention::exclude_file);
}

#[test]
fn restic_json() {
    replay("restic_json", retention::restic_json);
}

#[test]
fn keep_args() {
    replay("keep_args", retention::keep_args);
}
