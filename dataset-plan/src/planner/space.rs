//! Whether what the plan reserves is there.
//!
//! OpenZFS refuses to reserve more than is available where a dataset lives (`dsl_dir_set_reservation_check`,
//! `module/zfs/dsl_dir.c`; `dsl_dataset_set_refreservation_check`, `module/zfs/dsl_dataset.c`), and `zfs create -V` reserves
//! the whole of a volume that is not sparse. What is available is in the property `available`, with the quotas and reservations
//! of all datasets above worked in (`dsl_dir_space_available`). Steps are gone through in their order, so that what
//! one of them takes or gives back counts for those after it.
//!
//! Only what is certain is blocked. What was not observed is unknown, and so is what a quota leaves that the plan raises.

use std::collections::BTreeMap;

use zfs_props::key::PropertyName;
use zfs_props::property::Property;
use zfs_props::reservation::reservation;

use super::{Conflict, Part, Planner};
use crate::plan::{Action, Assignment, Obstacle};
use crate::setting::{Setting, short};
use crate::tree::{Row, Time};

/// What steps so far have taken of each row, and what they have reserved there.
#[derive(Default)]
struct Ledger {
    /// Datasets are moved: only for the pool as a whole that makes no difference.
    moves: bool,
    taken: BTreeMap<usize, i128>,
    reserved: BTreeMap<(usize, Property), u64>,
}

/// A step wants so many bytes reserved.
struct Wanted {
    at: usize,
    /// `reservation`: for the dataset and all below it; `refreservation`: for the dataset alone.
    property: Property,
    bytes: u64,
    part: Part,
}

