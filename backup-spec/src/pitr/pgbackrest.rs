//! pgBackRest: its configuration file and commands (pgBackRest 2.45).

use std::fmt::Write;

use super::{Cluster, Kind, Retention};
use crate::span::Span;

/// A stanza with its repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PgBackRest {
    /// The name of the cluster to pgBackRest.
    pub stanza: String,
    /// Counted from 1. WAL goes to all of them.
    pub repositories: Vec<Repository>,
    /// WAL is put into a spool and sent from there (`archive-async`): where, and how many bytes PostgreSQL may be ahead before
    /// WAL is dropped (`archive-push-queue-max`). What is dropped is lost to recovery until the next backup.
    pub spool: Option<Spool>,
    /// Processes for compression and transfer (`process-max`).
    pub processes: Option<u32>,
}

/// Asynchronous archiving.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Spool {
    /// `spool-path`.
    pub path: String,
    /// `archive-push-queue-max` in bytes.
    pub limit: Option<u64>,
}

/// One repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Repository {
    /// The directory, or the prefix in the bucket (`repo-path`).
    pub path: String,
    /// Where that is.
    pub storage: Storage,
    /// Which full backups are kept (`repo-retention-full`, `repo-retention-full-type`).
    pub retention: Retention,
    /// How many differential backups are kept (`repo-retention-diff`).
    pub differential: Option<u32>,
    /// For how many full backups all WAL is kept, where it is fewer than are kept (`repo-retention-archive`): to the older
    /// ones, only their own end can be restored.
    pub archive: Option<u32>,
}

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Storage {
    /// A directory, which may be a mounted share.
    Posix,
    /// S3 and what speaks it. Keys come from the environment of the service.
    S3 {
        /// `repo-s3-bucket`.
        bucket: String,
        /// `repo-s3-endpoint`.
        endpoint: String,
        /// `repo-s3-region`.
        region: String,
    },
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Full => "full",
            Kind::Differential => "diff",
            Kind::Incremental => "incr",
        }
    }
}

impl PgBackRest {
    fn command(&self, options: &[String], command: &str) -> Vec<String> {
        let mut argv = vec!["pgbackrest".to_owned(), format!("--stanza={}", self.stanza)];
        argv.extend_from_slice(options);
        argv.push(command.to_owned());
        argv
    }

    /// A base backup into the repository of that number.
    pub fn backup(&self, kind: Kind, repository: u32) -> Vec<String> {
        let options = [format!("--type={}", kind.as_str()), format!("--repo={repository}")];
        self.command(&options, "backup")
    }

    /// A segment of WAL, into every repository; PostgreSQL puts its path behind.
    pub fn archive(&self) -> Vec<String> {
        self.command(&[], "archive-push")
    }

    /// Removes what is no longer kept, repository by repository.
    pub fn expire(&self) -> Vec<Vec<String>> {
        let numbers = 1..=self.repositories.len();
        numbers.map(|n| self.command(&[format!("--repo={n}")], "expire")).collect()
    }

    /// Checks that WAL arrives in every repository.
    pub fn check(&self) -> Vec<String> {
        self.command(&[], "check")
    }

    /// The configuration file. Secrets are not in it: they come from the environment, as `PGBACKREST_REPO1_S3_KEY`.
    pub fn config(&self, cluster: &Cluster, archive_timeout: Span) -> String {
        let mut text = String::from("[global]\n");
        let mut line = |key: &str, value: &dyn std::fmt::Display| {
            let _ = writeln!(text, "{key}={value}");
        };
        for (n, repository) in self.repositories.iter().enumerate() {
            let key = |key: &str| format!("repo{}-{key}", n + 1);
            line(&key("path"), &repository.path);
            if let Storage::S3 { bucket, endpoint, region } = &repository.storage {
                line(&key("type"), &"s3");
                line(&key("s3-bucket"), bucket);
                line(&key("s3-endpoint"), endpoint);
                line(&key("s3-region"), region);
            }
            match repository.retention {
                Retention::Redundancy(count) => {
                    line(&key("retention-full-type"), &"count");
                    line(&key("retention-full"), &count);
                }
                Retention::Window { days } => {
                    line(&key("retention-full-type"), &"time");
                    line(&key("retention-full"), &days);
                }
            }
            if let Some(count) = repository.differential {
                line(&key("retention-diff"), &count);
            }
            if let Some(count) = repository.archive {
                line(&key("retention-archive-type"), &"full");
                line(&key("retention-archive"), &count);
            }
        }
        if let Some(Spool { path, limit }) = &self.spool {
            line("archive-async", &"y");
            line("spool-path", path);
            if let Some(limit) = limit {
                line("archive-push-queue-max", limit);
            }
        }
        if let Some(processes) = self.processes {
            line("process-max", &processes);
        }
        // How long a backup waits for its last segment: it has to be able to outlast a quiet server.
        let wait = archive_timeout.as_secs().max(60);
        line("archive-timeout", &wait.min(86_400));
        let _ = writeln!(text, "\n[{}]\npg1-path={}", self.stanza, cluster.data);
        text
    }
}
