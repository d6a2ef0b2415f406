//! ZFS in memory: what a plan does to an observation, without a pool.

use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::mountpoint;
use zfs_props::name::DatasetName;
use zfs_props::property::Property;
use zfs_props::source::Source;

use crate::apply::World;
use crate::observed::{Account, Dataset, Directory, Observed, Raw};
use crate::plan::{Action, Assignment, Step};

/// Datasets that steps can be carried out on, by OpenZFS's rules.
#[derive(Clone, Debug, Default)]
pub struct Zfs {
    state: Observed,
}

/// Why the simulated ZFS refused a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `zfs create` of a dataset that is there.
    #[error("{0} exists already")]
    Exists(DatasetName),
    /// The dataset, or the parent of a new one, is not there.
    #[error("{0} does not exist")]
    Missing(DatasetName),
    /// A new dataset below a volume.
    #[error("{0} is a volume, and volumes hold no datasets")]
    ParentIsVolume(DatasetName),
    /// The property cannot be set, or not any more.
    #[error("{property} cannot be set on {dataset}")]
    NotSettable {
        /// The dataset.
        dataset: DatasetName,
        /// The property.
        property: PropertyName,
    },
    /// A directory to be owned is not a mountpoint.
    #[error("nothing is mounted at {0}")]
    NotMounted(String),
}

/// The property of that name.
#[derive(PartialEq, Eq)]
enum CanMount {
    On,
    NoAuto,
    Off,
}

impl From<&Observed> for Zfs {
    fn from(observed: &Observed) -> Self {
        Self { state: observed.clone() }
    }
}

impl World for Zfs {
    type Error = Refusal;

    fn run(&mut self, step: &Step) -> Result<(), Refusal> {
        match &step.action {
            Action::Create { properties, .. } => self.create(&step.dataset, properties),
            Action::Set(assignments) => self.set(&step.dataset, assignments),
            Action::Own { path, owner, group, mode } => {
                let here = self.mountpoint(&step.dataset).as_ref() == Some(path);
                let dataset = self.state.datasets.get_mut(&step.dataset);
                let dataset = dataset.filter(|dataset| here && dataset.mounted != Some(false));
                let dataset = dataset.ok_or_else(|| Refusal::NotMounted(path.clone()))?;
                let (owner, group) = (Account::declared(owner), Account::declared(group));
                dataset.directory = Some(Directory { owner, group, mode: *mode });
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Zfs {
    /// What an observation would find now.
    pub fn observe(&self) -> Observed {
        self.state.clone()
    }

    /// `zfs create`, of a filesystem.
    fn create(&mut self, name: &DatasetName, assignments: &[Assignment]) -> Result<(), Refusal> {
        if self.state.datasets.contains_key(name) {
            return Err(Refusal::Exists(name.clone()));
        }
        let parent = name.parent().ok_or_else(|| Refusal::Missing(name.clone()))?;
        let above = self.state.datasets.get(&parent).ok_or(Refusal::Missing(parent.clone()))?;
        if above.kind == Some(DatasetKind::Volume) {
            return Err(Refusal::ParentIsVolume(parent));
        }
        let mut dataset = Dataset {
            kind: Some(DatasetKind::Filesystem),
            directory: Some(Directory::of_new_dataset()),
            ..Dataset::default()
        };
        let release = zfs_props::release::Release::LATEST;
        for property in Property::ALL {
            if property.applies_to(DatasetKind::Filesystem, release) {
                dataset.seen.insert(*property);
                if let Some(raw) = above.fixed.get(property) {
                    dataset.fixed.insert(*property, raw.clone());
                }
            }
        }
        for Assignment { property, setting } in assignments {
            let raw: Raw = setting.printed().into_bytes().into();
            match property {
                PropertyName::Native(native) if native.is_settable_once() => {
                    dataset.fixed.insert(*native, raw);
                }
                PropertyName::Native(native) if native.is_readonly() => {
                    let (dataset, property) = (name.clone(), property.clone());
                    return Err(Refusal::NotSettable { dataset, property });
                }
                _ => dataset.entries.entry(property.clone()).or_default().set(raw),
            }
        }
        self.state.datasets.insert(name.clone(), dataset);
        self.remount(name);
        Ok(())
    }

    /// `zfs set`.
    fn set(&mut self, name: &DatasetName, assignments: &[Assignment]) -> Result<(), Refusal> {
        let dataset =
            self.state.datasets.get_mut(name).ok_or_else(|| Refusal::Missing(name.clone()))?;
        for Assignment { property, setting } in assignments {
            if let PropertyName::Native(native) = property {
                if native.is_readonly() {
                    let (dataset, property) = (name.clone(), property.clone());
                    return Err(Refusal::NotSettable { dataset, property });
                }
                dataset.temporary.remove(native);
            }
            let raw = setting.printed().into_bytes().into();
            dataset.entries.entry(property.clone()).or_default().set(raw);
        }
        let sets = |native: Property| assignments.iter().any(|a| a.property == native.into());
        if sets(Property::Mountpoint) {
            let below = self.state.datasets.keys().filter(|d| *d == name || d.is_under(name));
            let below: Vec<_> =
                below.filter(|d| self.setpoint(d).as_ref() == Some(name)).cloned().collect();
            for name in below {
                self.remount(&name);
            }
        } else if sets(Property::Canmount) && self.can_mount(name) == CanMount::Off {
            self.remount(name);
        }
        Ok(())
    }

    /// What a new mountpoint does: mounts the filesystem there, unless `canmount` is against it.
    /// (OpenZFS `changelist_postfix`, `lib/libzfs/libzfs_changelist.c`; `canmount=on` alone mounts nothing.)
    fn remount(&mut self, name: &DatasetName) {
        let place = self.mountpoint(name);
        let can = self.can_mount(name);
        let Some(dataset) = self.state.datasets.get_mut(name) else { return };
        if dataset.kind == Some(DatasetKind::Filesystem) {
            let may = match can {
                CanMount::On => true,
                CanMount::NoAuto => dataset.mounted == Some(true),
                CanMount::Off => false,
            };
            dataset.mounted = Some(place.is_some() && may);
        }
    }

    fn can_mount(&self, name: &DatasetName) -> CanMount {
        match self.own(name, Property::Canmount).as_deref() {
            Some(b"off") => CanMount::Off,
            Some(b"noauto") => CanMount::NoAuto,
            _ => CanMount::On,
        }
    }

    /// The dataset whose mountpoint decides where a filesystem is mounted.
    fn setpoint(&self, name: &DatasetName) -> Option<DatasetName> {
        let mut upwards = std::iter::once(name.clone()).chain(name.ancestors());
        upwards.find(|at| self.own(at, Property::Mountpoint).is_some())
    }

    fn own(&self, name: &DatasetName, property: Property) -> Option<Raw> {
        let entries = &self.state.datasets.get(name)?.entries;
        Some(entries.get(&PropertyName::Native(property))?.own()?.0.clone())
    }

    /// Where a filesystem is mounted, if at a path.
    fn mountpoint(&self, name: &DatasetName) -> Option<String> {
        let at = self.setpoint(name);
        let value = at.as_ref().and_then(|at| self.own(at, Property::Mountpoint));
        let source = match &at {
            None => Source::Default,
            Some(at) if at == name => Source::Local,
            Some(at) => Source::Inherited(at.as_str()),
        };
        let value = value.unwrap_or_else(|| (*b"/").into());
        let value = String::from_utf8_lossy(&value);
        let place = mountpoint::effective(&value, source, name.as_str(), None);
        place.starts_with('/').then(|| place.into_owned())
    }
}
