//! How urgent a message is.

use std::fmt;
use std::str::FromStr;

/// A closed set: there is no `medium`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Priority {
    /// Kept, not shown.
    Silent,
    /// Shown without a sound.
    Low,
    /// As any message.
    Normal,
    /// Through quiet hours.
    High,
    /// Until somebody answers.
    Emergency,
}

/// Every priority, the least urgent first.
pub const PRIORITIES: [Priority; 5] =
    [Priority::Silent, Priority::Low, Priority::Normal, Priority::High, Priority::Emergency];

/// A word that is no priority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no priority; write emergency, high, normal, low or silent")]
pub struct PriorityError(String);

impl Priority {
    /// As it is declared.
    pub fn as_str(self) -> &'static str {
        match self {
            Priority::Silent => "silent",
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
            Priority::Emergency => "emergency",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Priority {
    type Err = PriorityError;

    fn from_str(text: &str) -> Result<Self, PriorityError> {
        let known = PRIORITIES.into_iter().find(|priority| priority.as_str() == text);
        known.ok_or_else(|| PriorityError(text.to_owned()))
    }
}
