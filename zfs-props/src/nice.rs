//! Numbers as OpenZFS prints them for people, and which numbers such a text can stand for.
//!
//! ```
//! use zfs_props::nice;
//!
//! assert_eq!(nice::nicebytes(1_649_267_441_664).to_string(), "1.50T");
//! // So "is it still 1.5 TiB?" cannot be answered by text alone:
//! let shown = nice::interval("1.50T").unwrap();
//! assert!(shown.contains(1_649_267_441_664) && shown.contains(1_649_267_441_665));
//! assert_eq!((shown.low(), shown.high()), (1_643_769_883_526, 1_654_764_999_802));
//! ```

mod interval;

pub use self::interval::{Interval, interval};

use core::fmt;

/// A count: `512`, `8K`, `1.50T` (OpenZFS `zfs_nicenum`, `lib/libzutil/zutil_nicenum.c`).
pub const fn nicenum(number: u64) -> Nice {
    Nice { number, form: Form::Number }
}

/// A size in bytes: as [`nicenum`], but `512B` (OpenZFS `zfs_nicebytes`).
pub const fn nicebytes(bytes: u64) -> Nice {
    Nice { number: bytes, form: Form::Bytes }
}

/// A time in nanoseconds: `12ns`, `3us`, `40ms`, `7s`, and `-` for none (OpenZFS `zfs_nicetime`).
///
/// From 1000 seconds on the unit is printed as `?`.
pub const fn nicetime(nanoseconds: u64) -> Nice {
    Nice { number: nanoseconds, form: Form::Time }
}

/// All digits (OpenZFS `zfs_niceraw`).
pub const fn niceraw(number: u64) -> Nice {
    Nice { number, form: Form::Raw }
}

/// A number with the form to print it in; printing allocates nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nice {
    number: u64,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Number,
    Bytes,
    Time,
    Raw,
}

impl fmt::Display for Nice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Bytes if self.number < UNIT => write!(f, "{}B", self.number),
            Form::Number | Form::Bytes => write!(f, "{}", Short::of(self.number)),
            Form::Time => time(self.number, f),
            Form::Raw => write!(f, "{}", self.number),
        }
    }
}

const UNIT: u64 = 1024;
const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];

/// At most four characters of a number, and its unit: `digits / 10^decimals * 1024^power`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Short {
    digits: u64,
    decimals: u32,
    power: u32,
}

impl Short {
    fn of(number: u64) -> Self {
        let power = number.checked_ilog2().unwrap_or(0) / UNIT.ilog2();
        let unit = UNIT.pow(power);
        if number % unit == 0 {
            return Self { digits: number / unit, decimals: 0, power };
        }
        let digits = |decimals| (decimals, rounded(number, decimals, power));
        // As many decimals as fit: 9.99, then 99.9, then 1024.
        let (decimals, digits) =
            [2, 1].map(digits).into_iter().find(|&(_, digits)| digits < 1000).unwrap_or(digits(0));
        Self { digits, decimals, power }
    }

    /// The printed value in hundredths of its unit: rises with the number.
    const fn hundredths(self) -> u64 {
        match self.decimals {
            2 => self.digits,
            1 => self.digits * 10,
            _ => self.digits * 100,
        }
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(self.decimals);
        write!(f, "{}", self.digits / scale)?;
        if self.decimals > 0 {
            write!(f, ".{:0width$}", self.digits % scale, width = self.decimals as usize)?;
        }
        f.write_str(UNITS.get(self.power as usize).copied().unwrap_or_default())
    }
}

/// `number / 1024^power` to that many decimals, scaled to an integer.
///
/// OpenZFS prints a double: the number is cut to 53 bits first, while the division by a power of two
/// and the rounding of `printf` are exact.
const fn rounded(number: u64, decimals: u32, power: u32) -> u64 {
    let (mantissa, exponent) = double(number);
    // No underflow: an exponent above 0 (at most 11) comes with a power of at least 5.
    quotient(mantissa * 10_u64.pow(decimals), UNIT.ilog2() * power - exponent)
}

/// The double nearest to a number, as `mantissa * 2^exponent`.
const fn double(number: u64) -> (u64, u32) {
    let exponent = (u64::BITS - f64::MANTISSA_DIGITS).saturating_sub(number.leading_zeros());
    (quotient(number, exponent), exponent)
}

/// `number / 2^bits`, rounded to the nearest integer, ties to even.
const fn quotient(number: u64, bits: u32) -> u64 {
    let (quotient, unit) = (number >> bits, 1 << bits);
    let rest = 2 * (number % unit);
    let up = rest > unit || rest == unit && quotient % 2 == 1;
    quotient + up as u64
}

fn time(nanoseconds: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const NAMES: [&str; 5] = ["ns", "us", "ms", "s", "?"];
    let Some(magnitude) = nanoseconds.checked_ilog10() else {
        return f.write_str("-");
    };
    let power = (magnitude / 3).min(4);
    let unit = 1000_u64.pow(power);
    let name = NAMES.get(power as usize).copied().unwrap_or_default();
    if nanoseconds % unit == 0 {
        return write!(f, "{}{name}", nanoseconds / unit);
    }
    // Of the double, as OpenZFS does it: above 2^53 that can be one more than of the number.
    let (mantissa, exponent) = double(nanoseconds);
    write!(f, "{}{name}", (u128::from(mantissa) << exponent) / u128::from(unit))
}
