//! Plans for people and for other programs: units of systemd, runbooks, graphs.

pub mod graph;
pub mod runbook;
pub mod systemd;
