//! Plans as text: for a person ([`tree`], [`table`], [`graph`]), for a shell ([`script`]), and for
//! machines that run without one ([`unattended`], [`nixos`], [`systemd`]).
//!
//! Names and values can hold anything. Where a person reads, control characters are shown escaped; where
//! a program reads, every value is quoted by that program's rules.

pub mod graph;
mod kind;
mod line;
pub mod nixos;
pub mod script;
pub mod systemd;
pub mod table;
pub mod tree;
pub mod unattended;

pub(crate) use line::Line;
