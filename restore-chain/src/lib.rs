//! Which copy comes back, in which order, and a restore that no crash can turn into silent loss: lineages, candidates, PITR, preseed.

pub mod candidates;
pub mod command;
pub mod lineage;
pub mod path;
pub mod pitr;
pub mod preseed;
mod quantity;
mod service;
pub mod sim;

pub use candidates::{Candidates, Choice, Inventory};
pub use service::{Bootstrap, Gate, Owner, Service, Unmarked};
