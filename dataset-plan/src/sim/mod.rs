//! ZFS in memory: what commands do to an observation, without a pool.
//!
//! Every command is a method of [`Zfs`], which decides as OpenZFS does: what it accepts, what it adds by itself, who
//! inherits what, and what is mounted again. The rules are compared with recordings of a real OpenZFS 2.3.
//!
//! ```
//! use dataset_plan::{Observed, sim::{self, Refusal}};
//! use zfs_props::{DatasetName, PropertySet, Source};
//!
//! let tank: DatasetName = "tank".parse()?;
//! let home: DatasetName = "tank/home".parse()?;
//! let observed = Observed::from_zfs_get(b"tank\ttype\tfilesystem\t-\t-\ntank\tmounted\tyes\t-\t-\n")?;
//! let mut zfs = sim::Zfs::from(&observed);
//!
//! zfs.create(&home, &PropertySet::from_arguments(["recordsize=16K"])?, true)?;
//! zfs.set(&tank, &PropertySet::from_arguments(["compression=zstd"])?, true)?;
//! let lines = zfs.get(&home);
//! let compression = lines.iter().find(|line| line.property.to_string() == "compression").unwrap();
//! assert_eq!((&*compression.value, &compression.source), ("zstd", &Source::Inherited(tank.clone())));
//!
//! zfs.snapshot(&home.snapshot("before")?, false, &PropertySet::new())?;
//! assert_eq!(zfs.destroy(&home, false), Err(Refusal::HasChildren(home)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What was not observed stays unknown, and is never a reason to refuse. What a pool measures (space that data takes,
//! times) is not modelled; what is reserved is.

mod create;
mod destroy;
mod lineage;
mod mounts;
mod node;
mod receive;
mod refusal;
mod remount;
mod rename;
mod replica;
mod send;
mod set;
mod snapshot;
mod space;
mod view;
mod world;

use std::collections::BTreeMap;
use std::ops::Bound;

use zfs_props::check::{Accounts, Context, Key};
use zfs_props::kind::DatasetKind;
use zfs_props::name::{DatasetName, SnapshotName};
use zfs_props::property::Property;
use zfs_props::release::Release;

use crate::observed::Observed;
use crate::shared::Shared;
use mounts::Mounts;
use node::{Node, Point};

pub use receive::Receive;
pub use refusal::Refusal;
pub use send::{Content, Stream};
pub use snapshot::Younger;
pub use view::Line;

/// Datasets that commands can be carried out on, by OpenZFS's rules.
#[derive(Clone, Debug, Default)]
pub struct Zfs {
    release: Release,
    accounts: Option<Accounts>,
    typed: Key,
    without_devices: bool,
    nodes: BTreeMap<DatasetName, Shared<Node>>,
    /// What else was observed: defaults, and other file systems.
    rest: Observed,
    mounts: Mounts,
    /// The number of the last thing that was created here: orders snapshots, and identifies them.
    txg: u64,
}

impl From<&Observed> for Zfs {
    fn from(observed: &Observed) -> Self {
        let nodes = observed
            .datasets
            .iter()
            .map(|(name, dataset)| (name.clone(), Node::from(dataset).into()));
        let nodes: BTreeMap<_, Shared<Node>> = nodes.collect();
        let snapshots = nodes.values().flat_map(|node| &node.points);
        let txgs = snapshots.filter_map(|point| point.snapshot.createtxg);
        let txg = txgs.chain(nodes.values().filter_map(|node| node.dataset.createtxg)).max();
        let txg = txg.unwrap_or_default();
        let rest = Observed {
            datasets: BTreeMap::new(),
            defaults: observed.defaults.clone(),
            foreign: observed.foreign.clone(),
            occupied: observed.occupied.clone(),
        };
        let mut zfs = Self {
            release: Release::LATEST,
            accounts: None,
            typed: Key::Unseen,
            without_devices: false,
            nodes,
            rest,
            mounts: Mounts::default(),
            txg,
        };
        zfs.find_clones();
        zfs.find_mounts();
        zfs
    }
}

impl Zfs {
    /// By the rules of this release, rather than of the latest.
    #[must_use]
    pub const fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// What an observation would find now.
    pub fn observe(&self) -> Observed {
        let datasets = self.nodes.iter().map(|(name, node)| {
            let mut dataset = node.observe();
            if !node.options.is_empty() {
                let lineage = self.lineage(name);
                let by_mount = lineage.by_mount();
                let by_mount = by_mount.map(|(property, word)| (property, word.as_bytes().into()));
                dataset.temporary.extend(by_mount);
            }
            (name.clone(), dataset)
        });
        let datasets = datasets.collect();
        Observed { datasets, ..self.rest.clone() }
    }

    /// With these users and groups: limits of others are refused.
    #[must_use]
    pub fn accounts(mut self, accounts: Accounts) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// With this typed wherever a key is asked for (`keylocation=prompt`).
    #[must_use]
    pub fn typed(mut self, key: Key) -> Self {
        self.typed = key;
        self
    }

    /// Where volumes have no devices (the kernel module's parameter `zvol_inhibit_dev`): what is a device's cannot
    /// be set.
    #[must_use]
    pub const fn without_devices(mut self) -> Self {
        self.without_devices = true;
        self
    }

