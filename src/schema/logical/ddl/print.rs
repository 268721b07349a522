//! From a logical type to its text, letter by letter as Confluent writes it.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::names::{qualified, quoted};
use super::roots::roots;
use crate::schema::logical::default_value::{DefaultValue, write_bytes};
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{
    Constraint, EnumValue, Field, LogicalAnnotations, LogicalType, MAX_LENGTH, NO_PARAM, Params, Type, TypeKind, UnionBranch,
};
use crate::schema::meter;

/// The whole text. Must run where the stack is deep.
///
/// # Errors
/// A named type is neither a struct nor an enum, or the work runs out.
pub fn print(logical: &LogicalType) -> Result<String, ConversionError> {
    let mut printer = Printer { out: String::new() };
    printer.script(logical)?;
    meter::reserve(printer.out.len())?;
    Ok(printer.out)
}

/// A type alone, with the shape of what is in it and nothing else.
pub(crate) fn type_expression(ty: &Type) -> String {
    let mut out = String::new();
    shape(&mut out, ty);
    out
}

fn shape(out: &mut String, ty: &Type) {
    let members = |out: &mut String, word: &str, members: &mut dyn Iterator<Item = (&String, &Type)>| {
        out.push_str(word);
        for (at, (name, ty)) in members.enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            out.push_str(&quoted(name));
            out.push(' ');
            shape(out, ty);
        }
        out.push(')');
    };
    match &ty.kind {
        TypeKind::Struct(fields) => members(out, "STRUCT(", &mut fields.iter().map(|field| (&field.name, &field.ty))),
        TypeKind::Union(branches) => members(out, "UNION(", &mut branches.iter().map(|branch| (&branch.name, &branch.ty))),
        TypeKind::Enum(values) => {
            let symbols: Vec<String> = values.iter().map(|value| format!("'{}'", value.symbol)).collect();
            // a String takes everything
            let _ = write!(out, "ENUM({})", symbols.join(", "));
        }
        TypeKind::Array(element) => inner(out, "ARRAY<", &[element], shape),
        TypeKind::Multiset(element) => inner(out, "MULTISET<", &[element], shape),
        TypeKind::Map(pair) => inner(out, "MAP<", &[&pair.0, &pair.1], shape),
        TypeKind::Named(name) => out.push_str(name),
        other => primitive(out, other),
    }
    out.push_str(if ty.nullable { "" } else { " NOT NULL" });
}

fn inner(out: &mut String, word: &str, types: &[&Type], mut write: impl FnMut(&mut String, &Type)) {
    out.push_str(word);
    for (at, ty) in types.iter().enumerate() {
        out.push_str(if at > 0 { ", " } else { "" });
        write(out, ty);
    }
    out.push('>');
}

fn primitive(out: &mut String, kind: &TypeKind) {
    let word = kind.word();
    let parameter = |out: &mut String, parameter: i32| {
        let _ = if parameter == NO_PARAM { write!(out, "{word}") } else { write!(out, "{word}({parameter})") };
    };
    match *kind {
        TypeKind::Varchar(MAX_LENGTH) => out.push_str("STRING"),
        TypeKind::Varbinary(MAX_LENGTH) => out.push_str("BYTES"),
        TypeKind::Varchar(n)
        | TypeKind::Char(n)
        | TypeKind::Binary(n)
        | TypeKind::Varbinary(n)
        | TypeKind::Time(n)
        | TypeKind::Timestamp(n)
        | TypeKind::TimestampLtz(n) => parameter(out, n),
        TypeKind::Decimal { precision, scale } => {
            let _ = match (precision, scale) {
                (NO_PARAM, _) => write!(out, "{word}"),
                (precision, NO_PARAM) => write!(out, "{word}({precision})"),
                (precision, scale) => write!(out, "{word}({precision}, {scale})"),
            };
        }
        _ => out.push_str(word),
    }
}

/// A string in quotes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

struct Printer {
    out: String,
}

type Printed = Result<(), ConversionError>;

impl Printer {
    fn push(&mut self, text: &str) -> Printed {
        meter::charge_for(text.len() / 8 + 1)?;
        self.out.push_str(text);
        Ok(())
    }

