//! What Jackson says about a text that is not JSON. A text that another reader refuses is read once more here, to find the words.

use std::fmt::Write as _;

/// Where a list or object begins.
#[derive(Clone, Copy)]
struct OpenBracket {
    bracket: u8,
    at: usize,
}

impl OpenBracket {
    fn kind(self) -> &'static str {
        if self.bracket == b'{' { "Object" } else { "Array" }
    }

    fn close(self) -> char {
        if self.bracket == b'{' { '}' } else { ']' }
    }
}

/// A place as Jackson prints it; of the source it shows nothing.
fn printed((line, column): (usize, usize)) -> String {
    format!("[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]")
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    /// A value, in an array after its comma or in an object after the colon.
    Value,
    /// A value or the end of the array.
    FirstItem,
    /// A key.
    Key,
    /// A key or the end of the object.
    FirstKey,
    Colon,
    /// A comma or the end of the list or object.
    Comma,
}

/// Whose reader it is; they are set up differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JacksonSetup {
    /// Of request bodies.
    Bodies,
    /// Of Avro schemas: comments are allowed, and texts are read from characters.
    Avro,
}

impl JacksonSetup {
    /// What a value may be, as the reader lists it.
    fn values(self) -> &'static str {
        match self {
            Self::Bodies => "(JSON String, Number (or 'NaN'/'+INF'/'-INF'), Array, Object or token 'null', 'true' or 'false')",
            Self::Avro => "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        }
    }
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFault {
    /// In Jackson's words.
    pub message: String,
    /// The text ends too early, which is an exception of its own.
    pub is_end: bool,
    /// Line and column at which Jackson was, from 1.
    pub line: usize,
    pub column: usize,
}

impl JsonFault {
    /// The whole exception as Java prints it.
    pub fn exception(&self) -> String {
        let class = if self.is_end { "io.JsonEOFException" } else { "JsonParseException" };
        let place = printed((self.line, self.column));
        format!("com.fasterxml.jackson.core.{class}: {}\n at {place}", self.message)
    }
}

struct JacksonScanner<'t> {
    bytes: &'t [u8],
    dialect: JacksonSetup,
    at: usize,
    open: Vec<OpenBracket>,
}

/// The first thing that is wrong with a text; `None` where all of the first value is JSON.
pub fn first(bytes: &[u8], dialect: JacksonSetup) -> Option<JsonFault> {
    let mut scanner = JacksonScanner { bytes, dialect, at: 0, open: Vec::new() };
    let message = scanner.value_at_root().err()?;
    let is_end = message.starts_with("Unexpected end-of-input");
    let (line, column) = scanner.place(scanner.at);
    Some(JsonFault { message, is_end, line, column })
}

/// The token that stands behind the first value, by Jackson's name; or what is wrong there. `None` where nothing follows.
pub fn trailing(bytes: &[u8]) -> Option<Result<&'static str, String>> {
    let mut scanner = JacksonScanner { bytes, dialect: JacksonSetup::Bodies, at: 0, open: Vec::new() };
    if scanner.value_at_root().is_err() {
        return None;
    }
    scanner.skip_blanks();
    let byte = scanner.peek()?;
    let token = match byte {
        b'{' => "START_OBJECT",
        b'[' => "START_ARRAY",
        b'"' => "VALUE_STRING",
        b't' => "VALUE_TRUE",
        b'f' => "VALUE_FALSE",
        b'n' => "VALUE_NULL",
        b'-' | b'0'..=b'9' => "VALUE_NUMBER_INT",
        _ => "",
    };
    let fault = match byte {
        // what stands inside is not looked at
        b'{' | b'[' => Ok(()),
        b'}' | b']' => Err(scanner.unexpected_close(byte)),
        _ => scanner.scalar(),
    };
    Some(fault.map(|()| token))
}

