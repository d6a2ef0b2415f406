//! Numbers as people write them: `8K`, `1.5T`, `16GiB`.
//!
//! Every property that holds a number is set through this reader, OpenZFS's `zfs_nicestrtonum`
//! (`lib/libzfs/libzfs_util.c`) under the C locale. The words `none` and `auto` are the property's
//! business, not numbers.

use alloc::boxed::Box;
use core::fmt;

use crate::quoted::Quoted;

/// Reads a number.
///
/// Decimal digits, then optionally one of `B K M G T P E Z` in either case, powers of 1024; all but
/// `B` may be followed by `B` or `iB`. No sign, no blanks. Without a `.` the result is exact. With one
/// the text goes through an `f64`, may have an exponent, and loses what follows the point:
///
/// ```
/// use zfs_props::number::parse;
///
/// assert_eq!(parse("8K")?, 8192);
/// assert_eq!(parse("1.5GiB")?, 1_610_612_736);
/// assert_eq!(parse("1.e3")?, 1000);
/// assert_eq!(parse("0.4")?, 0);
/// assert_eq!(parse("9007199254740993.0")?, 9_007_199_254_740_992);
/// assert_eq!(
///     parse("8KK").unwrap_err().to_string(),
///     r#""8KK" is not a number: byte 1, "KK": accepted are B, and K, M, G, T, P or E (powers of 1024) alone or with B or iB"#
/// );
/// # Ok::<(), zfs_props::number::NumberError>(())
/// ```
pub fn parse(text: &str) -> Result<u64, NumberError> {
    let refused = |fault, at| NumberError { text: text.into(), fault, at };
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Err(refused(NumberFault::NoDigit, 0));
    }
    let (whole, rest) = text.split_at(digits(text));
    let whole = whole.bytes().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    let whole = whole.ok_or_else(|| refused(NumberFault::TooLarge, 0))?;

    if !rest.starts_with('.') {
        let at = text.len() - rest.len();
        let power = power(rest).ok_or_else(|| refused(NumberFault::Suffix, at))?;
        // A power of 64 bits or more is too large even for zero: `0Z`.
        let number = 1_u64.checked_shl(10 * power).and_then(|unit| whole.checked_mul(unit));
        return number.ok_or_else(|| refused(NumberFault::TooLarge, 0));
    }

    let (decimal, suffix) = text.split_at(decimal(text));
    // Only a lone `.` has no value: no decimal is taken from it.
    let value: f64 = decimal.parse().map_err(|_| refused(NumberFault::NoDigit, 0))?;
    let power = power(suffix).ok_or_else(|| refused(NumberFault::Suffix, decimal.len()))?;
    truncated((0..power).fold(value, |value, _| value * 1024.0))
        .ok_or_else(|| refused(NumberFault::TooLarge, 0))
}

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NumberFault {
    /// It does not start with a digit, or a point and a digit.
    NoDigit,
    /// What follows the digits is no suffix.
    Suffix,
    /// It is 2⁶⁴ or more.
    TooLarge,
}

/// A text that is refused as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberError {
    text: Box<str>,
    fault: NumberFault,
    at: usize,
}

impl NumberError {
    /// The refused text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why it is refused.
    pub const fn fault(&self) -> NumberFault {
        self.fault
    }

    /// The byte of [`text`](Self::text) from which on it is wrong.
    pub const fn position(&self) -> usize {
        self.at
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a number: ", Quoted(&self.text))?;
        match self.fault {
            NumberFault::NoDigit => f.write_str("it has to start with a digit, like 8K or 1.5T"),
            NumberFault::TooLarge => write!(f, "the largest is {}, just below 16E", u64::MAX),
            NumberFault::Suffix => write!(
                f,
                "byte {}, {}: accepted are B, and K, M, G, T, P or E (powers of 1024) alone or with B or iB",
                self.at,
                Quoted(self.text.get(self.at..).unwrap_or_default()),
            ),
        }
    }
}

impl core::error::Error for NumberError {}

/// The power of 1024 a suffix stands for.
fn power(suffix: &str) -> Option<u32> {
    let (unit, tail) = match suffix.as_bytes() {
        [] => return Some(0),
        [unit, tail @ ..] => (unit.to_ascii_uppercase(), tail),
    };
    let known = tail.is_empty()
        || unit != b'B' && (tail.eq_ignore_ascii_case(b"B") || tail.eq_ignore_ascii_case(b"iB"));
    (0..).zip(*b"BKMGTPEZ").find(|&(_, name)| known && name == unit).map(|(power, _)| power)
}

/// The length of the decimal that `strtod` reads at the start of a text: none without a digit.
fn decimal(text: &str) -> usize {
    let from = |at: usize| text.get(at..).unwrap_or_default();
    let whole = digits(text);
    let point = whole + usize::from(from(whole).starts_with('.'));
    let fraction = digits(from(point));
    if whole + fraction == 0 {
        return 0;
    }
    let end = point + fraction;
    // An exponent without digits is none: in `1.5E` the letter is a suffix.
    let sign = end + usize::from(from(end).starts_with(['e', 'E']));
    let exponent = sign + usize::from(sign > end && from(sign).starts_with(['+', '-']));
    match digits(from(exponent)) {
        _ if sign == end => end,
        0 => end,
        count => exponent + count,
    }
}

/// How many decimal digits a text starts with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "neither happens below 2^64"
)]
fn truncated(value: f64) -> Option<u64> {
    const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
    (value < TWO_TO_64).then_some(value as u64)
}
