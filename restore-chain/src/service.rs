//! A service's data: what has to be there, and mounted, before the service may start.

use zfs_props::name::DatasetName;

use crate::path::AbsolutePath;

/// The data of a service, in a dataset of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Service {
    /// Its name: of the preseed's unit, and of its records.
    pub name: String,
    /// Its dataset.
    pub dataset: DatasetName,
    /// Where the dataset is mounted.
    pub mountpoint: AbsolutePath,
    /// Properties that are set after a restore, whatever came with the stream, by name and value.
    pub properties: Vec<(String, String)>,
    /// Who the data belongs to; none: what was restored stays as it is.
    pub owner: Option<Owner>,
    /// What happens where nothing can be restored.
    pub bootstrap: Bootstrap,
    /// What happens with data that nobody has restored or adopted.
    pub unmarked: Unmarked,
    /// The units that wait for it.
    pub units: Vec<String>,
    /// Whether they start without it.
    pub gate: Gate,
}

impl Service {
    /// A service whose data is in this dataset: nothing may start empty, nothing is adopted unseen.
    pub fn new(name: &str, dataset: DatasetName, mountpoint: AbsolutePath) -> Self {
        Self {
            name: name.to_owned(),
            dataset,
            mountpoint,
            properties: Vec::new(),
            owner: None,
            bootstrap: Bootstrap::default(),
            unmarked: Unmarked::default(),
            units: vec![format!("{name}.service")],
            gate: Gate::default(),
        }
    }
}

/// Owner of the restored data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Owner {
    /// User, by name or number.
    pub user: String,
    /// Group, by name or number.
    pub group: String,
    /// Whether all below the mountpoint belongs to them, but for what is mounted there. Never for trees of several owners.
    pub recursive: bool,
}

/// What happens where nothing can be restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum Bootstrap {
    /// The service does not start.
    #[default]
    Never,
    /// It starts empty if there is no copy anywhere, and everybody who was asked said so
    /// ([`Choice::nothing_exists`](crate::Choice::nothing_exists)). A copy that could not be restored, one that the policy leaves
    /// out, or a tool that failed, is no absence.
    IfNothingExists,
    /// It starts empty even though copies exist.
    EvenIfRestoreFails,
}

impl Bootstrap {
    /// Whether a service may start empty after every way back has failed, or where there is none.
    pub fn allows(self, nothing_exists: bool) -> bool {
        match self {
            Self::Never => false,
            Self::IfNothingExists => nothing_exists,
            Self::EvenIfRestoreFails => true,
        }
    }
}

/// What happens with data that is there and that nobody has restored or adopted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum Unmarked {
    /// Somebody has to look at it; nothing is changed.
    #[default]
    Ask,
    /// It is adopted, if the check of its content passes.
    Adopt,
}

/// Whether units wait for the data in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum Gate {
    /// `Requires=`: without the data they do not start.
    #[default]
    Required,
    /// `Wants=`: they start anyway.
    Wanted,
}
