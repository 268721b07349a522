//! A logical type: a root, the named types it refers to, and what is known of each column.

use std::collections::{HashMap, HashSet};

use super::default_value::DefaultValue;
use super::error::ConversionError;
use crate::schema::meter;

/// A parameter that was left out.
pub(crate) const NO_PARAM: i32 = -1;
/// Levels of types within types.
pub(crate) const MAX_TYPE_DEPTH: usize = 256;
/// The length of strings and bytes without a bound.
pub(crate) const MAX_LENGTH: i32 = i32::MAX;

/// What a schema means to a table engine.
#[derive(Debug, Clone, PartialEq)]
pub struct LogicalType {
    pub(crate) namespace: Option<String>,
    pub(crate) root: Type,
    pub(crate) named: NamedTypes,
    /// Full names of types that other schemas declare.
    pub(crate) external: HashSet<String>,
    /// Where external types with a name of their own come from, in their order.
    pub(crate) imports: Vec<(String, String)>,
}

/// Named types in the order in which their names came up.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NamedTypes {
    types: Vec<(String, Type)>,
    index: HashMap<String, usize>,
}

impl NamedTypes {
    pub(crate) fn get(&self, name: &str) -> Option<&Type> {
        self.index.get(name).and_then(|at| self.types.get(*at)).map(|(_, body)| body)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// Adds a type; one of the same name keeps its place.
    pub(crate) fn put(&mut self, name: &str, body: Type) {
        if let Some((_, old)) = self.index.get(name).and_then(|at| self.types.get_mut(*at)) {
            *old = body;
            return;
        }
        self.index.insert(name.to_owned(), self.types.len());
        self.types.push((name.to_owned(), body));
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Type> {
        let at = self.index.remove(name)?;
        for place in self.index.values_mut().filter(|place| **place > at) {
            *place -= 1;
        }
        (at < self.types.len()).then(|| self.types.remove(at).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.types.iter().map(|(name, body)| (name.as_str(), body))
    }

    /// The definition that a reference leads to; the reference itself where there is none.
    pub(crate) fn resolve<'t>(&'t self, ty: &'t Type) -> &'t Type {
        let mut current = ty;
        let mut seen = HashSet::new();
        while let TypeKind::Named(name) = &current.kind {
            if !seen.insert(&**name) {
                return current;
            }
            match self.get(name) {
                Some(body) => current = body,
                None => return current,
            }
        }
        current
    }

    /// Whether a type leads back to itself.
    pub(crate) fn is_cyclic(&self, name: &str) -> bool {
        let mut found: Vec<&str> = Vec::new();
        if let Some(body) = self.get(name) {
            body.references(&mut found);
        }
        let mut seen = HashSet::new();
        while let Some(next) = found.pop() {
            if next == name {
                return true;
            }
            if meter::charge(1).is_err() {
                return false;
            }
            if seen.insert(next)
                && let Some(body) = self.get(next)
            {
                body.references(&mut found);
            }
        }
        false
    }

    /// The nearest type that a name is declared in: `a.B` for `a.B.C`.
    pub(crate) fn parent_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let mut rest = name;
        while let Some((outer, _)) = rest.rsplit_once('.').filter(|(outer, _)| !outer.is_empty()) {
            if self.contains(outer) {
                return Some(outer);
            }
            rest = outer;
        }
        None
    }
}

/// A type of a column, an element or the root.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Type {
    pub(crate) kind: TypeKind,
    pub(crate) nullable: bool,
    /// Of structs and enums.
    pub(crate) notes: LogicalAnnotations,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TypeKind {
    Struct(Vec<Field>),
    Enum(Vec<EnumValue>),
    Union(Vec<UnionBranch>),
    Map(Box<(Type, Type)>),
    Array(Box<Type>),
    Multiset(Box<Type>),
    Boolean,
    Tinyint,
    Smallint,
    Int,
    Bigint,
    Float,
    Double,
    Decimal {
        precision: i32,
        scale: i32,
    },
    Varchar(i32),
    Char(i32),
    Binary(i32),
    Varbinary(i32),
    Date,
    Time(i32),
    Timestamp(i32),
    TimestampLtz(i32),
    Variant,
    /// A reference to a named type.
    Named(Box<str>),
}

impl TypeKind {
    /// A character string without a bound.
    pub(crate) const STRING: TypeKind = TypeKind::Varchar(MAX_LENGTH);
    /// A byte string without a bound.
    pub(crate) const BYTES: TypeKind = TypeKind::Varbinary(MAX_LENGTH);

    pub(crate) fn word(&self) -> &'static str {
        match self {
            TypeKind::Struct(_) => "STRUCT",
            TypeKind::Enum(_) => "ENUM",
            TypeKind::Union(_) => "UNION",
            TypeKind::Map(_) => "MAP",
            TypeKind::Array(_) => "ARRAY",
            TypeKind::Multiset(_) => "MULTISET",
            TypeKind::Boolean => "BOOLEAN",
            TypeKind::Tinyint => "TINYINT",
            TypeKind::Smallint => "SMALLINT",
            TypeKind::Int => "INT",
            TypeKind::Bigint => "BIGINT",
            TypeKind::Float => "FLOAT",
            TypeKind::Double => "DOUBLE",
            TypeKind::Decimal { .. } => "DECIMAL",
            TypeKind::Varchar(_) => "VARCHAR",
            TypeKind::Char(_) => "CHAR",
            TypeKind::Binary(_) => "BINARY",
            TypeKind::Varbinary(_) => "VARBINARY",
            TypeKind::Date => "DATE",
            TypeKind::Time(_) => "TIME",
            TypeKind::Timestamp(_) => "TIMESTAMP",
            TypeKind::TimestampLtz(_) => "TIMESTAMP_LTZ",
            TypeKind::Variant => "VARIANT",
            TypeKind::Named(_) => "NAMED_TYPE_REF",
        }
    }

    /// A type of so many digits after the second.
    pub(crate) fn of_precision(make: fn(i32) -> TypeKind, precision: i32) -> Result<TypeKind, ConversionError> {
        let kind = make(precision);
        if (0..=9).contains(&precision) {
            return Ok(kind);
        }
        Err(ConversionError::new(format!("{} precision must be in [0, 9], got {precision}", kind.word())))
    }

    pub(crate) fn of(self, nullable: bool) -> Type {
        Type { kind: self, nullable, notes: LogicalAnnotations::default() }
    }
}

impl Type {
    /// How often an element of a multiset occurs.
    pub(crate) const COUNT: Type = Type {
        kind: TypeKind::Int,
        nullable: false,
        notes: LogicalAnnotations { doc: None, tags: Vec::new(), params: Vec::new(), constraints: Vec::new() },
    };

