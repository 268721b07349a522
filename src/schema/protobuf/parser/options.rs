//! Options: names of several parts, and values of every kind.

use std::collections::HashMap;

use super::{Parser, Result};
use crate::schema::protobuf::tree::{Entry, Part, Setting, Spelling, Value};

impl Parser<'_> {
    /// `name = value;` after the word `option`.
    pub(super) fn option_statement(&mut self) -> Result<Setting> {
        let option = self.option()?;
        self.reader.require(b';')?;
        Ok(option)
    }

    /// `[name = value, …]`, if it is there.
    pub(super) fn options(&mut self) -> Result<Vec<Setting>> {
        let mut options = Vec::new();
        if !self.reader.take(b'[')? {
            return Ok(options);
        }
        loop {
            options.push(self.option()?);
            if self.reader.take(b']')? {
                return Ok(options);
            }
            if !self.reader.take(b',')? {
                return Err(self.reader.fail("Expected ',' or ']'"));
            }
        }
    }

    fn option(&mut self) -> Result<Setting> {
        let extension = self.reader.peek()? == b'(';
        let at = self.reader.offset();
        let mut name = Vec::new();
        let first = self.reader.name()?;
        let mut joined = false;
        if extension {
            name.push(Part { text: first.into(), spelling: Spelling::Extension });
        } else {
            // The word takes a dot before a parenthesis with it.
            joined = first.ends_with('.');
            name.push(Part { text: first.strip_suffix('.').unwrap_or(first).into(), spelling: Spelling::Plain });
        }
        while joined || self.reader.take(b'.')? {
            joined = false;
            if self.reader.peek()? == b'(' {
                name.push(Part { text: self.reader.name()?.into(), spelling: Spelling::Extension });
                continue;
            }
            let word = self.reader.name()?;
            joined = word.ends_with('.');
            let parts = word.strip_suffix('.').unwrap_or(word);
            name.extend(parts.split('.').map(|part| Part { text: part.into(), spelling: Spelling::Plain }));
        }
        self.reader.within(name.len())?;
        if name.iter().any(|part| part.text.is_empty()) {
            return Err(self.reader.fail("expected a word"));
        }
        self.reader.require(b'=')?;
        Ok(Setting { name, value: self.value()?, at })
    }

    fn value(&mut self) -> Result<Value> {
        match self.reader.peek()? {
            b'{' => self.literal(),
            b'[' => self.list(),
            b'"' | b'\'' => Ok(Value::String(self.reader.string()?.into())),
            _ => Ok(Value::Word(self.reader.value_word()?.into())),
        }
    }

    fn list(&mut self) -> Result<Value> {
        self.reader.require(b'[')?;
        self.reader.enter()?;
        let mut values = Vec::new();
        while !self.reader.take(b']')? {
            values.push(self.value()?);
            if !self.reader.take(b',')? && self.reader.peek()? != b']' {
                return Err(self.reader.fail("expected ',' or ']'"));
            }
        }
        self.reader.leave();
        Ok(Value::List(values))
    }

    pub(super) fn literal(&mut self) -> Result<Value> {
        self.open()?;
        let mut entries = Gathered::default();
        while !self.closed()? {
            let key: Box<str> =
                if self.reader.peek()? == b'[' { self.reader.extension_key()?.into() } else { self.reader.name()?.into() };
            let mut path = Vec::new();
            if self.reader.take(b'.')? {
                path.extend(self.reader.name()?.split('.').map(Box::<str>::from));
                self.reader.within(path.len())?;
            }
            // Before a nested literal the colon may be left out.
            if self.reader.peek()? != b'{' {
                self.reader.require(b':')?;
            }
            let mut value = self.value()?;
            for key in path.into_iter().rev() {
                value = Value::Literal(vec![Entry { key, value }]);
            }
            entries.add(key, value);
            if !self.reader.take(b',')? {
                self.reader.take(b';')?;
            }
        }
        Ok(Value::Literal(entries.entries))
    }
}

/// The entries of a literal; a key that is repeated holds a list.
#[derive(Default)]
struct Gathered {
    entries: Vec<Entry>,
    places: HashMap<Box<str>, usize>,
}

impl Gathered {
    fn add(&mut self, key: Box<str>, value: Value) {
        let place = self.places.get(&key).copied();
        let Some(before) = place.and_then(|place| self.entries.get_mut(place)) else {
            self.places.insert(key.clone(), self.entries.len());
            self.entries.push(Entry { key, value });
            return;
        };
        if !matches!(before.value, Value::List(_)) {
            let first = std::mem::replace(&mut before.value, Value::List(Vec::new()));
            before.value = Value::List(vec![first]);
        }
        if let Value::List(values) = &mut before.value {
            match value {
                Value::List(more) => values.extend(more),
                one => values.push(one),
            }
        }
    }
}

/// Takes a value out of the options; of several the last one counts.
pub(super) fn strip(options: &mut Vec<Setting>, name: &str) -> Option<Value> {
    let mut found = None;
    if options.iter().any(|option| option.is_plain(name)) {
        for option in std::mem::take(options) {
            if option.is_plain(name) {
                found = Some(option.value);
            } else {
                options.push(option);
            }
        }
    }
    found
}
