//! Output of `zfs get -H`, `zpool get -H` and `zfs list -H`: a line per record, fields between tabs.
//!
//! [`get`] and [`list`] read lazily, in one pass, borrowing everything from the input:
//!
//! ```
//! use zfs_props::read::{Trust, text};
//! use zfs_props::source::Source;
//!
//! // zfs get -Hp -r quota tank
//! let output = b"tank\tquota\t0\tdefault\ntank/a\tquota\t1073741824\tlocal\n";
//! let mut records = text::get(output, text::Columns::GET);
//! let first = records.next().unwrap()?;
//! assert_eq!((&*first.dataset, &*first.property, first.text()), ("tank", "quota", Some("0")));
//! assert_eq!(first.source, Some(Source::Default));
//!
//! let document = records.finish();
//! assert_eq!((document.records, document.trust), (2, Trust::Exact));
//! # Ok::<(), zfs_props::read::ReadError>(())
//! ```
//!
//! # Values that break lines
//!
//! `-H` escapes nothing (openzfs/zfs issue 11642). A user property whose value is
//! `x⇥local⏎tank/b⇥quota⇥none` prints a second line, well formed, about a dataset that whoever set
//! it may have no rights on. What can be known about that:
//!
//! * A value can add lines; it can neither remove nor change the line of another property. `get` prints
//!   each property of each dataset once and all of a dataset together. So a forged line about something
//!   that is also really printed repeats it: all records of that dataset are doubted.
//! * A line that is no record is handed out as a [`ReadError`], and the datasets before and after it
//!   are doubted; in the output of `zfs get all` ([`get_all`]) only their user properties, because
//!   there a forged native property is out of order.
//! * A tab inside a value leaves the name, the property and the source where they belong: the record is
//!   handed out with the tab in its value, and is [`Trust::Ambiguous`] if a received value beside it
//!   could hold the tab as well.
//! * In the rows of [`list`], what stands right of a user property may be forged without trace: it is
//!   [`Trust::Ambiguous`]. Ask for user properties last.
//! * Evidence may come long after the line it is about, so [`Document::trust_of`] is asked when all
//!   has been read.
//!
//! **Undetectable** is a well-formed line about something that is not really printed: a dataset that
//! does not exist, or, where all properties were asked for, a user property that the dataset does not
//! have; and that the value which forged it is itself cut short. Ask for properties by name, take
//! nothing from a dataset you did not ask for, or read the value in question by itself, with
//! [`only_value`].

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::{memchr, memchr2, memrchr};

use super::forgery::{Names, Watch};
use super::{Document, ReadError, ReadFault, Record, Trust, trust};
use crate::source::Source;

/// The columns `zfs get -o` and `zpool get -o` can print, in the order asked for.
///
/// A record needs a name, a property and a value, so these three are always among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    count: usize,
    name: usize,
    property: usize,
    value: usize,
    received: Option<usize>,
    source: Option<usize>,
}

impl Columns {
    /// What `get` prints without `-o`: name, property, value, source.
    pub const GET: Self =
        Self { count: 4, name: 0, property: 1, value: 2, received: None, source: Some(3) };

    /// What `zfs get -o all` prints: name, property, value, received, source.
    pub const ALL: Self =
        Self { count: 5, name: 0, property: 1, value: 2, received: Some(3), source: Some(4) };

    /// Reads the argument of `-o`. `None` if a word is no column or stands twice, or if name,
    /// property or value is missing.
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
        Some(Self { count, name: name?, property: property?, value: value?, received, source })
    }

    /// Tells [`Columns::GET`] from [`Columns::ALL`] by the number of fields, which has to be the same
    /// in all lines. State the columns where they are known: a value with a tab in it looks like one
    /// more column.
    pub fn detect(output: &[u8]) -> Option<Self> {
        let mut lines = output.strip_suffix(b"\n")?.split(|&byte| byte == b'\n');
        let tabs = |line: &[u8]| memchr::memchr_iter(b'\t', line).count();
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
}

/// Most columns there are.
const MOST: usize = 5;

/// Reads the output of `zfs get -H` or `zpool get -H`, with or without `-p`.
pub fn get(output: &[u8], columns: Columns) -> Get<'_> {
    Get::new(output, columns, false)
}

