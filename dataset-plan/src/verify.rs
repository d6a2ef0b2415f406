//! A checklist: what a declaration promises of each dataset, and whether that is what was observed.
//!
//! A plan says what to do; a [`Checklist`] says what holds, dataset by dataset, in the words of somebody who
//! checks a service after a deployment. What was not observed is unknown, and never passes.

use std::collections::BTreeMap;
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;

use crate::observed::{Account, Dataset, Effective, Observed};
use crate::path::tidy;
use crate::problem::Problems;
use crate::render::Line;
use crate::setting::short;
use crate::spec::{Desired, Origin, Spec, Want, Wish};

/// What was checked, of all declared datasets, in the order of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Checklist(Vec<Check>);

/// One thing that shall hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Check {
    /// The dataset.
    pub dataset: DatasetName,
    /// The table that declares it, as `services.sonarr`.
    pub declared: String,
    /// What shall hold.
    pub promise: Promise,
    /// Whether it does.
    pub verdict: Verdict,
}

/// What a declaration says of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Promise {
    /// It exists, and is the filesystem or volume, with the guid and the origin, that is declared.
    Exists,
    /// It has this property, own or inherited: `recordsize=16K`.
    Property(String),
    /// It is mounted at this path.
    MountedAt(String),
    /// This user owns its root directory.
    Owner(String),
    /// Its root directory has this group.
    Group(String),
    /// Its root directory has this mode.
    Mode(String),
    /// Files can be written: it is mounted, and not read-only.
    Writable,
}

/// Whether something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Verdict {
    /// It was observed to hold.
    Pass,
    /// It was observed not to hold: this is what was found instead.
    Fail(String),
    /// The observation does not say: this is what it lacks.
    Unknown(String),
}

/// Checks what a declaration promises against what was observed.
pub fn verify(spec: &Spec, observed: &Observed) -> Result<Checklist, Problems> {
    let desired = spec.expand()?;
    let mut values: BTreeMap<DatasetName, BTreeMap<PropertyName, Effective>> = BTreeMap::new();
    let effective = observed.effective(desired.release);
    let places = mounted_places(observed, &effective);
    for value in effective {
        if desired.datasets.contains_key(&value.dataset) {
            let of_dataset = values.entry(value.dataset.clone()).or_default();
            of_dataset.insert(value.property.clone(), value);
        }
    }
    let none = BTreeMap::new();
    let mut checks = Vec::new();
    for (name, want) in desired.datasets.iter() {
        let values = values.get(name).unwrap_or(&none);
        let dataset = observed.dataset(name);
        let subject = Subject { desired: &desired, want, name, dataset, values, places: &places };
        for (promise, verdict) in subject.checks() {
            let declared = want.path.to_string();
            checks.push(Check { dataset: name.clone(), declared, promise, verdict });
        }
    }
    Ok(Checklist(checks))
}

/// Who is mounted where.
fn mounted_places(
    observed: &Observed,
    effective: &[Effective],
) -> BTreeMap<String, Vec<DatasetName>> {
    let mut places: BTreeMap<String, Vec<DatasetName>> = BTreeMap::new();
    let mountpoint = PropertyName::Native(Property::Mountpoint);
    for Effective { dataset, property, value, .. } in effective {
        let is_mounted = || observed.dataset(dataset)?.mounted;
        if *property == mountpoint && is_mounted() == Some(true) {
            let place = tidy(value.as_str().into()).into_owned();
            places.entry(place).or_default().push(dataset.clone());
        }
    }
    places
}

impl Checklist {
    /// All checks, a dataset's together.
    pub fn checks(&self) -> &[Check] {
        &self.0
    }

    /// Everything was observed to hold.
    pub fn passes(&self) -> bool {
        self.0.iter().all(|check| check.verdict == Verdict::Pass)
    }

    fn count(&self, kind: fn(&Verdict) -> bool) -> usize {
        self.0.iter().filter(|check| kind(&check.verdict)).count()
    }
}

/// A declared dataset with what was observed of it.
struct Subject<'a> {
    desired: &'a Desired<'a>,
    want: &'a Want<'a>,
    name: &'a DatasetName,
    dataset: Option<&'a Dataset>,
    values: &'a BTreeMap<PropertyName, Effective>,
    places: &'a BTreeMap<String, Vec<DatasetName>>,
}