    fn has_device(&self, name: &DatasetName) -> bool {
        !self.without_devices && !self.is(name, Property::Volmode, "none")
    }

    /// What a dataset is; `None` if there is no such dataset.
    pub fn kind(&self, name: &DatasetName) -> Option<DatasetKind> {
        Some(self.nodes.get(name)?.dataset.kind.unwrap_or(DatasetKind::Filesystem))
    }

    fn context(&self, context: Context) -> Context {
        let context = context.release(self.release);
        match &self.accounts {
            Some(accounts) => context.accounts(accounts.clone()),
            None => context,
        }
    }

    /// The dataset and all below it; a parent comes right before its subtree.
    pub fn subtree(&self, name: &DatasetName) -> Vec<DatasetName> {
        let top = self.nodes.contains_key(name).then(|| name.clone());
        top.into_iter().chain(self.below(name)).collect()
    }

    /// Clones know their origin; where snapshots were observed, they learn of their clones.
    fn find_clones(&mut self) {
        let origins = self
            .nodes
            .iter()
            .filter_map(|(name, node)| Some((node.dataset.origin.clone()?, name.clone())));
        for (origin, clone) in origins.collect::<Vec<_>>() {
            if let Some(point) = self.point_mut(&origin) {
                if !point.snapshot.clones.contains(&clone) {
                    point.snapshot.clones.push(clone);
                }
            }
        }
    }

    /// What is mounted, lies where its property says, as far as is known.
    fn find_mounts(&mut self) {
        let mounted = self.mounted();
        let mut places: Vec<_> =
            mounted.filter_map(|name| Some((self.mountpoint(name)?, name.clone()))).collect();
        places.sort_unstable();
        for (place, name) in places {
            if let Some((holder, path)) = self.mounts.holder(&place) {
                let holder = holder.clone();
                if let Some(node) = self.nodes.get_mut(&holder) {
                    node.directories.insert(path);
                }
            }
            let id = self.mounts.mount(&name, &place);
            if let Some(node) = self.nodes.get_mut(&name) {
                node.mount = Some(id);
            }
        }
    }

    /// All that is mounted.
    pub(crate) fn mounted(&self) -> impl Iterator<Item = &DatasetName> {
        let mounted = self.nodes.iter().filter(|(_, node)| node.dataset.mounted == Some(true));
        mounted.map(|(name, _)| name)
    }

    /// What is mounted below a path, but for what is within that again.
    pub(crate) fn mounted_below(&self, path: &str) -> impl Iterator<Item = &DatasetName> {
        self.mounts.within(path)
    }

    /// Something is mounted at a path.
    pub(crate) fn is_mountpoint(&self, path: &str) -> bool {
        self.mounts.is_taken(path)
    }

    /// What is mounted of a dataset and all below it.
    pub(crate) fn mounted_within(&self, top: &DatasetName) -> impl Iterator<Item = &DatasetName> {
        let from_top = self.nodes.range::<DatasetName, _>(top..);
        let within = from_top.take_while(move |(name, _)| *name == top || name.is_under(top));
        within.filter(|(_, node)| node.dataset.mounted == Some(true)).map(|(name, _)| name)
    }

    /// All below a dataset.
    fn below(&self, name: &DatasetName) -> Vec<DatasetName> {
        let after = (Bound::Excluded(name), Bound::Unbounded);
        let names = self.nodes.range::<DatasetName, _>(after).map(|(name, _)| name);
        names.take_while(|below| below.is_under(name)).cloned().collect()
    }

    fn has_children(&self, name: &DatasetName) -> bool {
        let after = (Bound::Excluded(name), Bound::Unbounded);
        self.nodes
            .range::<DatasetName, _>(after)
            .next()
            .is_some_and(|(next, _)| next.is_under(name))
    }

    fn node(&self, name: &DatasetName) -> Result<&Node, Refusal> {
        self.nodes.get(name).map(|node| &**node).ok_or_else(|| Refusal::Missing(name.clone()))
    }

    fn node_mut(&mut self, name: &DatasetName) -> Result<&mut Node, Refusal> {
        self.nodes
            .get_mut(name)
            .map(|node| &mut **node)
            .ok_or_else(|| Refusal::Missing(name.clone()))
    }

    fn point(&self, name: &SnapshotName) -> Option<&Point> {
        self.nodes.get(&name.dataset_name().ok()?)?.point(name.name())
    }

    fn point_mut(&mut self, name: &SnapshotName) -> Option<&mut Point> {
        self.nodes.get_mut(&name.dataset_name().ok()?)?.point_mut(name.name())
    }

    /// The number of something new, as `createtxg`, and as good as any `guid`.
    fn next_txg(&mut self) -> u64 {
        self.txg += 1;
        self.txg
    }
}

fn no_snapshot(name: &SnapshotName) -> Refusal {
    Refusal::NoSnapshot(name.to_string())
}

/// A number that looks like those the kernel draws for `guid` (the finalizer of splitmix64).
fn guid_of(txg: u64) -> u64 {
    let mixed = (txg ^ (txg >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
