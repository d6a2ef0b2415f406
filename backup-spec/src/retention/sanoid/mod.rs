//! What sanoid takes and destroys: `sanoid --cron`, as sanoid 2.3 does it.
//!
//! The settings come from [`sanoid`](crate::sanoid). The rules, from `sanoid(8)` and its source:
//!
//! * Each type (yearly, monthly, weekly, daily, hourly, frequently) is taken and pruned by itself. A type is
//!   due if none exists that is younger than its last mark on the **local** clock.
//! * A snapshot is destroyed if it is older than count times period **and** more than count are there: an
//!   outage destroys nothing. A count of 0 destroys all.
//! * Its own are those that are called `autosnap…ly`; what a user calls so is destroyed too.
//! * What a run takes does not count when it prunes.
//! * Where summer time ends, the hour that comes twice is taken twice, the second time as `…dst_hourly`.

mod capacity;
mod clock;
mod local;
mod mark;
mod monitor;
mod name;
mod prune;
mod run;
mod take;

pub use capacity::{Capacity, CapacityReport, InvalidLimit, monitor_capacity};
pub use clock::OutOfRange;
pub use local::Dataset;
pub use monitor::{Finding, Level, Report, monitor};
pub use name::type_of;
pub use prune::{Reason, prune};
pub use run::{Death, Failed, Run, Taken, World, run};
pub use take::Due;
