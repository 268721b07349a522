//! From a logical type to an Avro schema.

use std::collections::{HashMap, HashSet};

use super::model::NodeKind;
use super::name::is_type_word;
use super::parse::parse;
use crate::schema::format::{ParseMode, ParseOptions, ResolvedReference};
use crate::schema::logical::conversion::Depth;
use crate::schema::logical::default_value::DefaultValue;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{AVRO_ALIASES, Field, LogicalType, MAX_LENGTH, NO_PARAM, Type, TypeKind};
use crate::schema::logical_json::{
    Json, Members, java_double, java_float, own_params, set, set_branches, set_params, set_rules, set_symbols, set_tags,
};
use crate::schema::meter;

type Result<T> = std::result::Result<T, ConversionError>;

/// The text of the schema, in no particular form. `name` names what has no name of its own.
pub(super) fn from_logical(logical: &LogicalType, name: &str, references: &[ResolvedReference]) -> Result<String> {
    if !logical.imports.is_empty() {
        let names: Vec<&str> = logical.imports.iter().map(|(name, _)| name.as_str()).collect();
        return error(format!(
            "Cannot emit to Avro: LogicalType carries JSON-specific synthetic external imports [{}]. Re-construct the LT against \
             Avro-compatible externals.",
            names.join(", ")
        ));
    }
    let external = names_of(references)?;
    let mut writer = SchemaWriter { logical, external, named: HashMap::new(), under_way: HashSet::new() };
    let depth = Depth::default();
    let root = &logical.root;
    let schema = if let TypeKind::Union(branches) = &root.kind {
        let mut members: Vec<Json> = if root.nullable { vec![null()] } else { Vec::new() };
        for branch in branches {
            members.push(writer.not_null(&branch.ty, &branch.name, depth)?);
        }
        Json::List(members)
    } else {
        writer.raw(root, name, depth)?
    };
    let mut printer = JavaPrinter { named: writer.named, written: HashMap::new(), out: String::new() };
    printer.write(&schema)?;
    Ok(printer.out)
}

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(ConversionError::new(message))
}

/// The full names of the records and enums that references declare.
fn names_of(references: &[ResolvedReference]) -> Result<HashSet<String>> {
    let mut names = HashSet::new();
    for (at, reference) in references.iter().enumerate() {
        let options = ParseOptions::new(ParseMode::Stored, super::limits::MAX_DEPTH);
        let before = references.get(..at).unwrap_or_default();
        let model = parse(&reference.text, before, &options).map_err(|error| ConversionError::new(error.message))?;
        let named = model.nodes.iter().filter(|node| !matches!(node.kind, NodeKind::Fixed(_)));
        names.extend(named.filter_map(|node| Some(model.full_name(&node.named()?.name))));
    }
    Ok(names)
}

fn null() -> Json {
    Json::text("null")
}

fn of_type(word: &str) -> Members {
    vec![("type".to_owned(), Json::text(word))]
}

/// A primitive type with a logical type on it; a precision that is not the logical type's own is a property.
fn timed(word: &str, logical: &str, precision: i32, own: i32) -> Json {
    let mut members = of_type(word);
    if precision != own {
        set(&mut members, "flink.version", Json::text("1"));
        set(&mut members, "flink.precision", Json::number(precision));
    }
    set(&mut members, "logicalType", Json::text(logical));
    Json::Object(members)
}

fn check_field_name(name: &str) -> Result<()> {
    let is_name =
        name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name {
        return Ok(());
    }
    error(format!(
        "Illegal field name for AVRO format `{name}`. AVRO expects field names to start with [A-Za-z_] subsequently contain only \
         [A-Za-z0-9_]."
    ))
}

struct SchemaWriter<'l> {
    logical: &'l LogicalType,
    external: HashSet<String>,
    named: HashMap<String, Json>,
    /// Named types whose bodies are being written.
    under_way: HashSet<String>,
}

