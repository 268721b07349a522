//! Options as descriptors have them: messages of `google/protobuf/descriptor.proto`, which any file may extend.

use std::collections::HashMap;

use super::wire::{self, Wire, WireWriter};
use crate::schema::protobuf::field_index::FieldIndex;
use crate::schema::protobuf::model::{
    Body, Field, FieldType, LiteralEntry, NamePart, OptionValue, ProtoOption, Spelling, is_scalar,
};
use crate::schema::protobuf::number;
use crate::schema::protobuf::parse;
use crate::schema::protobuf::symbol_table::{ExtensionSymbol, SymbolTable, TypeDeclaration, TypeSymbol};

/// Field number of `uninterpreted_option`.
const UNINTERPRETED: i32 = 999;

/// Deepest nesting of option messages that is followed.
const MAX_DEPTH: usize = 64;

pub(crate) struct OptionBytes<'a> {
    symbols: &'a SymbolTable<'a>,
    members: FieldIndex<'a>,
    /// Extensions by extended message and number.
    extensions: HashMap<(Box<str>, i32), &'a ExtensionSymbol<'a>>,
}

/// A field and the scope of its type's name.
#[derive(Clone, Copy)]
struct OptionField<'a> {
    field: &'a Field,
    scope: &'a str,
}

impl<'a> OptionBytes<'a> {
    pub(crate) fn new(symbols: &'a SymbolTable<'a>) -> Self {
        let mut extensions = HashMap::new();
        for extension in symbols.extensions() {
            if let Some(extended) = symbols.resolve(extension.extendee, extension.scope()) {
                extensions.entry((extended.full.clone(), extension.field.number)).or_insert(extension);
            }
        }
        Self { symbols, members: FieldIndex::default(), extensions }
    }

