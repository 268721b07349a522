//! Rewrites ECMA-262 and Java patterns into the syntax of the engine.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use crate::schema::meter;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternUse {
    /// To see whether it is well-formed: classes only Java knows become some class.
    Shape,
    Run,
}

/// Rewrites ECMA-262 and Java syntax into what the engine reads.
pub(super) fn translate(pattern: &str, reading: PatternUse) -> String {
    let mut translator =
        PatternTranslator { rest: pattern.chars().peekable(), out: String::with_capacity(pattern.len() + 8), reading };
    while let Some(c) = translator.rest.next() {
        match c {
            '\\' => translator.escape(),
            '[' => translator.class(),
            other => translator.out.push(other),
        }
    }
    translator.out
}

const DIGITS: &str = "0-9";
const WORDS: &str = "A-Za-z0-9_";
const BLANKS: &str = r" \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";

struct PatternTranslator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    reading: PatternUse,
}

enum Atom {
    Single(char),
    Set(String),
}

impl PatternTranslator<'_> {
    fn literal(&mut self, c: char) {
        if c.is_alphanumeric() {
            self.out.push(c);
        } else {
            let _ = write!(self.out, "\\x{{{:X}}}", u32::from(c));
        }
    }

    fn escape(&mut self) {
        let Some(c) = self.rest.next() else {
            self.out.push('\\');
            return;
        };
        match c {
            'd' | 'w' | 'h' | 'D' | 'W' | 'H' | 'p' | 'P' => {
                let set = self.named_set(c);
                self.out.push_str(&set);
            }
            'Q' => self.quoted(),
            'c' | 'u' | '0' => {
                if let Some(value) = self.coded(c) {
                    self.literal(value);
                } else {
                    self.out.push('\\');
                    self.out.push(c);
                }
            }
            c if c.is_alphanumeric() => {
                self.out.push('\\');
                self.out.push(c);
            }
            other => self.literal(other),
        }
    }

    /// `\Q…\E`: everything in between is literal.
    fn quoted(&mut self) {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.peek() == Some(&'E') {
                self.rest.next();
                return;
            }
            self.literal(c);
        }
    }

    /// The set behind `\d`, `\w`, `\h`, `\p{…}` and their opposites, as a class of its own.
    fn named_set(&mut self, c: char) -> String {
        match c {
            'd' => format!("[{DIGITS}]"),
            'D' => format!("[^{DIGITS}]"),
            'w' => format!("[{WORDS}]"),
            'W' => format!("[^{WORDS}]"),
            'h' => format!("[{BLANKS}]"),
            'H' => format!("[^{BLANKS}]"),
            _ => self.property(c),
        }
    }

    fn property(&mut self, c: char) -> String {
        if self.rest.peek() != Some(&'{') {
            return format!("\\{c}");
        }
        self.rest.next();
        let mut name = String::new();
        for n in self.rest.by_ref() {
            if n == '}' {
                break;
            }
            name.push(n);
        }
        let not = if c == 'P' { "^" } else { "" };
        let posix = match &*name {
            "Lower" | "Upper" | "Alpha" | "Digit" | "Alnum" | "Punct" | "Graph" | "Print" | "Blank" | "Cntrl" | "XDigit"
            | "Space" | "ASCII" => Some(name.to_ascii_lowercase()),
            _ => None,
        };
        if let Some(posix) = posix {
            return format!("[{not}[:{posix}:]]");
        }
        if self.reading == PatternUse::Shape && (name.starts_with("In") || name.starts_with("java")) {
            return format!("\\{c}{{L}}");
        }
        // `Is` is Java's prefix for scripts and binary properties.
        format!("\\{c}{{{}}}", name.strip_prefix("Is").unwrap_or(&name))
    }

    /// The character behind `\cX`, `\uXXXX` (also in pairs), `\u{X}` or `\0…`; nothing is consumed unless it is one.
    fn coded(&mut self, kind: char) -> Option<char> {
        let mut ahead = self.rest.clone();
        let value = match kind {
            'c' => char::from_u32(u32::from(ahead.next().filter(char::is_ascii_alphabetic)?) % 32)?,
            '0' => {
                let mut value = 0;
                for _ in 0..3 {
                    let Some(digit) = ahead.peek().and_then(|d| d.to_digit(8)).filter(|d| value * 8 + d < 256) else { break };
                    value = value * 8 + digit;
                    ahead.next();
                }
                char::from_u32(value)?
            }
            _ if ahead.peek() == Some(&'{') => {
                ahead.next();
                // where no brace closes, each is looked for up to the end of the text
                let digits: String = ahead.by_ref().take_while(|c| *c != '}' && meter::charge(1).is_ok()).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            _ => {
                let first = hex4(&mut ahead)?;
                if (0xD800..0xDC00).contains(&first) {
                    let mut pair = ahead.clone();
                    let second = (pair.next() == Some('\\') && pair.next() == Some('u')).then(|| hex4(&mut pair)).flatten();
                    match second.filter(|s| (0xDC00..0xE000).contains(s)) {
                        Some(second) => {
                            ahead = pair;
                            char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))?
                        }
                        None => char::REPLACEMENT_CHARACTER,
                    }
                } else {
                    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
            }
        };
        self.rest = ahead;
        Some(value)
    }

    /// A character class, read the ECMA-262 way: `[` and `&&` inside it are literal. A class that does not end is copied, so
    /// that the engine refuses it; a reversed range likewise.
    fn class(&mut self) {
        let before = self.rest.clone();
        let mark = self.out.len();
        if self.class_body().is_none() {
            self.rest = before;
            self.out.truncate(mark);
            self.out.push('[');
        }
    }

    fn class_body(&mut self) -> Option<()> {
        let mark = self.out.len();
        self.out.push('[');
        let negated = self.rest.peek() == Some(&'^');
        if negated {
            self.rest.next();
            self.out.push('^');
        }
        let mut empty = true;
        loop {
            // where no class ends, each bracket is followed to the end of the text
            meter::charge(1).ok()?;
            let c = self.rest.next()?;
            if c == ']' {
                break;
            }
            empty = false;
            let atom = self.class_atom(c)?;
            let from = match atom {
                Atom::Set(set) => {
                    self.out.push_str(&set);
                    continue;
                }
                Atom::Single(from) => from,
            };
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                self.rest.next();
                let c = self.rest.next()?;
                match self.class_atom(c)? {
                    Atom::Single(to) if from <= to => {
                        self.literal(from);
                        self.out.push('-');
                        self.literal(to);
                    }
                    Atom::Single(_) => return None,
                    Atom::Set(set) => {
                        self.literal(from);
                        self.literal('-');
                        self.out.push_str(&set);
                    }
                }
            } else {
                self.literal(from);
            }
        }
        if empty {
            self.out.truncate(mark);
            self.out.push_str(if negated { r"[\s\S]" } else { r"[^\s\S]" });
        } else {
            self.out.push(']');
        }
        Some(())
    }

    fn class_atom(&mut self, c: char) -> Option<Atom> {
        if c != '\\' {
            return Some(Atom::Single(c));
        }
        let c = self.rest.next()?;
        Some(match c {
            'd' | 'w' | 'h' | 'D' | 'W' | 'H' | 'p' | 'P' => Atom::Set(self.named_set(c)),
            's' | 'S' | 'v' | 'V' => Atom::Set(format!("\\{c}")),
            'b' => Atom::Single('\u{8}'),
            't' => Atom::Single('\t'),
            'n' => Atom::Single('\n'),
            'r' => Atom::Single('\r'),
            'f' => Atom::Single('\u{c}'),
            'a' => Atom::Single('\u{7}'),
            'e' => Atom::Single('\u{1b}'),
            'x' => {
                let high = self.rest.next()?.to_digit(16)?;
                let low = self.rest.next()?.to_digit(16)?;
                Atom::Single(char::from_u32(high * 16 + low)?)
            }
            'c' | 'u' | '0' => Atom::Single(self.coded(c)?),
            c if c.is_alphanumeric() => return None,
            other => Atom::Single(other),
        })
    }
}

fn hex4(rest: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut value = 0;
    for _ in 0..4 {
        value = value * 16 + rest.next()?.to_digit(16)?;
    }
    Some(value)
}
