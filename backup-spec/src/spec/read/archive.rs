//! Keys of archives of databases.

use declared::{Entry, Table};

use super::{DATASET, PATH, Read, SPAN};
use crate::archive::Archive;
use crate::path::AbsolutePath;
use crate::pitr::{
    Barman, BaseBackup, Cluster, Compression, Kind, PgBackRest, Pitr, Repository, Spool, Storage,
    Tool,
};
use crate::spec::Code;
use crate::timer::Timer;

const KINDS: &[(&str, Kind)] = &[
    ("full", Kind::Full),
    ("differential", Kind::Differential),
    ("incremental", Kind::Incremental),
];

const COMPRESSIONS: &[(&str, Compression)] =
    &[("gzip", Compression::Gzip), ("bzip2", Compression::Bzip2), ("snappy", Compression::Snappy)];

const RETENTION: &str = "write \"REDUNDANCY 7\" or \"RECOVERY WINDOW OF 30 DAYS\"";
const COUNT: &str = "write a whole number";

impl Read {
    pub(super) fn archive(&mut self, entry: &Entry<'_>) -> Option<Archive> {
        let mut table = self.reader.table(entry)?;
        let enable = self.flag(&mut table, "enable", true);
        let cluster = self.cluster(&mut table);
        let archive_timeout =
            self.span(&mut table, "archiveTimeout", "write what may be lost, such as \"5min\"");
        let arrival = self.span(
            &mut table,
            "arrival",
            "write how long a segment may take to arrive, such as \"1min\"",
        );
        let max_wal_senders =
            table.take("maxWalSenders").and_then(|entry| self.reader.parsed(&entry, COUNT));
        let run_time = self.span(&mut table, "runTime", "write how long a base backup may take");
        let user = table.take("user").and_then(|entry| self.user(&entry));
        let (barman, pgbackrest) = (table.take("barman"), table.take("pgbackrest"));
        let tool = match (barman, pgbackrest) {
            (Some(entry), None) => self.barman(&entry).map(Tool::Barman),
            (None, Some(entry)) => self.pgbackrest(&entry).map(Tool::PgBackRest),
            (Some(_), Some(entry)) => {
                let what = "both `barman` and `pgbackrest`";
                let remedy = "PostgreSQL has one archive_command: keep one of the two";
                self.reader.report_key(&entry, Code::Pitr, what, remedy);
                None
            }
            (None, None) => {
                self.reader.missing(&table, "barman", "declare `barman` or `pgbackrest`");
                None
            }
        };
        let base = table.take("base").map(|entry| self.bases(&entry)).unwrap_or_default();
        self.reader.finish(&table);
        let pitr = Pitr {
            cluster: cluster?,
            archive_timeout: archive_timeout?,
            max_wal_senders,
            tool: tool?,
            base,
        };
        let archive = Archive::new(pitr, arrival?, run_time?);
        Some(Archive { enable, user: user.unwrap_or_else(|| archive.user.clone()), ..archive })
    }

    fn span(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        remedy: &str,
    ) -> Option<crate::span::Span> {
        let entry = self.reader.required(table, key, remedy)?;
        self.reader.parsed(&entry, SPAN)
    }

    fn cluster(&mut self, table: &mut Table<'_>) -> Option<Cluster> {
        let data = self.reader.required(table, "data", "write the data directory (PGDATA)");
        let data = data.and_then(|entry| self.reader.parsed::<AbsolutePath>(&entry, PATH));
        let data_dataset =
            table.take("dataDataset").and_then(|entry| self.reader.parsed(&entry, DATASET));
        let wal = table.take("wal");
        let wal = wal.and_then(|entry| self.reader.parsed::<AbsolutePath>(&entry, PATH));
        let wal_dataset =
            table.take("walDataset").and_then(|entry| self.reader.parsed(&entry, DATASET));
        Some(Cluster {
            data: data?.to_string(),
            data_dataset,
            wal: wal.map(|path| path.to_string()),
            wal_dataset,
        })
    }