impl Subject<'_> {
    fn checks(&self) -> Vec<(Promise, Verdict)> {
        let Some(dataset) = self.dataset else {
            return vec![(Promise::Exists, Verdict::Fail("does not exist".into()))];
        };
        let exists = match dataset.kind {
            Some(kind) if kind == self.want.kind() => self.identity(dataset),
            Some(kind) => Verdict::Fail(format!("is a {kind}")),
            None => Verdict::Unknown("its type was not observed".into()),
        };
        let mut checks = vec![(Promise::Exists, exists)];
        for (property, declared) in &self.want.properties {
            let promise = Promise::Property(format!("{property}={}", declared.wish));
            checks.push((promise, self.property(property, declared.wish)));
        }
        if let Some(path) = self.want.mounted_at() {
            checks.push((Promise::MountedAt(path.to_owned()), self.mounted(dataset, path)));
            let readonly = PropertyName::Native(Property::Readonly);
            if !self.want.properties.contains_key(&readonly) {
                checks.push((Promise::Writable, self.writable(dataset)));
            }
        }
        self.directory(dataset, &mut checks);
        checks
    }

    /// Whether it is the dataset that is meant, if the declaration says which one.
    fn identity(&self, dataset: &Dataset) -> Verdict {
        match (self.want.guid, dataset.guid) {
            (Some(_), None) => return Verdict::Unknown("its guid was not observed".into()),
            (Some(wanted), Some(found)) if wanted != found => {
                return Verdict::Fail(format!("is another dataset: its guid is {found}"));
            }
            _ => {}
        }
        match (self.want.origin, &dataset.origin) {
            (Some(Origin::Independent), Some(of)) => Verdict::Fail(format!("is a clone of {of}")),
            (Some(Origin::Snapshot(wanted)), found) if found.as_ref() != Some(wanted) => {
                Verdict::Fail(format!("is no clone of {wanted}"))
            }
            _ => Verdict::Pass,
        }
    }

    fn property(&self, property: &PropertyName, wish: &Wish) -> Verdict {
        let Some(value) = self.values.get(property) else {
            return match property.native() {
                Some(_) => Verdict::Unknown("was not observed".into()),
                None if *wish == Wish::Inherit => Verdict::Pass,
                None => Verdict::Fail("is not set".into()),
            };
        };
        if value.source == Source::Temporary {
            return Verdict::Unknown("a mount option covers what is stored".into());
        }
        let holds = match wish {
            Wish::Set(setting) => {
                setting.is(property, value.value.as_bytes(), self.desired.release)
            }
            wish if wish.is_settled(property) => true,
            Wish::Inherit => matches!(value.source, Source::Inherited(_) | Source::Default),
            Wish::Received => value.source == Source::Received,
            Wish::Any => true,
        };
        if holds {
            return Verdict::Pass;
        }
        Verdict::Fail(format!("is {} ({})", short(property, &value.value), value.source))
    }

    fn text(&self, property: Property) -> Option<&str> {
        self.values.get(&PropertyName::Native(property)).map(|value| value.value.as_str())
    }

    fn mounted(&self, dataset: &Dataset, path: &str) -> Verdict {
        match (dataset.mounted, self.text(Property::Mountpoint)) {
            (Some(false), _) => Verdict::Fail("is not mounted".into()),
            (None, _) | (_, None) => Verdict::Unknown("was not observed".into()),
            (Some(true), Some(found)) => {
                let place = tidy(found.into());
                if place != tidy(path.into()) {
                    return Verdict::Fail(format!("is mounted at {found}"));
                }
                // One of the two covers the other.
                let others = self.places.get(&*place).into_iter().flatten();
                match others.into_iter().find(|other| *other != self.name) {
                    Some(other) => Verdict::Fail(format!("{other} is mounted there too")),
                    None => Verdict::Pass,
                }
            }
        }
    }

    fn writable(&self, dataset: &Dataset) -> Verdict {
        match (dataset.mounted, self.text(Property::Readonly)) {
            (Some(false), _) => Verdict::Fail("is not mounted".into()),
            (_, Some("on")) => Verdict::Fail("is read-only".into()),
            (Some(true), Some("off")) => Verdict::Pass,
            _ => Verdict::Unknown("was not observed".into()),
        }
    }

    fn directory(&self, dataset: &Dataset, checks: &mut Vec<(Promise, Verdict)>) {
        let found = dataset.directory.as_ref();
        let unknown = || Verdict::Unknown("its directory was not observed".into());
        let account = |declared: &str, found: Option<&Account>| match found {
            None => unknown(),
            Some(account) if account.is(declared) => Verdict::Pass,
            Some(account) => Verdict::Fail(format!("is {account}")),
        };
        if let Some(owner) = self.want.owner {
            let verdict = account(owner, found.map(|directory| &directory.owner));
            checks.push((Promise::Owner(owner.to_owned()), verdict));
        }
        if let Some(group) = self.want.group {
            let verdict = account(group, found.map(|directory| &directory.group));
            checks.push((Promise::Group(group.to_owned()), verdict));
        }
        if let Some(mode) = self.want.mode {
            let verdict = match found.map(|directory| directory.mode) {
                None => unknown(),
                Some(found) if found == mode => Verdict::Pass,
                Some(found) => Verdict::Fail(format!("is {found}")),
            };
            checks.push((Promise::Mode(mode.to_string()), verdict));
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Promise::Exists => f.write_str("exists"),
            Promise::Property(assignment) => f.write_str(assignment),
            Promise::MountedAt(path) => write!(f, "mounted at {path}"),
            Promise::Owner(name) => write!(f, "owner {name}"),
            Promise::Group(name) => write!(f, "group {name}"),
            Promise::Mode(mode) => write!(f, "mode {mode}"),
            Promise::Writable => f.write_str("writable"),
        }
    }
}

/// A checklist in Markdown: `[x]` holds, `[ ]` does not, `[?]` is unknown.
impl fmt::Display for Checklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.count(|verdict| matches!(verdict, Verdict::Fail(_)));
        let unknown = self.count(|verdict| matches!(verdict, Verdict::Unknown(_)));
        let checks = self.0.len();
        writeln!(f, "{checks} checks: {failed} failed, {unknown} unknown.")?;
        let mut last = None;
        for Check { dataset, declared, promise, verdict } in &self.0 {
            if last != Some(dataset) {
                writeln!(f, "\n{dataset} ({})", Line(declared))?;
                last = Some(dataset);
            }
            match verdict {
                Verdict::Pass => writeln!(f, "- [x] {}", Line(promise))?,
                Verdict::Fail(found) => {
                    writeln!(f, "- [ ] {}: {}", Line(promise), Line(found))?;
                }
                Verdict::Unknown(why) => writeln!(f, "- [?] {}: {why}", Line(promise))?,
            }
        }
        Ok(())
    }
}
