//! What the tests of the crates share. A failure panics, as tests do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc)]

pub mod baseline;
pub mod corpus;
pub mod hosts;
pub mod vm;

use std::path::PathBuf;

/// A file or folder of the package that is tested; cargo tells where that is.
fn of_package(path: &str) -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(path)
}
