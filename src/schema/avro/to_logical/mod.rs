//! From an Avro schema to its logical type.
//!
//! Records and enums become named types, unless they are marked as anonymous. `defaults` has the default
//! values.

mod defaults;

use std::collections::HashMap;

use super::logical_type::{self, Logical};
use super::model::{Field, Model, NOWHERE, NodeId, NodeKind, Primitive, Record};
use crate::schema::java_properties::{self as properties, Hint, Props};
use crate::schema::json::Value;
use crate::schema::logical::conversion::{Depth, convert, multiset};
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{
    self, AVRO_ALIASES, EnumValue, LogicalAnnotations, LogicalType, MAX_LENGTH, NamedTypes, Type, TypeKind, UnionBranch,
};
use crate::schema::meter;
use crate::types::Metadata;

/// The namespace of converted schemas, kept in the metadata.
const NAMESPACE_PROPERTY: &str = "confluent:namespace";
/// Names of a root union's branches, kept in the metadata.
const UNION_PROPERTY: &str = "confluent:union";

pub(super) fn to_logical(model: &Model, metadata: Option<&Metadata>) -> Result<LogicalType, ConversionError> {
    let property = |name| metadata.and_then(|metadata| metadata.property(name));
    convert(|| {
        let branches = match property(UNION_PROPERTY) {
            Some(text) => Some(properties::read(text)?),
            None => None,
        };
        let mut converter = Converter { model, named: NamedTypes::default(), under_way: Vec::new(), path: Vec::new() };
        let hints = branches.as_ref();
        let root = converter.convert(model.root, false, hints, Depth::default())?;
        let namespace = property(NAMESPACE_PROPERTY).filter(|namespace| !namespace.is_empty()).map(str::to_owned);
        let external = model.nodes.iter().filter(|node| node.at == NOWHERE && !matches!(node.kind, NodeKind::Fixed(_)));
        let external = external.filter_map(|node| Some(model.full_name(&node.named()?.name))).collect();
        Ok(LogicalType { namespace, root, named: converter.named, external, imports: Vec::new() })
    })
}

fn error<T>(message: impl Into<String>) -> Result<T, ConversionError> {
    Err(ConversionError::new(message))
}

struct Converter<'m> {
    model: &'m Model,
    named: NamedTypes,
    /// Unions and anonymous records whose conversion is under way: one inside itself has no end.
    under_way: Vec<NodeId>,
    /// Names of the fields on the way.
    path: Vec<&'m str>,
}

