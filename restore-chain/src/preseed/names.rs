//! Names of the datasets beside a service's own: made here, and read back here.

use zfs_props::name::{DatasetName, NameError};

const STAGING: &str = ".restore-staging";
const ASIDE: &str = ".restore-aside-";

/// Where a dataset is restored to before it takes its place: a sibling.
pub fn staging(dataset: &DatasetName) -> Result<DatasetName, NameError> {
    format!("{dataset}{STAGING}").parse()
}

/// Where a dataset of this guid is set aside: a sibling that no other one is ever set aside to.
pub fn aside(dataset: &DatasetName, guid: u64) -> Result<DatasetName, NameError> {
    format!("{dataset}{ASIDE}{guid:016x}").parse()
}

/// A dataset that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Aside {
    /// Its name now.
    pub name: DatasetName,
    /// Its name before.
    pub of: DatasetName,
    /// Its guid.
    pub guid: u64,
}

impl Aside {
    /// Reads a name back; none for a name that [`aside`] does not make.
    pub fn read(name: &DatasetName) -> Option<Self> {
        let (of, guid) = name.as_str().rsplit_once(ASIDE)?;
        let guid = u64::from_str_radix(guid, 16).ok()?;
        let of: DatasetName = of.parse().ok()?;
        (aside(&of, guid).ok()? == *name).then(|| Self { name: name.clone(), of, guid })
    }
}
