//! `[user@][host:]dataset`.

use std::fmt;
use std::str::FromStr;

use zfs_props::name::{DatasetName, NameError};

/// A dataset here or on another host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Who works there; the user that runs syncoid otherwise. Only with a host.
    pub user: Option<String>,
    /// The host; this one otherwise.
    pub host: Option<String>,
    /// The dataset.
    pub dataset: DatasetName,
}

/// A text that names no place for syncoid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The dataset's name is none.
    #[error("`{text}`: {error}; write [[USER@]HOST:]DATASET")]
    Dataset {
        /// What was read.
        text: String,
        /// What is wrong with the name.
        error: NameError,
    },
    /// User or host are empty, begin with `-`, or have characters that a shell or ssh would act on.
    #[error("`{0}` is no user or host for ssh; write [[USER@]HOST:]DATASET")]
    Host(String),
}

/// syncoid puts user and host into a command line without quotes.
fn is_plain(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !word.is_empty() && !word.starts_with('-') && word.bytes().all(plain)
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        // A colon before the first slash ends a host.
        let pool = text.split('/').next().unwrap_or_default();
        let (place, dataset) = match pool.find(':') {
            Some(colon) => (text.get(..colon), text.get(colon + 1..).unwrap_or_default()),
            None => (None, text),
        };
        let dataset = dataset
            .parse()
            .map_err(|error| EndpointError::Dataset { text: text.to_owned(), error })?;
        let Some(place) = place else { return Ok(Self { user: None, host: None, dataset }) };
        let (user, host) = match place.split_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, place),
        };
        if !user.into_iter().chain([host]).all(is_plain) {
            return Err(EndpointError::Host(place.to_owned()));
        }
        Ok(Self { user: user.map(str::to_owned), host: Some(host.to_owned()), dataset })
    }
}

impl Endpoint {
    /// Whether [`FromStr`] reads it back, and ssh takes it as meant.
    pub(super) fn is_sound(&self) -> bool {
        self.to_string().parse().as_ref() == Ok(self)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            if let Some(user) = &self.user {
                write!(f, "{user}@")?;
            }
            write!(f, "{host}:")?;
        }
        write!(f, "{}", self.dataset)
    }
}

crate::text_form::text_form!(Endpoint);