    fn barman(&mut self, entry: &Entry<'_>) -> Option<Barman> {
        let mut table = self.reader.table(entry)?;
        let destination =
            self.required_text(&mut table, "destination", "write a bucket: s3://BUCKET/FOLDER");
        let server = self.required_text(&mut table, "server", "write the name of the server in it");
        let retention = self.reader.required(&mut table, "retention", RETENTION);
        let retention = retention.and_then(|entry| self.reader.parsed(&entry, RETENTION));
        let compression =
            table.take("compression").and_then(|entry| self.reader.word(&entry, COMPRESSIONS));
        let endpoint = table.take("endpoint").and_then(|entry| self.reader.text(&entry));
        let file = table.take("environmentFile");
        let file = file.and_then(|entry| self.reader.parsed::<AbsolutePath>(&entry, PATH));
        self.reader.finish(&table);
        Some(Barman {
            compression,
            endpoint: endpoint.map(str::to_owned),
            environment_file: file.map(|path| path.to_string()),
            ..Barman::new(&destination?, &server?, retention?)
        })
    }

    fn required_text(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        remedy: &str,
    ) -> Option<String> {
        let entry = self.reader.required(table, key, remedy)?;
        self.reader.text(&entry).map(str::to_owned)
    }

    fn pgbackrest(&mut self, entry: &Entry<'_>) -> Option<PgBackRest> {
        let mut table = self.reader.table(entry)?;
        let stanza =
            self.required_text(&mut table, "stanza", "write the name of the cluster to pgBackRest");
        let repositories =
            self.reader.required(&mut table, "repositories", "list the repositories");
        let repositories = repositories.map(|entry| self.reader.list(&entry)).unwrap_or_default();
        let repositories = repositories.iter().filter_map(|entry| self.store(entry)).collect();
        let spool = table.take("spool").and_then(|entry| {
            let mut table = self.reader.table(&entry)?;
            let path = self.reader.required(&mut table, "path", PATH);
            let path = path.and_then(|entry| self.reader.parsed::<AbsolutePath>(&entry, PATH));
            let limit = table
                .take("limit")
                .and_then(|entry| self.reader.parsed(&entry, "write a number of bytes"));
            self.reader.finish(&table);
            Some(Spool { path: path?.to_string(), limit })
        });
        let processes = table.take("processes").and_then(|entry| self.reader.parsed(&entry, COUNT));
        self.reader.finish(&table);
        Some(PgBackRest { stanza: stanza?, repositories, spool, processes })
    }

    fn store(&mut self, entry: &Entry<'_>) -> Option<Repository> {
        let mut table = self.reader.table(entry)?;
        let path = self.reader.required(&mut table, "path", PATH);
        let path = path.and_then(|entry| self.reader.parsed::<AbsolutePath>(&entry, PATH));
        let retention = self.reader.required(&mut table, "retention", RETENTION);
        let retention = retention.and_then(|entry| self.reader.parsed(&entry, RETENTION));
        let storage = match table.take("s3") {
            None => Some(Storage::Posix),
            Some(entry) => self.reader.table(&entry).and_then(|mut table| {
                let bucket = self.required_text(&mut table, "bucket", "write the bucket");
                let endpoint = self.required_text(&mut table, "endpoint", "write the address");
                let region = self.required_text(&mut table, "region", "write the region");
                self.reader.finish(&table);
                Some(Storage::S3 { bucket: bucket?, endpoint: endpoint?, region: region? })
            }),
        };
        let mut count = |key| table.take(key).and_then(|entry| self.reader.parsed(&entry, COUNT));
        let (differential, archive) = (count("differential"), count("archive"));
        self.reader.finish(&table);
        let (path, storage, retention) = (path?.to_string(), storage?, retention?);
        Some(Repository { path, storage, retention, differential, archive })
    }

    fn bases(&mut self, entry: &Entry<'_>) -> Vec<BaseBackup> {
        let mut bases = Vec::new();
        for entry in self.reader.list(entry) {
            let Some(mut table) = self.reader.table(&entry) else { continue };
            let kind = table.take("kind").and_then(|entry| self.reader.word(&entry, KINDS));
            let repository =
                table.take("repository").and_then(|entry| self.reader.parsed(&entry, COUNT));
            let timer: Option<Timer> = self.timer(&mut table);
            self.reader.finish(&table);
            if let Some(timer) = timer {
                let (kind, repository) = (kind.unwrap_or(Kind::Full), repository.unwrap_or(1));
                bases.push(BaseBackup { kind, repository, timer });
            }
        }
        bases
    }
}
