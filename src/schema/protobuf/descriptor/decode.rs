//! From a `FileDescriptorProto` to the tree (protobuf 2.1). Unknown fields are skipped, as all decoders do.

use super::option_bytes::OptionBytes;
use super::scalar_types::scalar_name;
use super::wire::{Wire, fields};
use crate::schema::protobuf::model::{
    Body, Constant, Dependency, Enum, Extend, Extensions, Field, FieldType, File, Import, ImportKind, Label, MAX_NUMBER, Message,
    Oneof, OptionValue, ProtoOption, RangeOrName, Reserved, Rpc, RpcType, Service, Syntax, Visibility,
};
use crate::schema::protobuf::parse::Lexer;
use crate::schema::protobuf::symbol_table::SymbolTable;

/// Reads a descriptor. `None` if the bytes are not a descriptor, an error if they are one that has no text.
pub(crate) fn decode(bytes: &[u8], dependencies: &[Dependency], max_depth: usize) -> Option<Result<File, String>> {
    // The file may declare the extensions that its own options are, so the declarations are read first.
    let bare = Decoder { options: None, max_depth, syntax: Syntax::Proto2 }.file(bytes)?;
    let file = match bare {
        Ok(file) => file,
        Err(reason) => return Some(Err(reason)),
    };
    if file.declares_nothing() {
        return None;
    }
    let symbols = SymbolTable::new(&file, dependencies);
    let options = OptionBytes::new(&symbols);
    Decoder { options: Some(&options), max_depth, syntax: Syntax::Proto2 }.file(bytes)
}

struct Decoder<'a> {
    options: Option<&'a OptionBytes<'a>>,
    max_depth: usize,
    syntax: Syntax,
}

/// A member of a message, before the members of oneofs are taken apart.
struct DecodedField {
    field: Field,
    oneof: Option<usize>,
    synthetic: bool,
}