impl JacksonScanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let until =
                |end: &[u8]| rest.windows(end.len()).position(|window| window == end).map_or(rest.len(), |at| at + end.len());
            match rest {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.at += 1,
                [b'/', b'/', ..] if self.dialect == JacksonSetup::Avro => self.at += until(b"\n"),
                [b'/', b'*', ..] if self.dialect == JacksonSetup::Avro => self.at += until(b"*/"),
                _ => return,
            }
        }
    }

    /// Line and column of an offset, from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.bytes.get(..at).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.split(|byte| *byte == b'\n').count();
        let in_line = before.get(line_start..).unwrap_or_default();
        let is_character = |byte: &&u8| self.dialect == JacksonSetup::Bodies || **byte & 0xC0 != 0x80;
        (line, in_line.iter().filter(is_character).count() + 1)
    }

    fn value_at_root(&mut self) -> Result<(), String> {
        let mut expected = Expected::Value;
        loop {
            self.skip_blanks();
            let Some(byte) = self.peek() else { return Err(self.end_of_input(expected)) };
            expected = match (expected, byte) {
                (Expected::FirstItem | Expected::FirstKey | Expected::Comma, b'}' | b']') => {
                    match self.open.last() {
                        Some(open) if open.close() == char::from(byte) => self.open.pop(),
                        _ => return Err(self.unexpected_close(byte)),
                    };
                    self.at += 1;
                    Expected::Comma
                }
                (Expected::Comma, b',') => {
                    self.at += 1;
                    if self.open.last().is_some_and(|open| open.bracket == b'{') { Expected::Key } else { Expected::Value }
                }
                (Expected::Comma, _) => {
                    let kind = self.open.last().map_or("root", |open| open.kind());
                    return Err(self.unexpected(&format!("was expecting comma to separate {kind} entries")));
                }
                (Expected::Key | Expected::FirstKey, b'"') => {
                    self.string("Unexpected end-of-input in field name")?;
                    Expected::Colon
                }
                (Expected::Key | Expected::FirstKey, _) => {
                    return Err(self.unexpected("was expecting double-quote to start field name"));
                }
                (Expected::Colon, b':') => {
                    self.at += 1;
                    Expected::Value
                }
                (Expected::Colon, _) => {
                    return Err(self.unexpected("was expecting a colon to separate field name and value"));
                }
                (Expected::Value | Expected::FirstItem, b'{' | b'[') => {
                    self.open.push(OpenBracket { bracket: byte, at: self.at });
                    self.at += 1;
                    if byte == b'{' { Expected::FirstKey } else { Expected::FirstItem }
                }
                (Expected::Value, b'}' | b']') if self.open.is_empty() => return Err(self.unexpected_close(byte)),
                (Expected::Value | Expected::FirstItem, b'}' | b']' | b',') => {
                    let is_in_array = self.open.last().is_some_and(|open| open.bracket == b'[');
                    let is_taken_for_no_value =
                        byte == b'}' || self.dialect == JacksonSetup::Bodies && (byte == b',' || is_in_array);
                    return Err(if is_taken_for_no_value { self.unexpected("expected a value") } else { self.no_value() });
                }
                (Expected::Value | Expected::FirstItem, _) => {
                    self.scalar()?;
                    Expected::Comma
                }
            };
            if expected == Expected::Comma && self.open.is_empty() {
                return Ok(());
            }
        }
    }

    fn end_of_input(&self, expected: Expected) -> String {
        match (self.open.last(), expected) {
            (None, _) => "No content to map due to end-of-input".to_owned(),
            (Some(open), Expected::FirstItem | Expected::FirstKey | Expected::Comma) => {
                format!(
                    "Unexpected end-of-input: expected close marker for {} (start marker at {})",
                    open.kind(),
                    printed(self.place(open.at))
                )
            }
            (Some(open), _) => format!("Unexpected end-of-input within/between {} entries", open.kind()),
        }
    }

    fn unexpected_close(&self, byte: u8) -> String {
        let byte = char::from(byte);
        match self.open.last() {
            None => {
                let kind = if byte == '}' { "Object" } else { "Array" };
                format!("Unexpected close marker '{byte}': no open {kind} to close")
            }
            Some(open) => format!(
                "Unexpected close marker '{byte}': expected '{}' (for {} starting at {})",
                open.close(),
                open.kind(),
                printed(self.place(open.at))
            ),
        }
    }

    fn unexpected_in_number(&self, why: &str) -> String {
        format!("Unexpected character ({}) in numeric value: {why}", described(self.character()))
    }

    /// The character at hand.
    fn character(&self) -> char {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let chunk = rest.get(..4).unwrap_or(rest).utf8_chunks().next();
        chunk.and_then(|chunk| chunk.valid().chars().next()).unwrap_or('\u{FFFD}')
    }

    /// The character at hand, and what is said of it.
    fn unexpected(&self, why: &str) -> String {
        let first = self.character();
        let code = u32::from(first);
        if code < 32 {
            format!(
                "Illegal character ((CTRL-CHAR, code {code})): only regular white space (\\r, \\n, \\t) is allowed between tokens"
            )
        } else {
            format!("Unexpected character ({}): {why}", described(first))
        }
    }

    fn scalar(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(b'"') => self.string("Unexpected end-of-input: was expecting closing quote for a string value"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'+') if self.bytes.get(self.at + 1).is_some() => Err(self.unexpected_in_number(
                "JSON spec does not allow numbers to have plus signs: enable \
                 `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow",
            )),
            Some(b'+') => Err("Unexpected end-of-input in a Number value".to_owned()),
            Some(b'/') => Err(self.unexpected(
                "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
            )),
            _ => self.word(),
        }
    }

    fn no_value(&self) -> String {
        self.unexpected(&format!("expected a valid value {}", self.dialect.values()))
    }

    /// A run of characters that a Java name may have, which should have been one of three words.
    fn word(&mut self) -> Result<(), String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        // Jackson shows no more than 256 characters
        let text = rest.get(..1024).unwrap_or(rest).utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let is_part = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let word: String = text.chars().take_while(is_part).take(256).collect();
        if word.is_empty() {
            return Err(self.no_value());
        }
        match word.as_str() {
            "null" | "true" | "false" => {
                self.at += word.len();
                Ok(())
            }
            "NaN" | "INF" | "Infinity" => {
                Err(format!("Non-standard token '{word}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"))
            }
            _ => {
                // Jackson stands on the last character of the word
                self.at += word.len() - word.chars().next_back().map_or(0, char::len_utf8);
                Err(format!("Unrecognized token '{word}': was expecting {}", self.dialect.values()))
            }
        }
    }

    fn digits(&mut self, why: &str) -> Result<(), String> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > from { Ok(()) } else { Err(self.unexpected_in_number(why)) }
    }

    fn number(&mut self) -> Result<(), String> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let is_zero = self.peek() == Some(b'0');
        let from = self.at;
        self.digits("expected digit (0-9) to follow minus sign, for valid numeric value")?;
        if is_zero && self.at > from + 1 {
            return Err("Invalid numeric value: Leading zeroes not allowed".to_owned());
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("Decimal point not followed by a digit")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("Exponent indicator not followed by a digit")?;
        }
        match self.peek() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}') => Ok(()),
            Some(_) if self.open.is_empty() => Err(self.unexpected("Expected space separating root-level values")),
            // the next token is what is wrong
            Some(_) => Ok(()),
        }
    }

    /// A text with its quotes.
    fn string(&mut self, unclosed: &str) -> Result<(), String> {
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(unclosed.to_owned()),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(byte) if byte < 32 => {
                    let mut message = format!("Illegal unquoted character ((CTRL-CHAR, code {byte})): ");
                    let what = if unclosed.ends_with("name") { "name" } else { "string value" };
                    let _ = write!(message, "has to be escaped using backslash to be included in {what}");
                    return Err(message);
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        self.at += 1;
        match self.peek() {
            None => Err("Unexpected end-of-input in character escape sequence".to_owned()),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(match self.peek() {
                            None => "Unexpected end-of-input in character escape sequence".to_owned(),
                            Some(_) => self.unexpected("expected a hex-digit for character escape sequence"),
                        });
                    }
                }
                self.at += 1;
                Ok(())
            }
            Some(byte) if byte < 32 => Err(format!("Unrecognized character escape (CTRL-CHAR, code {byte})")),
            Some(byte) => Err(format!("Unrecognized character escape '{}' (code {byte})", char::from(byte))),
        }
    }
}

