//! Plans as text: for a person ([`tree`]) and for a shell ([`script`]).

pub mod script;
pub mod tree;
