//! Declared and observed datasets side by side, with what the plan has decided so far.
//!
//! [`sight`] answers what a dataset sees of a property, before the plan, after it, and in between;
//! [`heirs`] who follows when it changes.

mod heirs;
mod sight;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::release::Release;

pub(crate) use sight::{Sight, Time, lossy};

use crate::observed::{Dataset, Observed};
use crate::spec::{Desired, Want, Wish};

/// Every dataset that is declared, observed, or needed as a parent; each parent right before its
/// subtree, so that a subtree is a range of rows.
pub(crate) struct Tree<'a> {
    observed: &'a Observed,
    release: Release,
    rows: Vec<Row<'a>>,
    /// Copies of the places that were seen in passing, one behind the other: all of them are gone through again.
    places: String,
    /// The rows that are renamed, each with all below it.
    moved: Vec<usize>,
    /// By row: declared properties that are not changed, since undeclared datasets would inherit them.
    held: BTreeMap<usize, BTreeSet<PropertyName>>,
}

#[allow(clippy::struct_excessive_bools, reason = "each is true or false of a row by itself")]
pub(crate) struct Row<'a> {
    pub(crate) name: Cow<'a, DatasetName>,
    pub(crate) observed: Option<&'a Dataset>,
    pub(crate) want: Option<&'a Want<'a>>,
    /// Belongs to the installer, or is ignored: never touched.
    pub(crate) base: bool,
    /// Declared datasets live below it.
    pub(crate) holds: bool,
    /// The draft after which it is there under this name, if it is not there now.
    pub(crate) arrives: Option<usize>,
    /// Where it is now, if it is renamed.
    pub(crate) old: Option<Box<OldPlace>>,
    /// Where it is mounted, if that was seen in passing: a part of [`Tree::places`].
    place: Option<(u32, u32)>,
    /// The drafts that change its properties, with what they do.
    pub(crate) planned: Vec<Planned>,
    parent: Option<usize>,
    /// The row after the last one below this.
    end: usize,
    /// Something is planned here or further up, as far as the walk has come.
    affected: bool,
    /// It is destroyed.
    removed: bool,
}

/// Where a dataset is that is renamed.
#[derive(Clone, Debug)]
pub(crate) struct OldPlace {
    pub(crate) name: DatasetName,
    parent: Option<usize>,
}

/// A change of a property.
pub(crate) struct Planned {
    pub(crate) property: PropertyName,
    pub(crate) wish: Wish,
    pub(crate) draft: usize,
}

impl<'a> Tree<'a> {
    /// `needed` are observed datasets that need parents.
    pub(crate) fn new(
        desired: &'a Desired<'a>,
        observed: &'a Observed,
        needed: &BTreeSet<DatasetName>,
    ) -> Self {
        let rows = Vec::with_capacity(observed.datasets.len().max(desired.datasets.len()) + 16);
        let (release, places) = (desired.release, String::new());
        let (moved, held) = (Vec::new(), BTreeMap::new());
        let mut tree = Self { observed, release, rows, places, moved, held };
        // Rows above the next one.
        let mut above: Vec<usize> = Vec::new();
        let datasets = side_by_side(observed.datasets(), desired.datasets.iter());
        let parents = desired.parents.iter().map(|name| (name, ()));
        for (name, (known, parent)) in side_by_side(datasets, parents) {
            let (observed, want) = known.unwrap_or_default();
            tree.close(&mut above, name);
            if want.is_some() || parent.is_some() || needed.contains(name) {
                tree.fill(&mut above, name, desired);
            }
            tree.push(&mut above, Cow::Borrowed(name), observed, want, desired);
        }
        let all = tree.rows.len();
        for row in above {
            tree.end(row, all);
        }
        tree
    }

    fn end(&mut self, row: usize, end: usize) {
        if let Some(row) = self.rows.get_mut(row) {
            row.end = end;
        }
    }

    /// Ends the rows that a name is not below of.
    fn close(&mut self, above: &mut Vec<usize>, name: &DatasetName) {
        while let Some(last) = above.last().copied() {
            if self.row(last).is_some_and(|row| name.is_under(&row.name)) {
                break;
            }
            self.end(last, self.rows.len());
            above.pop();
        }
    }

    /// Adds rows for the ancestors of a name that have none.
    fn fill(&mut self, above: &mut Vec<usize>, name: &DatasetName, desired: &'a Desired<'a>) {
        let top = above.last().and_then(|row| self.row(*row)).map(|row| &*row.name);
        let rest = top.and_then(|top| name.as_str().get(top.as_str().len() + 1..));
        // The usual case, without an allocation.
        if !rest.unwrap_or(name.as_str()).bytes().any(|byte| byte == b'/') {
            return;
        }
        let last = top.map(DatasetName::depth);
        let below = |ancestor: &DatasetName| last.is_none_or(|last| ancestor.depth() > last);
        let mut missing: Vec<_> = name.ancestors().take_while(below).collect();
        while let Some(name) = missing.pop() {
            self.push(above, Cow::Owned(name), None, None, desired);
        }
    }

    fn push(
        &mut self,
        above: &mut Vec<usize>,
        name: Cow<'a, DatasetName>,
        observed: Option<&'a Dataset>,
        want: Option<&'a Want<'a>>,
        desired: &Desired<'_>,
    ) {
        let base = desired.base.contains_key(&*name)
            || desired.ignore.iter().any(|pattern| pattern.matches(&name));
        let parent = above.last().copied();
        if want.is_some() {
            for row in above.iter().rev() {
                match self.rows.get_mut(*row) {
                    Some(row) if !row.holds => row.holds = true,
                    // Those further up are marked already.
                    _ => break,
                }
            }
        }
        above.push(self.rows.len());
        self.rows.push(Row {
            name,
            observed,
            want,
            base,
            holds: false,
            arrives: None,
            old: None,
            place: None,
            planned: Vec::new(),
            parent,
            end: 0,
            affected: false,
            removed: false,
        });
    }

