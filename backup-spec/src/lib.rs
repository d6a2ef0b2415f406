//! What is copied, how often, kept how long, and whether that covers what must live: restic, sanoid, syncoid, systemd timers and PITR as checked data.

pub mod exclude;
pub mod retention;
pub mod sanoid;
mod snapshot;

#[cfg(feature = "serde")]
pub use snapshot::ReadError;
pub use snapshot::{Snapshot, TimeError, parse_time};