    fn member(&self, message: &'a TypeSymbol<'a>, name: &str) -> Option<OptionField<'a>> {
        let field = self.members.find(message, name)?;
        Some(OptionField { field, scope: &message.full })
    }

    fn extension(&self, name: &str, scope: &str) -> Option<OptionField<'a>> {
        let found = self.symbols.extension(name, scope)?;
        Some(OptionField { field: found.field, scope: found.scope() })
    }

    fn message(&self, option_field: OptionField<'a>) -> Option<&'a TypeSymbol<'a>> {
        self.symbols.resolve(option_field.field.kind.name()?, option_field.scope)
    }

    // Encoding ---------------------------------------------------------------------------------------------------------------

    /// The bytes of an option message. What can't be encoded is left out.
    pub(crate) fn encode(&self, options: &[ProtoOption], target: &str, scope: &str) -> Vec<u8> {
        let mut writer = WireWriter::default();
        let Some(target) = self.symbols.find(target) else { return writer.bytes };
        for option in options {
            let mut path: Vec<(&str, Spelling)> = Vec::new();
            for part in &option.name {
                match part.spelling {
                    Spelling::Extension => path.push((&part.text, Spelling::Extension)),
                    Spelling::Plain => path.extend(part.text.split('.').map(|name| (name, Spelling::Plain))),
                }
            }
            let mut one = WireWriter::default();
            if self.assign(&mut one, &path, target, &option.value, scope).is_some() {
                writer.bytes.append(&mut one.bytes);
            }
        }
        writer.bytes
    }

    /// True when an option exists and its value fits.
    pub(crate) fn fits(&self, option: &ProtoOption, target: &str, scope: &str) -> bool {
        !self.encode(std::slice::from_ref(option), target, scope).is_empty() || is_empty_list(&option.value)
    }

    /// The field that an option's name leads to.
    fn option_field(&self, option: &ProtoOption, target: &str, scope: &str) -> Option<OptionField<'a>> {
        let mut message = self.symbols.find(target)?;
        let mut found: Option<OptionField<'a>> = None;
        for part in &option.name {
            let pieces: Vec<&str> = match part.spelling {
                Spelling::Plain => part.text.split('.').collect(),
                Spelling::Extension => vec![&part.text],
            };
            for piece in pieces {
                if let Some(before) = found {
                    message = self.message(before)?;
                }
                found = Some(match part.spelling {
                    Spelling::Plain => self.member(message, piece)?,
                    Spelling::Extension => self.extension(piece, scope)?,
                });
            }
        }
        found
    }

    /// True when an option's name leads to a field.
    pub(crate) fn exists(&self, option: &ProtoOption, target: &str, scope: &str) -> bool {
        self.option_field(option, target, scope).is_some()
    }

    /// True when an option may be set more than once.
    pub(crate) fn is_list(&self, option: &ProtoOption, target: &str, scope: &str) -> bool {
        self.option_field(option, target, scope).is_some_and(|option_field| option_field.field.is_repeated())
    }

    /// Encodes the assignment of one part of a message. Decoders merge several encodings of a message.
    fn assign(
        &self,
        writer: &mut WireWriter,
        path: &[(&str, Spelling)],
        message: &'a TypeSymbol<'a>,
        value: &OptionValue,
        scope: &str,
    ) -> Option<()> {
        let ((name, spelling), rest) = path.split_first().filter(|_| path.len() <= MAX_DEPTH)?;
        let option_field = match spelling {
            Spelling::Plain => self.member(message, name)?,
            Spelling::Extension => self.extension(name, scope)?,
        };
        if rest.is_empty() {
            return self.put(writer, option_field, value, scope, 0);
        }
        let mut inner = WireWriter::default();
        self.assign(&mut inner, rest, self.message(option_field)?, value, scope)?;
        writer.block(option_field.field.number, &inner.bytes);
        Some(())
    }

    fn put(
        &self,
        writer: &mut WireWriter,
        option_field: OptionField<'a>,
        value: &OptionValue,
        scope: &str,
        depth: usize,
    ) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let OptionValue::List(values) = value {
            return values.iter().try_for_each(|value| self.put(writer, option_field, value, scope, depth + 1));
        }
        let number = option_field.field.number;
        match &option_field.field.kind {
            FieldType::Map(pair) => {
                let OptionValue::Literal(entries) = value else { return None };
                let mut inner = WireWriter::default();
                for (name, kind, number) in [("key", &pair.0, 1), ("value", &pair.1, 2)] {
                    if let Some(entry) = entries.iter().find(|entry| &*entry.key == name) {
                        self.put_kind(&mut inner, number, kind, option_field.scope, &entry.value, scope, depth + 1)?;
                    }
                }
                writer.block(number, &inner.bytes);
                Some(())
            }
            kind @ FieldType::Named(_) => self.put_kind(writer, number, kind, option_field.scope, value, scope, depth),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a map's key and value have no field of their own to carry these")]
    fn put_kind(
        &self,
        writer: &mut WireWriter,
        number: i32,
        kind: &'a FieldType,
        kind_scope: &str,
        value: &OptionValue,
        scope: &str,
        depth: usize,
    ) -> Option<()> {
        let name = kind.name()?;
        if put_scalar(writer, number, name, value)? {
            return Some(());
        }
        let found = self.symbols.resolve(name, kind_scope)?;
        match (found.node, value) {
            (TypeDeclaration::Enum(declared), OptionValue::Word(word)) => {
                let constant = declared.constants.iter().find(|constant| *constant.name == **word);
                let constant = constant.map(|constant| constant.number).or_else(|| word.parse().ok())?;
                writer.int32(number, constant);
                Some(())
            }
            (TypeDeclaration::Message(_) | TypeDeclaration::Group(_), OptionValue::Literal(entries)) => {
                let mut inner = WireWriter::default();
                for entry in entries {
                    let option_field = match entry.key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
                        Some(extension) => self.extension(extension, scope)?,
                        None => self.member(found, &entry.key)?,
                    };
                    self.put(&mut inner, option_field, &entry.value, scope, depth + 1)?;
                }
                writer.block(number, &inner.bytes);
                Some(())
            }
            _ => None,
        }
    }

    // Decoding ---------------------------------------------------------------------------------------------------------------

    /// The options in the bytes of an option message, in the order in which the message declares them, extensions last. Unknown fields
    /// are lost.
    pub(crate) fn decode(&self, bytes: &[u8], target: &str) -> Option<Vec<ProtoOption>> {
        let message = self.symbols.find(target)?;
        let values = ValuesByNumber::read(bytes)?;
        let mut options = Vec::new();
        for field in message.node.body().into_iter().flat_map(Body::all_fields) {
            if field.number == UNINTERPRETED {
                continue;
            }
            for value in self.read(&values, OptionField { field, scope: &message.full }, 0)? {
                match value {
                    OptionValue::Literal(entries) if &*field.name == "features" && plain_words(&entries) => {
                        options.extend(entries.into_iter().map(|e| ProtoOption::plain(&format!("features.{}", e.key), e.value)));
                    }
                    value => options.push(ProtoOption::plain(&field.name, value)),
                }
            }
        }
        let mut extended = Vec::new();
        for number in &values.order {
            if let Some(extension) = self.extensions.get(&(message.full.clone(), *number)) {
                extended.push(*extension);
            }
        }
        extended.sort_by_key(|extension| (!extension.full.starts_with("confluent."), extension.field.number));
        for extension in extended {
            for value in self.read(&values, OptionField { field: extension.field, scope: extension.scope() }, 0)? {
                let name = vec![NamePart { text: extension.full.clone(), spelling: Spelling::Extension }];
                options.push(ProtoOption { name, value, at: 0 });
            }
        }
        for value in values.get(UNINTERPRETED) {
            options.extend(uninterpreted(value.bytes()?));
        }
        Some(options)
    }

    /// All values of a field. `None` when the bytes don't fit its type.
    fn read(&self, values: &ValuesByNumber<'_>, option_field: OptionField<'a>, depth: usize) -> Option<Vec<OptionValue>> {
        let mut found = Vec::new();
        let occurrences = values.get(option_field.field.number);
        if occurrences.is_empty() {
            return Some(found);
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let repeated = option_field.field.is_repeated();
        for wire in occurrences {
            match &option_field.field.kind {
                FieldType::Map(pair) => {
                    let inner = ValuesByNumber::read(wire.bytes()?)?;
                    let mut entries = Vec::new();
                    for (key, kind, number) in [("key", &pair.0, 1), ("value", &pair.1, 2)] {
                        if let Some(wire) = inner.get(number).last() {
                            let value = self.read_kind(*wire, kind, option_field.scope, depth + 1)?.pop()?;
                            entries.push(LiteralEntry { key: key.into(), value });
                        }
                    }
                    found.push(OptionValue::Literal(entries));
                }
                kind @ FieldType::Named(_) => found.append(&mut self.read_kind(*wire, kind, option_field.scope, depth)?),
            }
        }
        if !repeated && found.len() > 1 {
            // The last one counts. Messages would have to be merged, but no encoder splits them.
            found.drain(..found.len() - 1);
        }
        Some(found)
    }

    fn read_kind(&self, wire: Wire<'_>, kind: &'a FieldType, scope: &str, depth: usize) -> Option<Vec<OptionValue>> {
        let name = kind.name()?;
        if is_scalar(name) {
            return read_scalar(wire, name);
        }
        let found = self.symbols.resolve(name, scope)?;
        if let TypeDeclaration::Enum(declared) = found.node {
            let numbers = match wire {
                Wire::Varint(_) => vec![wire.int32()?],
                _ => wire::packed_varints(wire.bytes()?)?.into_iter().filter_map(|v| Wire::Varint(v).int32()).collect(),
            };
            let word = |number: i32| {
                let constant = declared.constants.iter().find(|constant| constant.number == number);
                constant.map_or_else(|| OptionValue::word(&number.to_string()), |constant| OptionValue::word(&constant.name))
            };
            return Some(numbers.into_iter().map(word).collect());
        }
        let values = ValuesByNumber::read(wire.bytes()?)?;
        let mut entries = Vec::new();
        for field in found.node.body().into_iter().flat_map(Body::all_fields) {
            let mut read = self.read(&values, OptionField { field, scope: &found.full }, depth + 1)?;
            if read.is_empty() {
                continue;
            }
            let value = if field.is_repeated() { OptionValue::List(read) } else { read.pop()? };
            entries.push(LiteralEntry { key: field.name.clone(), value });
        }
        for number in &values.order {
            let Some(extension) = self.extensions.get(&(found.full.clone(), *number)) else { continue };
            let mut read = self.read(&values, OptionField { field: extension.field, scope: extension.scope() }, depth + 1)?;
            let value = if read.len() == 1 { read.pop()? } else { OptionValue::List(read) };
            entries.push(LiteralEntry { key: format!("[{}]", extension.full).into(), value });
        }
        Some(vec![OptionValue::Literal(entries)])
    }
}

