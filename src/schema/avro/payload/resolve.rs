//! Data as a reader with another schema sees it (Avro specification, "Schema Resolution"), and what that reader does not get.

use std::borrow::Cow;

use super::binary::MAX_DEPTH;
use super::datum::{BOXED, Datum, ENTRY, VALUE};
use super::from_json;
use super::json::UnionEncoding;
use crate::schema::avro::compat::is_named_like;
use crate::schema::avro::model::{Field, Model, NodeId, NodeKind, Primitive, Record};
use crate::schema::payload::{DataFault, FaultKind, ReadingChange, ReadingChangeKind, Work};
use crate::schema::pointer::{Segment, pointer_of};

/// Changes that are listed.
const MAX_CHANGES: usize = 100;

/// One side of the resolution.
#[derive(Clone, Copy)]
pub(super) struct ResolutionSide<'b> {
    pub(super) model: &'b Model,
    pub(super) root: NodeId,
}

/// What the reader sees, and where that differs from what was written.
///
/// # Errors
/// The reader can't read the data.
pub(super) fn resolve<'b>(
    writer: ResolutionSide<'b>,
    reader: ResolutionSide<'b>,
    datum: &Datum<'b>,
    work: &mut Work<'_>,
) -> Result<(Datum<'b>, Vec<ReadingChange>), DataFault> {
    let mut resolver =
        SchemaResolver { writer: writer.model, reader: reader.model, path: Vec::new(), changes: Vec::new(), depth: 0, work };
    let datum = resolver.datum(writer.root, reader.root, datum)?;
    Ok((datum, resolver.changes))
}

struct SchemaResolver<'b, 'w, 's> {
    writer: &'b Model,
    reader: &'b Model,
    path: Vec<Segment<'b>>,
    changes: Vec<ReadingChange>,
    depth: usize,
    work: &'w mut Work<'s>,
}

impl<'b> SchemaResolver<'b, '_, '_> {
    fn fault<T>(&self, kind: FaultKind, message: impl Into<String>) -> Result<T, DataFault> {
        Err(DataFault::at(kind, &self.path, message))
    }

    fn take(&mut self, bytes: usize) -> Result<(), DataFault> {
        if self.work.take_memory(bytes) {
            return Ok(());
        }
        self.fault(FaultKind::Memory, "the data takes too much memory when it is decoded")
    }

    fn change(&mut self, kind: ReadingChangeKind, message: String) {
        if self.changes.len() < MAX_CHANGES {
            self.changes.push(ReadingChange { kind, pointer: pointer_of(&self.path), message });
        }
    }

    fn inside<T>(&mut self, segment: Segment<'b>, work: impl FnOnce(&mut Self) -> Result<T, DataFault>) -> Result<T, DataFault> {
        self.path.push(segment);
        let done = work(self);
        self.path.pop();
        done
    }

