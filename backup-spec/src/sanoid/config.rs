//! A sanoid.conf as a document: what stands where. Made, read and written here.

use std::fmt;
use std::str::FromStr;

use super::ini::{Entry, Section, SyntaxErrors, is_space, sections};
use super::key::Key;

/// A sanoid.conf: its sections in order. Comments are not kept.
///
/// Written, it reads back as the same document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    sections: Vec<Section>,
}

/// A name or a value that cannot stand in a sanoid.conf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be written: it must be on one line, without blanks around it, and not begin with <<"
)]
pub struct ValueError(String);

impl ValueError {
    fn check(text: &str, may_be_empty: bool) -> Result<(), Self> {
        let fits = text.trim_matches(is_space) == text
            && !text.contains(['\n', '\r'])
            && !text.starts_with("<<")
            && (may_be_empty || !text.is_empty());
        if fits { Ok(()) } else { Err(Self(text.to_owned())) }
    }
}

impl Config {
    /// The sections, in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of that name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Adds a section at the end, with these keys. No section has that name yet.
    pub(crate) fn push<'v>(
        &mut self,
        section: &str,
        values: impl IntoIterator<Item = (Key, &'v str)>,
    ) -> Result<(), ValueError> {
        ValueError::check(section, false)?;
        let entry = |(key, value): (Key, &str)| {
            ValueError::check(value, true)?;
            Ok(Entry { key: key.name().to_owned(), values: vec![value.to_owned()], line: 0 })
        };
        let entries = values.into_iter().map(entry).collect::<Result<_, ValueError>>()?;
        self.sections.push(Section { name: section.to_owned(), entries, line: 0 });
        Ok(())
    }

    /// Sets a value in a section, which is added at the end if it is not there.
    ///
    /// # Errors
    ///
    /// [`ValueError`], if the file could not be read back.
    pub fn set(&mut self, section: &str, key: Key, value: &str) -> Result<(), ValueError> {
        ValueError::check(section, false)?;
        ValueError::check(value, true)?;
        let known = self.sections.iter().position(|known| known.name == section);
        let place = known.unwrap_or(self.sections.len());
        if known.is_none() {
            let (name, entries) = (section.to_owned(), Vec::new());
            self.sections.push(Section { name, entries, line: 0 });
        }
        let Some(section) = self.sections.get_mut(place) else { return Ok(()) };
        let values = vec![value.to_owned()];
        match section.entries.iter_mut().find(|entry| entry.key == key.name()) {
            Some(entry) => entry.values = values,
            None => {
                section.entries.push(Entry { key: key.name().to_owned(), values, line: 0 });
            }
        }
        Ok(())
    }
}

impl FromStr for Config {
    type Err = SyntaxErrors;

    fn from_str(text: &str) -> Result<Self, SyntaxErrors> {
        Ok(Self { sections: sections(text)? })
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The first line says how lines end: a return within one must not be the first.
        writeln!(f, "# sanoid.conf")?;
        for section in &self.sections {
            writeln!(f, "\n[{}]", section.name)?;
            for entry in &section.entries {
                if entry.values.is_empty() {
                    writeln!(f, "\t{} = <<END\nEND", entry.key)?;
                }
                for value in &entry.values {
                    // Blanks before a value, and what begins with <<, survive in a value of lines only;
                    // and a key that begins as a section does must not end as one.
                    let is_plain = value.trim_start_matches(is_space) == value
                        && !value.starts_with("<<")
                        && !(entry.key.starts_with('[')
                            && value.trim_end_matches(is_space).ends_with(']'));
                    // One return at the end would belong to the line's end.
                    let end = if value.ends_with('\r') { "\r" } else { "" };
                    if is_plain {
                        writeln!(f, "\t{} = {value}{end}", entry.key)?;
                    } else {
                        let mark = if value == "END" { "END0" } else { "END" };
                        writeln!(f, "\t{} = <<{mark}\n{value}{end}\n{mark}", entry.key)?;
                    }
                }
            }
        }
        Ok(())
    }
}