/// The values of a message by field number.
#[derive(Default)]
struct ValuesByNumber<'a> {
    order: Vec<i32>,
    values: HashMap<i32, Vec<Wire<'a>>>,
}

impl<'a> ValuesByNumber<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut found = Self::default();
        for (number, wire) in wire::fields(bytes)? {
            let number = i32::try_from(number).ok()?;
            let values = found.values.entry(number).or_default();
            if values.is_empty() {
                found.order.push(number);
            }
            values.push(wire);
        }
        Some(found)
    }

    fn get(&self, number: i32) -> &[Wire<'a>] {
        self.values.get(&number).map_or(&[], Vec::as_slice)
    }
}

fn is_empty_list(value: &OptionValue) -> bool {
    matches!(value, OptionValue::List(values) if values.is_empty())
}

fn plain_words(entries: &[LiteralEntry]) -> bool {
    entries.iter().all(|entry| matches!(entry.value, OptionValue::Word(_)) && !entry.key.starts_with('['))
}

/// True when a value fits a scalar type.
pub(crate) fn fits_scalar(kind: &str, value: &OptionValue) -> bool {
    put_scalar(&mut WireWriter::default(), 1, kind, value) == Some(true)
}

/// Writes a scalar; false when the type is none, `None` when the value doesn't fit.
fn put_scalar(writer: &mut WireWriter, number: i32, kind: &str, value: &OptionValue) -> Option<bool> {
    let word = || match value {
        OptionValue::Word(word) => Some(number::plain(word)),
        _ => None,
    };
    let signed = || word()?.parse::<i64>().ok();
    let unsigned = || word()?.parse::<u64>().ok();
    let zigzag = |value: i64| ((value << 1) ^ (value >> 63)).cast_unsigned();
    match kind {
        "bool" => writer.flag(number, word()?.parse().ok()?),
        "int32" => writer.int32(number, i32::try_from(signed()?).ok()?),
        "int64" => writer.integer(number, signed()?.cast_unsigned()),
        "uint32" => writer.integer(number, u64::from(u32::try_from(unsigned()?).ok()?)),
        "uint64" => writer.integer(number, unsigned()?),
        "sint32" | "sint64" => writer.integer(number, zigzag(signed()?)),
        "fixed64" => writer.fixed64(number, unsigned()?),
        "sfixed64" => writer.fixed64(number, signed()?.cast_unsigned()),
        "fixed32" => writer.fixed32(number, u32::try_from(unsigned()?).ok()?),
        "sfixed32" => writer.fixed32(number, i32::try_from(signed()?).ok()?.cast_unsigned()),
        "double" => writer.fixed64(number, word()?.parse::<f64>().ok()?.to_bits()),
        "float" => writer.fixed32(number, word()?.parse::<f32>().ok()?.to_bits()),
        "string" | "bytes" => match value {
            OptionValue::String(bytes) => writer.block(number, bytes),
            _ => return None,
        },
        _ => return Some(false),
    }
    Some(true)
}

