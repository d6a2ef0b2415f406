//! Which snapshots are due.

use jiff::Timestamp;

use super::clock::{Clock, OutOfRange, day_as_f64};
use super::mark::last_mark;
use super::name::type_of;
use crate::Snapshot;
use crate::sanoid::{Settings, Type};

/// A snapshot that is due, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// Its type.
    pub kind: Type,
    /// The last time one was due.
    pub mark: Timestamp,
    /// The newest there is.
    pub newest: Option<Timestamp>,
}

/// The newest snapshot of a type.
pub(super) fn newest(snapshots: &[Snapshot], kind: Type) -> Option<Timestamp> {
    let own = snapshots.iter().filter(|snapshot| type_of(&snapshot.id) == Some(kind.name()));
    own.map(|snapshot| snapshot.time).max()
}

/// The types that are due: those of which some are to be kept, and none exists that is as young as the last
/// mark.
pub(super) fn due(
    settings: &Settings,
    snapshots: &[Snapshot],
    clock: &Clock<'_>,
) -> Result<Vec<Due>, (Type, OutOfRange)> {
    let mut due = Vec::new();
    if !settings.autosnap || settings.process_children_only {
        return Ok(due);
    }
    for kind in Type::ALL.into_iter().filter(|kind| settings.keep.of(*kind) > 0.0) {
        let mark = last_mark(kind, &settings.marks, clock).map_err(|problem| (kind, problem))?;
        let newest = newest(snapshots, kind);
        if newest.is_none_or(|newest| day_as_f64(newest.as_second()) < mark) {
            #[allow(clippy::cast_possible_truncation, reason = "to whole seconds")]
            let mark = Timestamp::from_second(mark.floor() as i64).unwrap_or_default();
            due.push(Due { kind, mark, newest });
        }
    }
    Ok(due)
}
