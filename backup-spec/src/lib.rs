//! What is copied, how often, kept how long, and whether that covers what must live: restic, sanoid, syncoid, systemd timers and PITR as checked data.

pub mod calendar;
pub mod notify;
pub mod pitr;
pub mod span;
pub mod syncoid;
pub mod timer;
