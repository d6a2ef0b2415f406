//! In which order a machine comes back: one graph over pools, keys, datasets, mounts, secrets, databases and services.
//!
//! ```
//! use restore_chain::order::{Graph, Kind, Limits};
//!
//! let mut graph = Graph::new();
//! let pool = graph.add(Kind::Pool, "tank", 10);
//! let data = graph.add(Kind::Dataset, "tank/services/sonarr", 600);
//! let mount = graph.add(Kind::Mount, "/var/lib/sonarr", 1);
//! let service = graph.add(Kind::Service, "sonarr.service", 5);
//! graph.before(pool, data, "a dataset is in its pool");
//! graph.before(data, mount, "it is mounted");
//! graph.before(mount, service, "its data is there");
//!
//! let order = graph.order(&Limits::default())?;
//! assert_eq!(order.seconds, 616);
//! assert_eq!(order.names().collect::<Vec<_>>(), ["tank", "tank/services/sonarr", "/var/lib/sonarr", "sonarr.service"]);
//! # Ok::<(), restore_chain::order::Cycles>(())
//! ```
//!
//! [`host`] makes the graph of a whole machine from its services and what they are restored from.

mod cycle;
mod graph;
pub mod host;
mod schedule;

pub use cycle::{Cycle, Cycles};
pub use graph::{Graph, Kind, Node, NodeId};
pub use schedule::{Limits, Order, Slot};
