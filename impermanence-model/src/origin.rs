//! Who declared something, and where.

use std::fmt;

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
    Service(String),
    /// What a user keeps below the home.
    User(String),
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

/// Who declared something, and under which key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Origin {
    /// The layer.
    pub layer: Layer,
    /// The path of the key, as `host.directories[2]`; empty for what follows from something else.
    pub key: String,
}

impl Origin {
    /// Declared by `layer` under `key`.
    pub fn new(layer: Layer, key: impl Into<String>) -> Self {
        Self { layer, key: key.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.layer)?;
        if self.key.is_empty() { Ok(()) } else { write!(f, " ({})", self.key) }
    }
}
