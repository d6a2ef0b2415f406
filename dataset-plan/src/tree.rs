//! Declared and observed datasets side by side, with what the plan has decided so far.

use std::borrow::Cow;
use std::collections::BTreeSet;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::mountpoint;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::source::Source;

use crate::observed::{Dataset, Effective, Observed, inheritable};
use crate::setting::Setting;
use crate::spec::{Desired, Want, Wish};

/// Every dataset that is declared, observed, or needed as a parent; each parent right before its
/// subtree, so that a subtree is a range of rows.
pub(crate) struct Tree<'a> {
    observed: &'a Observed,
    release: Release,
    rows: Vec<Row<'a>>,
}

pub(crate) struct Row<'a> {
    pub(crate) name: Cow<'a, DatasetName>,
    pub(crate) observed: Option<&'a Dataset>,
    pub(crate) want: Option<&'a Want>,
    /// Belongs to the installer, or is ignored: never touched.
    pub(crate) base: bool,
    /// Declared datasets live below it.
    pub(crate) holds: bool,
    /// The draft after which it is there under this name, if it is not there now.
    pub(crate) arrives: Option<usize>,
    /// The drafts that change its properties, with what they do.
    pub(crate) planned: Vec<(PropertyName, Wish, usize)>,
    /// Declared properties that are not changed, since undeclared datasets would inherit them.
    held: BTreeSet<PropertyName>,
    parent: Option<usize>,
    /// The row after the last one below this.
    end: usize,
}

/// Which changes count when a value is looked up.
#[derive(Clone, Copy)]
enum Time<'w> {
    /// None: what is there now.
    Now,
    /// Those planned so far.
    Later,
    /// Those planned so far, and this one on the dataset that is asked about.
    With(&'w Wish),
}

/// A value where it was found, before a mountpoint is extended by names below.
struct Found<'t> {
    held: Held<'t>,
    source: Source<&'t DatasetName>,
}

enum Held<'t> {
    Printed(Cow<'t, [u8]>),
    Planned(&'t Setting),
}

/// A value as a dataset sees it, now or later.
pub(crate) struct Sight<'t> {
    held: Held<'t>,
    pub(crate) source: Source<&'t DatasetName>,
}

impl Sight<'_> {
    /// As `zfs get -p` prints it.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match &self.held {
            Held::Printed(raw) => String::from_utf8_lossy(raw),
            Held::Planned(setting) => setting.printed().into(),
        }
    }

    /// The value is this one, however it is spelt.
    pub(crate) fn is(&self, property: &PropertyName, wanted: &Setting, release: Release) -> bool {
        match &self.held {
            Held::Planned(setting) => *setting == wanted,
            Held::Printed(raw) => {
                wanted.is_printed_as(raw)
                    || std::str::from_utf8(raw)
                        .ok()
                        .and_then(|text| Setting::observed(property, text, release))
                        .is_some_and(|setting| setting == *wanted)
            }
        }
    }

    fn same(&self, other: &Sight<'_>, property: &PropertyName, release: Release) -> bool {
        match (&self.held, &other.held) {
            (_, Held::Planned(setting)) => self.is(property, setting, release),
            (Held::Planned(setting), _) => other.is(property, setting, release),
            (Held::Printed(a), Held::Printed(b)) => a == b,
        }
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.source == Source::Temporary
    }
}

