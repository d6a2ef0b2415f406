//! What services need again, and how the host keeps it.

use std::fmt;

use super::{Kind, Ownership};
use crate::origin::Origin;
use crate::path::AbsolutePath;
use crate::stage::Stage;

/// A service: it says what it needs again, and nothing about how that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// What it writes and needs again.
    pub state: Vec<State>,
}

/// A directory or file that a service writes and needs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Where.
    pub path: AbsolutePath,
    /// What.
    pub kind: Kind,
    /// Whose.
    pub own: Ownership,
    /// When the service needs it.
    pub stage: Option<Stage>,
    /// Where it is declared.
    pub origin: Origin,
}

/// How a host keeps the state of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Bound from a store; none: the one of the host's [`Storage`], or its only one.
    Bind(Option<AbsolutePath>),
    /// In a dataset of its own, mounted at its (only) directory.
    Dataset(String),
    /// Not at all, for this reason.
    Ephemeral(String),
}

/// How a host keeps services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A single disk: bound from this store.
    Binds(AbsolutePath),
    /// A data pool: a dataset each, below this one.
    Datasets(String),
}

/// What to write down for a piece of state: the answer of [`advise`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// An entry of the host's `directories` (or `files`).
    Entry {
        /// The store it is kept in.
        store: AbsolutePath,
        /// The path.
        path: AbsolutePath,
        /// What is to be said about the owner: nothing for a service that runs as root.
        own: Ownership,
    },
    /// A dataset of its own.
    Dataset {
        /// Its name.
        dataset: String,
        /// Where it is mounted.
        mountpoint: AbsolutePath,
        /// Owner of the mounted directory.
        own: Ownership,
    },
}

/// The decision matrix of a fleet whose hosts differ in storage: a single-disk host adds a directory to what is bound
/// from its store, another one adds a dataset; a service that does not run as root has its owner written beside it.
pub fn advise(storage: &Storage, service: &str, state: &State) -> Advice {
    let user = state.own.user.as_deref().unwrap_or("root");
    let runs_as_root = matches!(user, "root" | "0");
    let own = if runs_as_root { Ownership::default() } else { state.own.clone() };
    match storage {
        Storage::Binds(store) => {
            Advice::Entry { store: store.clone(), path: state.path.clone(), own }
        }
        Storage::Datasets(parent) => Advice::Dataset {
            dataset: format!("{parent}/{service}"),
            mountpoint: state.path.clone(),
            own,
        },
    }
}

impl fmt::Display for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in [("owner", &self.user), ("group", &self.group)] {
            if let Some(value) = value {
                write!(f, ", {key} = \"{value}\"")?;
            }
        }
        self.mode.map_or(Ok(()), |mode| write!(f, ", mode = \"{mode}\""))
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { store, path, own } if own.is_empty() => {
                write!(f, "add \"{path}\" to what the host keeps in {store}")
            }
            Self::Entry { store, path, own } => {
                write!(f, "add {{ path = \"{path}\"{own} }} to what the host keeps in {store}")
            }
            Self::Dataset { dataset, mountpoint, own } => {
                write!(f, "mount dataset {dataset} at {mountpoint}{own}")
            }
        }
    }
}
