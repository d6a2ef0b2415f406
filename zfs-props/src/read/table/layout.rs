//! Where the fields of a table stand.

use alloc::vec::Vec;

/// Two blanks stand between columns.
const GAP: &[u8] = b"  ";

/// The head of a column. Offsets are in bytes, as `printf` pads.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) word: &'a str,
    begin: usize,
    end: usize,
    /// The column is aligned to the right, and has no blanks in its fields.
    pub(super) is_right: bool,
}

/// What stands below a head, without the padding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) fit: Fit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// All of it is there, and nothing else.
    Whole,
    /// Blanks follow: padding, or its own.
    Padded,
    /// It is wider than the column.
    Overlong,
}

/// The heads in the first line, all aligned to the left.
pub(super) fn heads(line: &str) -> Vec<Head<'_>> {
    let mut heads = Vec::new();
    let mut at = 0;
    for part in line.split("  ") {
        let word = part.trim_matches(' ');
        let begin = at + part.len() - part.trim_start_matches(' ').len();
        if !word.is_empty() {
            heads.push(Head { word, begin, end: begin + word.len(), is_right: false });
        }
        at += part.len() + GAP.len();
    }
    heads
}

/// The fields of a line; `None` if they do not stand below the heads.
pub(super) fn fields<'l>(heads: &[Head<'_>], line: &'l [u8]) -> Option<Vec<Field<'l>>> {
    let mut fields = Vec::with_capacity(heads.len());
    // Where the next field begins, and how far overlong ones moved it.
    let (mut begin, mut shift) = (0, 0);
    let mut heads = heads.iter().peekable();
    while let Some(head) = heads.next() {
        let (end, stop) = match heads.peek() {
            _ if head.is_right => {
                let stop = head.end + shift;
                (word_end(line, stop)?, stop)
            }
            // Where one column ends and the other begins depends on all lines; the latter has no blanks.
            Some(next) if next.is_right => {
                let both = line.get(begin..word_end(line, next.end + shift)?)?;
                let length = both.iter().rposition(|&byte| byte == b' ')? + 1;
                let bytes = trim_end(both.get(..length)?.strip_suffix(GAP)?);
                fields.push(Field { bytes, fit: Fit::Padded });
                begin += length;
                continue;
            }
            Some(next) => {
                let stop = next.begin.checked_sub(GAP.len())? + shift;
                let rest = line.get(stop..)?;
                (stop + rest.windows(GAP.len()).position(|bytes| bytes == GAP)?, stop)
            }
            None => (line.len(), line.len()),
        };
        let field = line.get(begin..end)?;
        let bytes = if head.is_right { trim_start(field) } else { trim_end(field) };
        let is_padded = bytes.len() < field.len();
        let is_last = heads.peek().is_none();
        fields.push(match (head.is_right, is_last) {
            (false, true) => Field { bytes: field, fit: Fit::Whole },
            _ if end > stop && is_padded => return None,
            _ if end > stop => Field { bytes, fit: Fit::Overlong },
            (true, _) if bytes.is_empty() || bytes.contains(&b' ') => return None,
            (false, _) if is_padded => Field { bytes, fit: Fit::Padded },
            _ => Field { bytes, fit: Fit::Whole },
        });
        shift += end - stop;
        begin = if is_last { end } else { end + GAP.len() };
        if line.get(end..begin)?.iter().any(|&byte| byte != b' ') {
            return None;
        }
    }
    (begin == line.len()).then_some(fields)
}

/// The first blank from `at` on, or the end.
fn word_end(line: &[u8], at: usize) -> Option<usize> {
    let rest = line.get(at..)?;
    Some(at + rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len()))
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let Some(shorter) = text.strip_prefix(b" ") {
        text = shorter;
    }
    text
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let Some(shorter) = text.strip_suffix(b" ") {
        text = shorter;
    }
    text
}
