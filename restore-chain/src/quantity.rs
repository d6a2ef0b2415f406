//! Bytes and seconds for people.

use std::fmt;

/// A number of bytes: `1.5 GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 5] =
            [("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
        match UNITS.iter().find(|(_, bits)| self.0 >> bits > 0) {
            None => write!(f, "{} B", self.0),
            Some((unit, bits)) => {
                let tenths = (u128::from(self.0) * 10) >> bits;
                write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
            }
        }
    }
}

/// A number of seconds: `2 h 5 min`, the two greatest units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 4] = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)];
        let first =
            UNITS.iter().position(|(_, seconds)| self.0 >= *seconds).unwrap_or(UNITS.len() - 1);
        let mut rest = self.0;
        for (n, (unit, seconds)) in UNITS.iter().skip(first).take(2).enumerate() {
            let count = rest / seconds;
            rest %= seconds;
            match (n, count) {
                (0, count) => write!(f, "{count} {unit}")?,
                (_, 0) => {}
                (_, count) => write!(f, " {count} {unit}")?,
            }
        }
        Ok(())
    }
}
