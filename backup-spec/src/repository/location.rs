//! Places of repositories, as `restic -r` takes them (restic 0.18 manual, "Preparing a new repository").

use std::fmt;
use std::str::FromStr;

use crate::path::AbsolutePath;

/// The place of a restic repository, in one spelling: two that are equal are one repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Location {
    /// A directory of this host.
    Local(AbsolutePath),
    /// `sftp:USER@HOST:PATH` or `sftp://USER@HOST:PORT/PATH`.
    Sftp(String),
    /// `rest:URL`, of rest-server.
    Rest(String),
    /// `s3:HOST/BUCKET/PATH` or `s3:URL`.
    S3(String),
    /// `b2:BUCKET:PATH`.
    B2 {
        /// The bucket.
        bucket: String,
        /// The path in it; empty for its root.
        path: String,
    },
}

/// What kind of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Backend {
    /// A directory of this host, perhaps a share.
    Local,
    /// A host that is reached by ssh.
    Sftp,
    /// A rest-server.
    Rest,
    /// S3, or something that talks like it.
    S3,
    /// Backblaze B2.
    B2,
}

impl Backend {
    /// Whether such a place is on another site, where the backend tells.
    pub fn offsite(self) -> Option<bool> {
        match self {
            Backend::Local => Some(false),
            Backend::S3 | Backend::B2 => Some(true),
            Backend::Sftp | Backend::Rest => None,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Backend::Local => "local",
            Backend::Sftp => "sftp",
            Backend::Rest => "rest",
            Backend::S3 => "s3",
            Backend::B2 => "b2",
        })
    }
}

/// A text that is no [`Location`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLocation {
    /// A password would be readable by everyone who sees the process or the unit.
    #[error(
        "the place of the repository has a password in it: put it into the environment file (RESTIC_REST_PASSWORD)"
    )]
    Secret,
    /// A backend that this crate does not know.
    #[error("`{0}:` is a backend that is not modelled; these are: local, sftp, rest, s3, b2")]
    Backend(String),
    /// Not as the backend wants it.
    #[error("`{text}` is not a place of {backend}: write {wanted}")]
    Form {
        /// What was written.
        text: String,
        /// The backend.
        backend: Backend,
        /// What would be right.
        wanted: &'static str,
    },
    /// A directory that is no absolute path.
    #[error("{0}")]
    Path(#[from] crate::path::BadPath),
}

impl Location {
    /// What kind of place it is.
    pub fn backend(&self) -> Backend {
        match self {
            Location::Local(_) => Backend::Local,
            Location::Sftp(_) => Backend::Sftp,
            Location::Rest(_) => Backend::Rest,
            Location::S3(_) => Backend::S3,
            Location::B2 { .. } => Backend::B2,
        }
    }
}

/// Backends of restic that are not modelled.
const OTHERS: [&str; 4] = ["azure", "gs", "swift", "rclone"];

impl FromStr for Location {
    type Err = BadLocation;

