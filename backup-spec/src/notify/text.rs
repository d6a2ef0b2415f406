//! A text with `${variables}`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A text with variables. `${name}` is a variable, `$$` a dollar sign; every other dollar sign is refused, because a reader
/// could not tell whether it was meant for a shell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Literal(String),
    Variable(String),
}

/// A text that is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template text, byte {at}: {fault}")]
pub struct TextError {
    /// The byte of the dollar sign.
    pub at: usize,
    /// What is wrong with it.
    pub fault: TextFault,
}

/// What is wrong with a dollar sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextFault {
    /// `${` without `}`.
    #[error("`${{` is not closed; write ${{name}}, or $$ for a dollar sign")]
    Unclosed,
    /// No name between the braces.
    #[error("no name stands between the braces; names are a letter, then letters, digits and `_`")]
    Name,
    /// `$(`: nothing is run.
    #[error("`$(` runs nothing here; write $$( for the characters")]
    Command,
    /// `$NAME`: a shell would replace it, nobody does here.
    #[error(
        "a variable without braces would be sent as it is; write ${{name}}, or $$ for a dollar sign"
    )]
    Bare,
}

/// Whether this is the name of a variable.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl FromStr for Text {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            let (before, from) = rest.split_at(dollar);
            literal.push_str(before);
            let at = text.len() - from.len();
            let error = |fault| Err(TextError { at, fault });
            if let Some(after) = from.strip_prefix("$$") {
                literal.push('$');
                rest = after;
            } else if let Some(after) = from.strip_prefix("${") {
                let Some((name, after)) = after.split_once('}') else {
                    return error(TextFault::Unclosed);
                };
                if !is_name(name) {
                    return error(TextFault::Name);
                }
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Variable(name.to_owned()));
                rest = after;
            } else {
                let command = from.starts_with("$(");
                return error(if command { TextFault::Command } else { TextFault::Bare });
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Literal(text) => f.write_str(&text.replace('$', "$$"))?,
                Part::Variable(name) => write!(f, "${{{name}}}")?,
            }
        }
        Ok(())
    }
}

impl Text {
    /// The variables, as often as they stand there.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The text with every variable replaced by what `value` says, which is put in as it is.
    pub fn render<'v>(&self, value: impl Fn(&str) -> Cow<'v, str>) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name) => text.push_str(&value(name)),
            }
        }
        text
    }
}

crate::text_form::text_form!(Text);