impl<'m> Converter<'m> {
    fn props(&self, id: NodeId) -> Props<'m> {
        Props(&self.model.node(id).props)
    }

    fn full_name(&self, id: NodeId) -> String {
        self.model.node(id).named().map_or_else(String::new, |named| self.model.full_name(&named.name))
    }

    fn is_anonymous(&self, id: NodeId) -> bool {
        self.props(id).text("logical.anonymous") == Some("true")
    }

    /// `hints`: what is known of the branches if it is a union.
    fn convert(&mut self, id: NodeId, nullable: bool, hints: Option<&Value>, depth: Depth) -> Result<Type, ConversionError> {
        let depth = depth.enter("Avro")?;
        let id = self.model.first_definition(id);
        let node = self.model.node(id);
        if matches!(node.kind, NodeKind::Record(_)) && !self.is_anonymous(id) {
            let name = self.full_name(id);
            if self.named.contains(&name) {
                return Ok(Type::named(&name, nullable));
            }
        }
        if !matches!(node.kind, NodeKind::Record(_) | NodeKind::Union(_)) {
            return self.shape(id, nullable, hints, depth);
        }
        for open in &self.under_way {
            if self.equal(*open, id)? {
                let path = self.path.join(".");
                return error(format!("Cyclic schemas are not supported.\nFound a cycle in the field: {path}"));
            }
        }
        self.under_way.push(id);
        let result = self.shape(id, nullable, hints, depth);
        self.under_way.pop();
        result
    }

    /// Whether two types are one: named types by identity, all others by what they are made of.
    fn equal(&self, a: NodeId, b: NodeId) -> Result<bool, ConversionError> {
        meter::charge(1)?;
        let (a, b) = (self.model.first_definition(a), self.model.first_definition(b));
        if a == b {
            return Ok(true);
        }
        let (left, right) = (self.model.node(a), self.model.node(b));
        match (&left.kind, &right.kind) {
            (NodeKind::Union(left), NodeKind::Union(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (a, b) in left.iter().zip(right) {
                    if !self.equal(*a, *b)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ if !super::value::equal_members(&left.props, &right.props) => Ok(false),
            (NodeKind::Primitive(left), NodeKind::Primitive(right)) => Ok(left == right),
            (NodeKind::Array(a), NodeKind::Array(b)) | (NodeKind::Map(a), NodeKind::Map(b)) => self.equal(*a, *b),
            _ => Ok(false),
        }
    }

    fn shape(&mut self, id: NodeId, nullable: bool, hints: Option<&Value>, depth: Depth) -> Result<Type, ConversionError> {
        let model = self.model;
        let kind = match &model.node(id).kind {
            NodeKind::Primitive(primitive) => self.primitive(id, *primitive)?,
            NodeKind::Fixed(fixed) => match self.decimal(id)? {
                Some(decimal) => decimal,
                None => TypeKind::Binary(i32::try_from(fixed.size).unwrap_or(i32::MAX)),
            },
            NodeKind::Enum(found) => {
                let symbols = enum_values(self.props(id), &found.symbols)?;
                let body =
                    Type { kind: TypeKind::enum_of(symbols)?, nullable, notes: self.annotations(id, found.named.doc.as_deref()) };
                if self.is_anonymous(id) {
                    return Ok(body);
                }
                let name = self.full_name(id);
                if !self.named.contains(&name) {
                    self.named.put(&name, Type { nullable: false, ..body });
                }
                return Ok(Type::named(&name, nullable));
            }
            NodeKind::Array(items) => self.array(id, *items, depth)?,
            NodeKind::Map(values) => {
                let value = self.convert(*values, false, None, depth.inner())?;
                self.map_of(id, map_key(self.props(id)), value)?
            }
            NodeKind::Union(branches) => return self.union(branches, hints, depth),
            NodeKind::Record(record) => return self.record(id, record, nullable, depth),
            NodeKind::Pending(_) => return error("Couldn't translate unsupported Avro schema type record."),
        };
        Ok(kind.of(nullable))
    }

    fn primitive(&self, id: NodeId, primitive: Primitive) -> Result<TypeKind, ConversionError> {
        let props = self.props(id);
        Ok(match primitive {
            Primitive::Null => return error("Standalone NULL type is not supported"),
            Primitive::Boolean => TypeKind::Boolean,
            Primitive::Double => TypeKind::Double,
            Primitive::Float => TypeKind::Float,
            Primitive::Int => return int(props),
            Primitive::Long => return long(props),
            Primitive::Bytes => match self.decimal(id)? {
                Some(decimal) => decimal,
                None => TypeKind::Varbinary(props.integer("flink.maxLength")?.unwrap_or(MAX_LENGTH)),
            },
            Primitive::String => {
                let longest = props.integer("flink.maxLength")?.unwrap_or(MAX_LENGTH);
                match props.integer("flink.minLength")? {
                    Some(shortest) if shortest == longest => TypeKind::Char(shortest),
                    _ => TypeKind::Varchar(longest),
                }
            }
        })
    }

    fn decimal(&self, id: NodeId) -> Result<Option<TypeKind>, ConversionError> {
        let props = self.props(id);
        if !props.text("logicalType").is_some_and(|word| word.eq_ignore_ascii_case("decimal")) {
            return Ok(None);
        }
        let scale = props.number("scale").unwrap_or(0);
        let precision = match props.get("precision") {
            None => 10,
            Some(_) => match props.number("precision") {
                Some(precision) => precision,
                None => return error("precision property must be a JSON Integer."),
            },
        };
        Ok(Some(TypeKind::Decimal { precision, scale }))
    }

    /// An array, or a map that is written as an array of its entries.
    fn array(&mut self, id: NodeId, items: NodeId, depth: Depth) -> Result<TypeKind, ConversionError> {
        if !self.is_map(id, items) {
            return Ok(TypeKind::Array(Box::new(self.convert(items, false, None, depth.inner())?)));
        }
        let entry = match &self.model.node(items).kind {
            NodeKind::Record(record) if record.fields.len() == 2 => record,
            _ => return error(NO_ENTRY),
        };
        let field = |name| entry.find(name, 0).and_then(|at| entry.fields.get(at)).map(|field| field.ty);
        let (Some(key), Some(value)) = (field("key"), field("value")) else { return error(NO_ENTRY) };
        let key = self.convert(key, false, None, depth.inner())?;
        let value = self.convert(value, false, None, depth.inner())?;
        self.map_of(id, key, value)
    }

    fn is_map(&self, id: NodeId, items: NodeId) -> bool {
        let is_logical = self.props(id).text("logicalType") == Some("map") && logical_type::of(self.model, id) == Logical::Other;
        let NodeKind::Record(entry) = &self.model.node(items).kind else { return is_logical };
        let name = &entry.named.name;
        let is_connect = &*name.simple == "MapEntry" && self.model.namespace(name.namespace) == "io.confluent.connect.avro";
        is_logical || is_connect || self.props(items).text("connect.internal.type") == Some("MapEntry")
    }

    fn map_of(&self, id: NodeId, key: Type, value: Type) -> Result<TypeKind, ConversionError> {
        if self.props(id).text("flink.type") != Some("multiset") {
            return Ok(TypeKind::Map(Box::new((key, value))));
        }
        multiset(key, &value)
    }

    fn record(&mut self, id: NodeId, record: &'m Record, nullable: bool, depth: Depth) -> Result<Type, ConversionError> {
        if self.is_variant(id, record) {
            return Ok(TypeKind::Variant.of(nullable));
        }
        let is_anonymous = self.is_anonymous(id);
        let name = self.full_name(id);
        if !is_anonymous {
            // what refers to it from inside needs to find it
            self.named.put(&name, TypeKind::Struct(Vec::new()).of(true));
        }
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            fields.push(self.field(field, depth)?);
        }
        let kind = TypeKind::struct_of(fields)?;
        let mut notes = self.annotations(id, record.named.doc.as_deref());
        notes.constraints = self.props(id).constraints();
        if is_anonymous {
            return Ok(Type { kind, nullable, notes });
        }
        self.named.put(&name, Type { kind, nullable: false, notes });
        Ok(Type::named(&name, nullable))
    }

    fn is_variant(&self, id: NodeId, record: &Record) -> bool {
        if self.props(id).text("logicalType") == Some("variant") && logical_type::of(self.model, id) == Logical::Other {
            return true;
        }
        let is_bytes = |name: &str| {
            let field = record.fields.iter().find(|field| &*field.name == name);
            field.is_some_and(|field| matches!(self.model.node(field.ty).kind, NodeKind::Primitive(Primitive::Bytes)))
        };
        self.full_name(id) == "confluent.type.Variant" && record.fields.len() == 2 && is_bytes("metadata") && is_bytes("value")
    }

    fn field(&mut self, field: &'m Field, depth: Depth) -> Result<model::Field, ConversionError> {
        let props = Props(&field.props);
        self.path.push(&field.name);
        let ty = self.convert(field.ty, false, props.get(UNION_PROPERTY), depth.inner())?;
        self.path.pop();
        let default = match &field.default {
            Some(value) => defaults::default_value(self.model, field.ty, &ty, value)?,
            None => None,
        };
        let mut notes = LogicalAnnotations { doc: field.doc.as_deref().map(str::to_owned), ..props.annotations() };
        notes.params.retain(|(name, _)| !model::is_format_native(name));
        if !field.aliases.is_empty() {
            notes.params.push((AVRO_ALIASES.to_owned(), field.aliases.join(",")));
        }
        notes.constraints = props.constraints();
        let at = (field.at != NOWHERE).then_some(field.at);
        Ok(model::Field { name: field.name.to_string(), ty, default, derived_default: false, notes, at })
    }

    fn annotations(&self, id: NodeId, doc: Option<&str>) -> LogicalAnnotations {
        LogicalAnnotations { doc: doc.map(str::to_owned), ..self.props(id).annotations() }
    }

    /// A union with one type beside null is that type, nullable.
    fn union(&mut self, branches: &[NodeId], hints: Option<&Value>, depth: Depth) -> Result<Type, ConversionError> {
        let is_null = |id: &NodeId| matches!(self.model.node(*id).kind, NodeKind::Primitive(Primitive::Null));
        let members: Vec<NodeId> = branches.iter().copied().filter(|id| !is_null(id)).collect();
        let nullable = members.len() != branches.len();
        if let [only] = members.as_slice() {
            return self.convert(*only, nullable, hints, depth);
        }
        let mut types = Vec::with_capacity(members.len());
        for member in &members {
            types.push(self.convert(*member, false, hints, depth.inner())?);
        }
        let simple: Vec<&str> = members.iter().map(|member| self.simple_name(*member)).collect();
        let mut often: HashMap<&str, usize> = HashMap::new();
        for name in &simple {
            *often.entry(name).or_default() += 1;
        }
        let mut found = Vec::with_capacity(members.len());
        for (at, (member, ty)) in members.iter().zip(types).enumerate() {
            let hint = Hint::at(hints, at);
            let name = match (hint.text("name")?, simple.get(at)) {
                (Some(name), _) => name,
                (None, Some(name)) if often.get(name) == Some(&1) => (*name).to_owned(),
                _ => self.model.branch_name(*member).replace('.', "_"),
            };
            found.push(UnionBranch { name, ty, doc: hint.text("doc")?, params: hint.own_params(), at: None });
        }
        Ok(TypeKind::union_of(found)?.of(nullable))
    }

    fn simple_name(&self, id: NodeId) -> &'m str {
        let node = self.model.node(id);
        match &node.kind {
            NodeKind::Primitive(primitive) => primitive.word(),
            NodeKind::Array(_) => "array",
            NodeKind::Map(_) => "map",
            _ => node.named().map_or("", |named| &named.name.simple),
        }
    }
}