impl Decoder<'_> {
    fn settings(&self, bytes: &[u8], target: &str) -> Option<Vec<ProtoOption>> {
        match self.options {
            Some(options) => options.decode(bytes, target),
            None => Some(Vec::new()),
        }
    }

    fn file(mut self, bytes: &[u8]) -> Option<Result<File, String>> {
        let found = fields(bytes)?;
        let mut word = None;
        let mut edition = None;
        for (number, wire) in &found {
            match number {
                12 => word = Some(wire.text()?),
                14 => edition = Some(wire.int32()?),
                _ => {}
            }
        }
        let syntax = match (word, edition) {
            (None | Some(""), None) => None,
            (Some("proto2"), None) => Some(Syntax::Proto2),
            (Some("proto3"), None) => Some(Syntax::Proto3),
            (Some("editions") | None, Some(1000)) => Some(Syntax::Edition2023),
            (Some("editions") | None, Some(1001)) => Some(Syntax::Edition2024),
            (Some("editions") | None, Some(other)) => return Some(Err(format!("unexpected edition: {other}"))),
            (other, _) => return Some(Err(format!("unexpected syntax: {}", other.unwrap_or("")))),
        };
        self.syntax = syntax.unwrap_or(Syntax::Proto2);
        let mut file = File { syntax, ..File::default() };
        let mut public = Vec::new();
        let mut weak = Vec::new();
        for (number, wire) in found {
            match number {
                2 => file.package = Some(wire.text()?).filter(|package| !package.is_empty()).map(Into::into),
                3 => file.imports.push(Import { kind: ImportKind::Plain, path: wire.text()?.into(), at: 0 }),
                15 => file.imports.push(Import { kind: ImportKind::Option, path: wire.text()?.into(), at: 0 }),
                4 => file.messages.push(self.message(wire.bytes()?, 1)?),
                5 => file.enums.push(self.enumeration(wire.bytes()?)?),
                6 => file.services.push(self.service(wire.bytes()?)?),
                7 => self.extension(&mut file.extends, wire.bytes()?)?,
                8 => file.options = self.settings(wire.bytes()?, "google.protobuf.FileOptions")?,
                10 => public.extend(indexes(wire)?),
                11 => weak.extend(indexes(wire)?),
                _ => {}
            }
        }
        let mut plain: Vec<&mut Import> = file.imports.iter_mut().filter(|i| i.kind == ImportKind::Plain).collect();
        for (indexes, kind) in [(weak, ImportKind::Weak), (public, ImportKind::Public)] {
            for index in indexes {
                if let Some(import) = plain.get_mut(index) {
                    import.kind = kind;
                }
            }
        }
        Some(Ok(file))
    }

    fn message(&self, bytes: &[u8], depth: usize) -> Option<Message> {
        if depth > self.max_depth {
            return None;
        }
        let mut message = Message { name: "".into(), at: 0, visibility: None, body: Body::default() };
        let mut placed = Vec::new();
        let body = &mut message.body;
        for (number, wire) in fields(bytes)? {
            match number {
                1 => message.name = wire.text()?.into(),
                2 => placed.push(self.field(wire.bytes()?)?.0),
                3 => body.messages.push(self.message(wire.bytes()?, depth + 1)?),
                4 => body.enums.push(self.enumeration(wire.bytes()?)?),
                5 => body.extensions.push(self.extension_range(wire.bytes()?)?),
                6 => self.extension(&mut body.extends, wire.bytes()?)?,
                7 => body.options = self.settings(wire.bytes()?, "google.protobuf.MessageOptions")?,
                8 => {
                    let mut oneof = Oneof { name: "".into(), at: 0, options: Vec::new(), fields: Vec::new(), groups: Vec::new() };
                    for (number, wire) in fields(wire.bytes()?)? {
                        match number {
                            1 => oneof.name = wire.text()?.into(),
                            2 => oneof.options = self.settings(wire.bytes()?, "google.protobuf.OneofOptions")?,
                            _ => {}
                        }
                    }
                    body.oneofs.push(oneof);
                }
                9 => body.reserved.push(reserved_range(wire.bytes()?, 1)?),
                10 => body.reserved.push(reserved_name(wire)?),
                11 => message.visibility = visibility(wire.int32()?),
                _ => {}
            }
        }
        let mut synthetic = vec![false; body.oneofs.len()];
        for DecodedField { mut field, oneof, synthetic: is_synthetic } in placed {
            let own = oneof.and_then(|index| Some((index, body.oneofs.get_mut(index)?)));
            match own {
                Some((index, _)) if is_synthetic => {
                    if let Some(flag) = synthetic.get_mut(index) {
                        *flag = true;
                    }
                    body.fields.push(field);
                }
                Some((_, oneof)) => {
                    field.label = None;
                    oneof.fields.push(field);
                }
                None => body.fields.push(field),
            }
        }
        // The oneof around a proto3 `optional` field is not written.
        let mut flags = synthetic.into_iter();
        body.oneofs.retain(|oneof| !(flags.next().unwrap_or(false) && oneof.fields.is_empty()));
        Some(message)
    }

    /// A field, and the message it extends if it is an extension.
    fn field<'b>(&self, bytes: &'b [u8]) -> Option<(DecodedField, Option<&'b str>)> {
        let (mut name, mut extendee, mut type_name, mut default, mut json_name) = ("", None, None, None, None);
        let (mut number, mut label, mut kind, mut oneof, mut optional) = (0, None, None, None, false);
        let mut options = Vec::new();
        for (tag, wire) in fields(bytes)? {
            match tag {
                1 => name = wire.text()?,
                2 => extendee = Some(wire.text()?),
                3 => number = wire.int32()?,
                4 => label = Some(wire.int32()?),
                5 => kind = Some(wire.int32()?),
                6 => type_name = Some(wire.text()?),
                7 => default = Some(wire.text()?),
                8 => options = self.settings(wire.bytes()?, "google.protobuf.FieldOptions")?,
                9 => oneof = Some(usize::try_from(wire.int32()?).ok()?),
                10 => json_name = Some(wire.text()?),
                17 => optional = wire.flag()?,
                _ => {}
            }
        }
        let proto2 = self.syntax == Syntax::Proto2;
        let label = match label {
            Some(2) if self.syntax != Syntax::Proto3 => Some(Label::Required),
            Some(3) => Some(Label::Repeated),
            _ if proto2 || optional => Some(Label::Optional),
            _ => None,
        };
        let kind = match (type_name, kind.map_or(Some(""), scalar_name)?) {
            (Some(name), _) => name,
            (None, "") => return None,
            (None, scalar) => scalar,
        };
        let default = default.filter(|_| self.syntax != Syntax::Proto3).map(|text| match kind {
            "string" => OptionValue::string(text),
            "bytes" => OptionValue::String(unescape(text).into()),
            _ => OptionValue::word(text),
        });
        let field = Field {
            label,
            kind: FieldType::Named(kind.into()),
            name: name.into(),
            number,
            at: 0,
            options,
            default,
            json_name: json_name.map(OptionValue::string),
        };
        Some((DecodedField { field, oneof, synthetic: optional }, extendee))
    }

    /// Extensions of one message become one block.
    fn extension(&self, extends: &mut Vec<Extend>, bytes: &[u8]) -> Option<()> {
        let (placed, extendee) = self.field(bytes)?;
        let extendee = extendee?;
        // compilers write the extensions of a block one after the other, so it is nearly always the last block
        let last = extends.len().saturating_sub(1);
        let place = extends.get(last).filter(|extend| &*extend.name == extendee).map(|_| last);
        let place = place.or_else(|| extends.iter().take(64).position(|extend| &*extend.name == extendee));
        match place.and_then(|place| extends.get_mut(place)) {
            Some(extend) => extend.fields.push(placed.field),
            None => extends.push(Extend { name: extendee.into(), at: 0, fields: vec![placed.field], groups: Vec::new() }),
        }
        Some(())
    }

    fn extension_range(&self, bytes: &[u8]) -> Option<Extensions> {
        let mut options = Vec::new();
        for (number, wire) in fields(bytes)? {
            if number == 3 {
                options = self.settings(wire.bytes()?, "google.protobuf.ExtensionRangeOptions")?;
            }
        }
        Some(Extensions { at: 0, spans: vec![range(bytes, 1)?], options })
    }

    fn enumeration(&self, bytes: &[u8]) -> Option<Enum> {
        let mut found =
            Enum { name: "".into(), at: 0, visibility: None, reserved: Vec::new(), options: Vec::new(), constants: Vec::new() };
        for (number, wire) in fields(bytes)? {
            match number {
                1 => found.name = wire.text()?.into(),
                2 => {
                    let mut constant = Constant { name: "".into(), number: 0, at: 0, options: Vec::new() };
                    for (number, wire) in fields(wire.bytes()?)? {
                        match number {
                            1 => constant.name = wire.text()?.into(),
                            2 => constant.number = wire.int32()?,
                            3 => constant.options = self.settings(wire.bytes()?, "google.protobuf.EnumValueOptions")?,
                            _ => {}
                        }
                    }
                    found.constants.push(constant);
                }
                3 => found.options = self.settings(wire.bytes()?, "google.protobuf.EnumOptions")?,
                4 => found.reserved.push(reserved_range(wire.bytes()?, 0)?),
                5 => found.reserved.push(reserved_name(wire)?),
                6 => found.visibility = visibility(wire.int32()?),
                _ => {}
            }
        }
        Some(found)
    }

    fn service(&self, bytes: &[u8]) -> Option<Service> {
        let mut service = Service { name: "".into(), at: 0, options: Vec::new(), rpcs: Vec::new() };
        for (number, wire) in fields(bytes)? {
            match number {
                1 => service.name = wire.text()?.into(),
                2 => service.rpcs.push(self.rpc(wire.bytes()?)?),
                3 => service.options = self.settings(wire.bytes()?, "google.protobuf.ServiceOptions")?,
                _ => {}
            }
        }
        Some(service)
    }

    fn rpc(&self, bytes: &[u8]) -> Option<Rpc> {
        let empty = || RpcType { stream: false, kind: FieldType::Named("".into()) };
        let mut rpc = Rpc { name: "".into(), at: 0, request: empty(), response: empty(), options: Vec::new() };
        for (number, wire) in fields(bytes)? {
            match number {
                1 => rpc.name = wire.text()?.into(),
                2 => rpc.request.kind = FieldType::Named(wire.text()?.into()),
                3 => rpc.response.kind = FieldType::Named(wire.text()?.into()),
                4 => rpc.options = self.settings(wire.bytes()?, "google.protobuf.MethodOptions")?,
                5 => rpc.request.stream = wire.flag()?,
                6 => rpc.response.stream = wire.flag()?,
                _ => {}
            }
        }
        Some(rpc)
    }
}

