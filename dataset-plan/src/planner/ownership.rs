//! What is set on a dataset and not declared: given up if it is ours, or if the declaration is strict, and left alone
//! otherwise.

use std::collections::BTreeMap;
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::value::Value;

use super::{Part, Planner};
use crate::observed::{Dataset, inheritable};
use crate::setting::Setting;
use crate::spec::{Table, Want, Wish};
use crate::tree::Time;

/// What ZFS sets itself, or whoever loads keys and runs containers: a strict declaration leaves it alone.
const MANAGED: [Property; 4] =
    [Property::Keylocation, Property::Version, Property::Volsize, Property::Zoned];

/// Why a property is given up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Why<'s> {
    /// It was declared once.
    Left(Option<Table<'s>>),
    /// It is not declared where everything has to be.
    Strict(Table<'s>),
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Left(Some(table)) => write!(f, "{table} no longer"),
            Why::Left(None) => f.write_str("nobody any longer"),
            Why::Strict(table) => write!(f, "{table} not at all (strict)"),
        }
    }
}

/// What is given up of a dataset: what shall become of it, and why.
pub(super) type GivenUp<'s> = BTreeMap<PropertyName, (Wish, Why<'s>)>;

impl<'a> Planner<'a> {
    /// Properties that are set, are not declared, and are given up.
    pub(super) fn given_up(
        &self,
        at: usize,
        want: Option<&Want<'a>>,
        dataset: &Dataset,
    ) -> GivenUp<'a> {
        let mut given_up = GivenUp::new();
        let declared = |property: &PropertyName| {
            want.is_some_and(|want| want.properties.contains_key(property))
        };
        let mut give_up = |property: &PropertyName, why| {
            let is_set = dataset.sets(property, self.release);
            if is_set && !declared(property) && !given_up.contains_key(property) {
                let wish = self.unset(property).map(|wish| (wish, why));
                given_up.extend(wish.map(|wish| (property.clone(), wish)));
            }
        };
        let left = Why::Left(want.map(|want| want.path));
        for property in self.noted(want, dataset) {
            give_up(&property, left);
        }
        if let Some(claims) = &self.desired.claims {
            if let Some(name) = self.tree.dataset_at(at, Time::Now) {
                claims.of(&name, dataset).for_each(|property| give_up(property, left));
            }
        }
        if let Some(want) = want.filter(|want| want.is_strict()) {
            let strict = dataset.entries.keys().filter(|property| is_covered(property, want));
            strict.for_each(|property| give_up(property, Why::Strict(want.path)));
        }
        given_up
    }

    /// What the dataset's own note says was declared.
    ///
    /// Children inherit user properties, and a note that was inherited is about somebody else. A note on a dataset that is not
    /// declared may be somebody else's too.
    fn noted(&self, want: Option<&Want<'_>>, dataset: &Dataset) -> Vec<PropertyName> {
        let owner = self.desired.owner_property.as_ref().filter(|_| want.is_some());
        let note = owner.and_then(|owner| dataset.entries.get(owner)?.local.as_deref());
        let note = note.and_then(|note| std::str::from_utf8(note).ok()).unwrap_or_default();
        let names = note.split(',').map(|name| PropertyName::parse(name, self.release));
        names.filter_map(Result::ok).collect()
    }

    /// What unsets a property: those that are not inherited get their default.
    fn unset(&self, property: &PropertyName) -> Option<Wish> {
        match property.native().filter(|_| !inheritable(property)) {
            None => Some(Wish::Inherit),
            Some(native) => {
                let default = Value::default_of(native, self.release)?;
                Some(Wish::Set(Setting::Native(default)))
            }
        }
    }

    /// A dataset that was declared once, with properties that were set for that.
    pub(super) fn leave_behind(&mut self, at: usize, name: &DatasetName, dataset: &'a Dataset) {
        let given_up = self.given_up(at, None, dataset);
        self.give_up(at, name, dataset, Vec::new(), &given_up);
    }

    /// Plans what is needed, with what is given up.
    pub(super) fn give_up(
        &mut self,
        at: usize,
        name: &DatasetName,
        dataset: &Dataset,
        mut needed: Vec<super::properties::Needed>,
        given_up: &GivenUp<'a>,
    ) {
        let blocked = self.blocked.len();
        for (property, (wish, why)) in given_up {
            needed.extend(self.needed(at, name, dataset, property, (wish, why)));
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

/// A strict declaration covers ZFS's own properties. One that a user made up belongs to whoever did.
fn is_covered(property: &PropertyName, want: &Want<'_>) -> bool {
    let Some(native) = property.native() else { return false };
    // ZFS makes the reservation of a volume.
    let of_volume = native == Property::Refreservation && want.kind() == DatasetKind::Volume;
    let managed = MANAGED.contains(&native) || native.is_settable_once() || of_volume;
    !managed && !native.is_readonly() && !want.properties.mentions(property)
}