const NO_ENTRY: &str = "Found map encoded as array of key-value pairs, but array elements do not match the expected format.";

fn enum_values(props: Props<'_>, symbols: &[Box<str>]) -> Result<Vec<EnumValue>, ConversionError> {
    let hints = props.get("confluent:enum");
    let mut values = Vec::with_capacity(symbols.len());
    for (at, symbol) in symbols.iter().enumerate() {
        let hint = Hint::at(hints, at);
        values.push(EnumValue { symbol: symbol.to_string(), doc: hint.text("doc")?, params: hint.params() });
    }
    Ok(values)
}

fn map_key(props: Props<'_>) -> Type {
    let kind = match props.exact_integer("logical.key.length") {
        Some(length) if props.text("logical.key.type") == Some("CHAR") => TypeKind::Char(length),
        Some(length) => TypeKind::Varchar(length),
        None => TypeKind::STRING,
    };
    kind.of(false)
}

fn int(props: Props<'_>) -> Result<TypeKind, ConversionError> {
    let is = |word: &str, wanted: &str| word.eq_ignore_ascii_case(wanted);
    match (props.text("logicalType"), props.text("connect.type")) {
        (Some(word), _) if is(word, "date") => Ok(TypeKind::Date),
        (Some(word), _) if is(word, "time-millis") => TypeKind::of_precision(TypeKind::Time, precision(props, "time-millis", 3)?),
        (Some(_), _) | (None, None) => Ok(TypeKind::Int),
        (None, Some(word)) if is(word, "int8") => Ok(TypeKind::Tinyint),
        (None, Some(word)) if is(word, "int16") => Ok(TypeKind::Smallint),
        (None, Some(_)) => error("Connect type annotation for Avro int field is null"),
    }
}

