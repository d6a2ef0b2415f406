//! A host in one file: a table for each crate, and one for what they all have to know.
//!
//! ```
//! let host = examples::Host::from_toml(
//!     r#"
//!     [host]
//!     name = "forge"
//!
//!     [datasets]
//!     parentDataset = "tank/services"
//!     base.tank = {}
//!     services.sonarr = { mountpoint = "/var/lib/sonarr", recordsize = "16K" }
//!
//!     [persistence.root]
//!     kind = "tmpfs"
//!
//!     [backup.repositories.nas]
//!     url = "/mnt/nas"
//!     passwordFile = "/run/secrets/restic"
//!
//!     [backup.jobs.sonarr]
//!     repository = "nas"
//!     dataset = "tank/services/sonarr"
//!     schedule = "daily"
//!     runTime = "45min"
//!
//!     [restore.repositories.nas]
//!     [restore.services.sonarr]
//!     "#,
//! )?;
//! assert_eq!(host.backup.scan(&"sonarr".parse()?).unwrap().roots[0].as_str(), "/var/lib/backup-snapshots/sonarr");
//! assert_eq!(host.restore.services["sonarr"].mountpoint.as_str(), "/var/lib/sonarr");
//!
//! // What is wrong with any of them is in one report, in the order of the file.
//! let report = examples::Host::from_toml("[host]\nname = 'x'\n[datasets]\nparent = 'x'\n[backup]\nzone = 'Mars'\n").unwrap_err();
//! assert_eq!(report.problems().len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | table | read by | what it says |
//! |---|---|---|
//! | `[host]` | [`Facts`] | the name, and what is so whatever any crate makes of it |
//! | `[datasets]` | [`dataset_plan::Spec`] | which datasets there are |
//! | `[persistence]` | [`impermanence_model::Host`] | what a reboot leaves |
//! | `[backup]` | [`backup_spec::Spec`] | what is copied |
//! | `[restore]` | [`restore_chain::Spec`] | how it comes back |
//!
//! A table that is not there is an empty one. What one table says and another needs is said once: see `shared`.

mod facts;
mod report;
mod shared;
mod tree;

use backup_spec::spec::Checked;
use declared::Node;
use impermanence_model::Layout;

pub use facts::{Facts, Secrets};
pub use report::Report;

/// All that a machine declares.
#[derive(Clone, Debug)]
pub struct Host {
    /// What is so of the machine.
    pub facts: Facts,
    /// Its datasets.
    pub datasets: dataset_plan::Spec,
    /// What it keeps over a reboot.
    pub persistence: impermanence_model::Host,
    /// What that comes to.
    pub layout: Layout,
    /// What it copies.
    pub backup: Checked,
    /// How it comes back.
    pub restore: restore_chain::Spec,
}

impl Host {
    /// Reads TOML; on failure, every problem of every table with its line.
    pub fn from_toml(text: &str) -> Result<Self, Report> {
        Self::from_node(&Node::from_toml(text).map_err(Report::of)?)
    }

    /// Reads JSON, as Nix emits it; on failure, every problem of every table with its path.
    pub fn from_json(text: &str) -> Result<Self, Report> {
        Self::from_node(&Node::from_json(text).map_err(Report::of)?)
    }

    /// Reads TOML, or JSON: that begins with a brace.
    pub fn from_text(text: &str) -> Result<Self, Report> {
        if text.trim_start().starts_with('{') {
            Self::from_json(text)
        } else {
            Self::from_toml(text)
        }
    }

    /// Reads a tree that is at hand.
    pub fn from_node(document: &Node) -> Result<Self, Report> {
        let mut report = Report::default();
        let facts = report.of_document(facts::read(document));
        let empty = Node::EMPTY;
        let datasets = document.get("datasets").unwrap_or(&empty);
        let spec = report.of_table("datasets", dataset_plan::Spec::from_node(datasets));
        let tables = {
            let desired = spec.as_ref().and_then(|spec| spec.expand().ok());
            shared::Tables::of(document, desired.as_ref())
        };

        let persistence = impermanence_model::Host::from_part(&tables.persistence, "persistence");
        let persistence = persistence.and_then(|host| Ok((host.resolve()?, host)));
        let persistence = report.of_document(persistence);
        let backup = report.of_table("backup", Checked::from_node(&tables.backup));
        let restore = restore_chain::Spec::from_node(&tables.restore);
        let restore = report.of_table("restore", restore);

        let all = facts.zip(spec).zip(persistence).zip(backup.zip(restore));
        let Some((((facts, datasets), (layout, persistence)), (backup, restore))) = all else {
            return Err(report.where_said(&shared::AGAIN).sorted());
        };
        Ok(Self { facts, datasets, persistence, layout, backup, restore })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.facts.name
    }
}

/// The hosts that come with the examples.
pub const HOSTS: [(&str, &str); 8] = [
    ("forge", include_str!("../../hosts/forge.toml")),
    ("forge-seed", include_str!("../../hosts/forge-seed.toml")),
    ("luna", include_str!("../../hosts/luna.toml")),
    ("rydev", include_str!("../../hosts/rydev.toml")),
    ("nixpi", include_str!("../../hosts/nixpi.toml")),
    ("cassie-box", include_str!("../../hosts/cassie-box.toml")),
    ("nas-0", include_str!("../../hosts/nas-0.toml")),
    ("nas-1", include_str!("../../hosts/nas-1.toml")),
];

impl Host {
    /// One of the [`HOSTS`].
    fn known(name: &str) -> Result<Self, Report> {
        let text = HOSTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        Self::from_toml(text.unwrap_or_default())
    }

    /// The application server that comes with the examples: two disks, 65 services.
    pub fn forge() -> Result<Self, Report> {
        Self::known("forge")
    }

    /// The small machine that comes with the examples: one disk, and binds from it.
    pub fn luna() -> Result<Self, Report> {
        Self::known("luna")
    }
}
