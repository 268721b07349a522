//! From a logical type to a JSON Schema.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::java::hash_table::sort_as_hashed;
use crate::schema::format::ResolvedReference;
use crate::schema::json::{self, Object, ReadOptions};
use crate::schema::logical::conversion::Depth;
use crate::schema::logical::default_value::DefaultValue;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{Field, LogicalType, MAX_LENGTH, Type, TypeKind};
use crate::schema::logical_json::{
    Json, Members, java_double, java_float, own_params, set, set_branches, set_params, set_rules, set_symbols, set_tags,
};

type Result<T> = std::result::Result<T, ConversionError>;

/// The text of the schema, in no particular form. `name` names what has no name of its own.
pub(super) fn from_logical(logical: &LogicalType, name: &str, references: &[ResolvedReference]) -> Result<String> {
    let documents = documents_of(logical, references)?;
    let mut writer = SchemaWriter { logical, documents };
    let mut root = writer.raw(&logical.root, name, Depth::default())?;
    if let Some(namespace) = &logical.namespace {
        set(&mut root, "confluent:namespace", Json::text(namespace));
    }
    set(&mut root, "$schema", Json::text("https://json-schema.org/draft/2020-12/schema"));
    let mut definitions = Members::new();
    for (name, body) in logical.named.iter().filter(|(name, _)| !logical.external.contains(*name)) {
        let definition = writer.not_null(body, name, Depth::default())?;
        set(&mut definitions, name, Json::Object(definition));
    }
    // a type of another document is named by a definition that does nothing but refer to it
    for (name, uri) in &logical.imports {
        let definition = vec![("$ref".to_owned(), Json::text(uri)), ("logical.ref".to_owned(), plain("true"))];
        set(&mut definitions, name, Json::Object(definition));
    }
    if !definitions.is_empty() {
        set(&mut root, "$defs", Json::Object(definitions));
    }
    let mut out = String::new();
    Json::Object(root).write(&mut out);
    Ok(out)
}

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(ConversionError::new(message))
}

fn plain(text: &str) -> Json {
    Json::Plain(text.to_owned())
}

/// Nesting of referenced documents, which were read when they were registered.
const MAX_DOCUMENT_DEPTH: usize = 1_000;

/// The document that defines each name, as references call it.
fn documents_of(logical: &LogicalType, references: &[ResolvedReference]) -> Result<HashMap<String, String>> {
    let mut documents = HashMap::new();
    for reference in references {
        let options = ReadOptions { comments: true, replace_lone_surrogates: true, max_depth: MAX_DOCUMENT_DEPTH };
        let document = json::read(&reference.text, options);
        let document = document.map_err(|_| ConversionError::new("Failed to parse external schema for name collection"))?;
        for container in ["$defs", "definitions"] {
            let container = document.as_object().and_then(|object| object.get(container));
            for member in container.and_then(json::Value::as_object).map(Object::members).unwrap_or_default() {
                if logical.named.contains(&member.key) {
                    continue;
                }
                if documents.insert(member.key.to_string(), reference.name.clone()).is_some() {
                    return error(format!("Duplicate named type: {}", member.key));
                }
            }
        }
    }
    Ok(documents)
}

struct SchemaWriter<'l> {
    logical: &'l LogicalType,
    documents: HashMap<String, String>,
}

fn number(connect_type: &str) -> Members {
    vec![("type".to_owned(), Json::text("number")), ("connect.type".to_owned(), Json::text(connect_type))]
}

fn text() -> Members {
    vec![("type".to_owned(), Json::text("string"))]
}

/// The members of one schema.
fn set_precision(members: &mut Members, precision: i32) {
    if precision != 3 {
        set(members, "flink.version", Json::text("1"));
        set(members, "flink.precision", Json::number(precision));
    }
}

fn bytes(least: Option<i32>, most: i32) -> Members {
    let mut members = text();
    if let Some(least) = least.filter(|least| *least > 0) {
        set(&mut members, "flink.version", Json::text("1"));
        set(&mut members, "flink.minLength", Json::number(least));
        set(&mut members, "flink.maxLength", Json::number(most));
    } else if most < MAX_LENGTH {
        set(&mut members, "flink.version", Json::text("1"));
        set(&mut members, "flink.maxLength", Json::number(most));
    }
    set(&mut members, "connect.type", Json::text("bytes"));
    members
}

