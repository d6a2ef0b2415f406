//! What a dataset stores of each property.

use zfs_props::key::PropertyName;
use zfs_props::store::Entry;

use super::Raw;

/// By the names of properties, in their order. A dataset stores few, and a machine has many datasets: so they lie side by
/// side, and take no more room than they need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entries(Vec<(PropertyName, Entry<Raw>)>);

impl Entries {
    fn find(&self, property: &PropertyName) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(property))
    }

    pub(crate) fn get(&self, property: &PropertyName) -> Option<&Entry<Raw>> {
        self.0.get(self.find(property).ok()?).map(|(_, entry)| entry)
    }

    /// Changes what is stored of a property; where nothing is stored any more, there is no entry.
    pub(crate) fn change(&mut self, property: &PropertyName, change: impl FnOnce(&mut Entry<Raw>)) {
        match self.find(property) {
            Err(at) => {
                let mut entry = Entry::default();
                change(&mut entry);
                if !entry.is_empty() {
                    self.0.insert(at, (property.clone(), entry));
                }
            }
            Ok(at) => {
                let Some((_, entry)) = self.0.get_mut(at) else { return };
                change(entry);
                if entry.is_empty() {
                    self.0.remove(at);
                }
            }
        }
    }

    /// Changes what is stored of each.
    pub(crate) fn change_all(&mut self, change: impl Fn(&mut Entry<Raw>)) {
        self.0.retain_mut(|(_, entry)| {
            change(entry);
            !entry.is_empty()
        });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PropertyName, &Entry<Raw>)> {
        self.0.iter().map(|(property, entry)| (property, entry))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &PropertyName> {
        self.0.iter().map(|(property, _)| property)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Entry<Raw>> {
        self.0.iter().map(|(_, entry)| entry)
    }

    /// Gives back what is kept for more.
    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}