/// Reads the output of `zfs get -H all`: as [`get`], but a dataset is also doubted when its properties
/// are out of order (native ones in OpenZFS's order, then the user's), as a forged line about a native
/// property makes them.
pub fn get_all(output: &[u8], columns: Columns) -> Get<'_> {
    Get::new(output, columns, true)
}

/// The records of an output of `get -H`, see [`get`].
#[derive(Debug)]
pub struct Get<'a> {
    columns: Columns,
    lines: Lines<'a>,
    watch: Watch<'a>,
    document: Document<'a>,
}

impl<'a> Get<'a> {
    fn new(output: &'a [u8], columns: Columns, ordered: bool) -> Self {
        let (lines, watch) = (Lines::new(output), Watch::new(ordered));
        Self { columns, lines, watch, document: Document::default() }
    }

    /// Reads what is left and says what is known of the whole.
    pub fn finish(mut self) -> Document<'a> {
        self.by_ref().for_each(drop);
        self.document.conclude(self.watch)
    }
}

impl<'a> Iterator for Get<'a> {
    type Item = Result<Record<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.foreseen() {
            Some(record) => Some(Ok(record)),
            None => self.unforeseen(),
        }
    }
}

impl<'a> Get<'a> {
    /// The next line, whatever it is.
    #[inline(never)]
    fn unforeseen(&mut self) -> Option<Result<Record<'a>, ReadError>> {
        let mut fields = [&[][..]; MOST];
        let line = self.lines.next(&mut fields)?;
        let read = self.record(&line, fields);
        if read.is_err() {
            self.watch.malformed();
            self.document.malformed += 1;
        }
        Some(read)
    }

    /// The next record, if its line is like most are: in the usual columns, about the dataset of the
    /// last line and the property that came next the last time, and well formed.
    #[inline(always)]
    fn foreseen(&mut self) -> Option<Record<'a>> {
        let has_received = match self.columns {
            Columns::GET => false,
            Columns::ALL => true,
            _ => return None,
        };
        let names = self.watch.foreseen()?;
        let line = names.strip(self.lines.rest)?;
        let (value, line) = split_at_tab(line)?;
        let (received, line) = if has_received {
            let (received, line) = split_at_tab(line)?;
            (Some(received), line)
        } else {
            (None, line)
        };
        let (source, rest) = ended_source(line)?;
        self.lines.rest = rest;
        self.lines.count += 1;
        Some(self.well_formed(names, value, received, Some(source), Trust::Exact))
    }

    #[inline(always)]
    fn well_formed(
        &mut self,
        names: Names<'a>,
        value: &'a [u8],
        received: Option<&'a [u8]>,
        source: Option<Source<Cow<'a, str>>>,
        trust: Trust,
    ) -> Record<'a> {
        let mut trust = trust.max(trust::of_text(names.property, value));
        let received = received.filter(|&received| received != b"-");
        if let Some(received) = received {
            trust = trust.max(trust::of_text(names.property, received));
        }
        self.watch.line(names);
        self.document.count(trust);
        Record {
            dataset: Cow::Borrowed(names.dataset),
            property: Cow::Borrowed(names.property),
            value: Cow::Borrowed(value),
            received: received.map(Cow::Borrowed),
            source,
            trust,
        }
    }

    /// The record in any line.
    fn record(
        &mut self,
        line: &Line<'a>,
        mut fields: [&'a [u8]; MOST],
    ) -> Result<Record<'a>, ReadError> {
        let columns = self.columns;
        let joined = line.fields != columns.count;
        if joined {
            fields = columns.join(line).ok_or_else(|| line.miscounted(columns.count))?;
        }
        let field = |column: usize| fields.get(column).copied().unwrap_or_default();

        let dataset = line.name(field(columns.name))?;
        let property = line.name(field(columns.property))?;
        let source = match columns.source {
            Some(column) => Some(line.source(field(column))?),
            None => None,
        };
        let received = columns.received.map(field).filter(|_| !joined);
        let trust = if !line.ended {
            self.document.cut_at(dataset, property);
            Trust::Truncated
        } else if joined && columns.received.is_some() {
            Trust::Ambiguous
        } else {
            Trust::Exact
        };
        let native = self.watch.native(dataset, property);
        let names = Names { dataset, property, native };
        Ok(self.well_formed(names, field(columns.value), received, source, trust))
    }
}

