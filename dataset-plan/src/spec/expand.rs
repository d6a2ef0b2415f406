//! From profiles, services and utility datasets to one flat list of what each dataset shall be.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::value::Value;

use super::desired::{Datasets, Desired, Want};
use super::mountpoints::{self, Places};
use super::properties::{Properties, Table};
use super::{DatasetSpec, Moved, Profile, Spec, Volume, Wish};
use crate::problem::{Code, Problem, Problems};
use crate::setting::Setting;
use declared::join;

/// Bytes of a user property's value (OpenZFS `zfs_check_userprops`, `module/zfs/zfs_ioctl.c`).
pub(crate) const LONGEST: usize = 8191;

/// Where ZFS mounts a dataset with these properties, if it does so by itself.
fn mounted_at<'s>(properties: &Properties<'s>) -> Option<Cow<'s, str>> {
    let place = match properties.wish(&Property::Mountpoint.into())? {
        Cow::Borrowed(wish) => Cow::Borrowed(path(wish)?),
        Cow::Owned(wish) => Cow::Owned(path(&wish)?.to_owned()),
    };
    let canmount = properties.get(&Property::Canmount.into());
    let word = canmount.and_then(|declared| Some(declared.wish.setting()?.argument()));
    (!matches!(word, Some("off" | "noauto"))).then_some(place)
}

fn path(mountpoint: &Wish) -> Option<&str> {
    let Setting::Native(value) = mountpoint.setting()? else { return None };
    value.text().filter(|path| path.starts_with('/'))
}

impl Spec {
    /// Works profiles and automatic mountpoints in; all problems of the whole at once.
    pub fn expand(&self) -> Result<Desired<'_>, Problems> {
        let mut expansion = Expansion::new(self);
        let desired = expansion.desired();
        Problems::check(expansion.problems).map(|()| desired)
    }

    /// What does not fit together, in no particular order.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut expansion = Expansion::new(self);
        expansion.desired();
        expansion.problems
    }
}

struct Expansion<'s> {
    spec: &'s Spec,
    problems: Vec<Problem>,
    places: Places,
}

impl<'s> Expansion<'s> {
    fn new(spec: &'s Spec) -> Self {
        Self { spec, problems: Vec::new(), places: Places::default() }
    }

    fn report(&mut self, path: String, code: Code, what: String, remedy: impl Into<String>) {
        let remedy = remedy.into();
        self.problems.push(Problem { position: None, path, code, what, remedy });
    }