/// A list of indexes, packed or not.
fn indexes(wire: Wire<'_>) -> Option<Vec<usize>> {
    let values = match wire {
        Wire::Varint(value) => vec![value],
        _ => super::wire::packed_varints(wire.bytes()?)?,
    };
    values.into_iter().map(|value| usize::try_from(value).ok()).collect()
}

/// A range; `exclusive` is 1 if the end is not part of it.
fn range(bytes: &[u8], exclusive: i32) -> Option<RangeOrName> {
    let (mut start, mut end) = (0, 0);
    for (number, wire) in fields(bytes)? {
        match number {
            1 => start = wire.int32()?,
            2 => end = wire.int32()?,
            _ => {}
        }
    }
    let last = end.checked_sub(exclusive)?;
    Some(if last == start { RangeOrName::One(start) } else { RangeOrName::Range(start, last.min(MAX_NUMBER)) })
}

fn reserved_range(bytes: &[u8], exclusive: i32) -> Option<Reserved> {
    Some(Reserved { at: 0, spans: vec![range(bytes, exclusive)?] })
}

fn reserved_name(wire: Wire<'_>) -> Option<Reserved> {
    Some(Reserved { at: 0, spans: vec![RangeOrName::Name(wire.text()?.into())] })
}

fn visibility(number: i32) -> Option<Visibility> {
    match number {
        1 => Some(Visibility::Local),
        2 => Some(Visibility::Export),
        _ => None,
    }
}

/// The bytes of a default as descriptors spell them.
fn unescape(text: &str) -> Vec<u8> {
    let mut quoted = String::from("\"");
    let mut escaped = false;
    for character in text.chars() {
        if character == '"' && !escaped {
            quoted.push('\\');
        }
        escaped = character == '\\' && !escaped;
        quoted.push(character);
    }
    quoted.push('"');
    Lexer::new(&quoted, 1).string().unwrap_or_else(|_| text.as_bytes().to_vec())
}
