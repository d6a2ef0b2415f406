//! Lines and their fields.

use alloc::borrow::Cow;
use alloc::string::String;

use memchr::memchr2;

use super::{ReadError, ReadFault};
use crate::source::Source;

/// The lines of an output, split into fields.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    /// What is left; a line begins here.
    pub(super) rest: &'a [u8],
    /// Lines so far.
    pub(super) count: usize,
}

/// One line.
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// Counted from 1.
    number: usize,
    /// How many there are between tabs.
    pub(super) fields: usize,
    /// A newline follows.
    pub(super) ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(output: &'a [u8]) -> Self {
        Self { rest: output, count: 0 }
    }

    /// Splits the next line into as many fields as there is room for.
    pub(super) fn next(&mut self, room: &mut [&'a [u8]]) -> Option<Line<'a>> {
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
    pub(super) fn name(&self, field: &'a [u8]) -> Result<&'a str, ReadError> {
        match core::str::from_utf8(field) {
            Ok(name) if !name.is_empty() => Ok(name),
            _ => Err(self.unnamed(field)),
        }
    }

    /// The field is no name.
    pub(super) fn unnamed(&self, field: &'a [u8]) -> ReadError {
        self.fault(field, |found| ReadFault::Name { found })
    }

    pub(super) fn source(&self, field: &'a [u8]) -> Result<Source<Cow<'a, str>>, ReadError> {
        let source = source(field).map(|source| source.map(Cow::Borrowed));
        source.ok_or_else(|| self.fault(field, |found| ReadFault::Source { found }))
    }

    /// The fields do not stand below the heads of their columns.
    pub(super) fn misplaced(&self) -> ReadError {
        ReadError { line: self.number, column: 1, fault: ReadFault::Layout }
    }

    pub(super) fn miscounted(&self, expected: usize) -> ReadError {
        let fault = ReadFault::Fields { found: self.fields, expected };
        ReadError { line: self.number, column: 1, fault }
    }

    fn fault(&self, field: &[u8], fault: impl FnOnce(String) -> ReadFault) -> ReadError {
        let offset = field.as_ptr().addr().saturating_sub(self.bytes.as_ptr().addr());
        let found = String::from_utf8_lossy(field).into_owned();
        ReadError { line: self.number, column: offset + 1, fault: fault(found) }
    }
}

/// A source, if the field holds one.
pub(super) fn source(field: &[u8]) -> Option<Source<&str>> {
    core::str::from_utf8(field).ok().and_then(Source::from_text)
}
