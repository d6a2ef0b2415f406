//! Names of pools, datasets, snapshots, bookmarks and permission sets.
//!
//! ```
//! use zfs_props::name::{DatasetName, NameFault, SnapshotName};
//!
//! let home: DatasetName = "tank/data/home".parse()?;
//! let ancestors: Vec<_> = home.ancestors().map(|a| a.to_string()).collect();
//! assert_eq!(ancestors, ["tank/data", "tank"]);
//!
//! let daily: SnapshotName = home.snapshot("daily-1")?;
//! let (from, to) = ("tank/data".parse()?, "backup/host1".parse()?);
//! assert_eq!(daily.rebase(&from, &to)?.unwrap(), "backup/host1/home@daily-1");
//!
//! let refused = "tank/data/ho~me".parse::<DatasetName>().unwrap_err();
//! assert_eq!((refused.fault(), refused.position()), (NameFault::InvalidChar, 12));
//! # Ok::<(), zfs_props::name::NameError>(())
//! ```
//!
//! # Two strengths
//!
//! Parsing accepts what OpenZFS accepts as the name of something that *may exist*, with its order of
//! tests (`zfs_validate_name` of libzfs; the same in every modelled release). Fewer names may be
//! *created*: each type's `check_creatable` says whether this one may.
//!
//! # Order
//!
//! Names sort as a tree is walked: a dataset, its bookmarks, its snapshots, its children's whole
//! subtrees, and only then its next sibling. Byte order would put `a-b` between `a` and `a/b`. As
//! `str` sorts otherwise, no name type implements `Borrow<str>`: look names up by name.
//!
//! # Cost
//!
//! A clone, a parent, an ancestor and the dataset of a snapshot share one allocation.

pub mod check;

mod any;
mod dataset;
mod error;
mod permission_set;
mod point;
mod pool;
mod text;

pub use self::any::Name;
pub use self::dataset::DatasetName;
pub use self::error::{NameError, NameFault, NameKind};
pub use self::permission_set::PermissionSetName;
pub use self::point::{BookmarkName, SnapshotName};
pub use self::pool::PoolName;

/// How many components a dataset to be created may have (`zfs_max_dataset_nesting`).
pub const MAX_COMPONENTS: usize = 50;

/// What every kind of name has: the text, and the traits that follow from it.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(super) super::text::Text);

        impl $name {
            /// The whole name.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl core::str::FromStr for $name {
            type Err = super::NameError;

            fn from_str(text: &str) -> Result<Self, super::NameError> {
                $check(text)?;
                Ok(Self(super::text::Text::new(text)))
            }
        }

        super::textual!($name);
    };
}

/// The traits of a type with `as_str` and `FromStr`.
macro_rules! textual {
    ($name:ident) => {
        impl TryFrom<&str> for $name {
            type Error = super::NameError;

            fn try_from(text: &str) -> Result<Self, super::NameError> {
                text.parse()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        #[cfg(feature = "serde")]
        crate::text_serde::as_text!($name);
    };
}

use {name_type, textual};
