//! The tables for people: what `zfs get`, `zfs list`, `zpool get` and `zpool list` print without `-H`
//! and `-j`.
//!
//! For output that is there already: pasted into a report, kept in a log, quoted in documentation. A
//! program that runs the command itself asks for `-Hp` ([`text`](super::text)) or `-jp`
//! ([`json`](super::json)), which tell more: here, blanks separate the columns and pad the fields,
//! and names and values may hold blanks too.
//!
//! ```
//! use zfs_props::read::{Trust, table};
//! use zfs_props::source::Source;
//!
//! let output = b"\
//! NAME       PROPERTY          VALUE                  SOURCE
//! tank/home  type              filesystem             -
//! tank/home  used              115G                   -
//! tank/home  quota             200G                   local
//! tank/home  org.example:note  two words              inherited from tank
//! ";
//! let records: Vec<_> = table::get(output).collect::<Result<_, _>>()?;
//! let trust: Vec<_> = records.iter().map(|record| record.trust).collect();
//! assert_eq!(trust, [Trust::Exact, Trust::Pretty, Trust::Pretty, Trust::Ambiguous]);
//! assert_eq!(records[3].text(), Some("two words"));
//! assert_eq!(records[3].source, Some(Source::Inherited("tank".into())));
//!
//! let output = b"\
//! NAME         USED  AVAIL  REFER  MOUNTPOINT
//! tank        1.50G  1.07T    96K  /tank
//! tank/a b      24K  1.07T    24K  none
//! ";
//! let records: Vec<_> = table::list(output).collect::<Result<_, _>>()?;
//! assert_eq!((&*records[5].dataset, &*records[5].property), ("tank/a b", "available"));
//! # Ok::<(), zfs_props::read::ReadError>(())
//! ```
//!
//! # What can be told
//!
//! The heads in the first line say where the columns stand, in bytes. A line whose fields do not stand
//! there is handed out as a [`ReadError`], and the datasets before and after it are doubted, as in
//! [`text`](super::text#values-that-break-lines): a value with a newline leaves such lines behind.
//!
//! * A text in a column that is wider may end in blanks: [`Trust::Ambiguous`], unless it is a number,
//!   a word, a default, or the last column. So user properties in the output of `zfs get` are hardly
//!   ever exact.
//! * A number wider than its column (`zfs get guid`) moves what follows, and is read all the same. The
//!   value of a pool's user property that does so is [`Trust::Ambiguous`].
//! * Heads of [`list`] are in upper case: of a property like `userused@NAME` the name cannot be told,
//!   [`Trust::Ambiguous`].
//!
//! **Undetectable** is a name that ends in a blank: it is handed out without, and doubted only if
//! there is one without as well. And, as in `-H`, a well-formed line that was forged about something
//! that is not really printed, and that the value which forged it is cut short; but only where the
//! values of user properties stand in the last column, or are a pool's. Any other column is as wide as
//! the whole value, so that what follows a newline does not reach the next column.

mod layout;

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use self::layout::{Field, Fit, Head};
use super::forgery::{Names, Watch};
use super::lines::{Line, Lines};
use super::text::Columns;
use super::{Document, ReadError, Record, Trust, trust};
use crate::property::{PoolProperty, Property};
use crate::release::Release;
use crate::source::Source;

/// Reads the output of `zfs get` or `zpool get`, with any columns, with or without `-p`.
pub fn get(output: &[u8]) -> Table<'_> {
    Table::new(output, Kind::Get)
}

/// Reads the output of `zfs list`, with any columns, with or without `-p`: one record per line and
/// column but the name. Records carry the canonical names of properties (`available` below `AVAIL`).
pub fn list(output: &[u8]) -> Table<'_> {
    Table::new(output, Kind::Datasets)
}

/// Reads the output of `zpool list`, as [`list`] does that of `zfs list`. The lines about vdevs
/// (`-v`) are none about pools: errors.
pub fn list_pools(output: &[u8]) -> Table<'_> {
    Table::new(output, Kind::Pools)
}

