//! Options of a NixOS configuration, as the JSON that Nix emits for them, and where each goes in a host's file.
//!
//! The crates know the keys of a host's file; a configuration has the option names of whoever wrote its modules. Between the
//! two there is a table like this one, and a few lines for each option that is shaped otherwise. It is for the modules of one
//! home (`modules.*`), and for those of nixpkgs and its neighbours that it builds on.
//!
//! | option | goes to |
//! |---|---|
//! | `modules.storage.datasets` | `datasets` |
//! | `systemd.tmpfiles.rules` | `owner`, `group`, `mode` of the service whose dataset is mounted there |
//! | `fileSystems`, `disko.devices.disk.*.content.partitions` | `persistence.fileSystems` |
//! | `environment.persistence`, `modules.system.impermanence` | what is kept, as nix-community/impermanence reads it |
//! | `mySystem.persistentFolder`, `mySystem.system.impermanence` | `persistence.stores` |
//! | `modules.backup.restic.jobs` | `backup.jobs` |
//! | `modules.replication.zfs` | `backup.sanoid`, `backup.replication` |
//! | `modules.notifications.templates` | `backup.notifications` |
//! | `modules.database.postgresql.pitr`, `services.postgresql.settings`, units that run `barman-cloud-backup` | `backup.pitr` |
//! | `preseed` (the arguments of `mkPreseedService`), `systemd.services.*` that wait for it | `restore` |
//!
//! What packages read (`services.NAME.enable`, `services.NAME.dataDir`) says nothing here. Whatever else is left is
//! [`unread`](Config::unread): no option is without effect unnoticed.

mod backup;
mod options;
mod persistence;
mod restore;
mod storage;

use options::{Options, merge};
use serde_json::{Value, json};

use crate::{Host, Report};

/// What a configuration comes to.
#[derive(Clone, Debug)]
pub struct Config {
    /// The tables of a host's file.
    tables: Value,
    /// `environment.persistence`, which its crate reads itself.
    persistence: Value,
    /// Options that nobody reads.
    pub unread: Vec<String>,
}

impl Config {
    /// Sorts the options of a configuration. `around` is the rest of the host, as tables of its file: a module alone says
    /// neither what the host is called nor where its backups go.
    pub fn new(options: Value, around: Value) -> Self {
        let mut options = Options(options);
        let mut tables = around;
        for table in [
            json!({ "datasets": storage::datasets(&mut options) }),
            json!({ "persistence": persistence::declared(&mut options) }),
            json!({ "backup": backup::copies(&mut options) }),
            json!({ "restore": restore::restores(&mut options) }),
        ] {
            merge(&mut tables, table);
        }
        storage::owners(&mut options, &mut tables);
        backup::archives(&mut options, &mut tables);
        let persistence = persistence::kept(&mut options);
        storage::packages(&mut options);
        Self { tables, persistence, unread: options.left() }
    }

    /// The host, if nothing is wrong with it.
    pub fn host(&self) -> Result<Host, Report> {
        let mut host = Host::from_json(&self.tables.to_string())?;
        let mut report = Report::default();
        let persistence = host.persistence.with_impermanence(&self.persistence.to_string());
        let persistence = persistence.and_then(|host| Ok((host.resolve()?, host)));
        let Some((layout, persistence)) = report.of_document(persistence) else {
            return Err(report.sorted());
        };
        (host.layout, host.persistence) = (layout, persistence);
        Ok(host)
    }
}
