//! The normalized file: one text for all spellings of the same declarations (protobuf 2.3, with the corrections of 2.4).
//!
//! Order of messages, nested messages, enums, services and methods is never touched: records name messages by their place.

use super::features::Features;
use super::merge::Merger;
use super::names::{Names, Node, is_scalar, join};
use super::numbers;
use super::printer;
use super::tree::{
    Body, Constant, Enum, Extend, Extensions, Field, File, Group, Import, ImportKind, Label, Message, Oneof, Reserved, Setting,
    Span, Streamed, Syntax, Type, Value,
};
use super::validate::{is_map_key, unresolved};
use crate::schema::format::SchemaError;

type Result<T> = std::result::Result<T, SchemaError>;

/// The normalized form of a file.
pub(super) fn normalize(file: &File, names: &Names<'_>) -> Result<File> {
    let package = file.package.as_deref().unwrap_or("");
    let normalizer = Normalizer { names, merger: Merger::new(names) };
    let features = Features::of_file(file);
    Ok(File {
        syntax: file.syntax.filter(|syntax| *syntax != Syntax::Proto2),
        package: file.package.clone(),
        package_at: file.package_at,
        imports: imports(&file.imports),
        options: normalizer.merger.options(&file.options, package),
        messages: normalizer.messages(&file.messages, package, features)?,
        enums: file.enums.iter().map(|found| normalizer.enumeration(found, package, features)).collect(),
        extends: normalizer.extends(&file.extends, package, features)?,
        services: file
            .services
            .iter()
            .map(|service| {
                let mut service = service.clone();
                service.options = normalizer.merger.options(&service.options, package);
                for rpc in &mut service.rpcs {
                    rpc.request = normalizer.streamed(&rpc.request, package)?;
                    rpc.response = normalizer.streamed(&rpc.response, package)?;
                    rpc.options = normalizer.merger.options(&rpc.options, package);
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
    names: &'a Names<'a>,
    merger: Merger<'a>,
}

impl Normalizer<'_> {
    fn messages(&self, messages: &[Message], scope: &str, features: Features) -> Result<Vec<Message>> {
        let mut found = Vec::new();
        for message in messages {
            let full = join(scope, &message.name);
            // Its fields say `map` now.
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
                options: self.merger.options(&oneof.options, scope),
                fields: self.fields(&oneof.fields, scope)?,
                groups: self.groups(&oneof.groups, scope, features)?,
            });
        }
        oneofs.sort_by_key(lowest);
        Ok(Body {
            reserved: reserved(&body.reserved),
            options: self.merger.options(&body.options, scope),
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
            Type::Map(_) => None,
            Type::Named(_) => field.label,
        };
        // Both sort among the options; a JSON name that says what holds anyway says nothing.
        let mut options = field.options.clone();
        if let Some(default) = &field.default {
            options.push(Setting::plain("default", default_value(default, &field.kind)));
        }
        let json_name = field.json_name.as_ref().filter(|name| name.as_text() != Some(&json_name(&field.name)));
        options.extend(json_name.map(|name| Setting::plain("json_name", printer::quoted(name))));
        let options = self.merger.options(&options, scope);
        let (name, number, at) = (field.name.clone(), field.number, field.at);
        Ok(Field { label, kind, name, number, at, options, default: None, json_name: None })
    }

    fn kind(&self, kind: &Type, scope: &str) -> Result<Type> {
        match kind {
            Type::Map(pair) => {
                let pair = (self.kind(&pair.0, scope)?, self.kind(&pair.1, scope)?);
                Ok(Type::Map(Box::new(pair)))
            }
            Type::Named(name) if is_scalar(name) => Ok(kind.clone()),
            Type::Named(name) => {
                let found = self.names.resolve(name, scope).ok_or_else(|| SchemaError::validate(unresolved(name)))?;
                if let Node::Message(message) = found.node
                    && let Some((key, value)) = self.unfolds(&message.body, &found.full)
                {
                    let pair = (self.kind(&key.kind, &found.full)?, self.kind(&value.kind, &found.full)?);
                    return Ok(Type::Map(Box::new(pair)));
                }
                Ok(Type::Named(format!(".{}", found.full).into()))
            }
        }
    }

    /// Key and value of a message that is printed as `map`: the value may not be another entry.
    fn unfolds<'b>(&self, body: &'b Body, full: &str) -> Option<(&'b Field, &'b Field)> {
        let (key, value) = map_entry(body)?;
        let name = value.kind.name().filter(|name| !is_scalar(name));
        let entry = |name| self.names.resolve(name, full).is_none_or(|found| found.node.body().is_some_and(Body::is_map_entry));
        (!name.is_some_and(entry)).then_some((key, value))
    }

    fn streamed(&self, found: &Streamed, scope: &str) -> Result<Streamed> {
        Ok(Streamed { stream: found.stream, kind: self.kind(&found.kind, scope)? })
    }

    fn groups(&self, groups: &[Group], scope: &str, features: Features) -> Result<Vec<Group>> {
        let one = |group: &Group| {
            let mut group = group.clone();
            group.options = self.merger.options(&group.options, scope);
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
            let found = self.names.resolve(&extend.name, scope).ok_or_else(|| SchemaError::validate(unresolved(&extend.name)))?;
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
            let options = self.merger.options(&statement.options, scope);
            for span in &statement.spans {
                found.push(Extensions { at: statement.at, spans: vec![single(span)], options: options.clone() });
            }
        }
        found.sort_by_key(|statement| statement.spans.first().and_then(Span::bounds).map(|bounds| bounds.0));
        found
    }

    fn enumeration(&self, found: &Enum, scope: &str, features: Features) -> Enum {
        let closed = features.with(&found.options).closed;
        let mut constants: Vec<Constant> = found
            .constants
            .iter()
            .map(|constant| {
                let mut constant = constant.clone();
                constant.options = self.merger.options(&constant.options, scope);
                constant
            })
            .collect();
        // The first constant is the default of a closed enum, and has to be zero in an open one.
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
            options: self.merger.options(&found.options, scope),
            constants,
        }
    }
}

/// The lowest number of a oneof; none without members.
fn lowest(oneof: &Oneof) -> Option<i32> {
    let groups = oneof.groups.iter().map(|group| group.number);
    oneof.fields.iter().map(|field| field.number).chain(groups).min()
}

/// Key and value of a message that stands for the entries of a map.
pub(super) fn map_entry(body: &Body) -> Option<(&Field, &Field)> {
    let has_more = !body.messages.is_empty() || !body.enums.is_empty() || !body.extends.is_empty();
    if has_more || !body.is_map_entry() {
        return None;
    }
    let field = |number| body.fields.iter().find(|field| field.number == number && field.kind.name().is_some());
    let key = field(1).filter(|key| key.kind.name().is_some_and(is_map_key))?;
    Some((key, field(2)?))
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
        Some(Span::Name(name)) => (true, 0, name),
        Some(span) => (false, span.bounds().map_or(0, |bounds| bounds.0), ""),
        None => (true, 0, ""),
    }
}

fn single(span: &Span) -> Span {
    match span {
        Span::Range(first, last) if first == last => Span::One(*first),
        span => span.clone(),
    }
}

/// A default in its one spelling.
fn default_value(value: &Value, kind: &Type) -> Value {
    match printer::default_of(value, kind) {
        Value::Word(word) => Value::Word(numbers::plain(&word).into()),
        value => value,
    }
}

/// The JSON name that a field has when it states none.
pub(super) fn json_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for character in name.chars() {
        if character == '_' {
            upper = true;
        } else {
            out.push(if upper { character.to_ascii_uppercase() } else { character });
            upper = false;
        }
    }
    out
}

/// True for the label of a list.
pub(super) fn is_repeated(field: &Field) -> bool {
    field.label == Some(Label::Repeated) || matches!(field.kind, Type::Map(_))
}
