//! Output of `zfs list -H`: a line per dataset.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::read::forgery::Watch;
use crate::read::lines::Lines;
use crate::read::{Document, ReadError, Record, Trust, trust};

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
                self.document.note_malformed(&mut self.watch, line.ended);
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
