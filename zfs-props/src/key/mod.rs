//! What may stand left of `=` in `zfs set`, and in the list after `zfs get` or `-o`.
//!
//! ```
//! use zfs_props::key::{PropertyName, PropertyNameError};
//! use zfs_props::property::Property;
//! use zfs_props::release::Release;
//!
//! let name = |text| PropertyName::parse(text, Release::V2_2);
//! assert_eq!(name("recsize"), Ok(PropertyName::Native(Property::Recordsize)));
//! assert!(matches!(name("org.example:owner"), Ok(PropertyName::User(_))));
//! assert_eq!(name("userquota@alice").unwrap().to_string(), "userquota@alice");
//!
//! assert_eq!(
//!     name("recrodsize").unwrap_err().suggestion().as_deref(),
//!     Some("recordsize"),
//! );
//! assert_eq!(
//!     name("direct").unwrap_err().to_string(),
//!     "property `direct` came with OpenZFS 2.3; this is 2.2",
//! );
//! ```

mod account;
mod error;
mod list;
mod pool;
mod user;

use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use crate::property::Property;
use crate::release::Release;

pub use account::{AccountFamily, AccountProperty};
pub use error::PropertyNameError;
pub use list::{PropertyList, PropertyListError};
pub use pool::PoolPropertyName;
pub use user::{UserProperty, UserPropertyFault};

/// The name of a property of datasets. Ordered: native ones in OpenZFS's order, then the others,
/// each by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PropertyName {
    /// A property of OpenZFS's own.
    Native(Property),
    /// A property made up by its user, with a `:` in its name.
    User(UserProperty),
    /// What one user, group or project takes, or may take.
    Account(AccountProperty),
    /// Space written since one snapshot or bookmark, in bytes; read-only.
    Written(WrittenSince),
}

impl PropertyName {
    /// Reads a name as `zfs set` does: native ones also by their column header in lower case, which
    /// is then replaced by the name (OpenZFS `zfs_valid_proplist`, `lib/libzfs/libzfs_dataset.c`).
    pub fn parse(text: &str, release: Release) -> Result<Self, PropertyNameError> {
        Self::parse_with(text, release, UserProperty::parse)
    }

    /// As [`parse`](Self::parse), but takes the name of a user property too long to be stored: what
    /// only reads takes it, and finds nothing (OpenZFS `addlist`, `lib/libzfs/libzfs_util.c`).
    pub fn parse_for_reading(text: &str, release: Release) -> Result<Self, PropertyNameError> {
        Self::parse_with(text, release, UserProperty::parse_for_reading)
    }

    fn parse_with(
        text: &str,
        release: Release,
        user: impl Fn(&str) -> Result<UserProperty, UserPropertyFault>,
    ) -> Result<Self, PropertyNameError> {
        if let Some(property) = Property::resolve(text, release) {
            return Ok(Self::Native(property));
        }
        if let Some(account) = AccountProperty::split(text) {
            return Ok(Self::Account(account));
        }
        if let Some(since) = WrittenSince::split(text) {
            return Ok(Self::Written(since));
        }
        user(text).map(Self::User).map_err(|fault| error::explain(text, release, fault))
    }

    /// The native property, if it is one.
    pub const fn native(&self) -> Option<Property> {
        match self {
            Self::Native(property) => Some(*property),
            _ => None,
        }
    }
}

impl From<Property> for PropertyName {
    fn from(property: Property) -> Self {
        Self::Native(property)
    }
}

impl From<UserProperty> for PropertyName {
    fn from(property: UserProperty) -> Self {
        Self::User(property)
    }
}

impl fmt::Display for PropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native(property) => property.fmt(f),
            Self::User(property) => property.fmt(f),
            Self::Account(property) => property.fmt(f),
            Self::Written(since) => since.fmt(f),
        }
    }
}

/// For [`Release::LATEST`].
impl FromStr for PropertyName {
    type Err = PropertyNameError;

    fn from_str(text: &str) -> Result<Self, PropertyNameError> {
        Self::parse(text, Release::LATEST)
    }
}

#[cfg(feature = "serde")]
crate::text_serde::as_text!(PropertyName);

/// `written@SNAPSHOT` or `written#BOOKMARK` (OpenZFS `zfs_prop_written`).
///
/// What follows the sign is not looked at here: OpenZFS takes anything, and finds nothing under a
/// name that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WrittenSince {
    /// Since a snapshot: its name after `@`, or the whole name of one of the dataset this one is a
    /// clone of.
    Snapshot(Arc<str>),
    /// Since a bookmark: its name after `#`, or the whole name.
    Bookmark(Arc<str>),
}

impl WrittenSince {
    fn split(text: &str) -> Option<Self> {
        let since = text.strip_prefix("written")?;
        if let Some(snapshot) = since.strip_prefix('@') {
            return Some(Self::Snapshot(snapshot.into()));
        }
        since.strip_prefix('#').map(|bookmark| Self::Bookmark(bookmark.into()))
    }
}

impl fmt::Display for WrittenSince {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(name) => write!(f, "written@{name}"),
            Self::Bookmark(name) => write!(f, "written#{name}"),
        }
    }
}
