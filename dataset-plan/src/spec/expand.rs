//! From profiles, services and utility datasets to one flat list of what each dataset shall be.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::release::Release;
use zfs_props::value::Value;

use super::{Base, DatasetSpec, Mode, Profile, Spec, read};
use crate::problem::{Code, Problem, Problems};
use crate::setting::Setting;

/// Every declared dataset, profiles and automatic mountpoints worked in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    /// The OpenZFS release whose rules hold.
    pub release: Release,
    /// The dataset below which services live: made as a container if it is missing.
    pub parent: Option<DatasetName>,
    /// Datasets that are never touched.
    pub base: BTreeMap<DatasetName, Base>,
    /// What each declared dataset shall be; a parent comes right before its subtree.
    pub datasets: BTreeMap<DatasetName, Want>,
}

/// What one dataset shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The declaration it comes from, as `services.sonarr`.
    pub path: String,
    /// The properties it shall have; all others are left alone.
    pub properties: BTreeMap<PropertyName, Declared>,
    /// Who shall own the mounted directory.
    pub owner: Option<String>,
    /// Which group the mounted directory shall have.
    pub group: Option<String>,
    /// Which mode the mounted directory shall have.
    pub mode: Option<Mode>,
}

/// A property's value, and the table that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The value.
    pub setting: Setting,
    /// The table, as `profiles.sqlite` or `services.sonarr`.
    pub path: String,
}

impl Want {
    /// Where ZFS shall mount the dataset, if it shall do so by itself.
    pub fn mounted_at(&self) -> Option<&str> {
        self.mountpoint().filter(|_| self.can_mount())
    }

    fn mountpoint(&self) -> Option<&str> {
        let declared = self.properties.get(&PropertyName::Native(Property::Mountpoint))?;
        let Setting::Native(value) = &declared.setting else { return None };
        value.text().filter(|path| path.starts_with('/'))
    }

    fn can_mount(&self) -> bool {
        let declared = self.properties.get(&PropertyName::Native(Property::Canmount));
        let word = declared.map(|declared| declared.setting.argument());
        !matches!(word, Some("off" | "noauto"))
    }
}

impl Spec {
    /// Works profiles and automatic mountpoints in; all problems of the whole at once.
    pub fn expand(&self) -> Result<Desired, Problems> {
        let mut expansion = Expansion { spec: self, problems: Vec::new() };
        let desired = expansion.desired();
        Problems::check(expansion.problems).map(|()| desired)
    }

    /// What does not fit together, in no particular order.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut expansion = Expansion { spec: self, problems: Vec::new() };
        expansion.desired();
        expansion.problems
    }
}

struct Expansion<'s> {
    spec: &'s Spec,
    problems: Vec<Problem>,
}

