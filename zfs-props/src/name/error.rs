//! Why a name is refused, where, and what would be right.

use alloc::boxed::Box;
use core::fmt;

use super::MAX_COMPONENTS;
use crate::quoted::Quoted;

/// What a text was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameKind {
    /// A pool.
    Pool,
    /// A filesystem or volume.
    Dataset,
    /// A snapshot.
    Snapshot,
    /// A bookmark.
    Bookmark,
    /// Any of dataset, snapshot and bookmark.
    Any,
    /// One component: what stands between two `/`, or after `@` or `#`.
    Component,
    /// A permission set of `zfs allow`.
    PermissionSet,
    /// The path a filesystem is mounted at.
    Mountpoint,
}

impl NameKind {
    /// The greatest accepted length in bytes; of a mount point: of each component.
    pub const fn max_len(self) -> usize {
        match self {
            // `POOL/$ORIGIN@$ORIGIN` has to fit into 255 bytes as well.
            Self::Pool => 255 - "/$ORIGIN@$ORIGIN".len(),
            Self::PermissionSet => 63,
            _ => 255,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Pool => "a pool name",
            Self::Dataset => "a dataset name",
            Self::Snapshot => "a snapshot name",
            Self::Bookmark => "a bookmark name",
            Self::Any => "a dataset, snapshot or bookmark name",
            Self::Component => "a name component",
            Self::PermissionSet => "a permission set name",
            Self::Mountpoint => "a mount point",
        }
    }
}

/// The rule a name breaks. Where several are broken, the one OpenZFS tests first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameFault {
    /// More bytes than [`NameKind::max_len`].
    TooLong,
    /// Starts with `/`.
    LeadingSlash,
    /// A mount point that does not start with `/`.
    NoLeadingSlash,
    /// Ends with `/`, or has one after `@` or `#`.
    TrailingSlash,
    /// Nothing where a component belongs.
    EmptyComponent,
    /// A character outside the accepted set.
    InvalidChar,
    /// A component is `.`.
    SelfRef,
    /// A component is `..`.
    ParentRef,
    /// More than one `@` or `#`.
    MultipleDelimiters,
    /// `@` or `#` in a name of a kind that has none.
    UnexpectedDelimiter,
    /// A snapshot or permission set without `@`.
    NoAt,
    /// A bookmark without `#`.
    NoPound,
    /// A pool name that does not start with a letter.
    NoLetter,
    /// A pool named like a kind of vdev.
    Reserved,
    /// Creation only: more than [`MAX_COMPONENTS`] components.
    TooDeep,
    /// Creation only: no `/`, so it is the dataset that comes and goes with its pool.
    PoolItself,
}

impl NameFault {
    /// A stable word for the fault; where `zfs_namecheck.h` has a `NAME_ERR_` constant, that one's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::LeadingSlash => "leading_slash",
            Self::NoLeadingSlash => "no_leading_slash",
            Self::TrailingSlash => "trailing_slash",
            Self::EmptyComponent => "empty_component",
            Self::InvalidChar => "invalid_char",
            Self::SelfRef => "self_ref",
            Self::ParentRef => "parent_ref",
            Self::MultipleDelimiters => "multiple_delimiters",
            Self::UnexpectedDelimiter => "unexpected_delimiter",
            Self::NoAt => "no_at",
            Self::NoPound => "no_pound",
            Self::NoLetter => "no_letter",
            Self::Reserved => "reserved",
            Self::TooDeep => "too_deep",
            Self::PoolItself => "pool_itself",
        }
    }
}

/// A text that is refused as a name: which rule it breaks, at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    text: Box<str>,
    kind: NameKind,
    fault: NameFault,
    at: usize,
}

impl NameError {
    pub(super) fn new(text: &str, kind: NameKind, (fault, at): (NameFault, usize)) -> Self {
        Self { text: text.into(), kind, fault, at }
    }

    /// The refused text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the text was read as.
    pub const fn kind(&self) -> NameKind {
        self.kind
    }

    /// The rule it breaks.
    pub const fn fault(&self) -> NameFault {
        self.fault
    }

    /// The byte of [`text`](Self::text) the fault is at; its length where something is missing at the end.
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The character found there.
    pub fn found(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn rule(&self) -> &'static str {
        match self.fault {
            // Said with numbers instead.
            NameFault::TooLong | NameFault::TooDeep => "",
            NameFault::LeadingSlash => "a name starts with that of its pool, without '/'",
            NameFault::NoLeadingSlash => {
                "it has to start with '/', or be one of the words none and legacy"
            }
            NameFault::TrailingSlash => {
                "every '/' has to be followed by a component, and none may come after '@' or '#'"
            }
            NameFault::EmptyComponent => "a component is missing here",
            NameFault::InvalidChar if self.kind == NameKind::Mountpoint => {
                "a path cannot hold a zero byte"
            }
            NameFault::InvalidChar if self.found() == Some('%') => {
                "'%' is kept for the temporary datasets OpenZFS makes itself"
            }
            NameFault::InvalidChar => {
                "accepted are A-Z, a-z, 0-9, '-', '_', '.', ':' and the blank"
            }
            NameFault::SelfRef => "'.' cannot be a component",
            NameFault::ParentRef => "'..' cannot be a component",
            NameFault::MultipleDelimiters => "only one '@' or '#' can be in a name",
            NameFault::UnexpectedDelimiter => match self.kind {
                NameKind::Snapshot => "'#' belongs to bookmarks",
                NameKind::Bookmark => "'@' belongs to snapshots",
                _ => "'@' belongs to snapshots, '#' to bookmarks",
            },
            NameFault::NoAt if self.kind == NameKind::PermissionSet => "it has to start with '@'",
            NameFault::NoAt => "'@' and the snapshot's own name are missing",
            NameFault::NoPound => "'#' and the bookmark's own name are missing",
            NameFault::NoLetter => "it has to start with a letter, A-Z or a-z",
            NameFault::Reserved => {
                "log, and names starting with mirror, raidz, draid or spare, are those of vdevs"
            }
            NameFault::PoolItself => {
                "a pool's own dataset is made with the pool; one to be created has a '/'"
            }
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be {}: ", Quoted(&self.text), self.kind.words())?;
        match (self.fault, self.kind) {
            (NameFault::TooLong, NameKind::Mountpoint) => write!(
                f,
                "byte {}: no component can be longer than {} bytes",
                self.at,
                self.kind.max_len()
            ),
            (NameFault::TooLong, _) => {
                write!(f, "{} bytes, at most {} fit", self.text.len(), self.kind.max_len())
            }
            (NameFault::TooDeep, _) => {
                write!(f, "byte {}: at most {MAX_COMPONENTS} components can be nested", self.at)
            }
            _ => {
                write!(f, "byte {}", self.at)?;
                if let Some(found) = self.found() {
                    write!(f, ", {found:?}")?;
                }
                write!(f, ": {}", self.rule())
            }
        }
    }
}

impl core::error::Error for NameError {}
