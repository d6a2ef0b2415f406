//! The machine in the middle of a plan: which drafts are done, and what is mounted then.
//!
//! What a command unmounts and mounts by itself: OpenZFS `changelist_gather`, `changelist_prefix`,
//! `changelist_postfix` (`lib/libzfs/libzfs_changelist.c`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;

use super::places::Places;
use super::table::{Table, Who};
use crate::observed::Observed;
use crate::path::tidy;
use crate::plan::Action;
use crate::planner::Draft;
use crate::spec::Desired;
use crate::tree::{Time, Tree};

pub(super) const MOUNTPOINT: PropertyName = PropertyName::Native(Property::Mountpoint);
const CANMOUNT: PropertyName = PropertyName::Native(Property::Canmount);
const SHARES: [PropertyName; 2] =
    [PropertyName::Native(Property::Sharenfs), PropertyName::Native(Property::Sharesmb)];

/// Why a command unmounts or mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Another mountpoint: mounts whatever may be.
    Mountpoint,
    /// `canmount=off`, or what was set is given up.
    Canmount,
    /// A new name: all that is mounted below.
    Rename,
    /// Sharing: mounts what is shared.
    Share,
    /// It begins to exist.
    Create,
    /// It is no more.
    Destroy,
}

/// What a command unmounts and mounts: the filesystems in the order of mounting.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub(super) cause: Cause,
    pub(super) list: Vec<usize>,
}

/// Which drafts are done, and what is mounted.
pub(super) struct Stage<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) done: Vec<bool>,
    pub(super) table: Table<'t>,
    /// Where rows are mounted now, if that is not what was observed.
    changed: BTreeMap<usize, Option<Cow<'t, str>>>,
    /// What else is mounted.
    others: Vec<&'t str>,
}

impl<'t, 'a> Stage<'t, 'a> {
    /// Before the plan.
    pub(super) fn before(
        tree: &'t Tree<'a>,
        desired: &'t Desired<'_>,
        observed: &'t Observed,
        drafts: &[Draft],
        only: Option<&Places>,
    ) -> Self {
        let mut stage = Self {
            tree,
            done: vec![false; drafts.len()],
            table: Table::default(),
            changed: BTreeMap::new(),
            others: Vec::new(),
        };
        let mut mounts = Vec::new();
        for at in 0..tree.len() {
            let place = stage.mounted_at(at);
            let place = place.filter(|place| only.is_none_or(|only| only.hold(place)));
            mounts.extend(place.map(|place| (place, Who::Row(at))));
        }
        for (path, source) in &observed.foreign {
            stage.other(&mut mounts, path, source);
        }
        for (name, base) in &desired.base {
            if let Some(path) = &base.mounted_at {
                stage.other(&mut mounts, path, name.as_str());
            }
        }
        stage.table = mounts.into_iter().collect();
        stage
    }

