//! The lines of a sanoid.conf, as Perl's `Config::IniFiles` 3.0 takes them apart.

use std::collections::HashMap;
use std::fmt;

/// What makes a file unreadable; sanoid then does nothing at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// A line that is no `[section]`, no `key = value`, no comment and not blank.
    #[error("line {line}: `{text}` is neither [section] nor key = value")]
    Malformed {
        /// Which line, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A key before the first section.
    #[error("line {line}: `{key}` stands before the first [section]")]
    OutsideSection {
        /// Which line.
        line: usize,
        /// The key.
        key: String,
    },
    /// `key = <<MARK` without a line that is `MARK`.
    #[error("line {line}: the value goes on until a line `{mark}`, and there is none")]
    Endless {
        /// The line that it begins in.
        line: usize,
        /// What it should end with.
        mark: String,
    },
    /// A file of one line without an end: the reader looks for how lines end, and gives up.
    #[error("the only line has no end, and is not read: end it with a line break")]
    NoLineEnd,
    /// A file without a section.
    #[error("there is no [section]")]
    Empty,
}

/// Every error of a file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxErrors(pub Vec<SyntaxError>);

impl fmt::Display for SyntaxErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(nr, error)| {
            f.write_str(if nr > 0 { "\n" } else { "" })?;
            error.fmt(f)
        })
    }
}

impl std::error::Error for SyntaxErrors {}

/// One `key = value`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Its values: more than one if the key stands more than once in the section, or if the value goes
    /// over several lines (`<<MARK`). sanoid takes the first.
    pub values: Vec<String>,
    /// The line of the first, from 1; 0 if it comes from no file.
    pub line: usize,
}

/// The line does not matter.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.values == other.values
    }
}

impl Eq for Entry {}

/// One section.
#[derive(Clone, Debug)]
pub struct Section {
    /// What stands between the brackets: a dataset, or `template_NAME`.
    pub name: String,
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// The line, from 1; 0 if it comes from no file.
    pub line: usize,
}

/// The line does not matter.
impl PartialEq for Section {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.entries == other.entries
    }
}

impl Eq for Section {}

/// Perl's `\s` in bytes.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// How the first line ends is how every line ends.
fn line_end(text: &str) -> &'static str {
    match text.find(['\r', '\n']).and_then(|at| text.get(at..)) {
        Some(end) if end.starts_with("\r\n") => "\r\n",
        Some(end) if end.starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// Takes a file apart. A section that stands twice is one.
pub(super) fn sections(text: &str) -> Result<Vec<Section>, SyntaxErrors> {
    if !text.is_empty() && !text.contains(['\r', '\n']) {
        return Err(SyntaxErrors(vec![SyntaxError::NoLineEnd]));
    }
    let end = line_end(text);
    let (whole, is_ended) = text.strip_suffix(end).map_or((text, false), |whole| (whole, true));
    let last = whole.matches(end).count() + 1;
    let mut lines = (1..).zip(whole.split(end)).map(|(line, content)| {
        // The last line may end otherwise, or not at all; and Unix lines may have a return before the end.
        let may_have_more = end == "\n" || line == last && !is_ended;
        let ended = content.strip_suffix('\r').or(content.strip_suffix('\n'));
        (line, ended.filter(|_| may_have_more).unwrap_or(content))
    });
    let mut sections: Vec<Section> = Vec::new();
    let mut places = HashMap::new();
    let mut keys = HashMap::new();
    let mut current = None::<usize>;
    let mut errors = Vec::new();
    while let Some((line, content)) = lines.next() {
        let trimmed = content.trim_matches(is_space);
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(inner) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = inner.trim_matches(is_space);
            if !name.is_empty() && !name.contains('\n') {
                current = Some(*places.entry(name.to_owned()).or_insert_with(|| {
                    sections.push(Section { name: name.to_owned(), entries: Vec::new(), line });
                    sections.len() - 1
                }));
                continue;
            }
        }
        let pair = content.split_once('=').map(|(key, value)| (key.trim_matches(is_space), value));
        let (key, value) = match pair {
            Some((key, value)) if !key.is_empty() && !content.contains('\n') => {
                (key, value.trim_start_matches(is_space))
            }
            _ => {
                errors.push(SyntaxError::Malformed { line, text: content.to_owned() });
                continue;
            }
        };
        let Some((place, section)) =
            current.and_then(|place| Some((place, sections.get_mut(place)?)))
        else {
            errors.push(SyntaxError::OutsideSection { line, key: key.to_owned() });
            return Err(SyntaxErrors(errors));
        };
        let values = match value.strip_prefix("<<") {
            None => vec![value.to_owned()],
            Some(mark) => {
                let mut values = Vec::new();
                loop {
                    match lines.next() {
                        Some((_, text)) if text == mark => break values,
                        Some((line, text)) if text.contains('\n') => {
                            errors.push(SyntaxError::Malformed { line, text: text.to_owned() });
                        }
                        Some((_, text)) => values.push(text.to_owned()),
                        None => {
                            errors.push(SyntaxError::Endless { line, mark: mark.to_owned() });
                            return Err(SyntaxErrors(errors));
                        }
                    }
                }
            }
        };
        let known = *keys.entry((place, key)).or_insert(section.entries.len());
        match section.entries.get_mut(known) {
            // A first value of no line at all stays so.
            Some(entry) if entry.values.is_empty() => {}
            Some(entry) => entry.values.extend(values),
            None => section.entries.push(Entry { key: key.to_owned(), values, line }),
        }
    }
    if errors.is_empty() && sections.is_empty() {
        errors.push(SyntaxError::Empty);
    }
    if errors.is_empty() { Ok(sections) } else { Err(SyntaxErrors(errors)) }
}
