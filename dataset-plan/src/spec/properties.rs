//! What is declared of a dataset's properties, and by which table.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::iter::Peekable;
use std::slice;

use declared::join;
use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;

use super::Wish;
use crate::by_property::{self, ByProperty};

/// A table of a declaration, displayed as its path: `profiles.sqlite`, `utility."tank/temp"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Table<'s> {
    /// A profile.
    Profile(&'s str),
    /// A service.
    Service(&'s str),
    /// A dataset by its full name.
    Utility(&'s DatasetName),
    /// A dataset of the installer.
    Base(&'s DatasetName),
}

impl Table<'_> {
    /// Where it is in the declaration.
    pub(crate) fn path(&self) -> String {
        let (group, name) = match self {
            Table::Profile(name) => ("profiles", *name),
            Table::Service(name) => ("services", *name),
            Table::Utility(name) => ("utility", name.as_str()),
            Table::Base(name) => ("base", name.as_str()),
        };
        join(group, name)
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.path())
    }
}

/// What shall become of a property, and where that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared<'p> {
    /// What shall become of it; never [`Wish::Any`].
    pub wish: &'p Wish,
    /// The profile that says so; `None`: the dataset's own table.
    pub profile: Option<&'p str>,
}

/// Properties with what shall become of each, in the order of their names.
///
/// Nothing of a dataset's own table is copied: it is what most declarations consist of.
#[derive(Clone, Debug)]
pub struct Properties<'s> {
    /// The dataset's own table.
    own: &'s ByProperty<Wish>,
    /// What is declared elsewhere or follows from other keys, in the order of names; it wins.
    beside: Vec<Beside<'s>>,
}

#[derive(Clone, Debug)]
struct Beside<'s> {
    name: Cow<'s, PropertyName>,
    wish: Cow<'s, Wish>,
    profile: Option<&'s str>,
}

impl<'s> Properties<'s> {
    /// What profiles say, of which later ones win, and what the dataset's own table says, which wins over them.
    pub(super) fn new(
        own: &'s ByProperty<Wish>,
        profiles: impl Iterator<Item = (&'s str, &'s ByProperty<Wish>)>,
    ) -> Self {
        let mut properties = Self { own, beside: Vec::new() };
        for (profile, wishes) in profiles {
            for (name, wish) in wishes.iter().filter(|(name, _)| !own.contains_key(name)) {
                let (name, wish) = (Cow::Borrowed(name), Cow::Borrowed(wish));
                properties.put(Beside { name, wish, profile: Some(profile) });
            }
        }
        properties
    }

    /// Another key of the dataset's table says this; it wins.
    pub(super) fn insert(&mut self, name: PropertyName, wish: Wish) {
        self.put(Beside { name: Cow::Owned(name), wish: Cow::Owned(wish), profile: None });
    }

    fn put(&mut self, new: Beside<'s>) {
        match self.find(&new.name) {
            Err(at) => self.beside.insert(at, new),
            Ok(at) => {
                if let Some(beside) = self.beside.get_mut(at) {
                    *beside = new;
                }
            }
        }
    }

    fn find(&self, name: &PropertyName) -> Result<usize, usize> {
        self.beside.binary_search_by(|beside| (*beside.name).cmp(name))
    }

    /// How many properties are declared.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// All of them.
    pub fn iter(&self) -> Iter<'_, 's> {
        Iter(self.said())
    }

    /// Those that are left as they are.
    pub(crate) fn left_alone(&self) -> impl Iterator<Item = &PropertyName> {
        self.said().filter_map(|(name, said)| (!said.counts()).then_some(name))
    }

    fn said(&self) -> Said<'_, 's> {
        Said { own: self.own.iter().peekable(), beside: self.beside.iter().peekable() }
    }

