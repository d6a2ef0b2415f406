//! What OpenZFS accepts, stores, prints and inherits, without a pool, a kernel module or root.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod check;
pub mod display;
pub mod key;
pub mod kind;
pub mod mountpoint;
pub mod name;
pub mod nice;
pub mod number;
pub mod property;
mod quoted;
pub mod read;
pub mod release;
pub mod reservation;
pub mod set;
pub mod source;
pub mod store;
#[cfg(feature = "proptest")]
pub mod strategy;
mod table;
#[cfg(feature = "serde")]
mod text_serde;
pub mod value;
