//! Finding a native property by its name, from the one before it.

use super::trust;
use crate::property::Property;

/// Native properties come in the same order for one dataset after the other, so the one that followed
/// last time is tried first: one comparison instead of a search.
#[derive(Debug)]
pub(super) struct Foresight {
    /// What followed each property, by its place in the table, and at 0 what came first.
    next: [u8; Property::ALL.len() + 1],
}

impl Foresight {
    /// Foresees the order of `zfs get all`, with nothing left out.
    pub(super) fn new() -> Self {
        Self { next: core::array::from_fn(|before| u8::try_from(before).unwrap_or(u8::MAX)) }
    }

    /// The property that most likely comes after `last` (or first).
    pub(super) fn next(&self, last: Option<Property>) -> Option<Property> {
        let next = *self.next.get(place(last))?;
        Property::ALL.get(usize::from(next)).copied()
    }

    /// The native property called `name`, which came after `last` (or first).
    pub(super) fn find(&mut self, name: &str, last: Option<Property>) -> Option<Property> {
        let foreseen = self.next(last).filter(|foreseen| foreseen.name() == name);
        if foreseen.is_some() || trust::is_user(name) {
            return foreseen;
        }
        let found = Property::from_name(name)?;
        *self.next.get_mut(place(last))? = found as u8;
        Some(found)
    }
}

fn place(last: Option<Property>) -> usize {
    last.map_or(0, |last| last as usize + 1)
}
