//! Normalized options: full names, sorted, every custom option assigned once (protobuf 2.3).

use std::collections::HashMap;

use crate::schema::protobuf::field_index::FieldIndex;
use crate::schema::protobuf::model::{Field, LiteralEntry, NamePart, OptionValue, ProtoOption, Spelling, is_scalar};
use crate::schema::protobuf::number;
use crate::schema::protobuf::print;
use crate::schema::protobuf::symbol_table::SymbolTable;

/// Brings options into their normalized form.
pub(super) struct OptionNormalizer<'a> {
    symbols: &'a SymbolTable<'a>,
    members: FieldIndex<'a>,
}

/// What is known of the field a value belongs to.
#[derive(Clone, Copy)]
struct KnownField<'a> {
    repeated: bool,
    /// The message that is its type.
    message: Option<&'a str>,
}

impl<'a> OptionNormalizer<'a> {
    pub(super) fn new(symbols: &'a SymbolTable<'a>) -> Self {
        Self { symbols, members: FieldIndex::default() }
    }

    pub(super) fn options(&self, options: &[ProtoOption], scope: &str) -> Vec<ProtoOption> {
        if options.is_empty() {
            return Vec::new();
        }
        let mut merged: Vec<ProtoOption> = Vec::new();
        let mut groups: HashMap<Box<str>, Assignments> = HashMap::new();
        for option in options {
            let (option, dotted) = self.option(option, scope);
            let Some(name) = option.extension().filter(|_| option.name.len() == 1).map(Box::<str>::from) else {
                merged.push(option);
                continue;
            };
            let known = self.extension(&name, "");
            // an option that is assigned by parts can't be a list, even if it is unknown
            let single = known.map_or(dotted, |known| !known.repeated);
            match groups.get_mut(&name) {
                Some(group) if single || (group.single && known.is_none()) => {
                    group.single = true;
                    group.values.push(option.value);
                }
                _ => {
                    groups.insert(name, Assignments { place: merged.len(), single, values: Vec::new() });
                    merged.push(option);
                }
            }
        }
        for (name, group) in groups {
            if let Some(setting) = merged.get_mut(group.place).filter(|_| !group.values.is_empty()) {
                let message = self.extension(&name, "").and_then(|known| known.message);
                let first = std::mem::replace(&mut setting.value, OptionValue::List(Vec::new()));
                let values = std::iter::once(first).chain(group.values).collect();
                setting.value = self.combine(values, message);
            }
        }
        for setting in &mut merged {
            let value = std::mem::replace(&mut setting.value, OptionValue::List(Vec::new()));
            setting.value = tidy(value);
        }
        // cached, so that the key is printed once per option and not once per comparison
        merged.sort_by_cached_key(|setting| print::name(&setting.name));
        merged
    }

    /// The option with full names, a dotted assignment turned into a literal; the flag says that it was dotted.
    fn option(&self, option: &ProtoOption, scope: &str) -> (ProtoOption, bool) {
        let value = self.resolved(&option.value, scope);
        let Some(written) = option.extension() else {
            let setting = ProtoOption { name: option.name.clone(), value, at: option.at };
            return (setting, false);
        };
        let full = self.full(written, scope).unwrap_or_else(|| written.into());
        let dotted = option.name.len() > 1;
        let mut value = value;
        for part in option.name.iter().skip(1).rev() {
            let key = match part.spelling {
                Spelling::Plain => part.text.clone(),
                Spelling::Extension => self.key(&format!("[{}]", part.text), scope),
            };
            value = OptionValue::Literal(vec![LiteralEntry { key, value }]);
        }
        let name = vec![NamePart { text: full, spelling: Spelling::Extension }];
        (ProtoOption { name, value, at: option.at }, dotted)
    }

    /// A literal's key with the full name of the extension it names.
    fn key(&self, key: &str, scope: &str) -> Box<str> {
        let inner = key.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match inner.and_then(|name| self.full(name, scope)) {
            Some(full) => format!("[{full}]").into(),
            None => key.into(),
        }
    }

    /// The full name of an extension, with a leading dot only if it would resolve to another one without.
    fn full(&self, name: &str, scope: &str) -> Option<Box<str>> {
        let full = &self.symbols.extension(name, scope)?.full;
        let meant = self.symbols.extension(full, scope).is_some_and(|found| found.full == *full);
        Some(if meant { full.clone() } else { format!(".{full}").into() })
    }