    /// Notes that the dataset of a row has another name now, and which row its parent has.
    pub(crate) fn is_renamed(&mut self, at: usize, name: DatasetName, parent: Option<usize>) {
        if let Some(row) = self.rows.get_mut(at) {
            row.old = Some(Box::new(OldPlace { name, parent }));
            self.moved.push(at);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn row(&self, at: usize) -> Option<&Row<'a>> {
        self.rows.get(at)
    }

    /// The row of a name.
    pub(crate) fn find_row(&self, name: &DatasetName) -> Option<usize> {
        self.rows.binary_search_by(|row| (*row.name).cmp(name)).ok()
    }

    pub(crate) fn parent(&self, at: usize) -> Option<&Row<'a>> {
        self.row(self.row(at)?.parent?)
    }

    /// The row and those above it, nearest first.
    pub(crate) fn upwards(&self, at: usize) -> impl Iterator<Item = &Row<'a>> {
        std::iter::successors(self.row(at), |row| self.row(row.parent?))
    }

    /// The rows below a row.
    pub(crate) fn below(&self, at: usize) -> &[Row<'a>] {
        self.rows.get(at + 1..self.end_of(at)).unwrap_or_default()
    }

    /// The row after the last one below a row.
    pub(crate) fn end_of(&self, at: usize) -> usize {
        self.row(at).map_or(at + 1, |row| row.end)
    }

    /// The walk comes to a row: what is planned further up is known by now.
    pub(crate) fn enter(&mut self, at: usize) {
        let above = self.parent(at).is_some_and(|parent| parent.affected);
        if let Some(row) = self.rows.get_mut(at).filter(|_| above) {
            row.affected = true;
        }
    }

    /// Notes where a dataset is mounted.
    pub(crate) fn note_place(&mut self, at: usize, place: &str) {
        let (start, length) = (u32::try_from(self.places.len()), u32::try_from(place.len()));
        if let (Some(row), Ok(start), Ok(length)) = (self.rows.get_mut(at), start, length) {
            row.place = Some((start, length));
            self.places.push_str(place);
        }
    }

    /// Where a dataset is mounted, if that was noted.
    pub(crate) fn noted_place(&self, at: usize) -> Option<&str> {
        let (start, length) = self.row(at)?.place?;
        self.places.get(start as usize..)?.get(..length as usize)
    }

    /// A draft after which the dataset is there.
    pub(crate) fn arrive(&mut self, at: usize, draft: usize) {
        if let Some(row) = self.rows.get_mut(at) {
            row.arrives = Some(draft);
            row.affected = true;
        }
    }

    /// The dataset is destroyed: nothing has to be kept from it.
    pub(crate) fn remove(&mut self, at: usize) {
        if let Some(row) = self.rows.get_mut(at) {
            row.removed = true;
        }
    }

    /// A draft that changes properties.
    pub(crate) fn plan(
        &mut self,
        at: usize,
        draft: usize,
        changes: impl ExactSizeIterator<Item = (PropertyName, Wish)>,
    ) {
        if let Some(row) = self.rows.get_mut(at) {
            row.affected |= changes.len() > 0;
            row.planned.reserve_exact(changes.len());
            row.planned.extend(changes.map(|(property, wish)| Planned { property, wish, draft }));
        }
    }

    /// The draft that has to be done before anything is done to this dataset.
    pub(crate) fn arrival(&self, at: usize) -> Option<usize> {
        if !self.is_affected(at) {
            return None;
        }
        self.upwards(at).find_map(|row| row.arrives)
    }

    /// Drafts that change a dataset above this one, up to where it arrives.
    pub(crate) fn changes_above(&self, at: usize) -> Vec<usize> {
        let mut drafts = Vec::new();
        for row in self.upwards(at).skip(1) {
            drafts.extend(row.planned.iter().map(|planned| planned.draft));
            if row.arrives.is_some() {
                break;
            }
        }
        drafts
    }

    /// Whether anything was planned that this dataset sees: without it, what it sees later is what it
    /// sees now.
    pub(crate) fn is_affected(&self, at: usize) -> bool {
        self.row(at).is_some_and(|row| row.affected)
    }

    /// Drafts above a row that change a property.
    pub(crate) fn planned_above(&self, at: usize, property: &PropertyName) -> Vec<usize> {
        if !self.is_affected(at) {
            return Vec::new();
        }
        let planned = self.upwards(at).skip(1).flat_map(|row| &row.planned);
        planned.filter(|planned| planned.property == *property).map(|p| p.draft).collect()
    }

    /// The rows that are renamed.
    pub(crate) fn moved(&self) -> &[usize] {
        &self.moved
    }

    /// The first declaration below a row.
    pub(crate) fn first_below(&self, at: usize) -> Option<String> {
        self.below(at).iter().find_map(|row| row.want).map(|want| want.path.path())
    }
}

/// Two ordered lists, walked together.
fn side_by_side<K: Ord, A, B>(
    left: impl IntoIterator<Item = (K, A)>,
    right: impl IntoIterator<Item = (K, B)>,
) -> impl Iterator<Item = (K, (Option<A>, Option<B>))> {
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    std::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        if order == Ordering::Greater {
            return right.next().map(|(key, b)| (key, (None, Some(b))));
        }
        let (key, a) = left.next()?;
        let b = if order == Ordering::Equal { right.next() } else { None };
        Some((key, (Some(a), b.map(|(_, b)| b))))
    })
}
