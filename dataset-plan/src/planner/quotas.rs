//! Quotas, and what they bound: a quota is raised before, and lowered after.

use zfs_props::key::PropertyName;
use zfs_props::property::Property;

use super::Planner;
use super::properties::Needed;
use crate::plan::{Action, Reason};
use crate::setting::Setting;

/// Limits that an ancestor's quota bounds.
pub(super) const RESERVES: [Property; 3] =
    [Property::Reservation, Property::Refreservation, Property::Volsize];

impl Planner<'_> {
    /// The draft that changes the quota of an ancestor, and whether it raises it.
    pub(super) fn quota_above(&self, at: usize) -> Option<(usize, bool)> {
        let quota = PropertyName::Native(Property::Quota);
        let draft = self.tree.planned_above(at, &quota).first().copied()?;
        let changed = match &self.drafts.get(draft)?.reason {
            Reason::Differs(differences) => differences.iter().find(|d| d.property == quota)?,
            _ => return None,
        };
        let Action::Set(assignments) = &self.drafts.get(draft)?.action else { return None };
        let new = assignments.iter().find(|a| a.property == quota)?;
        let Setting::Native(new) = &new.setting else { return None };
        let old: u64 = changed.observed.as_ref()?.parse().ok()?;
        let unlimited = |bytes: u64| if bytes == 0 { u64::MAX } else { bytes };
        Some((draft, unlimited(new.number()?) >= unlimited(old)))
    }

    /// A quota is raised before what it bounds, and lowered after.
    pub(super) fn beside_quotas(
        &mut self,
        at: usize,
        index: usize,
        group: &[Needed],
    ) -> Vec<usize> {
        let reserves = |needed: &Needed| {
            needed.property.native().is_some_and(|native| RESERVES.contains(&native))
        };
        if !group.iter().any(reserves) {
            return Vec::new();
        }
        match self.quota_above(at) {
            Some((quota, true)) => vec![quota],
            Some((quota, false)) => {
                if let Some(draft) = self.drafts.get_mut(quota) {
                    draft.after.push(index);
                }
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}
