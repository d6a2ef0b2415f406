//! The declaration: services, what they come back from, and how that is chosen.
//!
//! ```
//! use restore_chain::Spec;
//!
//! let spec = Spec::from_toml(
//!     r#"
//!     host = "forge"
//!     [policy]
//!     order = ["replica", "local", "restic"]
//!
//!     [services.sonarr]
//!     dataset = "tank/services/sonarr"
//!     mountpoint = "/var/lib/sonarr"
//!     owner = { user = "sonarr", group = "sonarr" }
//!     properties = { recordsize = "16K" }
//!
//!     [replicas.nas-1]
//!     source = "tank/services"
//!     target = "backup/forge/zfs-recv"
//!     recursive = true
//!     transport = ["ssh", "backup@nas-1"]
//!     "#,
//! )?;
//! assert_eq!(spec.services["sonarr"].mountpoint.as_str(), "/var/lib/sonarr");
//!
//! let problems = Spec::from_toml("host = 'forge'\n[services.x]\ndataset = 'tank/x'\nmountpiont = '/x'\n").unwrap_err();
//! assert!(problems.to_string().contains("did you mean `mountpoint`?"));
//! # Ok::<(), restore_chain::problem::Problems>(())
//! ```

mod check;
mod read;
#[cfg(feature = "schemars")]
mod schema;

use std::collections::BTreeMap;

use declared::Node;
use jiff::Timestamp;

use crate::candidates::secrets::Secrets;
use crate::candidates::{Inventory, Policy, Replica, Repository};
use crate::preseed::Budget;
use crate::problem::{Code, Problems};
use crate::service::Service;

/// A machine's declaration.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The machine, by the name that its backups carry.
    pub host: String,
    /// Its services, by name.
    pub services: BTreeMap<String, Service>,
    /// Its replicas. What they have is not part of a declaration: unknown.
    pub replicas: Vec<Replica>,
    /// Its repositories. What they have is not part of a declaration: unknown.
    pub repositories: Vec<Repository>,
    /// What the secrets of replicas and repositories are made from.
    pub secrets: Secrets,
    /// How a way back is chosen.
    pub policy: Policy,
    /// How long everything may take.
    pub budget: Budget,
}

impl Spec {
    /// Reads TOML.
    pub fn from_toml(text: &str) -> Result<Self, Problems> {
        Self::from_node(&Node::from_toml(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads JSON, as Nix emits it.
    #[cfg(feature = "serde")]
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        Self::from_node(&Node::from_json(text).map_err(|problems| problems.map(Code::from))?)
    }

    /// Reads a tree that is at hand: for hosts that declare more than restores, in one document. Positions are those of
    /// the document; paths are of this part, until [`within`](declared::Problem::within) says where it is.
    pub fn from_node(node: &Node) -> Result<Self, Problems> {
        read::spec(node)
    }

    /// The declared places, nobody of which has been looked at yet.
    pub fn inventory(&self, now: Timestamp) -> Inventory {
        Inventory {
            replicas: self.replicas.clone(),
            repositories: self.repositories.clone(),
            secrets: self.secrets.clone(),
            ..Inventory::new(&self.host, now)
        }
    }
}
