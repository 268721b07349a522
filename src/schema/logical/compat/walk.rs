//! Goes through two types side by side.

use std::collections::{HashMap, HashSet};

use crate::schema::logical::conversion::MAX_STEPS;
use crate::schema::logical::model::{Field, LogicalType, NO_PARAM, NamedTypes, Type, TypeKind, UnionBranch};
use crate::schema::logical::rule::EngineRule;
use crate::schema::logical::violation::{Violation, Violations};
use crate::schema::meter::{self, Exhausted};

/// The shapes that engines know. Each engine says which types have which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeShape {
    Struct,
    List,
    Map,
    Multiset,
    Primitive,
}

/// The rules of one engine.
pub(super) trait EngineRules: Sized {
    fn shape(kind: &TypeKind) -> TypeShape;

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
pub(super) enum ComparedColumn<'t> {
    Field(&'t Field),
    Branch(&'t UnionBranch),
}

impl<'t> ComparedColumn<'t> {
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

pub(super) fn columns(ty: &Type) -> Vec<ComparedColumn<'_>> {
    match &ty.kind {
        TypeKind::Struct(fields) => fields.iter().map(ComparedColumn::Field).collect(),
        TypeKind::Union(branches) => branches.iter().map(ComparedColumn::Branch).collect(),
        _ => Vec::new(),
    }
}

/// The places of columns by their names.
pub(super) fn by_name<'t>(columns: &[ComparedColumn<'t>]) -> HashMap<&'t str, usize> {
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

impl<'t, R: EngineRules> Comparison<'t, R> {
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

    pub(super) fn add(&mut self, rule: EngineRule, path: &str, message: impl Into<String>) {
        let (reader_at, writer_at) = (self.reader_at, self.writer_at);
        let message = message.into();
        self.found.add(path, || Violation { rule, path: path.to_owned(), message, reader_at, writer_at });
    }

    /// Runs `work` at a column, of which one side may not be there.
    pub(super) fn at_column<T>(
        &mut self,
        writer: Option<ComparedColumn<'t>>,
        reader: Option<ComparedColumn<'t>>,
        path: &mut String,
        work: impl FnOnce(&mut Self, &mut String) -> T,
    ) -> T {
        let length = path.len();
        let name = reader.or(writer).map_or("", ComparedColumn::name);
        path.push_str(if length == 0 { "" } else { "." });
        path.push_str(name);
        let outer = (self.writer_at, self.reader_at);
        self.writer_at = writer.and_then(ComparedColumn::at).or(outer.0);
        self.reader_at = reader.and_then(ComparedColumn::at).or(outer.1);
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
        if let (TypeKind::Named(writer), TypeKind::Named(reader)) = (&writer.kind, &reader.kind)
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
        if let (TypeKind::Named(_), _) | (_, TypeKind::Named(_)) = (&writer.kind, &reader.kind) {
            if writer.kind != reader.kind {
                self.add(EngineRule::TypeMismatch, path, changed(writer, reader));
            }
            return Ok(());
        }
        let shape = R::shape(&writer.kind);
        if shape != R::shape(&reader.kind) {
            self.add(EngineRule::TypeMismatch, path, changed(writer, reader));
            return Ok(());
        }
        match shape {
            TypeShape::Struct => {
                let pair = (std::ptr::from_ref(writer).addr(), std::ptr::from_ref(reader).addr());
                if self.struct_pairs.insert(pair) { R::structs(self, writer, reader, path) } else { Ok(()) }
            }
            TypeShape::List | TypeShape::Map | TypeShape::Multiset => R::containers(self, writer, reader, path),
            TypeShape::Primitive => {
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
pub(super) fn shown(kind: &TypeKind) -> String {
    let word = kind.word();
    match kind {
        TypeKind::Decimal { precision, scale } => format!("{word}({precision}, {})", scale_of(*scale)),
        TypeKind::Char(n)
        | TypeKind::Varchar(n)
        | TypeKind::Binary(n)
        | TypeKind::Varbinary(n)
        | TypeKind::Time(n)
        | TypeKind::Timestamp(n)
        | TypeKind::TimestampLtz(n) => format!("{word}({n})"),
        TypeKind::Named(name) => format!("ref({name})"),
        _ => word.to_owned(),
    }
}