fn long(props: Props<'_>) -> Result<TypeKind, ConversionError> {
    let Some(written) = props.text("logicalType") else { return Ok(TypeKind::Bigint) };
    let annotated = |default| props.number("flink.precision").unwrap_or(default);
    let (make, precision): (fn(i32) -> TypeKind, i32) = match written.to_ascii_lowercase().as_str() {
        // the widest of its kind takes any precision
        "time-micros" => (TypeKind::Time, annotated(6)),
        "timestamp-millis" => (TypeKind::TimestampLtz, precision(props, written, 3)?),
        "timestamp-micros" => (TypeKind::TimestampLtz, precision(props, written, 6)?),
        "timestamp-nanos" => (TypeKind::TimestampLtz, annotated(9)),
        "local-timestamp-millis" => (TypeKind::Timestamp, precision(props, written, 3)?),
        "local-timestamp-micros" => (TypeKind::Timestamp, precision(props, written, 6)?),
        "local-timestamp-nanos" => (TypeKind::Timestamp, annotated(9)),
        _ => return Ok(TypeKind::Bigint),
    };
    TypeKind::of_precision(make, precision)
}

/// The annotated precision, which must fit the logical type.
fn precision(props: Props<'_>, logical: &str, inherent: i32) -> Result<i32, ConversionError> {
    let Some(precision) = props.number("flink.precision") else { return Ok(inherent) };
    if precision > inherent {
        return error(format!(
            "flink.precision {precision} exceeds the precision carried by Avro logical type '{logical}' ({inherent})"
        ));
    }
    Ok(precision)
}
