//! A host, by all that it declares.

use std::collections::BTreeMap;

use backup_spec::coverage::{Filesystem, Inventory};
use backup_spec::snapshots::Policies;
use backup_spec::spec::Checked;
use dataset_plan::{Policy, plan, sim};
use impermanence_model::Layout;
use impermanence_model::host::FileSystem;
use impermanence_model::origin::{Layer, Origin};
use jiff::Timestamp;
use restore_chain::preseed::Budget;

use crate::backup::Backup;
use crate::{Failure, Host};

/// When the hosts that come with the examples were recorded: no clock is read.
const RECORDED: i64 = 1_795_263_081;

/// A host, as it is once its plan is carried out.
#[derive(Debug)]
pub struct System {
    /// Its name.
    pub name: String,
    /// What its boots leave.
    pub layout: Layout,
    /// What it copies.
    pub copies: Checked,
    /// What sanoid does to each of its datasets.
    pub policies: Policies,
    /// Its datasets, where they are mounted, and who vouches for what.
    pub inventory: Inventory,
    /// How long a restore may take.
    pub budget: Budget,
    /// Keys of the machines that have replicas, by the machine.
    pub keys: BTreeMap<String, restore_chain::path::AbsolutePath>,
    /// Secrets below the first path are decrypted at boot, with the key at the second.
    pub decrypted: Option<(&'static str, &'static str)>,
    /// The present.
    pub now: Timestamp,
}

impl System {
    /// The application server that comes with the examples.
    pub fn forge() -> Result<Self, Failure> {
        let chain = restore_chain::Spec::from_toml(include_str!("../../hosts/forge-restore.toml"))?;
        let persistence = include_str!("../../hosts/forge-persistence.toml");
        let mut system = Self::new(&Host::forge(), &Backup::forge(), persistence)?;
        let keys =
            chain.replicas.into_iter().filter_map(|replica| Some((replica.name, replica.key?)));
        system.keys = keys.collect();
        system.budget = chain.budget;
        system.decrypted = Some(("/run/secrets", "/persist/etc/ssh/ssh_host_ed25519_key"));
        Ok(system)
    }

    /// The small machine that comes with the examples.
    pub fn luna() -> Result<Self, Failure> {
        Self::new(&Host::luna(), &Backup::luna(), include_str!("../../hosts/luna-persistence.toml"))
    }

    /// A host from its declarations.
    pub fn new(host: &Host, backup: &Backup, persistence: &str) -> Result<Self, Failure> {
        let (declared, observed) = (host.spec()?, host.observed()?);
        let mut zfs = sim::Zfs::from(&observed);
        plan(&declared, &observed, &Policy::default())?.apply(&mut zfs)?;
        let copies = backup.spec()?;
        let inventory = backup.inventory(&declared, &zfs.observe())?;

        let datasets = || inventory.datasets().map(|(dataset, _)| dataset);
        let policies = copies.sanoid.as_ref().map(|sanoid| Policies::of(sanoid, datasets()));
        let policies = policies.transpose()?.unwrap_or_default();

        let mut host = impermanence_model::Host::from_toml(persistence)?;
        for (path, on) in inventory.mounts().filter(|(path, _)| path.as_str() != "/") {
            // What the installer made is there before anything else.
            let base =
                matches!(on, Filesystem::Dataset(dataset) if declared.base.contains_key(dataset));
            host.file_systems
                .entry(path.as_str().parse()?)
                .or_insert_with(|| file_system(on, base));
        }
        Ok(Self {
            name: host.name.clone(),
            layout: host.resolve()?,
            policies,
            copies,
            inventory,
            budget: Budget::default(),
            keys: BTreeMap::new(),
            decrypted: None,
            now: Timestamp::from_second(RECORDED)?,
        })
    }
}

/// What is mounted, as the host's declaration of file systems would have it.
fn file_system(on: &Filesystem, needed_for_boot: bool) -> FileSystem {
    let fs_type = if matches!(on, Filesystem::Dataset(_)) { "zfs" } else { "nfs" };
    FileSystem {
        device: on.to_string(),
        fs_type: fs_type.to_owned(),
        options: Vec::new(),
        needed_for_boot,
        depends: Vec::new(),
        rollback: None,
        origin: Origin::new(Layer::FileSystems, on.to_string()),
    }
}
