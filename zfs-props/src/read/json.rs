//! Output of `zfs get -j`, `zfs list -j`, `zpool get -j` and `zpool list -j` (OpenZFS 2.3 and 2.4),
//! with or without `-p` and `--json-int`.
//!
//! [`read`] hands out every property as a [`Record`] while it parses; no tree and no map is built, and
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

use alloc::borrow::Cow;
use alloc::string::ToString;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::{Cut, Document, ReadError, ReadFault, Record, Trust, trust};
use crate::source::{JSON_WORDS, Source};

/// Reads a document and hands each property in it to `each`.
///
/// A document that ends early is not an error, see [`Document::cut`]; one that is not JSON, or holds
/// no properties, is. A record that was handed out before an error is good nevertheless.
pub fn read<'a>(output: &'a [u8], each: impl FnMut(Record<'a>)) -> Result<Document<'a>, ReadError> {
    // OpenZFS ends a cut document in a newline as well: inside a string, where JSON has none.
    let output = output.trim_ascii_end();
    let mut reader = Reader {
        each,
        document: Document::default(),
        list: false,
        dataset: Cow::Borrowed(""),
        property: Cow::Borrowed(""),
    };
    let mut json = serde_json::Deserializer::from_slice(output);
    let root = Object(Root { reader: &mut reader, found: false });
    match root.deserialize(&mut json).and_then(|()| json.end()) {
        Ok(()) => {}
        Err(error) if error.is_eof() && !output.is_empty() => {
            let (dataset, property) = (reader.dataset.into_owned(), reader.property.into_owned());
            reader.document.cut = Some(Cut { dataset, property });
            reader.document.trust = reader.document.trust.max(Trust::Truncated);
        }
        Err(error) => {
            return Err(ReadError {
                line: error.line(),
                column: error.column(),
                fault: ReadFault::Json { reason: error.to_string() },
            });
        }
    }
    Ok(reader.document)
}

struct Reader<'a, F> {
    each: F,
    document: Document<'a>,
    /// The command is `zfs list`.
    list: bool,
    /// Where the reader is.
    dataset: Cow<'a, str>,
    property: Cow<'a, str>,
}

impl<'a, F: FnMut(Record<'a>)> Reader<'a, F> {
    fn record(
        &mut self,
        printed: Printed<'a>,
        source: Option<Source<Cow<'a, str>>>,
        received: Option<Cow<'a, str>>,
    ) {
        let property = &*self.property;
        let is_received = source == Some(Source::Received);
        let received = received.filter(|data| is_received && data != "-");
        let trust = received.as_deref().map_or(Trust::Exact, |text| trust_of_text(property, text));
        let mut record = Record {
            dataset: self.dataset.clone(),
            property: self.property.clone(),
            value: Cow::Borrowed(b"-"),
            received: received.map(into_bytes),
            source,
            trust,
        };
        match printed {
            Printed::Text(Cow::Borrowed("-")) if self.list && trust::is_user(property) => {
                record.trust = Trust::Ambiguous;
                record.source = None;
            }
            Printed::Text(Cow::Borrowed("-")) if self.list => record.source = Some(Source::None),
            Printed::Text(text) => {
                record.trust = trust.max(trust_of_text(property, &text));
                record.value = into_bytes(text);
            }
            Printed::Number(number) => {
                record.trust = trust.max(trust::of_number(property, number));
                record.value = Cow::Owned(number.to_string().into_bytes());
            }
        }
        self.document.count(record.trust);
        (self.each)(record);
    }
}

/// Characters beyond ASCII may have been changed, and others lost next to them.
fn trust_of_text(property: &str, text: &str) -> Trust {
    if text.is_ascii() { trust::of_text(property, text.as_bytes()) } else { Trust::Ambiguous }
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// An object of the document, read member by member into `self`.
trait Members<'a> {
    /// Reads the value of the member called `name`.
    fn member<M: MapAccess<'a>>(&mut self, name: Cow<'a, str>, map: &mut M)
    -> Result<(), M::Error>;

    /// All members have been read.
    fn end<E: Error>(self) -> Result<(), E>;
}

struct Object<T>(T);

impl<'a, T: Members<'a>> DeserializeSeed<'a> for Object<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a, T: Members<'a>> Visitor<'a> for Object<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(name) = map.next_key_seed(Text)? {
            self.0.member(name, &mut map)?;
        }
        self.0.end()
    }
}

fn ignore<'a, M: MapAccess<'a>>(map: &mut M) -> Result<(), M::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// The whole document.
struct Root<'r, 'a, F> {
    reader: &'r mut Reader<'a, F>,
    /// There are datasets, pools or vdevs.
    found: bool,
}

