//! A value in the two forms in which it is printed.

use alloc::borrow::Cow;
use core::fmt;

use super::date::Date;
use crate::key::AccountFamily;
use crate::nice::{nicebytes, nicenum};
use crate::property::{Mutability, Notation, Property, Stored, ValueType};
use crate::release::Release;
use crate::table::row::Unlimited;

/// A value in the two forms in which it is printed: without and with `-p`.
///
/// ```
/// use zfs_props::display::Printed;
/// use zfs_props::property::{Property, Stored};
/// use zfs_props::release::Release;
///
/// let quota = Printed::of(Property::Quota, Stored::Number(6_443_499_520), Release::V2_3).unwrap();
/// assert_eq!(quota.pretty().to_string(), "6.00G");
/// assert_eq!(quota.literal().to_string(), "6443499520");
///
/// let no_quota = Printed::of(Property::Quota, Stored::Number(0), Release::V2_3).unwrap();
/// assert_eq!(no_quota.pretty().to_string(), "none");
/// assert_eq!(no_quota.literal().to_string(), "0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed<'a>(Form<'a>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form<'a> {
    /// The same in both forms.
    Text(Cow<'a, str>),
    Plain(u64),
    Short(u64),
    Bytes(u64),
    /// Hundredths.
    Ratio(u64),
    Date(Date),
    /// The word `none`, and with `-p` a number.
    None(u64),
}

impl<'a> Printed<'a> {
    /// What is printed for a stored value; `None` if it is not printed at all, because no word stands
    /// for the number, or the property does not hold that kind of value. A mountpoint is taken as it
    /// is: see [`mountpoint::effective`](crate::mountpoint::effective).
    pub fn of(property: Property, stored: Stored<&'a str>, release: Release) -> Option<Self> {
        let form = match (property.value_type(), stored) {
            (ValueType::Text, Stored::Text(text)) => Form::Text(Cow::Borrowed(text)),
            (ValueType::Word, Stored::Number(number)) => {
                let word = match (property, number) {
                    (Property::Mounted, 0) => "no",
                    (Property::Mounted, _) => "yes",
                    _ => property.word_for(number, release)?,
                };
                Form::Text(Cow::Borrowed(word))
            }
            (ValueType::Number, Stored::Number(number)) => number_form(property, number, release)?,
            _ => return None,
        };
        Some(Self(form))
    }

    /// What is printed for `FAMILY@WHO` (OpenZFS `zfs_prop_get_userquota`).
    pub fn of_account(family: AccountFamily, number: u64) -> Self {
        Self(if number == 0 && family.is_settable() {
            Form::None(0)
        } else if family.counts_files() {
            Form::Short(number)
        } else {
            Form::Bytes(number)
        })
    }

    /// What is printed for `written@SNAPSHOT` (OpenZFS `zfs_prop_get_written`).
    pub fn of_written_since(bytes: u64) -> Self {
        Self(Form::Bytes(bytes))
    }

    pub(super) fn text(text: Cow<'a, str>) -> Self {
        Self(Form::Text(text))
    }

    /// As `zfs get` prints it. Dates are in UTC.
    pub fn pretty(&self) -> impl fmt::Display + use<'_, 'a> {
        As { form: &self.0, literal: false }
    }

    /// As `zfs get -p` prints it.
    pub fn literal(&self) -> impl fmt::Display + use<'_, 'a> {
        As { form: &self.0, literal: true }
    }
}

fn number_form(property: Property, number: u64, release: Release) -> Option<Form<'static>> {
    let notation = match property {
        // Only since 2.2 are these among the numbers that are never shortened.
        Property::Keyguid | Property::Ivsetguid if release < Release::V2_2 => Notation::Short,
        _ => property.notation()?,
    };
    if property.row().unlimited == Unlimited::Greatest && number == u64::MAX {
        // The number that stands for no limit became a word under `-p` in 2.2.
        return Some(if release < Release::V2_2 {
            Form::None(number)
        } else {
            Form::Text(Cow::Borrowed("none"))
        });
    }
    Some(match notation {
        Notation::Plain => Form::Plain(number),
        Notation::Short => Form::Short(number),
        // Quotas and reservations, all the sizes that can be set.
        Notation::Bytes if number == 0 && property.mutability() == Mutability::Settable => {
            Form::None(0)
        }
        Notation::Bytes => Form::Bytes(number),
        Notation::Ratio => Form::Ratio(number),
        Notation::Date if property == Property::SnapshotsChanged => {
            if number == 0 {
                return None;
            }
            Form::Date(Date { time: number, with_seconds: true })
        }
        Notation::Date => Form::Date(Date { time: number, with_seconds: false }),
    })
}

/// One of the two forms.
struct As<'p, 'a> {
    form: &'p Form<'a>,
    literal: bool,
}

impl fmt::Display for As<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.form {
            Form::Text(ref text) => f.write_str(text),
            Form::Ratio(hundredths) => {
                let unit = if self.literal { "" } else { "x" };
                write!(f, "{}.{:02}{unit}", hundredths / 100, hundredths % 100)
            }
            Form::Plain(number) => number.fmt(f),
            Form::Short(number) | Form::Bytes(number) | Form::None(number) if self.literal => {
                number.fmt(f)
            }
            Form::Date(date) if self.literal => date.time.fmt(f),
            Form::Short(number) => nicenum(number).fmt(f),
            Form::Bytes(number) => nicebytes(number).fmt(f),
            Form::Date(date) => date.fmt(f),
            Form::None(_) => f.write_str("none"),
        }
    }
}