impl SchemaWriter<'_> {
    fn raw(&mut self, ty: &Type, name: &str, depth: Depth) -> Result<Members> {
        let mut members = self.not_null(ty, name, depth)?;
        if !ty.nullable {
            return Ok(members);
        }
        let null = Json::Object(vec![("type".to_owned(), Json::text("null"))]);
        let at = members.iter().position(|(key, _)| key == "oneOf");
        if let Some((_, Json::List(branches))) = at.and_then(|at| members.get_mut(at)) {
            branches.insert(0, null);
            return Ok(members);
        }
        Ok(vec![("oneOf".to_owned(), Json::List(vec![null, Json::Object(members)]))])
    }

    fn not_null(&mut self, ty: &Type, name: &str, depth: Depth) -> Result<Members> {
        let depth = depth.inner().enter("JSON")?;
        let titled = |mut members: Members, title: &str| {
            set(&mut members, "title", Json::text(format!("org.apache.kafka.connect.data.{title}")));
            members
        };
        Ok(match &ty.kind {
            TypeKind::Boolean => vec![("type".to_owned(), Json::text("boolean"))],
            TypeKind::Tinyint => number("int8"),
            TypeKind::Smallint => number("int16"),
            TypeKind::Int => number("int32"),
            TypeKind::Bigint => number("int64"),
            TypeKind::Float => number("float32"),
            TypeKind::Double => number("float64"),
            TypeKind::Char(n) => {
                let mut members = text();
                set(&mut members, "minLength", Json::number(n));
                set(&mut members, "maxLength", Json::number(n));
                members
            }
            TypeKind::Varchar(MAX_LENGTH) => text(),
            TypeKind::Varchar(n) => {
                let mut members = text();
                set(&mut members, "maxLength", Json::number(n));
                members
            }
            TypeKind::Binary(n) => bytes(Some(*n), *n),
            TypeKind::Varbinary(n) => bytes(None, *n),
            TypeKind::Date => titled(number("int32"), "Date"),
            TypeKind::Time(precision) => {
                let mut members = number("int32");
                set_precision(&mut members, *precision);
                titled(members, "Time")
            }
            TypeKind::TimestampLtz(precision) => {
                let mut members = number("int64");
                set_precision(&mut members, *precision);
                titled(members, "Timestamp")
            }
            TypeKind::Timestamp(precision) => {
                let mut members = number("int64");
                set_precision(&mut members, *precision);
                set(&mut members, "flink.version", Json::text("1"));
                set(&mut members, "flink.type", Json::text("timestamp"));
                members
            }
            TypeKind::Decimal { precision, scale } => {
                let parameters = vec![
                    ("scale".to_owned(), Json::text(scale.to_string())),
                    ("connect.decimal.precision".to_owned(), Json::text(precision.to_string())),
                ];
                let mut members = number("bytes");
                set(&mut members, "connect.parameters", Json::Object(parameters));
                titled(members, "Decimal")
            }
            TypeKind::Variant => Members::new(),
            TypeKind::Struct(fields) => self.object(ty, fields, name, depth)?,
            TypeKind::Enum(values) => {
                // the library behind Confluent keeps them in a set
                let mut symbols: Vec<&str> = values.iter().map(|value| value.symbol.as_str()).collect();
                sort_as_hashed(&mut symbols, |symbol| symbol);
                let symbols = symbols.into_iter().map(Json::text).collect();
                let mut members = vec![("enum".to_owned(), Json::List(symbols)), ("title".to_owned(), Json::text(name))];
                describe(&mut members, ty);
                set_symbols(&mut members, values);
                members
            }
            TypeKind::Union(branches) => {
                let mut schemas = Vec::new();
                for branch in branches {
                    schemas.push(Json::Object(self.raw(&branch.ty, &branch.name, depth)?));
                }
                let mut members = vec![("oneOf".to_owned(), Json::List(schemas))];
                set_branches(&mut members, branches);
                members
            }
            TypeKind::Array(element) => {
                let items = self.raw(element, name, depth)?;
                vec![("type".to_owned(), Json::text("array")), ("items".to_owned(), Json::Object(items))]
            }
            TypeKind::Map(pair) => self.map(&pair.0, &pair.1, name, depth)?,
            TypeKind::Multiset(element) => {
                let mut members = self.map(element, &Type::COUNT, name, depth)?;
                set(&mut members, "flink.version", Json::text("1"));
                set(&mut members, "flink.type", Json::text("multiset"));
                members
            }
            TypeKind::Named(name) => vec![("$ref".to_owned(), Json::text(self.reference(name)))],
        })
    }

    fn object(&mut self, ty: &Type, fields: &[Field], name: &str, depth: Depth) -> Result<Members> {
        let mut members = vec![("type".to_owned(), Json::text("object"))];
        let (mut properties, mut required) = (Members::new(), Vec::new());
        for (at, field) in fields.iter().enumerate() {
            let mut own = self.raw(&field.ty, &format!("{name}_{}", field.name), depth)?;
            if let Some(default) =
                field.default.as_ref().filter(|default| !field.derived_default && **default != DefaultValue::Null)
            {
                set(&mut own, "default", default_json(&field.ty.kind, default)?);
            }
            set(&mut own, "connect.index", Json::number(at));
            set_tags(&mut own, &field.notes);
            set_params(&mut own, &own_params(&field.notes.params));
            set_rules(&mut own, &field.notes.constraints);
            if let Some(doc) = &field.notes.doc {
                set(&mut own, "description", Json::text(doc));
            }
            properties.push((field.name.clone(), Json::Object(own)));
            if !field.ty.nullable {
                required.push(Json::text(&field.name));
            }
        }
        if !fields.is_empty() {
            set(&mut members, "properties", Json::Object(properties));
            set(&mut members, "additionalProperties", plain("false"));
        }
        if !required.is_empty() {
            set(&mut members, "required", Json::List(required));
        }
        describe(&mut members, ty);
        set(&mut members, "title", Json::text(name));
        Ok(members)
    }

    fn map(&mut self, key: &Type, value: &Type, name: &str, depth: Depth) -> Result<Members> {
        let mut members;
        if let TypeKind::Varchar(length) | TypeKind::Char(length) = key.kind {
            members = vec![("type".to_owned(), Json::text("object"))];
            let values = self.raw(value, name, depth)?;
            set(&mut members, "additionalProperties", Json::Object(values));
            set(&mut members, "connect.type", Json::text("map"));
            if length < MAX_LENGTH {
                set(&mut members, "logical.key.length", Json::number(length));
                if matches!(key.kind, TypeKind::Char(_)) {
                    set(&mut members, "logical.key.type", Json::text("CHAR"));
                }
            }
        } else {
            let mut properties = Members::new();
            for (part, ty) in [("key", key), ("value", value)] {
                let schema = self.raw(ty, &format!("{name}_{part}"), depth)?;
                properties.push((part.to_owned(), Json::Object(schema)));
            }
            let mut entry = vec![("type".to_owned(), Json::text("object"))];
            set(&mut entry, "properties", Json::Object(properties));
            set(&mut entry, "additionalProperties", plain("false"));
            members = vec![("type".to_owned(), Json::text("array")), ("items".to_owned(), Json::Object(entry))];
            set(&mut members, "connect.type", Json::text("map"));
        }
        Ok(members)
    }

    fn reference(&self, name: &str) -> String {
        let logical = self.logical;
        if logical.imports.iter().any(|(own, _)| own == name) {
            return format!("#/$defs/{name}");
        }
        if !logical.external.contains(name) && logical.named.contains(name) {
            return format!("#/$defs/{name}");
        }
        match self.documents.get(name) {
            Some(document) => format!("{document}#/$defs/{name}"),
            None => name.to_owned(),
        }
    }
}

