//! Which snapshots two datasets share, what a send and a receive between them would do, and what they destroy.
//!
//! What identifies a snapshot is its guid: it survives send, receive and rename. Its name may be another's, its
//! `createtxg` belongs to one pool, and its `creation` is what some clock said.
//!
//! ```
//! use restore_chain::lineage::{self, Conflict, Lineage};
//!
//! let list = "\
//! tank/a@s1\t11\t100\t1700000000
//! tank/a@s2\t12\t200\t1700003600
//! tank/a@s9\t19\t900\t1700028800
//! backup/a@s1\t11\t7100\t1700000000
//! ";
//! let mut both = lineage::read::table(list, "name,guid,createtxg,creation")?.into_values();
//! let (backup, tank): (Lineage, Lineage) = (both.next().unwrap(), both.next().unwrap());
//!
//! let path = lineage::incremental_path(&tank, &backup)?;
//! let steps: Vec<String> = path.steps().iter().map(ToString::to_string).collect();
//! assert_eq!(steps, ["zfs send -I tank/a@s1 tank/a@s9 | zfs receive -s -u backup/a"]);
//!
//! // The other way round there is nothing to send: the receiver is ahead.
//! let conflict = lineage::incremental_path(&backup, &tank).unwrap_err();
//! assert!(matches!(conflict, Conflict::SenderBehind { .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`read`]: `zfs list` to [`Lineage`]s.
//! * [`path`]: the newest common version, and what follows it.
//! * [`plan`](mod@plan): whole replications, with policies for the first one, for stale tokens and for conflicts.
//! * [`receive`]: what the kernel checks, in its order, and what a receive destroys.
//! * [`rollback`]: what a rollback destroys, and what stops it.
//! * [`syncoid`]: what syncoid would do, with its surprises.

pub mod path;
pub mod plan;
pub mod read;
pub mod receive;
pub mod rollback;
pub mod step;
pub mod syncoid;
mod token;
mod version;

pub use path::{Conflict, Path, incremental_path};
pub use plan::{Initial, PlanError, Policy, Replication, plan};
pub use step::{Base, Step};
pub use token::ResumeToken;
pub use version::{Encryption, Guid, Head, Kind, Lineage, Version};
