//! Input of a fleet's size, and what the benchmarks share.

mod copies;
mod groups;
mod measure;
mod roots;
mod zfs;

pub use copies::{paths, patterns, shuffled_snapshots};
pub use groups::{GROUPS, Group};
pub use measure::{measure, measure_of};
pub use roots::{impermanent_host, mountinfo};
pub use zfs::{
    fleet, moved_fleet, sizes, snapshot_names, spec, zfs_get, zfs_get_json, zfs_get_set,
};
