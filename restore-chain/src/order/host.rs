//! The graph of a machine: from its services and what they are restored from.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::name::DatasetName;

use super::graph::{Graph, Kind, NodeId};
use crate::candidates::secrets::Secrets;
use crate::candidates::{Candidate, Need};
use crate::path::AbsolutePath;
use crate::service::Service;

/// How long things take that nobody has measured, in seconds.
const IMPORT: u64 = 30;
const STEP: u64 = 1;
const UNKNOWN: u64 = 600;

/// A dataset that has to be there, whether a service's or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub dataset: DatasetName,
    /// Where it is mounted; none: not at all.
    pub mountpoint: Option<AbsolutePath>,
    /// The snapshot that it is a clone of.
    pub origin: Option<DatasetName>,
    /// Where its key is, if it is the root of an encryption.
    pub key: Option<AbsolutePath>,
    /// What it is restored from; none: it is there.
    pub from: Option<Candidate>,
}

impl Place {
    /// A dataset that is there.
    pub fn new(dataset: DatasetName, mountpoint: Option<AbsolutePath>) -> Self {
        Self { dataset, mountpoint, origin: None, key: None, from: None }
    }
}

/// A machine that has to come back.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// All datasets, those of services among them.
    pub places: Vec<Place>,
    /// Services, with the unit names that they need beside their data, by name.
    pub services: Vec<(Service, Vec<String>)>,
    /// Services that are databases, which recover after their files are there: by name, how long that takes.
    pub databases: BTreeMap<String, u64>,
    /// What secrets are made from: such a file, too, can be read only after what it lies on is mounted.
    pub secrets: Secrets,
}

impl Host {
    /// The graph.
    pub fn graph(&self) -> Graph {
        let mut draft = Draft { host: self, graph: Graph::new(), mounts: BTreeMap::new() };
        draft.places();
        draft.secrets();
        draft.services();
        draft.graph
    }
}

struct Draft<'h> {
    host: &'h Host,
    graph: Graph,
    /// Mounts by their path.
    mounts: BTreeMap<AbsolutePath, NodeId>,
}

impl Draft<'_> {
    fn dataset(&mut self, place: &Place) -> NodeId {
        let known = place.from.as_ref().map(|from| from.seconds.unwrap_or(UNKNOWN));
        self.graph.add(Kind::Dataset, place.dataset.as_str(), known.unwrap_or(0))
    }

    fn places(&mut self) {
        let host = self.host;
        let by_name: BTreeMap<&DatasetName, &Place> =
            host.places.iter().map(|place| (&place.dataset, place)).collect();
        for place in &host.places {
            let dataset = self.dataset(place);
            let pool = self.graph.add(Kind::Pool, place.dataset.pool(), IMPORT);
            self.graph.before(pool, dataset, "a dataset is in its pool");
            let ancestors =
                place.dataset.ancestors().filter_map(|above| by_name.get(&above).copied());
            for above in ancestors.take(1) {
                let above = self.dataset(above);
                self.graph.before(above, dataset, "a dataset comes after the one it is in");
            }
            if let Some(origin) = place.origin.as_ref().and_then(|origin| by_name.get(origin)) {
                let origin = self.dataset(origin);
                self.graph.before(origin, dataset, "a clone comes after its origin");
            }
            let key = place.key.as_ref().map(|path| {
                let (key, secret) = (
                    self.graph.add(Kind::Key, place.dataset.as_str(), STEP),
                    self.graph.add(Kind::Secret, path.as_str(), 0),
                );
                self.graph.before(secret, key, "a key is read from its file");
                self.graph.before(dataset, key, "a key belongs to a dataset that is there");
                key
            });
            if let Some(from) = &place.from {
                self.restore(dataset, place, from);
            }
            if let Some(path) = &place.mountpoint {
                let mount = self.graph.add(Kind::Mount, path.as_str(), STEP);
                self.graph.before(
                    key.unwrap_or(dataset),
                    mount,
                    "what is mounted is there, and its key loaded",
                );
                self.mounts.insert(path.clone(), mount);
            }
        }
        // A mountpoint below another one is mounted after it.
        for (path, mount) in &self.mounts {
            if let Some(above) = self.mount_above(path, false) {
                self.graph.before(above, *mount, "a mountpoint comes after the one it is below");
            }
        }
    }

    fn restore(&mut self, dataset: NodeId, place: &Place, from: &Candidate) {
        self.graph.uses(dataset, place.dataset.pool());
        for need in &from.needs {
            match need {
                Need::Network => {
                    let network = self.graph.add(Kind::Network, "the network", IMPORT);
                    self.graph.before(network, dataset, "it comes over the network");
                    self.graph.uses(dataset, "network");
                }
                Need::Secret(path) => {
                    let secret = self.graph.add(Kind::Secret, path.as_str(), 0);
                    self.graph.before(secret, dataset, "its restore needs the secret");
                }
                Need::Source(name) => self.graph.uses(dataset, name),
                Need::Dataset(_) => {}
            }
        }
    }

    /// The mount that a path lies on.
    fn mount_above(&self, path: &AbsolutePath, itself: bool) -> Option<NodeId> {
        let mut above = path.as_str();
        if itself {
            if let Some(mount) = self.mounts.get(path) {
                return Some(*mount);
            }
        }
        while let Some((parent, _)) = above.rsplit_once('/') {
            let parent = if parent.is_empty() { "/" } else { parent };
            let found =
                parent.parse::<AbsolutePath>().ok().and_then(|parent| self.mounts.get(&parent));
            if found.is_some() {
                return found.copied();
            }
            if parent == "/" {
                return None;
            }
            above = parent;
        }
        None
    }

    /// A secret can be read as soon as what it lies on is mounted, and what it is made from can be read.
    fn secrets(&mut self) {
        let host = self.host;
        let nodes = self.graph.nodes().iter().filter(|node| node.kind == Kind::Secret);
        let mut waiting: Vec<AbsolutePath> =
            nodes.filter_map(|node| node.name.parse().ok()).collect();
        let mut seen = BTreeSet::new();
        while let Some(path) = waiting.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let secret = self.graph.add(Kind::Secret, path.as_str(), 0);
            if let Some(mount) = self.mount_above(&path, true) {
                self.graph.before(mount, secret, "the secret lies there");
            }
            for source in host.secrets.get(&path).into_iter().flatten() {
                let from = self.graph.add(Kind::Secret, source.as_str(), 0);
                self.graph.before(from, secret, "the secret is made from it");
                waiting.push(source.clone());
            }
        }
    }

    fn services(&mut self) {
        for (service, wants) in &self.host.services {
            let mut ready = self.mounts.get(&service.mountpoint).copied();
            if let Some(mount) = ready.filter(|_| service.owner.is_some()) {
                let owner = self.graph.add(Kind::Owner, service.mountpoint.as_str(), STEP);
                self.graph.before(mount, owner, "files are there before they get owners");
                ready = Some(owner);
            }
            if let Some(seconds) = self.host.databases.get(&service.name) {
                let database = self.graph.add(Kind::Database, &service.name, *seconds);
                if let Some(ready) = ready {
                    self.graph.before(ready, database, "a database recovers from its files");
                }
                ready = Some(database);
            }
            for unit in &service.units {
                let unit = self.graph.add(Kind::Service, unit, STEP);
                if let Some(ready) = ready {
                    self.graph.before(ready, unit, "a service starts with its data");
                }
                for other in wants {
                    let other = self.graph.add(Kind::Service, other, STEP);
                    self.graph.before(other, unit, "a service starts after what it requires");
                }
            }
        }
    }
}