/// The records of a table, see [`get`] and [`list`].
#[derive(Debug)]
pub struct Table<'a> {
    kind: Kind,
    heads: Vec<Head<'a>>,
    meaning: Meaning,
    /// Of the current line.
    records: vec::IntoIter<Record<'a>>,
    lines: Lines<'a>,
    watch: Watch<'a>,
    document: Document<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Get,
    Datasets,
    Pools,
}

/// What the columns hold.
#[derive(Debug)]
enum Meaning {
    /// The heads have not been read.
    Unknown,
    /// One property per line.
    Property(Columns),
    /// One dataset per line: the names of its properties.
    Properties(Vec<Cow<'static, str>>),
}

impl<'a> Table<'a> {
    fn new(output: &'a [u8], kind: Kind) -> Self {
        Self {
            kind,
            heads: Vec::new(),
            meaning: Meaning::Unknown,
            records: Vec::new().into_iter(),
            lines: Lines::new(output),
            watch: Watch::new(false),
            document: Document::default(),
        }
    }

    /// Reads what is left and says what is known of the whole.
    pub fn finish(mut self) -> Document<'a> {
        self.by_ref().for_each(drop);
        self.document.conclude(self.watch)
    }
}

impl<'a> Iterator for Table<'a> {
    type Item = Result<Record<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.records.next() {
                self.document.count(record.trust);
                return Some(Ok(record));
            }
            let line = self.lines.next(&mut [])?;
            let is_head = matches!(self.meaning, Meaning::Unknown);
            let read = if is_head { self.head(&line) } else { self.line(&line) };
            if let Err(error) = read {
                self.document.note_malformed(&mut self.watch, line.ended);
                if is_head {
                    // Nothing is known about the lines below.
                    self.lines.rest = &[];
                }
                return Some(Err(error));
            }
        }
    }
}

impl<'a> Table<'a> {
    fn head(&mut self, line: &Line<'a>) -> Result<(), ReadError> {
        self.heads = layout::heads(line.name(line.bytes)?);
        self.meaning = if matches!(self.kind, Kind::Get) {
            let words: Vec<_> = self.heads.iter().map(|head| head.word).collect();
            let columns = Columns::from_option(&words.join(",").to_ascii_lowercase());
            let columns = columns.filter(|columns| columns.count == self.heads.len());
            Meaning::Property(columns.ok_or_else(|| line.unnamed(line.bytes))?)
        } else {
            let mut names = Vec::with_capacity(self.heads.len());
            for head in &mut self.heads {
                let (name, is_right) = self
                    .kind
                    .column(head.word)
                    .ok_or_else(|| line.unnamed(head.word.as_bytes()))?;
                head.is_right = is_right;
                names.push(name);
            }
            Meaning::Properties(names)
        };
        if line.ended { Ok(()) } else { Err(line.misplaced()) }
    }

    fn line(&mut self, line: &Line<'a>) -> Result<(), ReadError> {
        let fields = layout::fields(&self.heads, line.bytes).ok_or_else(|| line.misplaced())?;
        let mut records = match &self.meaning {
            Meaning::Unknown => Vec::new(),
            Meaning::Property(columns) => {
                let ((dataset, property), record) = property(*columns, line, &fields)?;
                let native = self.watch.native(dataset, property);
                self.watch.line(Names { dataset, property, native });
                vec![record]
            }
            Meaning::Properties(names) => {
                let (dataset, records) = properties(names, line, &fields)?;
                self.watch.row(dataset);
                records
            }
        };
        if !line.ended {
            let property = records.last().map_or("", |record| &record.property);
            self.document.cut_at(self.watch.dataset(), property);
            for record in &mut records {
                record.trust = record.trust.max(Trust::Truncated);
            }
        }
        self.records = records.into_iter();
        Ok(())
    }
}