impl<'a> Tree<'a> {
    pub(crate) fn new(desired: &'a Desired, observed: &'a Observed) -> Self {
        let rows = Vec::with_capacity(observed.datasets.len().max(desired.datasets.len()) + 16);
        let mut tree = Self { observed, release: desired.release, rows };
        // Three ordered lists, walked together.
        let mut there = observed.datasets.iter().peekable();
        let mut wanted = desired.datasets.iter().peekable();
        let mut parents = desired.parents.iter().peekable();
        // Rows above the next one.
        let mut above: Vec<usize> = Vec::new();
        loop {
            let heads = [
                there.peek().map(|(name, _)| *name),
                wanted.peek().map(|(name, _)| *name),
                parents.peek().copied(),
            ];
            let Some(name) = heads.into_iter().flatten().min() else { break };
            let observed = there.next_if(|(other, _)| *other == name).map(|(_, dataset)| dataset);
            let want = wanted.next_if(|(other, _)| *other == name).map(|(_, want)| want);
            let parent = parents.next_if_eq(&name).is_some();
            tree.close(&mut above, name);
            if want.is_some() || parent {
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
    fn fill(&mut self, above: &mut Vec<usize>, name: &DatasetName, desired: &'a Desired) {
        let last = above.last().and_then(|row| self.row(*row)).map(|row| row.name.depth());
        // The usual case, without an allocation.
        if last.map_or(name.depth() == 0, |last| name.depth() == last + 1) {
            return;
        }
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
        want: Option<&'a Want>,
        desired: &Desired,
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
            planned: Vec::new(),
            held: BTreeSet::new(),
            parent,
            end: 0,
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn row(&self, at: usize) -> Option<&Row<'a>> {
        self.rows.get(at)
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
        let end = self.row(at).map_or(at, |row| row.end);
        self.rows.get(at + 1..end).unwrap_or_default()
    }

    /// A draft after which the dataset is there.
    pub(crate) fn arrive(&mut self, at: usize, draft: usize) {
        if let Some(row) = self.rows.get_mut(at) {
            row.arrives = Some(draft);
        }
    }

    /// A draft that changes a property.
    pub(crate) fn plan(&mut self, at: usize, property: PropertyName, wish: Wish, draft: usize) {
        if let Some(row) = self.rows.get_mut(at) {
            row.planned.push((property, wish, draft));
        }
    }

    /// The draft that has to be done before anything is done to this dataset.
    pub(crate) fn arrival(&self, at: usize) -> Option<usize> {
        self.upwards(at).find_map(|row| row.arrives)
    }

    /// Drafts that change a dataset above this one, up to where it arrives.
    pub(crate) fn changes_above(&self, at: usize) -> Vec<usize> {
        let mut drafts = Vec::new();
        for row in self.upwards(at).skip(1) {
            drafts.extend(row.planned.iter().map(|(_, _, draft)| *draft));
            if let Some(arrives) = row.arrives {
                drafts.push(arrives);
                break;
            }
        }
        drafts
    }

    /// Whether anything was planned that this dataset sees: without it, what it sees later is what it
    /// sees now.
    pub(crate) fn is_affected(&self, at: usize) -> bool {
        self.upwards(at).any(|row| !row.planned.is_empty() || row.arrives.is_some())
    }

    /// Whether a draft gives this dataset a value of its own.
    pub(crate) fn sets(&self, at: usize, property: &PropertyName) -> bool {
        let set = |(name, wish, _): &(PropertyName, Wish, usize)| {
            name == property && wish.setting().is_some()
        };
        self.row(at).is_some_and(|row| row.planned.iter().any(set))
    }

    /// Drafts above a row that change a property.
    pub(crate) fn planned_above(&self, at: usize, property: &PropertyName) -> Vec<usize> {
        let planned = self.upwards(at).skip(1).flat_map(|row| &row.planned);
        planned.filter(|(name, _, _)| name == property).map(|(_, _, draft)| *draft).collect()
    }

    /// The first declaration below a row.
    pub(crate) fn first_below(&self, at: usize) -> Option<String> {
        self.below(at).iter().find_map(|row| row.want).map(|want| want.path.to_string())
    }

    /// What a dataset sees before the plan.
    pub(crate) fn now(&self, at: usize, property: &PropertyName) -> Option<Sight<'_>> {
        self.sight(at, property, Time::Now)
    }

    /// What a dataset sees after the steps planned so far.
    pub(crate) fn later(&self, at: usize, property: &PropertyName) -> Option<Sight<'_>> {
        self.sight(at, property, Time::Later)
    }

    fn sight<'t>(
        &'t self,
        at: usize,
        property: &PropertyName,
        time: Time<'t>,
    ) -> Option<Sight<'t>> {
        match self.find(at, property, time) {
            Some(found) => Some(self.seen(at, property, found)),
            None => self.default(at, property),
        }
    }

    /// The value that counts for a dataset, if somebody set it.
    fn find<'t>(&'t self, at: usize, property: &PropertyName, time: Time<'t>) -> Option<Found<'t>> {
        let far = if inheritable(property) { usize::MAX } else { 1 };
        for (distance, row) in self.upwards(at).take(far).enumerate() {
            let itself = distance == 0;
            let change = match time {
                Time::Now => None,
                Time::With(wish) if itself => Some(wish),
                _ => row.planned.iter().find(|(name, _, _)| name == property).map(|(_, w, _)| w),
            };
            let inherited = Source::Inherited(&*row.name);
            if let Some(setting) = change.and_then(Wish::setting) {
                let source = if itself { Source::Local } else { inherited };
                return Some(Found { held: Held::Planned(setting), source });
            }
            let Some(dataset) = row.observed else { continue };
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
        None
    }

    /// What a dataset sees of a property that nobody set.
    fn default(&self, at: usize, property: &PropertyName) -> Option<Sight<'_>> {
        let native = property.native()?;
        let row = self.row(at)?;
        let kind = match (row.observed, row.want) {
            (Some(dataset), _) if dataset.seen.contains(native) => dataset.kind?,
            (Some(_), _) => return None,
            (None, want) => want.map_or(DatasetKind::Filesystem, Want::kind),
        };
        let raw = self.observed.default_for(native, kind, self.release)?;
        let found = Found { held: Held::Printed(raw), source: Source::Default };
        Some(self.seen(at, property, found))
    }

    /// A value as this dataset sees it: a mountpoint grows by the names below where it was set.
    fn seen<'t>(&self, at: usize, property: &PropertyName, found: Found<'t>) -> Sight<'t> {
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
        let (Some(text), Some(row)) = (text, self.row(at)) else { return Sight { held, source } };
        let from = source.as_ref().map(|name| name.as_str());
        let path = mountpoint::effective(text, from, row.name.as_str(), None).into_owned();
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

    /// Holds back every declared property that undeclared datasets would inherit.
    ///
    /// Whether a dataset's wish is held back depends on those below it alone, so this goes bottom-up.
    pub(crate) fn hold_back(&mut self) {
        for at in (0..self.rows.len()).rev() {
            let Some(Row { want: Some(want), observed: Some(_), end, .. }) = self.row(at) else {
                continue;
            };
            if *end == at + 1 {
                continue;
            }
            let held: BTreeSet<PropertyName> = want
                .settings()
                .filter(|(property, setting)| {
                    // What stays as it is changes nothing below.
                    let now = self.now(at, property);
                    !now.is_some_and(|sight| sight.is(property, setting, self.release))
                })
                .filter(|(property, _)| {
                    let wish = want.properties.get(property).map(|declared| &declared.wish);
                    wish.is_some_and(|wish| !self.heirs(at, property, wish).is_empty())
                })
                .map(|(property, _)| property.clone())
                .collect();
            if let Some(row) = self.rows.get_mut(at) {
                row.held = held;
            }
        }
    }

    /// Undeclared datasets that would change if this were done to a property of this one.
    pub(crate) fn heirs(
        &self,
        at: usize,
        property: &PropertyName,
        wish: &Wish,
    ) -> Vec<DatasetName> {
        let mut heirs = Vec::new();
        let Some(top) = self.row(at).filter(|_| inheritable(property)) else { return heirs };
        let mut next = at + 1;
        while let Some(row) = self.row(next).filter(|_| next < top.end) {
            let below = next;
            let Some(dataset) = row.observed else {
                next = row.end;
                continue;
            };
            let other = row.want.and_then(|want| want.properties.get(property));
            let other = other.is_some_and(|other| {
                other.wish.setting().is_some() && other.wish.setting() != wish.setting()
            });
            if dataset.own(property, false).is_some()
                || other && self.gets_its_wish(below, property)
            {
                next = row.end;
                continue;
            }
            // A declared dataset that says nothing of the property follows, as inheritance means it to.
            if row.want.is_none() && applies(property, dataset, self.release) {
                let then = match self.find(at, property, Time::With(wish)) {
                    None => self.default(below, property),
                    Some(Found { held, source }) => {
                        let source = match source {
                            Source::Inherited(from) => Source::Inherited(from),
                            _ => Source::Inherited(&*top.name),
                        };
                        Some(self.seen(below, property, Found { held, source }))
                    }
                };
                let same = match (self.now(below, property), &then) {
                    (Some(now), Some(then)) => now.same(then, property, self.release),
                    (now, then) => property.native().is_none() && now.is_none() && then.is_none(),
                };
                if !same {
                    heirs.push(row.name.clone().into_owned());
                }
            }
            next += 1;
        }
        heirs
    }

    /// Nothing is in the way of a dataset's own value of a declared property.
    fn gets_its_wish(&self, at: usize, property: &PropertyName) -> bool {
        let Some(row) = self.row(at) else { return false };
        let known = property.native().is_none() || self.now(at, property).is_some();
        let kind = row.observed.and_then(|dataset| dataset.kind);
        let fits = row.want.is_some_and(|want| kind.is_none_or(|kind| kind == want.kind()));
        known && fits && !row.held.contains(property)
    }

    /// Whether a dataset is mounted and unmounted along with another one: it inherits its mountpoint.
    pub(crate) fn follows(&self, at: usize, top: usize) -> bool {
        let key = PropertyName::Native(Property::Mountpoint);
        let Some(top) = self.row(top) else { return false };
        let own =
            |row: &&Row<'_>| row.observed.is_none_or(|dataset| dataset.own(&key, false).is_some());
        let mut between = self.upwards(at).take_while(|row| row.name != top.name);
        self.row(at).is_some_and(|row| row.name.is_under(&top.name)) && between.find(own).is_none()
    }

    /// Mounted filesystems below that are mounted elsewhere once the mountpoint here is another.
    pub(crate) fn remounts(&self, at: usize) -> Vec<DatasetName> {
        let key = PropertyName::Native(Property::Mountpoint);
        let mut remounts = Vec::new();
        let Some(top) = self.row(at) else { return remounts };
        let mut next = at + 1;
        while let Some(row) = self.row(next).filter(|_| next < top.end) {
            match row.observed {
                Some(dataset) if dataset.own(&key, false).is_none() => {
                    if dataset.mounted == Some(true) {
                        remounts.push(row.name.clone().into_owned());
                    }
                    next += 1;
                }
                _ => next = row.end,
            }
        }
        remounts
    }
}

/// Whether a property means anything on a dataset of this kind.
fn applies(property: &PropertyName, dataset: &Dataset, release: Release) -> bool {
    match (property, dataset.kind) {
        (PropertyName::Native(native), Some(kind)) => native.applies_to(kind, release),
        _ => true,
    }
}

impl Dataset {
    /// The value that this dataset itself decides. What mount options cover up counts only for
    /// the dataset itself: children inherit what is stored.
    fn own(
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
