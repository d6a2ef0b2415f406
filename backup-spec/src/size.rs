//! Amounts of memory, space and processor time, read exactly.

use std::fmt;
use std::str::FromStr;

/// A number of bytes, written as `512`, `256M` or `2G`: powers of 1024, as systemd's `MemoryMax=` and restic's
/// `--exclude-larger-than` read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// Processor time in thousandths of one processor, written as a decimal: `1.5` is one processor and a half.
///
/// It is read as decimal digits, never as a binary fraction, so `0.29` is 290 and not 289.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpus(u32);

/// A text that is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAmount {
    /// Not an amount of bytes.
    #[error("`{0}` is not an amount of bytes: write digits, and K, M, G or T for powers of 1024")]
    Bytes(String),
    /// Not an amount of processors.
    #[error(
        "`{0}` is not a number of processors: write a decimal above 0 such as 1 or 0.25, of up to three digits behind the point"
    )]
    Cpus(String),
}

/// Suffixes that restic and systemd both know, with their shifts.
const UNITS: [(char, u32); 4] = [('T', 40), ('G', 30), ('M', 20), ('K', 10)];

impl FromStr for Bytes {
    type Err = BadAmount;

    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let bad = || BadAmount::Bytes(text.to_owned());
        let unit = UNITS.iter().find(|(unit, _)| text.ends_with(*unit));
        let (digits, shift) = match unit {
            Some((unit, shift)) => (text.strip_suffix(*unit).unwrap_or(text), *shift),
            None => (text, 0),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let number: u64 = digits.parse().map_err(|_| bad())?;
        number.checked_mul(1 << shift).map(Self).ok_or_else(bad)
    }
}

impl fmt::Display for Bytes {
    /// With the largest suffix that loses nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |shift: u32| self.0 != 0 && self.0.trailing_zeros() >= shift;
        match UNITS.iter().find(|(_, shift)| exact(*shift)) {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Cpus {
    /// In thousandths of one processor.
    pub fn thousandths(self) -> u32 {
        self.0
    }
}

impl FromStr for Cpus {
    type Err = BadAmount;

    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let bad = || BadAmount::Cpus(text.to_owned());
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 3 {
            return Err(bad());
        }
        let whole: u32 = whole.parse().map_err(|_| bad())?;
        let part: u32 = format!("{part:0<3}").parse().map_err(|_| bad())?;
        let sum = whole.checked_mul(1000).and_then(|whole| whole.checked_add(part));
        sum.filter(|sum| *sum > 0).map(Self).ok_or_else(bad)
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

crate::text_form::text_form!(Bytes, Cpus);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_back() {
        for text in ["0", "1", "1023", "1K", "1025", "512M", "2G", "3T", "18446744073709551615"] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), text);
        }
        assert_eq!("1024M".parse(), Ok(Bytes(1 << 30)));
        for bad in ["", "G", "1.5G", "1g", "1GB", "+1", "-1", "18446744073709551616", "99999999T"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
    }

    /// Times 100 in binary and cut, 0.29 was 28 % and 2.3 was 229 %.
    #[test]
    fn every_hundredth_of_a_processor_is_itself() {
        for hundredths in 1..=6400_u32 {
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let cpus: Cpus = text.parse().unwrap();
            assert_eq!(cpus.thousandths(), hundredths * 10);
            assert_eq!(cpus.to_string().parse(), Ok(cpus));
        }
        for bad in ["", "0", "0.000", ".5", "1.", "1.2345", "-1", "1e3", "5000000"] {
            assert!(bad.parse::<Cpus>().is_err(), "{bad}");
        }
    }
}
