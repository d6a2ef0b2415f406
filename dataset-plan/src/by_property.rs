//! A small map of properties.

use std::cmp::Ordering;
use std::slice;

use zfs_props::key::PropertyName;
use zfs_props::store::Entry;

/// Values by property, in the order of the properties' names.
///
/// A dataset has few, and a machine has many datasets: so they lie side by side, and take no more room than they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByProperty<T>(Vec<(PropertyName, T)>);

impl<T> ByProperty<T> {
    /// Where a property is, or would be.
    fn find(&self, property: &PropertyName) -> Result<usize, usize> {
        // A machine gets few properties faster one by one than by jumping about.
        if self.0.len() > 16 {
            return self.0.binary_search_by(|(other, _)| other.cmp(property));
        }
        for (at, (other, _)) in self.0.iter().enumerate() {
            match other.cmp(property) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(at),
                Ordering::Greater => return Err(at),
            }
        }
        Err(self.0.len())
    }

    /// The value of a property.
    pub fn get(&self, property: &PropertyName) -> Option<&T> {
        self.0.get(self.find(property).ok()?).map(|(_, value)| value)
    }

    /// Whether there is a value of a property.
    pub fn contains_key(&self, property: &PropertyName) -> bool {
        self.find(property).is_ok()
    }

    /// Gives a property a value, and returns the one that it had.
    pub fn insert(&mut self, property: PropertyName, value: T) -> Option<T> {
        match self.find(&property) {
            Ok(at) => self.0.get_mut(at).map(|(_, there)| std::mem::replace(there, value)),
            Err(at) => {
                self.0.insert(at, (property, value));
                None
            }
        }
    }

    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.0.reserve_exact(more);
    }

    /// All of it, in a map without room to spare; this one keeps its room, and nothing else.
    pub(crate) fn drain(&mut self) -> Self {
        Self(self.0.drain(..).collect())
    }

    /// How many properties there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.0.iter())
    }

    /// The properties.
    pub fn keys(&self) -> impl Iterator<Item = &PropertyName> {
        self.0.iter().map(|(property, _)| property)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl<V> ByProperty<Entry<V>> {
    /// Changes what is stored of a property; where nothing is stored any more, there is no entry.
    pub(crate) fn change(&mut self, property: &PropertyName, change: impl FnOnce(&mut Entry<V>)) {
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
    pub(crate) fn change_all(&mut self, change: impl Fn(&mut Entry<V>)) {
        self.0.retain_mut(|(_, entry)| {
            change(entry);
            !entry.is_empty()
        });
    }
}

/// What goes over [`ByProperty`].
#[derive(Clone, Debug)]
pub struct Iter<'a, T>(slice::Iter<'a, (PropertyName, T)>);

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a PropertyName, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(property, value)| (property, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> Default for ByProperty<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Extend<(PropertyName, T)> for ByProperty<T> {
    fn extend<I: IntoIterator<Item = (PropertyName, T)>>(&mut self, values: I) {
        for (property, value) in values {
            self.insert(property, value);
        }
    }
}

impl<T> FromIterator<(PropertyName, T)> for ByProperty<T> {
    fn from_iter<I: IntoIterator<Item = (PropertyName, T)>>(values: I) -> Self {
        let mut all = Self::default();
        all.extend(values);
        all
    }
}

impl<'a, T> IntoIterator for &'a ByProperty<T> {
    type Item = (&'a PropertyName, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for ByProperty<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}
