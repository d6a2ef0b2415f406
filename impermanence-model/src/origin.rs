//! Who declared something, and where.

use std::fmt;
use std::sync::Arc;

use declared::{Entry, Position};

/// The part of a host's declaration that something comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Layer {
    /// The host's file systems and its root.
    FileSystems,
    /// What every impermanent host keeps.
    Core,
    /// What this host keeps.
    Host,
    /// What a service needs.
    Service(Arc<str>),
    /// What a user keeps below the home.
    User(Arc<str>),
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileSystems => f.write_str("the file systems"),
            Self::Core => f.write_str("the core"),
            Self::Host => f.write_str("the host"),
            Self::Service(name) => write!(f, "service {name}"),
            Self::User(name) => write!(f, "user {name}"),
        }
    }
}

/// Who declared something, and under which key. Cheap to clone: every step of a layout has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Origin {
    /// The layer.
    pub layer: Layer,
    /// The path of the key, as `host.directories[2]`.
    pub key: Arc<str>,
    /// Where it stands, if the declaration was read from a text that has lines.
    pub position: Option<Position>,
}

impl Origin {
    /// Declared by `layer` under `key`.
    pub fn new(layer: Layer, key: impl Into<Arc<str>>) -> Self {
        Self { layer, key: key.into(), position: None }
    }

    pub(crate) fn of(layer: Layer, entry: &Entry<'_>) -> Self {
        Self { layer, key: entry.path.as_str().into(), position: entry.node.at.or(entry.at) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.layer)?;
        if self.key.is_empty() { Ok(()) } else { write!(f, " ({})", self.key) }
    }
}
