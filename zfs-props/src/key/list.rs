//! Lists of properties, as after `-o` and `zfs get`.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::str::FromStr;

use thiserror::Error;

use super::{PoolPropertyName, PropertyName, PropertyNameError};
use crate::property::Property;
use crate::quoted::Quoted;
use crate::release::Release;

/// A list of properties (OpenZFS `zprop_get_list`, `lib/libzfs/libzfs_util.c`).
///
/// ```
/// use zfs_props::key::{PropertyList, PropertyName};
/// use zfs_props::property::Property;
/// use zfs_props::release::Release;
///
/// let list = PropertyList::parse("name,avail", Release::LATEST)?;
/// let expected = [Property::Name, Property::Available].map(PropertyName::from);
/// assert_eq!(list, PropertyList::Named(expected.to_vec()));
/// # Ok::<(), zfs_props::key::PropertyListError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PropertyList<N = PropertyName> {
    /// `all`: whatever the dataset has.
    All,
    /// These, in this order, repetitions kept.
    Named(Vec<N>),
}

/// A text that is no list of properties.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PropertyListError {
    /// No name at all, or none between two commas.
    #[error("element {} of the list of properties is empty", .position + 1)]
    Empty {
        /// Which element, from 0.
        position: usize,
    },
    /// An element that names no property.
    #[error(transparent)]
    Name(#[from] PropertyNameError),
    /// An element that names no property of pools.
    #[error("{} is no property of pools in OpenZFS {release}", Quoted(.name))]
    NotOfPools {
        /// What was found.
        name: String,
        /// The release that was asked for.
        release: Release,
    },
}

/// What `space` stands for.
const SPACE: [Property; 7] = [
    Property::Name,
    Property::Available,
    Property::Used,
    Property::Usedbysnapshots,
    Property::Usedbydataset,
    Property::Usedbyrefreservation,
    Property::Usedbychildren,
];

impl PropertyList {
    /// Reads a list for datasets; `space` stands for seven names. `all` is a word only alone.
    pub fn parse(text: &str, release: Release) -> Result<Self, PropertyListError> {
        parse(text, release, |name| {
            if name == "space" {
                return Ok(SPACE.map(PropertyName::from).to_vec());
            }
            Ok(vec![PropertyName::parse_for_reading(name, release)?])
        })
    }
}

/// For datasets, in [`Release::LATEST`].
impl FromStr for PropertyList {
    type Err = PropertyListError;

    fn from_str(text: &str) -> Result<Self, PropertyListError> {
        Self::parse(text, Release::LATEST)
    }
}

impl PropertyList<PoolPropertyName> {
    /// Reads a list for pools.
    pub fn parse_for_pools(text: &str, release: Release) -> Result<Self, PropertyListError> {
        parse(text, release, |name| match PoolPropertyName::parse_for_reading(name, release) {
            Some(property) => Ok(vec![property]),
            None => Err(PropertyListError::NotOfPools { name: name.into(), release }),
        })
    }
}

fn parse<N>(
    text: &str,
    release: Release,
    element: impl Fn(&str) -> Result<Vec<N>, PropertyListError>,
) -> Result<PropertyList<N>, PropertyListError> {
    if text == "all" {
        return Ok(PropertyList::All);
    }
    let ends = if release.is_at_least(Release::V2_2) { None } else { text.strip_suffix(',') };
    let mut named = Vec::new();
    for (position, name) in ends.unwrap_or(text).split(',').enumerate() {
        if name.is_empty() {
            return Err(PropertyListError::Empty { position });
        }
        named.extend(element(name)?);
    }
    Ok(PropertyList::Named(named))
}