    fn script(&mut self, logical: &LogicalType) -> Printed {
        if let Some(namespace) = &logical.namespace {
            self.push(&format!("NAMESPACE {};\n", qualified(namespace)))?;
        }
        let used = external_references(logical);
        for (name, source) in logical.imports.iter().filter(|(name, _)| used.contains(name.as_str())) {
            self.push(&format!("USING TYPE {} FOR {};\n", qualified(name), literal(source)))?;
        }
        for (name, body) in ordered(logical)? {
            if !logical.external.contains(name) {
                self.declaration(name, body)?;
            }
        }
        if !is_root_inferred(logical)? {
            self.push("TYPE ")?;
            self.ty(&logical.root)?;
            self.push(";\n")?;
        }
        Ok(())
    }

    fn declaration(&mut self, name: &str, body: &Type) -> Printed {
        match &body.kind {
            TypeKind::Struct(fields) => {
                self.push(&format!("STRUCT {} ", qualified(name)))?;
                self.body(fields, &body.notes.constraints)?;
            }
            TypeKind::Enum(values) => {
                self.push(&format!("ENUM {} ", qualified(name)))?;
                self.symbols(values)?;
            }
            other => {
                let message = format!("Named-type body must be STRUCT or ENUM, got {} for '{name}'", other.word());
                return Err(ConversionError::new(message));
            }
        }
        self.comment(&body.notes)?;
        self.push(";\n")
    }

    /// One line for few fields; a line for each where there are more, or conditions on the whole.
    fn body(&mut self, fields: &[Field], constraints: &[Constraint]) -> Printed {
        let lines = fields.len() > 2 || !constraints.is_empty();
        let (before, between, after) = if lines { ("(\n  ", ",\n  ", "\n)") } else { ("(", ", ", ")") };
        self.push(before)?;
        for (at, field) in fields.iter().enumerate() {
            self.push(if at > 0 { between } else { "" })?;
            self.field(field)?;
        }
        for (at, constraint) in constraints.iter().enumerate() {
            self.push(if at > 0 || !fields.is_empty() { between } else { "" })?;
            self.constraint(constraint)?;
        }
        self.push(after)
    }

    fn symbols(&mut self, values: &[EnumValue]) -> Printed {
        self.push("(")?;
        for (at, value) in values.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" })?;
            self.push(&literal(&value.symbol))?;
            self.doc(value.doc.as_deref())?;
            self.params(&value.params)?;
        }
        self.push(")")
    }

    fn field(&mut self, field: &Field) -> Printed {
        self.push(&quoted(&field.name))?;
        self.push(" ")?;
        self.ty(&field.ty)?;
        if let Some(default) = field.default.as_ref().filter(|_| !field.derived_default) {
            self.push(" DEFAULT ")?;
            self.push(&default_literal(default, &field.ty.kind))?;
        }
        for constraint in &field.notes.constraints {
            self.push(" ")?;
            self.constraint(constraint)?;
        }
        self.comment(&field.notes)
    }

    fn branch(&mut self, branch: &UnionBranch) -> Printed {
        self.push(&quoted(&branch.name))?;
        self.push(" ")?;
        self.ty(&branch.ty)?;
        self.doc(branch.doc.as_deref())?;
        self.params(&branch.params)
    }

    fn constraint(&mut self, constraint: &Constraint) -> Printed {
        if let Some(name) = &constraint.name {
            self.push(&format!("CONSTRAINT {} ", quoted(name)))?;
        }
        self.push(&format!("CHECK ({})", constraint.sql))?;
        match &constraint.doc {
            Some(doc) => self.push(&format!(" MESSAGE {}", literal(doc))),
            None => Ok(()),
        }
    }

    /// Comment, tags and parameters.
    fn comment(&mut self, notes: &LogicalAnnotations) -> Printed {
        self.doc(notes.doc.as_deref())?;
        if !notes.tags.is_empty() {
            let tags: Vec<String> = notes.tags.iter().map(|tag| literal(tag)).collect();
            self.push(&format!(" TAGS({})", tags.join(", ")))?;
        }
        self.params(&notes.params)
    }

    fn doc(&mut self, doc: Option<&str>) -> Printed {
        doc.map_or(Ok(()), |doc| self.push(&format!(" COMMENT {}", literal(doc))))
    }

    fn params(&mut self, params: &Params) -> Printed {
        if params.is_empty() {
            return Ok(());
        }
        let params: Vec<String> = params.iter().map(|(name, value)| format!("{} = {}", literal(name), literal(value))).collect();
        self.push(&format!(" WITH({})", params.join(", ")))
    }

    fn ty(&mut self, ty: &Type) -> Printed {
        match &ty.kind {
            TypeKind::Struct(fields) => {
                self.push("STRUCT(")?;
                for (at, field) in fields.iter().enumerate() {
                    self.push(if at > 0 { ", " } else { "" })?;
                    self.field(field)?;
                }
                self.push(")")?;
            }
            TypeKind::Union(branches) => {
                self.push("UNION(")?;
                for (at, branch) in branches.iter().enumerate() {
                    self.push(if at > 0 { ", " } else { "" })?;
                    self.branch(branch)?;
                }
                self.push(")")?;
            }
            TypeKind::Array(element) => self.inner("ARRAY<", &[element])?,
            TypeKind::Multiset(element) => self.inner("MULTISET<", &[element])?,
            TypeKind::Map(pair) => self.inner("MAP<", &[&pair.0, &pair.1])?,
            TypeKind::Named(name) => self.push(&qualified(name))?,
            _ => return self.push(&type_expression(ty)),
        }
        self.push(if ty.nullable { "" } else { " NOT NULL" })
    }

    fn inner(&mut self, word: &str, types: &[&Type]) -> Printed {
        self.push(word)?;
        for (at, ty) in types.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" })?;
            self.ty(ty)?;
        }
        self.push(">")
    }
}

