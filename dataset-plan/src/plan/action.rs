//! What a step does, and its exact command.

use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::name::{DatasetName, SnapshotName};

use crate::command::Command;
use crate::setting::Setting;
use crate::spec::Mode;

/// What a step does to its dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Action {
    /// `zfs create` of a filesystem.
    Create {
        /// Properties to begin with.
        properties: Vec<Assignment>,
        /// Mounted at once, if it can be; a [`Mount`](Action::Mount) follows otherwise.
        mount: bool,
    },
    /// `zfs create -V`.
    CreateVolume {
        /// Size in bytes.
        size: u64,
        /// Nothing is reserved (`-s`).
        sparse: bool,
        /// Properties to begin with.
        properties: Vec<Assignment>,
    },
    /// `zfs clone`.
    Clone {
        /// The snapshot it begins as.
        origin: SnapshotName,
        /// Properties to begin with.
        properties: Vec<Assignment>,
    },
    /// `zfs set`.
    Set(Vec<Assignment>),
    /// `zfs inherit`: what is set here goes.
    Inherit(PropertyName),
    /// `zfs inherit -S`: what is set here goes, and what was received counts again.
    Revert(PropertyName),
    /// `zfs rename`, of the step's dataset with all that is below it.
    Rename {
        /// The new name.
        to: DatasetName,
    },
    /// `zfs promote`: a clone no longer depends on its origin.
    Promote,
    /// `zfs load-key`.
    LoadKey,
    /// `zfs mount`.
    Mount,
    /// `zfs unmount`.
    Unmount,
    /// `zfs snapshot`.
    Snapshot(SnapshotName),
    /// `zfs hold`.
    Hold {
        /// The snapshot that cannot be destroyed from then on.
        snapshot: SnapshotName,
        /// The name of the hold.
        tag: String,
    },
    /// `zfs release`.
    Release {
        /// The snapshot.
        snapshot: SnapshotName,
        /// The name of the hold.
        tag: String,
    },
    /// `zfs rollback`, to the latest snapshot only: OpenZFS refuses any other without being told.
    Rollback(SnapshotName),
    /// `zfs destroy` of the dataset alone: OpenZFS refuses if it has snapshots or children.
    Destroy,
    /// `zfs destroy` of a snapshot.
    DestroySnapshot(SnapshotName),
    /// Owner, group and mode of the mounted directory; what is `None` stays as it is.
    Own {
        /// The directory.
        path: String,
        /// User name or number.
        owner: Option<String>,
        /// Group name or number.
        group: Option<String>,
        /// Permission bits.
        mode: Option<Mode>,
    },
}

/// `property=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Left of `=`.
    pub property: PropertyName,
    /// Right of `=`.
    pub setting: Setting,
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.property, self.setting.argument())
    }
}

impl Action {
    /// The command that does this to the datasets. More than one can be named for
    /// [`Set`](Action::Set), [`Inherit`](Action::Inherit) and [`Revert`](Action::Revert).
    pub fn command<'d>(&self, datasets: impl IntoIterator<Item = &'d DatasetName>) -> Command {
        let zfs = |verb| Command::new(["zfs", verb]);
        let options = |list: &[Assignment]| {
            let words = list.iter().flat_map(|a| ["-o".to_owned(), a.to_string()]);
            words.collect::<Vec<_>>()
        };
        let command = match self {
            Action::Create { properties, mount } => {
                let unmounted = (!mount).then(|| "-u".to_owned());
                zfs("create").args(unmounted).args(options(properties))
            }
            Action::CreateVolume { size, sparse, properties } => {
                let sparse = sparse.then(|| "-s".to_owned());
                let size = ["-V".to_owned(), size.to_string()];
                zfs("create").args(sparse).args(size).args(options(properties))
            }
            Action::Clone { origin, properties } => {
                zfs("clone").args(options(properties)).arg(origin)
            }
            Action::Set(properties) => {
                zfs("set").operands(properties.iter().map(ToString::to_string))
            }
            Action::Inherit(property) => zfs("inherit").operands([property.to_string()]),
            Action::Revert(property) => zfs("inherit").arg("-S").operands([property.to_string()]),
            Action::Rename { .. } => zfs("rename"),
            Action::Promote => zfs("promote"),
            Action::LoadKey => zfs("load-key"),
            Action::Mount => zfs("mount"),
            Action::Unmount => zfs("unmount"),
            Action::Destroy => zfs("destroy"),
            Action::Snapshot(snapshot) => return zfs("snapshot").arg(snapshot),
            Action::Hold { snapshot, tag } => {
                return zfs("hold").operands([tag.clone(), snapshot.to_string()]);
            }
            Action::Release { snapshot, tag } => {
                return zfs("release").operands([tag.clone(), snapshot.to_string()]);
            }
            Action::Rollback(snapshot) => return zfs("rollback").arg(snapshot),
            Action::DestroySnapshot(snapshot) => return zfs("destroy").arg(snapshot),
            Action::Own { path, owner, group, mode } => {
                return own(path, owner.as_deref(), group.as_deref(), *mode);
            }
        };
        let command = command.args(datasets.into_iter().map(ToString::to_string));
        match self {
            Action::Rename { to } => command.arg(to),
            _ => command,
        }
    }

    /// Data is gone for good once this is done.
    pub fn destroys(&self) -> bool {
        matches!(self, Action::Destroy | Action::DestroySnapshot(_) | Action::Rollback(_))
    }
}

/// `install` sets a mode in any case, so where none is given the other tools do it.
fn own(path: &str, owner: Option<&str>, group: Option<&str>, mode: Option<Mode>) -> Command {
    let option = |letter: &str, value: Option<&str>| {
        value.into_iter().flat_map(|value| [letter, value].map(str::to_owned)).collect::<Vec<_>>()
    };
    let command = match (mode, owner, group) {
        (Some(mode), _, _) => Command::new(["install", "-d"])
            .args(option("-o", owner))
            .args(option("-g", group))
            .arg("-m")
            .arg(mode),
        (None, Some(owner), Some(group)) => Command::new(["chown"]).arg(format!("{owner}:{group}")),
        (None, Some(owner), None) => Command::new(["chown"]).arg(owner),
        (None, None, group) => Command::new(["chgrp"]).arg(group.unwrap_or_default()),
    };
    command.arg(path)
}

#[cfg(feature = "serde")]
mod serialize {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use zfs_props::key::PropertyName;
    use zfs_props::release::Release;

    use super::Assignment;
    use crate::setting::Setting;

    /// As the text `property=value`.
    impl Serialize for Assignment {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Assignment {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let (name, value) = text.split_once('=').ok_or_else(|| {
                Error::custom(format_args!("{text:?} is not of the form property=value"))
            })?;
            let property: PropertyName = name.parse().map_err(Error::custom)?;
            // A value that this release does not know was observed, and an undo brings it back as it was.
            let setting = Setting::parse(&property, value, Release::LATEST);
            let setting = setting.unwrap_or_else(|_| Setting::User(value.into()));
            Ok(Assignment { property, setting })
        }
    }
}
