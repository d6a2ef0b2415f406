//! Why a text names no property of datasets, and which one was probably meant.

use alloc::string::{String, ToString};

use thiserror::Error;

use super::{PoolPropertyName, UserProperty, UserPropertyFault};
use crate::property::{Property, near};
use crate::quoted::Quoted;
use crate::release::Release;

/// A text that names no property of datasets.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PropertyNameError {
    /// A property of a later release.
    #[error("property `{property}` came with OpenZFS {}; this is {release}", property.since())]
    TooNew {
        /// The property.
        property: Property,
        /// The release that was asked for.
        release: Release,
    },
    /// A property of pools.
    #[error("`{0}` is a property of pools: for `zpool set`, or `-o` of `zpool create`")]
    OfPools(PoolPropertyName),
    /// Meant as a user property (it has a `:`), but it cannot be one.
    #[error("user property {} {fault}", Quoted(.name))]
    User {
        /// What was found.
        name: String,
        /// What is wrong with it.
        fault: UserPropertyFault,
    },
    /// Nothing known.
    #[error(
        "{} is no property of OpenZFS {release}{}; a property of your own has a `:` in its name",
        Quoted(.name),
        near(nearest.map(Property::name))
    )]
    Unknown {
        /// What was found.
        name: String,
        /// The release that was asked for.
        release: Release,
        /// The property that was probably meant.
        nearest: Option<Property>,
    },
}

impl PropertyNameError {
    /// What could stand in the text's place.
    pub fn suggestion(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest, .. } => nearest.as_ref().map(ToString::to_string),
            Self::User { name, fault: UserPropertyFault::Character { .. } } => {
                let lower = name.to_ascii_lowercase();
                UserProperty::parse(&lower).is_ok().then_some(lower)
            }
            _ => None,
        }
    }
}

/// What to say of a text that is nothing else, and no user property for `fault`.
pub(super) fn explain(text: &str, release: Release, fault: UserPropertyFault) -> PropertyNameError {
    if let Some(property) = Property::resolve(text, Release::LATEST) {
        return PropertyNameError::TooNew { property, release };
    }
    if text.contains(':') {
        return PropertyNameError::User { name: text.into(), fault };
    }
    if let Some(name) = PoolPropertyName::parse_for_reading(text, release) {
        return PropertyNameError::OfPools(name);
    }
    let nearest = Property::nearest(text, release);
    PropertyNameError::Unknown { name: text.into(), release, nearest }
}