/// A default where the grammar has literals for its type; in quotes where it has none.
fn default_literal(default: &DefaultValue, kind: &TypeKind) -> String {
    let text = default.text();
    match (kind, default) {
        (_, DefaultValue::Null) => "NULL".to_owned(),
        (TypeKind::Boolean, DefaultValue::Boolean(true)) => "TRUE".to_owned(),
        (TypeKind::Boolean, _) => "FALSE".to_owned(),
        (TypeKind::Binary(_) | TypeKind::Varbinary(_), value) if !matches!(value, DefaultValue::Bytes(_)) => {
            let mut out = String::new();
            write_bytes(&mut out, text.as_bytes());
            out
        }
        (
            TypeKind::Binary(_)
            | TypeKind::Varbinary(_)
            | TypeKind::Tinyint
            | TypeKind::Smallint
            | TypeKind::Int
            | TypeKind::Bigint
            | TypeKind::Float
            | TypeKind::Double
            | TypeKind::Decimal { .. }
            | TypeKind::Date
            | TypeKind::Time(_)
            | TypeKind::Timestamp(_)
            | TypeKind::TimestampLtz(_),
            _,
        ) => text,
        _ => literal(&text),
    }
}

fn external_references(logical: &LogicalType) -> HashSet<&str> {
    let mut found = Vec::new();
    logical.root.references(&mut found);
    for (_, body) in logical.named.iter().filter(|(name, _)| !logical.external.contains(*name)) {
        body.references(&mut found);
    }
    found.into_iter().filter(|name| logical.external.contains(*name)).collect()
}

/// Types before those that are declared within them.
fn ordered(logical: &LogicalType) -> Result<Vec<(&str, &Type)>, ConversionError> {
    let mut found = Vec::new();
    for (name, body) in logical.named.iter() {
        let (mut depth, mut current) = (0, name);
        while let Some(parent) = logical.named.parent_of(current) {
            meter::charge(1)?;
            (depth, current) = (depth + 1, parent);
        }
        found.push((depth, name, body));
    }
    found.sort_by_key(|(depth, _, _)| *depth);
    Ok(found.into_iter().map(|(_, name, body)| (name, body)).collect())
}

/// Whether a reader of the text finds the root without being told: it is the only type that no other refers to, or the union of all
/// such types.
fn is_root_inferred(logical: &LogicalType) -> Result<bool, ConversionError> {
    let local: Vec<(&str, &Type)> = logical.named.iter().filter(|(name, _)| !logical.external.contains(*name)).collect();
    let roots = roots(&local)?;
    Ok(match (roots.as_slice(), &logical.root) {
        ([], _) | (_, Type { nullable: true, .. }) => false,
        ([only], Type { kind: TypeKind::Named(name), .. }) => *only == &**name,
        ([_], _) => false,
        (roots, Type { kind: TypeKind::Union(branches), .. }) => {
            let is_root = |(root, branch): (&&str, &UnionBranch)| {
                let simple = root.rsplit_once('.').map_or(*root, |(_, simple)| simple);
                let names_it = matches!(&branch.ty.kind, TypeKind::Named(name) if **name == **root);
                branch.name == simple && names_it && !branch.ty.nullable
            };
            branches.len() == roots.len() && roots.iter().zip(branches).all(is_root)
        }
        _ => false,
    })
}
