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

mod columns;
mod list;

use alloc::borrow::Cow;

use memchr::{memchr, memchr2};

use self::columns::MOST;
use super::forgery::{Names, Watch};
use super::lines::{Line, Lines, source};
use super::{Document, ReadError, ReadFault, Record, Trust, trust};
use crate::source::Source;

pub use self::columns::Columns;
pub use self::list::{List, list};

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
            self.document.note_malformed(&mut self.watch, line.ended);
        }
        Some(read)
    }

    /// The next record, if its line is like most are: in the usual columns, about the dataset of the
    /// last line and the property that came next the last time, and well formed.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a copy of a record takes as long as reading it")]
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
    #[expect(clippy::inline_always, reason = "a copy of a record takes as long as reading it")]
    fn well_formed(
        &mut self,
        names: Names<'a>,
        value: &'a [u8],
        received: Option<&'a [u8]>,
        source: Option<Source<Cow<'a, str>>>,
        trust: Trust,
    ) -> Record<'a> {
        let mut trust = trust.max(trust::of_text(names.property, value));
        trust = trust.max(trust::of_source(source.as_ref()));
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

        let name = |column: Option<usize>| column.map_or(Ok(""), |column| line.name(field(column)));
        let (dataset, property) = (name(columns.name)?, name(columns.property)?);
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
#[expect(clippy::inline_always, reason = "a copy of a source takes as long as reading it")]
fn ended_source(line: &[u8]) -> Option<(Source<Cow<'_, str>>, &[u8])> {
    if let Some(rest) = line.strip_prefix(b"-\n") {
        Some((Source::None, rest))
    } else if let Some(rest) = line.strip_prefix(b"default\n") {
        Some((Source::Default, rest))
    } else if let Some(rest) = line.strip_prefix(b"local\n") {
        Some((Source::Local, rest))
    } else {
        let end = memchr(b'\n', line)?;
        let source = source(line.get(..end)?)?;
        Some((source.map(Cow::Borrowed), line.get(end + 1..)?))
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
