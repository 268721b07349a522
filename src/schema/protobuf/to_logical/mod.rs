//! From a Protobuf file to the logical type of its first message.
//!
//! Top-level messages and enums become named types, and so do nested ones that are marked or recursive; all others stand where they are
//! used. `fields` converts fields, `scalars` what they hold, `meta` reads Confluent's options.

mod fields;
mod meta;
mod scalars;

use std::collections::HashSet;

use self::meta::Meta;
use super::model::{Body, Enum, Message, join};
use super::schema::Schema;
use super::symbol_table::{DeclaringFile, SymbolTable, TypeDeclaration};
use crate::schema::logical::conversion::{Depth, convert};
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{EnumValue, LogicalType, NamedTypes, Type, TypeKind, UnionBranch};
use crate::schema::meter::{self, Exhausted};

pub(super) fn to_logical(schema: &Schema) -> Result<LogicalType, ConversionError> {
    convert(|| {
        let symbols = schema.symbols();
        let file = &schema.file;
        let namespace = file.package.as_deref().filter(|package| !package.is_empty()).map(str::to_owned);
        let alone = |root| {
            let namespace = namespace.clone();
            LogicalType { namespace, root, named: NamedTypes::default(), external: HashSet::new(), imports: Vec::new() }
        };
        if file.messages.is_empty() && file.enums.is_empty() {
            let has_public = file.imports.iter().any(|import| import.kind == super::model::ImportKind::Public);
            return match super::first_type(schema.standing_for()) {
                Some(name) if has_public => Ok(alone(Type::named(&name, false))),
                _ => error("Protobuf schema definition contains no type definitions"),
            };
        }
        let Some(root) = file.messages.first() else { return error("ProtobufSchema has no root descriptor") };
        let package = file.package.as_deref().unwrap_or("");
        if let Some(kind) = scalars::wrapped(&join(package, &root.name)) {
            return Ok(alone(kind.of(true)));
        }
        let external = (0..schema.dependencies.len()).filter(|at| has_messages(schema, *at)).collect();
        let mut converter = Converter {
            symbols,
            syntax: Syntaxes::new(schema),
            external,
            named: NamedTypes::default(),
            under_way: Vec::new(),
            path: Vec::new(),
        };
        let root = converter.file(schema)?;
        let external = external_names(&converter.symbols, &converter.external);
        Ok(LogicalType { namespace, root, named: converter.named, external, imports: Vec::new() })
    })
}

fn error<T>(message: impl Into<String>) -> Result<T, ConversionError> {
    Err(ConversionError::new(message))
}

/// Files without messages have no descriptor of their own in Confluent's converter, so their enums count as local.
fn has_messages(schema: &Schema, at: usize) -> bool {
    schema.dependencies.get(at).is_some_and(|dependency| !dependency.file.messages.is_empty())
}

fn external_names(symbols: &SymbolTable<'_>, external: &HashSet<usize>) -> HashSet<String> {
    let is_external = |name: &&str| {
        let origin = symbols.find(name).map(|found| found.origin);
        matches!(origin, Some(DeclaringFile::Reference(at)) if external.contains(&at))
    };
    symbols.full_names().filter(is_external).map(str::to_owned).collect()
}

/// Which files are written in proto2, where `optional` says that a field may be null.
struct Syntaxes {
    own: bool,
    references: Vec<bool>,
}

impl Syntaxes {
    fn new(schema: &Schema) -> Self {
        let is_proto2 = |file: &super::model::File| file.effective_syntax() == super::model::Syntax::Proto2;
        let references = schema.dependencies.iter().map(|dependency| is_proto2(&dependency.file)).collect();
        Self { own: is_proto2(&schema.file), references }
    }

    fn is_proto2(&self, origin: DeclaringFile) -> bool {
        match origin {
            DeclaringFile::Own => self.own,
            DeclaringFile::Reference(at) => self.references.get(at).copied().unwrap_or(false),
            DeclaringFile::Builtin(at) => super::builtin::all()
                .get(at)
                .is_some_and(|builtin| builtin.file.effective_syntax() == super::model::Syntax::Proto2),
        }
    }
}

