//! Words of an expression (CEL specification, "Syntax"), as cel-python reads them.

use super::ParseError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'t> {
    Ident(&'t str),
    /// Digits without a sign; hexadecimal ones with `0x`.
    Int(&'t str),
    Uint(&'t str),
    Double(&'t str),
    String(String),
    Bytes(Vec<u8>),
    Symbol(&'static str),
    End,
}

/// Longer ones first.
const SYMBOLS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}",
    ";",
];

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']).len();
            self.at += blank;
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if blank == 0 {
                return;
            }
        }
    }

    /// The next word, and where it begins.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'t>), ParseError> {
        self.skip_blank();
        let (start, rest) = (self.at, self.rest());
        let Some(first) = rest.chars().next() else { return Ok((start, Token::End)) };
        if let Some((is_bytes, is_raw, quote)) = literal_start(rest) {
            return self.text_literal(start, is_bytes, is_raw, quote);
        }
        let starts_number = first.is_ascii_digit() || (first == '.' && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit));
        if starts_number {
            return Ok((start, self.number()));
        }
        if first == '_' || first.is_ascii_alphabetic() {
            let length = rest.bytes().take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric()).count();
            self.at += length;
            return Ok((start, Token::Ident(rest.get(..length).unwrap_or(""))));
        }
        match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            Some(symbol) => {
                self.at += symbol.len();
                Ok((start, Token::Symbol(symbol)))
            }
            None => Err(ParseError::new(start, format!("unexpected character '{first}'"))),
        }
    }

    fn number(&mut self) -> Token<'t> {
        let rest = self.rest();
        let tail = |from: usize| rest.get(from..).unwrap_or("");
        let mut is_double = false;
        let mut length = if rest.starts_with("0x") && tail(2).starts_with(|c: char| c.is_ascii_hexdigit()) {
            2 + tail(2).bytes().take_while(u8::is_ascii_hexdigit).count()
        } else {
            let mut length = digits(rest);
            if tail(length).starts_with('.') {
                // `1.` is a number too, but not before a name: that is a selection
                let after = tail(length + 1);
                if !after.starts_with(|c: char| c == '_' || (c.is_ascii_alphabetic() && !is_exponent(after))) {
                    is_double = true;
                    length += 1 + digits(after);
                }
            }
            let exponent = tail(length);
            if is_exponent(exponent) {
                let sign = usize::from(exponent.as_bytes().get(1).is_some_and(|byte| matches!(byte, b'+' | b'-')));
                is_double = true;
                length += 1 + sign + digits(tail(length + 1 + sign));
            }
            length
        };
        let text = rest.get(..length).unwrap_or("");
        let is_unsigned = !is_double && tail(length).starts_with(['u', 'U']);
        length += usize::from(is_unsigned);
        self.at += length;
        match (is_double, is_unsigned) {
            (true, _) => Token::Double(text),
            (false, true) => Token::Uint(text),
            (false, false) => Token::Int(text),
        }
    }

    fn text_literal(
        &mut self,
        start: usize,
        is_bytes: bool,
        is_raw: bool,
        quote: &str,
    ) -> Result<(usize, Token<'t>), ParseError> {
        let prefix = usize::from(is_bytes) + usize::from(is_raw);
        self.at += prefix + quote.len();
        let mut out = StringLiteral { is_bytes, text: String::new(), bytes: Vec::new() };
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else {
                return Err(ParseError::new(start, "the literal that begins here has no end"));
            };
            if rest.starts_with(quote) {
                self.at += quote.len();
                break;
            }
            if quote.len() == 1 && first == '\n' {
                return Err(ParseError::new(start, "the literal that begins here does not end in its line"));
            }
            if first != '\\' {
                out.push(first);
                self.at += first.len_utf8();
                continue;
            }
            let Some(next) = rest.chars().nth(1) else {
                return Err(ParseError::new(start, "the literal that begins here has no end"));
            };
            if let Some((code, length)) = escape(rest).filter(|_| !is_raw) {
                out.push_code(code);
                self.at += length;
            } else {
                // what is no escape stands for itself, with its backslash
                out.push('\\');
                out.push(next);
                self.at += 1 + next.len_utf8();
            }
        }
        Ok((start, if is_bytes { Token::Bytes(out.bytes) } else { Token::String(out.text) }))
    }
}

fn is_exponent(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['e', 'E']) else { return false };
    rest.strip_prefix(['+', '-']).unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a literal of text begins here: of bytes, raw, and with which quotes.
fn literal_start(rest: &str) -> Option<(bool, bool, &'static str)> {
    let (is_bytes, rest) = rest.strip_prefix(['b', 'B']).map_or((false, rest), |rest| (true, rest));
    let (is_raw, rest) = rest.strip_prefix(['r', 'R']).map_or((false, rest), |rest| (true, rest));
    ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote)).map(|quote| (is_bytes, is_raw, quote))
}

struct StringLiteral {
    is_bytes: bool,
    text: String,
    bytes: Vec<u8>,
}

impl StringLiteral {
    fn push(&mut self, c: char) {
        if self.is_bytes {
            self.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            self.text.push(c);
        }
    }

    /// An escaped number: a character of a string, a byte of bytes where it is small enough.
    fn push_code(&mut self, code: u32) {
        match u8::try_from(code) {
            Ok(byte) if self.is_bytes => self.bytes.push(byte),
            _ => self.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }
}

/// The code of an escape and its length.
fn escape(rest: &str) -> Option<(u32, usize)> {
    let number = |from: usize, count: usize, radix: u32| {
        let text = rest.get(from..from + count)?;
        let all = text.bytes().all(|byte| char::from(byte).is_digit(radix));
        Some((u32::from_str_radix(text, radix).ok().filter(|_| all)?, from + count))
    };
    let simple = |code: u32| Some((code, 2));
    match rest.as_bytes().get(1)? {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(10),
        b'r' => simple(13),
        b't' => simple(9),
        b'v' => simple(11),
        quote @ (b'"' | b'\'' | b'\\') => simple(u32::from(*quote)),
        b'x' => number(2, 2, 16),
        b'u' => number(2, 4, 16),
        b'U' => number(2, 8, 16),
        b'0'..=b'7' => number(1, 3, 8),
        _ => None,
    }
}
