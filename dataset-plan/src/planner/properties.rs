//! Properties of declared datasets that exist.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::vec::Drain;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;
use zfs_props::store::Entry;
use zfs_props::value::Value;

use super::quotas::RESERVES;
use super::{Draft, Part, Planner, inverse};
use crate::observed::{Dataset, Raw};
use crate::ownership::{GivenUp, given_up};
use crate::plan::{
    Action, Assignment, Difference, Expectation, Kept, Names, Obstacle, Reason, Risk,
};
use crate::policy::Heirs;
use crate::setting::Setting;
use crate::spec::{Want, Wish};
use crate::tree::Sight;

/// Properties that existing data does not follow: they count when a block is written.
const NEW_WRITES_ONLY: [Property; 6] = [
    Property::Recordsize,
    Property::Compression,
    Property::Checksum,
    Property::Copies,
    Property::Dedup,
    Property::SpecialSmallBlocks,
];

/// Properties whose change unmounts and mounts.
const REMOUNTS: [Property; 2] = [Property::Mountpoint, Property::Canmount];

const MOUNTPOINT: PropertyName = PropertyName::Native(Property::Mountpoint);

/// A change that is needed and can be made.
pub(super) struct Needed {
    pub(super) property: PropertyName,
    wish: Wish,
    difference: Difference,
    heirs: Vec<DatasetName>,
}

/// What is done by one command, in the order of the commands. What has an order of its own beside the changes of
/// ancestors is a command of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Each property by itself.
    GivenUp,
    Reserves,
    Set,
    /// It cannot be taken back, which is no reason not to take back the others.
    Covered,
    Mounts,
    /// Only what is done is noted: an interrupted plan must not forget what it has to give up.
    Note,
}

impl<'a> Planner<'a> {
    pub(super) fn settle_properties(
        &mut self,
        at: usize,
        name: &DatasetName,
        want: &'a Want<'a>,
        dataset: &'a Dataset,
    ) {
        let given_up = given_up(self.desired, &self.tree, at, Some(want), dataset);
        // Mostly it is stored as it is declared, whatever changes further up.
        let quiet = dataset.temporary.is_empty();
        let (mut needed, mut undeclared) =
            (std::mem::take(&mut self.needed), std::mem::take(&mut self.undeclared));
        // Two lists in order, walked together.
        let mut entries = dataset.entries.iter();
        let mut entry = entries.next();
        for (property, declared) in &want.properties {
            let mut own = None;
            while let Some((other, stored)) = entry {
                match other.cmp(property) {
                    Ordering::Less => undeclared.extend(undeclared_of(other, stored, &given_up)),
                    Ordering::Equal => own = stored.own(),
                    Ordering::Greater => break,
                }
                entry = entries.next();
            }
            let stores = |(raw, _): (&Raw, bool)| {
                declared.wish.setting().is_some_and(|setting| setting.is_printed_as(raw))
            };
            if *property == MOUNTPOINT && quiet && dataset.mounted == Some(true) {
                if let Some(place) = own.and_then(|(raw, _)| std::str::from_utf8(raw).ok()) {
                    self.tree.note_place(at, place);
                }
            }
            if !quiet || !own.is_some_and(stores) {
                let said = || want.table(declared).path();
                needed.extend(self.needed(at, name, dataset, property, (declared.wish, &said)));
            }
        }
        let rest = entry.into_iter().chain(entries);
        undeclared
            .extend(rest.filter_map(|(other, stored)| undeclared_of(other, stored, &given_up)));
        self.give_up(at, name, dataset, &mut needed, &given_up);
        self.needed = needed;
        if !undeclared.is_empty() {
            let names = self.shared(&undeclared);
            self.leave(name.clone(), Kept::Settings(names));
        }
        undeclared.clear();
        self.undeclared = undeclared;
    }

    /// Many datasets have the same.
    fn shared(&mut self, names: &[&PropertyName]) -> Names {
        match &self.names {
            Some(last) if last.iter().eq(names.iter().copied()) => last.clone(),
            _ => self.names.insert(names.iter().copied().cloned().collect()).clone(),
        }
    }

