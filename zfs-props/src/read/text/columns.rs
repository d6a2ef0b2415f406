//! Which column is which.

use memchr::{memchr, memchr_iter, memrchr};

use crate::read::lines::Line;

/// Most columns there are.
pub(super) const MOST: usize = 5;

/// The columns `zfs get -o` and `zpool get -o` can print, in the order asked for.
///
/// The value is always among them. Without the name, or the property, that of each record is empty: it
/// is the one that was asked for. If there were more of them, records repeat each other, and all are
/// [`Trust::Ambiguous`](crate::read::Trust::Ambiguous) in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub(in crate::read) count: usize,
    pub(in crate::read) name: Option<usize>,
    pub(in crate::read) property: Option<usize>,
    pub(in crate::read) value: usize,
    pub(in crate::read) received: Option<usize>,
    pub(in crate::read) source: Option<usize>,
}

impl Columns {
    /// What `get` prints without `-o`: name, property, value, source.
    pub const GET: Self = Self {
        count: 4,
        name: Some(0),
        property: Some(1),
        value: 2,
        received: None,
        source: Some(3),
    };

    /// What `zfs get -o all` prints: name, property, value, received, source.
    pub const ALL: Self = Self {
        count: 5,
        name: Some(0),
        property: Some(1),
        value: 2,
        received: Some(3),
        source: Some(4),
    };

    /// Reads the argument of `-o`. `None` if a word is no column or stands twice, or if the value is
    /// missing.
    pub fn from_option(option: &str) -> Option<Self> {
        if option == "all" {
            return Some(Self::ALL);
        }
        let (mut name, mut property, mut value, mut received, mut source) = Default::default();
        let mut count = 0;
        for word in option.split(',') {
            let column: &mut Option<usize> = match word {
                "name" => &mut name,
                "property" => &mut property,
                "value" => &mut value,
                "received" => &mut received,
                "source" => &mut source,
                _ => return None,
            };
            if column.replace(count).is_some() {
                return None;
            }
            count += 1;
        }
        Some(Self { count, name, property, value: value?, received, source })
    }

    /// Tells [`Columns::GET`] from [`Columns::ALL`] by the number of fields, which has to be the same
    /// in all lines. State the columns where they are known: a value with a tab in it looks like one
    /// more column.
    pub fn detect(output: &[u8]) -> Option<Self> {
        let mut lines = output.strip_suffix(b"\n")?.split(|&byte| byte == b'\n');
        let tabs = |line: &[u8]| memchr_iter(b'\t', line).count();
        let first = tabs(lines.next()?);
        if !lines.all(|line| tabs(line) == first) {
            return None;
        }
        match first {
            3 => Some(Self::GET),
            4 => Some(Self::ALL),
            _ => None,
        }
    }

    /// The fields of a line that has more of them than there are columns, because a value holds tabs;
    /// `None` if it cannot be told where they belong. A value and a received value side by side are
    /// not told apart: both fields then hold all there is.
    #[cold]
    pub(super) fn join<'a>(self, line: &Line<'a>) -> Option<[&'a [u8]; MOST]> {
        let received = self.received.unwrap_or(self.value);
        let (first, last) = (self.value.min(received), self.value.max(received));
        if line.fields < self.count || last - first > 1 {
            return None;
        }
        let mut fields = [&[][..]; MOST];
        let mut rest = line.bytes;
        for field in fields.get_mut(..first)? {
            let tab = memchr(b'\t', rest)?;
            (*field, rest) = (rest.get(..tab)?, rest.get(tab + 1..)?);
        }
        for field in fields.get_mut(last + 1..self.count)?.iter_mut().rev() {
            let tab = memrchr(b'\t', rest)?;
            (rest, *field) = (rest.get(..tab)?, rest.get(tab + 1..)?);
        }
        fields.get_mut(first..=last)?.fill(rest);
        Some(fields)
    }
}
