//! What others are told: one event for every outcome, with the fields that templates of notifications use.

use super::outcome::{Outcome, Report};
use super::record::RecordKind;
use crate::quantity::Seconds;

/// How it went, in the words of the notification templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum EventKind {
    /// Restored, adopted, or started empty as allowed.
    Success,
    /// The service must not start.
    Failure,
    /// Nothing was to be done.
    Skipped,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Event {
    /// How it went.
    pub kind: EventKind,
    /// Fields by name: `serviceName`, `outcome`, and with a success `restoreSource`, `restorePoint`, `duration`; with a
    /// failure `errorMessage`. A text is there or the field is missing; there are no placeholders in it.
    pub fields: Vec<(&'static str, String)>,
}

impl Event {
    /// The event of a report. A pure function of the outcome: a text never says what did not happen.
    pub fn of(report: &Report) -> Self {
        let (kind, outcome) = match &report.outcome {
            Outcome::Skipped(_) => (EventKind::Skipped, "skipped"),
            Outcome::Restored(_) => (EventKind::Success, "restored"),
            Outcome::Adopted(_) => (EventKind::Success, "adopted"),
            Outcome::StartedEmpty(_) => (EventKind::Success, "started-empty"),
            Outcome::Busy => (EventKind::Skipped, "busy"),
            Outcome::NeedsAdoption => (EventKind::Failure, "needs-adoption"),
            Outcome::Blocked(_) => (EventKind::Failure, "blocked"),
        };
        let mut fields =
            vec![("serviceName", report.service.clone()), ("outcome", outcome.to_owned())];
        if let Some(record) = report.outcome.record() {
            if let RecordKind::Restored { candidate, point } = &record.kind {
                fields.push(("restoreSource", candidate.clone()));
                fields.push(("restorePoint", point.to_string()));
            }
        }
        match kind {
            EventKind::Success => fields.push(("duration", Seconds(report.seconds).to_string())),
            EventKind::Failure => fields.push(("errorMessage", report.to_string())),
            EventKind::Skipped => {}
        }
        Self { kind, fields }
    }
}
