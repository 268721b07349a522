//! From the tree to a `FileDescriptorProto`: `format=serialized` (protobuf 3).
//!
//! The file's name is `default` and members of oneofs come before other fields, as clients of Confluent's registry expect. Other than
//! there, type names are resolved, labels set, groups and custom options kept.

use super::option_bytes::OptionBytes;
use super::scalar_types::SCALAR_TYPES;
use super::wire::WireWriter;
use crate::schema::protobuf::features::Features;
use crate::schema::protobuf::model::{
    Body, Enum, Extend, Extensions, Field, FieldType, File, Group, ImportKind, Label, MAX_NUMBER, Message, Oneof, OptionValue,
    ProtoOption, RangeOrName, Reserved, Rpc, Service, Syntax, Visibility, join, json_name,
};
use crate::schema::protobuf::number;
use crate::schema::protobuf::symbol_table::{SymbolTable, TypeDeclaration};

/// The name of a schema's own file, which has none of its own.
pub(crate) const DEFAULT_NAME: &str = "default";

/// The bytes of a file's descriptor. Imports that are not known are left out.
pub(crate) fn encode(name: &str, file: &File, symbols: &SymbolTable<'_>, is_known: impl Fn(&str) -> bool) -> Vec<u8> {
    let options = OptionBytes::new(symbols);
    let encoder = Encoder { symbols, options: &options, syntax: file.effective_syntax() };
    let package = file.package.as_deref().unwrap_or("");
    let mut out = WireWriter::default();
    out.text(1, name);
    if let Some(package) = &file.package {
        out.text(2, package);
    }
    let mut index = 0;
    let mut seen = std::collections::HashSet::new();
    let (mut public, mut weak) = (Vec::new(), Vec::new());
    for kind in [ImportKind::Plain, ImportKind::Public, ImportKind::Weak] {
        for import in file.imports.iter().filter(|import| import.kind == kind && is_known(&import.path)) {
            if !seen.insert(&*import.path) {
                continue;
            }
            out.text(3, &import.path);
            match kind {
                ImportKind::Public => public.push(index),
                ImportKind::Weak => weak.push(index),
                ImportKind::Plain | ImportKind::Option => {}
            }
            index += 1;
        }
    }
    for message in &file.messages {
        out.block(4, &encoder.message(message, package, Features::of_file(file)));
    }
    for found in &file.enums {
        out.block(5, &encoder.enumeration(found, package));
    }
    for service in &file.services {
        out.block(6, &encoder.service(service, package));
    }
    for extend in &file.extends {
        for bytes in encoder.extend(extend, package) {
            out.block(7, &bytes);
        }
    }
    // the messages of groups in `extend` blocks are declared beside the block
    for group in file.extends.iter().flat_map(|extend| &extend.groups) {
        out.block(4, &encoder.body(&group.name, &group.body, package, None, Features::of_file(file)));
    }
    out.filled(8, &encoder.settings(&file.options, "FileOptions", package));
    for index in public {
        out.int32(10, index);
    }
    for index in weak {
        out.int32(11, index);
    }
    match file.syntax {
        Some(syntax @ (Syntax::Proto2 | Syntax::Proto3)) => out.text(12, syntax.word()),
        Some(edition) => {
            out.text(12, "editions");
            out.int32(14, if edition == Syntax::Edition2023 { 1000 } else { 1001 });
        }
        None => {}
    }
    for import in file.imports.iter().filter(|import| import.kind == ImportKind::Option && is_known(&import.path)) {
        out.text(15, &import.path);
    }
    out.bytes
}

struct Encoder<'a> {
    symbols: &'a SymbolTable<'a>,
    options: &'a OptionBytes<'a>,
    syntax: Syntax,
}

/// Where a field stands.
struct Spot<'s> {
    scope: &'s str,
    oneof: Option<i32>,
    extendee: Option<&'s str>,
    features: Features,
}

