//! The normalized file: one text for all spellings of the same declarations (protobuf 2.3, with the corrections of 2.4).
//!
//! The order of messages, enums, services and methods is never changed: records name messages by their index.

mod options;

use self::options::OptionNormalizer;
use super::features::Features;
use super::number;
use super::print;
use crate::schema::format::SchemaError;
use crate::schema::protobuf::fault::unresolved;
use crate::schema::protobuf::model::{
    Body, Constant, Enum, Extend, Extensions, Field, FieldType, File, Group, Import, ImportKind, Message, Oneof, OptionValue,
    ProtoOption, RangeOrName, Reserved, RpcType, Syntax, is_scalar, join, json_name,
};
use crate::schema::protobuf::symbol_table::{SymbolTable, TypeDeclaration};

type Result<T> = std::result::Result<T, SchemaError>;

pub(super) fn normalize(file: &File, symbols: &SymbolTable<'_>) -> Result<File> {
    let package = file.package.as_deref().unwrap_or("");
    let normalizer = Normalizer { symbols, options: OptionNormalizer::new(symbols) };
    let features = Features::of_file(file);
    Ok(File {
        syntax: file.syntax.filter(|syntax| *syntax != Syntax::Proto2),
        package: file.package.clone(),
        package_at: file.package_at,
        imports: imports(&file.imports),
        options: normalizer.options.options(&file.options, package),
        messages: normalizer.messages(&file.messages, package, features)?,
        enums: file.enums.iter().map(|found| normalizer.enumeration(found, package, features)).collect(),
        extends: normalizer.extends(&file.extends, package, features)?,
        services: file
            .services
            .iter()
            .map(|service| {
                let mut service = service.clone();
                service.options = normalizer.options.options(&service.options, package);
                for rpc in &mut service.rpcs {
                    rpc.request = normalizer.streamed(&rpc.request, package)?;
                    rpc.response = normalizer.streamed(&rpc.response, package)?;
                    rpc.options = normalizer.options.options(&rpc.options, package);
                }
                Ok(service)
            })
            .collect::<Result<_>>()?,
    })
}

/// Sorted by path, each once.
fn imports(imports: &[Import]) -> Vec<Import> {
    let rank = |kind| match kind {
        ImportKind::Plain => 0,
        ImportKind::Public => 1,
        ImportKind::Weak => 2,
        ImportKind::Option => 3,
    };
    let mut sorted = imports.to_vec();
    sorted.sort_by(|a, b| rank(a.kind).cmp(&rank(b.kind)).then_with(|| a.path.cmp(&b.path)));
    sorted.dedup_by(|a, b| a.kind == b.kind && a.path == b.path);
    sorted
}

struct Normalizer<'a> {
    symbols: &'a SymbolTable<'a>,
    options: OptionNormalizer<'a>,
}

