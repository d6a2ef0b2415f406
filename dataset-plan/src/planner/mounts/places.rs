//! Which mounts of the machine matter to a plan.

use std::collections::HashSet;

use super::stage::MOUNTPOINT;
use crate::path::{tidy, upwards};
use crate::plan::Action;
use crate::planner::Draft;
use crate::tree::{Time, Tree};

/// The places where a plan mounts. What is mounted elsewhere is in nobody's way, and most of a machine is.
pub(super) struct Places(HashSet<String>);

impl Places {
    /// The places of new filesystems; `None` if anything that exists is mounted or unmounted, for which all the
    /// mounts of the machine may matter.
    pub(super) fn of_new(tree: &Tree<'_>, drafts: &[Draft]) -> Option<Self> {
        let mut places = HashSet::new();
        for draft in drafts.iter().filter(|draft| draft.action.may_mount()) {
            let (Action::Create { .. } | Action::Clone { .. }) = &draft.action else { return None };
            let place = tree.sight(draft.row, &MOUNTPOINT, Time::Later);
            let place = place.map(|sight| tidy(sight.into_text()).into_owned());
            places.extend(place.filter(|place| place.starts_with('/')));
        }
        Some(Self(places))
    }

    /// Whether a place is one of them, or below one.
    pub(super) fn hold(&self, place: &str) -> bool {
        upwards(place).any(|above| self.0.contains(above))
    }
}
