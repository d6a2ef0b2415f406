//! Things by path, to be found by what is above a path.

use crate::path::{AbsolutePath, compare, contains};

/// Things by path. Finding the nearest at or above a path takes a binary search, and a step for each that is nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index<T> {
    items: Vec<Item<T>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Item<T> {
    path: AbsolutePath,
    /// The nearest item above.
    above: Option<u32>,
    value: T,
}

/// An item that was found.
pub(crate) struct Found<'i, T> {
    index: usize,
    pub(crate) path: &'i AbsolutePath,
    pub(crate) value: &'i T,
}

impl<T> Clone for Found<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Found<'_, T> {}

impl<T> Index<T> {
    /// Of several values for one path, the first stays.
    pub(crate) fn new(items: impl IntoIterator<Item = (AbsolutePath, T)>) -> Self {
        let mut sorted: Vec<(AbsolutePath, T)> = items.into_iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted.dedup_by(|later, earlier| later.0 == earlier.0);
        let mut items: Vec<Item<T>> = Vec::with_capacity(sorted.len());
        let mut open: Vec<u32> = Vec::new();
        for (number, (path, value)) in (0_u32..).zip(sorted) {
            let holds = |index: &u32| {
                let item = items.get(*index as usize);
                item.is_some_and(|item| item.path.contains(&path))
            };
            while open.last().is_some_and(|index| !holds(index)) {
                open.pop();
            }
            let above = open.last().copied();
            open.push(number);
            items.push(Item { path, above, value });
        }
        Self { items }
    }

    /// The nearest item at a path or above it.
    pub(crate) fn find(&self, path: &[u8]) -> Option<Found<'_, T>> {
        let mut index = self.after(path).checked_sub(1)?;
        loop {
            let found = self.get(index)?;
            if contains(found.path.as_bytes(), path) {
                return Some(found);
            }
            index = self.items.get(index)?.above? as usize;
        }
    }

    /// The nearest item above one that was found.
    pub(crate) fn above(&self, found: &Found<'_, T>) -> Option<Found<'_, T>> {
        self.get(self.items.get(found.index)?.above? as usize)
    }

    /// The nearest item at a path or above it.
    pub(crate) fn nearest(&self, path: &[u8]) -> Option<(&AbsolutePath, &T)> {
        self.find(path).map(|found| (found.path, found.value))
    }

    /// The nearest item above a path.
    pub(crate) fn nearest_above(&self, path: &[u8]) -> Option<(&AbsolutePath, &T)> {
        let found = self.find(path)?;
        let found = if found.path.as_bytes() == path { self.above(&found)? } else { found };
        Some((found.path, found.value))
    }

    fn get(&self, index: usize) -> Option<Found<'_, T>> {
        self.items.get(index).map(|item| Found { index, path: &item.path, value: &item.value })
    }

    /// The number of items at or before a path.
    fn after(&self, path: &[u8]) -> usize {
        self.items.partition_point(|item| compare(item.path.as_bytes(), path).is_le())
    }

    /// The items below a path.
    pub(crate) fn below(&self, path: &[u8]) -> impl Iterator<Item = (&AbsolutePath, &T)> {
        let rest = self.items.get(self.after(path)..).unwrap_or_default();
        let path = path.to_vec();
        let inside = rest.iter().take_while(move |item| contains(&path, item.path.as_bytes()));
        inside.map(|item| (&item.path, &item.value))
    }

    /// The item that shares most components with a path, of those that pass.
    pub(crate) fn closest(
        &self,
        path: &[u8],
        pass: impl Fn(&T) -> bool,
    ) -> Option<(&AbsolutePath, &T)> {
        let after = self.after(path);
        let (before, behind) = self.items.split_at(after.min(self.items.len()));
        let before = before.iter().rev().find(|item| pass(&item.value));
        let behind = behind.iter().find(|item| pass(&item.value));
        let shared = |item: &Item<T>| {
            let pairs = item.path.as_bytes().split(|b| *b == b'/').zip(path.split(|b| *b == b'/'));
            pairs.take_while(|(a, b)| a == b).count()
        };
        let best = before.into_iter().chain(behind).rev().max_by_key(|item| shared(item))?;
        Some((&best.path, &best.value))
    }

    /// Every item, in order of path.
    pub(crate) fn into_iter(self) -> impl Iterator<Item = (AbsolutePath, T)> {
        self.items.into_iter().map(|item| (item.path, item.value))
    }

    /// Every item in order of path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&AbsolutePath, &T)> {
        self.items.iter().map(|item| (&item.path, &item.value))
    }
}

/// Sorts values that are costly to move: each is moved once. Equal ones keep their order.
pub(crate) fn sort_large<T>(
    items: Vec<T>,
    compare: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> Vec<T> {
    let mut order: Vec<(usize, &T)> = items.iter().enumerate().collect();
    order.sort_by(|a, b| compare(a.1, b.1));
    let numbers: Vec<usize> = order.into_iter().map(|(number, _)| number).collect();
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    numbers.iter().filter_map(|number| items.get_mut(*number)?.take()).collect()
}