impl Normalizer<'_> {
    fn messages(&self, messages: &[Message], scope: &str, features: Features) -> Result<Vec<Message>> {
        let mut found = Vec::new();
        for message in messages {
            let full = join(scope, &message.name);
            // fields of this type are maps now
            if self.unfolds(&message.body, &full).is_none() {
                let body = self.body(&message.body, &full, features)?;
                found.push(Message { name: message.name.clone(), at: message.at, visibility: message.visibility, body });
            }
        }
        Ok(found)
    }

    fn body(&self, body: &Body, scope: &str, features: Features) -> Result<Body> {
        let features = features.with(&body.options);
        let mut oneofs = Vec::new();
        for oneof in body.oneofs.iter().filter(|oneof| lowest(oneof).is_some()) {
            oneofs.push(Oneof {
                name: oneof.name.clone(),
                at: oneof.at,
                options: self.options.options(&oneof.options, scope),
                fields: self.fields(&oneof.fields, scope)?,
                groups: self.groups(&oneof.groups, scope, features)?,
            });
        }
        oneofs.sort_by_key(lowest);
        Ok(Body {
            reserved: reserved(&body.reserved),
            options: self.options.options(&body.options, scope),
            fields: self.fields(&body.fields, scope)?,
            oneofs,
            groups: self.groups(&body.groups, scope, features)?,
            extensions: self.extensions(&body.extensions, scope),
            extends: self.extends(&body.extends, scope, features)?,
            messages: self.messages(&body.messages, scope, features)?,
            enums: body.enums.iter().map(|found| self.enumeration(found, scope, features)).collect(),
        })
    }

    fn fields(&self, fields: &[Field], scope: &str) -> Result<Vec<Field>> {
        let mut found = fields.iter().map(|field| self.field(field, scope)).collect::<Result<Vec<_>>>()?;
        found.sort_by_key(|field| field.number);
        Ok(found)
    }

    fn field(&self, field: &Field, scope: &str) -> Result<Field> {
        let kind = self.kind(&field.kind, scope)?;
        let label = match kind {
            FieldType::Map(_) => None,
            FieldType::Named(_) => field.label,
        };
        // both are sorted among the options; a JSON name that is the default one goes
        let mut options = field.options.clone();
        if let Some(default) = &field.default {
            options.push(ProtoOption::plain("default", default_value(default, &field.kind)));
        }
        let json_name = field.json_name.as_ref().filter(|name| name.as_text() != Some(&json_name(&field.name)));
        options.extend(json_name.map(|name| ProtoOption::plain("json_name", print::quoted(name))));
        let options = self.options.options(&options, scope);
        let (name, number, at) = (field.name.clone(), field.number, field.at);
        Ok(Field { label, kind, name, number, at, options, default: None, json_name: None })
    }

    fn kind(&self, kind: &FieldType, scope: &str) -> Result<FieldType> {
        match kind {
            FieldType::Map(pair) => {
                let pair = (self.kind(&pair.0, scope)?, self.kind(&pair.1, scope)?);
                Ok(FieldType::Map(Box::new(pair)))
            }
            FieldType::Named(name) if is_scalar(name) => Ok(kind.clone()),
            FieldType::Named(name) => {
                let found = self.symbols.resolve(name, scope).ok_or_else(|| SchemaError::validate(unresolved(name)))?;
                if let TypeDeclaration::Message(message) = found.node
                    && let Some((key, value)) = self.unfolds(&message.body, &found.full)
                {
                    let pair = (self.kind(&key.kind, &found.full)?, self.kind(&value.kind, &found.full)?);
                    return Ok(FieldType::Map(Box::new(pair)));
                }
                Ok(FieldType::Named(format!(".{}", found.full).into()))
            }
        }
    }

    /// Key and value of a message that is printed as `map`: the value may not be another entry.
    fn unfolds<'b>(&self, body: &'b Body, full: &str) -> Option<(&'b Field, &'b Field)> {
        let (key, value) = body.map_entry()?;
        let name = value.kind.name().filter(|name| !is_scalar(name));
        let entry = |name| self.symbols.resolve(name, full).is_none_or(|found| found.node.body().is_some_and(Body::is_map_entry));
        (!name.is_some_and(entry)).then_some((key, value))
    }

    fn streamed(&self, found: &RpcType, scope: &str) -> Result<RpcType> {
        Ok(RpcType { stream: found.stream, kind: self.kind(&found.kind, scope)? })
    }

    fn groups(&self, groups: &[Group], scope: &str, features: Features) -> Result<Vec<Group>> {
        let one = |group: &Group| {
            let mut group = group.clone();
            group.options = self.options.options(&group.options, scope);
            group.body = self.body(&group.body, &join(scope, &group.name), features)?;
            Ok(group)
        };
        let mut found = groups.iter().map(one).collect::<Result<Vec<_>>>()?;
        found.sort_by_key(|group| group.number);
        Ok(found)
    }

    /// Blocks that extend the same message become one.
    fn extends(&self, extends: &[Extend], scope: &str, features: Features) -> Result<Vec<Extend>> {
        let mut merged: Vec<Extend> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for extend in extends {
            let found =
                self.symbols.resolve(&extend.name, scope).ok_or_else(|| SchemaError::validate(unresolved(&extend.name)))?;
            let name: Box<str> = format!(".{}", found.full).into();
            let fields = self.fields(&extend.fields, scope)?;
            let groups = self.groups(&extend.groups, scope, features)?;
            let place = *places.entry(name.clone()).or_insert(merged.len());
            match merged.get_mut(place) {
                Some(block) => {
                    block.fields.extend(fields);
                    block.groups.extend(groups);
                }
                None => merged.push(Extend { name, at: extend.at, fields, groups }),
            }
        }
        for block in &mut merged {
            block.fields.sort_by_key(|field| field.number);
            block.groups.sort_by_key(|group| group.number);
        }
        Ok(merged)
    }

    fn extensions(&self, statements: &[Extensions], scope: &str) -> Vec<Extensions> {
        let mut found = Vec::new();
        for statement in statements {
            let options = self.options.options(&statement.options, scope);
            for span in &statement.spans {
                found.push(Extensions { at: statement.at, spans: vec![single(span)], options: options.clone() });
            }
        }
        found.sort_by_key(|statement| statement.spans.first().and_then(RangeOrName::bounds).map(|bounds| bounds.0));
        found
    }

    fn enumeration(&self, found: &Enum, scope: &str, features: Features) -> Enum {
        let closed = features.with(&found.options).closed;
        let mut constants: Vec<Constant> = found
            .constants
            .iter()
            .map(|constant| {
                let mut constant = constant.clone();
                constant.options = self.options.options(&constant.options, scope);
                constant
            })
            .collect();
        // the first constant is the default of a closed enum, and has to be zero in an open one
        if closed {
            if let Some((_, rest)) = constants.split_first_mut() {
                rest.sort_by(|a, b| a.number.cmp(&b.number).then_with(|| a.name.cmp(&b.name)));
            }
        } else {
            let rank = |constant: &Constant| (constant.number != 0, constant.number);
            constants.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name)));
        }
        Enum {
            name: found.name.clone(),
            at: found.at,
            visibility: found.visibility,
            reserved: reserved(&found.reserved),
            options: self.options.options(&found.options, scope),
            constants,
        }
    }
}

