//! Lossless JSON: key order, number text and byte positions are kept; nesting is bounded.
//!
//! Schema texts are never read into `serde_json::Value`, which forgets how numbers were written and where things stood.
//! A duplicate key keeps the place of its first occurrence and the value of its last, as Jackson does.

use std::collections::HashMap;

use super::format::SchemaError;
use super::meter;
use super::position::Position;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Byte offset of the first character.
    pub offset: u32,
    pub kind: JsonKind,
}

/// As words: the types of JSON.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum JsonKind {
    Null,
    #[strum(serialize = "boolean")]
    Bool(bool),
    /// A number as written.
    Number(Box<str>),
    /// A string, unescaped.
    String(Box<str>),
    Array(Vec<Value>),
    Object(Object),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key, unescaped.
    pub key: Box<str>,
    /// Byte offset of the key's opening quote.
    pub key_offset: u32,
    pub value: Value,
}

/// Members in the order written.
#[derive(Debug, Clone, Default)]
pub struct Object {
    members: Vec<Member>,
    #[expect(clippy::box_collection, reason = "few objects have one, and every value is as large as an object")]
    index: Option<Box<HashMap<Box<str>, usize>>>,
}

/// From this many members on an object keeps a hash index; comparing fewer keys one by one is quicker.
const INDEX_FROM: usize = 12;

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}
impl Eq for Object {}

impl Object {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|m| &m.value)
    }

    pub fn member(&self, key: &str) -> Option<&Member> {
        self.find(key).and_then(|i| self.members.get(i))
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn find(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.members.iter().position(|m| &*m.key == key),
        }
    }

    /// The members in the order written.
    pub fn into_members(self) -> Vec<Member> {
        self.members
    }

    /// Adds a member; an existing key keeps its place and takes the new value.
    pub fn insert(&mut self, member: Member) {
        self.put(member);
    }

    /// As `insert`; gives back the key if it was there already.
    fn put(&mut self, member: Member) -> Option<&str> {
        if let Some(at) = self.find(&member.key) {
            let old = self.members.get_mut(at)?;
            old.value = member.value;
            old.key_offset = member.key_offset;
            return Some(&old.key);
        }
        if let Some(index) = &mut self.index {
            index.insert(member.key.clone(), self.members.len());
        }
        self.members.push(member);
        if self.index.is_none() && self.members.len() >= INDEX_FROM {
            self.index = Some(Box::new(self.members.iter().enumerate().map(|(i, m)| (m.key.clone(), i)).collect()));
        }
        None
    }
}

impl Value {
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::String(s) => Some(s),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object> {
        match &self.kind {
            JsonKind::Object(o) => Some(o),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match &self.kind {
            JsonKind::Array(a) => Some(a),
            _ => None,
        }
    }

    /// The number's text, if it is one.
    pub fn as_number(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::Number(n) => Some(n),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            JsonKind::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// Bytes held, found without recursion.
    pub fn weight(&self) -> usize {
        // what an allocator spends on a piece beside its bytes
        const PIECE: usize = 16;
        let mut bytes = size_of::<Self>();
        let mut rest = vec![self];
        while let Some(value) = rest.pop() {
            match &value.kind {
                JsonKind::Null | JsonKind::Bool(_) => {}
                JsonKind::Number(text) | JsonKind::String(text) => bytes += text.len() + PIECE,
                JsonKind::Array(items) => {
                    bytes += items.capacity() * size_of::<Self>() + PIECE;
                    rest.extend(items);
                }
                JsonKind::Object(object) => {
                    bytes += object.members.capacity() * size_of::<Member>() + PIECE;
                    for member in &object.members {
                        let key = member.key.len() + PIECE;
                        // an index holds the key once more
                        bytes += if object.index.is_some() { key * 2 + 32 } else { key };
                        rest.push(&member.value);
                    }
                }
            }
        }
        bytes
    }
}

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

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("{what}")]
    Syntax { offset: usize, what: String },
    /// Something follows the value.
    #[error("unexpected content after the JSON value")]
    Trailing {
        /// Where that begins.
        offset: usize,
    },
    /// Nested deeper than allowed.
    #[error("nesting depth ({}) exceeds the maximum allowed ({limit})", limit + 1)]
    TooDeep {
        /// Byte offset of the bracket that was one too many.
        offset: usize,
        limit: usize,
    },
}

