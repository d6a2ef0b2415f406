//! Which copy comes back, in which order, and a restore that no crash can turn into silent loss: lineages, candidates, PITR, preseed.

pub mod candidates;
pub mod command;
pub mod drill;
#[cfg(feature = "exec")]
#[cfg_attr(docsrs, doc(cfg(feature = "exec")))]
pub mod exec;
pub mod lineage;
pub mod order;
pub mod path;
pub mod pitr;
pub mod preseed;
mod quantity;
pub mod render;
mod service;
pub mod sim;

pub use candidates::{Candidates, Choice, Inventory};
pub use service::{Bootstrap, Gate, Owner, Service, Unmarked};
