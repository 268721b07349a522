//! Reads JSON texts, and charges the request for it.

use super::error::JsonError;
use super::scan::plain_prefix;
use super::value::{JsonKind, Member, Object, Value};
use crate::schema::meter;

/// What the reader allows beyond strict JSON.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// Accept `/* */` and `//` comments.
    pub comments: bool,
    /// Replace a lone surrogate escape by `?` instead of refusing it.
    pub replace_lone_surrogates: bool,
    /// Deepest nesting of arrays and objects.
    pub max_depth: usize,
}

/// What JSON allows, but not every receiver understands in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// Keys that occur more than once in their object.
    pub duplicates: Vec<Duplicate>,
    /// Offsets of the strings in which an unpaired surrogate was replaced.
    pub lone_surrogates: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Offset of the object.
    pub object: u32,
    /// Offset of the repeated key.
    pub offset: u32,
    pub key: Box<str>,
}

/// Reads one JSON value that fills the whole text.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read(text: &str, options: ReadOptions) -> Result<Value, JsonError> {
    read_with_notes(text, options).map(|(value, _)| value)
}

/// As [`read`], and notes what is ambiguous in the text.
///
/// # Errors
/// As for [`read`].
pub fn read_with_notes(text: &str, options: ReadOptions) -> Result<(Value, Notes), JsonError> {
    Reader::new(text, options, false).whole()
}

/// As [`read_with_notes`], for data, of which no model is made: what counts in the end is what the value holds.
///
/// # Errors
/// As for [`read`].
pub fn read_data(text: &str, options: ReadOptions) -> Result<(Value, Notes), JsonError> {
    Reader::new(text, options, true).whole()
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    options: ReadOptions,
    notes: Notes,
    is_data: bool,
}

/// What is reserved for a value, or a member, as a multiple of its size: a list that grows is copied into one of twice its size.
const GROWTH: usize = 3;
/// What the allocator spends on a text.
const TEXT: usize = 16;

impl<'a> Reader<'a> {
    fn new(text: &'a str, options: ReadOptions, is_data: bool) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0, options, notes: Notes::default(), is_data }
    }

    fn whole(mut self) -> Result<(Value, Notes), JsonError> {
        self.skip_blank()?;
        let value = self.value()?;
        self.skip_blank()?;
        if self.at < self.bytes.len() {
            return Err(JsonError::Trailing { offset: self.at });
        }
        Ok((value, self.notes))
    }

    /// Gives back what was reserved for the growth of a list of so many, which has ended.
    fn settle(&self, length: usize, surplus: usize) {
        if self.is_data {
            meter::release(length.saturating_mul(surplus));
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[expect(clippy::unused_self, reason = "reads as an error of this reader")]
    fn error<T>(&self, offset: usize, what: impl Into<String>) -> Result<T, JsonError> {
        Err(JsonError::Syntax { offset, what: what.into() })
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T, JsonError> {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(c) => self.error(self.at, format!("unexpected character {c:?}, expected {wanted}")),
            None => self.error(self.at, format!("unexpected end of input, expected {wanted}")),
        }
    }

    fn skip_blank(&mut self) -> Result<(), JsonError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.options.comments => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or("");
        if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
            Ok(())
        } else if rest.starts_with("/*") {
            match rest.get(2..).and_then(|body| body.find("*/")) {
                Some(end) => {
                    self.at += end + 4;
                    Ok(())
                }
                None => self.error(start, "unterminated comment"),
            }
        } else {
            self.unexpected("a value or a comment")
        }
    }

    /// Charges for a value, or a part of one, and for the memory that it takes.
    fn afford(&self, bytes: usize) -> Result<(), JsonError> {
        let charged = meter::charge(1).and_then(|()| meter::reserve(bytes));
        charged.or_else(|_| self.error(self.at, "the text takes more to read than there is for it"))
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        self.afford(GROWTH * size_of::<Value>())?;
        let offset = u32::try_from(self.at).unwrap_or(u32::MAX);
        let kind = match self.peek() {
            Some(b'{') => self.object(offset)?,
            Some(b'[') => self.array()?,
            Some(b'"') => JsonKind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", JsonKind::Bool(true))?,
            Some(b'f') => self.word("false", JsonKind::Bool(false))?,
            Some(b'n') => self.word("null", JsonKind::Null)?,
            _ => return self.unexpected("a JSON value"),
        };
        if let JsonKind::String(text) | JsonKind::Number(text) = &kind {
            // and the copy that a model has of it
            self.afford(text.len() + if self.is_data { TEXT } else { 2 * TEXT })?;
        }
        Ok(Value { offset, kind })
    }

