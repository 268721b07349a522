//! The tokens of the language, and reading them one by one: as the parser asks for them, so that of two faults the first is told.

use crate::schema::logical::error::ConversionError;
use crate::schema::meter;

/// A kind of token: its place among all kinds.
pub(super) type TokenKind = u8;

/// Some kinds of tokens, a bit each.
pub(super) type KindSet = u128;

pub(super) const EOF: TokenKind = 0;

/// The kinds, in the order in which messages list them. Of equally long tokens the first kind wins.
#[rustfmt::skip]
const KINDS: [&str; 107] = [
    "<EOF>", "';'", "'('", "','", "')'", "'='", "'<>'", "'!='", "'<'", "'<='", "'>'", "'>='", "'+'", "'-'", "'*'", "'/'", "'%'", "'||'",
    "'.'", "'['", "']'", "USING", "AND", "ARRAY", "AS", "BETWEEN", "BIGINT", "BINARY", "BOOLEAN", "BOTH", "BYTES", "CASE", "CAST",
    "CHARACTER", "CHAR", "CHECK", "COMMENT", "CONSTRAINT", "CURRENT_TIMESTAMP", "DATE", "DEC", "DECIMAL", "DEFAULT", "DOUBLE", "ELSE",
    "END", "ENUM", "ESCAPE", "EXTRACT", "FALSE", "FLOAT", "FOR", "FROM", "IN", "INT", "INTEGER", "INTERVAL", "IS", "LEADING", "LIKE",
    "LOCAL", "MAP", "MESSAGE", "MULTISET", "NAMESPACE", "NOT", "NULL", "NUMERIC", "OR", "POSITION", "PRECISION", "REAL", "RETURNING",
    "ROW", "STRUCT", "SMALLINT", "STRING", "SUBSTRING", "SYMMETRIC", "TAGS", "THEN", "TIME", "TIMESTAMP_LTZ", "TIMESTAMP", "TINYINT",
    "TRAILING", "TRIM", "TRUE", "TRY_VARIANT_GET", "TYPE", "UNION", "VARBINARY", "VARCHAR", "VARYING", "VARIANT_GET", "VARIANT", "WHEN",
    "WITH", "WITHOUT", "ZONE", "INT_LITERAL", "DECIMAL_LITERAL", "DOUBLE_LITERAL", "STRING_LITERAL", "BYTES_LITERAL", "QUOTED_ID", "ID",
];

/// The kinds that are words.
const WORDS: std::ops::Range<usize> = 21..100;

/// The kind that messages call by this name.
pub(super) fn kind_named(name: &str) -> Option<TokenKind> {
    KINDS.iter().position(|own| *own == name || own.trim_matches('\'') == name).and_then(|at| TokenKind::try_from(at).ok())
}

pub(super) fn name_of(kind: TokenKind) -> &'static str {
    KINDS.get(usize::from(kind)).copied().unwrap_or("<INVALID>")
}

pub(super) fn bit(kind: TokenKind) -> KindSet {
    1 << kind
}

/// A set as messages write it.
pub(super) fn list(set: KindSet) -> String {
    let names: Vec<&str> = (0..KINDS.len()).filter(|at| set & (1 << at) != 0).filter_map(|at| KINDS.get(at).copied()).collect();
    match names.as_slice() {
        [only] => (*only).to_owned(),
        _ => format!("{{{}}}", names.join(", ")),
    }
}

/// A token: its kind and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// From 1.
    pub(super) line: usize,
    /// Characters before it on its line.
    pub(super) column: usize,
}

/// Bytes that a token takes, with its leaf in the tree.
const TOKEN_BYTES: usize = 128;

/// The tokens of a text, read as far as somebody has looked.
#[derive(Debug)]
pub(super) struct TokenStream<'t> {
    text: &'t str,
    read: Vec<Token>,
    reserved: meter::ReservedMemory,
    at: usize,
    line: usize,
    column: usize,
}

impl<'t> TokenStream<'t> {
    /// # Errors
    /// No memory is left.
    pub(super) fn new(text: &'t str) -> Result<Self, ConversionError> {
        let reserved = meter::reserve_for_now(0)?;
        Ok(Self { text, read: Vec::new(), reserved, at: 0, line: 1, column: 0 })
    }

    /// The token at an index; behind the last one there is EOF for ever.
    ///
    /// # Errors
    /// There is no token at that place of the text.
    pub(super) fn get(&mut self, index: usize) -> Result<Token, ConversionError> {
        while self.read.len() <= index {
            if let Some(last) = self.read.last().filter(|last| last.kind == EOF) {
                return Ok(*last);
            }
            meter::charge(4)?;
            self.reserved.join(meter::reserve_for_now(TOKEN_BYTES)?);
            let token = self.next_token()?;
            self.read.push(token);
        }
        self.read.get(index).copied().ok_or_else(|| ConversionError::new("no such token"))
    }

