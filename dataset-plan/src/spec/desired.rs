//! What each dataset shall be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::release::Release;

use super::properties::{Declared, Properties, Table};
use super::{Base, Mode, Moved, Origin, Pattern, Volume};
use crate::applied::Claims;
use crate::setting::Setting;

/// Every declared dataset of a [`Spec`](super::Spec), profiles and automatic mountpoints worked in.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Desired<'s> {
    /// The OpenZFS release whose rules hold.
    pub release: Release,
    /// The datasets below which services live: made as containers if they are missing.
    pub parents: BTreeSet<DatasetName>,
    /// Datasets that are never touched.
    pub base: BTreeMap<DatasetName, Base>,
    /// The same, by pattern.
    pub ignore: Vec<Pattern>,
    /// Datasets that have a new name.
    pub moved: Vec<Moved>,
    /// Datasets that shall not exist.
    pub absent: BTreeSet<DatasetName>,
    /// The user property in which datasets note what was declared of them.
    pub owner_property: Option<PropertyName>,
    /// What each declared dataset shall be; a parent comes right before its subtree.
    pub datasets: Datasets<'s>,
    /// What was applied before, if the caller keeps that.
    pub(crate) claims: Option<Claims<'s>>,
}

/// What one dataset shall be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Want<'s> {
    /// The declaration it comes from, as `services.sonarr`.
    pub path: Table<'s>,
    /// The properties it shall have; all others are left alone.
    pub properties: Properties<'s>,
    /// It shall be a volume.
    pub volume: Option<Volume>,
    /// The snapshot that it is a clone of, or none.
    pub origin: Option<&'s Origin>,
    /// The dataset it is, under whatever name.
    pub guid: Option<u64>,
    /// Who shall own the mounted directory.
    pub owner: Option<&'s str>,
    /// Which group the mounted directory shall have.
    pub group: Option<&'s str>,
    /// Which mode the mounted directory shall have.
    pub mode: Option<Mode>,
    /// What is set on it and not declared is unset, or stays; `None`: nobody said so, so it stays.
    pub strict: Option<bool>,
    pub(super) mounted_at: Option<Cow<'s, str>>,
}

impl Want<'_> {
    /// Filesystem or volume.
    pub fn kind(&self) -> DatasetKind {
        if self.volume.is_some() { DatasetKind::Volume } else { DatasetKind::Filesystem }
    }

    /// The table that says what shall become of a property.
    pub fn table<'w>(&'w self, declared: Declared<'w>) -> Table<'w> {
        declared.profile.map_or(self.path, Table::Profile)
    }

    /// The properties that are given a value.
    pub fn settings(&self) -> impl Iterator<Item = (&PropertyName, &Setting)> {
        let properties = self.properties.iter();
        properties.filter_map(|(name, declared)| Some((name, declared.wish.setting()?)))
    }

    /// What is set on it and not declared is unset.
    pub fn is_strict(&self) -> bool {
        self.strict == Some(true)
    }

    /// Something is said of the mounted directory.
    pub(crate) fn is_owned(&self) -> bool {
        self.owner.is_some() || self.group.is_some() || self.mode.is_some()
    }

    /// The mounted directory, if something is said of it.
    pub(crate) fn owned_at(&self) -> Option<&str> {
        self.mounted_at().filter(|_| self.is_owned())
    }

    /// Where ZFS shall mount the dataset, if it shall do so by itself.
    pub fn mounted_at(&self) -> Option<&str> {
        self.mounted_at.as_deref()
    }
}

/// Datasets by name; a parent comes right before its subtree.
#[derive(Clone, Debug, Default)]
pub struct Datasets<'s>(Vec<(DatasetName, Want<'s>)>);

impl<'s> Datasets<'s> {
    /// Those of one table, which are in order.
    pub(super) fn sorted(all: Vec<(DatasetName, Want<'s>)>) -> Self {
        Self(all)
    }

    /// Puts them in order; of several with one name, all but the first are returned besides.
    pub(super) fn new(
        mut all: Vec<(DatasetName, Want<'s>)>,
    ) -> (Self, Vec<(DatasetName, Want<'s>)>) {
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut datasets: Vec<(DatasetName, Want<'s>)> = Vec::with_capacity(all.len());
        let mut others = Vec::new();
        for next in all {
            let list = if datasets.last().is_some_and(|last| last.0 == next.0) {
                &mut others
            } else {
                &mut datasets
            };
            list.push(next);
        }
        (Self(datasets), others)
    }

    /// Tells those below whether they are strict, unless they say so themselves.
    pub(super) fn pass_down(&mut self) {
        if self.values().all(|want| want.strict.is_none()) {
            return;
        }
        let mut above: Vec<(DatasetName, Option<bool>)> = Vec::new();
        for (name, want) in &mut self.0 {
            while above.last().is_some_and(|(above, _)| !name.is_under(above)) {
                above.pop();
            }
            want.strict = want.strict.or(above.last().and_then(|(_, strict)| *strict));
            above.push((name.clone(), want.strict));
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&DatasetName, &Want<'s>)> {
        self.0.iter().map(|(name, want)| (name, want))
    }

    /// Their names.
    pub fn keys(&self) -> impl Iterator<Item = &DatasetName> {
        self.0.iter().map(|(name, _)| name)
    }

    /// What they shall be.
    pub fn values(&self) -> impl Iterator<Item = &Want<'s>> {
        self.0.iter().map(|(_, want)| want)
    }

    /// What one shall be.
    pub fn get(&self, name: &DatasetName) -> Option<&Want<'s>> {
        let at = self.0.binary_search_by(|(other, _)| other.cmp(name)).ok()?;
        self.0.get(at).map(|(_, want)| want)
    }

    /// Whether it is declared.
    pub fn contains_key(&self, name: &DatasetName) -> bool {
        self.get(name).is_some()
    }

    /// The first that has this name or lives below it.
    pub fn at_or_below(&self, name: &DatasetName) -> Option<(&DatasetName, &Want<'s>)> {
        let at = self.0.partition_point(|(other, _)| other < name);
        let (found, want) = self.0.get(at)?;
        (found == name || found.is_under(name)).then_some((found, want))
    }
}
