//! The words of a .proto text.
//!
//! Confluent's grammar reads characters rather than tokens (protobuf 1.6): a word is a run of `[A-Za-z0-9_.-]`, and what it means
//! depends on where it stands. The errors have its wording.

use crate::schema::format::SchemaError;
use crate::schema::meter;
use crate::schema::position::Position;

/// What the errors of a text that can't be read begin with.
pub(crate) const COULD_NOT_PARSE: &str = "Could not parse Protobuf - ";

/// Bytes that a word of the text takes in what becomes of it, in the model and in the tables of names.
const WORD: usize = 200;

/// A place in a text, and how deep it is nested.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    max_depth: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, max_depth: usize) -> Self {
        // Confluent refuses a byte order mark, compilers skip it
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, depth: 0, max_depth }
    }

    pub(crate) fn fail(&self, what: impl AsRef<str>) -> SchemaError {
        self.fail_at(self.at, what)
    }

    pub(crate) fn fail_at(&self, offset: usize, what: impl AsRef<str>) -> SchemaError {
        let at = Position::of(self.text, offset);
        let what = what.as_ref();
        SchemaError::parse(format!("{COULD_NOT_PARSE}Syntax error in :{}:{}: {what}", at.line, at.column)).at(at)
    }

    /// `:line:column` of an offset, as errors print it.
    pub(crate) fn printed(&self, offset: u32) -> String {
        let at = Position::of(self.text, usize::try_from(offset).unwrap_or(usize::MAX));
        format!(":{}:{}", at.line, at.column)
    }

    pub(crate) fn enter(&mut self) -> Result<(), SchemaError> {
        self.depth += 1;
        if self.depth > self.max_depth {
            return Err(self.fail(format!("nested deeper than the limit of {} levels", self.max_depth)));
        }
        Ok(())
    }

    /// Fails when so many levels at once would be too deep.
    pub(crate) fn within(&self, levels: usize) -> Result<(), SchemaError> {
        if self.depth + levels > self.max_depth {
            return Err(self.fail(format!("nested deeper than the limit of {} levels", self.max_depth)));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Where the next character stands.
    pub(crate) fn offset(&self) -> u32 {
        u32::try_from(self.at).unwrap_or(u32::MAX)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn byte_after(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at + 1).copied()
    }

    /// Skips white space and comments; true at the end of the text.
    pub(crate) fn at_end(&mut self) -> Result<bool, SchemaError> {
        self.skip()?;
        Ok(self.byte().is_none())
    }

    fn skip(&mut self) -> Result<(), SchemaError> {
        while let Some(byte) = self.byte() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at += 1,
                b'/' => self.skip_comment()?,
                _ => break,
            }
        }
        Ok(())
    }

    fn skip_comment(&mut self) -> Result<(), SchemaError> {
        let rest = self.text.get(self.at + 2..).unwrap_or("");
        match self.byte_after() {
            Some(b'/') => {
                self.at = rest.find('\n').map_or(self.text.len(), |end| self.at + 2 + end + 1);
                Ok(())
            }
            Some(b'*') => match rest.find("*/") {
                Some(end) => {
                    self.at += 2 + end + 2;
                    Ok(())
                }
                // Confluent reports one character before the end
                None => Err(self.fail_at(self.text.len().saturating_sub(1), "unterminated comment")),
            },
            _ => Err(self.fail("unexpected '/'")),
        }
    }

    /// The next character after white space and comments; the end of the text is an error.
    pub(crate) fn peek(&mut self) -> Result<u8, SchemaError> {
        self.skip()?;
        self.byte().ok_or_else(|| self.fail("unexpected end of file"))
    }

    /// Takes the next character if it is this one.
    pub(crate) fn take(&mut self, wanted: u8) -> Result<bool, SchemaError> {
        let found = self.peek()? == wanted;
        if found {
            self.at += 1;
        }
        Ok(found)
    }

    /// Takes this character or fails.
    pub(crate) fn require(&mut self, wanted: u8) -> Result<(), SchemaError> {
        if self.take(wanted)? {
            return Ok(());
        }
        let found = self.take_any();
        Err(self.fail(format!("expected '{}' but was '{found}'", char::from(wanted))))
    }

    /// Takes one whole character.
    pub(crate) fn take_any(&mut self) -> char {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        self.at += found.len_utf8();
        found
    }

    /// A run of word characters.
    fn run(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or("");
        let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    pub(crate) fn word(&mut self) -> Result<&'a str, SchemaError> {
        self.skip()?;
        let afforded = meter::charge(1).and_then(|()| meter::reserve(WORD));
        afforded.map_err(|_| self.fail("the text takes more to read than there is for it"))?;
        let word = self.run();
        if word.is_empty() { Err(self.fail("expected a word")) } else { Ok(word) }
    }

    /// A name whose first word has been read. Blanks and comments may stand around its dots.
    pub(crate) fn rest_of_name(&mut self, word: &str) -> Result<Box<str>, SchemaError> {
        let mut name: Box<str> = word.into();
        while name.ends_with('.') || self.peek()? == b'.' {
            let mut longer = name.into_string();
            longer.push_str(self.word()?);
            name = longer.into();
        }
        Ok(name)
    }

    /// A name, bare or in parentheses.
    pub(crate) fn name(&mut self) -> Result<&'a str, SchemaError> {
        match self.peek()? {
            b'(' => self.bracketed(b')'),
            b'[' => self.bracketed(b']'),
            _ => self.word(),
        }
    }

    /// A word between brackets, the opening one being the next character.
    pub(crate) fn bracketed(&mut self, close: u8) -> Result<&'a str, SchemaError> {
        self.at += 1;
        let word = self.word()?;
        self.require(close)?;
        Ok(word)
    }

    /// The key `[name]` of a literal, or `[domain/name]`, which Confluent does not know.
    pub(crate) fn extension_key(&mut self) -> Result<String, SchemaError> {
        self.at += 1;
        let mut key = format!("[{}", self.word()?);
        if self.byte() == Some(b'/') && !matches!(self.byte_after(), Some(b'/' | b'*')) {
            self.at += 1;
            key.push('/');
            key.push_str(self.word()?);
        }
        self.require(b']')?;
        key.push(']');
        Ok(key)
    }

    /// The word of an option's value: a number, a boolean, a name. A sign may stand apart, an exponent may be signed.
    pub(crate) fn value_word(&mut self) -> Result<String, SchemaError> {
        let mut word = self.word()?.to_owned();
        if word == "-" {
            word.push_str(self.word()?);
        }
        let numeric = word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit() || c == '.');
        if numeric && word.ends_with(['e', 'E']) && !word.contains(['x', 'X']) && self.byte() == Some(b'+') {
            self.at += 1;
            word.push('+');
            word.push_str(self.run());
        }
        Ok(word)
    }

    /// An integer of 32 bits: decimal, hexadecimal after `0x`, or octal after `0`, as compilers read it.
    pub(crate) fn integer(&mut self) -> Result<i32, SchemaError> {
        let mut word = self.word()?.to_owned();
        if word == "-" {
            word.push_str(self.word()?);
        }
        parse_integer(&word).ok_or_else(|| self.fail(format!("expected an integer but was {word}")))
    }

    /// True when a string comes next.
    pub(crate) fn at_string(&mut self) -> Result<bool, SchemaError> {
        Ok(matches!(self.peek()?, b'"' | b'\''))
    }

    /// A string, adjacent ones joined.
    pub(crate) fn string(&mut self) -> Result<Vec<u8>, SchemaError> {
        let mut found = Vec::new();
        if !self.at_string()? {
            return Err(self.fail("expected quoted string"));
        }
        loop {
            self.one_string(&mut found)?;
            if self.at_end()? || !self.at_string()? {
                return Ok(found);
            }
        }
    }

    /// A string that has to be text.
    pub(crate) fn text(&mut self) -> Result<String, SchemaError> {
        let bytes = self.string()?;
        String::from_utf8(bytes).map_err(|_| self.fail("expected text in UTF-8"))
    }

    fn one_string(&mut self, found: &mut Vec<u8>) -> Result<(), SchemaError> {
        let quote = self.byte().unwrap_or(b'"');
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += 1;
            if byte == quote {
                return Ok(());
            }
            if byte != b'\\' {
                found.push(byte);
                continue;
            }
            let Some(escape) = self.byte() else { break };
            self.at += 1;
            match escape {
                b'a' => found.push(0x07),
                b'b' => found.push(0x08),
                b'f' => found.push(0x0c),
                b'n' => found.push(b'\n'),
                b'r' => found.push(b'\r'),
                b't' => found.push(b'\t'),
                b'v' => found.push(0x0b),
                b'x' | b'X' => self.numeric_escape(16, 2, found)?,
                b'0'..=b'7' => {
                    self.at -= 1;
                    self.numeric_escape(8, 3, found)?;
                }
                b'u' => self.code_point(4, found)?,
                b'U' => self.code_point(8, found)?,
                // Confluent takes any other character literally
                _ => found.push(escape),
            }
        }
        Err(self.fail("unterminated string"))
    }

    /// A character by its number, with as many hexadecimal digits; UTF-16 may spell it with two (a compiler reads it so, Confluent
    /// takes the `u` literally).
    fn code_point(&mut self, length: usize, found: &mut Vec<u8>) -> Result<(), SchemaError> {
        let first = self.hexadecimal(length)?;
        let mut number = first;
        if (0xD800..0xDC00).contains(&first) && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u")) {
            let before = self.at;
            self.at += 2;
            let second = self.hexadecimal(4)?;
            if (0xDC00..0xE000).contains(&second) {
                number = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            } else {
                self.at = before;
            }
        }
        let character = char::from_u32(number).ok_or_else(|| self.fail("expected the number of a character after \\u or \\U"))?;
        found.extend(character.to_string().bytes());
        Ok(())
    }

    fn hexadecimal(&mut self, length: usize) -> Result<u32, SchemaError> {
        let digits = self.text.get(self.at..self.at + length);
        let number = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += length;
        number.ok_or_else(|| self.fail(format!("expected {length} hexadecimal digits")))
    }

    fn numeric_escape(&mut self, radix: u32, length: usize, found: &mut Vec<u8>) -> Result<(), SchemaError> {
        let mut value = None;
        for _ in 0..length {
            let Some(digit) = self.byte().and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            value = Some(value.unwrap_or(0) * radix + digit);
            self.at += 1;
        }
        let Some(value) = value else { return Err(self.fail("expected a digit after \\x or \\X")) };
        match u8::try_from(value) {
            Ok(byte) => found.push(byte),
            Err(_) => found.extend(char::from_u32(value).unwrap_or(' ').to_string().bytes()),
        }
        Ok(())
    }
}

/// True for the characters of words.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Reads an integer as field numbers are written.
pub(crate) fn parse_integer(word: &str) -> Option<i32> {
    let (sign, digits) = word.strip_prefix('-').map_or(("", word), |digits| ("-", digits));
    if let Some(digits) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return i32::from_str_radix(&format!("{sign}{digits}"), 16).ok();
    }
    let is_octal = digits.starts_with('0') && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    if is_octal { i32::from_str_radix(word, 8).ok() } else { word.parse().ok() }
}
