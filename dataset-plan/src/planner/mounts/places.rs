//! Which mounts of the machine matter to a plan.

use std::collections::HashSet;

use super::stage::MOUNTPOINT;
use crate::path::tidy;
use crate::plan::Action;
use crate::planner::Draft;
use crate::tree::{Time, Tree};

/// The places where a plan mounts. What is mounted elsewhere is in nobody's way, and most of a machine is.
#[derive(Default)]
pub(super) struct Places {
    all: HashSet<String>,
    /// Whether any is so many bytes long: what is not has not to be looked up.
    lengths: Vec<bool>,
}

impl Places {
    /// The places of new filesystems; `None` if anything that exists is mounted or unmounted, for which all the
    /// mounts of the machine may matter.
    pub(super) fn of_new(tree: &Tree<'_>, drafts: &[Draft]) -> Option<Self> {
        let mut places = Self::default();
        for draft in drafts.iter().filter(|draft| draft.may_mount) {
            let (Action::Create { .. } | Action::Clone { .. }) = &draft.action else { return None };
            let place = tree.sight(draft.row, &MOUNTPOINT, Time::Later);
            let place = place.map(|sight| tidy(sight.into_text()).into_owned());
            if let Some(place) = place.filter(|place| place.starts_with('/')) {
                places.add(place);
            }
        }
        Some(places)
    }

    fn add(&mut self, place: String) {
        if self.lengths.len() <= place.len() {
            self.lengths.resize(place.len() + 1, false);
        }
        if let Some(is_any) = self.lengths.get_mut(place.len()) {
            *is_any = true;
        }
        self.all.insert(place);
    }

    /// Whether a place is one of them, or below one.
    pub(super) fn hold(&self, place: &str) -> bool {
        let slashes = place.bytes().enumerate().filter(|(at, byte)| *byte == b'/' && *at > 0);
        let lengths = [1, place.len()].into_iter().chain(slashes.map(|(at, _)| at));
        lengths
            .filter(|length| self.lengths.get(*length) == Some(&true))
            .any(|length| place.get(..length).is_some_and(|above| self.all.contains(above)))
    }
}
