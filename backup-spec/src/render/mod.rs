//! What the tools are given: argument lists, environments, unit files, rules; and a report for people.
//!
//! What is written here is read back by what stands beside it: a `restic backup` ([`restic::Backup`]), a unit file
//! ([`unit_file::UnitFile`]), a timer ([`service::read_timer`]). Arguments go from one program to another as lists; where a text has to
//! be one line, it is quoted by the rules of whoever reads it.

pub mod prometheus;
mod report;
pub mod restic;
pub mod service;
pub mod unit_file;

pub use report::Report;
pub use service::Units;
