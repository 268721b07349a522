//! Goes through two types side by side.

use std::collections::{HashMap, HashSet};

use crate::schema::logical::conversion::MAX_STEPS;
use crate::schema::logical::model::{Field, Kind, LogicalType, NO_PARAM, NamedTypes, Type, UnionBranch};
use crate::schema::logical::rule::Rule;
use crate::schema::logical::violation::{Violation, Violations};
use crate::schema::meter::{self, Exhausted};

/// The shapes that engines know. Each engine says which types have which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Struct,
    List,
    Map,
    Multiset,
    Primitive,
}

/// The rules of one engine.
pub(super) trait Rules: Sized {
    fn shape(kind: &Kind) -> Shape;

    fn structs<'t>(
        walk: &mut Comparison<'t, Self>,
        writer: &'t Type,
        reader: &'t Type,
        path: &mut String,
    ) -> Result<(), Exhausted>;

    /// Lists, maps and multisets.
    fn containers<'t>(
        walk: &mut Comparison<'t, Self>,
        writer: &'t Type,
        reader: &'t Type,
        path: &mut String,
    ) -> Result<(), Exhausted>;

    fn primitives(walk: &mut Comparison<'_, Self>, writer: &Type, reader: &Type, path: &str);
}

/// A column: the field of a struct or the branch of a union. One branch at most is set in a row, so each may be null.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column<'t> {
    Field(&'t Field),
    Branch(&'t UnionBranch),
}

impl<'t> Column<'t> {
    pub(super) fn name(self) -> &'t str {
        match self {
            Self::Field(field) => &field.name,
            Self::Branch(branch) => &branch.name,
        }
    }

    pub(super) fn ty(self) -> &'t Type {
        match self {
            Self::Field(field) => &field.ty,
            Self::Branch(branch) => &branch.ty,
        }
    }

    pub(super) fn is_nullable(self) -> bool {
        match self {
            Self::Field(field) => field.ty.nullable,
            Self::Branch(_) => true,
        }
    }

    pub(super) fn has_default(self) -> bool {
        matches!(self, Self::Field(field) if field.default.is_some())
    }

    pub(super) fn has_value_default(self) -> bool {
        matches!(self, Self::Field(field) if field.has_value_default())
    }

    fn at(self) -> Option<u32> {
        match self {
            Self::Field(field) => field.at,
            Self::Branch(branch) => branch.at,
        }
    }
}

pub(super) fn columns(ty: &Type) -> Vec<Column<'_>> {
    match &ty.kind {
        Kind::Struct(fields) => fields.iter().map(Column::Field).collect(),
        Kind::Union(branches) => branches.iter().map(Column::Branch).collect(),
        _ => Vec::new(),
    }
}

/// The places of columns by their names.
pub(super) fn by_name<'t>(columns: &[Column<'t>]) -> HashMap<&'t str, usize> {
    columns.iter().enumerate().map(|(at, column)| (column.name(), at)).collect()
}

pub(super) struct Comparison<'t, R> {
    pub(super) writer: &'t LogicalType,
    pub(super) reader: &'t LogicalType,
    pub(super) rules: R,
    found: Violations,
    /// Pairs of named types that have been compared.
    named_pairs: HashSet<(&'t str, &'t str)>,
    /// Pairs of structs that have been compared, by identity.
    struct_pairs: HashSet<(usize, usize)>,
    writer_at: Option<u32>,
    reader_at: Option<u32>,
    depth: usize,
}

impl<'t, R: Rules> Comparison<'t, R> {
    pub(super) fn new(writer: &'t LogicalType, reader: &'t LogicalType, rules: R) -> Self {
        Self {
            writer,
            reader,
            rules,
            found: Violations::default(),
            named_pairs: HashSet::new(),
            struct_pairs: HashSet::new(),
            writer_at: None,
            reader_at: None,
            depth: 0,
        }
    }

    pub(super) fn run(mut self) -> Result<Violations, Exhausted> {
        let (writer, reader) = (&self.writer.root, &self.reader.root);
        self.types(writer, reader, &mut String::new())?;
        Ok(self.found)
    }