    /// What has to change about one property, if anything has to and can.
    pub(super) fn needed(
        &mut self,
        at: usize,
        name: &DatasetName,
        dataset: &Dataset,
        property: &PropertyName,
        (wish, said): (&Wish, &dyn Fn() -> String),
    ) -> Option<Needed> {
        let rounded = self.rounded(at, property, wish);
        let wish = rounded.as_ref().unwrap_or(wish);
        let now = self.tree.now(at, property);
        if wish.is_settled(property) {
            return None;
        }
        let fulfils = |sight: Option<&Sight<'_>>| match sight {
            Some(sight) => self.tree.fulfils(sight, property, wish),
            // A user property that is set nowhere is as it is inherited.
            None => property.native().is_none() && *wish == Wish::Inherit,
        };
        let has_it = fulfils(now.as_ref());
        let refusal = match (property, &now) {
            (PropertyName::Native(native), None) => {
                let what = format!("{native} was not observed, so it may or may not be {wish}");
                Some((Obstacle::NotObserved, what, "observe with `zfs get ... all`"))
            }
            (PropertyName::Native(native), Some(_)) if native.is_settable_once() && has_it => {
                return None;
            }
            (PropertyName::Native(native), Some(sight)) if native.is_settable_once() => {
                let now = sight.text();
                let what = format!(
                    "{native} is {now} and can be set at creation only; {} declares {wish}",
                    said()
                );
                let remedy = "declare what it is, or move the data into a new dataset";
                Some((Obstacle::CreateOnly, what, remedy))
            }
            _ => None,
        };
        if let Some((code, what, remedy)) = refusal {
            self.block(name, code, what, remedy);
            return None;
        }
        if has_it && !self.tree.is_affected(at) && !now.as_ref().is_some_and(Sight::is_temporary) {
            return None;
        }
        let covered = now.as_ref().is_some_and(Sight::is_temporary);
        if !covered && fulfils(self.tree.later(at, property).as_ref()) {
            return None;
        }
        let received = dataset.entries.get(property).is_some_and(|e| e.received.is_some());
        if *wish == Wish::Received && !received {
            if now.is_some_and(|sight| sight.source != Source::Local) {
                return None;
            }
            let what = format!("{property} is to be as it was received, and no value was received");
            let remedy = "observe with the column `received`, or declare a value";
            self.block(name, Obstacle::NotObserved, what, remedy);
            return None;
        }
        let difference = Difference {
            property: property.clone(),
            declared: said(),
            source: now.as_ref().map_or(Source::None, |sight| sight.source.map(Clone::clone)),
            observed: now.map(|sight| sight.text().into_owned()),
            protects: has_it && !covered,
        };
        if let Some((code, what, remedy)) = too_small(dataset, property, wish, &difference) {
            self.block(name, code, what, remedy);
            return None;
        }
        if property.native().is_some_and(|native| {
            let part = Part::Property(native);
            self.vetoes.has(at, part) && self.is_vetoed(at, part, name)
        }) {
            return None;
        }
        // The note means nothing to those who inherit it.
        let is_note = self.desired.owner_property.as_ref() == Some(property);
        let heirs = self.tree.heirs(at, property, wish);
        if self.policy.heirs == Heirs::Protect && !is_note {
            let protected = self.tree.with_files(heirs.clone(), property);
            if !protected.is_empty() {
                self.block_heirs(name, property, wish, &protected);
                return None;
            }
        }
        Some(Needed { property: property.clone(), wish: wish.clone(), difference, heirs })
    }

    /// A volume's size in whole blocks, as `zfs create -V` makes it.
    fn rounded(&self, at: usize, property: &PropertyName, wish: &Wish) -> Option<Wish> {
        let native = property.native().filter(|native| *native == Property::Volsize)?;
        let Some(Setting::Native(size)) = wish.setting() else { return None };
        let block = self.tree.now(at, &Property::Volblocksize.into())?;
        let block: u64 = block.text().parse().ok()?;
        let rounded = size.number()?.checked_next_multiple_of(block)?;
        Value::from_number(native, rounded, self.release).map(|v| Wish::Set(Setting::Native(v)))
    }

    fn block_heirs(
        &mut self,
        name: &DatasetName,
        property: &PropertyName,
        wish: &Wish,
        heirs: &[DatasetName],
    ) {
        let first = heirs.first().map(ToString::to_string).unwrap_or_default();
        let others = match heirs.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let what = format!(
            "{property}={wish} would change {first}{others}, which inherit it and are not declared"
        );
        let remedy = "declare them, or allow it by the policy (heirs: follow)";
        self.block(name, Obstacle::Heirs, what, remedy);
    }

    /// One `zfs set` for all values, and one command for each property that is given up.
    pub(super) fn draft_changes(
        &mut self,
        at: usize,
        name: &DatasetName,
        dataset: &Dataset,
        needed: &mut Vec<Needed>,
    ) {
        let (first, desired) = (self.drafts.len(), self.desired);
        let bounded = self.quota_above(at).is_some();
        let affected = self.tree.is_affected(at);
        let group = |needed: &Needed| {
            let is = |check: &dyn Fn(Property) -> bool| needed.property.native().is_some_and(check);
            match &needed.wish {
                Wish::Set(_) if desired.owner_property.as_ref() == Some(&needed.property) => {
                    Group::Note
                }
                Wish::Set(_) if is(&|p| dataset.temporary.contains_key(&p)) => Group::Covered,
                Wish::Set(_) if bounded && is(&|p| RESERVES.contains(&p)) => Group::Reserves,
                Wish::Set(_) if affected && is(&|p| REMOUNTS.contains(&p)) => Group::Mounts,
                Wish::Set(_) => Group::Set,
                _ => Group::GivenUp,
            }
        };
        needed.sort_by_key(group);
        while let Some(command) = needed.first().map(group) {
            let planned = first..self.drafts.len();
            let same = needed.iter().take_while(|needed| group(needed) == command).count();
            let count = if command == Group::GivenUp { 1 } else { same };
            self.draft_change(at, name, dataset, needed.drain(..count));
            if let Some(note) = self.drafts.last_mut().filter(|_| command == Group::Note) {
                note.needs.extend(planned);
            }
        }
    }

    fn draft_change(
        &mut self,
        at: usize,
        name: &DatasetName,
        dataset: &Dataset,
        changes: Drain<'_, Needed>,
    ) {
        let group = changes.as_slice();
        let index = self.drafts.len();
        let undo = inverse::of_properties(
            name,
            dataset,
            group.iter().map(|needed| &needed.property),
            self.release,
        );
        let is_any = |list: &[Property], needed: &Needed| {
            needed.property.native().is_some_and(|native| list.contains(&native))
        };
        let mut risk = Risk::empty();
        risk.set(Risk::REMOUNTS, group.iter().any(|needed| is_any(&REMOUNTS, needed)));
        risk.set(Risk::NEW_WRITES_ONLY, group.iter().all(|n| is_any(&NEW_WRITES_ONLY, n)));
        let heirs: BTreeSet<DatasetName> =
            group.iter().flat_map(|needed| needed.heirs.iter().cloned()).collect();
        risk.set(Risk::HEIRS, !heirs.is_empty());
        // Where a value is kept that an ancestor's change would take away, the ancestor waits.
        for needed in group.iter().filter(|needed| needed.difference.protects) {
            for above in self.tree.planned_above(at, &needed.property) {
                // What the dataset arrives with has been done before.
                let changes = |draft: &&mut Draft| matches!(draft.reason, Reason::Differs(_));
                if let Some(draft) = self.drafts.get_mut(above).filter(changes) {
                    draft.needs.push(index);
                }
            }
        }
        let arrival = self.tree.arrival(at);
        let expects =
            if arrival.is_some() { Vec::new() } else { expectations(name, dataset, group) };
        let mut after = self.beside_quotas(at, index, group);
        // What is given up is given up when the value from above is there already: no heir sees another one meanwhile.
        for needed in group.iter().filter(|needed| needed.wish.setting().is_none()) {
            after.extend(self.tree.planned_above(at, &needed.property));
        }
        let planned = group.iter().map(|needed| (needed.property.clone(), needed.wish.clone()));
        self.tree.plan(at, index, planned);
        let mut assignments = Vec::with_capacity(group.len());
        let mut differences = Vec::with_capacity(group.len());
        let mut action = None;
        for Needed { property, wish, difference, .. } in changes {
            differences.push(difference);
            match wish {
                Wish::Set(setting) => assignments.push(Assignment { property, setting }),
                Wish::Received => action = Some(Action::Revert(property)),
                Wish::Inherit | Wish::Any => action = Some(Action::Inherit(property)),
            }
        }
        let action = action.unwrap_or(Action::Set(assignments));
        let mut draft = Draft::new(at, name.clone(), action, Reason::Differs(differences));
        draft.risk = risk;
        draft.heirs = heirs.into_iter().collect();
        draft.expects = expects;
        draft.undo = undo;
        draft.needs = arrival.into_iter().collect();
        draft.after = after;
        self.push(draft);
    }
}

