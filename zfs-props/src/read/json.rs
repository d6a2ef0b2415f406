//! Output of `zfs get -j`, `zfs list -j`, `zpool get -j` and `zpool list -j` (OpenZFS 2.3 and 2.4),
//! with or without `-p` and `--json-int`.
//!
//! [`read`] hands out every property as a [`Record`] while it reads; no tree and no map is built, and
//! what has no escapes is borrowed from the input.
//!
//! ```
//! use zfs_props::read::{Trust, json};
//!
//! // zfs get -jp quota tank
//! let output = br#"{"output_version":{"command":"zfs get","vers_major":0,"vers_minor":1},
//!   "datasets":{"tank":{"name":"tank","type":"FILESYSTEM","pool":"tank","createtxg":"1",
//!   "properties":{"quota":{"value":"0","source":{"type":"DEFAULT","data":"-"}}}}}}"#;
//! let mut quota = None;
//! let document = json::read(output, |record| quota = Some(record))?;
//! assert_eq!(quota.unwrap().text(), Some("0"));
//! assert_eq!(document.trust, Trust::Exact);
//!
//! // The exit status of a cut document is 0 all the same.
//! let document = json::read(&output[..output.len() - 20], |_| ())?;
//! assert_eq!(document.trust, Trust::Truncated);
//! assert_eq!(document.cut.unwrap().property, "quota");
//! # Ok::<(), zfs_props::read::ReadError>(())
//! ```
//!
//! # What these documents lose
//!
//! * OpenZFS stops printing in the middle of a string that the locale cannot decode: any byte that is
//!   not UTF-8, and any non-ASCII character under `LC_ALL=C`. The exit status stays 0. All records
//!   before the cut are handed out and are good; [`Document::cut`] names the property.
//! * Under a UTF-8 locale characters above U+FFFF vanish, under others non-ASCII bytes are decoded
//!   wrongly. A value with a non-ASCII character is therefore [`Trust::Ambiguous`]. **Undetectable** is
//!   an ASCII value from which such a character vanished; under `LC_ALL=C` there is none of either.
//! * `--json-int` writes all values of digits alone as numbers: those above 2<sup>63</sup>-1 as
//!   9223372036854775807, those of user properties without their leading zeros, and an empty value as
//!   any number: [`Trust::Clipped`].
//! * A received value that is hidden by a local one is never printed, and a received one only with
//!   `-o all`.
//! * `zfs list` gives a property without a value the source of the one before it. Such a record gets
//!   source [`Source::None`] if the property is a native one; a user property may as well hold the text
//!   `-`: it is [`Trust::Ambiguous`] and has no source.

mod scan;

use alloc::borrow::Cow;
use alloc::string::ToString;

use memchr::{memchr_iter, memchr2, memrchr};

use self::scan::{Scan, Stop};
use super::foresight::Foresight;
use super::{Document, ReadError, ReadFault, Record, Trust, trust};
use crate::property::Property;
use crate::source::Source;

/// Reads a document and hands each property in it to `each`.
///
/// A document that ends early is not an error, see [`Document::cut`]; one that is not JSON, or holds
/// no properties, is. A record that was handed out before an error is good nevertheless.
pub fn read<'a>(output: &'a [u8], each: impl FnMut(Record<'a>)) -> Result<Document<'a>, ReadError> {
    // OpenZFS ends a cut document in a newline as well: inside a string, where JSON has none.
    let output = output.trim_ascii_end();
    let mut reader = Reader {
        scan: Scan::new(output),
        each,
        document: Document::default(),
        list: false,
        dataset: Cow::Borrowed(""),
        property: Cow::Borrowed(""),
        foresight: Foresight::new(),
        last: None,
    };
    match reader.root() {
        Ok(()) => {}
        Err(Stop::End) if !output.is_empty() => {
            reader.document.cut_at(&reader.dataset, &reader.property);
        }
        Err(Stop::End) => return Err(error(output, 0, "a document")),
        Err(Stop::Unexpected { at, expected }) => return Err(error(output, at, expected)),
    }
    Ok(reader.document)
}

fn error(output: &[u8], at: usize, expected: &'static str) -> ReadError {
    let before = output.get(..at).unwrap_or(output);
    let line = memchr_iter(b'\n', before).count() + 1;
    let column = at - memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
    ReadError { line, column, fault: ReadFault::Json { expected } }
}

struct Reader<'a, F> {
    scan: Scan<'a>,
    each: F,
    document: Document<'a>,
    /// The command is `zfs list`.
    list: bool,
    /// Where the reader is.
    dataset: Cow<'a, str>,
    property: Cow<'a, str>,
    foresight: Foresight,
    /// The last native property of the dataset.
    last: Option<Property>,
}