impl Expansion<'_> {
    fn report(&mut self, path: String, code: Code, what: String, remedy: impl Into<String>) {
        let remedy = remedy.into();
        self.problems.push(Problem { position: None, path, code, what, remedy });
    }

    fn desired(&mut self) -> Desired {
        let spec = self.spec;
        let mut desired = Desired {
            release: spec.release,
            parent: spec.parent_dataset.clone(),
            base: spec.base.clone(),
            datasets: BTreeMap::new(),
        };
        if spec.parent_dataset.is_none() && !spec.services.is_empty() {
            let what = "services are declared, but not where they live".to_owned();
            self.report("parentDataset".into(), Code::MissingKey, what, "add parentDataset");
        }
        for (name, dataset) in &spec.services {
            let path = path_of("services", name);
            let want = self.want(&path, dataset, || match &spec.parent_mount {
                Some(mount) => Ok(format!("{}/{name}", mount.trim_end_matches('/'))),
                None => Err("no mountpoint, and no parentMount to derive one from"),
            });
            let Some(parent) = &spec.parent_dataset else { continue };
            match format!("{parent}/{name}").parse() {
                Ok(full) => self.declare(&mut desired, full, want),
                Err(error) => {
                    let remedy = "services are named as a component of a dataset name";
                    self.report(path, Code::BadName, format!("{error}"), remedy);
                }
            }
        }
        for (name, dataset) in &spec.utility {
            let path = path_of("utility", name.as_str());
            let want = self.want(&path, dataset, || Ok("none".to_owned()));
            self.declare(&mut desired, name.clone(), want);
        }
        self.mountpoints(&desired);
        desired
    }

    /// Works profiles and the automatic mountpoint into one dataset.
    fn want(
        &mut self,
        path: &str,
        dataset: &DatasetSpec,
        auto_mountpoint: impl FnOnce() -> Result<String, &'static str>,
    ) -> Want {
        let mut want = Want {
            path: path.to_owned(),
            properties: BTreeMap::new(),
            owner: None,
            group: None,
            mode: None,
        };
        for profile in &dataset.profiles {
            if let Some(keys) = self.spec.profiles.get(profile) {
                want.lay(keys, &path_of("profiles", profile));
                continue;
            }
            let known: Vec<_> = self.spec.profiles.keys().map(String::as_str).collect();
            let remedy = match known.as_slice() {
                [] => "declare it as [profiles.NAME]".to_owned(),
                known => format!("declared are: {}", known.join(", ")),
            };
            let what = format!("there is no profile `{profile}`");
            self.report(format!("{path}.profile"), Code::UnknownProfile, what, remedy);
        }
        want.lay(&dataset.own, path);
        self.mount(&mut want, auto_mountpoint);
        want
    }

    /// Adds a dataset, unless it is declared elsewhere.
    fn declare(&mut self, desired: &mut Desired, name: DatasetName, want: Want) {
        let other = if self.spec.base.contains_key(&name) {
            Some(path_of("base", name.as_str()))
        } else {
            desired.datasets.get(&name).map(|first| first.path.clone())
        };
        match other {
            None => {
                desired.datasets.insert(name, want);
            }
            Some(other) => {
                let what = format!("{name} is declared by `{other}` too");
                self.report(want.path, Code::DuplicateDataset, what, "declare it in one place");
            }
        }
    }

    /// Fills in the automatic mountpoint, and asks for a mountpoint where an owner needs one.
    fn mount(&mut self, want: &mut Want, auto: impl FnOnce() -> Result<String, &'static str>) {
        let key = PropertyName::Native(Property::Mountpoint);
        if !want.properties.contains_key(&key) {
            let path = want.path.clone();
            let parsed = auto().map_err(str::to_owned).and_then(|text| {
                Value::parse(Property::Mountpoint, &text, self.spec.release)
                    .map_err(|error| error.to_string())
            });
            match parsed {
                Ok(value) => {
                    let setting = Setting::Native(value);
                    want.properties.insert(key, Declared { setting, path });
                }
                Err(what) => {
                    self.report(
                        path,
                        Code::MissingKey,
                        what,
                        "add mountpoint here, or parentMount",
                    );
                }
            }
        }
        let owned = want.owner.is_some() || want.group.is_some() || want.mode.is_some();
        if owned && want.mounted_at().is_none() {
            let what =
                "owner, group and mode are of the mounted directory, and ZFS mounts none here";
            let remedy = "give an absolute mountpoint (and no canmount), or leave them out";
            self.report(want.path.clone(), Code::NoEffect, what.to_owned(), remedy);
        }
    }

    /// No two datasets may be mounted at one path.
    fn mountpoints(&mut self, desired: &Desired) {
        let mut taken: BTreeMap<&str, String> = BTreeMap::new();
        let based = desired.base.iter().filter_map(|(name, base)| {
            Some((base.mounted_at.as_deref()?, path_of("base", name.as_str())))
        });
        let wanted = desired
            .datasets
            .values()
            .filter_map(|want| Some((want.mounted_at()?, format!("{}.mountpoint", want.path))));
        for (mountpoint, path) in based.chain(wanted) {
            let place = match mountpoint.trim_end_matches('/') {
                "" => "/",
                place => place,
            };
            match taken.entry(place) {
                Entry::Vacant(free) => {
                    free.insert(path);
                }
                Entry::Occupied(first) => {
                    let what = format!("{place} is where `{}` is mounted too", first.get());
                    let remedy = "give each its own mountpoint, or canmount=off to one";
                    self.report(path, Code::DuplicateMountpoint, what, remedy);
                }
            }
        }
    }
}

impl Want {
    /// Lays keys over what is there; they win.
    fn lay(&mut self, keys: &Profile, path: &str) {
        for (name, setting) in &keys.properties {
            let declared = Declared { setting: setting.clone(), path: path.to_owned() };
            self.properties.insert(name.clone(), declared);
        }
        let lay = |over: &Option<String>, under: &mut Option<String>| {
            if over.is_some() {
                under.clone_from(over);
            }
        };
        lay(&keys.owner, &mut self.owner);
        lay(&keys.group, &mut self.group);
        self.mode = keys.mode.or(self.mode);
    }
}

fn path_of(table: &str, name: &str) -> String {
    read::join(table, name)
}
