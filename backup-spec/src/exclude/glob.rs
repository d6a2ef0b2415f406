//! One component of a pattern: `*`, `?`, `[a-z]`, `[^a-z]`, `\x`, as Go's `filepath.Match` reads them.

/// A pattern of one path component, ready to be matched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Glob {
    /// Without anything special.
    Literal(Box<str>),
    /// `*` and then nothing special: `*.tmp`.
    Ending(Box<str>),
    /// Runs of tokens; before each a `*`, but before the first only if `starts_with_star`.
    Tokens {
        /// Whether there is a `*` before the first run.
        starts_with_star: bool,
        /// The runs. An empty one at the end is a `*` at the end.
        chunks: Vec<Vec<Token>>,
    },
}

/// What matches one character (a literal: one byte).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Token {
    Byte(u8),
    Any,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A component that is no pattern: an unclosed `[`, a `\` at the end, `[]a]`, `[-a]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadGlob;

/// What makes a component a pattern.
const SPECIAL: [char; 5] = ['\\', '[', ']', '*', '?'];

impl Glob {
    pub(super) fn new(text: &str) -> Result<Self, BadGlob> {
        if !text.contains(SPECIAL) {
            return Ok(Self::Literal(text.into()));
        }
        if let Some(ending) = text.strip_prefix('*').filter(|rest| !rest.contains(SPECIAL)) {
            return Ok(Self::Ending(ending.into()));
        }
        let (mut chunks, mut chunk) = (Vec::new(), Vec::new());
        let starts_with_star = text.starts_with('*');
        let mut rest = text.trim_start_matches('*').chars();
        while let Some(c) = rest.next() {
            match c {
                '*' => {
                    chunks.push(std::mem::take(&mut chunk));
                    rest = rest.as_str().trim_start_matches('*').chars();
                }
                '?' => chunk.push(Token::Any),
                '[' => chunk.push(class(&mut rest)?),
                '\\' => push_bytes(&mut chunk, rest.next().ok_or(BadGlob)?),
                c => push_bytes(&mut chunk, c),
            }
        }
        if !chunk.is_empty() || text.ends_with('*') && !chunks.is_empty() {
            chunks.push(chunk);
        }
        Ok(Self::Tokens { starts_with_star, chunks })
    }

    /// The text, if nothing in it is special.
    pub(super) fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Ending(_) | Self::Tokens { .. } => None,
        }
    }

    /// Whether some component can match at all: not so with `[z-a]`.
    pub(super) fn can_match(&self) -> bool {
        let Self::Tokens { chunks, .. } = self else { return true };
        chunks.iter().flatten().all(|token| match token {
            Token::Class { negated: false, ranges } => ranges.iter().any(|(low, high)| low <= high),
            _ => true,
        })
    }

    /// A class that negates nothing although it looks so: `[!a]`.
    pub(super) fn has_class_with_bang(&self) -> bool {
        let Self::Tokens { chunks, .. } = self else { return false };
        chunks.iter().flatten().any(|token| match token {
            Token::Class { negated: false, ranges } => ranges.first() == Some(&('!', '!')),
            _ => false,
        })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let (starts_with_star, chunks) = match self {
            Self::Literal(text) => return **text == *name,
            Self::Ending(text) => return name.ends_with(&**text),
            Self::Tokens { starts_with_star, chunks } => (*starts_with_star, chunks),
        };
        let mut rest = name.as_bytes();
        let mut star = starts_with_star;
        let last = chunks.len().saturating_sub(1);
        for (nr, chunk) in chunks.iter().enumerate() {
            if star && chunk.is_empty() {
                return true;
            }
            // The first place will do: a later `*` takes up whatever is left. The last run has to end
            // where the name does. Go moves on byte by byte, into characters too.
            let mut from = rest;
            loop {
                match after(chunk, from) {
                    Some(after) if nr < last || after.is_empty() => {
                        rest = after;
                        break;
                    }
                    _ if !star => return false,
                    _ => match from.split_first() {
                        Some((_, later)) => from = later,
                        None => return false,
                    },
                }
            }
            star = true;
        }
        // Nothing but stars, or nothing at all.
        !chunks.is_empty() || starts_with_star || rest.is_empty()
    }
}

fn push_bytes(chunk: &mut Vec<Token>, c: char) {
    chunk.extend(c.encode_utf8(&mut [0; 4]).bytes().map(Token::Byte));
}

/// What follows `[`.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Token, BadGlob> {
    let negated = rest.as_str().starts_with('^');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        if rest.as_str().starts_with(']') && !ranges.is_empty() {
            rest.next();
            return Ok(Token::Class { negated, ranges });
        }
        let low = class_char(rest)?;
        let mut high = low;
        if rest.as_str().starts_with('-') {
            rest.next();
            high = class_char(rest)?;
        }
        ranges.push((low, high));
    }
}

/// One end of a range. `-` and `]` need a `\`, and something has to follow.
fn class_char(rest: &mut std::str::Chars<'_>) -> Result<char, BadGlob> {
    let c = match rest.next() {
        None | Some('-' | ']') => return Err(BadGlob),
        Some('\\') => rest.next().ok_or(BadGlob)?,
        Some(c) => c,
    };
    if rest.as_str().is_empty() { Err(BadGlob) } else { Ok(c) }
}

/// What is left of `name` after a run of tokens at its beginning.
fn after<'n>(chunk: &[Token], mut name: &'n [u8]) -> Option<&'n [u8]> {
    for token in chunk {
        name = match token {
            Token::Byte(byte) => name.strip_prefix(std::slice::from_ref(byte))?,
            Token::Any => first_char(name)?.1,
            Token::Class { negated, ranges } => {
                let (c, rest) = first_char(name)?;
                let is_in = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                if is_in == *negated {
                    return None;
                }
                rest
            }
        };
    }
    Some(name)
}

/// The first character; in the middle of one, a byte that counts as U+FFFD.
fn first_char(name: &[u8]) -> Option<(char, &[u8])> {
    let &first = name.first()?;
    if first < 0x80 {
        return Some((char::from(first), name.get(1..)?));
    }
    let length = match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 1,
    };
    let decoded = name.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match decoded.and_then(|text| text.chars().next()) {
        Some(c) => Some((c, name.get(length..)?)),
        None => Some((char::REPLACEMENT_CHARACTER, name.get(1..)?)),
    }
}
