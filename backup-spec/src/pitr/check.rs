//! What is wrong with a declaration of point-in-time recovery.

use super::{Kind, Pitr, Retention, Tool};

/// Something that would leave a cluster without a way back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Flaw {
    /// `archive_timeout` is 0, or below a second.
    #[error("`archive_timeout` is off: what a quiet server wrote last is never archived")]
    NoArchiveTimeout,
    /// `archive_timeout` is not in whole seconds, or beyond what PostgreSQL takes.
    #[error("PostgreSQL takes `archive_timeout` in whole seconds up to 1073741823")]
    ArchiveTimeoutRange,
    /// Nothing makes full backups for a repository.
    #[error("no full backups go to repository {0}")]
    NoFullBackup(u32),
    /// A backup for a repository that is not declared.
    #[error("there is no repository {0}")]
    UnknownRepository(u32),
    /// barman-cloud makes full backups only.
    #[error("barman-cloud makes full backups only")]
    KindNotSupported,
    /// Retention of nothing.
    #[error("the retention of repository {0} keeps nothing")]
    KeepsNothing(u32),
    /// Retention beyond what the tool takes.
    #[error("pgBackRest takes retentions from 1 to 9999999")]
    RetentionRange,
    /// WAL of some kept backups is thrown away.
    #[error(
        "repository {0} keeps WAL for fewer full backups than it keeps: to the older ones nothing can be replayed"
    )]
    ArchiveBelowFull(u32),
    /// A destination that no provider has.
    #[error("`{0}` is no destination for barman-cloud")]
    Destination(String),
    /// A name that is empty, begins with a dash, or has characters that do not belong into names.
    #[error("`{0}` is no name of a server or stanza")]
    Name(String),
    /// A path that is not absolute, or has characters that its place does not take.
    #[error("`{0}` is no absolute path")]
    Path(String),
    /// A repository inside of what is backed up.
    #[error("the repository `{repository}` lies in the data directory `{data}`")]
    RepositoryInData {
        /// The repository.
        repository: String,
        /// The data directory.
        data: String,
    },
    /// A line break in a value of a configuration file.
    #[error("`{}` has a line break", .0.escape_debug())]
    LineBreak(String),
    /// The spool drops WAL beyond a limit.
    #[error("beyond {0} bytes pgBackRest drops WAL: recovery past that point needs a new backup")]
    DropsWal(u64),
}

impl Flaw {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Flaw::NoArchiveTimeout => "set it to what may be lost, such as 5min",
            Flaw::ArchiveTimeoutRange => "round it to seconds",
            Flaw::NoFullBackup(_) => "declare full backups for it, such as daily",
            Flaw::UnknownRepository(_) => "declare the repository, or use another number",
            Flaw::KindNotSupported => "make full backups, or use pgBackRest",
            Flaw::KeepsNothing(_) | Flaw::RetentionRange => "keep one full backup at least",
            Flaw::ArchiveBelowFull(_) => "leave the archive's retention to pgBackRest",
            Flaw::Destination(_) => {
                "write s3://bucket/folder, gs://bucket/folder or https://account.blob..."
            }
            Flaw::Name(_) => "use letters, digits and `._-`",
            Flaw::Path(_) => "write a path that begins with `/`",
            Flaw::RepositoryInData { .. } => "put it elsewhere, on another machine at best",
            Flaw::LineBreak(_) => "leave it out",
            Flaw::DropsWal(_) => "watch the size of the spool, and alert at half of this",
        }
    }

    /// Whether it works and this is only to be known.
    pub fn is_warning(&self) -> bool {
        matches!(self, Flaw::DropsWal(_) | Flaw::ArchiveBelowFull(_))
    }
}

/// `archive_timeout` at most (`INT_MAX / 2`).
const LONGEST_TIMEOUT: u64 = 1_073_741_823;
/// `repo-retention-full` at most.
const LARGEST_RETENTION: u32 = 9_999_999;

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && !name.starts_with(['-', '.']) && name.bytes().all(plain)
}

fn is_below(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Pitr {
    /// Everything that is wrong.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let seconds = self.archive_timeout.as_secs();
        if seconds == 0 {
            flaws.push(Flaw::NoArchiveTimeout);
        }
        if self.archive_timeout.as_micros() % 1_000_000 != 0 || seconds > LONGEST_TIMEOUT {
            flaws.push(Flaw::ArchiveTimeoutRange);
        }
        let mut paths = vec![&self.cluster.data];
        paths.extend(&self.cluster.wal);
        let mut texts = Vec::new();
        let repositories: Vec<(Retention, Option<u32>)> = match &self.tool {
            Tool::Barman(barman) => {
                if barman.provider().is_none() || barman.destination.contains(char::is_whitespace) {
                    flaws.push(Flaw::Destination(barman.destination.clone()));
                }
                if !is_name(&barman.server) {
                    flaws.push(Flaw::Name(barman.server.clone()));
                }
                paths.extend(&barman.environment_file);
                texts.extend(&barman.endpoint);
                vec![(barman.retention, None)]
            }
            Tool::PgBackRest(tool) => {
                if !is_name(&tool.stanza) {
                    flaws.push(Flaw::Name(tool.stanza.clone()));
                }
                if let Some(spool) = &tool.spool {
                    paths.push(&spool.path);
                    flaws.extend(spool.limit.map(Flaw::DropsWal));
                }
                for repository in &tool.repositories {
                    paths.push(&repository.path);
                    match &repository.storage {
                        super::Storage::Posix if is_below(&repository.path, &self.cluster.data) => {
                            flaws.push(Flaw::RepositoryInData {
                                repository: repository.path.clone(),
                                data: self.cluster.data.clone(),
                            });
                        }
                        super::Storage::Posix => {}
                        super::Storage::S3 { bucket, endpoint, region } => {
                            texts.extend([bucket, endpoint, region]);
                        }
                    }
                }
                tool.repositories.iter().map(|r| (r.retention, r.archive)).collect()
            }
        };
        for (number, (retention, archive)) in (1..).zip(&repositories) {
            let (Retention::Redundancy(kept) | Retention::Window { days: kept }) = *retention;
            if kept == 0 {
                flaws.push(Flaw::KeepsNothing(number));
            }
            if kept > LARGEST_RETENTION {
                flaws.push(Flaw::RetentionRange);
            }
            let counted = matches!(retention, Retention::Redundancy(_));
            if counted && archive.is_some_and(|archive| archive < kept) {
                flaws.push(Flaw::ArchiveBelowFull(number));
            }
            let full =
                |base: &&super::BaseBackup| base.kind == Kind::Full && base.repository == number;
            if !self.base.iter().any(|base| full(&base)) {
                flaws.push(Flaw::NoFullBackup(number));
            }
        }
        for base in &self.base {
            let known = (1..).zip(&repositories).any(|(number, _)| base.repository == number);
            if !known {
                flaws.push(Flaw::UnknownRepository(base.repository));
            }
            if base.kind != Kind::Full && matches!(self.tool, Tool::Barman(_)) {
                flaws.push(Flaw::KindNotSupported);
            }
        }
        flaws.extend(
            paths
                .iter()
                .filter(|path| !path.starts_with('/'))
                .map(|path| Flaw::Path((*path).clone())),
        );
        let lines = paths.into_iter().chain(texts);
        flaws.extend(
            lines.filter(|text| text.contains(['\n', '\r', '\0'])).cloned().map(Flaw::LineBreak),
        );
        flaws
    }
}
