//! What is declared of a dataset's properties, and by which table.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use declared::join;
use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;

use super::Wish;

/// A table of a declaration, displayed as its path: `profiles.sqlite`, `utility."tank/temp"`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Table {
    /// A profile.
    Profile(Arc<str>),
    /// A service.
    Service(Arc<str>),
    /// A dataset by its full name.
    Utility(DatasetName),
    /// A dataset of the installer.
    Base(DatasetName),
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (group, name) = match self {
            Table::Profile(name) => ("profiles", &**name),
            Table::Service(name) => ("services", &**name),
            Table::Utility(name) => ("utility", name.as_str()),
            Table::Base(name) => ("base", name.as_str()),
        };
        f.pad(&join(group, name))
    }
}

/// What shall become of a property, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What shall become of it; never [`Wish::Any`].
    pub wish: Wish,
    /// The profile that says so; `None`: the dataset's own table.
    pub profile: Option<Arc<Table>>,
}

/// Properties with what shall become of each, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(Vec<(PropertyName, Declared)>);

/// What goes over [`Properties`].
type Iter<'p> = std::iter::Map<
    std::slice::Iter<'p, (PropertyName, Declared)>,
    fn(&'p (PropertyName, Declared)) -> (&'p PropertyName, &'p Declared),
>;

/// Room for an automatic mountpoint and the note of what is declared.
const ROOM: usize = 2;

impl Properties {
    /// How many properties are declared.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> Iter<'_> {
        self.0.iter().map(|(name, declared)| (name, declared))
    }

    /// What is declared of one.
    pub fn get(&self, name: &PropertyName) -> Option<&Declared> {
        let (_, declared) = self.0.get(self.find(name).ok()?)?;
        Some(declared)
    }

    /// Whether anything is declared of one.
    pub fn contains_key(&self, name: &PropertyName) -> bool {
        self.find(name).is_ok()
    }

    fn find(&self, name: &PropertyName) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(name))
    }

    /// The dataset's own table says this too; it wins.
    pub(super) fn insert(&mut self, name: PropertyName, wish: Wish) {
        let new = Declared { wish, profile: None };
        match self.find(&name) {
            Err(at) => self.0.insert(at, (name, new)),
            Ok(at) => {
                if let Some((_, declared)) = self.0.get_mut(at) {
                    *declared = new;
                }
            }
        }
    }

    /// Lays the keys of a table over what is there; they win.
    pub(super) fn lay(
        &mut self,
        over: &BTreeMap<PropertyName, Wish>,
        profile: Option<&Arc<Table>>,
    ) {
        let new = |(name, wish): (&PropertyName, &Wish)| {
            (name.clone(), Declared { wish: wish.clone(), profile: profile.cloned() })
        };
        if self.0.is_empty() {
            self.0.reserve_exact(over.len() + ROOM);
            self.0.extend(over.iter().map(new));
            return;
        }
        let merged = Vec::with_capacity(self.0.len() + over.len() + ROOM);
        let mut under = std::mem::replace(&mut self.0, merged).into_iter().peekable();
        for (name, wish) in over {
            while let Some(before) = under.next_if(|(other, _)| other < name) {
                self.0.push(before);
            }
            under.next_if(|(other, _)| other == name);
            self.0.push(new((name, wish)));
        }
        self.0.extend(under);
    }

    /// What is left as it is, whatever a profile says, is not declared.
    pub(super) fn settle(&mut self) {
        self.0.retain(|(_, declared)| !matches!(declared.wish, Wish::Any));
    }
}

impl<'p> IntoIterator for &'p Properties {
    type Item = (&'p PropertyName, &'p Declared);
    type IntoIter = Iter<'p>;

    fn into_iter(self) -> Iter<'p> {
        self.iter()
    }
}
