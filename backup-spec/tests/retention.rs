//! What holds of every policy and every history; and the accidents that must not happen again.
#![cfg(all(feature = "proptest", feature = "tz"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "retention/incidents.rs"]
mod incidents;
#[path = "retention/laws.rs"]
mod laws;
#[path = "retention/restic.rs"]
mod restic;
#[path = "retention/sanoid.rs"]
mod sanoid;
#[path = "retention/zrepl.rs"]
mod zrepl;
