//! Persistence on roots that are thrown away at boot: which path survives and why, and the mounts that make it so.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod audit;
pub mod change;
pub mod escape;
pub mod essentials;
#[cfg(all(feature = "exec", target_os = "linux"))]
#[cfg_attr(docsrs, doc(cfg(feature = "exec")))]
pub mod exec;
pub mod fate;
pub mod garbage;
pub mod host;
mod index;
pub mod layout;
pub mod live;
pub mod mountinfo;
pub mod origin;
pub mod owner;
pub mod path;
pub mod problem;
pub mod render;
pub mod resolve;
pub mod root;
pub mod runbook;
pub mod sim;
pub mod sizing;
pub mod stage;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategies;
pub mod summary;

pub use fate::Fate;
pub use host::Host;
pub use layout::Layout;
pub use path::AbsolutePath;
pub use problem::{Problem, Problems};
pub use root::Root;