/// A character as Jackson describes it, of which it sees the first UTF-16 unit.
fn described(character: char) -> String {
    let code = character.encode_utf16(&mut [0; 2]).first().copied().unwrap_or_default();
    if character.is_control() {
        format!("(CTRL-CHAR, code {code})")
    } else if code > 255 {
        format!("'{character}' (code {code} / 0x{code:x})")
    } else {
        format!("'{character}' (code {code})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]";

    /// As Confluent Schema Registry 8.5 answers them.
    #[test]
    fn what_is_wrong_is_said_in_jacksons_words() {
        let end = format!("Unexpected end-of-input: expected close marker for Object (start marker at {SOURCE})");
        for (text, message) in [
            ("{", &*end),
            ("}", "Unexpected close marker '}': no open Object to close"),
            (r#"{"a":1,}"#, "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"),
            ("{'a':1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
            (
                "x",
                "Unrecognized token 'x': was expecting (JSON String, Number (or 'NaN'/'+INF'/'-INF'), Array, Object or token 'null', 'true' or 'false')",
            ),
            ("{\"a\":}", "Unexpected character ('}' (code 125)): expected a value"),
            ("[1,]", "Unexpected character (']' (code 93)): expected a value"),
            ("{\"a\":,}", "Unexpected character (',' (code 44)): expected a value"),
            ("{“a”:1}", "Unexpected character ('“' (code 8220 / 0x201c)): was expecting double-quote to start field name"),
            ("{\"a\":1.}", "Unexpected character ('}' (code 125)) in numeric value: Decimal point not followed by a digit"),
            (
                "{\"a\":+1}",
                "Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow",
            ),
            (
                "/*c*/{}",
                "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
            ),
        ] {
            assert_eq!(first(text.as_bytes(), JacksonSetup::Bodies).unwrap().message, message, "{text}");
        }
        assert_eq!(trailing(b"{}{}"), Some(Ok("START_OBJECT")));
        assert_eq!(trailing(b"{} \n"), None);
        assert!(trailing(b"{} x").is_some_and(|token| token.is_err()));
    }

    /// What serde takes for JSON has no fault, and the other way round.
    #[test]
    fn it_agrees_with_serde_on_what_json_is() {
        for text in [
            "{}",
            "[]",
            "1",
            "-0.5e+3",
            "\"a\\u00e9\"",
            "[1,{\"a\":[null,true,false]}]",
            "[1 2]",
            "[01]",
            "[1.]",
            "\"\t\"",
            "[",
            "{\"a\"",
            "{\"a\":",
            "[,]",
            "nul",
            "\"\\x\"",
            "-",
            "{\"a\" 1}",
            "[1}",
            "\"abc",
        ] {
            let is_json = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(first(text.as_bytes(), JacksonSetup::Bodies).is_none(), is_json, "{text}");
        }
    }
}
