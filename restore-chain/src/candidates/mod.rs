//! Every way back for a service's data, and the choice between them.
//!
//! ```
//! use restore_chain::candidates::{Candidates, Inventory, Policy, Replica, Seen};
//! use restore_chain::{Service, lineage};
//!
//! let service = Service::new("sonarr", "tank/services/sonarr".parse()?, "/var/lib/sonarr".parse()?);
//! let now = "2026-11-21T12:00:00Z".parse()?;
//! let mut inventory = Inventory::new("forge", now);
//! let listed = "backup/forge/sonarr@autosnap_2026-11-21_11:45:00_frequently\t7\t100\t1795261500\n";
//! let mut nas = Replica::new("nas-1", "tank/services/sonarr".parse()?, "backup/forge/sonarr".parse()?);
//! nas.datasets = Seen::Here(lineage::read::table(listed, "name,guid,createtxg,creation")?);
//! inventory.replicas.push(nas);
//!
//! let choice = Candidates::discover(&inventory, &service).choose(&Policy::default())?;
//! assert_eq!(choice.chain[0].id, "replica nas-1");
//! assert_eq!(choice.chain[0].loses(now), Some(900));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod candidate;
mod choose;
mod discover;
mod in_place;
mod inventory;
mod rejection;
pub mod restic;
pub mod secrets;
pub mod snapshot_name;

pub use candidate::{Candidate, Consequence, Kind, Method, Need, Tested};
pub use choose::{Choice, NoCandidate, Order, Policy};
pub use discover::Candidates;
pub use inventory::{Database, Inventory, Replica, Repository, Seen};
pub use rejection::{Rejected, Rejection};