impl Encoder<'_> {
    fn settings(&self, options: &[ProtoOption], target: &str, scope: &str) -> Vec<u8> {
        if options.is_empty() {
            return Vec::new();
        }
        self.options.encode(options, &format!("google.protobuf.{target}"), scope)
    }

    fn message(&self, message: &Message, scope: &str, features: Features) -> Vec<u8> {
        self.body(&message.name, &message.body, scope, message.visibility, features)
    }

    fn body(&self, name: &str, body: &Body, scope: &str, visibility: Option<Visibility>, features: Features) -> Vec<u8> {
        let scope = &*join(scope, name);
        let features = features.with(&body.options);
        let mut out = WireWriter::default();
        let mut entries = Vec::new();
        let mut oneofs: Vec<(&str, Option<&Oneof>)> = Vec::new();
        out.text(1, name);
        for oneof in body.oneofs.iter().filter(|oneof| !(oneof.fields.is_empty() && oneof.groups.is_empty())) {
            let index = i32::try_from(oneofs.len()).unwrap_or(i32::MAX);
            oneofs.push((&oneof.name, Some(oneof)));
            let spot = Spot { scope, oneof: Some(index), extendee: None, features };
            for field in &oneof.fields {
                out.block(2, &self.field(field, &spot, &mut entries));
            }
            for group in &oneof.groups {
                out.block(2, &self.group(group, &spot));
            }
        }
        let synthetic: Vec<String> = body.fields.iter().map(|field| format!("_{}", field.name)).collect();
        for (field, synthetic) in body.fields.iter().zip(&synthetic) {
            let optional = self.syntax == Syntax::Proto3 && field.label == Some(Label::Optional);
            let oneof = optional.then(|| i32::try_from(oneofs.len()).unwrap_or(i32::MAX));
            if optional {
                oneofs.push((synthetic, None));
            }
            out.block(2, &self.field(field, &Spot { scope, oneof, extendee: None, features }, &mut entries));
        }
        for group in &body.groups {
            out.block(2, &self.group(group, &Spot { scope, oneof: None, extendee: None, features }));
        }
        for message in &body.messages {
            out.block(3, &self.message(message, scope, features));
        }
        for group in body.all_groups().chain(body.extends.iter().flat_map(|extend| &extend.groups)) {
            out.block(3, &self.body(&group.name, &group.body, scope, None, features));
        }
        for entry in &entries {
            out.block(3, entry);
        }
        for found in &body.enums {
            out.block(4, &self.enumeration(found, scope));
        }
        for extensions in &body.extensions {
            self.extensions(&mut out, extensions, scope);
        }
        for extend in &body.extends {
            for bytes in self.extend(extend, scope) {
                out.block(6, &bytes);
            }
        }
        out.filled(7, &self.settings(&body.options, "MessageOptions", scope));
        for (name, oneof) in oneofs {
            let mut declared = WireWriter::default();
            declared.text(1, name);
            if let Some(oneof) = oneof {
                declared.filled(2, &self.settings(&oneof.options, "OneofOptions", scope));
            }
            out.block(8, &declared.bytes);
        }
        reserved(&mut out, &body.reserved, (9, 10), 1);
        put_visibility(&mut out, 11, visibility);
        out.bytes
    }

    fn field(&self, field: &Field, spot: &Spot<'_>, entries: &mut Vec<Vec<u8>>) -> Vec<u8> {
        let mut out = WireWriter::default();
        out.text(1, &field.name);
        if let Some(extendee) = spot.extendee {
            out.text(2, extendee);
        }
        out.int32(3, field.number);
        let label = match (&field.kind, field.label) {
            (FieldType::Map(_), _) | (_, Some(Label::Repeated)) => 3,
            (_, Some(Label::Required)) => 2,
            _ => 1,
        };
        out.int32(4, label);
        match &field.kind {
            FieldType::Map(pair) => {
                let name = entry_name(&field.name);
                out.int32(5, 11);
                out.text(6, &format!(".{}.{name}", spot.scope));
                entries.push(self.entry(&name, &pair.0, &pair.1, spot));
            }
            FieldType::Named(name) => self.kind(&mut out, name, spot.scope, spot.features.with(&field.options).delimited),
        }
        if let Some(default) = &field.default {
            out.text(7, &default_text(default, &field.kind));
        }
        out.filled(8, &self.settings(&field.options, "FieldOptions", spot.scope));
        if let Some(oneof) = spot.oneof {
            out.int32(9, oneof);
        }
        if let Some(json_name) = field.json_name.as_ref().and_then(OptionValue::as_text) {
            out.text(10, json_name);
        }
        let in_oneof = spot.oneof.is_some() && field.label == Some(Label::Optional);
        if in_oneof || (spot.extendee.is_some() && self.syntax == Syntax::Proto3 && field.label == Some(Label::Optional)) {
            out.flag(17, true);
        }
        out.bytes
    }

    /// Type and name of the type.
    fn kind(&self, out: &mut WireWriter, name: &str, scope: &str, delimited: bool) {
        if let Some((_, number)) = SCALAR_TYPES.iter().find(|(own, _)| *own == name) {
            out.int32(5, *number);
            return;
        }
        match self.symbols.resolve(name, scope) {
            Some(found) => {
                let entry = found.node.body().and_then(Body::map_entry).is_some();
                let kind = match found.node {
                    TypeDeclaration::Enum(_) => 14,
                    TypeDeclaration::Message(_) | TypeDeclaration::Group(_) if delimited && !entry => 10,
                    TypeDeclaration::Message(_) | TypeDeclaration::Group(_) => 11,
                };
                out.int32(5, kind);
                out.text(6, &format!(".{}", found.full));
            }
            None => out.text(6, name),
        }
    }

    /// The message that stands for the entries of a map.
    fn entry(&self, name: &str, key: &FieldType, value: &FieldType, spot: &Spot<'_>) -> Vec<u8> {
        let mut out = WireWriter::default();
        out.text(1, name);
        let mut nested = Vec::new();
        for (name, number, kind) in [("key", 1, key), ("value", 2, value)] {
            let mut field = WireWriter::default();
            field.text(1, name);
            field.int32(3, number);
            field.int32(4, 1);
            match kind {
                FieldType::Named(name) => self.kind(&mut field, name, spot.scope, false),
                // no compiler takes a map of maps; the entry of the inner map is declared in that of the outer one
                FieldType::Map(pair) => {
                    let inner = format!("{}Entry", json_name(name));
                    field.int32(5, 11);
                    field.text(6, &format!(".{}.{inner}", spot.scope));
                    nested.push(self.entry(&inner, &pair.0, &pair.1, spot));
                }
            }
            out.block(2, &field.bytes);
        }
        for bytes in &nested {
            out.block(3, bytes);
        }
        let mut options = WireWriter::default();
        options.flag(7, true);
        out.block(7, &options.bytes);
        out.bytes
    }

    fn group(&self, group: &Group, spot: &Spot<'_>) -> Vec<u8> {
        let mut out = WireWriter::default();
        out.text(1, &group.name.to_ascii_lowercase());
        if let Some(extendee) = spot.extendee {
            out.text(2, extendee);
        }
        out.int32(3, group.number);
        out.int32(
            4,
            group.label.map_or(1, |label| match label {
                Label::Optional => 1,
                Label::Required => 2,
                Label::Repeated => 3,
            }),
        );
        out.int32(5, 10);
        out.text(6, &format!(".{}", join(spot.scope, &group.name)));
        out.filled(8, &self.settings(&group.options, "FieldOptions", spot.scope));
        if let Some(oneof) = spot.oneof {
            out.int32(9, oneof);
        }
        out.bytes
    }

    fn extend(&self, extend: &Extend, scope: &str) -> Vec<Vec<u8>> {
        let found = self.symbols.resolve(&extend.name, scope);
        let extendee = found.map_or_else(|| extend.name.to_string(), |found| format!(".{}", found.full));
        let spot = Spot { scope, oneof: None, extendee: Some(&extendee), features: Features::default() };
        let mut entries = Vec::new();
        let fields = extend.fields.iter().map(|field| self.field(field, &spot, &mut entries));
        let mut out: Vec<_> = fields.collect();
        out.extend(extend.groups.iter().map(|group| self.group(group, &spot)));
        out
    }

    fn extensions(&self, out: &mut WireWriter, extensions: &Extensions, scope: &str) {
        let options = self.settings(&extensions.options, "ExtensionRangeOptions", scope);
        for (first, last) in extensions.spans.iter().filter_map(RangeOrName::bounds) {
            let mut range = WireWriter::default();
            range.int32(1, first);
            range.int32(2, last.saturating_add(1));
            range.filled(3, &options);
            out.block(5, &range.bytes);
        }
    }

    fn enumeration(&self, found: &Enum, scope: &str) -> Vec<u8> {
        let inner = &*join(scope, &found.name);
        let mut out = WireWriter::default();
        out.text(1, &found.name);
        for constant in &found.constants {
            let mut value = WireWriter::default();
            value.text(1, &constant.name);
            value.int32(2, constant.number);
            value.filled(3, &self.settings(&constant.options, "EnumValueOptions", inner));
            out.block(2, &value.bytes);
        }
        out.filled(3, &self.settings(&found.options, "EnumOptions", inner));
        reserved(&mut out, &found.reserved, (4, 5), 0);
        put_visibility(&mut out, 6, found.visibility);
        out.bytes
    }

    fn service(&self, service: &Service, scope: &str) -> Vec<u8> {
        let mut out = WireWriter::default();
        out.text(1, &service.name);
        for rpc in &service.rpcs {
            out.block(2, &self.rpc(rpc, scope));
        }
        out.filled(3, &self.settings(&service.options, "ServiceOptions", scope));
        out.bytes
    }

    fn rpc(&self, rpc: &Rpc, scope: &str) -> Vec<u8> {
        let mut out = WireWriter::default();
        out.text(1, &rpc.name);
        for (number, kind) in [(2, &rpc.request.kind), (3, &rpc.response.kind)] {
            let written = kind.text();
            let found = self.symbols.resolve(&written, scope);
            out.text(number, &found.map_or(written, |found| format!(".{}", found.full)));
        }
        out.filled(4, &self.settings(&rpc.options, "MethodOptions", scope));
        out.flag(5, rpc.request.stream);
        out.flag(6, rpc.response.stream);
        out.bytes
    }
}

