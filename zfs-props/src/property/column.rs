//! The columns of `zfs list` and `zpool list`.

use crate::kind::Kinds;
use crate::property::{Notation, PoolProperty, Property, ValueType};
use crate::release::Release;
use crate::table::row::Row;

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnWidth {
    /// The least width, in characters.
    pub least: usize,
    /// Whether no value needs more.
    pub is_fixed: bool,
}

/// The longest shortened number, such as `20.4M`.
const SHORT_NUMBER: usize = 5;
/// The longest state of a pool that was thought of: `DEGRADED`.
const POOL_STATE: usize = 8;

/// `position` is the row's in its table.
pub(super) fn width(row: &Row, position: usize, release: Release) -> ColumnWidth {
    // 2.1 compares positions without asking in which table: what stands where `creation` and pool
    // `health` stand in theirs is treated like them.
    let by_position = !release.is_at_least(Release::V2_2);
    let is_number = row.value_type == ValueType::Number;
    let is_pool_state = is_number
        && position == PoolProperty::Health as usize
        && (by_position || row.kinds_in(release) == Kinds::POOL);

    let content = match row.value_type {
        ValueType::Number if is_pool_state => POOL_STATE,
        ValueType::Number => SHORT_NUMBER,
        ValueType::Word => row.words_in(release).map(|word| word.text().len()).max().unwrap_or(0),
        ValueType::Text => 0,
    };
    let is_flexible = if by_position {
        row.value_type == ValueType::Text || is_number && position == Property::Creation as usize
    } else {
        row.flexible
    };
    ColumnWidth { least: content.max(row.column.len()), is_fixed: !is_flexible }
}

pub(super) const fn is_right_aligned(row: &Row) -> bool {
    matches!(row.value_type, ValueType::Number) && !matches!(row.notation, Notation::Date)
}