impl SchemaWriter<'_> {
    fn raw(&mut self, ty: &Type, name: &str, depth: Depth) -> Result<Json> {
        let schema = self.not_null(ty, name, depth)?;
        let is_nullable = matches!(&schema, Json::List(members) if members.contains(&null()));
        Ok(if ty.nullable && !is_nullable { Json::List(vec![null(), schema]) } else { schema })
    }

    fn not_null(&mut self, ty: &Type, name: &str, depth: Depth) -> Result<Json> {
        let depth = depth.inner().enter("Avro")?;
        let mut members = Members::new();
        let length = |members: &mut Members, key: &str, length: i32| {
            set(members, "flink.version", Json::text("1"));
            set(members, key, Json::number(length));
        };
        Ok(match &ty.kind {
            TypeKind::Boolean => Json::text("boolean"),
            TypeKind::Tinyint | TypeKind::Smallint => {
                members = of_type("int");
                let word = if ty.kind == TypeKind::Tinyint { "int8" } else { "int16" };
                set(&mut members, "connect.type", Json::text(word));
                Json::Object(members)
            }
            TypeKind::Int => Json::text("int"),
            TypeKind::Bigint => Json::text("long"),
            TypeKind::Float => Json::text("float"),
            TypeKind::Double => Json::text("double"),
            TypeKind::Char(n) => {
                members = of_type("string");
                length(&mut members, "flink.minLength", *n);
                length(&mut members, "flink.maxLength", *n);
                Json::Object(members)
            }
            TypeKind::Varchar(MAX_LENGTH) => Json::text("string"),
            TypeKind::Varbinary(MAX_LENGTH) => Json::text("bytes"),
            TypeKind::Varchar(n) | TypeKind::Varbinary(n) => {
                members = of_type(if matches!(ty.kind, TypeKind::Varchar(_)) { "string" } else { "bytes" });
                length(&mut members, "flink.maxLength", *n);
                Json::Object(members)
            }
            TypeKind::Binary(n) => {
                set_name(&mut members, "fixed", name);
                set(&mut members, "size", Json::number(n));
                Json::Object(members)
            }
            TypeKind::Date => timed("int", "date", 0, 0),
            TypeKind::Time(p @ ..=3) => timed("int", "time-millis", *p, 3),
            TypeKind::Time(p) => timed("long", "time-micros", *p, 6),
            TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) => {
                let (unit, own) = match p {
                    ..=3 => ("millis", 3),
                    4..=6 => ("micros", 6),
                    _ => ("nanos", 9),
                };
                let local = if matches!(ty.kind, TypeKind::Timestamp(_)) { "local-" } else { "" };
                timed("long", &format!("{local}timestamp-{unit}"), *p, own)
            }
            TypeKind::Decimal { precision, scale } => decimal(*precision, *scale)?,
            TypeKind::Variant => {
                set_name(&mut members, "record", "confluent.type.Variant");
                let field =
                    |name: &str| Json::Object(vec![("name".into(), Json::text(name)), ("type".into(), Json::text("bytes"))]);
                set(&mut members, "fields", Json::List(vec![field("metadata"), field("value")]));
                set(&mut members, "logicalType", Json::text("variant"));
                Json::Object(members)
            }
            TypeKind::Named(name) => self.reference(name, depth)?,
            TypeKind::Struct(fields) => {
                self.record(&mut members, name, ty, fields, depth)?;
                set(&mut members, "logical.anonymous", Json::text("true"));
                Json::Object(members)
            }
            TypeKind::Enum(_) => {
                enumeration(&mut members, name, ty);
                if self.logical.named.get(name).is_none() {
                    set(&mut members, "logical.anonymous", Json::text("true"));
                }
                Json::Object(members)
            }
            TypeKind::Union(branches) => {
                let mut types = Vec::new();
                for branch in branches {
                    types.push(self.not_null(&branch.ty, &branch.name, depth)?);
                }
                Json::List(types)
            }
            TypeKind::Array(element) => {
                members = of_type("array");
                set(&mut members, "items", self.raw(element, name, depth)?);
                Json::Object(members)
            }
            TypeKind::Map(pair) => Json::Object(self.map(&pair.0, &pair.1, name, depth)?),
            TypeKind::Multiset(element) => {
                members = self.map(element, &Type::COUNT, name, depth)?;
                set(&mut members, "flink.version", Json::text("1"));
                set(&mut members, "flink.type", Json::text("multiset"));
                Json::Object(members)
            }
        })
    }

    fn map(&mut self, key: &Type, value: &Type, name: &str, depth: Depth) -> Result<Members> {
        if let TypeKind::Varchar(length) | TypeKind::Char(length) = key.kind {
            let mut members = of_type("map");
            set(&mut members, "values", self.raw(value, name, depth)?);
            if length < MAX_LENGTH {
                set(&mut members, "logical.key.length", Json::number(length));
                if matches!(key.kind, TypeKind::Char(_)) {
                    set(&mut members, "logical.key.type", Json::text("CHAR"));
                }
            }
            return Ok(members);
        }
        let mut fields = Vec::new();
        for (part, ty) in [("key", key), ("value", value)] {
            let schema = self.raw(ty, &format!("{name}_{part}"), depth)?;
            let is_null_first = matches!(&schema, Json::List(types) if types.len() == 2 && types.first() == Some(&null()));
            let mut field = vec![("name".to_owned(), Json::text(part)), ("type".to_owned(), schema)];
            if is_null_first {
                field.push(("default".to_owned(), Json::Null));
            }
            fields.push(Json::Object(field));
        }
        let mut entry = Members::new();
        set_name(&mut entry, "record", &format!("{name}_Entry"));
        set(&mut entry, "fields", Json::List(fields));
        set(&mut entry, "connect.internal.type", Json::text("MapEntry"));
        let mut members = of_type("array");
        set(&mut members, "items", Json::Object(entry));
        set(&mut members, "logicalType", Json::text("map"));
        Ok(members)
    }

    fn reference(&mut self, name: &str, depth: Depth) -> Result<Json> {
        let logical = self.logical;
        let Some(body) = logical.named.get(name) else {
            if self.external.contains(name) {
                return Ok(Json::text(name));
            }
            return error(format!("Unknown named type reference: {name}"));
        };
        if !self.named.contains_key(name) && self.under_way.insert(name.to_owned()) {
            let mut members = Members::new();
            match &body.kind {
                TypeKind::Struct(fields) => {
                    check_field_name(name.rsplit_once('.').map_or(name, |(_, simple)| simple))?;
                    self.record(&mut members, name, body, fields, depth.of_named())?;
                }
                _ => enumeration(&mut members, name, body),
            }
            self.named.insert(name.to_owned(), Json::Object(members));
        }
        Ok(Json::Named(name.to_owned()))
    }

    fn record(&mut self, members: &mut Members, name: &str, ty: &Type, fields: &[Field], depth: Depth) -> Result<()> {
        set_name(members, "record", name);
        if let Some(doc) = &ty.notes.doc {
            set(members, "doc", Json::text(doc));
        }
        let mut written = Vec::new();
        for field in fields {
            check_field_name(&field.name)?;
            let schema = self.not_null(&field.ty, &format!("{name}_{}", field.name), depth)?;
            let default = field.default.as_ref().filter(|_| !field.derived_default);
            let has_value = default.is_some_and(|default| *default != DefaultValue::Null);
            let mut own = vec![("name".to_owned(), Json::text(&field.name))];
            own.push(("type".to_owned(), nullable(schema, field.ty.nullable, has_value)));
            if let Some(doc) = &field.notes.doc {
                own.push(("doc".to_owned(), Json::text(doc)));
            }
            if let Some(default) = default {
                own.push(("default".to_owned(), default_json(&field.ty.kind, default)?));
            }
            set_tags(&mut own, &field.notes);
            let aliases = field.notes.params.iter().find(|(name, _)| name == AVRO_ALIASES).map_or("", |(_, aliases)| aliases);
            if !aliases.is_empty() {
                // as Java splits: without empty parts at the end
                let aliases = aliases.trim_end_matches(',').split(',').map(Json::text).collect();
                set(&mut own, "aliases", Json::List(aliases));
            }
            set_params(&mut own, &own_params(&field.notes.params));
            set_rules(&mut own, &field.notes.constraints);
            if let TypeKind::Union(branches) = &field.ty.kind {
                set_branches(&mut own, branches);
            }
            written.push(Json::Object(own));
        }
        set(members, "fields", Json::List(written));
        set_tags(members, &ty.notes);
        set_params(members, &ty.notes.params);
        set_rules(members, &ty.notes.constraints);
        Ok(())
    }
}

