//! From TOML to a [`Node`].

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::node::{Data, Member, Node};
use crate::problem::{Fault, Position, Problem, Problems};

/// Byte offsets to lines and columns: what is no beginning of a line or character is found once, since a line can be as long
/// as the text, and hold as many values.
struct Lines {
    starts: Vec<usize>,
    /// Bytes that go on with a character: those before a place are no columns of their own.
    inner: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let goes_on = |(at, byte): (usize, u8)| (byte & 0xC0 == 0x80).then_some(at);
        Self {
            starts: std::iter::once(0).chain(newlines).collect(),
            inner: text.bytes().enumerate().filter_map(goes_on).collect(),
        }
    }

    fn position(&self, span: &Range<usize>) -> Position {
        let line = self.starts.partition_point(|start| *start <= span.start);
        let start = line.checked_sub(1).and_then(|n| self.starts.get(n)).copied().unwrap_or(0);
        let inner = |place: usize| self.inner.partition_point(|at| *at < place);
        let characters = span.start - start - (inner(span.start) - inner(start));
        Position { line, column: characters + 1 }
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
        let mut members = Vec::with_capacity(table.len());
        for (key, value) in table {
            let text: &str = key.get_ref();
            members.push(Member {
                key: text.to_owned(),
                at: Some(self.position(&key.span())),
                node: self.node(&value.span(), value.get_ref()),
            });
        }
        members.sort_by_key(|member| member.at);
        members
    }
}

pub(crate) fn read(text: &str) -> Result<Node, Problems<Fault>> {
    let lines = Lines::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let problem = |error: &toml::de::Error| Problem {
        position: error.span().map(|span| lines.position(&span)),
        path: String::new(),
        code: Fault::Syntax,
        what: error.message().trim().replace('\n', ", "),
        remedy: "nothing was read".into(),
    };
    Problems::check(errors.iter().map(problem).collect())?;
    Ok(Node { at: None, data: Data::Table(lines.members(table.get_ref())) })
}
