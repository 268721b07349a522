//! Options: names of several parts, and values of every kind.

use std::collections::HashMap;

use super::parser::{Parser, Result};
use crate::schema::protobuf::model::{LiteralEntry, NamePart, OptionValue, ProtoOption, Spelling};

impl Parser<'_> {
    /// `name = value;` after the word `option`.
    pub(super) fn option_statement(&mut self) -> Result<ProtoOption> {
        let option = self.option()?;
        self.lexer.require(b';')?;
        Ok(option)
    }

    /// `[name = value, …]`, if it is there.
    pub(super) fn options(&mut self) -> Result<Vec<ProtoOption>> {
        let mut options = Vec::new();
        if !self.lexer.take(b'[')? {
            return Ok(options);
        }
        loop {
            options.push(self.option()?);
            if self.lexer.take(b']')? {
                return Ok(options);
            }
            if !self.lexer.take(b',')? {
                return Err(self.lexer.fail("Expected ',' or ']'"));
            }
        }
    }

    fn option(&mut self) -> Result<ProtoOption> {
        let extension = self.lexer.peek()? == b'(';
        let at = self.lexer.offset();
        let mut name = Vec::new();
        let first = self.lexer.name()?;
        let mut joined = false;
        if extension {
            name.push(NamePart { text: first.into(), spelling: Spelling::Extension });
        } else {
            // a word includes the dot before a parenthesis
            joined = first.ends_with('.');
            name.push(NamePart { text: first.strip_suffix('.').unwrap_or(first).into(), spelling: Spelling::Plain });
        }
        while joined || self.lexer.take(b'.')? {
            joined = false;
            if self.lexer.peek()? == b'(' {
                name.push(NamePart { text: self.lexer.name()?.into(), spelling: Spelling::Extension });
                continue;
            }
            let word = self.lexer.name()?;
            joined = word.ends_with('.');
            let parts = word.strip_suffix('.').unwrap_or(word);
            name.extend(parts.split('.').map(|part| NamePart { text: part.into(), spelling: Spelling::Plain }));
        }
        self.lexer.within(name.len())?;
        if name.iter().any(|part| part.text.is_empty()) {
            return Err(self.lexer.fail("expected a word"));
        }
        self.lexer.require(b'=')?;
        Ok(ProtoOption { name, value: self.value()?, at })
    }

    fn value(&mut self) -> Result<OptionValue> {
        match self.lexer.peek()? {
            b'{' => self.literal(b'{'),
            b'[' => self.list(),
            b'"' | b'\'' => Ok(OptionValue::String(self.lexer.string()?.into())),
            _ => Ok(OptionValue::Word(self.lexer.value_word()?.into())),
        }
    }

    fn list(&mut self) -> Result<OptionValue> {
        self.lexer.require(b'[')?;
        self.lexer.enter()?;
        let mut values = Vec::new();
        while !self.lexer.take(b']')? {
            values.push(self.literal_value()?);
            if !self.lexer.take(b',')? && self.lexer.peek()? != b']' {
                return Err(self.lexer.fail("expected ',' or ']'"));
            }
        }
        self.lexer.leave();
        Ok(OptionValue::List(values))
    }

    /// A value within a literal, where a literal may also have angle brackets.
    fn literal_value(&mut self) -> Result<OptionValue> {
        if self.lexer.peek()? == b'<' { self.literal(b'<') } else { self.value() }
    }

    /// A literal of messages, which begins with `{` or `<`.
    pub(super) fn literal(&mut self, opening: u8) -> Result<OptionValue> {
        let closing = if opening == b'<' { b'>' } else { b'}' };
        self.lexer.require(opening)?;
        self.lexer.enter()?;
        let mut entries = Gathered::default();
        while !self.lexer.take(closing)? {
            let key: Box<str> =
                if self.lexer.peek()? == b'[' { self.lexer.extension_key()?.into() } else { self.lexer.name()?.into() };
            let mut path = Vec::new();
            if self.lexer.take(b'.')? {
                path.extend(self.lexer.name()?.split('.').map(Box::<str>::from));
                self.lexer.within(path.len())?;
            }
            // the colon may be left out before a nested literal
            if !matches!(self.lexer.peek()?, b'{' | b'<') {
                self.lexer.require(b':')?;
            }
            let mut value = self.literal_value()?;
            for key in path.into_iter().rev() {
                value = OptionValue::Literal(vec![LiteralEntry { key, value }]);
            }
            entries.add(key, value);
            if !self.lexer.take(b',')? {
                self.lexer.take(b';')?;
            }
        }
        self.lexer.leave();
        Ok(OptionValue::Literal(entries.entries))
    }
}

/// The entries of a literal; a repeated key becomes one with a list.
#[derive(Default)]
struct Gathered {
    entries: Vec<LiteralEntry>,
    places: HashMap<Box<str>, usize>,
}

impl Gathered {
    fn add(&mut self, key: Box<str>, value: OptionValue) {
        let place = self.places.get(&key).copied();
        let Some(before) = place.and_then(|place| self.entries.get_mut(place)) else {
            self.places.insert(key.clone(), self.entries.len());
            self.entries.push(LiteralEntry { key, value });
            return;
        };
        if !matches!(before.value, OptionValue::List(_)) {
            let first = std::mem::replace(&mut before.value, OptionValue::List(Vec::new()));
            before.value = OptionValue::List(vec![first]);
        }
        if let OptionValue::List(values) = &mut before.value {
            match value {
                OptionValue::List(more) => values.extend(more),
                one => values.push(one),
            }
        }
    }
}