/// Reads a scalar, or a packed list of them. `None` when the bytes don't fit the type.
fn read_scalar(wire: Wire<'_>, kind: &str) -> Option<Vec<OptionValue>> {
    let show: fn(u64) -> String = match kind {
        "bool" => |value| (value != 0).to_string(),
        "int32" | "sfixed32" => |value| Wire::Varint(value).int32().unwrap_or(0).to_string(),
        "int64" | "sfixed64" => |value| value.cast_signed().to_string(),
        "uint32" | "uint64" | "fixed32" | "fixed64" => |value| value.to_string(),
        "sint32" | "sint64" => |value| ((value >> 1).cast_signed() ^ -((value & 1).cast_signed())).to_string(),
        "double" => |bits| float(&f64::from_bits(bits).to_string()),
        "float" => |bits| u32::try_from(bits).map_or_else(|_| String::new(), |bits| float(&f32::from_bits(bits).to_string())),
        "string" | "bytes" => return Some(vec![OptionValue::String(wire.bytes()?.into())]),
        _ => return None,
    };
    let values = match (kind, wire) {
        ("double" | "fixed64" | "sfixed64", Wire::Fixed64(value)) => vec![value],
        ("double" | "fixed64" | "sfixed64", _) => packed(wire.bytes()?, u64::from_le_bytes)?,
        ("float" | "fixed32" | "sfixed32", Wire::Fixed32(value)) => vec![value.into()],
        ("float" | "fixed32" | "sfixed32", _) => packed(wire.bytes()?, |four| u32::from_le_bytes(four).into())?,
        (_, Wire::Varint(value)) => vec![value],
        _ => wire::packed_varints(wire.bytes()?)?,
    };
    Some(values.into_iter().map(|value| OptionValue::word(&show(value))).collect())
}

