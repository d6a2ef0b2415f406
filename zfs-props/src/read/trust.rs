//! How far a printed value can be trusted, from the property it is printed for.

use super::Trust;
use crate::property::{Notation, PoolProperty, Property, ValueType, VdevProperty};

/// Whether a property is a user's own: its value is any text. There may be a colon after
/// `userquota@`, `written@` and `written#` as well.
pub(super) fn is_user(property: &str) -> bool {
    property.contains(':') && !is_about(property)
}

/// `userused@root`, `written@snapshot`, `written#bookmark`: a number.
fn is_about(property: &str) -> bool {
    property.contains(['@', '#'])
}

/// A value printed as text, with or without `-p`: which of the two need not be known, as both print a
/// number below 1024 alike, and only one of them ends a greater one in a digit.
pub(super) fn of_text(property: &str, value: &[u8]) -> Trust {
    // Looked at before the property: `-p` prints few values of these shapes.
    let pretty = match value {
        // `16K` is printed for that number alone; `100K` and `16.0K` stand for many.
        [b'0'..=b'9', .., b'K' | b'M' | b'G' | b'T' | b'P' | b'E'] => {
            value.len() > "16K".len() && prints_numbers(property)
        }
        [b'A'..=b'Z', _, _, b' ', .., b'0'..=b'9'] => {
            Property::from_name(property).and_then(Property::notation) == Some(Notation::Date)
        }
        _ => false,
    };
    if pretty { Trust::Pretty } else { Trust::Exact }
}

/// A value that `--json-int` turned into a number.
pub(super) fn of_number(property: &str, number: u64) -> Trust {
    let saturated = number >= i64::MAX.unsigned_abs();
    if saturated || !prints_digits(property) { Trust::Clipped } else { Trust::Exact }
}

/// What a native property of anything holds.
fn value_type(property: &str) -> Option<ValueType> {
    Property::from_name(property)
        .map(Property::value_type)
        .or_else(|| PoolProperty::from_name(property).map(PoolProperty::value_type))
        .or_else(|| VdevProperty::from_name(property).map(VdevProperty::value_type))
}

/// Whether numbers may be printed for a property; a native one that is not known may.
fn prints_numbers(property: &str) -> bool {
    !is_user(property) && value_type(property).is_none_or(|kind| kind == ValueType::Number)
}

/// Whether digits alone can only be a number or word, not any text (`copies` and `version` have words
/// of one digit).
fn prints_digits(property: &str) -> bool {
    value_type(property).map_or(is_about(property), |kind| kind != ValueType::Text)
}
