//! What a dataset sees of a property: its own value, an inherited one, or the default.

use std::borrow::Cow;
use std::collections::BTreeSet;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::mountpoint;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::source::Source;

use super::{Row, Tree};
use crate::observed::{Dataset, Effective, inheritable};
use crate::setting::Setting;
use crate::spec::{Want, Wish};

/// Which changes count when a value is looked up.
#[derive(Clone, Copy)]
pub(crate) enum Time<'w> {
    /// None: what is there now.
    Now,
    /// Those planned so far.
    Later,
    /// Those of drafts that are done, by the drafts' numbers.
    Done(&'w [bool]),
}

impl Time<'_> {
    fn is_done(&self, draft: usize) -> bool {
        match self {
            Time::Now => false,
            Time::Later => true,
            Time::Done(done) => done.get(draft).is_some_and(|done| *done),
        }
    }
}

/// A value where it was found, before a mountpoint is extended by names below.
pub(super) struct Found<'t> {
    pub(super) held: Held<'t>,
    pub(super) source: Source<&'t DatasetName>,
}

pub(super) enum Held<'t> {
    Printed(Cow<'t, [u8]>),
    Planned(&'t Setting),
}

/// A value as a dataset sees it, now or later.
pub(crate) struct Sight<'t> {
    held: Held<'t>,
    pub(crate) source: Source<&'t DatasetName>,
}

impl<'t> Sight<'t> {
    /// As `zfs get -p` prints it.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match &self.held {
            Held::Printed(raw) => lossy(raw),
            Held::Planned(setting) => setting.printed().into(),
        }
    }

    /// The same, without a copy where that can be.
    pub(crate) fn into_text(self) -> Cow<'t, str> {
        match self.held {
            Held::Printed(Cow::Borrowed(raw)) => lossy(raw),
            Held::Printed(Cow::Owned(raw)) => match String::from_utf8(raw) {
                Ok(text) => text.into(),
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into(),
            },
            Held::Planned(Setting::Native(value)) if value.text().is_some() => {
                value.text().unwrap_or_default().into()
            }
            Held::Planned(setting) => setting.printed().into(),
        }
    }

    /// The value is this one, however it is spelt.
    pub(crate) fn is(&self, property: &PropertyName, wanted: &Setting, release: Release) -> bool {
        match &self.held {
            Held::Planned(setting) => *setting == wanted,
            Held::Printed(raw) => wanted.is(property, raw, release),
        }
    }

    pub(super) fn same(
        &self,
        other: &Sight<'_>,
        property: &PropertyName,
        release: Release,
    ) -> bool {
        match (&self.held, &other.held) {
            (_, Held::Planned(setting)) => self.is(property, setting, release),
            (Held::Planned(setting), _) => other.is(property, setting, release),
            (Held::Printed(a), Held::Printed(b)) => a == b,
        }
    }

    /// It is this, as printed.
    pub(crate) fn is_printed(&self, text: &[u8]) -> bool {
        matches!(&self.held, Held::Printed(raw) if **raw == *text)
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.source == Source::Temporary
    }
}

/// A printed value as text. Nearly all are UTF-8, which is found out faster than what is not.
pub(crate) fn lossy(raw: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed)
}

impl Row<'_> {
    /// Whether the dataset is there under its name.
    pub(crate) fn is_at(&self, time: Time<'_>) -> bool {
        match self.arrives {
            Some(draft) => time.is_done(draft),
            None => self.observed.is_some() && self.old.is_none(),
        }
    }

    /// The row of the parent: before it is renamed, a dataset has another one.
    pub(crate) fn parent_at(&self, time: Time<'_>) -> Option<usize> {
        match &self.old {
            Some(old) if !self.is_at(time) => old.parent,
            _ => self.parent,
        }
    }
}