    fn datum(&mut self, w: NodeId, r: NodeId, datum: &Datum<'b>) -> Result<Datum<'b>, DataFault> {
        if !self.work.step() {
            return Err(DataFault::out_of_work(&self.path));
        }
        if self.depth > 2 * MAX_DEPTH {
            return self.fault(FaultKind::Depth, format!("the datum is nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        let resolved = self.inner(w, r, datum);
        self.depth -= 1;
        resolved
    }

    fn inner(&mut self, w: NodeId, r: NodeId, datum: &Datum<'b>) -> Result<Datum<'b>, DataFault> {
        if let (Datum::Union(at, value), NodeKind::Union(branches)) = (datum, &self.writer.node(w).kind) {
            // what the writer's union was does not matter to the reader
            let branch = branches.get(*at as usize).copied().unwrap_or(w);
            return self.datum(branch, r, value);
        }
        let (kind, wanted) = (&self.writer.node(w).kind, &self.reader.node(r).kind);
        match (kind, wanted) {
            (_, NodeKind::Union(branches)) => self.union(w, branches, datum),
            (NodeKind::Primitive(w), NodeKind::Primitive(r)) if r.reads(*w) => self.promote(*w, *r, datum),
            (NodeKind::Fixed(w), NodeKind::Fixed(r))
                if w.size == r.size && is_named_like(self.reader, &r.named, self.writer, &w.named) =>
            {
                Ok(datum.clone())
            }
            (NodeKind::Enum(w), NodeKind::Enum(r)) if is_named_like(self.reader, &r.named, self.writer, &w.named) => {
                let Datum::Enum(symbol) = datum else { return self.mismatch(kind, wanted) };
                let symbol = w.symbols.get(*symbol as usize).map_or("", |symbol| symbol);
                let find = |wanted: &str| r.index.find(wanted, |at| r.symbols.get(at).map_or("", |symbol| symbol));
                if let Some(at) = find(symbol).and_then(|at| u32::try_from(at).ok()) {
                    return Ok(Datum::Enum(at));
                }
                let default = r.default.as_deref().and_then(find).and_then(|at| u32::try_from(at).ok());
                let Some(at) = default else {
                    return self
                        .fault(FaultKind::Mismatch, format!("the reader's enum has no symbol '{symbol}', and no default"));
                };
                let default = r.default.as_deref().unwrap_or_default();
                self.change(ReadingChangeKind::Default, format!("the symbol '{symbol}' is unknown, and read as '{default}'"));
                Ok(Datum::Enum(at))
            }
            (NodeKind::Array(w), NodeKind::Array(r)) => {
                let Datum::Array(values) = datum else { return self.mismatch(kind, wanted) };
                self.take(values.len().saturating_mul(VALUE))?;
                let mut read = Vec::with_capacity(values.len());
                for (index, value) in (0..).zip(values) {
                    read.push(self.inside(Segment::Index(index), |walk| walk.datum(*w, *r, value))?);
                }
                Ok(Datum::Array(read))
            }
            (NodeKind::Map(w), NodeKind::Map(r)) => {
                let Datum::Map(entries) = datum else { return self.mismatch(kind, wanted) };
                self.take(entries.len().saturating_mul(ENTRY))?;
                let mut read = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let segment = Segment::Name(match key {
                        Cow::Borrowed(key) => key,
                        Cow::Owned(_) => "",
                    });
                    read.push((key.clone(), self.inside(segment, |walk| walk.datum(*w, *r, value))?));
                }
                Ok(Datum::Map(read))
            }
            (NodeKind::Record(w), NodeKind::Record(r)) if is_named_like(self.reader, &r.named, self.writer, &w.named) => {
                self.record(w, r, datum)
            }
            _ => self.mismatch(kind, wanted),
        }
    }

    fn mismatch<T>(&self, found: &NodeKind, wanted: &NodeKind) -> Result<T, DataFault> {
        let (found, wanted) = (super::json::words(found), super::json::words(wanted));
        self.fault(FaultKind::Mismatch, format!("the reader expects {wanted}, and the data has {found}"))
    }

    fn promote(&self, w: Primitive, r: Primitive, datum: &Datum<'b>) -> Result<Datum<'b>, DataFault> {
        #[expect(clippy::cast_precision_loss, reason = "the specification promotes integers to floating point")]
        Ok(match (datum, r) {
            (_, r) if r == w => datum.clone(),
            (Datum::Int(value), Primitive::Long) => Datum::Long(i64::from(*value)),
            (Datum::Int(value), Primitive::Float) => Datum::Float(*value as f32),
            (Datum::Int(value), Primitive::Double) => Datum::Double(f64::from(*value)),
            (Datum::Long(value), Primitive::Float) => Datum::Float(*value as f32),
            (Datum::Long(value), Primitive::Double) => Datum::Double(*value as f64),
            (Datum::Float(value), Primitive::Double) => Datum::Double(f64::from(*value)),
            (Datum::String(text), Primitive::Bytes) => Datum::Bytes(match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.clone().into_bytes()),
            }),
            (Datum::Bytes(bytes), Primitive::String) => match std::str::from_utf8(bytes) {
                Ok(text) => Datum::String(Cow::Owned(text.to_owned())),
                Err(_) => return self.fault(FaultKind::Mismatch, "the reader expects a string, and the bytes are not UTF-8"),
            },
            _ => {
                return self
                    .fault(FaultKind::Mismatch, format!("the reader expects {}, and the data has {}", r.word(), w.word()));
            }
        })
    }

    /// The branch of the reader's union that reads the value: one of the same name or type, else the first that can.
    fn union(&mut self, w: NodeId, branches: &'b [NodeId], datum: &Datum<'b>) -> Result<Datum<'b>, DataFault> {
        self.take(BOXED)?;
        let (reader, name) = (self.reader, self.writer.branch_name(w));
        let same = branches.iter().position(|branch| reader.branch_name(*branch) == name);
        let others = (0..branches.len()).filter(|at| Some(*at) != same);
        for at in same.into_iter().chain(others) {
            let (Some(branch), Ok(position)) = (branches.get(at), u32::try_from(at)) else { continue };
            let changes = self.changes.len();
            match self.datum(w, *branch, datum) {
                Ok(value) => return Ok(Datum::Union(position, Box::new(value))),
                Err(fault) if fault.kind == FaultKind::Mismatch => self.changes.truncate(changes),
                Err(fault) => return Err(fault),
            }
        }
        self.fault(FaultKind::Mismatch, format!("the reader's union has no branch for {name}"))
    }

    fn record(&mut self, w: &'b Record, r: &'b Record, datum: &Datum<'b>) -> Result<Datum<'b>, DataFault> {
        let Datum::Record(values) = datum else {
            return self.fault(FaultKind::Mismatch, "the reader expects a record");
        };
        self.take(r.fields.len().saturating_mul(VALUE))?;
        let mut is_read = vec![false; w.fields.len()];
        let mut read = Vec::with_capacity(r.fields.len());
        for (at, field) in r.fields.iter().enumerate() {
            let position = written_field(field, w, at);
            let written = position.and_then(|position| Some((w.fields.get(position)?, values.get(position)?)));
            let value = match (written, &field.default) {
                (Some((written, value)), _) => {
                    if let Some(seen) = position.and_then(|position| is_read.get_mut(position)) {
                        *seen = true;
                    }
                    self.inside(Segment::Name(&field.name), |walk| walk.datum(written.ty, field.ty, value))?
                }
                (None, Some(default)) => self.inside(Segment::Name(&field.name), |walk| {
                    walk.change(ReadingChangeKind::Default, "the field was not written, and has its default".to_owned());
                    from_json::read(walk.reader, field.ty, default, UnionEncoding::Plain, walk.work)
                })?,
                (None, None) => {
                    let message = format!("the field '{}' was not written, and the reader has no default for it", field.name);
                    return self.fault(FaultKind::Mismatch, message);
                }
            };
            read.push(value);
        }
        for (field, _) in w.fields.iter().zip(&is_read).filter(|(_, is_read)| !**is_read) {
            self.path.push(Segment::Name(&field.name));
            self.change(ReadingChangeKind::Lost, "the reader has no such field".to_owned());
            self.path.pop();
        }
        Ok(Datum::Record(read))
    }
}

/// The position of the writer's field that is called like the reader's, or like one of its aliases.
fn written_field(field: &Field, writer: &Record, hint: usize) -> Option<usize> {
    std::iter::once(&field.name).chain(&field.aliases).find_map(|name| writer.find(name, hint))
}