    /// What is declared of one.
    pub fn get(&self, name: &PropertyName) -> Option<Declared<'_>> {
        let declared = match self.find(name).ok().and_then(|at| self.beside.get(at)) {
            Some(beside) => beside.declared(),
            None => Declared { wish: self.own.get(name)?, profile: None },
        };
        declared.counts().then_some(declared)
    }

    /// Whether anything is said of one, also that it is left as it is.
    pub(crate) fn mentions(&self, name: &PropertyName) -> bool {
        self.own.contains_key(name) || self.find(name).is_ok()
    }

    /// What shall become of one, for as long as the declaration lives.
    pub(super) fn wish(&self, name: &PropertyName) -> Option<Cow<'s, Wish>> {
        match self.find(name).ok().and_then(|at| self.beside.get(at)) {
            Some(beside) => Some(beside.wish.clone()),
            None => self.own.get(name).map(Cow::Borrowed),
        }
    }

    /// Whether anything is declared of one.
    pub fn contains_key(&self, name: &PropertyName) -> bool {
        self.get(name).is_some()
    }
}

impl Beside<'_> {
    fn declared(&self) -> Declared<'_> {
        Declared { wish: &self.wish, profile: self.profile }
    }
}

impl Declared<'_> {
    /// What is left as it is, whatever a profile says, is not declared.
    fn counts(&self) -> bool {
        !matches!(self.wish, Wish::Any)
    }
}

/// What goes over [`Properties`].
#[derive(Clone, Debug)]
pub struct Iter<'p, 's>(Said<'p, 's>);

impl<'p> Iterator for Iter<'p, '_> {
    type Item = (&'p PropertyName, Declared<'p>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.find(|(_, declared)| declared.counts())
    }
}

/// The same, with those that are left as they are.
#[derive(Clone, Debug)]
struct Said<'p, 's> {
    own: Peekable<by_property::Iter<'s, Wish>>,
    beside: Peekable<slice::Iter<'p, Beside<'s>>>,
}

impl<'p> Iterator for Said<'p, '_> {
    type Item = (&'p PropertyName, Declared<'p>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.own.peek(), self.beside.peek()) {
            (Some((own, _)), Some(beside)) => (*own).cmp(&beside.name),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        if order == Ordering::Less {
            let (name, wish) = self.own.next()?;
            return Some((name, Declared { wish, profile: None }));
        }
        if order == Ordering::Equal {
            self.own.next();
        }
        let beside = self.beside.next()?;
        Some((&*beside.name, beside.declared()))
    }
}

impl<'p, 's> IntoIterator for &'p Properties<'s> {
    type Item = (&'p PropertyName, Declared<'p>);
    type IntoIter = Iter<'p, 's>;

    fn into_iter(self) -> Iter<'p, 's> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use zfs_props::property::Property;

    use super::*;
    use crate::setting::Setting;

    fn table(pairs: &[(&str, Option<&str>)]) -> ByProperty<Wish> {
        let wish = |value: Option<&str>| {
            value.map_or(Wish::Any, |value| Wish::Set(Setting::User(value.into())))
        };
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), wish(*value))).collect()
    }

    #[test]
    fn the_own_table_wins_over_profiles_and_later_ones_over_earlier_ones() {
        let (first, second) = (
            table(&[("a:a", Some("1")), ("a:b", Some("1")), ("a:c", Some("1"))]),
            table(&[("a:b", Some("2")), ("a:c", Some("2")), ("a:e", None)]),
        );
        let own = table(&[("a:c", Some("3")), ("a:d", Some("3")), ("a:a", None)]);
        let profiles = [("first", &first), ("second", &second)];
        let mut properties = Properties::new(&own, profiles.into_iter());
        properties.insert(Property::Mountpoint.into(), Wish::Inherit);
        let all: Vec<_> = properties
            .iter()
            .map(|(name, said)| format!("{name} {} {}", said.wish, said.profile.unwrap_or("-")))
            .collect();
        assert_eq!(all, ["mountpoint inherited -", "a:b 2 second", "a:c 3 -", "a:d 3 -"]);
        assert_eq!(properties.len(), 4);
        for (name, said) in &properties {
            assert_eq!(properties.get(name), Some(said));
        }
        assert!(!properties.contains_key(&"a:a".parse().unwrap()));
        assert!(!properties.contains_key(&"a:e".parse().unwrap()));
    }
}