impl JsonError {
    pub fn offset(&self) -> usize {
        match self {
            JsonError::Syntax { offset, .. } | JsonError::Trailing { offset } | JsonError::TooDeep { offset, .. } => *offset,
        }
    }

    /// The error as a refused schema, with its position in `text`.
    pub fn into_schema_error(self, text: &str) -> SchemaError {
        let at = Position::of(text, self.offset());
        SchemaError::parse(format!("{self} at line {}, column {}", at.line, at.column)).at(at)
    }
}

/// Reads one JSON value that fills the whole text.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read(text: &str, options: ReadOptions) -> Result<Value, JsonError> {
    read_with_notes(text, options).map(|(value, _)| value)
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

/// The bytes from an offset on that stand outside strings and comments, and the closing quotes of strings.
fn structure(text: &str, from: usize) -> impl Iterator<Item = (usize, u8)> {
    let bytes = text.as_bytes();
    let mut next = from;
    std::iter::from_fn(move || {
        loop {
            let (at, byte) = (next, *bytes.get(next)?);
            next += 1;
            match (byte, bytes.get(next)) {
                (b'"', _) => {
                    while *bytes.get(next)? != b'"' {
                        next += if bytes.get(next) == Some(&b'\\') { 2 } else { 1 };
                    }
                    next += 1;
                    return Some((next - 1, b'"'));
                }
                (b'/', Some(b'/')) => next += text.get(next..)?.find('\n')?,
                (b'/', Some(b'*')) => next += 1 + text.get(next + 1..)?.find("*/")? + 2,
                _ => return Some((at, byte)),
            }
        }
    })
}

/// Deepest nesting of arrays and objects, found without recursion: readers that recurse choose their stack by it. In a text that
/// is not JSON, nesting up to the first error is counted.
pub(crate) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (_, byte) in structure(text, 0) {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The offset behind the value that begins at `start` of a text that has been read.
pub fn end_of(text: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in structure(text, start) {
        match byte {
            b'"' if depth == 0 => return at + 1,
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
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

/// The length of the prefix that needs no escapes in a JSON string and is ASCII. Eight bytes at a time: strings are most of a
/// document.
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // the high bit of each byte that is 0
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let plain_of = |eight: [u8; 8]| {
        let word = u64::from_le_bytes(eight);
        let is_quote = zeros(word ^ (ONES * u64::from(b'"')));
        let is_backslash = zeros(word ^ (ONES * u64::from(b'\\')));
        let is_control = zeros(word & (ONES * 0xE0));
        let special = is_quote | is_backslash | is_control | (word & HIGH);
        (special.trailing_zeros() / 8) as usize
    };
    let mut length = 0;
    while let Some(eight) = bytes.get(length..).and_then(<[u8]>::first_chunk::<8>) {
        let plain = plain_of(*eight);
        if plain < 8 {
            return length + plain;
        }
        length += 8;
    }
    if length == bytes.len() {
        return length;
    }
    // the last eight bytes, some of which were looked at before
    if let Some(eight) = bytes.last_chunk::<8>() {
        return bytes.len() - 8 + plain_of(*eight);
    }
    bytes.iter().take_while(|byte| matches!(byte, 0x20..=0x7F) && !matches!(byte, b'"' | b'\\')).count()
}

/// Appends a number of floating point: the shortest text that reads as the same number of the same width. What JSON has no numbers for is a
/// string, as Avro's Java library and `ProtoJSON` write it.
pub fn write_float<F: Copy + Into<f64> + std::fmt::Debug>(out: &mut String, value: F) {
    use std::fmt::Write as _;
    let wide: f64 = value.into();
    if wide.is_finite() {
        // a String takes everything
        let _ = write!(out, "{value:?}");
    } else {
        out.push_str(match wide {
            wide if wide.is_nan() => r#""NaN""#,
            wide if wide > 0.0 => r#""Infinity""#,
            _ => r#""-Infinity""#,
        });
    }
}

/// Appends a value as JSON without blanks, numbers in their own spelling. It is nested no deeper than it was read.
pub fn write(out: &mut String, value: &Value) {
    match &value.kind {
        JsonKind::Null => out.push_str("null"),
        JsonKind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        JsonKind::Number(text) => out.push_str(text),
        JsonKind::String(text) => write_string(out, text),
        JsonKind::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(out, item);
            }
            out.push(']');
        }
        JsonKind::Object(object) => {
            out.push('{');
            for (at, member) in object.members().iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_string(out, &member.key);
                out.push(':');
                write(out, &member.value);
            }
            out.push('}');
        }
    }
}

