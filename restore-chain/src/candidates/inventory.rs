//! What exists, and where: gathered by somebody else, and never guessed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use zfs_props::name::DatasetName;

use super::restic::ResticSnapshot;
use super::secrets::Secrets;
use crate::drill::Evidence;
use crate::lineage::Lineage;
use crate::path::AbsolutePath;
use crate::pitr::{Archive, BaseBackup, Journal, Wish};
use crate::preseed::{Content, Sight};
use crate::service::Service;

/// What was seen. A tool that failed has not said that there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen<T> {
    /// This.
    Here(T),
    /// Nobody could look: why.
    Failed(String),
    /// Nobody looked.
    #[default]
    Unknown,
}

/// Everything that a service's data could come back from.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The machine that restores, by the name that its backups carry.
    pub host: String,
    /// The present time.
    pub now: Timestamp,
    /// Its own datasets.
    pub local: Seen<BTreeMap<DatasetName, Lineage>>,
    /// What is in them, by dataset; of those that are missing nobody has looked.
    pub contents: BTreeMap<DatasetName, Seen<Content>>,
    /// Its replicas.
    pub replicas: Vec<Replica>,
    /// Its restic repositories.
    pub repositories: Vec<Repository>,
    /// Databases, by the name of their service.
    pub databases: BTreeMap<String, Database>,
    /// What its secrets are made from.
    pub secrets: Secrets,
    /// What drills have shown, in any order.
    pub drills: Vec<Evidence>,
}

impl Inventory {
    /// Nothing is known yet.
    pub fn new(host: &str, now: Timestamp) -> Self {
        Self {
            host: host.to_owned(),
            now,
            local: Seen::Unknown,
            contents: BTreeMap::new(),
            replicas: Vec::new(),
            repositories: Vec::new(),
            databases: BTreeMap::new(),
            secrets: Secrets::new(),
            drills: Vec::new(),
        }
    }

    /// Keeps what was seen of a service's dataset ([`World::observe`](crate::preseed::World::observe)).
    pub fn saw(&mut self, service: &Service, sight: &Sight) {
        if let Some(target) = &sight.target {
            self.contents.insert(service.dataset.clone(), Seen::Here(target.content));
        }
    }
}

/// A machine that receives datasets by `zfs send`.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Its name.
    pub name: String,
    /// What is replicated.
    pub source: DatasetName,
    /// Where it lands there.
    pub target: DatasetName,
    /// Whether all below the source is replicated too. If not, a dataset below has no replica there, whatever its name.
    pub recursive: bool,
    /// What runs commands there: `["ssh", "backup@nas-1"]`; empty: they run here.
    pub transport: Vec<String>,
    /// The key that the transport needs.
    pub key: Option<AbsolutePath>,
    /// Whether streams are sent raw (`send -w`).
    pub raw: bool,
    /// How fast it sends, in bytes a second.
    pub rate: Option<u64>,
    /// Its datasets.
    pub datasets: Seen<BTreeMap<DatasetName, Lineage>>,
}

impl Replica {
    /// A replica of one dataset.
    pub fn new(name: &str, source: DatasetName, target: DatasetName) -> Self {
        Self {
            name: name.to_owned(),
            source,
            target,
            recursive: false,
            transport: Vec::new(),
            key: None,
            raw: false,
            rate: None,
            datasets: Seen::Unknown,
        }
    }

    /// Where a dataset's replica is, if it has one.
    pub fn of(&self, dataset: &DatasetName) -> Option<DatasetName> {
        let covered = *dataset == self.source || (self.recursive && dataset.is_under(&self.source));
        covered.then(|| dataset.rebase(&self.source, &self.target).ok().flatten()).flatten()
    }
}

/// A restic repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// `--repo`
    pub url: String,
    /// `--password-file`
    pub password_file: AbsolutePath,
    /// A file with credentials as variables, for the environment.
    pub environment_file: Option<AbsolutePath>,
    /// Whether it is reached over the network.
    pub remote: bool,
    /// Which services it has: by name, the tags of the job and the path that the job recorded as the root of the
    /// service's data. A job that backs up a snapshot records the path where that was mounted.
    pub jobs: BTreeMap<String, (Vec<String>, AbsolutePath)>,
    /// How fast it restores, in bytes a second of restored files; what restic has stored is less.
    pub rate: Option<u64>,
    /// Its snapshots.
    pub snapshots: Seen<Vec<ResticSnapshot>>,
}

/// The base backups and the log of a database server.
#[derive(Clone, Debug)]
pub struct Database {
    /// The name of the repository or server they are kept under.
    pub source: String,
    /// What is wanted back.
    pub wish: Wish,
    /// Base backups and the log.
    pub seen: Seen<(Vec<BaseBackup>, Archive)>,
    /// What is known of the log's content.
    pub journal: Option<Journal>,
    /// Whether they are reached over the network.
    pub remote: bool,
    /// Files that hold the credentials.
    pub secrets: Vec<AbsolutePath>,
    /// How long such a restore takes, in seconds.
    pub seconds: Option<u64>,
}