    pub(super) fn add(&mut self, rule: Rule, path: &str, message: impl Into<String>) {
        let (reader_at, writer_at) = (self.reader_at, self.writer_at);
        let message = message.into();
        self.found.add(path, || Violation { rule, path: path.to_owned(), message, reader_at, writer_at });
    }

    /// Runs `work` at a column, of which one side may not be there.
    pub(super) fn at_column<T>(
        &mut self,
        writer: Option<Column<'t>>,
        reader: Option<Column<'t>>,
        path: &mut String,
        work: impl FnOnce(&mut Self, &mut String) -> T,
    ) -> T {
        let length = path.len();
        let name = reader.or(writer).map_or("", Column::name);
        path.push_str(if length == 0 { "" } else { "." });
        path.push_str(name);
        let outer = (self.writer_at, self.reader_at);
        self.writer_at = writer.and_then(Column::at).or(outer.0);
        self.reader_at = reader.and_then(Column::at).or(outer.1);
        let result = work(self, path);
        (self.writer_at, self.reader_at) = outer;
        path.truncate(length);
        result
    }

    /// Compares what is inside a container.
    pub(super) fn inner(&mut self, writer: &'t Type, reader: &'t Type, path: &mut String, step: &str) -> Result<(), Exhausted> {
        let length = path.len();
        path.push_str(step);
        let result = self.types(writer, reader, path);
        path.truncate(length);
        result
    }

    pub(super) fn types(&mut self, writer: &'t Type, reader: &'t Type, path: &mut String) -> Result<(), Exhausted> {
        meter::charge(20)?;
        meter::charge_for(path.len() / 16)?;
        if self.depth > 2 * MAX_STEPS {
            return Err(meter::fail(Exhausted::Work));
        }
        if let (Kind::Named(writer), Kind::Named(reader)) = (&writer.kind, &reader.kind)
            && !self.named_pairs.insert((writer, reader))
        {
            return Ok(());
        }
        let (writer, reader) = (self.writer.named.resolve(writer), self.reader.named.resolve(reader));
        self.depth += 1;
        let result = self.resolved(writer, reader, path);
        self.depth -= 1;
        result
    }

    fn resolved(&mut self, writer: &'t Type, reader: &'t Type, path: &mut String) -> Result<(), Exhausted> {
        // a name that leads nowhere is only as good as its spelling
        if let (Kind::Named(_), _) | (_, Kind::Named(_)) = (&writer.kind, &reader.kind) {
            if writer.kind != reader.kind {
                self.add(Rule::TypeMismatch, path, changed(writer, reader));
            }
            return Ok(());
        }
        let shape = R::shape(&writer.kind);
        if shape != R::shape(&reader.kind) {
            self.add(Rule::TypeMismatch, path, changed(writer, reader));
            return Ok(());
        }
        match shape {
            Shape::Struct => {
                let pair = (std::ptr::from_ref(writer).addr(), std::ptr::from_ref(reader).addr());
                if self.struct_pairs.insert(pair) { R::structs(self, writer, reader, path) } else { Ok(()) }
            }
            Shape::List | Shape::Map | Shape::Multiset => R::containers(self, writer, reader, path),
            Shape::Primitive => {
                R::primitives(self, writer, reader, path);
                Ok(())
            }
        }
    }

    pub(super) fn named_types(&self) -> (&'t NamedTypes, &'t NamedTypes) {
        (&self.writer.named, &self.reader.named)
    }
}

/// A scale that is left out is zero.
pub(super) fn scale_of(scale: i32) -> i32 {
    if scale == NO_PARAM { 0 } else { scale }
}

pub(super) fn changed(writer: &Type, reader: &Type) -> String {
    format!("type changed from {} to {}", shown(&writer.kind), shown(&reader.kind))
}

/// A type in a message.
pub(super) fn shown(kind: &Kind) -> String {
    let word = kind.word();
    match kind {
        Kind::Decimal { precision, scale } => format!("{word}({precision}, {})", scale_of(*scale)),
        Kind::Char(n)
        | Kind::Varchar(n)
        | Kind::Binary(n)
        | Kind::Varbinary(n)
        | Kind::Time(n)
        | Kind::Timestamp(n)
        | Kind::TimestampLtz(n) => format!("{word}({n})"),
        Kind::Named(name) => format!("ref({name})"),
        _ => word.to_owned(),
    }
}