    fn word(&mut self, word: &str, kind: JsonKind) -> Result<JsonKind, JsonError> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
        if rest.get(..end) == Some(word) {
            self.at += word.len();
            Ok(kind)
        } else {
            let found: String = rest.chars().take(end.min(40)).collect();
            self.error(self.at, format!("unrecognized token '{found}', expected a JSON value"))
        }
    }

    /// Enters an array or object; false when it is empty, then the reader is behind it.
    fn enter(&mut self, end: u8) -> Result<bool, JsonError> {
        if self.depth >= self.options.max_depth {
            return Err(JsonError::TooDeep { offset: self.at, limit: self.options.max_depth });
        }
        self.depth += 1;
        self.at += 1;
        self.skip_blank()?;
        Ok(self.peek() != Some(end) || self.leave())
    }

    fn leave(&mut self) -> bool {
        self.depth -= 1;
        self.at += 1;
        false
    }

    /// Behind an item: true when another follows, false when it was the last one.
    fn more(&mut self, end: u8, wanted: &str) -> Result<bool, JsonError> {
        self.skip_blank()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.skip_blank()?;
                Ok(true)
            }
            Some(byte) if byte == end => Ok(self.leave()),
            _ => self.unexpected(wanted),
        }
    }

    fn object(&mut self, offset: u32) -> Result<JsonKind, JsonError> {
        let mut object = Object::default();
        let (mut count, mut keys) = (0, 0);
        let mut more = self.enter(b'}')?;
        while more {
            if self.peek() != Some(b'"') {
                return self.unexpected("a quoted key");
            }
            let key_offset = u32::try_from(self.at).unwrap_or(u32::MAX);
            let key = self.string()?;
            // a large object has an index, which holds the key once more
            self.afford(GROWTH * size_of::<Member>() + 2 * key.len() + 4 * TEXT)?;
            (count, keys) = (count + 1, keys + key.len());
            self.skip_blank()?;
            if self.peek() != Some(b':') {
                return self.unexpected("':'");
            }
            self.at += 1;
            self.skip_blank()?;
            let value = self.value()?;
            if let Some(key) = object.put(Member { key, key_offset, value }) {
                self.afford(GROWTH * size_of::<Duplicate>() + key.len() + TEXT)?;
                self.notes.duplicates.push(Duplicate { object: offset, offset: key_offset, key: key.into() });
            }
            more = self.more(b'}', "',' or '}'")?;
        }
        object.members.shrink_to_fit();
        // the value of a member was counted for itself as well
        self.settle(count, (GROWTH - 1) * size_of::<Member>() + GROWTH * size_of::<Value>());
        if object.index.is_none() {
            self.settle(1, keys + count * 3 * TEXT);
        }
        Ok(JsonKind::Object(object))
    }

    fn array(&mut self) -> Result<JsonKind, JsonError> {
        let mut items = Vec::new();
        let mut more = self.enter(b']')?;
        while more {
            items.push(self.value()?);
            more = self.more(b']', "',' or ']'")?;
        }
        items.shrink_to_fit();
        self.settle(items.len(), (GROWTH - 1) * size_of::<Value>());
        Ok(JsonKind::Array(items))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<JsonKind, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => {
                self.at += 1;
                if matches!(self.peek(), Some(b'0'..=b'9')) {
                    return self.error(start, "invalid number: leading zeros are not allowed");
                }
            }
            _ if self.digits() > 0 => {}
            _ => return self.unexpected("a digit"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.unexpected("a digit after the decimal point");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.unexpected("a digit in the exponent");
            }
        }
        if self.text.get(self.at..).and_then(|r| r.chars().next()).is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.') {
            return self.unexpected("the end of the number");
        }
        Ok(JsonKind::Number(self.text.get(start..self.at).unwrap_or("0").into()))
    }

    fn string(&mut self) -> Result<Box<str>, JsonError> {
        let open = self.at;
        self.at += 1;
        let mut run = self.at;
        let mut out = String::new();
        loop {
            self.at += plain_prefix(self.bytes.get(self.at..).unwrap_or_default());
            match self.peek() {
                None => return self.error(open, "unterminated string"),
                Some(b'"') => {
                    out.push_str(self.text.get(run..self.at).unwrap_or(""));
                    self.at += 1;
                    return Ok(out.into_boxed_str());
                }
                Some(b'\\') => {
                    out.push_str(self.text.get(run..self.at).unwrap_or(""));
                    self.at += 1;
                    self.escape(open, &mut out)?;
                    run = self.at;
                }
                Some(0..=0x1F) => return self.error(self.at, "control characters in strings must be escaped"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, open: usize, out: &mut String) -> Result<(), JsonError> {
        let start = self.at - 1;
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.hex4(start)?;
                out.push(self.surrogates(open, start, first)?);
                return Ok(());
            }
            _ => return self.error(start, "unknown escape sequence"),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    fn surrogates(&mut self, open: usize, start: usize, first: u32) -> Result<char, JsonError> {
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let after = self.at;
        if first < 0xDC00 && self.text.get(after..).is_some_and(|rest| rest.starts_with("\\u")) {
            self.at += 2;
            let second = self.hex4(start)?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return char::from_u32(code).map_or_else(|| self.error(start, "invalid surrogate pair"), Ok);
            }
            self.at = after;
        }
        if !self.options.replace_lone_surrogates {
            return self.error(start, "lone surrogate escape");
        }
        self.notes.lone_surrogates.push(u32::try_from(open).unwrap_or(u32::MAX));
        Ok('?')
    }

    fn hex4(&mut self, start: usize) -> Result<u32, JsonError> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u32::from_str_radix(d, 16).ok());
        match code {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.error(start, "\\u needs four hexadecimal digits"),
        }
    }
}
