//! Declared and observed datasets side by side, with what the plan has decided so far.

use std::collections::{BTreeMap, BTreeSet};

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::mountpoint;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::source::Source;

use crate::observed::{Dataset, Effective, Observed, Raw, inheritable};
use crate::plan::Assignment;
use crate::setting::Setting;
use crate::spec::{Desired, Want};

/// Every dataset that is declared, observed, or needed as a parent; each parent right before its
/// subtree, so that a subtree is a range of rows.
pub(crate) struct Tree<'a> {
    observed: &'a Observed,
    rows: Vec<Row<'a>>,
}

pub(crate) struct Row<'a> {
    pub(crate) name: DatasetName,
    pub(crate) observed: Option<&'a Dataset>,
    pub(crate) want: Option<&'a Want>,
    pub(crate) base: bool,
    /// The draft that creates or sets, once there is one.
    pub(crate) draft: Option<usize>,
    /// What that draft sets.
    planned: BTreeMap<PropertyName, Setting>,
    /// Declared properties that are not set, since undeclared datasets would inherit them.
    held: BTreeSet<PropertyName>,
    parent: Option<usize>,
    /// The row after the last one below this.
    end: usize,
}

/// A value as a dataset sees it, now or later.
pub(crate) struct Sight {
    /// `None`: printed, but not a value that this release knows.
    pub(crate) setting: Option<Setting>,
    /// As `zfs get -p` prints it.
    pub(crate) text: String,
    pub(crate) source: Source<DatasetName>,
}

impl Sight {
    fn new(
        property: &PropertyName,
        raw: &[u8],
        source: Source<DatasetName>,
        release: Release,
    ) -> Self {
        let text = String::from_utf8_lossy(raw).into_owned();
        let exact = std::str::from_utf8(raw).ok();
        let setting = exact.and_then(|text| Setting::observed(property, text, release));
        Self { setting, text, source }
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.source == Source::Temporary
    }
}

impl<'a> Tree<'a> {
    pub(crate) fn new(desired: &'a Desired, observed: &'a Observed) -> Self {
        let mut names: BTreeSet<DatasetName> = observed.datasets.keys().cloned().collect();
        for name in desired.datasets.keys().chain(&desired.parent) {
            names.extend(name.ancestors());
            names.insert(name.clone());
        }
        names.extend(
            desired.base.keys().filter(|name| observed.datasets.contains_key(*name)).cloned(),
        );
        let mut rows: Vec<Row<'a>> = Vec::with_capacity(names.len());
        let mut above: Vec<usize> = Vec::new();
        for (at, name) in names.into_iter().enumerate() {
            while let Some(row) = above.last().and_then(|row| rows.get_mut(*row)) {
                if name.is_under(&row.name) {
                    break;
                }
                row.end = at;
                above.pop();
            }
            let parent = above.last().copied();
            above.push(at);
            rows.push(Row {
                observed: observed.datasets.get(&name),
                want: desired.datasets.get(&name),
                base: desired.base.contains_key(&name),
                draft: None,
                planned: BTreeMap::new(),
                held: BTreeSet::new(),
                parent,
                end: 0,
                name,
            });
        }
        let all = rows.len();
        for row in above {
            if let Some(row) = rows.get_mut(row) {
                row.end = all;
            }
        }
        Self { observed, rows }
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
    fn upwards(&self, at: usize) -> impl Iterator<Item = &Row<'a>> {
        std::iter::successors(self.row(at), |row| self.row(row.parent?))
    }

    /// Records what a draft creates or sets.
    pub(crate) fn plan(&mut self, at: usize, draft: usize, assignments: &[Assignment]) {
        if let Some(row) = self.rows.get_mut(at) {
            row.draft = Some(draft);
            row.planned =
                assignments.iter().map(|a| (a.property.clone(), a.setting.clone())).collect();
        }
    }

    /// Drafts above a row, up to the nearest one that creates.
    pub(crate) fn drafts_above(&self, at: usize) -> Vec<usize> {
        let mut drafts = Vec::new();
        for row in self.upwards(at).skip(1) {
            drafts.extend(row.draft);
            if row.observed.is_none() {
                break;
            }
        }
        drafts
    }

    /// Drafts above a row that set a property.
    pub(crate) fn planned_above(&self, at: usize, property: &PropertyName) -> Vec<usize> {
        let sets = |row: &&Row<'a>| row.planned.contains_key(property);
        self.upwards(at).skip(1).filter(sets).filter_map(|row| row.draft).collect()
    }

    /// The first declaration below a row.
    pub(crate) fn first_below(&self, at: usize) -> Option<String> {
        let below = self.rows.get(at + 1..self.row(at)?.end)?;
        below.iter().find_map(|row| row.want).map(|want| want.path.clone())
    }

    /// What a dataset sees before the plan.
    pub(crate) fn now(
        &self,
        at: usize,
        property: &PropertyName,
        release: Release,
    ) -> Option<Sight> {
        self.sight(at, property, release, false)
    }

    /// What a dataset sees after the steps planned so far.
    pub(crate) fn later(
        &self,
        at: usize,
        property: &PropertyName,
        release: Release,
    ) -> Option<Sight> {
        self.sight(at, property, release, true)
    }

