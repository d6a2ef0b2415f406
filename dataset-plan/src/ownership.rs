//! What is set on a dataset and not declared: given up if it is ours, or if the declaration is strict, and left alone
//! otherwise.

use std::collections::BTreeMap;
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::value::Value;

use crate::observed::{Dataset, inheritable};
use crate::setting::Setting;
use crate::spec::{Desired, Table, Want, Wish};
use crate::tree::{Time, Tree};

/// What ZFS sets itself, or whoever loads keys and runs containers: a strict declaration leaves it alone.
const MANAGED: [Property; 4] =
    [Property::Keylocation, Property::Version, Property::Volsize, Property::Zoned];

/// Why a property is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Why<'s> {
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
pub(crate) type GivenUp<'s> = BTreeMap<PropertyName, (Wish, Why<'s>)>;

/// Properties that are set, are not declared, and are given up.
pub(crate) fn given_up<'a>(
    desired: &'a Desired<'a>,
    tree: &Tree<'_>,
    at: usize,
    want: Option<&Want<'a>>,
    dataset: &Dataset,
) -> GivenUp<'a> {
    let mut all = GivenUp::new();
    // What is declared to be left as it is stays, whoever set it.
    let declared =
        |property: &PropertyName| want.is_some_and(|want| want.properties.mentions(property));
    let mut give_up = |property: &PropertyName, why| {
        let is_set = dataset.sets(property, desired.release);
        if is_set && !declared(property) && !all.contains_key(property) {
            let wish = unset(property, desired.release).map(|wish| (wish, why));
            all.extend(wish.map(|wish| (property.clone(), wish)));
        }
    };
    let left = Why::Left(want.map(|want| want.path));
    for property in want.into_iter().flat_map(|_| noted(desired, dataset)) {
        give_up(&property, left);
    }
    if let Some(claims) = &desired.claims {
        if let Some(name) = tree.dataset_at(at, Time::Now) {
            claims.of(&name, dataset).for_each(|property| give_up(property, left));
        }
    }
    if let Some(want) = want.filter(|want| want.is_strict()) {
        let strict = dataset.entries.keys().filter(|property| is_covered(property, want));
        strict.for_each(|property| give_up(property, Why::Strict(want.path)));
    }
    all
}

/// What the dataset's own note says was declared.
///
/// Children inherit user properties, and a note that was inherited is about somebody else. A note on a dataset that is not
/// declared may be somebody else's too.
fn noted(desired: &Desired<'_>, dataset: &Dataset) -> Vec<PropertyName> {
    let owner = desired.owner_property.as_ref();
    let note = owner.and_then(|owner| dataset.entries.get(owner)?.local.as_deref());
    let note = note.and_then(|note| std::str::from_utf8(note).ok());
    let Some(note) = note else { return Vec::new() };
    let names = note.split(',').map(|name| PropertyName::parse(name, desired.release));
    names.filter_map(Result::ok).collect()
}

/// What unsets a property: those that are not inherited get their default.
fn unset(property: &PropertyName, release: Release) -> Option<Wish> {
    match property.native().filter(|_| !inheritable(property)) {
        None => Some(Wish::Inherit),
        Some(native) => {
            let default = Value::default_of(native, release)?;
            Some(Wish::Set(Setting::Native(default)))
        }
    }
}

/// A strict declaration covers ZFS's own properties. One that a user made up belongs to whoever did.
fn is_covered(property: &PropertyName, want: &Want<'_>) -> bool {
    let Some(native) = property.native() else { return false };
    // ZFS makes the reservation of a volume.
    let of_volume = native == Property::Refreservation && want.kind() == DatasetKind::Volume;
    let managed = MANAGED.contains(&native) || native.is_settable_once() || of_volume;
    !managed && !native.is_readonly()
}
