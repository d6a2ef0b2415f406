//! What forge declares: its datasets, its copies, and what comes back from where; and nas-1, what becomes of the copies.

use std::path::PathBuf;

use backup_spec::spec::Checked;
use examples::lost_pool::everything;
use examples::{Failure, HOSTS, Host};
use restore_chain::Service;
use restore_chain::lineage::Lineage;
use zfs_props::name::DatasetName;

use crate::replicate;

/// Services that hold data in the story: they are restored by declaration, and have copies.
pub(crate) const SERVICES: [&str; 4] = ["home-assistant", "plex", "pocketid", "sonarr"];
/// One that has none, and may start without.
pub(crate) const WITHOUT: &str = "recyclarr";
/// Those that have a backup by restic, too.
pub(crate) const BACKED_UP: [&str; 2] = ["home-assistant", "pocketid"];

/// All of it.
pub(crate) struct Forge {
    pub(crate) datasets: dataset_plan::Spec,
    pub(crate) copies: Checked,
    pub(crate) restores: restore_chain::Spec,
    /// The copies of nas-1.
    pub(crate) nas: Checked,
}

impl Forge {
    /// Reads the declarations. On such days, whatever way back there is may be taken.
    pub(crate) fn read() -> Result<Self, Failure> {
        let Host { datasets, backup, restore, .. } = Host::forge()?;
        let mut restores = everything(restore);
        restores.services.retain(|name, _| *name == WITHOUT || SERVICES.contains(&name.as_str()));
        let (_, nas) =
            HOSTS.iter().find(|(name, _)| *name == "nas-1").ok_or("nas-1 is declared")?;
        Ok(Self { datasets, copies: backup, restores, nas: Host::from_toml(nas)?.backup })
    }

    /// The declaration of a service's restore.
    pub(crate) fn service(&self, name: &str) -> Result<&Service, Failure> {
        self.restores.services.get(name).ok_or_else(|| format!("{name} is not declared").into())
    }

    /// Where a service's files are.
    pub(crate) fn place(&self, name: &str) -> Result<PathBuf, Failure> {
        Ok(self.service(name)?.mountpoint.as_str().into())
    }

    /// Where a service's replica is.
    pub(crate) fn replica(&self, name: &str) -> Result<DatasetName, Failure> {
        let service = self.service(name)?;
        let replica = self.restores.replicas.first().ok_or("no replica")?;
        replica.of(&service.dataset).ok_or_else(|| format!("{name} has no replica").into())
    }

    /// Snapshots of a service here, and of its replica.
    pub(crate) fn both(&self, name: &str) -> Result<(Option<Lineage>, Option<Lineage>), Failure> {
        let own = replicate::lineage(&self.service(name)?.dataset)?;
        Ok((own, replicate::lineage(&self.replica(name)?)?))
    }
}
