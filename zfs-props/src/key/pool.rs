//! The names `zpool get` and `zpool set` take.

use alloc::string::String;
use core::fmt;

use super::UserProperty;
use crate::property::PoolProperty;
use crate::release::Release;

/// The name of a property of pools.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PoolPropertyName {
    /// A property of OpenZFS's own.
    Native(PoolProperty),
    /// `feature@NAME`: the state of a feature, known or not.
    Feature(String),
    /// `unsupported@GUID`: how a feature of the pool that the software does not know is used.
    Unsupported(String),
    /// A property made up by its user; since 2.2.
    User(UserProperty),
}

impl PoolPropertyName {
    /// Reads a name as a list for `zpool get` has it; `None` if pools have no such property in
    /// `release` (OpenZFS `addlist`, `lib/libzfs/libzfs_util.c`).
    pub fn parse_for_reading(text: &str, release: Release) -> Option<Self> {
        if let Some(property) = PoolProperty::resolve(text, release) {
            return Some(Self::Native(property));
        }
        if let Some(name) = text.strip_prefix("feature@") {
            return Some(Self::Feature(name.into()));
        }
        if let Some(guid) = text.strip_prefix("unsupported@") {
            return Some(Self::Unsupported(guid.into()));
        }
        let has_user = release.is_at_least(Release::V2_2);
        UserProperty::parse_for_reading(text).ok().filter(|_| has_user).map(Self::User)
    }
}

impl fmt::Display for PoolPropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native(property) => property.fmt(f),
            Self::Feature(name) => write!(f, "feature@{name}"),
            Self::Unsupported(guid) => write!(f, "unsupported@{guid}"),
            Self::User(property) => property.fmt(f),
        }
    }
}