fn put_visibility(out: &mut WireWriter, number: i32, visibility: Option<Visibility>) {
    match visibility {
        Some(Visibility::Local) => out.int32(number, 1),
        Some(Visibility::Export) => out.int32(number, 2),
        None => {}
    }
}

/// Reserved ranges and names; `exclusive` is 1 if the end is not part of a range.
fn reserved(out: &mut WireWriter, statements: &[Reserved], (ranges, names): (i32, i32), exclusive: i32) {
    for span in statements.iter().flat_map(|statement| &statement.spans) {
        let Some((first, last)) = span.bounds() else { continue };
        let is_max = exclusive == 0 && last == MAX_NUMBER;
        let mut range = WireWriter::default();
        range.int32(1, first);
        range.int32(2, if is_max { i32::MAX } else { last.saturating_add(exclusive) });
        out.block(ranges, &range.bytes);
    }
    for span in statements.iter().flat_map(|statement| &statement.spans) {
        if let RangeOrName::Name(name) = span {
            out.text(names, name);
        }
    }
}

/// `FooBarEntry` for `foo_bar`, as compilers name it.
pub(crate) fn entry_name(field: &str) -> String {
    let camel = json_name(field);
    let mut characters = camel.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain("Entry".chars()).collect()
}

/// A default as descriptors spell it: text as it is, bytes escaped.
fn default_text(value: &OptionValue, kind: &FieldType) -> String {
    match value {
        OptionValue::String(bytes) if kind.name() == Some("bytes") => {
            let mut escaped = String::new();
            for byte in &**bytes {
                match byte {
                    b'\n' => escaped.push_str("\\n"),
                    b'\r' => escaped.push_str("\\r"),
                    b'\t' => escaped.push_str("\\t"),
                    b'"' | b'\'' | b'\\' => escaped.extend(['\\', char::from(*byte)]),
                    b' '..=b'~' => escaped.push(char::from(*byte)),
                    other => crate::schema::protobuf::print::octal(&mut escaped, u32::from(*other)),
                }
            }
            escaped
        }
        OptionValue::String(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        OptionValue::Word(word) => number::plain(word),
        OptionValue::Literal(_) | OptionValue::List(_) => String::new(),
    }
}