    fn from_str(text: &str) -> Result<Self, BadLocation> {
        let form = |backend, wanted| BadLocation::Form { text: text.to_owned(), backend, wanted };
        if text.chars().any(|c| c.is_control() || c == ' ') && !text.starts_with(['/', 'l']) {
            return Err(form(Backend::Local, "a path, or a URL without blanks"));
        }
        let Some((scheme, rest)) = text.split_once(':').filter(|_| !text.starts_with('/')) else {
            return Ok(Location::Local(text.parse()?));
        };
        match scheme {
            "local" => Ok(Location::Local(rest.parse()?)),
            "sftp" => {
                let (slashes, after, sign) = match rest.strip_prefix("//") {
                    Some(after) => ("//", after, '/'),
                    None => ("", rest, ':'),
                };
                let parts = after.split_once(sign);
                let parts = parts.filter(|(host, path)| !host.is_empty() && !path.is_empty());
                let wanted = "sftp:USER@HOST:PATH or sftp://USER@HOST:PORT/PATH";
                let (host, path) = parts.ok_or_else(|| form(Backend::Sftp, wanted))?;
                // The root is a place; no path is the user's home.
                let path = match path.trim_end_matches('/') {
                    "" => "/",
                    path => path,
                };
                Ok(Location::Sftp(format!("{slashes}{host}{sign}{path}")))
            }
            "rest" => {
                let form = || form(Backend::Rest, "rest:http://HOST:PORT/PATH or rest:https://...");
                let (scheme, after) = rest.split_once("://").ok_or_else(form)?;
                if !matches!(scheme, "http" | "https" | "http+unix") || after.is_empty() {
                    return Err(form());
                }
                no_password(after)?;
                Ok(Location::Rest(rest.trim_end_matches('/').to_owned()))
            }
            "s3" => {
                let form = || form(Backend::S3, "s3:HOST/BUCKET or s3:https://HOST/BUCKET");
                let host = rest.split_once("://").map_or(rest, |(_, after)| after);
                no_password(host)?;
                let (host, bucket) =
                    host.trim_start_matches('/').split_once('/').ok_or_else(form)?;
                if host.is_empty() || bucket.trim_matches('/').is_empty() {
                    return Err(form());
                }
                // Without a scheme restic uses https, so that is the same place.
                let plain = rest.strip_prefix("https://").unwrap_or(rest);
                Ok(Location::S3(plain.trim_start_matches('/').trim_end_matches('/').to_owned()))
            }
            "b2" => {
                let end = rest.find([':', '/']).unwrap_or(rest.len());
                let (bucket, path) = rest.split_at(end);
                if bucket.is_empty() {
                    return Err(form(Backend::B2, "b2:BUCKET:PATH"));
                }
                let path = path.trim_start_matches([':', '/']).trim_end_matches('/');
                Ok(Location::B2 { bucket: bucket.to_owned(), path: path.to_owned() })
            }
            other if OTHERS.contains(&other) => Err(BadLocation::Backend(other.to_owned())),
            _ => Ok(Location::Local(text.parse()?)),
        }
    }
}

/// Refuses `USER:PASSWORD@` in front of a host.
fn no_password(authority: &str) -> Result<(), BadLocation> {
    let authority = authority.split('/').next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    if user.is_some_and(|user| user.contains(':')) { Err(BadLocation::Secret) } else { Ok(()) }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Local(path) => write!(f, "{path}"),
            Location::Sftp(rest) => write!(f, "sftp:{rest}"),
            Location::Rest(url) => write!(f, "rest:{url}"),
            Location::S3(url) => write!(f, "s3:{url}"),
            Location::B2 { bucket, path } => write!(f, "b2:{bucket}:{path}"),
        }
    }
}

crate::text_form::text_form!(Location);

#[cfg(test)]
mod tests {
    use super::{BadLocation, Location};

    fn read(text: &str) -> Location {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn places_are_read_back() {
        for text in [
            "/mnt/nas-backup",
            "sftp:restic@nas-1:/srv/repo",
            "sftp://restic@nas-1:2222//srv/repo",
            // The root, for a user who is locked into a directory: without the slash, it is the home.
            "sftp:nas-1:/",
            "sftp://nas-1:23//",
            "rest:https://nas-1:8000/forge",
            "rest:https://forge@nas-1:8000/forge",
            "s3:s3.eu-central-1.amazonaws.com/bucket/forge",
            "s3:http://localhost:9000/bucket",
            "b2:bucket:forge/restic",
        ] {
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn one_place_has_one_spelling() {
        assert_eq!(read("/mnt//nas/"), read("local:/mnt/nas"));
        assert_eq!(read("s3:https://host/bucket/"), read("s3:host/bucket"));
        assert_ne!(read("s3:http://host/bucket"), read("s3:host/bucket"));
        assert_eq!(read("b2:bucket:/a/"), read("b2:bucket/a"));
        assert_eq!(read("rest:https://h/a/"), read("rest:https://h/a"));
        assert_eq!(read("sftp:h:/a/"), read("sftp:h:/a"));
    }

    #[test]
    fn secrets_and_strangers_are_refused() {
        let bad = |text: &str| text.parse::<Location>().unwrap_err();
        assert_eq!(bad("rest:https://forge:hunter2@nas-1:8000/"), BadLocation::Secret);
        assert_eq!(bad("rclone:remote:x"), BadLocation::Backend("rclone".into()));
        for text in
            ["", "relative", "sftp:host", "rest:nas-1", "s3:host", "b2:", "rest:https://a b/"]
        {
            bad(text);
        }
    }
}
