//! barman-cloud: base backups and WAL as objects (barman-cloud-backup(1), 3.4).

use super::Retention;

/// Where barman-cloud keeps a server, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Barman {
    /// The bucket and folder: `s3://bucket/folder`, `gs://bucket/folder`, or an `https://` address of Azure.
    pub destination: String,
    /// The name of the server in it: every command takes one.
    pub server: String,
    /// What base backups and WAL are compressed with.
    pub compression: Option<Compression>,
    /// An S3 of another provider (`--endpoint-url`).
    pub endpoint: Option<String>,
    /// Which base backups are kept.
    pub retention: Retention,
    /// File with the credentials, as `KEY=value` lines for the service: a reference, never the secret.
    pub environment_file: Option<String>,
}

/// What barman-cloud compresses with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Compression {
    /// `--gzip`.
    Gzip,
    /// `--bzip2`.
    Bzip2,
    /// `--snappy`.
    Snappy,
}

impl Compression {
    fn flag(self) -> &'static str {
        match self {
            Compression::Gzip => "--gzip",
            Compression::Bzip2 => "--bzip2",
            Compression::Snappy => "--snappy",
        }
    }
}

/// Which cloud a destination names.
const PROVIDERS: [(&str, &str); 3] =
    [("s3://", "aws-s3"), ("gs://", "google-cloud-storage"), ("https://", "azure-blob-storage")];

impl Barman {
    /// Uncompressed, at the provider's own address, with credentials from the surroundings.
    pub fn new(destination: &str, server: &str, retention: Retention) -> Self {
        Self {
            destination: destination.to_owned(),
            server: server.to_owned(),
            compression: None,
            endpoint: None,
            retention,
            environment_file: None,
        }
    }

    /// The provider of the destination; none if it is none of those barman knows.
    pub fn provider(&self) -> Option<&'static str> {
        let known = PROVIDERS.iter().find(|(scheme, _)| {
            self.destination.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())
        });
        known.map(|(_, provider)| *provider)
    }

    fn command(&self, program: &str, own: &[&str]) -> Vec<String> {
        let mut argv = vec![program.to_owned()];
        // S3 is barman's own choice.
        if let Some(provider) = self.provider().filter(|provider| *provider != "aws-s3") {
            argv.push(format!("--cloud-provider={provider}"));
        }
        argv.extend(self.endpoint.iter().map(|url| format!("--endpoint-url={url}")));
        argv.extend(own.iter().map(|word| (*word).to_owned()));
        argv.extend([self.destination.clone(), self.server.clone()]);
        argv
    }

    fn compressed(&self) -> Vec<&'static str> {
        self.compression.into_iter().map(Compression::flag).collect()
    }

    /// A base backup.
    pub fn backup(&self) -> Vec<String> {
        self.command("barman-cloud-backup", &self.compressed())
    }

    /// A segment of WAL; PostgreSQL puts its path behind.
    pub fn archive(&self) -> Vec<String> {
        self.command("barman-cloud-wal-archive", &self.compressed())
    }

    /// Removes base backups that are no longer kept, and the WAL before the first that is.
    pub fn expire(&self) -> Vec<String> {
        let retention = format!("--retention-policy={}", self.retention);
        self.command("barman-cloud-backup-delete", &[&retention])
    }

    /// Checks that the archive is safe for a new server to write to.
    pub fn check_archive(&self) -> Vec<String> {
        self.command("barman-cloud-check-wal-archive", &[])
    }
}
