//! What reservations take, and what quotas leave.
//!
//! Source: OpenZFS `dsl_dir_space_available`, `dsl_dir_set_quota_check`, `dsl_dir_set_reservation_check`
//! (`module/zfs/dsl_dir.c`), `dsl_dataset_set_refquota_check`, `dsl_dataset_set_refreservation_check`
//! (`module/zfs/dsl_dataset.c`). The pool's own size is not known, and never the limit.

use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::Zfs;
use super::refusal::Refusal;

impl Zfs {
    /// Whether a new quota, reservation, refquota or refreservation would be accepted.
    pub(super) fn fits(
        &self,
        name: &DatasetName,
        property: Property,
        new: u64,
    ) -> Result<(), Refusal> {
        let Some(node) = self.nodes.get(name) else { return Ok(()) };
        let number = |property| node.number(property).unwrap_or_default();
        let within = |limit: u64, bytes: u64| limit == 0 || bytes <= limit;
        let fits = match property {
            Property::Quota => new == 0 || new >= number(Property::Reservation) && new >= node.used,
            Property::Refquota => {
                let referenced = node.dataset.referenced.unwrap_or_default();
                new == 0 || new >= number(Property::Refreservation) && new >= referenced
            }
            Property::Reservation => {
                let more = new.max(node.used).saturating_sub(number(property).max(node.used));
                let room = name.parent().map_or(u64::MAX, |parent| self.available(&parent));
                (more == 0 || more <= room) && within(number(Property::Quota), new)
            }
            Property::Refreservation => {
                let more = new.saturating_sub(number(property));
                (more == 0 || more <= self.available(name))
                    && within(number(Property::Refquota), new)
            }
            _ => true,
        };
        let refusal = || Refusal::NoSpace { dataset: name.clone(), property: property.name() };
        fits.then_some(()).ok_or_else(refusal)
    }

    /// Accounts for a new reservation, here and above, and for a new quota, here and below.
    pub(super) fn reserve(
        &mut self,
        name: &DatasetName,
        property: Property,
        before: u64,
        after: u64,
    ) {
        match property {
            Property::Quota => self.bound(name, before, after),
            Property::Refreservation => self.charge(name, before, after),
            Property::Reservation => {
                let used = self.nodes.get(name).map_or(0, |node| node.used);
                if let Some(parent) = name.parent() {
                    self.charge(&parent, used.max(before), used.max(after));
                }
            }
            _ => {}
        }
    }

    /// Another quota: what was available to a dataset and those below it is no more than it leaves; and what an old one left is
    /// not known any more.
    fn bound(&mut self, name: &DatasetName, before: u64, after: u64) {
        let Some(used) = self.nodes.get(name).map(|node| node.used) else { return };
        let left = |quota: u64| quota.saturating_sub(used);
        let is_lower = after > 0 && (before == 0 || after < before);
        for at in self.subtree(name) {
            let Some(node) = self.nodes.get_mut(&at) else { continue };
            node.dataset.available = match node.dataset.available {
                Some(bytes) if is_lower => Some(bytes.min(left(after))),
                Some(bytes) if before > 0 && bytes >= left(before) => None,
                other => other,
            };
        }
    }

    /// Something in or below a dataset takes `after` bytes instead of `before`.
    pub(super) fn charge(&mut self, name: &DatasetName, mut before: u64, mut after: u64) {
        for at in std::iter::once(name.clone()).chain(name.ancestors()) {
            let Some(node) = self.nodes.get_mut(&at) else { break };
            if before == after {
                break;
            }
            let reserved = node.number(Property::Reservation).unwrap_or_default();
            let node_before = node.used;
            let used = node.used.saturating_sub(before).saturating_add(after);
            (before, after) = (node.used.max(reserved), used.max(reserved));
            node.used = used;
            if let Some(shown) = &mut node.dataset.used {
                *shown = used;
            }
            if let Some(left) = &mut node.dataset.available {
                *left = left.saturating_add(node_before).saturating_sub(used);
            }
        }
    }

    /// What a dataset takes of its parent.
    pub(super) fn taken(&self, name: &DatasetName) -> u64 {
        let Some(node) = self.nodes.get(name) else { return 0 };
        node.used.max(node.number(Property::Reservation).unwrap_or_default())
    }

    /// What quotas here and above leave.
    pub(super) fn available(&self, name: &DatasetName) -> u64 {
        let mut room = u64::MAX;
        let mut promised = 0;
        for at in std::iter::once(name.clone()).chain(name.ancestors()) {
            let Some(node) = self.nodes.get(&at) else { break };
            let quota = node.number(Property::Quota).filter(|quota| *quota > 0);
            let here = quota.map_or(u64::MAX, |quota| quota.saturating_sub(node.used));
            room = room.min(here.saturating_add(promised));
            let reserved = node.number(Property::Reservation).unwrap_or_default();
            promised += reserved.saturating_sub(node.used);
        }
        room
    }
}
