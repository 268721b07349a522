//! Values out of JSON: data in Avro's JSON encoding or plain, and the defaults of fields, which are written like plain data.

use std::borrow::Cow;

use super::binary::MAX_DEPTH;
use super::datum::{BOXED, Datum, ENTRY, VALUE};
use super::json::{UnionEncoding, fits};
use crate::schema::avro::model::{Model, NodeId, NodeKind, Primitive};
use crate::schema::java_number as number;
use crate::schema::json::{JsonKind, Value};
use crate::schema::payload::{DataFault, FaultKind, Work};

/// Reads a value that the walker of `json` finds to fit.
///
/// # Errors
/// It does not fit after all, is nested too deep (defaults may hold themselves), or takes too much memory.
pub(super) fn read<'b>(
    model: &'b Model,
    root: NodeId,
    value: &'b Value,
    unions: UnionEncoding,
    work: &mut Work<'_>,
) -> Result<Datum<'b>, DataFault> {
    JsonReader { model, unions, depth: 0, work }.value(root, value)
}

struct JsonReader<'b, 'w, 's> {
    model: &'b Model,
    unions: UnionEncoding,
    depth: usize,
    work: &'w mut Work<'s>,
}

fn fault<T>(kind: FaultKind, message: impl Into<String>) -> Result<T, DataFault> {
    Err(DataFault::new(kind, "", message))
}

impl<'b> JsonReader<'b, '_, '_> {
    fn take(&mut self, bytes: usize) -> Result<(), DataFault> {
        if self.work.take_memory(bytes) { Ok(()) } else { fault(FaultKind::Memory, "the data takes too much memory") }
    }

