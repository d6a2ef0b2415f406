//! A declaration as text gives it: tables, lists and scalars that still know where they stood.

use crate::problem::{Fault, Position, Problems};

/// A value with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where the value begins, if the text has lines.
    pub at: Option<Position>,
    /// What it is.
    pub data: Data,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// In the order of the text; JSON may repeat a key.
    Table(Vec<Member>),
    /// In the order of the text.
    List(Vec<Node>),
    /// A string.
    Text(String),
    /// A whole number, as it would be written in decimal.
    Number(String),
    /// True or false.
    Boolean(bool),
    /// What no key takes: a fraction, a date, null.
    Other(&'static str),
}

/// A key of a table, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The key, without quotes.
    pub key: String,
    /// Where the key begins, if the text has lines.
    pub at: Option<Position>,
    /// The value.
    pub node: Node,
}

impl Node {
    /// An empty table.
    pub const EMPTY: Node = Node { at: None, data: Data::Table(Vec::new()) };

    /// Reads TOML; every syntax error is reported.
    pub fn from_toml(text: &str) -> Result<Self, Problems<Fault>> {
        crate::toml_text::read(text)
    }

    /// Reads JSON. Places are known as paths only: what programs emit often has one line.
    #[cfg(feature = "serde")]
    pub fn from_json(text: &str) -> Result<Self, Problems<Fault>> {
        crate::json::read(text)
    }

    /// What this is, for a message: "a table".
    pub fn noun(&self) -> &'static str {
        match self.data {
            Data::Table(_) => "a table",
            Data::List(_) => "a list",
            Data::Text(_) => "a string",
            Data::Number(_) => "a number",
            Data::Boolean(_) => "a boolean",
            Data::Other(noun) => noun,
        }
    }

    /// The value of a key, if this is a table that has it: to hand a part of a document on.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let Data::Table(members) = &self.data else { return None };
        members.iter().find(|member| member.key == key).map(|member| &member.node)
    }
}