/// A value as it was printed.
enum Printed<'a> {
    Text(Cow<'a, [u8]>),
    Number(u64),
}

/// Where a value comes from, and what was received.
#[derive(Default)]
struct Origin<'a> {
    source: Option<Source<Cow<'a, str>>>,
    received: Option<Cow<'a, [u8]>>,
}

impl<'a, F: FnMut(Record<'a>)> Reader<'a, F> {
    /// Reads an object, member by member.
    fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.scan.open()?;
        let mut first = true;
        while let Some(name) = self.scan.member(first)? {
            first = false;
            member(self, name)?;
        }
        Ok(())
    }

    fn root(&mut self) -> Result<(), Stop> {
        let mut found = false;
        self.members(|reader, name| match &*name {
            "output_version" => reader.version(),
            "datasets" | "pools" | "vdevs" => {
                found = true;
                reader.members(Self::dataset)
            }
            _ => reader.scan.skip(),
        })?;
        self.scan.end()?;
        if found { Ok(()) } else { Err(self.scan.expected("`datasets`, `pools` or `vdevs`")) }
    }

    fn version(&mut self) -> Result<(), Stop> {
        self.members(|reader, name| {
            if name == "command" {
                reader.list = reader.scan.string()? == "zfs list";
                Ok(())
            } else {
                reader.scan.skip()
            }
        })
    }

    /// One dataset, pool or vdev.
    fn dataset(&mut self, name: Cow<'a, str>) -> Result<(), Stop> {
        self.dataset = name;
        let mut found = false;
        self.members(|reader, name| {
            match &*name {
                // With `--json-pool-key-guid` the member is called after the pool's guid.
                "name" => reader.dataset = reader.scan.string()?,
                "properties" => {
                    found = true;
                    reader.properties()?;
                }
                _ => reader.scan.skip()?,
            }
            Ok(())
        })?;
        self.property = Cow::Borrowed("");
        if found { Ok(()) } else { Err(self.scan.expected("`properties` in the object before")) }
    }

    fn properties(&mut self) -> Result<(), Stop> {
        self.last = None;
        self.scan.open()?;
        let mut is_first = true;
        loop {
            if self.foreseen(is_first).is_none() {
                match self.scan.member(is_first)? {
                    Some(name) => self.property(name)?,
                    None => return Ok(()),
                }
            }
            is_first = false;
        }
    }

    /// Reads the next property, if it is like most are: the one that came next the last time, a text
    /// without escapes, and written as OpenZFS does, without blanks.
    fn foreseen(&mut self, is_first: bool) -> Option<()> {
        let native = self.foresight.next(self.last)?;
        let rest = self.scan.rest();
        let rest = if is_first { rest } else { rest.strip_prefix(b",")? };
        let rest = rest.strip_prefix(b"\"")?.strip_prefix(native.name().as_bytes())?;
        let rest = rest.strip_prefix(b"\":{\"value\":\"")?;
        let (value, rest) = plain(rest)?;
        let rest = rest.strip_prefix(b",\"source\":{\"type\":\"")?;
        let (source, rest) = if let Some(rest) = rest.strip_prefix(b"NONE\",\"data\":\"-\"}}") {
            (Source::None, rest)
        } else if let Some(rest) = rest.strip_prefix(b"DEFAULT\",\"data\":\"-\"}}") {
            (Source::Default, rest)
        } else if let Some(rest) = rest.strip_prefix(b"LOCAL\",\"data\":\"-\"}}") {
            (Source::Local, rest)
        } else {
            let (from, rest) = plain(rest.strip_prefix(b"INHERITED\",\"data\":\"")?)?;
            let from = core::str::from_utf8(from).ok()?;
            (Source::Inherited(Cow::Borrowed(from)), rest.strip_prefix(b"}}")?)
        };
        self.scan.go_on_at(rest);
        self.last = Some(native);
        self.property = Cow::Borrowed(native.name());
        let origin = Origin { source: Some(source), received: None };
        self.record(Printed::Text(Cow::Borrowed(value)), origin);
        Some(())
    }

    /// Reads any property.
    fn property(&mut self, name: Cow<'a, str>) -> Result<(), Stop> {
        self.last = self.foresight.find(&name, self.last).or(self.last);
        self.property = name;
        let mut value = None;
        let mut origin = Origin::default();
        self.members(|reader, name| {
            match &*name {
                "value" => value = Some(reader.value()?),
                "source" => origin = reader.origin()?,
                _ => reader.scan.skip()?,
            }
            Ok(())
        })?;
        match value {
            Some(value) => self.record(value, origin),
            None => return Err(self.scan.expected("`value` in the object before")),
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Printed<'a>, Stop> {
        Ok(match self.scan.number()? {
            Some(number) => Printed::Number(number),
            None => Printed::Text(into_bytes(self.scan.string()?)),
        })
    }

    fn origin(&mut self) -> Result<Origin<'a>, Stop> {
        let (mut kind, mut data) = (Cow::Borrowed(""), Cow::Borrowed("-"));
        self.members(|reader, name| {
            match &*name {
                "type" => kind = reader.scan.string()?,
                "data" => data = reader.scan.string()?,
                _ => reader.scan.skip()?,
            }
            Ok(())
        })?;
        let source = Source::from_json(&kind, data.clone());
        let source = source.ok_or_else(|| self.scan.expected("a source that is known"))?;
        let received = (source == Source::Received && data != "-").then(|| into_bytes(data));
        Ok(Origin { source: Some(source), received })
    }

    fn record(&mut self, printed: Printed<'a>, origin: Origin<'a>) {
        let property = &*self.property;
        let mut source = origin.source;
        let mut trust =
            origin.received.as_deref().map_or(Trust::Exact, |text| trust_of_text(property, text));
        let value = match printed {
            Printed::Text(text) => {
                trust = trust.max(trust_of_text(property, &text));
                if self.list && *text == *b"-" {
                    // The source is that of the property before, if there is no value.
                    let is_user = trust::is_user(property);
                    trust = if is_user { Trust::Ambiguous } else { trust };
                    source = if is_user { None } else { Some(Source::None) };
                }
                text
            }
            Printed::Number(number) => {
                trust = trust.max(trust::of_number(property, number));
                Cow::Owned(number.to_string().into_bytes())
            }
        };
        self.document.count(trust);
        (self.each)(Record {
            dataset: self.dataset.clone(),
            property: self.property.clone(),
            value,
            received: origin.received,
            source,
            trust,
        });
    }
}

/// Characters beyond ASCII may have been changed, and others lost next to them.
fn trust_of_text(property: &str, text: &[u8]) -> Trust {
    if text.is_ascii() { trust::of_text(property, text) } else { Trust::Ambiguous }
}

/// A string without escapes and with ASCII characters alone, and what follows its end.
fn plain(string: &[u8]) -> Option<(&[u8], &[u8])> {
    let (text, rest) = string.split_at_checked(memchr2(b'"', b'\\', string)?)?;
    let rest = rest.strip_prefix(b"\"")?;
    text.iter().all(|byte| matches!(byte, b' '..=0x7f)).then_some((text, rest))
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}
