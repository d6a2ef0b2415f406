//! Why a draft cannot be.

use zfs_props::key::PropertyName;
use zfs_props::property::Property;

use super::arrange::Arrange;
use super::table::Who;
use crate::path::upwards;
use crate::plan::{Action, Assignment, Obstacle};
use crate::planner::Draft;

/// Which part of what is planned for a dataset cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::planner) enum Part {
    /// That it is created or renamed.
    Arrival,
    /// A change of a property.
    Property(Property),
    /// That it is mounted.
    Mount,
    /// That it is destroyed.
    Removal,
    /// That it is no clone any more.
    Origin,
    /// Who owns its directory.
    Directory,
}

impl Part {
    /// It mounts or unmounts.
    pub(in crate::planner) fn mounts(self) -> bool {
        match self {
            Part::Property(property) => MOUNTING.contains(&property),
            Part::Arrival | Part::Mount | Part::Removal => true,
            Part::Origin | Part::Directory => false,
        }
    }
}

/// Why something that is planned cannot be.
#[derive(Clone, Debug)]
pub(in crate::planner) struct Conflict {
    /// What cannot be, by row.
    pub(in crate::planner) parts: Vec<(usize, Part)>,
    pub(in crate::planner) code: Obstacle,
    pub(in crate::planner) what: String,
    pub(in crate::planner) remedy: &'static str,
}

/// Properties whose change mounts and unmounts.
const MOUNTING: [Property; 4] =
    [Property::Mountpoint, Property::Canmount, Property::Sharenfs, Property::Sharesmb];

impl Action {
    /// It may mount or unmount something.
    pub(crate) fn may_mount(&self) -> bool {
        parts(self).any(Part::mounts)
    }
}

impl Draft {
    /// What must be left out if this cannot be, by row.
    pub(in crate::planner) fn parts(&self) -> Vec<(usize, Part)> {
        if self.sake.is_empty() { of_row(self.row, &self.action) } else { self.sake.clone() }
    }
}

/// What an action is, as parts of the plan.
pub(in crate::planner) fn of_row(row: usize, action: &Action) -> Vec<(usize, Part)> {
    parts(action).map(|part| (row, part)).collect()
}

/// What an action is, as parts of the plan for its dataset.
fn parts(action: &Action) -> impl Iterator<Item = Part> {
    let property = |name: &PropertyName| name.native().map(Part::Property);
    let (one, many): (_, &[Assignment]) = match action {
        Action::Create { .. }
        | Action::CreateVolume { .. }
        | Action::Clone { .. }
        | Action::Rename { .. } => (Some(Part::Arrival), &[]),
        Action::Destroy | Action::DestroySnapshot(_) => (Some(Part::Removal), &[]),
        Action::Set(assignments) => (None, assignments),
        Action::Inherit(name) | Action::Revert(name) => (property(name), &[]),
        Action::Promote => (Some(Part::Origin), &[]),
        Action::Own { .. } => (Some(Part::Directory), &[]),
        Action::Mount => (Some(Part::Mount), &[]),
        _ => (None, &[]),
    };
    let many = many.iter().filter_map(move |assignment| property(&assignment.property));
    one.into_iter().chain(many)
}

fn is_below(path: &str, place: &str) -> bool {
    upwards(path).skip(1).any(|above| above == place)
}

impl Arrange<'_, '_, '_> {
    pub(super) fn conflict(
        &self,
        draft: usize,
        code: Obstacle,
        what: String,
        remedy: &'static str,
    ) -> Conflict {
        let mut parts = self.drafts.get(draft).map(Draft::parts).unwrap_or_default();
        parts.retain(|(_, part)| part.mounts());
        Conflict { parts, code, what, remedy }
    }

    pub(super) fn busy(
        &self,
        draft: usize,
        place: &str,
        below: &str,
        who: Who,
    ) -> Option<Conflict> {
        let who_name = self.stage.name(who);
        let what = if place == below {
            format!("{place} cannot be left: {who_name} is mounted there too")
        } else if is_below(below, place) {
            format!("{place} cannot be left: {who_name} is mounted below, at {below}")
        } else {
            format!(
                "what is at {place} cannot be unmounted: {who_name}, which would go with it, is at {below}"
            )
        };
        let remedy = "declare that one too, or unmount it first";
        self.if_firm(who, self.conflict(draft, Obstacle::Busy, what, remedy))
    }

    pub(super) fn taken(&self, draft: usize, place: &str, who: Who) -> Option<Conflict> {
        let what = format!("{place} is where {} is mounted", self.stage.name(who));
        let remedy = "give it another mountpoint, or unmount what is there";
        self.if_firm(who, self.conflict(draft, Obstacle::Taken, what, remedy))
    }

    pub(super) fn covers(
        &self,
        draft: usize,
        place: &str,
        below: &str,
        who: Who,
    ) -> Option<Conflict> {
        let other = self.stage.name(who);
        let what = if is_below(below, place) {
            format!("mounted at {place} it would cover {below}, where {other} is mounted")
        } else {
            format!(
                "mounted at {place} it would cover what cannot be unmounted without {other}, at {below}"
            )
        };
        let remedy = "unmount what is below first, or give it another mountpoint";
        self.if_firm(who, self.conflict(draft, Obstacle::Covers, what, remedy))
    }

    pub(super) fn occupied(&self, draft: usize, place: &str) -> Conflict {
        let what = format!("{place} holds files that the mount would cover");
        let remedy = "move them into the dataset first: see the module `migration`";
        self.conflict(draft, Obstacle::Occupied, what, remedy)
    }

    /// A conflict with what no draft moves is one whatever else is planned. Another one may come of a conflict before.
    fn if_firm(&self, who: Who, conflict: Conflict) -> Option<Conflict> {
        let moves = match who {
            Who::Row(at) => self.since.contains_key(&at),
            Who::Other(_) => false,
        };
        (self.conflicts.is_empty() || !moves).then_some(conflict)
    }
}