    fn desired(&mut self) -> Desired<'s> {
        let spec = self.spec;
        let mut desired = Desired {
            release: spec.release,
            parents: spec.parent_dataset.iter().cloned().collect(),
            base: spec.base.clone(),
            ignore: spec.ignore.clone(),
            moved: spec.moved.clone(),
            absent: spec.absent.clone(),
            owner_property: spec.owner_property.clone().map(PropertyName::User),
            datasets: Datasets::default(),
            claims: None,
        };
        desired.parents.extend(spec.places.values().map(|place| place.dataset.clone()));
        if spec.parent_dataset.is_none() && spec.services.values().any(|s| s.place.is_none()) {
            let what = "services are declared, but not where they live".to_owned();
            self.report("parentDataset".into(), Code::MissingKey, what, "add parentDataset");
        }
        let count = spec.services.len() + spec.utility.len();
        let mut all = Vec::with_capacity(count);
        self.places.reserve(count + spec.base.len());
        spec.base
            .values()
            .filter_map(|base| base.mounted_at.as_deref())
            .for_each(|p| self.places.add(p));
        for (name, dataset) in &spec.services {
            let path = Table::Service(name);
            let (parent, mount) = self.place(path, dataset);
            let want = self.want(path, dataset, || match mount {
                Some(mount) => Ok(format!("{}/{name}", mount.trim_end_matches('/'))),
                None => Err("no mountpoint, and no parentMount to derive one from"),
            });
            let Some(parent) = parent else { continue };
            match format!("{parent}/{name}").parse() {
                Ok(full) => all.push((full, want)),
                Err(error) => {
                    let remedy = "services are named as a component of a dataset name";
                    self.report(path.to_string(), Code::BadName, format!("{error}"), remedy);
                }
            }
        }
        for (name, dataset) in &spec.utility {
            let path = Table::Utility(name);
            if dataset.place.is_some() {
                let what = "a utility dataset says by its name where it lives".to_owned();
                self.report(format!("{path}.place"), Code::NoEffect, what, "leave it out");
            }
            let want = self.want(path, dataset, || Ok("none".to_owned()));
            all.push((name.clone(), want));
        }
        desired.datasets = self.datasets(all);
        desired.datasets.pass_down();
        self.elsewhere(&desired);
        if self.places.want_a_closer_look() {
            self.problems.extend(mountpoints::problems(&desired));
        }
        desired
    }

    /// The dataset below which a service lives, and the directory below which it is mounted.
    fn place(
        &mut self,
        path: Table<'s>,
        service: &DatasetSpec,
    ) -> (Option<&'s DatasetName>, Option<&'s str>) {
        let spec = self.spec;
        let Some(name) = &service.place else {
            return (spec.parent_dataset.as_ref(), spec.parent_mount.as_deref());
        };
        if let Some(place) = spec.places.get(name) {
            return (Some(&place.dataset), place.mount.as_deref());
        }
        let known: Vec<_> = spec.places.keys().map(String::as_str).collect();
        let what = format!("there is no place `{name}`");
        let remedy = format!("declared are: {}", known.join(", "));
        self.report(format!("{path}.place"), Code::UnknownProfile, what, remedy);
        (None, spec.parent_mount.as_deref())
    }

    /// What is said of datasets elsewhere than in a table of their own.
    fn elsewhere(&mut self, desired: &Desired<'s>) {
        for name in &desired.absent {
            if let Some((_, want)) = desired.datasets.at_or_below(name) {
                let what = format!("{name} shall not exist, and `{}` wants it", want.path);
                self.report("absent".into(), Code::DuplicateDataset, what, "decide for one");
            }
            let base = desired.base.keys().find(|base| *base == name || base.is_under(name));
            if let Some(base) = base {
                let what =
                    format!("{name} shall not exist, and {base} is never touched, as `base` says");
                self.report("absent".into(), Code::DuplicateDataset, what, "decide for one");
            }
            if let Some(pattern) = desired.ignore.iter().find(|pattern| pattern.matches(name)) {
                let what = format!("{name} shall not exist, and is ignored by `{pattern}`");
                self.report("absent".into(), Code::NoEffect, what, "narrow the pattern");
            }
        }
        let mut from = BTreeSet::new();
        for Moved { from: old, to } in &desired.moved {
            let what = if !from.insert(old) {
                format!("{old} is moved twice")
            } else if desired.datasets.contains_key(old) {
                format!("{old} is moved away, and declared as well")
            } else if desired.absent.contains(old) {
                format!(
                    "{old} is moved away, and shall not exist: where it cannot be moved it would be destroyed"
                )
            } else if let Some(gone) =
                desired.absent.iter().find(|gone| to == *gone || to.is_under(gone))
            {
                format!("{old} is moved to {to}, and {gone} shall not exist")
            } else if old.pool() != to.pool() {
                format!("{old} cannot be renamed into another pool")
            } else if to.is_under(old) || to == old {
                format!("{old} cannot be moved below itself")
            } else {
                continue;
            };
            self.report("moved".into(), Code::BadValue, what, "see zfs-rename(8)");
        }
        if desired.ignore.is_empty() {
            return;
        }
        for (name, want) in desired.datasets.iter() {
            if let Some(pattern) = desired.ignore.iter().find(|pattern| pattern.matches(name)) {
                let what = format!("{name} is declared, and ignored by `{pattern}`");
                let path = want.path.path();
                self.report(path, Code::NoEffect, what, "narrow the pattern");
            }
        }
    }

    /// Works profiles and the automatic mountpoint into one dataset.
    fn want(
        &mut self,
        path: Table<'s>,
        dataset: &'s DatasetSpec,
        auto_mountpoint: impl FnOnce() -> Result<String, &'static str>,
    ) -> Want<'s> {
        let profiles = self.profiles(path, dataset);
        // The first that says something of owner, group or mode counts.
        let keys = || std::iter::once(&dataset.own).chain(profiles.iter().rev().map(|(_, p)| *p));
        let said = profiles.iter().map(|(name, profile)| (*name, &profile.properties));
        let mut want = Want {
            path,
            properties: Properties::new(&dataset.own.properties, said),
            volume: dataset.volume,
            origin: dataset.origin.as_ref(),
            guid: dataset.guid,
            owner: keys().find_map(|keys| keys.owner.as_deref()),
            group: keys().find_map(|keys| keys.group.as_deref()),
            mode: keys().find_map(|keys| keys.mode),
            strict: keys().find_map(|keys| keys.strict),
            mounted_at: None,
        };
        match want.volume {
            None => self.mount(&mut want, auto_mountpoint),
            Some(volume) => self.volume(&mut want, volume),
        }
        self.note_owned(&mut want);
        self.applicable(&want);
        want
    }

    /// The profiles that a dataset uses, in its order.
    fn profiles(
        &mut self,
        path: Table<'s>,
        dataset: &'s DatasetSpec,
    ) -> Vec<(&'s str, &'s Profile)> {
        let spec = self.spec;
        let mut profiles = Vec::new();
        for name in &dataset.profiles {
            if let Some(profile) = spec.profiles.get(name) {
                profiles.push((name.as_str(), profile));
                continue;
            }
            let known: Vec<_> = spec.profiles.keys().map(String::as_str).collect();
            let remedy = match known.as_slice() {
                [] => "declare it as [profiles.NAME]".to_owned(),
                known => format!("declared are: {}", known.join(", ")),
            };
            let what = format!("there is no profile `{name}`");
            self.report(format!("{path}.profile"), Code::UnknownProfile, what, remedy);
        }
        profiles
    }

    /// Properties that mean nothing for this kind of dataset, or are too long.
    fn applicable(&mut self, want: &Want<'s>) {
        let (kind, release) = (want.kind(), self.spec.release);
        for (name, declared) in &want.properties {
            if let Some(Setting::User(text)) =
                declared.wish.setting().filter(|said| said.argument().len() > LONGEST)
            {
                let what = format!(
                    "`{name}` would have {} bytes, and OpenZFS takes {LONGEST}",
                    text.len()
                );
                let remedy = "shorten it (the note of `ownerProperty` has the names of all declared properties)";
                let path = want.table(declared).to_string();
                self.report(path, Code::BadValue, what, remedy);
            }
            if name.native().is_some_and(|native| !native.applies_to(kind, release)) {
                let what = format!("`{name}` does not apply to a {kind} such as {}", want.path);
                let remedy =
                    "leave it out, or give it { source = \"any\" } where a profile says it";
                let path = want.table(declared).to_string();
                self.report(path, Code::NoEffect, what, remedy);
            }
        }
    }

    /// Adds the note of what is declared, if there shall be one.
    fn note_owned(&self, want: &mut Want<'s>) {
        let Some(owner) = &self.spec.owner_property else { return };
        let names: Vec<_> = want.settings().map(|(name, _)| name.to_string()).collect();
        let wish = Wish::Set(Setting::User(names.join(",").into()));
        want.properties.insert(PropertyName::User(owner.clone()), wish);
    }

    /// A volume's size is a property like any other from here on; a directory it has none.
    fn volume(&mut self, want: &mut Want<'s>, volume: Volume) {
        let size = Value::from_number(Property::Volsize, volume.size, self.spec.release);
        if let Some(size) = size {
            want.properties.insert(Property::Volsize.into(), Wish::Set(Setting::Native(size)));
        }
        if want.is_owned() {
            let what = "owner, group and mode are of a mounted directory, and a volume has none";
            self.report(want.path.path(), Code::NoEffect, what.into(), "leave them out");
        }
    }

    /// All datasets by name, each declared in one place.
    fn datasets(&mut self, all: Vec<(DatasetName, Want<'s>)>) -> Datasets<'s> {
        let twice = |first: &dyn fmt::Display, want: &Want<'_>| Problem {
            position: None,
            path: want.path.path(),
            code: Code::DuplicateDataset,
            what: format!("the dataset is declared by `{first}` too"),
            remedy: "declare it in one place".into(),
        };
        let (datasets, others) = if self.spec.services.is_empty() {
            (Datasets::sorted(all), Vec::new())
        } else {
            Datasets::new(all)
        };
        for (name, want) in &others {
            let first = datasets.get(name).map(|first| twice(&first.path, want));
            self.problems.extend(first);
        }
        for name in self.spec.base.keys() {
            let want = datasets.get(name);
            let base = join("base", name.as_str());
            self.problems.extend(want.map(|want| twice(&base, want)));
        }
        datasets
    }

    /// Fills in the automatic mountpoint, and asks for a mountpoint where an owner needs one.
    fn mount(&mut self, want: &mut Want<'s>, auto: impl FnOnce() -> Result<String, &'static str>) {
        let key = PropertyName::Native(Property::Mountpoint);
        if !want.properties.mentions(&key) {
            let parsed = auto().map_err(str::to_owned).and_then(|text| {
                Value::parse(Property::Mountpoint, &text, self.spec.release)
                    .map_err(|error| error.to_string())
            });
            match parsed {
                Ok(value) => {
                    want.properties.insert(key, Wish::Set(Setting::Native(value)));
                }
                Err(what) => {
                    let remedy = "add mountpoint here, or parentMount";
                    self.report(want.path.path(), Code::MissingKey, what, remedy);
                }
            }
        }
        want.mounted_at = mounted_at(&want.properties);
        want.mounted_at().into_iter().for_each(|place| self.places.add(place));
        if want.is_owned() && want.mounted_at().is_none() {
            let what =
                "owner, group and mode are of the mounted directory, and ZFS mounts none here";
            let remedy = "give an absolute mountpoint (and no canmount), or leave them out";
            self.report(want.path.path(), Code::NoEffect, what.to_owned(), remedy);
        }
    }
}
