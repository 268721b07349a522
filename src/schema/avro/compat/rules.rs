//! The rules of schema resolution, one function for each: when a reader can't read what a writer wrote (avro 4.2; Avro
//! specification, "Schema Resolution").

use super::incompatibility::{Incompatibility, IncompatibilityType};
use super::union_index::{LARGE_UNION, UnionIndex};
use super::walk::{Comparison, Job, PairCall, PathStep, Stop};
use crate::schema::avro::model::{Enum, Field, Fixed, Model, NamedType, NodeId, NodeKind, Record};
use crate::schema::avro::{print, value};
use crate::schema::meter;

/// Whether simple names agree, or an alias of the reader's type is the full name of the writer's.
pub(in crate::schema::avro) fn is_named_like(reader: &Model, r: &NamedType, writer: &Model, w: &NamedType) -> bool {
    let wanted = writer.namespace(w.name.namespace);
    r.name.simple == w.name.simple
        || r.aliases.iter().any(|alias| {
            // `Schema.getAliases` of Avro's Java library never finds an alias without namespace of a type that has one
            let is_found = alias.namespace != 0 || r.name.namespace == 0;
            is_found && alias.simple == w.name.simple && reader.namespace(alias.namespace) == wanted
        })
}

impl<'m> Comparison<'m> {
    /// Checks a pair as far as that needs no other pair; gives back the job that remains.
    pub(super) fn check_pair(&mut self, reader: NodeId, writer: NodeId) -> Result<Option<Job>, Stop> {
        let (r, w) = (self.reader.node(reader), self.writer.node(writer));
        Ok(match (&r.kind, &w.kind) {
            (NodeKind::Primitive(r), NodeKind::Primitive(w)) if r.reads(*w) => None,
            (NodeKind::Array(_), NodeKind::Array(_)) | (NodeKind::Map(_), NodeKind::Map(_)) => Some(Job::Inner),
            (NodeKind::Fixed(r), NodeKind::Fixed(w)) => {
                self.check_name(&r.named, &w.named)?;
                self.check_fixed_size(r, w)?;
                None
            }
            (NodeKind::Enum(r), NodeKind::Enum(w)) => {
                self.check_name(&r.named, &w.named)?;
                self.check_enum_symbols(r, w)?;
                None
            }
            (NodeKind::Record(r), NodeKind::Record(w)) => {
                self.check_name(&r.named, &w.named)?;
                Some(Job::Fields)
            }
            (NodeKind::Union(_), NodeKind::Union(_)) => Some(Job::Unions),
            (_, NodeKind::Union(_)) => Some(Job::WriterUnion),
            (NodeKind::Union(_), _) => Some(Job::ReaderUnion),
            _ => {
                let info = format!("reader type: {} not compatible with writer type: {}", r.type_name(), w.type_name());
                self.report(IncompatibilityType::TypeMismatch, "", info, None)?;
                None
            }
        })
    }

    fn check_fixed_size(&mut self, r: &Fixed, w: &Fixed) -> Result<(), Stop> {
        if r.size == w.size {
            return Ok(());
        }
        let info = format!("expected: {}, found: {}", w.size, r.size);
        self.report(IncompatibilityType::FixedSizeMismatch, "/size", info, Some((r.size_at, w.size_at)))
    }

    /// The reader must know every symbol of the writer, or have a default to read unknown ones as.
    fn check_enum_symbols(&mut self, r: &Enum, w: &Enum) -> Result<(), Stop> {
        meter::charge(w.symbols.len() as u64 / 8)?;
        let missing = w.symbols.iter().enumerate().filter(|(at, symbol)| !r.has(symbol, *at));
        let mut missing: Vec<&str> = missing.map(|(_, symbol)| &**symbol).collect();
        if missing.is_empty() || r.default.is_some() {
            return Ok(());
        }
        missing.sort_by(|a, b| value::key_cmp(a, b));
        let info = format!("[{}]", missing.join(", "));
        self.report(IncompatibilityType::MissingEnumSymbols, "/symbols", info, Some((r.symbols_at, w.symbols_at)))
    }

    /// Simple names must agree, or an alias of the reader must be the writer's full name.
    fn check_name(&mut self, r: &NamedType, w: &NamedType) -> Result<(), Stop> {
        if r.name.simple == w.name.simple {
            return Ok(());
        }
        meter::charge(r.aliases.len() as u64 / 8)?;
        if is_named_like(self.reader, r, self.writer, w) {
            return Ok(());
        }
        let info = format!("expected: {}", self.writer.full_name(&w.name));
        self.report(IncompatibilityType::NameMismatch, "/name", info, Some((r.name_at, w.name_at)))
    }

