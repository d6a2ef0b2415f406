//! How far a printed value can be trusted, from the property it is printed for.

use alloc::borrow::Cow;

use super::Trust;
use crate::property::{Notation, PoolProperty, Property, ValueType, VdevProperty};
use crate::source::Source;

/// Most bytes of an ancestor's name in the SOURCE column: with `inherited from ` before it, the text
/// is cut at 127 (OpenZFS `zprop_print_one_property`, `lib/libzfs/libzfs_util.c`).
const LONGEST_ANCESTOR: usize = 112;

/// Texts that OpenZFS makes, without blanks.
const BLANKLESS: [Property; 2] = [Property::Type, Property::ReceiveResumeToken];

/// Whether a property is a user's own: its value is any text. There may be a colon after
/// `userquota@`, `written@` and `written#` as well.
pub(super) fn is_user(property: &str) -> bool {
    property.contains(':') && !is_about(property)
}

/// `userused@root`, `written@snapshot`, `written#bookmark`: a number.
pub(super) fn is_about(property: &str) -> bool {
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
            let notation = Property::from_name(property).and_then(Property::notation);
            property.is_empty() || notation == Some(Notation::Date)
        }
        _ => false,
    };
    if pretty { Trust::Pretty } else { Trust::Exact }
}

/// A source printed as text: the name of the ancestor may be cut.
#[inline]
pub(super) fn of_source(source: Option<&Source<Cow<'_, str>>>) -> Trust {
    match source {
        Some(Source::Inherited(from)) if from.len() == LONGEST_ANCESTOR => Trust::Ambiguous,
        _ => Trust::Exact,
    }
}

/// A text from which blanks at the end were taken, as they may be padding.
pub(super) fn of_padded(
    property: &str,
    text: &[u8],
    source: Option<&Source<Cow<'_, str>>>,
) -> Trust {
    let is_default = source == Some(&Source::Default);
    let native = Property::from_name(property);
    let told = match value_type(property) {
        None => is_about(property),
        // The default one is made from the dataset's name.
        Some(ValueType::Text) if native == Some(Property::Mountpoint) => text == b"-",
        Some(ValueType::Text) => {
            is_default || text == b"-" || native.is_some_and(|native| BLANKLESS.contains(&native))
        }
        Some(_) => true,
    };
    if told { Trust::Exact } else { Trust::Ambiguous }
}

/// A text wider than its column: those of a pool's user properties are, and numbers, which have no
/// blanks.
pub(super) fn of_overlong(property: &str) -> Trust {
    let is_number = is_about(property) || value_type(property) == Some(ValueType::Number);
    if is_number { Trust::Exact } else { Trust::Ambiguous }
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
