//! Whether a dataset can be created under a name.

use alloc::boxed::Box;

use super::{CheckError, CheckFault, DatasetFacts};
use crate::kind::DatasetKind;
use crate::name::DatasetName;

/// The parent of a dataset to be created, among the datasets that `find` knows: it has to be there and a
/// filesystem, and the dataset itself must not be there (OpenZFS `zfs_create`,
/// `lib/libzfs/libzfs_dataset.c`, before it looks at properties).
///
/// ```
/// use zfs_props::check::{DatasetFacts, ErrorClass, place};
///
/// let tank = DatasetFacts::filesystem();
/// let find = |name: &str| (name == "tank").then_some(&tank);
/// assert_eq!(place("tank/home", find), Ok(&tank));
/// assert_eq!(place("tank/home/a", find).unwrap_err().class(), ErrorClass::NoDataset);
/// assert_eq!(place("tank", find).unwrap_err().class(), ErrorClass::InvalidName);
/// ```
pub fn place<'a>(
    name: &str,
    find: impl Fn(&str) -> Option<&'a DatasetFacts>,
) -> Result<&'a DatasetFacts, CheckError> {
    let refuse = |fault: CheckFault| Err(CheckError::new("", fault));
    let creatable = |name: DatasetName| name.check_creatable().map(|()| name);
    let name = match name.parse().and_then(creatable) {
        Ok(name) => name,
        Err(error) => return refuse(error.into()),
    };
    let parent = name.parent();
    let parent = parent.as_ref().map_or("", DatasetName::as_str);
    let Some(facts) = find(parent) else {
        return refuse(CheckFault::NoParent { parent: Box::from(parent) });
    };
    if facts.kind.kind() != DatasetKind::Filesystem {
        return refuse(CheckFault::ParentIsVolume);
    }
    if find(name.as_str()).is_some() {
        return refuse(CheckFault::Exists);
    }
    Ok(facts)
}