/// Appends `text` as a JSON string, as Jackson writes it: `"` and `\` escaped, the short escapes, other control characters as
/// `\u00XX` with capital digits, everything else raw.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut run = 0;
    let plain = plain_prefix(text.as_bytes());
    if plain == text.len() {
        out.push_str(text);
        out.push('"');
        return;
    }
    for (i, b) in text.bytes().enumerate().skip(plain) {
        let short = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0C => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1F => "",
            _ => continue,
        };
        out.push_str(text.get(run..i).unwrap_or(""));
        run = i + 1;
        if short.is_empty() {
            const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
            out.push_str("\\u00");
            out.push(HEX.get(usize::from(b >> 4)).copied().unwrap_or('0'));
            out.push(HEX.get(usize::from(b & 15)).copied().unwrap_or('0'));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(text.get(run..).unwrap_or(""));
    out.push('"');
}

/// Compares two strings by UTF-16 code units: the order of Java's strings, by which Confluent sorts.
pub fn utf16_cmp(a: &str, b: &str) -> std::cmp::Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::{nesting, plain_prefix, write_string};

    #[test]
    fn only_brackets_outside_strings_and_comments_are_nesting() {
        assert_eq!(nesting(&"[".repeat(101)), 101);
        assert_eq!(nesting(&format!("[\"{}\"]", "[".repeat(500))), 1);
        assert_eq!(nesting(&format!("[\"\\\"{}\"]", "{".repeat(500))), 1);
        assert_eq!(nesting(&"[]".repeat(500)), 1);
        assert_eq!(nesting("[ // [[\n /* [[ */ {}]"), 2);
    }

    #[test]
    fn what_is_plain_ends_at_the_first_byte_that_is_not() {
        for length in 0..40 {
            let plain = vec![b'~'; length];
            assert_eq!(plain_prefix(&plain), length);
            for at in 0..length {
                for special in [b'"', b'\\', 0, 0x1F, 0x80, 0xFF] {
                    let mut text = plain.clone();
                    if let Some(byte) = text.get_mut(at) {
                        *byte = special;
                    }
                    assert_eq!(plain_prefix(&text), at, "{special:#x} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn strings_are_written_whole_and_escaped_wherever_it_is_needed() {
        for length in 0..20 {
            for (c, written) in [('"', "\\\""), ('\u{1f}', "\\u001F"), ('\u{7f}', "\u{7f}"), ('\u{e4}', "\u{e4}")] {
                let (before, after) = ("b".repeat(length), "a".repeat(length % 7));
                let mut out = String::new();
                write_string(&mut out, &format!("{before}{c}{after}"));
                assert_eq!(out, format!("\"{before}{written}{after}\""));
            }
        }
    }
}
