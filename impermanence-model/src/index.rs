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

    /// The item at a path.
    pub(crate) fn at(&self, path: &[u8]) -> Option<&T> {
        let found = self.items.binary_search_by(|item| compare(item.path.as_bytes(), path)).ok()?;
        self.items.get(found).map(|item| &item.value)
    }

    /// The nearest item at a path or above it.
    pub(crate) fn nearest(&self, path: &[u8]) -> Option<(&AbsolutePath, &T)> {
        let item = self.nearest_item(path)?;
        Some((&item.path, &item.value))
    }

    /// The nearest item above a path.
    pub(crate) fn nearest_above(&self, path: &[u8]) -> Option<(&AbsolutePath, &T)> {
        let item = self.nearest_item(path)?;
        if item.path.as_bytes() != path {
            return Some((&item.path, &item.value));
        }
        let item = self.items.get(item.above? as usize)?;
        Some((&item.path, &item.value))
    }

    fn nearest_item(&self, path: &[u8]) -> Option<&Item<T>> {
        let end = self.after(path);
        let mut index = end.checked_sub(1)?;
        loop {
            let item = self.items.get(index)?;
            if contains(item.path.as_bytes(), path) {
                return Some(item);
            }
            index = item.above? as usize;
        }
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

    /// Every item in order of path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&AbsolutePath, &T)> {
        self.items.iter().map(|item| (&item.path, &item.value))
    }
}
