//! The way back: which numbers are printed as a given text.

use core::ops::RangeInclusive;

use super::{Short, UNIT, UNITS};

/// The numbers that `nicenum` and `nicebytes` print as one text.
///
/// Those between two bounds, at times without one in the middle:
///
/// ```
/// let shown = zfs_props::nice::interval("10.0K").unwrap();
/// assert_eq!(shown.range(), 10_235..=10_291);
/// // This one is printed as `10K`.
/// assert_eq!(shown.hole(), Some(10_240));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    low: u64,
    high: u64,
    hole: Option<u64>,
}

impl Interval {
    /// The least of the numbers.
    pub const fn low(self) -> u64 {
        self.low
    }

    /// The greatest of the numbers.
    pub const fn high(self) -> u64 {
        self.high
    }

    /// The one number between the bounds that is printed otherwise, if there is one: as a whole
    /// multiple of its unit, without decimals.
    pub const fn hole(self) -> Option<u64> {
        self.hole
    }

    /// Everything between the bounds, the hole included.
    pub const fn range(self) -> RangeInclusive<u64> {
        self.low..=self.high
    }

    /// Whether this number is printed as the text.
    pub fn contains(self, number: u64) -> bool {
        self.range().contains(&number) && self.hole != Some(number)
    }
}

/// The numbers printed as `text` by [`nicenum`](super::nicenum) or [`nicebytes`](super::nicebytes);
/// none if neither prints it for any number (`1.5T`, `1024`, `none`).
pub fn interval(text: &str) -> Option<Interval> {
    let shown = read(text)?;
    let unit = UNIT.pow(shown.power);
    if shown.decimals == 0 && (shown.power == 0 || shown.digits < 100) {
        let number = shown.digits.checked_mul(unit)?;
        let only = Interval { low: number, high: number, hole: None };
        return (Short::of(number) == shown).then_some(only);
    }

    // Within one unit the printed value rises with the number.
    let last = unit.checked_mul(UNIT).map_or(u64::MAX, |next| next - 1);
    let value = shown.hundredths();
    let mut low = first(unit..=last, |number| Short::of(number).hundredths() >= value)?;
    let high = first(low..=last, |number| Short::of(number).hundredths() > value);
    let high = high.map_or(last, |above| above - 1);

    let whole = (value / 100).checked_mul(unit).filter(|_| shown.decimals > 0 && value % 100 == 0);
    low += u64::from(whole == Some(low));
    let hole = whole.filter(|number| (low..high).contains(number));
    (Short::of(low) == shown).then_some(Interval { low, high, hole })
}

/// What a text says, if it has the form of a printed number.
fn read(text: &str) -> Option<Short> {
    let unit = |(power, unit)| Some((power, text.strip_suffix(unit)?));
    let (power, number) = (1..)
        .zip(UNITS.into_iter().skip(1))
        .find_map(unit)
        .unwrap_or_else(|| (0, text.strip_suffix('B').unwrap_or(text)));
    let (whole, decimals) = match number.split_once('.') {
        Some((whole, decimals)) if matches!(decimals.len(), 1 | 2) => (whole, decimals),
        Some(_) => return None,
        None => (number, ""),
    };
    // Four digits at most, so that the sum below stays small.
    let canonical = whole == "0" || matches!(whole.len(), 1..=4) && !whole.starts_with('0');
    if !canonical {
        return None;
    }
    let digits = whole.bytes().chain(decimals.bytes()).try_fold(0, |digits, byte| {
        byte.is_ascii_digit().then(|| digits * 10 + u64::from(byte - b'0'))
    })?;
    let decimals = u32::try_from(decimals.len()).ok()?;
    Some(Short { digits, decimals, power })
}

/// The least number of the range for which `reached` holds; once it holds it has to keep holding.
fn first(range: RangeInclusive<u64>, reached: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut low, mut high) = range.into_inner();
    if !reached(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle) { high = middle } else { low = middle + 1 }
    }
    Some(low)
}