fn describe(members: &mut Members, ty: &Type) {
    if let Some(doc) = &ty.notes.doc {
        set(members, "description", Json::text(doc));
    }
    set_tags(members, &ty.notes);
    set_params(members, &ty.notes.params);
    set_rules(members, &ty.notes.constraints);
}

/// A number without zeros at the end of its fraction.
fn shaved(number: Json) -> Json {
    match number {
        Json::Plain(text) if text.contains('.') && !text.contains(['e', 'E']) => {
            Json::Plain(text.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        other => other,
    }
}

fn default_json(kind: &TypeKind, value: &DefaultValue) -> Result<Json> {
    Ok(match value {
        DefaultValue::Null => Json::Null,
        DefaultValue::Boolean(value) => plain(&value.to_string()),
        DefaultValue::Int(value) => Json::number(value),
        DefaultValue::Long(value) => Json::number(value),
        DefaultValue::Float(value) => shaved(java_float(*value)),
        DefaultValue::Double(value) => shaved(java_double(*value)),
        DefaultValue::Bytes(bytes) => Json::text(STANDARD.encode(bytes)),
        DefaultValue::List(_) | DefaultValue::Map(_) => {
            return error(format!("Default values are not supported for type: {}", kind.word()));
        }
        other => Json::text(other.text()),
    })
}