    fn value(&mut self, id: NodeId, value: &'b Value) -> Result<Datum<'b>, DataFault> {
        if !self.work.step() {
            return Err(DataFault::out_of_work(&[]));
        }
        if self.depth > MAX_DEPTH {
            return fault(FaultKind::Depth, format!("the datum is nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        let datum = self.inner(id, value)?;
        self.depth -= 1;
        Ok(datum)
    }

    fn inner(&mut self, id: NodeId, value: &'b Value) -> Result<Datum<'b>, DataFault> {
        let model = self.model;
        Ok(match (&model.node(id).kind, &value.kind) {
            (NodeKind::Primitive(primitive), _) => return primitive_of(*primitive, value),
            (NodeKind::Fixed(_), JsonKind::String(text)) => Datum::Fixed(Cow::Owned(bytes_of(text)?)),
            (NodeKind::Enum(symbols), JsonKind::String(symbol)) => {
                let at = symbols.index.find(symbol, |at| symbols.symbols.get(at).map_or("", |symbol| symbol));
                match at.and_then(|at| u32::try_from(at).ok()) {
                    Some(at) => Datum::Enum(at),
                    None => return fault(FaultKind::Mismatch, "the enum has no such symbol"),
                }
            }
            (NodeKind::Union(branches), _) => return self.union(branches, value),
            (NodeKind::Array(items), JsonKind::Array(values)) => {
                self.take(values.len().saturating_mul(VALUE))?;
                let values = values.iter().map(|value| self.value(*items, value));
                Datum::Array(values.collect::<Result<_, _>>()?)
            }
            (NodeKind::Map(values), JsonKind::Object(object)) => {
                self.take(object.len().saturating_mul(ENTRY))?;
                let entry = |member: &'b crate::schema::json::Member| {
                    Ok::<_, DataFault>((Cow::Borrowed(&*member.key), self.value(*values, &member.value)?))
                };
                Datum::Map(object.members().iter().map(entry).collect::<Result<_, _>>()?)
            }
            (NodeKind::Record(record), JsonKind::Object(object)) => {
                self.take(record.fields.len().saturating_mul(VALUE))?;
                let mut values = Vec::with_capacity(record.fields.len());
                for field in &record.fields {
                    values.push(match (object.get(&field.name), &field.default) {
                        (Some(value), _) => self.value(field.ty, value)?,
                        (None, Some(default)) => self.default(field.ty, default)?,
                        (None, None) => return fault(FaultKind::Mismatch, format!("the field '{}' is missing", field.name)),
                    });
                }
                Datum::Record(values)
            }
            _ => return fault(FaultKind::Mismatch, "the value is not what the schema says"),
        })
    }

    /// A default names no branches.
    fn default(&mut self, id: NodeId, default: &'b Value) -> Result<Datum<'b>, DataFault> {
        let unions = std::mem::replace(&mut self.unions, UnionEncoding::Plain);
        let value = self.value(id, default)?;
        self.unions = unions;
        Ok(value)
    }

    fn union(&mut self, branches: &'b [NodeId], value: &'b Value) -> Result<Datum<'b>, DataFault> {
        self.take(BOXED)?;
        let model = self.model;
        let is_null = |branch: NodeId| matches!(model.node(branch).kind, NodeKind::Primitive(Primitive::Null));
        let (at, inner) = match (self.unions, &value.kind) {
            (_, JsonKind::Null) => (branches.iter().position(|branch| is_null(*branch)), value),
            (UnionEncoding::Tagged, JsonKind::Object(object)) => {
                let [member] = object.members() else {
                    return fault(
                        FaultKind::Mismatch,
                        "a value of a union must be null or an object with one member, the branch",
                    );
                };
                (branches.iter().position(|branch| model.branch_name(*branch) == *member.key), &member.value)
            }
            (UnionEncoding::Tagged, _) => (None, value),
            (UnionEncoding::Plain, _) => {
                let work = &mut *self.work;
                let mut fitting =
                    (0..).zip(branches).filter(|(_, branch)| fits(model, **branch, value, UnionEncoding::Plain, work));
                let first = fitting.next();
                // a float would round what a double behind it keeps
                let is_exact = first.is_none_or(|(_, branch)| !rounds(model, *branch, value));
                let chosen = if is_exact { first } else { fitting.find(|(_, branch)| !rounds(model, **branch, value)).or(first) };
                (chosen.map(|(at, _)| at), value)
            }
        };
        let found = at.and_then(|at| Some((u32::try_from(at).ok()?, *branches.get(at)?)));
        let Some((at, branch)) = found else {
            return fault(FaultKind::Mismatch, "the value fits no branch of the union");
        };
        Ok(Datum::Union(at, Box::new(self.value(branch, inner)?)))
    }
}

/// Whether the number becomes another one in this type.
fn rounds(model: &Model, id: NodeId, value: &Value) -> bool {
    let is_float = matches!(model.node(id).kind, NodeKind::Primitive(Primitive::Float));
    let same = |text: &str| {
        text.parse::<f64>()
            .ok()
            .zip(text.parse::<f32>().ok())
            .is_some_and(|(wide, narrow)| f64::from(narrow).to_bits() == wide.to_bits())
    };
    is_float && matches!(&value.kind, JsonKind::Number(text) if !same(text))
}

fn primitive_of(primitive: Primitive, value: &Value) -> Result<Datum<'_>, DataFault> {
    let found = match (primitive, &value.kind) {
        (Primitive::Null, JsonKind::Null) => Some(Datum::Null),
        (Primitive::Boolean, JsonKind::Bool(value)) => Some(Datum::Boolean(*value)),
        (Primitive::Int, JsonKind::Number(text)) => {
            number::as_long(text).and_then(|value| i32::try_from(value).ok()).map(Datum::Int)
        }
        (Primitive::Long, JsonKind::Number(text)) => number::as_long(text).map(Datum::Long),
        (Primitive::Float, JsonKind::Number(text)) => text.parse().ok().filter(|value: &f32| value.is_finite()).map(Datum::Float),
        (Primitive::Float, JsonKind::String(text)) => not_finite(text).map(Datum::Float),
        (Primitive::Double, JsonKind::Number(text)) => {
            text.parse().ok().filter(|value: &f64| value.is_finite()).map(Datum::Double)
        }
        (Primitive::Double, JsonKind::String(text)) => not_finite(text).map(|value| Datum::Double(value.into())),
        (Primitive::Bytes, JsonKind::String(text)) => Some(Datum::Bytes(Cow::Owned(bytes_of(text)?))),
        (Primitive::String, JsonKind::String(text)) => Some(Datum::String(Cow::Borrowed(text))),
        _ => None,
    };
    found.map_or_else(|| fault(FaultKind::Mismatch, format!("the value is no {}", primitive.word())), Ok)
}

fn not_finite(text: &str) -> Option<f32> {
    match text {
        "NaN" => Some(f32::NAN),
        "Infinity" => Some(f32::INFINITY),
        "-Infinity" => Some(f32::NEG_INFINITY),
        _ => None,
    }
}

/// A character for each byte.
fn bytes_of(text: &str) -> Result<Vec<u8>, DataFault> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)));
    bytes.collect::<Result<_, _>>().or_else(|_| fault(FaultKind::Mismatch, "bytes have only characters up to U+00FF"))
}
