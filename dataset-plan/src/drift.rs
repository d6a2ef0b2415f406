//! The difference between what is declared and what is there, as data: for dashboards and alerts.
//!
//! A [plan](crate::Plan) says what to do; drift says what is wrong, whether something can be done about it
//! or not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;

use crate::observed::{Dataset, Observed};
use crate::ownership::given_up;
use crate::problem::Problems;
use crate::setting::short;
use crate::spec::{Desired, Spec, Want, Wish};
use crate::tree::{Row, Tree};

/// One thing that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Drift {
    /// The dataset.
    pub dataset: DatasetName,
    /// What kind of difference.
    pub cause: Cause,
    /// The property, if it is about one.
    pub property: Option<PropertyName>,
    /// What is declared.
    pub declared: Option<String>,
    /// What is there, as `zfs get -p` prints it.
    pub observed: Option<String>,
    /// Where that comes from, as `zfs get` prints it.
    pub source: Option<String>,
}

/// Why something is not as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Cause {
    /// A declared dataset does not exist.
    Missing,
    /// A declared dataset exists under another name.
    Moved,
    /// A filesystem where a volume is declared, or the other way round.
    WrongKind,
    /// A dataset that is declared absent is there.
    Present,
    /// A dataset below declared ones that nobody declared.
    Unmanaged,
    /// Somebody set another value.
    Set,
    /// Another value is inherited.
    Inherited,
    /// Another value was received.
    Received,
    /// Another value by default.
    Default,
    /// No value at all: a user property that is not there.
    Unset,
    /// A mount option covers the stored value.
    Temporary,
    /// Another value, which only a new dataset could get rid of.
    CreateOnly,
    /// A value is set where none shall be, or the received one is covered.
    Overridden,
    /// The property was not observed.
    Unknown,
    /// A dataset that shall be mounted is not.
    Unmounted,
    /// It is mounted, and would not be after a restart: `canmount` is another one than `on`, and not declared.
    NotByItself,
    /// Another mounted dataset has the same mountpoint.
    SharedMountpoint,
    /// Owner, group or mode of the directory.
    Directory,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Severity {
    /// Nothing is lost or slower by it.
    Info,
    /// Not as it was meant to be.
    Warning,
    /// Data is, or will be, somewhere else than everybody thinks.
    Critical,
}

impl Cause {
    /// How much it matters.
    pub const fn severity(self) -> Severity {
        match self {
            Cause::Unmanaged | Cause::Temporary | Cause::Unknown => Severity::Info,
            Cause::Missing
            | Cause::Moved
            | Cause::WrongKind
            | Cause::Unmounted
            | Cause::SharedMountpoint => Severity::Critical,
            _ => Severity::Warning,
        }
    }
}

/// Everything that is not as declared, in the order of the tree.
pub fn drift(spec: &Spec, observed: &Observed) -> Result<Vec<Drift>, Problems> {
    let desired = spec.expand()?;
    let tree = Tree::new(&desired, observed, &BTreeSet::new());
    let guids = observed.datasets();
    let guids = guids.filter_map(|(name, dataset)| Some(((name.pool(), dataset.guid?), name)));
    let guids = guids.collect();
    let moved = desired.moved.iter().map(|moved| (&moved.to, &moved.from)).collect();
    let mut finder =
        Finder { observed, guids, moved, desired: &desired, tree: &tree, found: Vec::new() };
    // The row after the last one that is below a declared dataset.
    let mut inside = 0;
    for at in 0..tree.len() {
        let Some(&Row { ref name, observed, want, base, .. }) = tree.row(at) else { break };
        match (want, observed) {
            _ if base => {}
            (_, Some(_)) if desired.absent.contains(&**name) => finder.note(name, Cause::Present),
            (Some(want), Some(dataset)) => finder.compare(at, name, want, dataset),
            (Some(want), None) => finder.missing(name, want),
            (None, Some(_)) if at < inside => finder.note(name, Cause::Unmanaged),
            (None, _) => {}
        }
        if want.is_some() {
            inside = inside.max(at + 1 + tree.below(at).len());
        }
    }
    finder.shared_mountpoints();
    Ok(finder.found)
}