/// A message with what is around it.
#[derive(Clone, Copy)]
struct Scoped<'a> {
    full: &'a str,
    body: &'a Body,
    origin: DeclaringFile,
}

struct Converter<'a> {
    symbols: SymbolTable<'a>,
    syntax: Syntaxes,
    /// The references whose types are external.
    external: HashSet<usize>,
    named: NamedTypes,
    /// Messages that are being spelled out where they are used.
    under_way: Vec<String>,
    /// Names of the fields on the way.
    path: Vec<String>,
}

impl<'a> Converter<'a> {
    /// All types of the file; gives back the root.
    fn file(&mut self, schema: &'a Schema) -> Result<Type, ConversionError> {
        let file = &schema.file;
        let package = file.package.as_deref().unwrap_or("");
        let messages: Vec<(Box<str>, &Message)> =
            file.messages.iter().map(|message| (join(package, &message.name), message)).collect();
        let enums: Vec<(Box<str>, &Enum)> = file.enums.iter().map(|found| (join(package, &found.name), found)).collect();
        // all names first, so that fields find them
        for (full, _) in &messages {
            self.named.put(full, TypeKind::Struct(Vec::new()).of(true));
        }
        for (full, _) in &enums {
            self.named.put(full, TypeKind::Enum(Vec::new()).of(true));
        }
        for (full, message) in &messages {
            self.nested_names(full, &message.body)?;
        }
        let depth = Depth::default();
        for (at, (full, message)) in messages.iter().enumerate() {
            let depth = if at == 0 { depth } else { depth.inner() };
            let body = self.message(Scoped { full, body: &message.body, origin: DeclaringFile::Own }, false, depth)?;
            self.named.put(full, body);
        }
        for (full, found) in &enums {
            self.named.put(full, enum_type(found, false)?);
        }
        for (full, message) in &messages {
            self.nested_bodies(full, &message.body)?;
        }
        let Some((root, _)) = messages.first() else { return error("Protobuf file has no top-level messages") };
        let prefix = format!("{root}.");
        if self.named.is_cyclic(root) || self.named.iter().any(|(name, _)| name.starts_with(&prefix)) {
            return Ok(Type::named(root, false));
        }
        self.named.remove(root).map_or_else(|| error("Protobuf file has no top-level messages"), Ok)
    }

    /// Names of nested types that become named ones. The nesting of a text is bounded.
    fn nested_names(&mut self, scope: &str, body: &Body) -> Result<(), ConversionError> {
        for message in body.messages.iter().filter(|message| !message.body.is_map_entry()) {
            let full = join(scope, &message.name);
            if Meta::of_message(&message.body.options).is_named() || self.is_cyclic(&full)? {
                self.named.put(&full, TypeKind::Struct(Vec::new()).of(true));
            }
            self.nested_names(&full, &message.body)?;
        }
        for found in body.enums.iter().filter(|found| Meta::of_enum(&found.options).is_named()) {
            self.named.put(&join(scope, &found.name), TypeKind::Enum(Vec::new()).of(true));
        }
        Ok(())
    }

    fn nested_bodies(&mut self, scope: &str, body: &Body) -> Result<(), ConversionError> {
        for message in body.messages.iter().filter(|message| !message.body.is_map_entry()) {
            let full = join(scope, &message.name);
            if self.named.contains(&full) {
                let scoped = Scoped { full: &full, body: &message.body, origin: DeclaringFile::Own };
                let converted = self.message(scoped, false, Depth::default())?;
                self.named.put(&full, converted);
            }
            self.nested_bodies(&full, &message.body)?;
        }
        for found in &body.enums {
            let full = join(scope, &found.name);
            if self.named.contains(&full) {
                self.named.put(&full, enum_type(found, false)?);
            }
        }
        Ok(())
    }

    /// Whether a message leads back to itself.
    fn is_cyclic(&self, full: &str) -> Result<bool, Exhausted> {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut waiting: Vec<&str> = Vec::new();
        self.messages_in(full, &mut waiting)?;
        while let Some(next) = waiting.pop() {
            if next == full {
                return Ok(true);
            }
            if seen.insert(next) {
                self.messages_in(next, &mut waiting)?;
            }
        }
        Ok(false)
    }