/// Sets type and name. A name without a namespace gets that of what stands around.
fn set_name(members: &mut Members, word: &str, name: &str) {
    set(members, "type", Json::text(word));
    let (namespace, simple) = name.rsplit_once('.').unwrap_or(("", name));
    set(members, "name", Json::text(simple));
    if !namespace.is_empty() {
        set(members, "namespace", Json::text(namespace));
    }
}

fn enumeration(members: &mut Members, name: &str, ty: &Type) {
    let TypeKind::Enum(values) = &ty.kind else { return };
    set_name(members, "enum", name);
    if let Some(doc) = &ty.notes.doc {
        set(members, "doc", Json::text(doc));
    }
    set(members, "symbols", Json::List(values.iter().map(|value| Json::text(&value.symbol)).collect()));
    set_tags(members, &ty.notes);
    set_params(members, &ty.notes.params);
    set_symbols(members, values);
}

fn decimal(precision: i32, scale: i32) -> Result<Json> {
    if precision <= 0 {
        return error(format!("Invalid decimal precision: {precision} (must be positive)"));
    }
    if scale < 0 {
        return error(format!("Invalid decimal scale: {scale} (must be positive)"));
    }
    if scale > precision {
        return error(format!("Invalid decimal scale: {scale} (greater than precision: {precision})"));
    }
    let mut members = of_type("bytes");
    set(&mut members, "logicalType", Json::text("decimal"));
    set(&mut members, "precision", Json::number(precision));
    set(&mut members, "scale", Json::number(scale));
    Ok(Json::Object(members))
}