impl Planner<'_> {
    /// Reservations that cannot be, in the order of the steps.
    pub(super) fn short_of_space(&self, sequence: &[usize]) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let drafts = || sequence.iter().filter_map(|draft| self.drafts.get(*draft));
        let moves = drafts().any(|draft| matches!(draft.action, Action::Rename { .. }));
        let mut ledger = Ledger { moves, ..Ledger::default() };
        for draft in drafts() {
            if draft.action == Action::Destroy {
                self.give_back(&mut ledger, draft.row);
            }
            for wanted in self.wanted(draft.row, &draft.action) {
                match self.limit(&wanted).or_else(|| self.short_of(&ledger, &wanted)) {
                    Some(short) => conflicts.push(no_space(&wanted, &short)),
                    None => self.reserve(&mut ledger, &wanted),
                }
            }
        }
        conflicts
    }

    /// What a step reserves.
    fn wanted(&self, at: usize, action: &Action) -> Vec<Wanted> {
        let (properties, arrives): (&[Assignment], _) = match action {
            Action::Set(properties) => (properties, false),
            Action::Create { properties, .. }
            | Action::Clone { properties, .. }
            | Action::CreateVolume { properties, .. } => (properties, true),
            _ => return Vec::new(),
        };
        let wanted = |property, bytes, of| {
            let part = if arrives { Part::Arrival } else { Part::Property(of) };
            Wanted { at, property, bytes, part }
        };
        let mut all: Vec<Wanted> = properties
            .iter()
            .filter_map(|Assignment { property, setting }| {
                let Setting::Native(value) = setting else { return None };
                let (property, bytes) = (property.native()?, value.number()?);
                match property {
                    Property::Reservation | Property::Refreservation => {
                        // `auto` is worked out by whoever sets it.
                        let known = value.word().is_none_or(|word| word == "none");
                        known.then(|| wanted(property, bytes, property))
                    }
                    Property::Volsize if !arrives => {
                        let bytes = self.reserved_for(at, bytes)?;
                        Some(wanted(Property::Refreservation, bytes, property))
                    }
                    _ => None,
                }
            })
            .collect();
        let given = all.iter().any(|wanted| wanted.property == Property::Refreservation);
        if let Action::CreateVolume { size, sparse: false, .. } = action {
            // It takes more than that, by how much depends on the disks.
            all.extend(
                (!given).then(|| wanted(Property::Refreservation, *size, Property::Volsize)),
            );
        }
        all
    }

    /// What is reserved for a volume once it has another size: what was reserved as a whole stays so, and anything else
    /// stays as it is (`zfs_add_synthetic_resv`, `lib/libzfs/libzfs_dataset.c`). On RAID-Z the whole is more than
    /// is known here.
    fn reserved_for(&self, at: usize, size: u64) -> Option<u64> {
        let block = self.number(at, Property::Volblocksize)?;
        let whole = |size| reservation(size, block, 1, &[], self.release);
        let old = self.number(at, Property::Volsize)?;
        (self.number(at, Property::Refreservation)? == whole(old)).then(|| whole(size))
    }

    /// The dataset's own quota, if a reservation is greater.
    fn limit(&self, wanted: &Wanted) -> Option<String> {
        let quota = match wanted.property {
            Property::Reservation => Property::Quota,
            _ => Property::Refquota,
        };
        let text = self.tree.later(wanted.at, &quota.into())?.into_text();
        let bytes: u64 = text.parse().ok()?;
        (bytes > 0 && wanted.bytes > bytes).then(|| format!("its {quota} is {}", pretty(&bytes)))
    }

    /// The room that there is, if it is certain that a reservation does not fit.
    fn short_of(&self, ledger: &Ledger, wanted: &Wanted) -> Option<String> {
        let more = self.more(ledger, wanted);
        // The dataset's own quota and reservation count for what it reserves for itself alone.
        let parent = self.tree.row(wanted.at)?.parent_at(Time::Later);
        let from = match wanted.property {
            Property::Reservation => parent.unwrap_or(wanted.at),
            _ => wanted.at,
        };
        let room = self.room(ledger, from)?;
        let short = more > 0 && i128::from(more) > room;
        short.then(|| format!("{} more are available", pretty(&room.max(0))))
    }

    /// How many bytes more are reserved than before.
    fn more(&self, ledger: &Ledger, wanted: &Wanted) -> u64 {
        let dataset = self.tree.row(wanted.at).and_then(|row| row.observed);
        let used = dataset.map_or(Some(0), |dataset| match wanted.property {
            Property::Reservation => dataset.used,
            // Without snapshots and children the same; with them no less.
            _ => dataset.used_by_dataset.or(dataset.referenced).or(dataset.used),
        });
        // What is used counts as reserved already; all of it does if that is not known.
        let used = used.unwrap_or(u64::MAX);
        let before = self.reserved(ledger, wanted.at, wanted.property).max(used);
        wanted.bytes.max(used).saturating_sub(before)
    }

    /// What is left to be reserved at a row; `None`: not known.
    fn room(&self, ledger: &Ledger, at: usize) -> Option<i128> {
        let (mut room, mut promised) = (None, 0);
        let mut next = Some(at);
        while let Some((at, row)) = next.and_then(|at| Some((at, self.tree.row(at)?))) {
            let taken = ledger.taken.get(&at).copied().unwrap_or_default();
            let unlimited = self.number(at, Property::Refquota) == Some(0);
            let counts = unlimited && (!ledger.moves || row.parent_at(Time::Later).is_none());
            if let Some(dataset) = row.observed.filter(|_| counts) {
                let own = i128::from(dataset.used_by_refreservation.unwrap_or_default());
                let here =
                    dataset.available.map(|bytes| i128::from(bytes) - own - taken + promised);
                room = here.into_iter().chain(room).min();
            }
            let quota = planned_quota(row);
            if quota.is_some_and(|new| self.raises_quota(at, row, new)) {
                // What it left here and below is not what it will leave.
                room = None;
            }
            let used = row.observed.map_or(Some(0), |dataset| dataset.used);
            if let Some((quota, used)) = quota.filter(|new| *new > 0).zip(used) {
                let left = i128::from(quota) - i128::from(used) - taken + promised;
                room = room.into_iter().chain([left]).min();
            }
            // What is reserved here and not used is not taken from above.
            let reserved = i128::from(self.reserved(ledger, at, Property::Reservation));
            let used = used.map_or(0, |used| i128::from(used) + taken);
            promised += (reserved - used).max(0);
            next = row.parent_at(Time::Later);
        }
        room
    }

    /// The plan raises a quota, or lifts it, and no less than that is available as things stand.
    fn raises_quota(&self, at: usize, row: &Row<'_>, new: u64) -> bool {
        let old = self.number(at, Property::Quota);
        let raised = old.filter(|old| *old > 0 && (new == 0 || new > *old));
        let known = row.observed.and_then(|dataset| dataset.used.zip(dataset.available));
        raised.is_some_and(|old| {
            known.is_none_or(|(used, available)| available >= old.saturating_sub(used))
        })
    }

    fn reserve(&self, ledger: &mut Ledger, wanted: &Wanted) {
        let Wanted { at, property, bytes, .. } = *wanted;
        let before = self.reserved(ledger, at, property);
        let more = i128::from(self.more(ledger, wanted));
        let less = i128::from(before.saturating_sub(bytes));
        let parent = self.tree.row(at).and_then(|row| row.parent_at(Time::Later));
        let from = if property == Property::Reservation { parent } else { Some(at) };
        if let Some(from) = from {
            self.take(ledger, from, if less > 0 { -less } else { more });
        }
        ledger.reserved.insert((at, property), bytes);
    }

    /// What is destroyed takes nothing, nor does what was reserved for it.
    fn give_back(&self, ledger: &mut Ledger, at: usize) {
        let Some(row) = self.tree.row(at) else { return };
        let used = row.observed.map_or(0, |dataset| dataset.used.unwrap_or(u64::MAX));
        let taken = used.max(self.reserved(ledger, at, Property::Reservation));
        if let Some(parent) = row.parent_at(Time::Later) {
            self.take(ledger, parent, -i128::from(taken));
        }
    }

    /// Something at or below a row takes more, or gives back.
    fn take(&self, ledger: &mut Ledger, at: usize, mut more: i128) {
        let mut next = Some(at);
        while let Some((at, row)) = next.and_then(|at| Some((at, self.tree.row(at)?))) {
            let taken = ledger.taken.entry(at).or_default();
            let before = *taken;
            *taken += more;
            let reserved = i128::from(self.reserved(ledger, at, Property::Reservation));
            let used = row.observed.map_or(Some(0), |dataset| dataset.used).map(i128::from);
            more = match used {
                Some(used) => (used + before + more).max(reserved) - (used + before).max(reserved),
                // It may all be what was reserved.
                None => (more - reserved).max(0).min(more),
            };
            next = row.parent_at(Time::Later);
        }
    }

    /// What is reserved at a row by now.
    fn reserved(&self, ledger: &Ledger, at: usize, property: Property) -> u64 {
        let known = ledger.reserved.get(&(at, property)).copied();
        known.or_else(|| self.number(at, property)).unwrap_or_default()
    }

    /// A number as it was observed; of a new dataset, none.
    fn number(&self, at: usize, property: Property) -> Option<u64> {
        if self.tree.row(at)?.observed.is_none() {
            return Some(0);
        }
        let text = self.tree.now(at, &property.into())?.into_text();
        if text == "none" { Some(0) } else { text.parse().ok() }
    }
}

/// The quota that the plan gives; 0: none.
fn planned_quota(row: &Row<'_>) -> Option<u64> {
    let quota = PropertyName::Native(Property::Quota);
    let planned = row.planned.iter().find(|planned| planned.property == quota)?;
    match planned.wish.setting()? {
        Setting::Native(value) => value.number(),
        Setting::User(_) => None,
    }
}

fn no_space(wanted: &Wanted, short: &str) -> Conflict {
    let (bytes, property) = (pretty(&wanted.bytes), wanted.property);
    let what = match wanted.part {
        Part::Property(Property::Volsize) => {
            format!("the whole of the volume, {bytes}, is reserved, and {short}")
        }
        _ => format!("{property}={bytes} cannot be given: {short}"),
    };
    let remedy = "make room, or declare less (or a sparse volume)";
    Conflict { parts: vec![(wanted.at, wanted.part)], code: Obstacle::NoSpace, what, remedy }
}

/// Bytes as they are written.
fn pretty(bytes: &impl ToString) -> String {
    short(&PropertyName::Native(Property::Reservation), &bytes.to_string())
}
