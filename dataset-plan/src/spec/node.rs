//! A declaration as text gives it: tables, lists and scalars that still know where they stood.
//!
//! TOML and JSON both end up here, so that one reader (`read`) knows the keys.

use crate::problem::{Code, Position, Problem};

/// A value with its place in the text.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Option<Position>,
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) enum Data {
    /// In the order of the text; JSON may repeat a key.
    Table(Vec<Member>),
    List(Vec<Node>),
    Text(String),
    /// A whole number, as it would be written in decimal.
    Number(String),
    Boolean(bool),
    /// What no key takes: a fraction, a date, null.
    Other(&'static str),
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) at: Option<Position>,
    pub(super) node: Node,
}

impl Node {
    /// What this is, for a message.
    pub(super) fn noun(&self) -> &'static str {
        match self.data {
            Data::Table(_) => "a table",
            Data::List(_) => "a list",
            Data::Text(_) => "a string",
            Data::Number(_) => "a number",
            Data::Boolean(_) => "a boolean",
            Data::Other(noun) => noun,
        }
    }
}

fn syntax(position: Option<Position>, what: &str) -> Problem {
    Problem {
        position,
        path: String::new(),
        code: Code::Syntax,
        what: what.trim().replace('\n', ", "),
        remedy: "nothing was read".into(),
    }
}

mod toml_text {
    use std::ops::Range;

    use toml::de::{DeTable, DeValue};

    use super::{Data, Member, Node, Position, Problem, syntax};

    /// Byte offsets to lines and columns: the line starts, found once.
    struct Lines<'t> {
        text: &'t str,
        starts: Vec<usize>,
    }

    impl<'t> Lines<'t> {
        fn new(text: &'t str) -> Self {
            let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
            Self { text, starts: std::iter::once(0).chain(newlines).collect() }
        }

        fn position(&self, span: &Range<usize>) -> Position {
            let line = self.starts.partition_point(|start| *start <= span.start);
            let start = line.checked_sub(1).and_then(|n| self.starts.get(n)).copied().unwrap_or(0);
            let before = self.text.get(start..span.start).unwrap_or("");
            Position { line, column: before.chars().count() + 1 }
        }

        fn node(&self, span: &Range<usize>, value: &DeValue<'_>) -> Node {
            let data = match value {
                DeValue::Table(table) => Data::Table(self.members(table)),
                DeValue::Array(list) => {
                    Data::List(list.iter().map(|v| self.node(&v.span(), v.get_ref())).collect())
                }
                DeValue::String(text) => Data::Text(text.to_string()),
                DeValue::Integer(number) => {
                    match i128::from_str_radix(number.as_str(), number.radix()) {
                        Ok(number) => Data::Number(number.to_string()),
                        Err(_) => Data::Other("a number out of range"),
                    }
                }
                DeValue::Float(_) => Data::Other("a fraction"),
                DeValue::Boolean(value) => Data::Boolean(*value),
                DeValue::Datetime(_) => Data::Other("a date"),
            };
            Node { at: Some(self.position(span)), data }
        }

        fn members(&self, table: &DeTable<'_>) -> Vec<Member> {
            let member = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| Member {
                key: AsRef::<str>::as_ref(key.get_ref()).to_owned(),
                at: Some(self.position(&key.span())),
                node: self.node(&value.span(), value.get_ref()),
            };
            let mut members: Vec<Member> = table
                .iter()
                .map(|(k, v): (&toml::Spanned<std::borrow::Cow<'_, str>>, _)| member((k, v)))
                .collect();
            members.sort_by_key(|member| member.at);
            members
        }
    }

    /// Reads TOML; all syntax errors are reported.
    pub(in crate::spec) fn read(text: &str) -> Result<Node, Vec<Problem>> {
        let lines = Lines::new(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let data = Data::Table(lines.members(table.get_ref()));
            return Ok(Node { at: None, data });
        }
        let problem = |error: &toml::de::Error| {
            syntax(error.span().map(|span| lines.position(&span)), error.message())
        };
        Err(errors.iter().map(problem).collect())
    }
}
pub(super) use toml_text::read as from_toml;

#[cfg(feature = "serde")]
mod json_text {
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

    use super::{Data, Member, Node, Position, Problem, syntax};

    impl<'de> Deserialize<'de> for Node {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(AnyNode).map(|data| Node { at: None, data })
        }
    }

    struct AnyNode;

    impl<'de> Visitor<'de> for AnyNode {
        type Value = Data;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Data, E> {
            Ok(Data::Boolean(value))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Data, E> {
            Ok(Data::Number(number.to_string()))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Data, E> {
            Ok(Data::Number(number.to_string()))
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Data, E> {
            Ok(Data::Other("a fraction"))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
            Ok(Data::Text(text.to_owned()))
        }

        fn visit_unit<E: Error>(self) -> Result<Data, E> {
            Ok(Data::Other("null"))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Data, A::Error> {
            let mut nodes = Vec::new();
            while let Some(node) = list.next_element()? {
                nodes.push(node);
            }
            Ok(Data::List(nodes))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
            let mut members = Vec::new();
            while let Some((key, node)) = map.next_entry()? {
                members.push(Member { key, at: None, node });
            }
            Ok(Data::Table(members))
        }
    }

    /// Reads JSON; places are known as paths only, for what Nix emits has one line.
    pub(in crate::spec) fn read(text: &str) -> Result<Node, Vec<Problem>> {
        serde_json::from_str(text).map_err(|error| {
            let position = Position { line: error.line(), column: error.column() };
            vec![syntax(Some(position), &error.to_string())]
        })
    }
}
#[cfg(feature = "serde")]
pub(super) use json_text::read as from_json;