struct Finder<'t> {
    observed: &'t Observed,
    /// Names by pool and guid: a pool that was split off has the guids of the other one.
    guids: BTreeMap<(&'t str, u64), &'t DatasetName>,
    /// Old names by the declared new ones.
    moved: BTreeMap<&'t DatasetName, &'t DatasetName>,
    desired: &'t Desired<'t>,
    tree: &'t Tree<'t>,
    found: Vec<Drift>,
}

impl Drift {
    fn new(dataset: &DatasetName, cause: Cause) -> Self {
        let dataset = dataset.clone();
        Self { dataset, cause, property: None, declared: None, observed: None, source: None }
    }
}

impl<'t> Finder<'t> {
    fn note(&mut self, dataset: &DatasetName, cause: Cause) {
        self.found.push(Drift::new(dataset, cause));
    }

    fn missing(&mut self, name: &DatasetName, want: &Want<'_>) {
        let moved = self.moved.get(name).copied();
        let moved = moved.filter(|old| self.observed.dataset(old).is_some());
        let elsewhere = || self.guids.get(&(name.pool(), want.guid?)).copied();
        match moved.or_else(elsewhere) {
            Some(old) => self.found.push(Drift {
                observed: Some(old.to_string()),
                declared: Some(name.to_string()),
                ..Drift::new(name, Cause::Moved)
            }),
            None => self.note(name, Cause::Missing),
        }
    }

    fn compare(&mut self, at: usize, name: &DatasetName, want: &Want<'t>, dataset: &Dataset) {
        if let Some(kind) = dataset.kind.filter(|kind| *kind != want.kind()) {
            self.found.push(Drift {
                declared: Some(want.kind().to_string()),
                observed: Some(kind.to_string()),
                ..Drift::new(name, Cause::WrongKind)
            });
            return;
        }
        for (property, declared) in &want.properties {
            if declared.wish.is_settled(property) {
                continue;
            }
            let sight = self.tree.now(at, property);
            let cause = match &sight {
                Some(sight) if self.tree.fulfils(sight, property, declared.wish) => continue,
                None if property.native().is_some() => Cause::Unknown,
                // Set nowhere, and nowhere to be set.
                None if *declared.wish == Wish::Inherit => continue,
                None => Cause::Unset,
                Some(_) if property.native().is_some_and(Property::is_settable_once) => {
                    Cause::CreateOnly
                }
                Some(_) if declared.wish.setting().is_none() => Cause::Overridden,
                Some(sight) => match sight.source {
                    Source::Local => Cause::Set,
                    Source::Inherited(_) => Cause::Inherited,
                    Source::Received => Cause::Received,
                    Source::Temporary => Cause::Temporary,
                    Source::Default | Source::None => Cause::Default,
                },
            };
            self.found.push(Drift {
                property: Some(property.clone()),
                declared: Some(declared.wish.to_string()),
                observed: sight.as_ref().map(|sight| sight.text().into_owned()),
                source: sight.as_ref().map(|sight| sight.source.to_string()),
                ..Drift::new(name, cause)
            });
        }
        for (property, (wish, _)) in given_up(self.desired, self.tree, at, Some(want), dataset) {
            let sight = self.tree.now(at, &property);
            self.found.push(Drift {
                declared: Some(wish.to_string()),
                observed: sight.as_ref().map(|sight| sight.text().into_owned()),
                source: sight.as_ref().map(|sight| sight.source.to_string()),
                property: Some(property),
                ..Drift::new(name, Cause::Overridden)
            });
        }
        if let Some(path) = want.mounted_at() {
            if dataset.mounted == Some(false) {
                let declared = Some(path.to_owned());
                self.found.push(Drift { declared, ..Drift::new(name, Cause::Unmounted) });
            } else {
                self.by_itself(at, name, want);
                self.directory(name, want, dataset);
            }
        }
    }

