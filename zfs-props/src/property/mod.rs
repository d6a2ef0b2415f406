//! The native properties of datasets, pools and vdevs, and the features of pools: what they are
//! called, what they take, where they apply, in each release.
//!
//! ```
//! use zfs_props::kind::DatasetKind;
//! use zfs_props::property::{Mutability, Property, Stored};
//! use zfs_props::release::Release;
//!
//! let compression = Property::resolve("compress", Release::V2_1).unwrap();
//! assert_eq!(compression, Property::Compression);
//! assert_eq!(compression.mutability(), Mutability::Inherited);
//! assert!(compression.applies_to(DatasetKind::Volume, Release::V2_1));
//!
//! // 2.2 turned compression on by default.
//! let off = compression.number_of("off", Release::V2_1).unwrap();
//! assert_eq!(compression.default(Release::V2_1), Some(Stored::Number(off)));
//! assert_eq!(compression.word_for(1, Release::V2_2), Some("on"));
//!
//! assert_eq!(Property::nearest("recrodsize", Release::LATEST), Some(Property::Recordsize));
//! ```
//!
#![doc = include_str!("../../PROPERTIES.md")]

mod column;
mod dataset;
mod fact;
mod feature;
mod freebsd;
mod nearest;
mod pool;
mod vdev;

use alloc::format;
use alloc::string::String;

use thiserror::Error;

use crate::quoted::Quoted;

pub use crate::table::dataset::Property;
pub use crate::table::feature::{Feature, FeatureFlags};
pub use crate::table::pool::PoolProperty;
pub use crate::table::vdev::VdevProperty;

pub use column::ColumnWidth;
pub use fact::{Mutability, Notation, Range, Stored, ValueType, Word};
pub use freebsd::{FREEBSD, OnFreebsd};
pub(crate) use nearest::nearest;

/// A name that no property or feature of the kind asked for has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} is no {what} of OpenZFS{}", Quoted(.name), near(*.nearest))]
pub struct UnknownName {
    what: &'static str,
    name: String,
    nearest: Option<&'static str>,
}

impl UnknownName {
    /// The closest name that is known, if one is close.
    pub const fn suggestion(&self) -> Option<&'static str> {
        self.nearest
    }
}

/// The part of a message that offers another name.
pub(crate) fn near(name: Option<&str>) -> String {
    name.map(|name| format!(" (nearest: `{name}`)")).unwrap_or_default()
}

/// What the properties of datasets, pools and vdevs have in common.
macro_rules! facts {
    ($Property:ident, $what:literal) => {
        impl $Property {
            /// The name that is stored and printed.
            pub const fn name(self) -> &'static str {
                self.row().name
            }

            /// What the commands understand by `text`: a name, or a column header in lower case
            /// (`recsize`, `avail`); hidden properties too, case counts. `None` if it is not known
            /// in `release` (OpenZFS `zprop_name_to_prop`, `module/zcommon/zprop_common.c`).
            pub fn resolve(text: &str, release: Release) -> Option<Self> {
                Self::in_release(release).find(|property| property.row().answers_to(text))
            }

            /// The visible property of `release` whose name or lower-case header is closest to what
            /// was meant by `text`; `None` if nothing is close.
            pub fn nearest(text: &str, release: Release) -> Option<Self> {
                let visible = || Self::in_release(release).filter(|property| property.is_visible());
                let names = visible().map(|property| (property, property.name()));
                let headers = visible().map(|property| (property, property.column()));
                nearest(text, names.chain(headers))
            }

            /// Those of `release`, in OpenZFS's order.
            pub fn in_release(release: Release) -> impl Iterator<Item = Self> {
                Self::ALL.iter().copied().filter(move |property| property.exists_in(release))
            }

            /// The oldest modelled release that has it.
            pub const fn since(self) -> Release {
                self.row().since
            }

            /// Whether `release` has it.
            pub const fn exists_in(self, release: Release) -> bool {
                release.is_at_least(self.since())
            }

            /// How its value is stored.
            pub const fn value_type(self) -> ValueType {
                self.row().value_type
            }

            /// Whether and when it can be set, and whether it is inherited.
            pub const fn mutability(self) -> Mutability {
                self.row().mutability
            }

            /// Whether `zfs get all` or `zpool get all` shows it.
            pub const fn is_visible(self) -> bool {
                self.row().visible
            }

            /// What it is where nobody has set it; read-only numbers have 0 or what stands for
            /// none.
            pub fn default(self, release: Release) -> Option<Stored<&'static str>> {
                self.row().default_in(release)
            }

            /// The words it can be, in the order in which OpenZFS searches them; none unless it is
            /// of [`ValueType::Word`].
            pub fn words(self, release: Release) -> impl Iterator<Item = &'static Word> {
                self.row().words_in(release)
            }

            /// The word shown for a stored number: the first of those that are stored so.
            pub fn word_for(self, number: u64, release: Release) -> Option<&'static str> {
                self.words(release).find(|word| word.number() == number).map(Word::text)
            }

            /// The number stored for a word, which must be exact.
            pub fn number_of(self, word: &str, release: Release) -> Option<u64> {
                self.words(release).find(|known| known.text() == word).map(Word::number)
            }

            /// What OpenZFS's usage text says it takes. Meant for people: some words are left out.
            pub fn values_text(self, release: Release) -> Option<&'static str> {
                self.row().values_in(release)
            }

            /// The header of its column in `zfs list` and `zpool list`.
            pub const fn column(self) -> &'static str {
                self.row().column
            }

            /// How wide its column is at least, in characters, and whether never wider (OpenZFS
            /// `zprop_width`, `module/zcommon/zprop_common.c`).
            pub fn column_width(self, release: Release) -> ColumnWidth {
                column::width(self.row(), self as usize, release)
            }

            /// Whether its column is aligned to the right.
            pub const fn is_right_aligned(self) -> bool {
                column::is_right_aligned(self.row())
            }
        }

        as_name!($Property, $what);
    };
}
use facts;

/// Shown and read as its name, with `serde` too.
macro_rules! as_name {
    ($Named:ident, $what:literal) => {
        impl core::fmt::Display for $Named {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.name())
            }
        }

        /// Reads the exact name, of whichever release.
        impl core::str::FromStr for $Named {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Self::from_name(name).ok_or_else(|| {
                    let known = Self::ALL.iter().map(|known| (known.name(), known.name()));
                    UnknownName { what: $what, name: name.into(), nearest: nearest(name, known) }
                })
            }
        }

        #[cfg(feature = "serde")]
        crate::text_serde::as_text!($Named);
    };
}
use as_name;