    pub(crate) fn named(name: &str, nullable: bool) -> Self {
        TypeKind::Named(name.into()).of(nullable)
    }

    /// The names that the type refers to, in their order. Recursion ends where the type does, which its maker has bounded.
    pub(crate) fn references<'t>(&'t self, found: &mut Vec<&'t str>) {
        match &self.kind {
            TypeKind::Named(name) => found.push(name),
            TypeKind::Struct(fields) => fields.iter().for_each(|field| field.ty.references(found)),
            TypeKind::Union(branches) => branches.iter().for_each(|branch| branch.ty.references(found)),
            TypeKind::Array(element) | TypeKind::Multiset(element) => element.references(found),
            TypeKind::Map(pair) => {
                pair.0.references(found);
                pair.1.references(found);
            }
            _ => {}
        }
    }
}

/// What is said about a type or a field beside its shape.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LogicalAnnotations {
    pub(crate) doc: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) params: Params,
    pub(crate) constraints: Vec<Constraint>,
}

/// Parameters in their order.
pub(crate) type Params = Vec<(String, String)>;

/// Sets a parameter; one of the same name keeps its place.
pub(crate) fn set_param(params: &mut Params, name: &str, value: String) {
    match params.iter_mut().find(|(own, _)| own == name) {
        Some((_, own)) => *own = value,
        None => params.push((name.to_owned(), value)),
    }
}