    /// Whether ZFS mounts it by itself; where `canmount` is declared, another value was found before.
    fn by_itself(&mut self, at: usize, name: &DatasetName, want: &Want<'_>) {
        let canmount = PropertyName::Native(Property::Canmount);
        let Some(sight) = self.tree.now(at, &canmount) else { return };
        if sight.is_printed(b"on") || want.properties.contains_key(&canmount) {
            return;
        }
        self.found.push(Drift {
            observed: Some(sight.text().into_owned()),
            source: Some(sight.source.to_string()),
            property: Some(canmount),
            ..Drift::new(name, Cause::NotByItself)
        });
    }

    fn directory(&mut self, name: &DatasetName, want: &Want<'_>, dataset: &Dataset) {
        let Some(directory) = &dataset.directory else { return };
        let owner = want.owner.is_none_or(|owner| directory.owner.is(owner));
        let group = want.group.is_none_or(|group| directory.group.is(group));
        if owner && group && want.mode.is_none_or(|mode| mode == directory.mode) {
            return;
        }
        let (owner, group) = (want.owner.unwrap_or("any"), want.group.unwrap_or("any"));
        let mode = want.mode.map_or("any".to_owned(), |mode| mode.to_string());
        self.found.push(Drift {
            declared: Some(format!("{owner}:{group} {mode}")),
            observed: Some(directory.to_string()),
            ..Drift::new(name, Cause::Directory)
        });
    }

    /// Mounted filesystems that share a mountpoint: the later one hides the earlier one.
    fn shared_mountpoints(&mut self) {
        let mountpoint = PropertyName::Native(Property::Mountpoint);
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for at in 0..self.tree.len() {
            let Some(row) = self.tree.row(at) else { break };
            let Some(dataset) = row.observed.filter(|d| d.kind != Some(DatasetKind::Volume)) else {
                continue;
            };
            let path = self.tree.now(at, &mountpoint).map(|sight| sight.text().into_owned());
            if let Some(path) = path.filter(|p| p.starts_with('/') && dataset.mounted == Some(true))
            {
                places.entry(path).or_default().push(at);
            }
        }
        for (path, rows) in places.into_iter().filter(|(_, rows)| rows.len() > 1) {
            for row in rows.iter().filter_map(|at| self.tree.row(*at)) {
                self.found.push(Drift {
                    observed: Some(path.clone()),
                    ..Drift::new(&row.name, Cause::SharedMountpoint)
                });
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Missing => "is missing",
            Cause::Moved => "is under another name",
            Cause::WrongKind => "is of the wrong kind",
            Cause::Present => "should not exist",
            Cause::Unmanaged => "is not declared",
            Cause::Set => "was set otherwise",
            Cause::Inherited => "is inherited otherwise",
            Cause::Received => "was received otherwise",
            Cause::Default => "is the default",
            Cause::Unset => "is not set",
            Cause::Temporary => "is covered by a mount option",
            Cause::CreateOnly => "cannot be changed any more",
            Cause::Overridden => "is set, and should not be",
            Cause::Unknown => "was not observed",
            Cause::Unmounted => "is not mounted",
            Cause::NotByItself => "does not let it be mounted after a restart",
            Cause::SharedMountpoint => "shares its mountpoint",
            Cause::Directory => "has other owners or another mode",
        })
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.dataset)?;
        if let Some(property) = &self.property {
            write!(f, "{property} ")?;
        }
        self.cause.fmt(f)?;
        if let Some(observed) = &self.observed {
            let shown = self.property.as_ref().map(|property| short(property, observed));
            write!(f, ": {}", shown.as_ref().unwrap_or(observed))?;
        }
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        if let Some(declared) = &self.declared {
            write!(f, ", declared {declared}")?;
        }
        Ok(())
    }
}
