//! State of a service.

use crate::origin::Origin;
use crate::path::AbsolutePath;

/// A place that a service writes and needs again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ServiceState {
    /// The service.
    pub service: String,
    /// Where.
    pub path: AbsolutePath,
    /// Why it is lost on purpose, if it is.
    pub ephemeral: Option<String>,
    /// Who declared it.
    pub origin: Origin,
}
