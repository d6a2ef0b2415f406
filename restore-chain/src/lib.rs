//! Which copy comes back, in which order, and a restore that no crash can turn into silent loss.
//!
//! From "the data is gone" to "the service runs on the best copy there is", as data: what could come back and how old it
//! is ([`candidates`]); what ZFS would send, receive, and destroy on the way ([`lineage`]); which base backup of
//! PostgreSQL leads where ([`pitr`]); in which order a whole machine comes back ([`order`]); and the restore of a service
//! itself, which can be killed at any moment and run again ([`preseed`]).
//!
//! ```
//! use restore_chain::candidates::Seen;
//! use restore_chain::preseed::{Budget, Outcome, Preseed};
//! use restore_chain::{Candidates, Spec, lineage, sim};
//!
//! // What a machine declares.
//! let spec = Spec::from_toml(
//!     r#"
//!     host = "forge"
//!     [services.sonarr]
//!     dataset = "tank/services/sonarr"
//!     mountpoint = "/var/lib/sonarr"
//!     [replicas.nas-1]
//!     source = "tank/services"
//!     target = "backup/forge/zfs-recv"
//!     recursive = true
//!     "#,
//! )?;
//! let service = &spec.services["sonarr"];
//!
//! // What is there: `zfs list` on the replica; the machine's own pool is new and empty.
//! let list = "backup/forge/zfs-recv/sonarr@autosnap_2026-11-21_11:45:00_frequently\t7\t100\t1795261500\n";
//! let mut inventory = spec.inventory("2026-11-21T12:00:00Z".parse()?);
//! inventory.replicas[0].datasets = Seen::Here(lineage::read::table(list, "name,guid,createtxg,creation")?);
//! inventory.local = Seen::Here(Default::default());
//!
//! // Which copy, and what it loses.
//! let choice = Candidates::discover(&inventory, service).choose(&spec.policy)?;
//! assert!(choice.to_string().starts_with("replica nas-1 as of 2026-11-21T11:45:00Z: loses the last 15 min"));
//!
//! // Back it comes: in memory here, on the machine with `exec::Zfs` (feature `exec`).
//! let restore = Preseed::new(service, &choice, &Budget::default())?;
//! let mut world = sim::World::new();
//! world.add_copy("nas-1", &"backup/forge/zfs-recv/sonarr".parse()?, &[("sonarr.db", "42 series")]);
//! assert!(matches!(restore.run(&mut world)?.outcome, Outcome::Restored(_)));
//! assert_eq!(world.read("/var/lib/sonarr/sonarr.db"), Some("42 series"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a restore never does
//!
//! * It destroys nothing but staging of its own: what is replaced is renamed aside, and released by a later step.
//! * It never replaces data that nobody has restored or adopted.
//! * It takes no failure for an absence: a tool that failed has not said that there is nothing.
//! * It is complete when the record says so, and the record is the last thing that is written.
//! * It lets no service start empty that may not: a copy that is too old, or cannot be reached, is no absence; and a snapshot
//!   of the emptied dataset is no copy.

#![cfg_attr(docsrs, feature(doc_cfg))]

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
pub mod problem;
mod quantity;
pub mod render;
mod service;
pub mod sim;
pub mod spec;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;

pub use candidates::{Candidates, Choice, Inventory};
pub use service::{Bootstrap, Gate, Owner, Service, Unmarked};
pub use spec::Spec;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
