//! What happens, and what is known when it does.

use std::fmt;
use std::str::FromStr;

use zfs_props::name::DatasetName;

use crate::span::Span;

/// What can happen to a service whose restore failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Start {
    /// It starts with nothing.
    Empty,
    /// It does not start.
    Blocked,
}

macro_rules! events {
    ($($(#[doc = $doc:literal])* $event:ident $name:literal {
        $($(#[doc = $field_doc:literal])* $field:ident $key:literal: $type:ty => $text:expr,)*
    })*) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
        #[non_exhaustive]
        pub enum Event {
            $($(#[doc = $doc])* $event,)*
        }

        /// An event with what is known of it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
        #[non_exhaustive]
        pub enum Occurrence {
            $($(#[doc = $doc])* $event {
                $($(#[doc = $field_doc])* $field: $type,)*
            },)*
        }

        impl Event {
            /// Every kind.
            pub const ALL: &'static [Event] = &[$(Event::$event,)*];

            /// As it is declared.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Event::$event => $name,)*
                }
            }

            /// The variables that it provides.
            pub fn provides(self) -> &'static [&'static str] {
                match self {
                    $(Event::$event => &[$($key,)*],)*
                }
            }
        }

        impl Occurrence {
            /// Of which kind it is.
            pub fn event(&self) -> Event {
                match self {
                    $(Occurrence::$event { .. } => Event::$event,)*
                }
            }

            /// The value of a variable; none if its kind does not provide it.
            pub fn value(&self, variable: &str) -> Option<String> {
                match self {
                    $(Occurrence::$event { $($field,)* } => match variable {
                        $($key => {
                            let text: fn(&$type) -> String = $text;
                            Some(text($field))
                        })*
                        _ => None,
                    },)*
                }
            }
        }
    };
}

events! {
    /// sanoid did not take or prune snapshots.
    SnapshotFailed "snapshot-failed" {
        /// The dataset.
        dataset "dataset": DatasetName => |name| name.to_string(),
        /// What the tool said.
        error "errorMessage": String => String::clone,
    }
    /// A copy is too far behind its source.
    ReplicationLags "replication-lags" {
        /// The dataset.
        dataset "dataset": DatasetName => |name| name.to_string(),
        /// From the newest common snapshot to the newest of the source.
        lag "lagHours": Span => |lag| (lag.as_secs() / 3600).to_string(),
    }
    /// A backup job did not complete.
    BackupFailed "backup-failed" {
        /// The job.
        job "jobName": String => String::clone,
        /// Where it writes to.
        repository "repository": String => String::clone,
        /// What the tool said.
        error "errorMessage": String => String::clone,
    }
    /// Data was restored before a service started.
    RestoreSucceeded "restore-succeeded" {
        /// The service.
        service "serviceName": String => String::clone,
        /// From where.
        source "restoreSource": String => String::clone,
        /// How long it took.
        duration "duration": Span => |duration| duration.to_string(),
    }
    /// Nothing could be restored, and the service starts empty, as it is allowed to.
    RestoreFailedStartsEmpty "restore-failed-starts-empty" {
        /// The service.
        service "serviceName": String => String::clone,
        /// What the tools said.
        error "errorMessage": String => String::clone,
    }
    /// Nothing could be restored, and the service does not start.
    RestoreFailedBlocked "restore-failed-blocked" {
        /// The service.
        service "serviceName": String => String::clone,
        /// What the tools said.
        error "errorMessage": String => String::clone,
    }
    /// There was data already.
    RestoreSkipped "restore-skipped" {
        /// The service.
        service "serviceName": String => String::clone,
    }
}

impl Occurrence {
    /// A failed restore: which event it is depends on what becomes of the service, so that no text can say otherwise.
    pub fn restore_failed(service: String, error: String, start: Start) -> Self {
        match start {
            Start::Empty => Self::RestoreFailedStartsEmpty { service, error },
            Start::Blocked => Self::RestoreFailedBlocked { service, error },
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no event")]
pub struct EventError(String);

impl FromStr for Event {
    type Err = EventError;

    fn from_str(text: &str) -> Result<Self, EventError> {
        let known = Event::ALL.iter().find(|event| event.as_str() == text);
        known.copied().ok_or_else(|| EventError(text.to_owned()))
    }
}
