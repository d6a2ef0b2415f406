//! `zfs inherit`.

use super::{CheckError, CheckFault, DatasetFacts};
use crate::key::{PropertyName, PropertyNameError, UserProperty};
use crate::property::Property;
use crate::release::Release;

/// What libzfs would revert to a received value, but the `zfs` command refuses to, and the kernel too.
pub const NOT_REVERTIBLE: [Property; 2] = [Property::Volsize, Property::Version];

/// The property that `zfs inherit` of `name` gives up on a dataset, by its canonical name; with
/// `revert` (`-S`) it goes back to a received value (OpenZFS `zfs_prop_inherit`,
/// `lib/libzfs/libzfs_dataset.c`). Reverting [`NOT_REVERTIBLE`] ones passes here.
///
/// ```
/// use zfs_props::check::{DatasetFacts, ErrorClass, inherit};
/// use zfs_props::property::Property;
/// use zfs_props::release::Release;
///
/// let filesystem = DatasetFacts::filesystem();
/// let name = inherit("recsize", false, &filesystem, Release::LATEST)?;
/// assert_eq!(name.native(), Some(Property::Recordsize));
/// let error = inherit("quota", false, &filesystem, Release::LATEST).unwrap_err();
/// assert_eq!(error.class(), ErrorClass::NotInherited);
/// assert!(inherit("quota", true, &filesystem, Release::LATEST).is_ok());
/// # Ok::<(), zfs_props::check::CheckError>(())
/// ```
pub fn inherit(
    name: &str,
    revert: bool,
    dataset: &DatasetFacts,
    release: Release,
) -> Result<PropertyName, CheckError> {
    let refuse = |fault: CheckFault| Err(CheckError::new(name, fault));
    let property = match PropertyName::parse_for_reading(name, release) {
        Ok(PropertyName::Native(property)) => property,
        Ok(user @ PropertyName::User(_)) => return Ok(user),
        // libzfs knows no such names here.
        Ok(_) => {
            let user = UserProperty::parse(name).map(PropertyName::User);
            let error = |fault| PropertyNameError::User { name: name.into(), fault };
            return user.map_err(|fault| CheckError::new(name, CheckFault::from(error(fault))));
        }
        Err(error) => return refuse(error.into()),
    };
    if property.is_readonly() {
        return refuse(if property.is_settable_once() {
            CheckFault::OnlyAtCreation
        } else {
            CheckFault::ReadOnly
        });
    }
    if !property.is_inheritable() && !revert {
        return refuse(CheckFault::NotInherited);
    }
    let kind = dataset.kind.kind();
    if !property.applies_to(kind, release) {
        return refuse(CheckFault::WrongKind { kind });
    }
    if property == Property::Mountpoint && dataset.zoned {
        return refuse(CheckFault::Zoned);
    }
    Ok(property.into())
}