/// A union with null: behind the type where a default of the type comes first.
fn nullable(schema: Json, nullable: bool, default_first: bool) -> Json {
    if !nullable {
        return schema;
    }
    let mut types = match schema {
        Json::List(types) => types,
        other => vec![other],
    };
    types.insert(if default_first { types.len() } else { 0 }, null());
    Json::List(types)
}

/// A byte is the character of that number.
fn latin(bytes: &[u8]) -> Json {
    Json::text(bytes.iter().map(|byte| char::from(*byte)).collect::<String>())
}

fn epoch(precision: i32, seconds: i64, nanos: u32) -> Json {
    let (unit, part) = match precision {
        ..=3 => (1_000, 1_000_000),
        4..=6 => (1_000_000, 1_000),
        _ => (1_000_000_000, 1),
    };
    Json::number(seconds.wrapping_mul(unit).wrapping_add(i64::from(nanos / part)))
}

fn default_json(kind: &TypeKind, value: &DefaultValue) -> Result<Json> {
    let precision = match kind {
        TypeKind::Time(p) | TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) => *p,
        _ => NO_PARAM,
    };
    Ok(match value {
        DefaultValue::Null => Json::Null,
        DefaultValue::Boolean(value) => Json::Plain(value.to_string()),
        DefaultValue::Int(value) => Json::number(value),
        DefaultValue::Long(value) => Json::number(value),
        DefaultValue::Float(value) => java_float(*value),
        DefaultValue::Double(value) => java_double(*value),
        DefaultValue::Text(text) => Json::text(text),
        DefaultValue::Bytes(bytes) => latin(bytes),
        DefaultValue::Decimal(value) => latin(&value.unscaled_bytes()?),
        DefaultValue::Date(days) => Json::number(days),
        DefaultValue::Time(nanos) => Json::number(nanos / if precision <= 3 { 1_000_000 } else { 1_000 }),
        DefaultValue::Timestamp(seconds, nanos) | DefaultValue::Instant(seconds, nanos) => epoch(precision, *seconds, *nanos),
        DefaultValue::List(_) | DefaultValue::Map(_) => {
            return error(format!("Default values are not supported for type: {}", kind.word()));
        }
    })
}

/// Writes schemas as Avro's Java library does: what is named and equal is written once.
struct JavaPrinter {
    named: HashMap<String, Json>,
    written: HashMap<String, Json>,
    out: String,
}

impl JavaPrinter {
    fn write(&mut self, schema: &Json) -> Result<()> {
        meter::charge(4)?;
        match schema {
            Json::Named(name) => {
                let body = if self.written.contains_key(name) { None } else { self.named.remove(name) };
                if let Some(body) = body {
                    return self.definition(name, &body);
                }
                Json::text(name).write(&mut self.out);
                Ok(())
            }
            Json::Object(members) => match full_name(members) {
                Some(name) if self.written.get(&name) == Some(schema) && !is_type_word(&name) => {
                    Json::Text(name).write(&mut self.out);
                    Ok(())
                }
                Some(name) => self.definition(&name, schema),
                None => self.object(members),
            },
            Json::List(types) => {
                self.out.push('[');
                for (at, ty) in types.iter().enumerate() {
                    self.out.push_str(if at > 0 { "," } else { "" });
                    self.write(ty)?;
                }
                self.out.push(']');
                Ok(())
            }
            other => {
                other.write(&mut self.out);
                Ok(())
            }
        }
    }

    fn definition(&mut self, name: &str, schema: &Json) -> Result<()> {
        meter::reserve(256)?;
        self.written.insert(name.to_owned(), schema.clone());
        let Json::Object(members) = schema else { return Ok(()) };
        self.object(members)
    }

    /// Types are in `items`, `values`, and the `type` of each field.
    fn object(&mut self, members: &Members) -> Result<()> {
        self.out.push('{');
        for (at, (key, value)) in members.iter().enumerate() {
            self.out.push_str(if at > 0 { "," } else { "" });
            crate::schema::json::write_string(&mut self.out, key);
            self.out.push(':');
            match (key.as_str(), value) {
                ("items" | "values" | "type", _) => self.write(value)?,
                ("fields", Json::List(fields)) => {
                    self.out.push('[');
                    for (at, field) in fields.iter().enumerate() {
                        self.out.push_str(if at > 0 { "," } else { "" });
                        if let Json::Object(members) = field {
                            self.object(members)?;
                        }
                    }
                    self.out.push(']');
                }
                _ => value.write(&mut self.out),
            }
        }
        self.out.push('}');
        Ok(())
    }
}

fn full_name(members: &Members) -> Option<String> {
    let text = |key: &str| {
        members.iter().find_map(|(own, value)| match value {
            Json::Text(text) if own == key => Some(text.as_str()),
            _ => None,
        })
    };
    let name = text("name")?;
    Some(text("namespace").map_or_else(|| name.to_owned(), |namespace| format!("{namespace}.{name}")))
}
