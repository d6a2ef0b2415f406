//! From when on something is late, full, or wrong.

use crate::span::Span;

/// Ages from which something is worth a warning, and from which it is an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ages {
    /// Older than this: a warning.
    pub warning: Span,
    /// Older than this: critical.
    pub critical: Span,
}

impl Ages {
    /// A warning as soon as a bound is exceeded, critical at twice that.
    pub fn from_bound(bound: Span) -> Self {
        Self { warning: bound, critical: bound.saturating_mul(2) }
    }
}

/// Percentages from which a dataset is worth a warning, and from which it is an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Percents {
    /// Fuller than this: a warning.
    pub warning: u8,
    /// Fuller than this: critical.
    pub critical: u8,
}

/// The thresholds of a host. A threshold of age that is not set follows from the schedule it guards: a warning as soon as the
/// schedule cannot explain the age any more, critical at twice that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Thresholds {
    /// Age of the last complete run of a backup job.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub backup: Option<Ages>,
    /// Lag of a replication.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub lag: Option<Ages>,
    /// Age of the newest snapshot of a dataset that sanoid takes snapshots of.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub snapshot: Option<Ages>,
    /// How full a dataset is, of what it can use.
    pub capacity: Percents,
}

impl Default for Thresholds {
    fn default() -> Self {
        let capacity = Percents { warning: 80, critical: 90 };
        Self { backup: None, lag: None, snapshot: None, capacity }
    }
}