fn split_at_tab(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr2(b'\t', b'\n', line)?;
    let (field, rest) = line.split_at_checked(end)?;
    Some((field, rest.strip_prefix(b"\t")?))
}

/// The source at the end of a line, and the lines after it.
#[inline(always)]
fn ended_source(line: &[u8]) -> Option<(Source<Cow<'_, str>>, &[u8])> {
    match line {
        [b'-', b'\n', rest @ ..] => Some((Source::None, rest)),
        [b'd', b'e', b'f', b'a', b'u', b'l', b't', b'\n', rest @ ..] => Some((Source::Default, rest)),
        [b'l', b'o', b'c', b'a', b'l', b'\n', rest @ ..] => Some((Source::Local, rest)),
        _ => {
            let end = memchr(b'\n', line)?;
            let source = source(line.get(..end)?)?;
            Some((source.map(Cow::Borrowed), line.get(end + 1..)?))
        }
    }
}

fn source(field: &[u8]) -> Option<Source<&str>> {
    core::str::from_utf8(field).ok().and_then(Source::from_text)
}

impl Columns {
    /// The fields of a line that has more of them than there are columns, because a value holds tabs;
    /// `None` if it cannot be told where they belong. A value and a received value side by side are
    /// not told apart: both fields then hold all there is.
    #[cold]
    fn join<'a>(self, line: &Line<'a>) -> Option<[&'a [u8]; MOST]> {
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

/// Reads the output of `zfs list -H -o COLUMNS`, with or without `-p`: one record per line and column
/// but `name`, which has to be among the columns; without it every line is an error. Records carry the
/// columns' names as they are given here.
///
/// No source is printed, so what is absent cannot be told from a user property that holds the text
/// `-`: such a record is [`Trust::Ambiguous`], and so is what stands right of a user property.
///
/// ```
/// use zfs_props::read::text;
///
/// let output = b"tank\t98304\t/tank\n"; // zfs list -Hp -o name,used,mountpoint
/// let records: Vec<_> = text::list(output, &["name", "used", "mountpoint"]).collect::<Result<_, _>>()?;
/// assert_eq!((&*records[1].property, records[1].text()), ("mountpoint", Some("/tank")));
/// # Ok::<(), zfs_props::read::ReadError>(())
/// ```
pub fn list<'a>(output: &'a [u8], columns: &'a [&'a str]) -> List<'a> {
    List {
        columns,
        row: alloc::vec![&[][..]; columns.len()],
        dataset: "",
        trust: Trust::Exact,
        next: columns.len(),
        lines: Lines::new(output),
        watch: Watch::new(false),
        document: Document::default(),
    }
}

/// The records of an output of `zfs list -H`, see [`list`].
#[derive(Debug)]
pub struct List<'a> {
    columns: &'a [&'a str],
    /// Fields of the current line.
    row: Vec<&'a [u8]>,
    dataset: &'a str,
    /// Of the rest of the current line.
    trust: Trust,
    /// The column that comes next.
    next: usize,
    lines: Lines<'a>,
    watch: Watch<'a>,
    document: Document<'a>,
}

impl<'a> List<'a> {
    /// Reads what is left and says what is known of the whole.
    pub fn finish(mut self) -> Document<'a> {
        self.by_ref().for_each(drop);
        self.document.conclude(self.watch)
    }

    /// Reads the next line into `row`.
    fn line(&mut self) -> Option<Result<(), ReadError>> {
        let line = self.lines.next(&mut self.row)?;
        let name = self.columns.iter().position(|&column| column == "name");
        let read = match name.and_then(|name| self.row.get(name)) {
            Some(name) if line.fields == self.columns.len() => line.name(name),
            _ => Err(line.miscounted(self.columns.len())),
        };
        Some(match read {
            Ok(dataset) => {
                self.watch.row(dataset);
                self.dataset = dataset;
                self.next = 0;
                self.trust = Trust::Exact;
                if !line.ended {
                    let property = self.columns.last().copied().unwrap_or_default();
                    self.document.cut_at(dataset, property);
                    self.trust = Trust::Truncated;
                }
                Ok(())
            }
            Err(error) => {
                self.watch.malformed();
                self.document.malformed += 1;
                Err(error)
            }
        })
    }
}

