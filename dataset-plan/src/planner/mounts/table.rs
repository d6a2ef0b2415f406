//! What is mounted where.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::path::is_within;

/// Who is mounted at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// The dataset of a row.
    Row(usize),
    /// Another file system, by its number.
    Other(usize),
}

const FIRST: Who = Who::Row(0);

/// Mounts by their places. Places are compared component by component: `/srv/a-b` is not below `/srv/a`.
#[derive(Debug, Default)]
pub(super) struct Table<'t>(BTreeSet<(Cow<'t, str>, Who)>);

impl<'t> FromIterator<(Cow<'t, str>, Who)> for Table<'t> {
    fn from_iter<I: IntoIterator<Item = (Cow<'t, str>, Who)>>(mounts: I) -> Self {
        Self(mounts.into_iter().collect())
    }
}

impl<'t> Table<'t> {
    pub(super) fn insert(&mut self, place: Cow<'t, str>, who: Who) {
        self.0.insert((place, who));
    }

    pub(super) fn remove(&mut self, place: Cow<'t, str>, who: Who) {
        self.0.remove(&(place, who));
    }

    /// Who is mounted at a place.
    pub(super) fn at<'p>(&'p self, place: &'p str) -> impl Iterator<Item = Who> + 'p {
        let mounts: &BTreeSet<(Cow<'p, str>, Who)> = &self.0;
        let from = mounts.range((place.into(), FIRST)..);
        from.take_while(move |(other, _)| other == place).map(|(_, who)| *who)
    }

    /// What is mounted below a place, places in order, what holds others before them.
    pub(super) fn below(&self, place: &str) -> impl Iterator<Item = (&Cow<'t, str>, Who)> {
        let place = place.trim_end_matches('/');
        let from = self.0.range((Cow::Owned([place, "/"].concat()), FIRST)..);
        let below = from.take_while(move |(other, _)| is_within(other, place));
        below.filter(|(other, _)| other != "/").map(|(other, who)| (other, *who))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_compared_by_component() {
        let mut table = Table::default();
        for (n, place) in ["/", "/srv", "/srv/a", "/srv/a-b", "/srv/a/x"].iter().enumerate() {
            table.insert((*place).into(), Who::Row(n));
        }
        let below = |place| table.below(place).map(|(place, _)| &**place).collect::<Vec<_>>();
        assert_eq!(below("/srv/a"), ["/srv/a/x"]);
        assert_eq!(below("/"), ["/srv", "/srv/a", "/srv/a-b", "/srv/a/x"]);
        assert_eq!(table.at("/srv").collect::<Vec<_>>(), [Who::Row(1)]);
    }
}