    /// Both are unions: some branch of the reader must read each branch of the writer.
    pub(super) fn check_branch_of_unions(
        &mut self,
        (reader, _): (NodeId, NodeId),
        branches: &[NodeId],
        at: u32,
    ) -> Result<(), Stop> {
        if let Some(last) = at.checked_sub(1).and_then(|last| branches.get(last as usize))
            && std::mem::take(&mut self.failed)
        {
            let branch = self.writer.node(*last);
            let info = format!("reader union lacking writer type: {}", branch.type_name());
            let places = Some((self.reader.node(reader).at, branch.at));
            self.report(IncompatibilityType::MissingUnionBranch, &format!("/{}", at - 1), info, places)?;
            // what is explained is the branch, not the union
            if let Some(one) = self.incompatibilities.last_mut() {
                one.writer = *last;
            }
        }
        match branches.get(at as usize) {
            Some(branch) => self.probe(reader, *branch),
            None => self.done(),
        }
    }

    /// Only the writer is a union: the reader must read each of its branches.
    pub(super) fn check_branch_of_writer_union(
        &mut self,
        (reader, _): (NodeId, NodeId),
        branches: &[NodeId],
        at: u32,
    ) -> Result<(), Stop> {
        let Some(writer) = branches.get(at as usize).copied() else { return self.done() };
        let places = (self.reader.node(reader).at, self.writer.node(writer).at);
        self.call(PairCall { reader, writer, step: PathStep::Branch(at), probe: false, places })
    }

    /// Only the reader is a union: one of its branches must read the writer.
    pub(super) fn check_branch_of_reader_union(
        &mut self,
        (union, writer): (NodeId, NodeId),
        branches: &'m [NodeId],
        at: u32,
    ) -> Result<(), Stop> {
        if at > 0 && !std::mem::take(&mut self.failed) {
            return self.done();
        }
        if let Some(branch) = self.next_reader_branch(union, branches, writer, at as usize) {
            return self.probe(branch, writer);
        }
        let info = format!("reader union lacking writer type: {}", self.writer.node(writer).type_name());
        self.report(IncompatibilityType::MissingUnionBranch, "", info, None)?;
        self.done()
    }

    fn next_reader_branch(&mut self, union: NodeId, branches: &'m [NodeId], writer: NodeId, at: usize) -> Option<NodeId> {
        if branches.len() < LARGE_UNION {
            return branches.get(at).copied();
        }
        let model = self.reader;
        let index = self.unions.entry(union).or_insert_with(|| UnionIndex::new(model, branches));
        index.branch(self.writer.node(writer).named(), at)
    }

    /// A field that the writer lacks needs a default. Goes on from position `at` until the types of a field must be compared.
    pub(super) fn check_record_fields(&mut self, r: &'m Record, w: &'m Record, writer: NodeId, at: u32) -> Result<(), Stop> {
        for (at, field) in (at..).zip(r.fields.get(at as usize..).unwrap_or(&[])) {
            meter::charge(1)?;
            let step = PathStep::FieldType(at);
            match self.writer_field(field, w, writer, at)? {
                Some(other) => {
                    let (inner, outer) = (&self.reader.node(field.ty).kind, &self.writer.node(other.ty).kind);
                    let same = matches!((inner, outer), (NodeKind::Primitive(a), NodeKind::Primitive(b)) if a.reads(*b));
                    if !same {
                        self.resume_at(at + 1);
                        let places = (field.at, other.at);
                        return self.call(PairCall { reader: field.ty, writer: other.ty, step, probe: false, places });
                    }
                }
                None if field.default.is_some() => {}
                None => {
                    let writer_at = self.stack.last().map_or(field.at, |top| self.writer.node(top.writer).at);
                    let places = (field.at, writer_at);
                    if matches!(&self.reader.node(field.ty).kind, NodeKind::Enum(e) if e.default.is_some()) {
                        // Avro's Java library then compares the enum with the writer's record
                        self.resume_at(at + 1);
                        return self.call(PairCall { reader: field.ty, writer, step, probe: false, places });
                    }
                    let (suffix, info) = (format!("/fields/{at}"), field.name.to_string());
                    self.report(IncompatibilityType::ReaderFieldMissingDefaultValue, &suffix, info, Some(places))?;
                }
            }
        }
        self.done()
    }

    /// The writer's field of the same name or named by an alias. There must not be several.
    fn writer_field(&mut self, field: &Field, w: &'m Record, writer: NodeId, at: u32) -> Result<Option<&'m Field>, Stop> {
        let hint = at as usize;
        if field.aliases.is_empty() {
            return Ok(w.find(&field.name, hint).and_then(|position| w.fields.get(position)));
        }
        meter::charge(field.aliases.len() as u64)?;
        let names = std::iter::once(&field.name).chain(&field.aliases);
        let mut matches = names.filter_map(|name| w.find(name, hint));
        let first = matches.next().and_then(|position| w.fields.get(position));
        if matches.next().is_none() {
            return Ok(first);
        }
        let ty = self.reader.node(field.ty).type_name();
        let info = format!(
            "Reader record field {} type:{ty} pos:{at} matches multiple fields in writer record schema {}",
            field.name,
            print::excerpt(self.writer, writer)
        );
        let path = self.path(&format!("/fields/{at}"));
        let places = (field.at, self.writer.node(writer).at);
        let kind = IncompatibilityType::AmbiguousField;
        Err(Stop::Ambiguous(Box::new(Incompatibility { kind, path, info, reader: field.ty, writer, places })))
    }
}
