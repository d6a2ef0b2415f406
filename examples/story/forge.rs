//! What forge declares: its datasets, its copies, and what comes back from where.

use backup_spec::spec::Checked;
use dataset_plan::spec::Desired;
use examples::backup::Backup;
use examples::{Failure, Host};
use restore_chain::Service;
use restore_chain::lineage::Lineage;
use zfs_props::name::DatasetName;

use crate::replicate;

/// Services that hold data in the story: they are restored by declaration, and have copies.
pub(crate) const SERVICES: [&str; 5] = ["home-assistant", "plex", "pocketid", "radarr", "sonarr"];
/// Those that have a backup by restic, too.
pub(crate) const BACKED_UP: [&str; 2] = ["home-assistant", "pocketid"];

/// All of it.
pub(crate) struct Forge {
    pub(crate) datasets: dataset_plan::Spec,
    pub(crate) desired: Desired,
    pub(crate) copies: Checked,
    pub(crate) restores: restore_chain::Spec,
}

impl Forge {
    /// Reads the declaration.
    pub(crate) fn read() -> Result<Self, Failure> {
        let datasets = Host::forge().spec()?;
        let copies = Backup::forge().spec()?;
        let restores = restore_chain::Spec::from_toml(include_str!("../hosts/forge-restore.toml"))?;
        let desired = datasets.expand()?;
        let mut forge = Self { datasets, desired, copies, restores };
        forge.agree()?;
        Ok(forge)
    }

    /// What is declared twice is taken from where it is carried out: mountpoints from the datasets, repositories and what
    /// lies where in them from the backup jobs.
    fn agree(&mut self) -> Result<(), Failure> {
        for service in self.restores.services.values_mut() {
            let want = self.desired.datasets.get(&service.dataset).ok_or("no such dataset")?;
            service.mountpoint = want.mounted_at().ok_or("mounted nowhere")?.parse()?;
        }
        for repository in &mut self.restores.repositories {
            let name = repository.name.parse()?;
            let declared = self.copies.repositories.get(&name).ok_or("no such repository")?;
            repository.url = declared.url.to_string();
            repository.password_file = declared.password_file.as_str().parse()?;
            for (service, (tags, root)) in &mut repository.jobs {
                let name = service.parse()?;
                let job = self.copies.jobs.get(&name).ok_or("no such job")?;
                let scan = self.copies.scan(&name).ok_or("no such job")?;
                *tags = job.tags.iter().map(ToString::to_string).collect();
                *root = scan.roots.first().ok_or("reads nothing")?.as_str().parse()?;
            }
        }
        Ok(())
    }

    /// The declaration of a service's restore.
    pub(crate) fn service(&self, name: &str) -> Result<&Service, Failure> {
        self.restores.services.get(name).ok_or_else(|| format!("{name} is not declared").into())
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
