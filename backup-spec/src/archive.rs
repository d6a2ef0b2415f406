//! The archive of a database as a host declares it: point-in-time recovery, and what it has, so that others leave it out.

use zfs_props::name::DatasetName;

use crate::path::AbsolutePath;
use crate::pitr::{BaseBackup, Kind, Pitr, Storage, Tool};
use crate::schedule::Schedule;
use crate::span::Span;

/// The archive of one PostgreSQL cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Archive {
    /// Whether it is in force.
    pub enable: bool,
    /// What is archived, by what, and when base backups are made.
    pub pitr: Pitr,
    /// How long a segment of WAL may take to arrive.
    pub arrival: Span,
    /// How long a base backup may take.
    pub run_time: Span,
    /// The user that base backups run as.
    pub user: String,
}

impl Archive {
    /// An archive in force, by the user `postgres`.
    pub fn new(pitr: Pitr, arrival: Span, run_time: Span) -> Self {
        Self { enable: true, pitr, arrival, run_time, user: "postgres".into() }
    }

    /// The datasets that the files of the database are on, as far as they are named.
    pub fn datasets(&self) -> impl Iterator<Item = &DatasetName> {
        self.pitr.exclusions().filter_map(|exclusion| exclusion.dataset)
    }

    /// The directories of the database.
    pub fn paths(&self) -> impl Iterator<Item = AbsolutePath> {
        self.pitr.exclusions().filter_map(|exclusion| exclusion.path.parse().ok())
    }

    /// Where its copies go: each repository, counted from 1, and whether it survives the loss of this site.
    ///
    /// Object stores are taken to be elsewhere, as for restic; a directory, even a share, is not.
    pub fn repositories(&self) -> Vec<(u32, bool)> {
        match &self.pitr.tool {
            Tool::Barman(_) => vec![(1, true)],
            Tool::PgBackRest(tool) => {
                let offsite = tool.repositories.iter().map(|r| r.storage != Storage::Posix);
                (1..).zip(offsite).collect()
            }
        }
    }

    /// The most that is lost of a database of which only this is left; `None`: without end.
    pub fn worst_loss(&self) -> Option<Span> {
        self.pitr.worst_loss(self.arrival)
    }

    /// Which base backup, counted from 1, makes the full backups of a repository: without them its WAL is worth nothing.
    pub fn full(&self, repository: u32) -> Option<u32> {
        let full = |base: &BaseBackup| base.kind == Kind::Full && base.repository == repository;
        (1..).zip(&self.pitr.base).find(|(_, base)| full(base)).map(|(nth, _)| nth)
    }

    /// The base backup of this number, from 1.
    pub fn base(&self, nth: u32) -> Option<&BaseBackup> {
        self.pitr.base.get(usize::try_from(nth).ok()?.checked_sub(1)?)
    }

    /// When the base backup of this number runs.
    pub fn schedule(&self, nth: u32) -> Option<Schedule> {
        Some(Schedule::new(self.base(nth)?.timer.clone(), self.run_time))
    }

    /// The file of the credentials, if the tool takes one.
    pub fn environment_file(&self) -> Option<&str> {
        match &self.pitr.tool {
            Tool::Barman(barman) => barman.environment_file.as_deref(),
            Tool::PgBackRest(_) => None,
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Archive {
    /// As the keys of a declaration.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde_json::{Map, Value, json};
        fn some<T: ToString>(map: &mut Map<String, Value>, key: &str, value: Option<&T>) {
            if let Some(value) = value {
                map.insert(key.into(), value.to_string().into());
            }
        }
        let Self { enable, pitr, arrival, run_time, user } = self;
        let mut map = Map::new();
        map.insert("enable".into(), (*enable).into());
        map.insert("data".into(), pitr.cluster.data.clone().into());
        some(&mut map, "dataDataset", pitr.cluster.data_dataset.as_ref());
        some(&mut map, "wal", pitr.cluster.wal.as_ref());
        some(&mut map, "walDataset", pitr.cluster.wal_dataset.as_ref());
        map.insert("archiveTimeout".into(), pitr.archive_timeout.to_string().into());
        if let Some(senders) = pitr.max_wal_senders {
            map.insert("maxWalSenders".into(), senders.into());
        }
        let mut tool = Map::new();
        match &pitr.tool {
            Tool::Barman(barman) => {
                tool.insert("destination".into(), barman.destination.clone().into());
                tool.insert("server".into(), barman.server.clone().into());
                tool.insert("retention".into(), barman.retention.to_string().into());
                some(&mut tool, "endpoint", barman.endpoint.as_ref());
                some(&mut tool, "environmentFile", barman.environment_file.as_ref());
                if let Some(compression) = barman.compression {
                    tool.insert("compression".into(), json!(compression));
                }
                map.insert("barman".into(), tool.into());
            }
            Tool::PgBackRest(rest) => {
                tool.insert("stanza".into(), rest.stanza.clone().into());
                let repository = |repository: &crate::pitr::Repository| {
                    let mut map = Map::new();
                    map.insert("path".into(), repository.path.clone().into());
                    map.insert("retention".into(), repository.retention.to_string().into());
                    if let Storage::S3 { bucket, endpoint, region } = &repository.storage {
                        let s3 =
                            json!({ "bucket": bucket, "endpoint": endpoint, "region": region });
                        map.insert("s3".into(), s3);
                    }
                    for (key, count) in
                        [("differential", repository.differential), ("archive", repository.archive)]
                    {
                        map.extend(count.map(|count| (key.to_owned(), count.into())));
                    }
                    Value::from(map)
                };
                let repositories: Vec<Value> = rest.repositories.iter().map(repository).collect();
                tool.insert("repositories".into(), repositories.into());
                if let Some(spool) = &rest.spool {
                    tool.insert("spool".into(), json!({ "path": spool.path }));
                    if let (Some(limit), Some(Value::Object(spool))) =
                        (spool.limit, tool.get_mut("spool"))
                    {
                        spool.insert("limit".into(), limit.into());
                    }
                }
                tool.extend(rest.processes.map(|count| ("processes".to_owned(), count.into())));
                map.insert("pgbackrest".into(), tool.into());
            }
        }
        let base = |base: &BaseBackup| {
            // A base backup has the time of all of them.
            let schedule = Schedule::new(base.timer.clone(), *run_time);
            let mut value = serde_json::to_value(&schedule).unwrap_or_default();
            if let Value::Object(map) = &mut value {
                map.remove("runTime");
                map.insert("kind".into(), json!(base.kind));
                map.insert("repository".into(), base.repository.into());
            }
            value
        };
        map.insert("base".into(), pitr.base.iter().map(base).collect::<Vec<_>>().into());
        map.insert("arrival".into(), arrival.to_string().into());
        map.insert("runTime".into(), run_time.to_string().into());
        map.insert("user".into(), user.clone().into());
        map.serialize(serializer)
    }
}