    /// Where a filesystem is mounted by ZFS before the plan.
    fn mounted_at(&self, at: usize) -> Option<Cow<'t, str>> {
        let text = match self.tree.noted_place(at) {
            Some(place) => place.into(),
            None if self.tree.row(at)?.observed?.mounted == Some(true) => {
                self.tree.now(at, &MOUNTPOINT)?.into_text()
            }
            None => return None,
        };
        text.starts_with('/').then(|| tidy(text))
    }

    /// After all drafts, with the places of what was mounted before.
    pub(super) fn goal(&self) -> Self {
        Self {
            tree: self.tree,
            done: vec![true; self.done.len()],
            table: Table::default(),
            changed: self.changed.clone(),
            others: Vec::new(),
        }
    }

    /// A mount that ZFS does not decide; a dataset that is mounted so is still that dataset.
    fn other(&mut self, mounts: &mut Vec<(Cow<'t, str>, Who)>, path: &'t str, source: &'t str) {
        let place = tidy(path.into());
        let row = source.parse().ok().and_then(|name: DatasetName| self.tree.find_row(&name));
        let row =
            row.filter(|at| self.tree.row(*at).and_then(|row| row.observed?.mounted) == Some(true));
        match row {
            // Listed among the mounts of the machine, as all are.
            Some(at) if self.place(at).is_some() => {}
            Some(at) => {
                self.changed.insert(at, Some(place.clone()));
                mounts.push((place, Who::Row(at)));
            }
            None => {
                mounts.push((place, Who::Other(self.others.len())));
                self.others.push(source);
            }
        }
    }

    fn time(&self) -> Time<'_> {
        Time::Done(&self.done)
    }

    pub(super) fn set_done(&mut self, draft: usize, done: bool) {
        if let Some(flag) = self.done.get_mut(draft) {
            *flag = done;
        }
    }

    /// Where a row is mounted.
    pub(super) fn place(&self, at: usize) -> Option<Cow<'t, str>> {
        match self.changed.get(&at) {
            Some(place) => place.clone(),
            None => self.mounted_at(at),
        }
    }

    pub(super) fn mount(&mut self, at: usize, place: Cow<'t, str>) {
        self.table.insert(place.clone(), Who::Row(at));
        self.changed.insert(at, Some(place));
    }

    pub(super) fn unmount(&mut self, at: usize) {
        if let Some(place) = self.place(at) {
            self.table.remove(place, Who::Row(at));
            self.changed.insert(at, None);
        }
    }

    pub(super) fn name(&self, who: Who) -> Cow<'t, str> {
        match who {
            Who::Row(at) => self.tree.row(at).map(|row| row.name.as_str()).unwrap_or_default(),
            Who::Other(n) => self.others.get(n).copied().unwrap_or_default(),
        }
        .into()
    }

    /// What a dataset is called.
    pub(super) fn dataset(&self, at: usize) -> Option<DatasetName> {
        self.tree.dataset_at(at, self.time())
    }

    /// The path where ZFS would mount a filesystem.
    pub(super) fn mountpoint(&self, at: usize) -> Option<Cow<'t, str>> {
        let text = self.tree.sight(at, &MOUNTPOINT, self.time())?.into_text();
        text.starts_with('/').then(|| tidy(text))
    }

    /// `canmount` is this word.
    pub(super) fn can(&self, at: usize, word: &str) -> bool {
        let sight = self.tree.sight(at, &CANMOUNT, self.time());
        sight.map_or(word == "on", |sight| sight.text() == word)
    }

    /// The path where a filesystem can be mounted.
    pub(super) fn mountable(&self, at: usize) -> Option<Cow<'t, str>> {
        let row = self.tree.row(at)?;
        let volume = row.observed.and_then(|d| d.kind) == Some(DatasetKind::Volume)
            || row.observed.is_none() && row.want.is_some_and(|want| want.volume.is_some());
        let locked = row.observed.is_some_and(|dataset| dataset.key_loaded == Some(false));
        if volume || locked || self.can(at, "off") {
            return None;
        }
        self.mountpoint(at)
    }

    fn is_shared(&self, at: usize) -> bool {
        SHARES.iter().any(|share| {
            let sight = self.tree.sight(at, share, self.time());
            sight.is_some_and(|sight| sight.text() != "off")
        })
    }

    /// Whether a dataset exists, under whatever name.
    fn exists(&self, at: usize) -> bool {
        let row = self.tree.row(at);
        row.is_some_and(|row| row.observed.is_some() || row.is_at(self.time()))
    }

    /// Existing filesystems below one, where `enters` says so of each and those between.
    fn below(&self, top: usize, enters: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let mut found = Vec::new();
        self.collect(top, enters, &mut found);
        for moved in self.tree.moved() {
            let Some(row) = self.tree.row(*moved) else { continue };
            if row.is_at(self.time()) {
                continue;
            }
            // Still at its old place: is that below, with nothing between that is not entered?
            let above = std::iter::successors(row.parent_at(self.time()), |at| {
                self.tree.row(*at)?.parent_at(self.time())
            });
            let above: Vec<usize> = above.collect();
            let Some(top) = above.iter().position(|at| *at == top) else { continue };
            let between = above.iter().take(top);
            if between.chain([moved]).all(|at| enters(*at)) {
                found.push(*moved);
                self.collect(*moved, enters, &mut found);
            }
        }
        found
    }

    fn collect(&self, top: usize, enters: &dyn Fn(usize) -> bool, found: &mut Vec<usize>) {
        let mut next = top + 1;
        while let Some(row) = self.tree.row(next).filter(|_| next < self.tree.end_of(top)) {
            let elsewhere = row.old.is_some() && !row.is_at(self.time());
            if elsewhere || !self.exists(next) || !enters(next) {
                next = self.tree.end_of(next);
                continue;
            }
            found.push(next);
            next += 1;
        }
    }

    fn follows(&self, at: usize, property: &PropertyName) -> bool {
        !self.tree.decides(at, property, self.time())
    }

    fn is_filesystem(&self, at: usize) -> bool {
        let kind = self.tree.row(at).and_then(|row| row.observed?.kind);
        kind != Some(DatasetKind::Volume)
    }

    /// What `zfs unmount` of a filesystem unmounts: with it all that is mounted below it in the tree of
    /// datasets, wherever that is (`zfs_unmountall`). In the order of mounting.
    pub(super) fn unmounts(&self, at: usize) -> Vec<(Cow<'t, str>, usize)> {
        let mut all = self.below(at, &|_| true);
        all.push(at);
        let mut all: Vec<_> =
            all.into_iter().filter_map(|at| Some((self.place(at)?, at))).collect();
        all.sort();
        all
    }

    /// What a draft unmounts and mounts, if anything.
    pub(super) fn effect(&self, draft: &Draft) -> Option<Effect> {
        let at = draft.row;
        let cause = self.cause(draft)?;
        let mut list = match cause {
            Cause::Create | Cause::Destroy => Vec::new(),
            Cause::Mountpoint | Cause::Canmount => {
                self.below(at, &|at| self.is_filesystem(at) && self.follows(at, &MOUNTPOINT))
            }
            Cause::Share => self.below(at, &|at| {
                self.is_filesystem(at) && SHARES.iter().any(|share| self.follows(at, share))
            }),
            Cause::Rename => {
                let mut below = self.below(at, &|_| true);
                below.retain(|at| self.place(*at).is_some());
                below
            }
        };
        list.push(at);
        if list.len() == 1 {
            return Some(Effect { cause, list });
        }
        // Without a mountpoint at the top they go by name, which is the order of rows.
        let by_place = self.mountpoint(at).is_some();
        let mut keyed: BTreeMap<(Option<Cow<'_, str>>, usize), usize> = BTreeMap::new();
        for at in list {
            keyed.insert((self.mountpoint(at).filter(|_| by_place), at), at);
        }
        Some(Effect { cause, list: keyed.into_values().collect() })
    }

    fn cause(&self, draft: &Draft) -> Option<Cause> {
        if !draft.may_mount {
            return None;
        }
        let of = |property: &PropertyName| match property.native()? {
            Property::Mountpoint => Some(Cause::Mountpoint),
            Property::Canmount => Some(Cause::Canmount),
            Property::Sharenfs | Property::Sharesmb => Some(Cause::Share),
            _ => None,
        };
        match &draft.action {
            Action::Create { mount: true, .. } | Action::Clone { .. } => Some(Cause::Create),
            Action::Destroy => Some(Cause::Destroy),
            Action::Rename { .. } => self.mountpoint(draft.row).map(|_| Cause::Rename),
            Action::Inherit(property) | Action::Revert(property) => of(property),
            Action::Set(assignments) => {
                let has = |cause| {
                    assignments.iter().any(|a| {
                        let off = a.setting.argument() == "off";
                        of(&a.property) == Some(cause) && (cause != Cause::Canmount || off)
                    })
                };
                let mounted = self.place(draft.row).is_some();
                if has(Cause::Mountpoint) {
                    return Some(Cause::Mountpoint);
                }
                if has(Cause::Canmount) && mounted {
                    return Some(Cause::Canmount);
                }
                has(Cause::Share).then_some(Cause::Share)
            }
            _ => None,
        }
    }

    /// Those of the list that are unmounted.
    pub(super) fn leaves(&self, effect: &Effect) -> BTreeSet<usize> {
        let stays = matches!(effect.cause, Cause::Share | Cause::Create);
        let mounted = effect.list.iter().copied().filter(|at| self.place(*at).is_some());
        mounted.filter(|_| !stays).collect()
    }

    /// Once the draft is done: those of the list that are mounted then, and where. `was` is what was
    /// mounted before.
    pub(super) fn arrives(
        &self,
        effect: &Effect,
        was: &BTreeSet<usize>,
    ) -> Vec<(usize, Cow<'t, str>)> {
        let mounts = |at: usize| match effect.cause {
            Cause::Destroy => false,
            Cause::Create => self.can(at, "on"),
            Cause::Share => self.place(at).is_none() && self.can(at, "on") && self.is_shared(at),
            _ if was.contains(&at) => true,
            Cause::Mountpoint => self.can(at, "on"),
            Cause::Canmount | Cause::Rename => self.can(at, "on") && self.is_shared(at),
        };
        let list = effect.list.iter().copied().filter(|at| mounts(*at));
        list.filter_map(|at| Some((at, self.mountable(at)?))).collect()
    }
}