    /// A value with full names and plain numbers.
    fn resolved(&self, value: &OptionValue, scope: &str) -> OptionValue {
        match value {
            OptionValue::String(_) => value.clone(),
            OptionValue::Word(word) => OptionValue::Word(number::plain_in_option(word).into()),
            OptionValue::List(values) => OptionValue::List(values.iter().map(|value| self.resolved(value, scope)).collect()),
            OptionValue::Literal(entries) => {
                let entry = |entry: &LiteralEntry| LiteralEntry {
                    key: if entry.key.starts_with('[') { self.key(&entry.key, scope) } else { entry.key.clone() },
                    value: self.resolved(&entry.value, scope),
                };
                OptionValue::Literal(entries.iter().map(entry).collect())
            }
        }
    }

    fn extension(&self, name: &str, scope: &str) -> Option<KnownField<'_>> {
        let found = self.symbols.extension(name, scope)?;
        Some(self.known(found.field, found.scope()))
    }

    fn known<'n>(&'n self, field: &'n Field, scope: &str) -> KnownField<'n> {
        let name = field.kind.name().filter(|name| !is_scalar(name));
        let message = name.and_then(|name| self.symbols.resolve(name, scope)).filter(|found| found.node.body().is_some());
        KnownField { repeated: field.is_repeated(), message: message.map(|found| &*found.full) }
    }

    /// What a key means in a message.
    fn member(&self, key: &str, message: Option<&str>) -> Option<KnownField<'_>> {
        if let Some(inner) = key.strip_prefix('[') {
            return self.extension(inner.strip_suffix(']')?, "");
        }
        let found = self.symbols.find(message?)?;
        let field = self.members.find(found, key)?;
        Some(self.known(field, &found.full))
    }

    /// Combines the values of an option that is not repeated: messages are merged, of other values the last one counts.
    fn combine(&self, values: Vec<OptionValue>, message: Option<&str>) -> OptionValue {
        let mut last = OptionValue::List(Vec::new());
        let mut keys: Vec<(Box<str>, Vec<OptionValue>)> = Vec::new();
        let mut places: HashMap<Box<str>, usize> = HashMap::new();
        let mut is_literal = false;
        for value in values {
            let OptionValue::Literal(entries) = value else {
                keys.clear();
                places.clear();
                is_literal = false;
                last = value;
                continue;
            };
            is_literal = true;
            for entry in entries {
                let place = *places.entry(entry.key.clone()).or_insert(keys.len());
                match keys.get_mut(place) {
                    Some((_, values)) => values.push(entry.value),
                    None => keys.push((entry.key, vec![entry.value])),
                }
            }
        }
        if !is_literal {
            return last;
        }
        let entry = |(key, mut values): (Box<str>, Vec<OptionValue>)| {
            let value = match (values.len(), values.pop()) {
                (1, Some(only)) => only,
                (_, popped) => {
                    values.extend(popped);
                    self.same_key(&key, values, message)
                }
            };
            LiteralEntry { key, value }
        };
        OptionValue::Literal(keys.into_iter().map(entry).collect())
    }

    /// What several assignments gave to one key.
    fn same_key(&self, key: &str, values: Vec<OptionValue>, message: Option<&str>) -> OptionValue {
        let all_literals = values.iter().all(|value| matches!(value, OptionValue::Literal(_)));
        match self.member(key, message) {
            Some(known) if !known.repeated => self.combine(values, known.message),
            None if all_literals => self.combine(values, None),
            _ => joined(values),
        }
    }
}

/// Assignments that belong to one option.
struct Assignments {
    place: usize,
    single: bool,
    values: Vec<OptionValue>,
}

/// The entries of all values, equal ones once.
fn joined(values: Vec<OptionValue>) -> OptionValue {
    let list = |value| match value {
        OptionValue::List(values) => values,
        one => vec![one],
    };
    let mut found: Vec<OptionValue> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for value in values.into_iter().flat_map(list) {
        if seen.insert(print::value_text(&value)) {
            found.push(value);
        }
    }
    OptionValue::List(found)
}

/// Keys sorted, empty lists dropped, lists of one entry unwrapped.
fn tidy(value: OptionValue) -> OptionValue {
    match value {
        OptionValue::Literal(entries) => {
            let mut entries: Vec<LiteralEntry> = entries
                .into_iter()
                .map(|entry| LiteralEntry { key: entry.key, value: tidy(entry.value) })
                .filter(|entry| !matches!(&entry.value, OptionValue::List(values) if values.is_empty()))
                .collect();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            OptionValue::Literal(entries)
        }
        OptionValue::List(values) => {
            let mut values: Vec<OptionValue> = values.into_iter().map(tidy).collect();
            match values.pop() {
                Some(only) if values.is_empty() => only,
                last => {
                    values.extend(last);
                    OptionValue::List(values)
                }
            }
        }
        other => other,
    }
}