    fn sight(
        &self,
        at: usize,
        property: &PropertyName,
        release: Release,
        planned: bool,
    ) -> Option<Sight> {
        let far = if inheritable(property) { usize::MAX } else { 1 };
        for (distance, row) in self.upwards(at).take(far).enumerate() {
            let inherited = || Source::Inherited(row.name.clone());
            if let Some(setting) = row.planned.get(property).filter(|_| planned) {
                let source = if distance == 0 { Source::Local } else { inherited() };
                return Some(self.seen(
                    at,
                    property,
                    setting.printed().as_bytes(),
                    source,
                    release,
                ));
            }
            let Some(dataset) = row.observed else { continue };
            if let Some((raw, source)) = dataset.own(property, distance == 0) {
                let source = if distance == 0 { source } else { inherited() };
                return Some(self.seen(at, property, raw, source, release));
            }
            if let Some((from, raw)) = dataset.outside.get(property) {
                let source = Source::Inherited(from.clone());
                return Some(Sight::new(property, raw, source, release));
            }
        }
        let native = &property.native()?;
        let row = self.row(at)?;
        let kind = match row.observed {
            Some(dataset) if dataset.seen.contains(*native) => dataset.kind?,
            Some(_) => return None,
            None => DatasetKind::Filesystem,
        };
        let raw = self.observed.default_for(*native, kind, release)?;
        Some(self.seen(at, property, &raw, Source::Default, release))
    }

    /// A value as this dataset sees it: a mountpoint grows by the names below where it was set.
    fn seen(
        &self,
        at: usize,
        property: &PropertyName,
        raw: &[u8],
        source: Source<DatasetName>,
        release: Release,
    ) -> Sight {
        let path = std::str::from_utf8(raw).ok();
        let path = path.filter(|_| *property == PropertyName::Native(Property::Mountpoint));
        if let (Some(path), Some(row)) = (path, self.row(at)) {
            let from = source.as_ref().map(DatasetName::as_str);
            let path = mountpoint::effective(path, from, row.name.as_str(), None).into_owned();
            return Sight::new(property, path.as_bytes(), source, release);
        }
        Sight::new(property, raw, source, release)
    }

    /// Everything that can be seen, of every observed dataset.
    pub(crate) fn effective(&self, release: Release) -> Vec<Effective> {
        let mut all = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let Some(dataset) = row.observed else { continue };
            let natives = Property::ALL.iter().filter(|property| {
                (!property.is_readonly() || property.is_settable_once())
                    && property.exists_in(release)
                    && dataset.seen.contains(**property)
            });
            let natives = natives.map(|property| PropertyName::Native(*property));
            let above = self.upwards(at).filter_map(|row| row.observed);
            let users =
                above.flat_map(|dataset| dataset.entries.keys().chain(dataset.outside.keys()));
            let users = users.filter(|property| property.native().is_none()).cloned();
            let properties: BTreeSet<PropertyName> = natives.chain(users).collect();
            all.extend(properties.into_iter().filter_map(|property| {
                let Sight { text, source, .. } = self.now(at, &property, release)?;
                Some(Effective { dataset: row.name.clone(), property, value: text, source })
            }));
        }
        all
    }

    /// Holds back every declared property that undeclared datasets would inherit.
    ///
    /// Whether a dataset's wish is held back depends on those below it alone, so this goes bottom-up.
    pub(crate) fn hold_back(&mut self, release: Release) {
        for at in (0..self.rows.len()).rev() {
            let Some(Row { want: Some(want), observed: Some(_), .. }) = self.row(at) else {
                continue;
            };
            let held: BTreeSet<PropertyName> = want
                .properties
                .iter()
                .filter(|(property, wish)| {
                    !self.heirs(at, property, &wish.setting, release).is_empty()
                })
                .map(|(property, _)| property.clone())
                .collect();
            if let Some(row) = self.rows.get_mut(at) {
                row.held = held;
            }
        }
    }

    /// Undeclared datasets that would change if the property became `setting` on this one.
    pub(crate) fn heirs(
        &self,
        at: usize,
        property: &PropertyName,
        setting: &Setting,
        release: Release,
    ) -> Vec<DatasetName> {
        let mut heirs = Vec::new();
        let Some(top) = self.row(at).filter(|_| inheritable(property)) else { return heirs };
        let mut below = at + 1;
        while let Some(row) = self.row(below).filter(|_| below < top.end) {
            let Some(dataset) = row.observed else {
                below = row.end;
                continue;
            };
            let wish = row.want.and_then(|want| want.properties.get(property));
            let other = wish.is_some_and(|wish| wish.setting != *setting);
            if dataset.own(property, false).is_some()
                || other && self.gets_its_wish(below, property, release)
            {
                below = row.end;
                continue;
            }
            // A declared dataset that says nothing of the property follows, as inheritance means it to.
            if row.want.is_none() && applies(property, dataset, release) {
                let now = self.now(below, property, release).and_then(|sight| sight.setting);
                let source = Source::Inherited(top.name.clone());
                let then =
                    self.seen(below, property, setting.printed().as_bytes(), source, release);
                if now.is_none() || now != then.setting {
                    heirs.push(row.name.clone());
                }
            }
            below += 1;
        }
        heirs
    }

    /// Nothing is in the way of a dataset's own value of a declared property.
    fn gets_its_wish(&self, at: usize, property: &PropertyName, release: Release) -> bool {
        let Some(row) = self.row(at) else { return false };
        let known = property.native().is_none() || self.now(at, property, release).is_some();
        let volume = row.observed.is_some_and(|d| d.kind == Some(DatasetKind::Volume));
        known && !volume && !row.held.contains(property)
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
    fn own(&self, property: &PropertyName, itself: bool) -> Option<(&Raw, Source<DatasetName>)> {
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
}