/// The numbers of a packed list whose elements have a fixed size.
fn packed<const N: usize>(bytes: &[u8], read: fn([u8; N]) -> u64) -> Option<Vec<u64>> {
    bytes.chunks(N).map(|chunk| chunk.first_chunk().copied().map(read)).collect()
}

/// `inf` and `nan` in lower case, as Protobuf writes them, and a zero with the sign that an integer would lose.
fn float(shown: &str) -> String {
    if shown == "-0" { "-0.0".to_owned() } else { shown.to_ascii_lowercase() }
}

/// An option that a compiler has not interpreted.
fn uninterpreted(bytes: &[u8]) -> Option<ProtoOption> {
    let mut name = Vec::new();
    let mut value = None;
    for (number, wire) in wire::fields(bytes)? {
        match number {
            2 => {
                let mut text = None;
                let mut spelling = Spelling::Plain;
                for (number, wire) in wire::fields(wire.bytes()?)? {
                    match number {
                        1 => text = wire.text(),
                        2 if wire.flag()? => spelling = Spelling::Extension,
                        _ => {}
                    }
                }
                name.push(NamePart { text: text?.into(), spelling });
            }
            3 => value = Some(OptionValue::word(wire.text()?)),
            4 | 5 => {
                let Wire::Varint(bits) = wire else { return None };
                let shown = if number == 4 { bits.to_string() } else { bits.cast_signed().to_string() };
                value = Some(OptionValue::word(&shown));
            }
            6 => {
                let Wire::Fixed64(bits) = wire else { return None };
                value = Some(OptionValue::word(&float(&f64::from_bits(bits).to_string())));
            }
            7 => value = Some(OptionValue::String(wire.bytes()?.into())),
            8 => value = Some(parse::literal(wire.text()?, MAX_DEPTH).ok()?),
            _ => {}
        }
    }
    Some(ProtoOption { name: (!name.is_empty()).then_some(name)?, value: value?, at: 0 })
}