/// What is set and neither declared nor given up.
fn undeclared_of<'d>(
    property: &'d PropertyName,
    entry: &Entry<Raw>,
    given_up: &GivenUp<'_>,
) -> Option<&'d PropertyName> {
    (entry.local.is_some() && !given_up.contains_key(property)).then_some(property)
}

/// A limit below what is used already, or a volume below its size.
fn too_small(
    dataset: &Dataset,
    property: &PropertyName,
    wish: &Wish,
    difference: &Difference,
) -> Option<(Obstacle, String, &'static str)> {
    let Some(Setting::Native(value)) = wish.setting() else { return None };
    let wanted = value.number()?;
    let (used, noun) = match property.native()? {
        Property::Quota => (dataset.used?, "used"),
        Property::Refquota => (dataset.referenced?, "referenced"),
        Property::Volsize => {
            let size: u64 = difference.observed.as_ref()?.parse().ok()?;
            let what = format!("the volume has {size} bytes, and {wish} is less");
            let remedy = "shrink what is in it and the volume by hand: data at its end is lost";
            return (wanted < size).then_some((Obstacle::Shrinks, what, remedy));
        }
        _ => return None,
    };
    let what = format!("{property}={wish} is less than the {used} bytes {noun}");
    let remedy = "make room first, or declare a greater one";
    (wanted != 0 && wanted < used).then_some((Obstacle::BelowUsed, what, remedy))
}

/// What the changes of a dataset were planned from.
fn expectations(name: &DatasetName, dataset: &Dataset, group: &[Needed]) -> Vec<Expectation> {
    let present = Expectation::Present { dataset: name.clone(), guid: dataset.guid };
    let value = |needed: &Needed| Expectation::Value {
        dataset: name.clone(),
        property: needed.property.clone(),
        value: needed.difference.observed.clone(),
        source: needed.difference.source.clone(),
    };
    std::iter::once(present).chain(group.iter().map(value)).collect()
}