/// The lowest number of a oneof; none without members.
fn lowest(oneof: &Oneof) -> Option<i32> {
    let groups = oneof.groups.iter().map(|group| group.number);
    oneof.fields.iter().map(|field| field.number).chain(groups).min()
}

/// A statement for every value, numbers before names.
fn reserved(statements: &[Reserved]) -> Vec<Reserved> {
    let spans = statements.iter().flat_map(|statement| statement.spans.iter().map(|span| (statement.at, single(span))));
    let mut found: Vec<Reserved> = spans.map(|(at, span)| Reserved { at, spans: vec![span] }).collect();
    found.sort_by(|a, b| order(a).cmp(&order(b)));
    found
}

fn order(statement: &Reserved) -> (bool, i32, &str) {
    match statement.spans.first() {
        Some(RangeOrName::Name(name)) => (true, 0, name),
        Some(span) => (false, span.bounds().map_or(0, |bounds| bounds.0), ""),
        None => (true, 0, ""),
    }
}

fn single(span: &RangeOrName) -> RangeOrName {
    match span {
        RangeOrName::Range(first, last) if first == last => RangeOrName::One(*first),
        span => span.clone(),
    }
}

/// A default in its normalized spelling.
fn default_value(value: &OptionValue, kind: &FieldType) -> OptionValue {
    match print::default_of(value, kind) {
        OptionValue::Word(word) => OptionValue::Word(number::plain(&word).into()),
        value => value,
    }
}
