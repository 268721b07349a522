//! The types of a schema, prepared for data: names resolved, fields by number and by JSON name.

use std::collections::HashMap;

use super::scalar::{LENGTH, Scalar};
use super::well_known::WellKnown;
use crate::schema::format::{SchemaError, TagEntity};
use crate::schema::protobuf::builtin;
use crate::schema::protobuf::fault::unresolved;
use crate::schema::protobuf::features::{self, Features};
use crate::schema::protobuf::model::{self, Body, File, Label, ProtoOption, Syntax, is_scalar, join, json_name};
use crate::schema::protobuf::schema::Schema;
use crate::schema::protobuf::symbol_table::{DeclaringFile, ExtensionSymbol, SymbolTable, TypeDeclaration, TypeSymbol};
use crate::schema::protobuf::tags;
use crate::schema::typed::InlineRule;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldContent {
    Scalar(Scalar),
    Enum(u32),
    Message(u32),
    /// A message between two tags.
    Group(u32),
    /// Entries of this message.
    Map(u32),
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub(super) struct MessageField {
    pub(super) number: u32,
    pub(super) name: Box<str>,
    pub(super) json: Box<str>,
    pub(super) content: FieldContent,
    pub(super) repeated: bool,
    pub(super) required: bool,
    /// Strings must be UTF-8.
    pub(super) utf8: bool,
    /// Numbers of a list stand in one block.
    pub(super) packed: bool,
    /// That it has its default and that it is not there is the same.
    pub(super) implicit: bool,
    /// The place of its oneof.
    pub(super) oneof: Option<u32>,
    /// Tags and checks, where it has some.
    pub(super) meta: Option<Box<RuleMeta>>,
}

/// What Confluent's options say about a field or a message to rules of data contracts.
#[derive(Debug, Clone, Default)]
pub(super) struct RuleMeta {
    pub(super) tags: Vec<String>,
    pub(super) rules: Vec<InlineRule>,
}

impl RuleMeta {
    fn of(options: &[ProtoOption], entity: TagEntity) -> Option<Box<Self>> {
        let meta = Self { tags: tags::of_entity(options, entity), rules: tags::rules_of_entity(options, entity) };
        (!meta.tags.is_empty() || !meta.rules.is_empty()).then(|| Box::new(meta))
    }
}

#[derive(Debug, Default)]
pub(super) struct MessageType {
    pub(super) full: Box<str>,
    pub(super) fields: Vec<MessageField>,
    /// Places of fields by their names in JSON.
    pub(super) by_name: HashMap<Box<str>, usize>,
    pub(super) has_required: bool,
    pub(super) well_known: Option<WellKnown>,
    pub(super) meta: Option<Box<RuleMeta>>,
    /// Messages declared inside, in order.
    inner: Vec<u32>,
}

impl MessageType {
    /// The field of a number.
    pub(super) fn field(&self, number: u32) -> Option<(usize, &MessageField)> {
        let at = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(at).map(|field| (at, field))
    }
}

#[derive(Debug, Default)]
pub(super) struct EnumType {
    /// The name of each number; of several the first.
    pub(super) names: HashMap<i32, Box<str>>,
    pub(super) by_name: HashMap<Box<str>, i32>,
    /// The number that stands for one that was not written.
    pub(super) first: i32,
    pub(super) closed: bool,
    pub(super) is_null: bool,
}

/// All types that data of a schema can hold.
#[derive(Debug, Default)]
pub(super) struct Types {
    pub(super) messages: Vec<MessageType>,
    pub(super) enums: Vec<EnumType>,
    by_name: HashMap<Box<str>, u32>,
    package: Box<str>,
    /// The top-level messages, in order.
    pub(super) roots: Vec<u32>,
    bytes: usize,
}

impl Types {
    pub(super) fn new(schema: &Schema) -> Result<Self, SchemaError> {
        let symbols = schema.symbols();
        let file = schema.standing_for();
        let mut compiler = TypeCompiler {
            schema,
            symbols: &symbols,
            types: Self { package: file.package.as_deref().unwrap_or("").into(), ..Self::default() },
            enums: HashMap::new(),
            waiting: Vec::new(),
            extensions: HashMap::new(),
        };
        for extension in symbols.extensions().filter(|extension| !matches!(extension.origin, DeclaringFile::Builtin(_))) {
            if let Some(extended) = symbols.resolve(extension.extendee, extension.scope()) {
                compiler.extensions.entry(extended.full.clone()).or_default().push(extension.clone());
            }
        }
        let package = file.package.as_deref().unwrap_or("");
        for message in &file.messages {
            let root = compiler.declared(&join(package, &message.name), message)?;
            compiler.types.roots.push(root);
        }
        // messages that only an Any, or the fragment of a schema's address, can name
        let others: Vec<Box<str>> = symbols.full_names().map(Into::into).collect();
        for name in others {
            if let Some(found) = symbols.find(&name)
                && found.node.body().is_some()
            {
                compiler.message(found)?;
            }
        }
        compiler.finish()
    }

    /// A message by its full name, by its name without the package, or by a type URL.
    pub(super) fn named(&self, name: &str) -> Option<u32> {
        let name = name.rsplit('/').next().unwrap_or(name);
        let name = name.strip_prefix('.').unwrap_or(name);
        self.by_name.get(name).or_else(|| self.by_name.get(&join(&self.package, name))).copied()
    }

    pub(super) fn find(&self, full: &str) -> Option<u32> {
        self.by_name.get(full).copied()
    }

    pub(super) fn by_indexes(&self, indexes: &[i32]) -> Option<u32> {
        let (first, rest) = indexes.split_first()?;
        let mut at = *self.roots.get(usize::try_from(*first).ok()?)?;
        for index in rest {
            at = *self.messages.get(at as usize)?.inner.get(usize::try_from(*index).ok()?)?;
        }
        Some(at)
    }

    /// The path of indexes to a message of the file.
    pub(super) fn indexes_of(&self, wanted: u32) -> Option<Vec<i32>> {
        // messages that are still to be looked at: which it is, how deep, and its place there
        let mut rest: Vec<(u32, usize, i32)> = (0..).zip(&self.roots).map(|(place, at)| (*at, 0, place)).collect();
        let mut path = Vec::new();
        while let Some((at, depth, place)) = rest.pop() {
            path.truncate(depth);
            path.push(place);
            if at == wanted {
                return Some(path);
            }
            let inner = self.messages.get(at as usize).map_or(&[][..], |message| &message.inner);
            rest.extend((0..).zip(inner).map(|(place, at)| (*at, depth + 1, place)));
        }
        None
    }

    pub(super) fn weight(&self) -> usize {
        self.bytes
    }
}

struct TypeCompiler<'a> {
    schema: &'a Schema,
    symbols: &'a SymbolTable<'a>,
    types: Types,
    enums: HashMap<Box<str>, u32>,
    /// Messages that have an index and no fields yet.
    waiting: Vec<(u32, TypeSymbol<'a>)>,
    extensions: HashMap<Box<str>, Vec<ExtensionSymbol<'a>>>,
}

impl<'a> TypeCompiler<'a> {
    /// The index of a message; its fields come later.
    fn message(&mut self, found: &TypeSymbol<'a>) -> Result<u32, SchemaError> {
        if let Some(known) = self.types.by_name.get(&found.full) {
            return Ok(*known);
        }
        let at = self.place(MessageType {
            full: found.full.clone(),
            well_known: WellKnown::of(&found.full),
            ..MessageType::default()
        })?;
        self.types.by_name.insert(found.full.clone(), at);
        self.waiting.push((at, found.clone()));
        Ok(at)
    }

    fn place(&mut self, message: MessageType) -> Result<u32, SchemaError> {
        let at = u32::try_from(self.types.messages.len()).map_err(|_| SchemaError::validate("too many messages"))?;
        self.types.messages.push(message);
        Ok(at)
    }

    /// The index of a declared message, with those declared inside. The parser bounds the nesting.
    fn declared(&mut self, full: &str, message: &'a model::Message) -> Result<u32, SchemaError> {
        let found = self.symbols.find(full).cloned().ok_or_else(|| SchemaError::validate(unresolved(full)))?;
        let at = self.message(&found)?;
        let mut inner = Vec::new();
        for message in &message.body.messages {
            inner.push(self.declared(&join(full, &message.name), message)?);
        }
        if let Some(message) = self.types.messages.get_mut(at as usize) {
            message.inner = inner;
        }
        Ok(at)
    }

    fn finish(mut self) -> Result<Types, SchemaError> {
        while let Some((at, found)) = self.waiting.pop() {
            let mut fields = match found.node.body() {
                Some(body) => self.fields(body, &found)?,
                None => Vec::new(),
            };
            for extension in self.extensions.get(&found.full).cloned().unwrap_or_default() {
                let origin = extension.origin;
                let mut field = self.field(extension.field, extension.scope(), found.features, origin)?;
                field.json = format!("[{}]", extension.full).into();
                field.name = field.json.clone();
                fields.push(field);
            }
            // the first field of a number counts
            fields.sort_by_key(|field| field.number);
            fields.dedup_by_key(|field| field.number);
            self.types.bytes += 200 + found.full.len() + fields.iter().map(|f| 160 + f.name.len() * 3).sum::<usize>();
            let mut by_name = HashMap::new();
            for (place, field) in fields.iter().enumerate() {
                by_name.entry(field.json.clone()).or_insert(place);
            }
            for (place, field) in fields.iter().enumerate() {
                by_name.entry(field.name.clone()).or_insert(place);
            }
            if let Some(message) = self.types.messages.get_mut(at as usize) {
                message.meta = found.node.body().and_then(|body| RuleMeta::of(&body.options, TagEntity::Record));
                message.has_required = fields.iter().any(|field| field.required);
                message.by_name = by_name;
                message.fields = fields;
            }
        }
        Ok(self.types)
    }

    fn fields(&mut self, body: &'a Body, found: &TypeSymbol<'a>) -> Result<Vec<MessageField>, SchemaError> {
        let mut fields = Vec::new();
        for field in &body.fields {
            fields.push(self.field(field, &found.full, found.features, found.origin)?);
        }
        for (oneof, declared) in (0..).zip(&body.oneofs) {
            for field in &declared.fields {
                let field = self.field(field, &found.full, found.features, found.origin)?;
                fields.push(MessageField { oneof: Some(oneof), required: false, implicit: false, ..field });
            }
            for group in &declared.groups {
                fields.push(MessageField { oneof: Some(oneof), ..self.group(group, &found.full)? });
            }
        }
        for group in &body.groups {
            fields.push(self.group(group, &found.full)?);
        }
        if body.map_entry().is_some() {
            // an entry has its key and its value, whatever they are
            for field in &mut fields {
                field.implicit = false;
            }
        }
        Ok(fields)
    }

    fn group(&mut self, group: &'a model::Group, scope: &str) -> Result<MessageField, SchemaError> {
        let full = join(scope, &group.name);
        let found = self.symbols.find(&full).cloned().ok_or_else(|| SchemaError::validate(unresolved(&full)))?;
        let name: Box<str> = group.name.to_ascii_lowercase().into();
        Ok(MessageField {
            number: u32::try_from(group.number).unwrap_or(0),
            json: json_name(&name).into(),
            name,
            content: FieldContent::Group(self.message(&found)?),
            repeated: group.label == Some(Label::Repeated),
            required: group.label == Some(Label::Required),
            utf8: false,
            packed: false,
            implicit: false,
            oneof: None,
            meta: RuleMeta::of(&group.options, TagEntity::Field),
        })
    }

    fn field(
        &mut self,
        field: &'a model::Field,
        scope: &str,
        features: Features,
        origin: DeclaringFile,
    ) -> Result<MessageField, SchemaError> {
        let file = self.file(origin);
        let is_edition = file.is_some_and(|file| file.effective_syntax().is_edition());
        let features = if is_edition { features.with(&field.options) } else { features };
        let utf8 = match file.map(File::effective_syntax) {
            Some(Syntax::Proto2) | None => false,
            Some(Syntax::Proto3) => true,
            Some(_) => {
                let set = features::own(&field.options, "utf8_validation");
                set.or_else(|| file.and_then(|file| features::own(&file.options, "utf8_validation"))) != Some("NONE")
            }
        };
        let content = match &field.kind {
            model::FieldType::Named(name) => self.content(name, scope, features)?,
            model::FieldType::Map(pair) => FieldContent::Map(self.entry(field, pair, scope, utf8, features)?),
        };
        let repeated = field.label == Some(Label::Repeated) || matches!(content, FieldContent::Map(_));
        let json =
            field.json_name.as_ref().and_then(model::OptionValue::as_text).map_or_else(|| json_name(&field.name), str::to_owned);
        let by_edition = is_edition && features.required && !repeated;
        Ok(MessageField {
            number: u32::try_from(field.number).unwrap_or(0),
            name: field.name.clone(),
            json: json.into(),
            content,
            repeated,
            required: field.label == Some(Label::Required) || by_edition,
            utf8,
            packed: is_packable(content) && is_packed(field, file),
            implicit: features.implicit
                && field.label.is_none()
                && !matches!(content, FieldContent::Message(_) | FieldContent::Group(_)),
            oneof: None,
            meta: RuleMeta::of(&field.options, TagEntity::Field),
        })
    }

    fn file(&self, origin: DeclaringFile) -> Option<&'a File> {
        let schema = self.schema;
        match origin {
            DeclaringFile::Own => Some(&schema.file),
            DeclaringFile::Reference(at) => schema.dependencies.get(at).map(|dependency| &*dependency.file),
            DeclaringFile::Builtin(at) => builtin::all().get(at).map(|builtin| &builtin.file),
        }
    }

    fn content(&mut self, name: &str, scope: &str, features: Features) -> Result<FieldContent, SchemaError> {
        if is_scalar(name) {
            return Scalar::named(name).map(FieldContent::Scalar).ok_or_else(|| SchemaError::validate(unresolved(name)));
        }
        let found = self.symbols.resolve(name, scope).cloned().ok_or_else(|| SchemaError::validate(unresolved(name)))?;
        Ok(match found.node {
            TypeDeclaration::Enum(declared) => FieldContent::Enum(self.enumeration(&found, declared)?),
            TypeDeclaration::Message(_) | TypeDeclaration::Group(_) => {
                let at = self.message(&found)?;
                if found.node.body().and_then(Body::map_entry).is_some() {
                    // a map as descriptors have it, whose text spells the entry out
                    FieldContent::Map(at)
                } else if features.delimited {
                    FieldContent::Group(at)
                } else {
                    FieldContent::Message(at)
                }
            }
        })
    }

    fn enumeration(&mut self, found: &TypeSymbol<'a>, declared: &model::Enum) -> Result<u32, SchemaError> {
        if let Some(known) = self.enums.get(&found.full) {
            return Ok(*known);
        }
        let at = u32::try_from(self.types.enums.len()).map_err(|_| SchemaError::validate("too many enums"))?;
        self.types.bytes += 100 + declared.constants.len() * 128;
        self.types.enums.push(EnumType {
            names: declared.constants.iter().rev().map(|constant| (constant.number, constant.name.clone())).collect(),
            by_name: declared.constants.iter().map(|constant| (constant.name.clone(), constant.number)).collect(),
            first: declared.constants.first().map_or(0, |constant| constant.number),
            closed: found.features.with(&declared.options).closed,
            is_null: &*found.full == "google.protobuf.NullValue",
        });
        self.enums.insert(found.full.clone(), at);
        Ok(at)
    }

    /// The message of one entry of a map.
    fn entry(
        &mut self,
        field: &model::Field,
        pair: &(model::FieldType, model::FieldType),
        scope: &str,
        utf8: bool,
        features: Features,
    ) -> Result<u32, SchemaError> {
        let mut fields = Vec::new();
        for (number, name, kind) in [(1, "key", &pair.0), (2, "value", &pair.1)] {
            let kind = kind.name().ok_or_else(|| SchemaError::validate("a map can't hold a map"))?;
            // entries and what is in them are never delimited
            let content = self.content(kind, scope, Features { delimited: false, ..features })?;
            let (name, json): (Box<str>, Box<str>) = (name.into(), name.into());
            fields.push(MessageField {
                number,
                name,
                json,
                content,
                repeated: false,
                required: false,
                utf8,
                packed: false,
                implicit: false,
                oneof: None,
                meta: None,
            });
        }
        let full = join(scope, &format!("{}Entry", field.name));
        self.place(MessageType { full, fields, ..MessageType::default() })
    }
}

fn is_packable(content: FieldContent) -> bool {
    match content {
        FieldContent::Scalar(scalar) => scalar.wire() != LENGTH,
        FieldContent::Enum(_) => true,
        _ => false,
    }
}

/// Whether the numbers of a list stand in one block: by its own option or feature, else by the file's syntax.
fn is_packed(field: &model::Field, file: Option<&File>) -> bool {
    let option = field.options.iter().find(|option| matches!(option.name.as_slice(), [name] if &*name.text == "packed"));
    let encoding = |options| features::own(options, "repeated_field_encoding").map(|encoding| encoding == "PACKED");
    let own = option.map(|option| option.value.as_text() == Some("true")).or_else(|| encoding(&field.options));
    own.or_else(|| encoding(&file?.options)).unwrap_or_else(|| file.map(File::effective_syntax) != Some(Syntax::Proto2))
}
