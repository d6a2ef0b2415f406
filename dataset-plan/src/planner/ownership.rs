//! Plans what is given up.

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;

use super::properties::Needed;
use super::{Part, Planner};
use crate::observed::Dataset;
use crate::ownership::{GivenUp, given_up};

impl<'a> Planner<'a> {
    /// A dataset that was declared once, with properties that were set for that.
    pub(super) fn leave_behind(&mut self, at: usize, name: &DatasetName, dataset: &'a Dataset) {
        let given_up = given_up(self.desired, &self.tree, at, None, dataset);
        self.give_up(at, name, dataset, &mut Vec::new(), &given_up);
    }

    /// Plans what is needed, with what is given up.
    pub(super) fn give_up(
        &mut self,
        at: usize,
        name: &DatasetName,
        dataset: &Dataset,
        needed: &mut Vec<Needed>,
        given_up: &GivenUp<'a>,
    ) {
        let blocked = self.blocked.len();
        for (property, (wish, why)) in given_up {
            needed.extend(self.needed(at, name, dataset, property, (wish, &|| why.to_string())));
        }
        let vetoed = |property: &PropertyName| {
            property.native().is_some_and(|native| self.vetoes.has(at, Part::Property(native)))
        };
        if blocked != self.blocked.len() || given_up.keys().any(vetoed) {
            // What cannot be given up must not be forgotten.
            let note = self.desired.owner_property.as_ref();
            needed.retain(|needed| note != Some(&needed.property));
        }
        if !needed.is_empty() {
            self.draft_changes(at, name, dataset, needed);
        }
    }
}
