//! User properties: names with a `:`.

use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use thiserror::Error;

/// The name of a user property: lower-case letters, digits and `- _ . :`, at least one `:`, at most
/// 255 bytes (OpenZFS `zfs_prop_user`, `module/zcommon/zfs_prop.c`; the length: `ZAP_MAXNAMELEN`).
///
/// ```
/// use zfs_props::key::UserProperty;
///
/// assert!(UserProperty::parse("org.example:owner").is_ok());
/// assert!(UserProperty::parse("org.Example:owner").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserProperty(Arc<str>);

/// Why a text cannot be the name of a user property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum UserPropertyFault {
    /// No `:` in it.
    #[error("has no `:`")]
    NoColon,
    /// A character that is not allowed.
    #[error("has {character:?} at byte {at}; allowed are a-z, 0-9 and `- _ . :`")]
    Character {
        /// The first such character.
        character: char,
        /// Where it starts, in bytes.
        at: usize,
    },
    /// Too long to be stored.
    #[error("is {length} bytes long; at most {} can be stored", UserProperty::MAX_LENGTH)]
    TooLong {
        /// Its length, in bytes.
        length: usize,
    },
}

impl UserProperty {
    /// The length of the longest name that can be stored, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// The name of a property that can be set.
    pub fn parse(text: &str) -> Result<Self, UserPropertyFault> {
        match Self::parse_for_reading(text) {
            Ok(_) if text.len() > Self::MAX_LENGTH => {
                Err(UserPropertyFault::TooLong { length: text.len() })
            }
            outcome => outcome,
        }
    }

    /// The name of a property that can be asked for: it may be too long for any dataset to have it.
    pub fn parse_for_reading(text: &str) -> Result<Self, UserPropertyFault> {
        let allowed = |c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_' | '.' | ':');
        if let Some((at, character)) = text.char_indices().find(|(_, c)| !allowed(*c)) {
            return Err(UserPropertyFault::Character { character, at });
        }
        if !text.contains(':') {
            return Err(UserPropertyFault::NoColon);
        }
        Ok(Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for UserProperty {
    type Err = UserPropertyFault;

    fn from_str(text: &str) -> Result<Self, UserPropertyFault> {
        Self::parse(text)
    }
}

#[cfg(feature = "serde")]
crate::text_serde::as_text!(UserProperty);
