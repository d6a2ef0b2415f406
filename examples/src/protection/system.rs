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

use crate::host::Secrets;
use crate::{Failure, Machine};

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
    /// Files that are decrypted at boot.
    pub decrypted: Option<Secrets>,
    /// The present.
    pub now: Timestamp,
}

impl System {
    /// The application server that comes with the examples.
    pub fn forge() -> Result<Self, Failure> {
        Self::new(&Machine::forge()?)
    }

    /// The small machine that comes with the examples.
    pub fn luna() -> Result<Self, Failure> {
        Self::new(&Machine::luna()?)
    }

    /// A machine, once its plan is carried out.
    pub fn new(machine: &Machine) -> Result<Self, Failure> {
        let Machine { host, observed } = machine;
        let mut zfs = sim::Zfs::from(observed);
        plan(&host.datasets, observed, &Policy::default())?.apply(&mut zfs)?;
        let inventory = machine.inventory(&zfs.observe())?;

        let datasets = || inventory.datasets().map(|(dataset, _)| dataset);
        let policies = host.backup.sanoid.as_ref().map(|sanoid| Policies::of(sanoid, datasets()));
        let policies = policies.transpose()?.unwrap_or_default();

        // What nobody declared is mounted all the same.
        let mut persistence = host.persistence.clone();
        for (path, on) in inventory.mounts().filter(|(path, _)| path.as_str() != "/") {
            persistence
                .file_systems
                .entry(path.as_str().parse()?)
                .or_insert_with(|| file_system(on));
        }
        let keys = host.restore.replicas.iter();
        let keys = keys.filter_map(|replica| Some((replica.name.clone(), replica.key.clone()?)));
        Ok(Self {
            name: host.name().to_owned(),
            layout: persistence.resolve()?,
            policies,
            copies: host.backup.clone(),
            inventory,
            budget: host.restore.budget.clone(),
            keys: keys.collect(),
            decrypted: host.facts.secrets.clone(),
            now: Timestamp::from_second(RECORDED)?,
        })
    }
}

/// What is mounted, as the host's declaration of file systems would have it.
fn file_system(on: &Filesystem) -> FileSystem {
    let fs_type = if matches!(on, Filesystem::Dataset(_)) { "zfs" } else { "nfs" };
    FileSystem {
        device: on.to_string(),
        fs_type: fs_type.to_owned(),
        options: Vec::new(),
        needed_for_boot: false,
        depends: Vec::new(),
        rollback: None,
        origin: Origin::new(Layer::FileSystems, on.to_string()),
    }
}
