//! A world in memory: datasets, files, mounts, a clock; with failures and crashes on demand.
//!
//! What embedders use by default, and what the preseed is proven in: [`World::fail`] makes copies fail, hang or come
//! back by half; [`World::crash_at`] ends a run before, within or after any of its acts, and [`World::reboot`] is what
//! comes then.

mod fault;
mod run;
mod world;

pub use fault::{Behaviour, Crash, Moment};
pub use world::{Dataset, Files, World};
