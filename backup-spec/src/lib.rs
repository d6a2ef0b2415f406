//! What is copied, how often, kept how long, and whether that covers what must live: restic, sanoid, syncoid, systemd timers and PITR as checked data.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod archive;
pub mod calendar;
pub mod coverage;
pub mod exclude;
pub mod health;
pub mod job;
pub mod name;
pub mod path;
pub mod pitr;
pub mod render;
pub mod replication;
pub mod repository;
pub mod retention;
pub mod sanoid;
pub mod scan;
pub mod schedule;
pub mod size;
mod snapshot;
pub mod snapshots;
pub mod span;
pub mod spec;
pub mod syncoid;
mod text_form;
pub mod timer;
pub mod units;

#[cfg(feature = "serde")]
pub use snapshot::ReadError;
pub use snapshot::{Snapshot, TimeError, parse_time};
pub use spec::Spec;
