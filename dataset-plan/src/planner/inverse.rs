//! What takes a change of properties back.

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;

use crate::observed::{Dataset, inheritable};
use crate::plan::{Action, Assignment, Undo};
use crate::setting::Setting;

/// Brings these properties back to what was observed.
pub(super) fn of_properties<'p>(
    name: &DatasetName,
    dataset: &Dataset,
    properties: impl ExactSizeIterator<Item = &'p PropertyName>,
    release: Release,
) -> Undo {
    let mut set = Vec::with_capacity(properties.len());
    let mut others = Vec::new();
    for property in properties {
        if property.native().is_some_and(|native| dataset.temporary.contains_key(&native)) {
            let because = format!("what is stored for {property} is covered by a mount option");
            return Undo::Impossible { because };
        }
        let entry = dataset.entries.get(property).cloned().unwrap_or_default();
        let action = match (&entry.local, &entry.received) {
            (Some(local), _) => {
                let Ok(text) = std::str::from_utf8(local) else {
                    let because = format!("the old value of {property} is not UTF-8");
                    return Undo::Impossible { because };
                };
                let setting = Setting::observed(property, text, release);
                let setting = setting.unwrap_or_else(|| Setting::User(text.into()));
                set.push(Assignment { property: property.clone(), setting });
                continue;
            }
            (None, Some(_)) if !entry.hidden => Action::Revert(property.clone()),
            // `zfs inherit` refuses those that are not inherited; `-S` does not.
            _ if !inheritable(property) => Action::Revert(property.clone()),
            _ => Action::Inherit(property.clone()),
        };
        others.push(action);
    }
    let set = (!set.is_empty()).then_some(Action::Set(set));
    // Whether it can be mounted comes before where.
    let can = |action: &Action| *action == Action::Revert(Property::Canmount.into());
    let (first, others): (Vec<_>, Vec<_>) = others.into_iter().partition(can);
    Undo::Do(
        first.into_iter().chain(set).chain(others).map(|action| (name.clone(), action)).collect(),
    )
}