impl<'a> Tree<'a> {
    /// What a dataset sees before the plan.
    pub(crate) fn now(&self, at: usize, property: &PropertyName) -> Option<Sight<'_>> {
        self.sight(at, property, Time::Now)
    }

    /// What a dataset sees after the steps planned so far.
    pub(crate) fn later(&self, at: usize, property: &PropertyName) -> Option<Sight<'_>> {
        self.sight(at, property, Time::Later)
    }

    /// What a dataset sees at some time.
    pub(crate) fn sight<'t>(
        &'t self,
        at: usize,
        property: &PropertyName,
        time: Time<'_>,
    ) -> Option<Sight<'t>> {
        match self.find(at, property, time, None) {
            Some(found) => Some(self.seen(at, property, found, time)),
            None => self.default(at, property, time),
        }
    }

    /// The value that counts for a dataset, if somebody set it; with a wish, as if that were done to it.
    pub(super) fn find<'t>(
        &'t self,
        at: usize,
        property: &PropertyName,
        time: Time<'_>,
        given: Option<&'t Wish>,
    ) -> Option<Found<'t>> {
        let mut next = Some(at);
        let mut itself = true;
        while let Some(row) = next.and_then(|at| self.row(at)) {
            let planned = |row: &'t Row<'a>| {
                let mut changes = row.planned.iter();
                changes.find(|p| p.property == *property && time.is_done(p.draft))
            };
            let change = match given {
                Some(wish) if itself => Some(wish),
                _ if row.planned.is_empty() => None,
                _ => planned(row).map(|planned| &planned.wish),
            };
            let inherited = Source::Inherited(&*row.name);
            if let Some(setting) = change.and_then(Wish::setting) {
                let source = if itself { Source::Local } else { inherited };
                return Some(Found { held: Held::Planned(setting), source });
            }
            if let Some(dataset) = row.observed {
                let own = match change {
                    Some(Wish::Received) => dataset.received(property),
                    Some(_) => None,
                    None => dataset.own(property, itself),
                };
                if let Some((raw, source)) = own {
                    let source = if itself { source } else { inherited };
                    return Some(Found { held: Held::Printed(raw.into()), source });
                }
                if let Some((from, raw)) = dataset.outside.get(property) {
                    let (held, source) = (Held::Printed((&**raw).into()), Source::Inherited(from));
                    return Some(Found { held, source });
                }
            }
            // What was fixed at creation is its own, also where it is the default: below an encrypted dataset there may be one
            // that is not.
            let once = property.native().is_some_and(Property::is_settable_once);
            if itself && (!inheritable(property) || once && row.observed.is_some()) {
                break;
            }
            itself = false;
            next = row.parent_at(time);
        }
        None
    }

    /// Whether a dataset has a value of its own.
    pub(crate) fn decides(&self, at: usize, property: &PropertyName, time: Time<'_>) -> bool {
        let Some(row) = self.row(at) else { return false };
        let mut planned = row.planned.iter();
        let planned = planned.find(|p| p.property == *property && time.is_done(p.draft));
        let stored = |dataset: &'a Dataset| match planned.map(|planned| &planned.wish) {
            Some(Wish::Received) => dataset.received(property).is_some(),
            Some(_) => false,
            None => dataset.own(property, false).is_some(),
        };
        planned.is_some_and(|planned| planned.wish.setting().is_some())
            || row.observed.is_some_and(stored)
    }

    /// The name of a dataset.
    fn name_at(&self, at: usize, time: Time<'_>) -> Option<Cow<'_, str>> {
        let row = self.row(at)?;
        if self.moved.is_empty() {
            return Some(row.name.as_str().into());
        }
        // From below, each by what it is called there.
        let mut leaves = Vec::new();
        let mut next = Some(row);
        while let Some(row) = next {
            let old = row.old.as_ref().filter(|_| !row.is_at(time));
            let name = old.map_or(&*row.name, |old| &old.name);
            let parent = row.parent_at(time);
            leaves.push(if parent.is_some() { name.leaf() } else { name.as_str() });
            next = parent.and_then(|parent| self.row(parent));
        }
        leaves.reverse();
        Some(leaves.join("/").into())
    }

    /// The name of a dataset.
    pub(crate) fn dataset_at(&self, at: usize, time: Time<'_>) -> Option<DatasetName> {
        match self.name_at(at, time)? {
            Cow::Borrowed(_) => Some(self.row(at)?.name.clone().into_owned()),
            Cow::Owned(name) => name.parse().ok(),
        }
    }

    /// What a dataset sees of a property that nobody set.
    pub(super) fn default(
        &self,
        at: usize,
        property: &PropertyName,
        time: Time<'_>,
    ) -> Option<Sight<'_>> {
        let native = property.native()?;
        let row = self.row(at)?;
        let kind = match (row.observed, row.want) {
            (Some(dataset), _) if dataset.seen.contains(native) => dataset.kind?,
            (Some(_), _) => return None,
            (None, want) => want.map_or(DatasetKind::Filesystem, Want::kind),
        };
        let raw = self.observed.default_for(native, kind, self.release)?;
        let found = Found { held: Held::Printed(raw), source: Source::Default };
        Some(self.seen(at, property, found, time))
    }

    /// A value as this dataset sees it: a mountpoint grows by the names below where it was set.
    pub(super) fn seen<'t>(
        &self,
        at: usize,
        property: &PropertyName,
        found: Found<'t>,
        time: Time<'_>,
    ) -> Sight<'t> {
        let Found { held, source } = found;
        if *property != PropertyName::Native(Property::Mountpoint)
            || !matches!(source, Source::Inherited(_) | Source::Default)
        {
            return Sight { held, source };
        }
        let text = match &held {
            Held::Printed(raw) => std::str::from_utf8(raw).ok(),
            Held::Planned(Setting::Native(value)) => value.text(),
            Held::Planned(Setting::User(_)) => None,
        };
        let (Some(text), Some(name)) = (text, self.name_at(at, time)) else {
            return Sight { held, source };
        };
        let from = match &source {
            Source::Inherited(from) => {
                let row = if self.moved.is_empty() { None } else { self.find_row(from) };
                let name = row.and_then(|row| self.name_at(row, time));
                name.or(Some(Cow::Borrowed(from.as_str())))
            }
            _ => None,
        };
        let from = from.as_deref().map_or(Source::Default, Source::Inherited);
        let path = mountpoint::effective(text, from, &name, None).into_owned();
        Sight { held: Held::Printed(path.into_bytes().into()), source }
    }

    /// Whether a wish is fulfilled by what a dataset sees.
    pub(crate) fn fulfils(&self, sight: &Sight<'_>, property: &PropertyName, wish: &Wish) -> bool {
        match wish {
            Wish::Set(setting) => sight.is(property, setting, self.release),
            Wish::Inherit => matches!(sight.source, Source::Inherited(_) | Source::Default),
            Wish::Received => matches!(sight.source, Source::Received),
            Wish::Any => true,
        }
    }

    /// Everything that can be seen, of every observed dataset.
    pub(crate) fn effective(&self) -> Vec<Effective> {
        let mut all = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let Some(dataset) = row.observed else { continue };
            let natives = Property::ALL.iter().filter(|property| {
                (!property.is_readonly() || property.is_settable_once())
                    && property.exists_in(self.release)
                    && dataset.seen.contains(**property)
            });
            let natives = natives.map(|property| PropertyName::Native(*property));
            let above = self.upwards(at).filter_map(|row| row.observed);
            let users =
                above.flat_map(|dataset| dataset.entries.keys().chain(dataset.outside.keys()));
            let users = users.filter(|property| property.native().is_none()).cloned();
            let properties: BTreeSet<PropertyName> = natives.chain(users).collect();
            all.extend(properties.into_iter().filter_map(|property| {
                let sight = self.now(at, &property)?;
                let (value, source) = (sight.text().into_owned(), sight.source.map(Clone::clone));
                let dataset = row.name.clone().into_owned();
                Some(Effective { dataset, property, value, source })
            }));
        }
        all
    }
}

impl Dataset {
    /// The value that this dataset itself decides. What mount options cover up counts only for
    /// the dataset itself: children inherit what is stored.
    pub(super) fn own(
        &self,
        property: &PropertyName,
        itself: bool,
    ) -> Option<(&[u8], Source<&'static DatasetName>)> {
        if let PropertyName::Native(native) = property {
            if let Some(raw) = self.fixed.get(native) {
                return Some((raw, Source::None));
            }
            if let Some(raw) = self.temporary.get(native).filter(|_| itself) {
                return Some((raw, Source::Temporary));
            }
        }
        let (raw, received) = self.entries.get(property)?.own()?;
        Some((raw, if received { Source::Received } else { Source::Local }))
    }

    /// The value that was received, whether it counts or not.
    fn received(&self, property: &PropertyName) -> Option<(&[u8], Source<&'static DatasetName>)> {
        let raw = self.entries.get(property)?.received.as_deref()?;
        Some((raw, Source::Received))
    }
}
