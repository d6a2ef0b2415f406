//! From JSON, or any format that describes itself, to a [`Node`].

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::node::{Data, Member, Node};
use crate::problem::{Fault, Position, Problem, Problems};

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

    fn visit_f64<E: Error>(self, number: f64) -> Result<Data, E> {
        // What has no fraction and is no integer either is one of more than 64 bits.
        let is_whole = number.fract() == 0.0 && number.abs() >= 9_223_372_036_854_775_808.0;
        Ok(Data::Other(if is_whole { "a number out of range" } else { "a fraction" }))
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

pub(crate) fn read(text: &str) -> Result<Node, Problems<Fault>> {
    let problem = |error: serde_json::Error| Problem {
        position: Some(Position { line: error.line(), column: error.column() }),
        path: String::new(),
        code: Fault::Syntax,
        what: error.to_string(),
        remedy: "nothing was read".into(),
    };
    // Some editors begin a file with a mark of its encoding, which a reader may pass over (RFC 8259, 8.1); TOML's does.
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
        .or_else(|error| Problems::check(vec![problem(error)]).map(|()| Node::EMPTY))
}