    /// The text of a token.
    pub(super) fn text(&self, token: Token) -> &'t str {
        if token.kind == EOF { "<EOF>" } else { self.slice(token.start, token.end) }
    }

    pub(super) fn whole(&self) -> &'t str {
        self.text
    }

    /// The text between two offsets, blanks and all.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or("")
    }

    /// The texts of several tokens without what stood between them, as messages quote them.
    pub(super) fn joined(&self, first: usize, last: usize) -> String {
        let tokens = self.read.iter().skip(first).take(last.saturating_sub(first) + 1);
        tokens.take_while(|token| token.kind != EOF).map(|token| self.text(*token)).collect()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn advance(&mut self, bytes: usize) {
        for c in self.rest().get(..bytes).unwrap_or("").chars() {
            (self.line, self.column) = if c == '\n' { (self.line + 1, 0) } else { (self.line, self.column + 1) };
        }
        self.at += bytes;
    }

    fn next_token(&mut self) -> Result<Token, ConversionError> {
        loop {
            let rest = self.rest();
            meter::charge(1)?;
            let (line, column, start) = (self.line, self.column, self.at);
            if rest.is_empty() {
                return Ok(Token { kind: EOF, start, end: start, line, column });
            }
            match longest(rest) {
                Longest::Skipped(bytes) => self.advance(bytes),
                Longest::Token(kind, bytes) => {
                    meter::charge_for(bytes / 16)?;
                    self.advance(bytes);
                    return Ok(Token { kind, start, end: self.at, line, column });
                }
                Longest::None(bytes) => {
                    let unread = escaped(rest.get(..bytes).unwrap_or(rest));
                    let message =
                        format!("Parse error at line {line}, col {}: token recognition error at: '{unread}'", column + 1);
                    return Err(ConversionError::new(message));
                }
            }
        }
    }
}

/// Line breaks and tabs as messages write them.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

enum Longest {
    /// Blanks or a comment.
    Skipped(usize),
    Token(TokenKind, usize),
    /// Nothing; so many bytes were looked at.
    None(usize),
}

/// The longest token that a text begins with.
fn longest(text: &str) -> Longest {
    let first = text.chars().next().unwrap_or(' ');
    let word = |name: &str, bytes: usize| Longest::Token(kind_named(name).unwrap_or(EOF), bytes);
    match first {
        ' ' | '\t' | '\r' | '\n' => Longest::Skipped(text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len()),
        '\'' => quoted(text, '\'').map_or(Longest::None(text.len()), |bytes| word("STRING_LITERAL", bytes)),
        '`' => quoted(text, '`').map_or(Longest::None(text.len()), |bytes| word("QUOTED_ID", bytes)),
        '0'..='9' => number(text),
        '.' if text.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) => number(text),
        'a'..='z' | 'A'..='Z' | '_' => {
            let bytes = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
            let name = text.get(..bytes).unwrap_or("");
            if let Some(literal) = text.get(1..).filter(|rest| name.eq_ignore_ascii_case("x") && rest.starts_with('\''))
                && let Some(bytes) = quoted(literal, '\'')
            {
                return word("BYTES_LITERAL", bytes + 1);
            }
            let known = WORDS.into_iter().find(|at| KINDS.get(*at).is_some_and(|own| own.eq_ignore_ascii_case(name)));
            known.map_or_else(|| word("ID", bytes), |at| Longest::Token(TokenKind::try_from(at).unwrap_or(EOF), bytes))
        }
        '/' if text.starts_with("//") => Longest::Skipped(text.find(['\r', '\n']).unwrap_or(text.len())),
        '/' if text.starts_with("/*") => match text.get(2..).and_then(|rest| rest.find("*/")) {
            Some(at) => Longest::Skipped(at + 4),
            None => word("/", 1),
        },
        _ => {
            let symbol = |bytes: usize| text.get(..bytes).and_then(kind_named).map(|kind| Longest::Token(kind, bytes));
            let looked_at = |c: char| c.len_utf8() + text.chars().nth(1).filter(|_| "!|".contains(c)).map_or(0, char::len_utf8);
            symbol(2).or_else(|| symbol(1)).unwrap_or_else(|| Longest::None(looked_at(first)))
        }
    }
}

/// The length of what stands in quotes, of which two are one that belongs to the text.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find(quote)? + 1;
        if !text.get(at..)?.starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

fn number(text: &str) -> Longest {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or("");
        from + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let mut end = digits(0);
    let mut name = "INT_LITERAL";
    if text.get(end..).is_some_and(|rest| rest.starts_with('.')) {
        (end, name) = (digits(end + 1), "DECIMAL_LITERAL");
    }
    if text.get(end..).is_some_and(|rest| rest.starts_with(['e', 'E'])) {
        let signed = end + 1 + usize::from(text.get(end + 1..).is_some_and(|rest| rest.starts_with(['+', '-'])));
        if digits(signed) > signed {
            (end, name) = (digits(signed), "DOUBLE_LITERAL");
        }
    }
    Longest::Token(kind_named(name).unwrap_or(EOF), end)
}
