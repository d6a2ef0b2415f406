//! What is copied, how often, kept how long, and whether that covers what must live: restic, sanoid, syncoid, systemd timers and PITR as checked data.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod calendar;
pub mod exclude;
pub mod retention;
mod snapshot;
pub mod span;
pub mod timer;

#[cfg(feature = "serde")]
pub use snapshot::ReadError;
pub use snapshot::{Snapshot, TimeError, parse_time};
