//! Which copy comes back, in which order, and a restore that no crash can turn into silent loss: lineages, candidates, PITR, preseed.

pub mod command;
pub mod lineage;
pub mod pitr;