    /// The messages that a message's fields hold.
    fn messages_in<'s>(&'s self, full: &str, found: &mut Vec<&'s str>) -> Result<(), Exhausted> {
        let Some(body) = self.symbols.find(full).and_then(|symbol| symbol.node.body()) else { return Ok(()) };
        for field in body.all_fields() {
            meter::charge(20)?;
            let name = match &field.kind {
                super::model::FieldType::Named(name) => name,
                super::model::FieldType::Map(pair) => match &pair.1 {
                    super::model::FieldType::Named(name) => name,
                    super::model::FieldType::Map(_) => continue,
                },
            };
            if let Some(symbol) = self.symbols.resolve(name, full)
                && symbol.node.body().is_some()
            {
                found.push(&symbol.full);
            }
        }
        Ok(())
    }

    /// A message as a struct: its fields, and after them its oneofs.
    fn message(&mut self, message: Scoped<'_>, nullable: bool, depth: Depth) -> Result<Type, ConversionError> {
        let depth = depth.enter("Protobuf")?;
        let body = message.body;
        let numbered = !is_sequential(body);
        let mut fields = Vec::with_capacity(body.fields.len() + body.oneofs.len());
        for field in &body.fields {
            fields.push(self.field(message, field, numbered, depth.inner())?);
        }
        for oneof in &body.oneofs {
            let ty = self.oneof(message, oneof, numbered, depth.inner())?;
            let at = (message.origin == DeclaringFile::Own).then_some(oneof.at);
            let notes = crate::schema::logical::model::LogicalAnnotations::default();
            let name = oneof.name.to_string();
            fields.push(crate::schema::logical::model::Field { name, ty, default: None, derived_default: false, notes, at });
        }
        let notes = Meta::of_message(&body.options).annotations();
        Ok(Type { kind: TypeKind::struct_of(fields)?, nullable, notes })
    }

    fn oneof(
        &mut self,
        message: Scoped<'_>,
        oneof: &super::model::Oneof,
        numbered: bool,
        depth: Depth,
    ) -> Result<Type, ConversionError> {
        let mut branches = Vec::with_capacity(oneof.fields.len());
        for field in &oneof.fields {
            let meta = Meta::of_field(&field.options);
            self.path.push(field.name.to_string());
            let ty = self.field_type(message, field, true, &meta, depth.inner())?;
            self.path.pop();
            let mut notes = meta.annotations();
            if numbered {
                fields::set_number(&mut notes.params, field.number);
            }
            branches.push(UnionBranch {
                name: field.name.to_string(),
                ty: Type { nullable: true, ..ty },
                doc: notes.doc,
                params: notes.params,
                at: (message.origin == DeclaringFile::Own).then_some(field.at),
            });
        }
        Ok(TypeKind::union_of(branches)?.of(true))
    }
}

/// Whether counting fields from one gives the numbers that they have.
fn is_sequential(body: &Body) -> bool {
    body.all_fields().map(|field| field.number).eq((1..).take(body.all_fields().count()))
}

fn enum_type(found: &Enum, nullable: bool) -> Result<Type, ConversionError> {
    let mut values = Vec::with_capacity(found.constants.len());
    for constant in &found.constants {
        meter::charge(1)?;
        let meta = Meta::of_enum_value(&constant.options);
        values.push(EnumValue { symbol: constant.name.to_string(), doc: meta.doc(), params: meta.all_params() });
    }
    let notes = Meta::of_enum(&found.options).annotations();
    if !notes.constraints.is_empty() {
        return error(
            "Rules are only supported on STRUCT (table-level CHECK); for column-level CHECK attach the rule to Schema.Field. Got \
             non-empty rules on ENUM",
        );
    }
    Ok(Type { kind: TypeKind::enum_of(values)?, nullable, notes })
}

/// The declaration behind a name.
fn declaration<'s, 'a>(
    symbols: &'s SymbolTable<'a>,
    name: &str,
    scope: &str,
) -> Result<(&'s str, TypeDeclaration<'a>, DeclaringFile), ConversionError> {
    match symbols.resolve(name, scope) {
        Some(symbol) => Ok((&symbol.full, symbol.node, symbol.origin)),
        None => error(format!("\"{name}\" is not defined.")),
    }
}