impl Kind {
    /// The property below a head, and whether its values are aligned to the right.
    fn column(self, head: &str) -> Option<(Cow<'static, str>, bool)> {
        let word = head.to_ascii_lowercase();
        if word.contains([':', '@', '#']) {
            let is_right = matches!(self, Self::Datasets) && trust::is_about(&word);
            return Some((Cow::Owned(word), is_right));
        }
        let latest = Release::LATEST;
        let (name, is_right) = if let Self::Pools = self {
            PoolProperty::resolve(&word, latest)
                .map(|native| (native.name(), native.is_right_aligned()))
        } else {
            Property::resolve(&word, latest)
                .map(|native| (native.name(), native.is_right_aligned()))
        }?;
        Some((Cow::Borrowed(name), is_right))
    }
}

/// The record in a line of `get`, and what it is about.
fn property<'a>(
    columns: Columns,
    line: &Line<'a>,
    fields: &[Field<'a>],
) -> Result<((&'a str, &'a str), Record<'a>), ReadError> {
    let field = |column: usize| fields.get(column).copied().ok_or_else(|| line.misplaced());
    let name = |column: Option<usize>| column.map_or(Ok(""), |column| name(line, field(column)?));
    let (dataset, property) = (name(columns.name)?, name(columns.property)?);
    let source = match columns.source {
        Some(column) => Some(line.source(field(column)?.bytes)?),
        None => None,
    };
    let value = field(columns.value)?;
    let received = columns.received.map(field).transpose()?.filter(|field| field.bytes != b"-");

    // Names hold no two blanks in a row, or hardly ever: a value that is too wide may have put them there.
    let is_shifted = |text: &str| text.contains("  ");
    let mut trust = match &source {
        Some(Source::Inherited(from)) if is_shifted(from) => Trust::Ambiguous,
        _ if is_shifted(property) => Trust::Ambiguous,
        source => trust::of_source(source.as_ref()),
    };
    trust = trust.max(of_field(property, value, source.as_ref()));
    trust = trust.max(received.map_or(Trust::Exact, |field| of_field(property, field, None)));
    let record = Record {
        dataset: Cow::Borrowed(dataset),
        property: Cow::Borrowed(property),
        value: Cow::Borrowed(value.bytes),
        received: received.map(|field| Cow::Borrowed(field.bytes)),
        source,
        trust,
    };
    Ok(((dataset, property), record))
}

/// The records in a line of `list`, and which dataset they are about.
fn properties<'a>(
    names: &[Cow<'static, str>],
    line: &Line<'a>,
    fields: &[Field<'a>],
) -> Result<(&'a str, Vec<Record<'a>>), ReadError> {
    let is_name = |name: &Cow<'_, str>| name == Property::Name.name();
    let dataset = match names.iter().position(is_name).and_then(|at| fields.get(at)) {
        Some(field) => name(line, *field)?,
        None => "",
    };
    let columns = names.iter().zip(fields).filter(|(name, _)| !is_name(name));
    let records = columns.map(|(property, field)| Record {
        dataset: Cow::Borrowed(dataset),
        property: property.clone(),
        value: Cow::Borrowed(field.bytes),
        received: None,
        source: None,
        trust: of_cell(property, *field),
    });
    Ok((dataset, records.collect()))
}

fn name<'a>(line: &Line<'a>, field: Field<'a>) -> Result<&'a str, ReadError> {
    // That of a vdev is indented.
    if field.bytes.starts_with(b" ") {
        Err(line.unnamed(field.bytes))
    } else {
        line.name(field.bytes)
    }
}

fn of_field(property: &str, field: Field<'_>, source: Option<&Source<Cow<'_, str>>>) -> Trust {
    let by_fit = match field.fit {
        Fit::Whole => Trust::Exact,
        Fit::Padded => trust::of_padded(property, field.bytes, source),
        Fit::Overlong => trust::of_overlong(property),
    };
    by_fit.max(trust::of_text(property, field.bytes))
}

/// As [`of_field`], where neither a source nor the case of the property's name is printed.
fn of_cell(property: &str, field: Field<'_>) -> Trust {
    let may_be_absent = trust::is_user(property) && field.bytes == b"-";
    let has_case = trust::is_about(property) && !property.starts_with("feature@");
    if may_be_absent || has_case { Trust::Ambiguous } else { of_field(property, field, None) }
}
