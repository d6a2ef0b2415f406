//! What a declaration wants of one property.

use std::fmt;

use zfs_props::key::PropertyName;
use zfs_props::property::Property;

use crate::setting::Setting;

/// What shall become of a property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wish {
    /// It shall have this value, set or inherited.
    Set(Setting),
    /// It shall not be set here: whatever is above decides (`{ source = "inherited" }`).
    Inherit,
    /// It shall be as it was received (`{ source = "received" }`).
    Received,
    /// Nothing: it is left as it is, whatever a profile says (`{ source = "any" }`).
    Any,
}

impl Wish {
    /// A dataset that exists is as it was made: of what is fixed at creation, only a value can be another one.
    pub(crate) fn is_settled(&self, property: &PropertyName) -> bool {
        let once = property.native().is_some_and(Property::is_settable_once);
        once && self.setting().is_none()
    }

    /// The value to be set, if one is.
    pub fn setting(&self) -> Option<&Setting> {
        match self {
            Wish::Set(setting) => Some(setting),
            _ => None,
        }
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wish::Set(setting) => setting.fmt(f),
            Wish::Inherit => f.write_str("inherited"),
            Wish::Received => f.write_str("received"),
            Wish::Any => f.write_str("any"),
        }
    }
}
