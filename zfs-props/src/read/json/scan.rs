//! JSON, token by token.

use alloc::borrow::Cow;
use alloc::string::String;

/// Why reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The input ends where more has to come.
    End,
    /// Something else stands where this was expected.
    Unexpected {
        /// Offset in bytes.
        at: usize,
        expected: &'static str,
    },
}

/// Deepest nesting of what is skipped.
const DEEPEST: u32 = 128;

/// JSON (RFC 8259) and how far it has been read. Blanks before a token are skipped.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// What to say if something else is expected here.
    pub(super) fn expected(&self, expected: &'static str) -> Stop {
        Stop::Unexpected { at: self.at, expected }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// Goes on at `rest`, an end of what has not been read.
    pub(super) fn go_on_at(&mut self, rest: &'a [u8]) {
        self.at = self.input.len().saturating_sub(rest.len());
    }

    /// The beginning of an object.
    pub(super) fn open(&mut self) -> Result<(), Stop> {
        self.take(b'{', "an object")
    }

    /// The name of the next member of an object; `None` after the last one.
    pub(super) fn member(&mut self, is_first: bool) -> Result<Option<Cow<'a, str>>, Stop> {
        if self.takes(b'}')? {
            return Ok(None);
        }
        if !is_first {
            self.take(b',', "`,` or `}`")?;
        }
        let name = self.string()?;
        self.take(b':', "`:`")?;
        Ok(Some(name))
    }

    /// Nothing but blanks is left.
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        match self.peek() {
            Err(Stop::End) => Ok(()),
            _ => Err(self.expected("the end of the document")),
        }
    }

    /// A number of digits alone; `None` if no number stands here.
    pub(super) fn number(&mut self) -> Result<Option<u64>, Stop> {
        if !self.peek()?.is_ascii_digit() {
            return Ok(None);
        }
        let expected = self.expected("a string, or a whole number below 2^64");
        let digits = self.word()?;
        // JSON has no leading zeros.
        let is_plain = digits == "0" || !digits.starts_with('0');
        digits.parse().ok().filter(|_| is_plain).map(Some).ok_or(expected)
    }

    /// A string, borrowed if it has no escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Stop> {
        self.take(b'"', "a string")?;
        let plain = self.plain()?;
        if self.ends_string() {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = String::from(plain);
        while !self.ends_string() {
            text.push(self.escaped()?);
            text.push_str(self.plain()?);
        }
        Ok(Cow::Owned(text))
    }

    /// Reads over a value of any kind.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        self.skip_within(0)
    }

    fn skip_within(&mut self, depth: u32) -> Result<(), Stop> {
        match self.peek()? {
            b'{' | b'[' if depth == DEEPEST => Err(self.expected("a less nested document")),
            b'{' => {
                self.open()?;
                let mut is_first = true;
                while self.member(is_first)?.is_some() {
                    is_first = false;
                    self.skip_within(depth + 1)?;
                }
                Ok(())
            }
            b'[' => {
                self.take(b'[', "an array")?;
                let mut is_first = true;
                while !self.takes(b']')? {
                    if !is_first {
                        self.take(b',', "`,` or `]`")?;
                    }
                    is_first = false;
                    self.skip_within(depth + 1)?;
                }
                Ok(())
            }
            b'"' => self.string().map(drop),
            first => {
                let expected = self.expected("a value");
                let word = self.word()?;
                let is_number = first == b'-' || first.is_ascii_digit();
                let is_value = matches!(word, "true" | "false" | "null")
                    || is_number && word.parse::<f64>().is_ok();
                if is_value { Ok(()) } else { Err(expected) }
            }
        }
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Result<u8, Stop> {
        self.pass(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.byte()
    }

    fn take(&mut self, token: u8, expected: &'static str) -> Result<(), Stop> {
        if self.takes(token)? { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn takes(&mut self, token: u8) -> Result<bool, Stop> {
        let is_next = self.peek()? == token;
        self.at += usize::from(is_next);
        Ok(is_next)
    }

    /// A number, `true`, `false` or `null`, if it is well formed; something follows.
    fn word(&mut self) -> Result<&'a str, Stop> {
        let bytes =
            self.pass(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'));
        self.byte()?;
        Ok(core::str::from_utf8(bytes).unwrap_or_default())
    }

    /// The characters of a string up to the next quote or backslash.
    fn plain(&mut self) -> Result<&'a str, Stop> {
        let begin = self.at;
        let bytes = self.pass(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        if self.byte()? < b' ' {
            return Err(self.expected("an escape, not a control character"));
        }
        core::str::from_utf8(bytes)
            .map_err(|_| Stop::Unexpected { at: begin, expected: "a string in UTF-8" })
    }

    fn ends_string(&mut self) -> bool {
        let ends = self.byte() == Ok(b'"');
        self.at += usize::from(ends);
        ends
    }

    /// The character that an escape stands for.
    fn escaped(&mut self) -> Result<char, Stop> {
        let unknown = self.expected("an escape of JSON");
        self.at += 1;
        let escape = self.byte()?;
        self.at += 1;
        Ok(match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex(unknown)?;
                let is_first_of_two = (0xd800..0xdc00).contains(&unit);
                let mut units = [Some(unit), None];
                if is_first_of_two {
                    for expected in *b"\\u" {
                        if self.byte()? != expected {
                            return Err(unknown);
                        }
                        self.at += 1;
                    }
                    units[1] = Some(self.hex(unknown)?);
                }
                let mut character = char::decode_utf16(units.into_iter().flatten());
                character.next().and_then(Result::ok).ok_or(unknown)?
            }
            _ => return Err(unknown),
        })
    }

    /// Four hexadecimal digits.
    fn hex(&mut self, unknown: Stop) -> Result<u16, Stop> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.byte()?).to_digit(16).ok_or(unknown)?;
            unit = unit * 16 + digit;
            self.at += 1;
        }
        u16::try_from(unit).map_err(|_| unknown)
    }

    fn byte(&self) -> Result<u8, Stop> {
        self.input.get(self.at).copied().ok_or(Stop::End)
    }

    /// Goes on over the bytes that belong.
    #[inline]
    fn pass(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !belongs(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}