impl<'a> Iterator for List<'a> {
    type Item = Result<Record<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (Some(&property), Some(&value)) =
                (self.columns.get(self.next), self.row.get(self.next))
            else {
                match self.line()? {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(error)),
                }
            };
            self.next += 1;
            if property == "name" {
                continue;
            }
            let is_user = trust::is_user(property);
            let trust = if value == b"-" && is_user {
                Trust::Ambiguous
            } else {
                self.trust.max(trust::of_text(property, value))
            };
            if is_user {
                self.trust = Trust::Ambiguous;
            }
            let record = Record {
                dataset: Cow::Borrowed(self.dataset),
                property: Cow::Borrowed(property),
                value: Cow::Borrowed(value),
                received: None,
                source: None,
                trust,
            };
            self.document.count(trust);
            return Some(Ok(record));
        }
    }
}

/// The value in the output of `zfs get -H -o value PROPERTY DATASET`, for one property of one dataset:
/// every byte but the newline at the end. With `-p` this is the one read that loses nothing.
///
/// ```
/// use zfs_props::read::text;
/// assert_eq!(text::only_value(b"two\nlines\n"), Ok(&b"two\nlines"[..]));
/// assert!(text::only_value(b"cut").is_err());
/// ```
pub fn only_value(output: &[u8]) -> Result<&[u8], ReadError> {
    output.strip_suffix(b"\n").ok_or(ReadError { line: 1, column: 1, fault: ReadFault::Unended })
}

/// The lines of an output, split into fields.
#[derive(Debug)]
struct Lines<'a> {
    /// What is left; a line begins here.
    rest: &'a [u8],
    /// Lines so far.
    count: usize,
}

/// One line.
struct Line<'a> {
    bytes: &'a [u8],
    /// Counted from 1.
    number: usize,
    fields: usize,
    /// A newline follows.
    ended: bool,
}

impl<'a> Lines<'a> {
    fn new(output: &'a [u8]) -> Self {
        Self { rest: output, count: 0 }
    }

    /// Splits the next line into as many fields as there is room for.
    fn next(&mut self, room: &mut [&'a [u8]]) -> Option<Line<'a>> {
        let begin = self.rest;
        if begin.is_empty() {
            return None;
        }
        self.count += 1;
        let mut fields = 0;
        loop {
            let separator = memchr2(b'\t', b'\n', self.rest);
            let (field, after) = self.rest.split_at(separator.unwrap_or(self.rest.len()));
            if let Some(room) = room.get_mut(fields) {
                *room = field;
            }
            fields += 1;
            self.rest = after.get(1..).unwrap_or_default();
            if !after.starts_with(b"\t") {
                return Some(Line {
                    bytes: begin.get(..begin.len() - after.len()).unwrap_or_default(),
                    number: self.count,
                    fields,
                    ended: !after.is_empty(),
                });
            }
        }
    }
}

impl<'a> Line<'a> {
    fn name(&self, field: &'a [u8]) -> Result<&'a str, ReadError> {
        match core::str::from_utf8(field) {
            Ok(name) if !name.is_empty() => Ok(name),
            _ => Err(self.fault(field, |found| ReadFault::Name { found })),
        }
    }

    fn source(&self, field: &'a [u8]) -> Result<Source<Cow<'a, str>>, ReadError> {
        let source = source(field).map(|source| source.map(Cow::Borrowed));
        source.ok_or_else(|| self.fault(field, |found| ReadFault::Source { found }))
    }

    fn miscounted(&self, expected: usize) -> ReadError {
        let fault = ReadFault::Fields { found: self.fields, expected };
        ReadError { line: self.number, column: 1, fault }
    }

    fn fault(&self, field: &[u8], fault: impl FnOnce(String) -> ReadFault) -> ReadError {
        let offset = field.as_ptr().addr().saturating_sub(self.bytes.as_ptr().addr());
        let found = String::from_utf8_lossy(field).into_owned();
        ReadError { line: self.number, column: offset + 1, fault: fault(found) }
    }
}