/// Parameters that only one format has. They are read from that format's own place alone.
pub(crate) fn is_format_native(name: &str) -> bool {
    name.starts_with("avro.") || name.starts_with("protobuf.")
}

/// The parameter with the number of a Protobuf field.
pub(crate) const FIELD_NUMBER: &str = "protobuf.field.number";
/// The parameter with the aliases of an Avro field, joined by commas.
pub(crate) const AVRO_ALIASES: &str = "avro.aliases";

/// An inline constraint (`confluent:rules`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constraint {
    pub(crate) name: Option<String>,
    pub(crate) doc: Option<String>,
    /// The condition in CEL.
    pub(crate) expr: String,
    /// The condition in SQL.
    pub(crate) sql: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) default: Option<DefaultValue>,
    /// The default follows from the format and is declared nowhere.
    pub(crate) derived_default: bool,
    pub(crate) notes: LogicalAnnotations,
    /// Where it is declared in the schema's own text.
    pub(crate) at: Option<u32>,
}

impl Field {
    /// Whether rows without the field get a value other than null.
    pub(crate) fn has_value_default(&self) -> bool {
        self.default.as_ref().is_some_and(|default| *default != DefaultValue::Null)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EnumValue {
    pub(crate) symbol: String,
    pub(crate) doc: Option<String>,
    pub(crate) params: Params,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UnionBranch {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) doc: Option<String>,
    pub(crate) params: Params,
    pub(crate) at: Option<u32>,
}

/// What a name is the name of, in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    Field,
    EnumSymbol,
    UnionBranch,
}

impl NameKind {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            NameKind::Field => ("Field", "field"),
            NameKind::EnumSymbol => ("Enum symbol", "enum symbol"),
            NameKind::UnionBranch => ("Union branch", "union branch"),
        }
    }
}

/// Names are not empty, have no blanks, and come once.
fn check_names<'n>(what: NameKind, names: impl Iterator<Item = &'n str>) -> Result<(), ConversionError> {
    let (_, word) = what.words();
    let mut seen = HashSet::new();
    let mut repeated = None;
    for name in names {
        check_name(what, name)?;
        if !seen.insert(name) && repeated.is_none() {
            repeated = Some(name);
        }
    }
    match repeated {
        Some(name) => Err(ConversionError::new(format!("Duplicate {word}: {name}"))),
        None => Ok(()),
    }
}

pub(crate) fn check_name(what: NameKind, name: &str) -> Result<(), ConversionError> {
    let (title, _) = what.words();
    if name.is_empty() {
        return Err(ConversionError::new(format!("{title} name must not be empty")));
    }
    if name.chars().any(is_blank) {
        let message = format!("{title} name must not contain whitespace or control characters; got: '{name}'");
        return Err(ConversionError::new(message));
    }
    Ok(())
}

/// What Java's `isWhitespace` or `isISOControl` take: no-break spaces are neither.
fn is_blank(c: char) -> bool {
    c.is_control() || (c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}'))
}

impl TypeKind {
    pub(crate) fn struct_of(fields: Vec<Field>) -> Result<TypeKind, ConversionError> {
        check_names(NameKind::Field, fields.iter().map(|field| field.name.as_str()))?;
        Ok(TypeKind::Struct(fields))
    }

    pub(crate) fn enum_of(values: Vec<EnumValue>) -> Result<TypeKind, ConversionError> {
        check_names(NameKind::EnumSymbol, values.iter().map(|value| value.symbol.as_str()))?;
        Ok(TypeKind::Enum(values))
    }

    pub(crate) fn union_of(branches: Vec<UnionBranch>) -> Result<TypeKind, ConversionError> {
        check_names(NameKind::UnionBranch, branches.iter().map(|branch| branch.name.as_str()))?;
        Ok(TypeKind::Union(branches))
    }
}
