//! Point-in-time recovery of PostgreSQL: base backups and the WAL between them, by barman-cloud or pgBackRest.
//!
//! ```
//! use backup_spec::pitr::{Barman, BaseBackup, Cluster, Pitr, Tool};
//! use backup_spec::span::Span;
//! use backup_spec::timer::Timer;
//!
//! let pitr = Pitr {
//!     cluster: Cluster {
//!         data: "/persist/postgres-data".to_owned(),
//!         data_dataset: Some("tank/persist/postgres-data".parse()?),
//!         wal: Some("/persist/postgres-wal".to_owned()),
//!         wal_dataset: Some("tank/persist/postgres-wal".parse()?),
//!     },
//!     archive_timeout: "5min".parse()?,
//!     max_wal_senders: Some(3),
//!     tool: Tool::Barman(Barman::new("s3://backups/pg", "pg-main", "RECOVERY WINDOW OF 30 DAYS".parse()?)),
//!     base: vec![BaseBackup::full(Timer::new("daily UTC".parse()?))],
//! };
//! assert!(pitr.flaws().is_empty());
//!
//! assert!(pitr.settings().contains(&(
//!     "archive_command",
//!     "barman-cloud-wal-archive s3://backups/pg pg-main %p".to_owned(),
//! )));
//! assert_eq!(
//!     pitr.base[0].argv(&pitr),
//!     ["barman-cloud-backup", "s3://backups/pg", "pg-main"]
//! );
//!
//! // At most so much is lost, where a segment takes up to a minute to arrive.
//! assert_eq!(pitr.worst_loss("1min".parse()?), Some("6min".parse()?));
//! // Copying the files of a running server is no backup of it: this is what other jobs have to leave out.
//! let paths: Vec<&str> = pitr.exclusions().map(|exclusion| exclusion.path).collect();
//! assert_eq!(paths, ["/persist/postgres-data", "/persist/postgres-wal"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod barman;
mod check;
mod objective;
mod pgbackrest;
mod retention;
mod settings;

use zfs_props::name::DatasetName;

pub use barman::{Barman, Compression};
pub use check::Flaw;
pub use objective::Objectives;
pub use pgbackrest::{PgBackRest, Repository, Spool, Storage};
pub use retention::{Retention, RetentionError};

use crate::timer::Timer;

/// How one PostgreSQL cluster is kept recoverable to a point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pitr {
    /// What is backed up.
    pub cluster: Cluster,
    /// `archive_timeout` of PostgreSQL: a segment of WAL is closed at the latest after this, if anything was written. 0 is
    /// off: then a quiet server keeps its last changes to itself for ever. PostgreSQL counts whole seconds.
    pub archive_timeout: crate::span::Span,
    /// `max_wal_senders` of PostgreSQL, where it is not to be PostgreSQL's own (10).
    pub max_wal_senders: Option<u32>,
    /// Who does it.
    pub tool: Tool,
    /// When base backups are made.
    pub base: Vec<BaseBackup>,
}

/// Where a cluster's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cluster {
    /// The data directory (`PGDATA`).
    pub data: String,
    /// The dataset that it is on, if it has one of its own.
    pub data_dataset: Option<DatasetName>,
    /// The directory of the WAL, if it is elsewhere.
    pub wal: Option<String>,
    /// The dataset that the WAL is on.
    pub wal_dataset: Option<DatasetName>,
}

/// The program that does it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Tool {
    /// barman-cloud: objects in S3, Azure or Google Cloud.
    Barman(Barman),
    /// pgBackRest: one repository or more.
    PgBackRest(PgBackRest),
}

/// What a base backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Kind {
    /// Everything.
    Full,
    /// What changed since the last full one (pgBackRest).
    Differential,
    /// What changed since the last one of any kind (pgBackRest).
    Incremental,
}

/// Base backups of one kind, by a timer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BaseBackup {
    /// Of which kind.
    pub kind: Kind,
    /// Into which repository of pgBackRest, counted from 1; 1 for barman-cloud.
    pub repository: u32,
    /// When.
    pub timer: Timer,
}

impl BaseBackup {
    /// Full backups into the first repository.
    pub fn full(timer: Timer) -> Self {
        Self { kind: Kind::Full, repository: 1, timer }
    }

    /// The argument list of such a backup.
    pub fn argv(&self, pitr: &Pitr) -> Vec<String> {
        match &pitr.tool {
            Tool::Barman(barman) => barman.backup(),
            Tool::PgBackRest(tool) => tool.backup(self.kind, self.repository),
        }
    }
}

/// A path that general backups leave out because this has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Exclusion<'p> {
    /// The directory, with everything below it.
    pub path: &'p str,
    /// The dataset, if it has one of its own.
    pub dataset: Option<&'p DatasetName>,
}

impl Pitr {
    /// What this backs up, so that other jobs leave it out: the data directory and the WAL.
    pub fn exclusions(&self) -> impl Iterator<Item = Exclusion<'_>> {
        let Cluster { data, data_dataset, wal, wal_dataset } = &self.cluster;
        let data = Exclusion { path: data, dataset: data_dataset.as_ref() };
        let wal = wal.iter().map(|path| Exclusion { path, dataset: wal_dataset.as_ref() });
        std::iter::once(data).chain(wal)
    }

    /// What has to run after a base backup for the retention to be carried out: pgBackRest does it by itself (`expire-auto`,
    /// pgbackrest-backup(1)), barman-cloud does not (barman-cloud-backup-delete(1)).
    pub fn expire_after_base(&self) -> Vec<Vec<String>> {
        match &self.tool {
            Tool::Barman(_) => self.expire(),
            Tool::PgBackRest(_) => Vec::new(),
        }
    }

    /// The command that removes what the retention no longer keeps; one per repository.
    pub fn expire(&self) -> Vec<Vec<String>> {
        match &self.tool {
            Tool::Barman(barman) => vec![barman.expire()],
            Tool::PgBackRest(tool) => tool.expire(),
        }
    }
}