impl<'a, F: FnMut(Record<'a>)> Members<'a> for Root<'_, 'a, F> {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        match &*name {
            "output_version" => map.next_value_seed(Object(Version(&mut self.reader.list))),
            "datasets" | "pools" | "vdevs" => {
                self.found = true;
                map.next_value_seed(Object(Datasets(self.reader)))
            }
            _ => ignore(map),
        }
    }

    fn end<E: Error>(self) -> Result<(), E> {
        if self.found { Ok(()) } else { Err(E::custom("no datasets, pools or vdevs")) }
    }
}

/// `output_version`: which command printed the document.
struct Version<'r>(&'r mut bool);

impl<'a> Members<'a> for Version<'_> {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        if name != "command" {
            return ignore(map);
        }
        *self.0 = map.next_value_seed(Text)? == "zfs list";
        Ok(())
    }

    fn end<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// `datasets`, `pools` or `vdevs`: one member each.
struct Datasets<'r, 'a, F>(&'r mut Reader<'a, F>);

impl<'a, F: FnMut(Record<'a>)> Members<'a> for Datasets<'_, 'a, F> {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        self.0.dataset = name;
        map.next_value_seed(Object(Dataset { reader: self.0, found: false }))
    }

    fn end<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// One dataset, pool or vdev.
struct Dataset<'r, 'a, F> {
    reader: &'r mut Reader<'a, F>,
    /// There are properties.
    found: bool,
}

impl<'a, F: FnMut(Record<'a>)> Members<'a> for Dataset<'_, 'a, F> {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        match &*name {
            // With `--json-pool-key-guid` the member is called after the pool's guid.
            "name" => self.reader.dataset = map.next_value_seed(Text)?,
            "properties" => {
                self.found = true;
                map.next_value_seed(Object(Properties(self.reader)))?;
            }
            _ => ignore(map)?,
        }
        Ok(())
    }

    fn end<E: Error>(self) -> Result<(), E> {
        self.reader.property = Cow::Borrowed("");
        if self.found { Ok(()) } else { Err(E::missing_field("properties")) }
    }
}

/// `properties`: one member each.
struct Properties<'r, 'a, F>(&'r mut Reader<'a, F>);

impl<'a, F: FnMut(Record<'a>)> Members<'a> for Properties<'_, 'a, F> {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        self.0.property = name;
        map.next_value_seed(Object(Property { reader: self.0, value: None, origin: None }))
    }

    fn end<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// One property: its value and source.
struct Property<'r, 'a, F> {
    reader: &'r mut Reader<'a, F>,
    value: Option<Printed<'a>>,
    origin: Option<Origin<'a>>,
}

impl<'a, F: FnMut(Record<'a>)> Members<'a> for Property<'_, 'a, F> {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        match &*name {
            "value" => self.value = Some(map.next_value_seed(Value)?),
            "source" => {
                map.next_value_seed(Object(self.origin.insert(Origin::default())))?;
            }
            _ => ignore(map)?,
        }
        Ok(())
    }

    fn end<E: Error>(self) -> Result<(), E> {
        let value = self.value.ok_or_else(|| E::missing_field("value"))?;
        let (source, data) = match self.origin {
            None => (None, None),
            Some(Origin { kind, data }) => {
                let source = Source::from_json(&kind, data.clone())
                    .ok_or_else(|| E::unknown_variant(&kind, JSON_WORDS))?;
                (Some(source), Some(data))
            }
        };
        self.reader.record(value, source, data);
        Ok(())
    }
}

/// `source`: what kind, and the ancestor's name or the received value.
#[derive(Default)]
struct Origin<'a> {
    kind: Cow<'a, str>,
    data: Cow<'a, str>,
}

impl<'a> Members<'a> for &mut Origin<'a> {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut M,
    ) -> Result<(), M::Error> {
        match &*name {
            "type" => self.kind = map.next_value_seed(Text)?,
            "data" => self.data = map.next_value_seed(Text)?,
            _ => ignore(map)?,
        }
        Ok(())
    }

    fn end<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A string, borrowed if it has no escapes.
struct Text;

impl<'a> DeserializeSeed<'a> for Text {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Text {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.into()))
    }
}

/// A value as it was printed.
enum Printed<'a> {
    Text(Cow<'a, str>),
    Number(u64),
}

struct Value;

impl<'a> DeserializeSeed<'a> for Value {
    type Value = Printed<'a>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Value {
    type Value = Printed<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an unsigned number")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Printed::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Printed::Text(Cow::Owned(text.into())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Printed::Number(number))
    }
}
