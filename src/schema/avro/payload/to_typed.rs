//! Values for the rules of data contracts.

use super::datum::Datum;
use crate::schema::avro::model::{Model, NodeId, NodeKind};
use crate::schema::avro::typed::is_millis;
use crate::schema::json::write_string;
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::typed::{DataType, LeafKind, Shapes, Typed, TypedRecord};

/// What a value takes, roughly, apart from its text.
const VALUE: usize = size_of::<Typed>() * 2;

/// The value of a datum. Recursion is bounded by the depth of data.
///
/// # Errors
/// It takes too much memory.
pub(super) fn typed(
    model: &Model,
    id: NodeId,
    shapes: &Shapes,
    datum: &Datum<'_>,
    work: &mut Work<'_>,
) -> Result<Typed, DataFault> {
    ValueBuilder { model, shapes, work }.value(id, &shapes.root, datum)
}

struct ValueBuilder<'b, 'w, 's> {
    model: &'b Model,
    shapes: &'b Shapes,
    work: &'w mut Work<'s>,
}

impl ValueBuilder<'_, '_, '_> {
    fn take(&mut self, bytes: usize) -> Result<(), DataFault> {
        if self.work.step() && self.work.take_memory(bytes + VALUE) {
            return Ok(());
        }
        Err(DataFault::new(FaultKind::Memory, "", "the data takes too much memory when rules are run on it"))
    }

    fn value(&mut self, id: NodeId, ty: &DataType, datum: &Datum<'_>) -> Result<Typed, DataFault> {
        let model = self.model;
        let id = model.first_definition(id);
        self.take(match datum {
            Datum::Bytes(bytes) | Datum::Fixed(bytes) => bytes.len(),
            Datum::String(text) => text.len(),
            _ => 0,
        })?;
        let is_opaque = if let DataType::Leaf { kind: LeafKind::Opaque(what), .. } = ty { Some(*what) } else { None };
        Ok(match (datum, &model.node(id).kind) {
            (Datum::Boolean(value), _) => Typed::Bool(*value),
            (Datum::Int(value), _) => match is_opaque {
                Some(what) => Typed::Opaque(what, value.to_string().into()),
                None => Typed::Int(i64::from(*value)),
            },
            (Datum::Long(value), _) => match (is_opaque, ty) {
                (Some(what), _) => Typed::Opaque(what, value.to_string().into()),
                (None, DataType::Leaf { kind: LeafKind::Timestamp, .. }) => {
                    Typed::Timestamp(if is_millis(model, id) { value.saturating_mul(1000) } else { *value })
                }
                _ => Typed::Int(*value),
            },
            (Datum::Float(value), _) => Typed::Double(f64::from(*value)),
            (Datum::Double(value), _) => Typed::Double(*value),
            (Datum::Bytes(bytes) | Datum::Fixed(bytes), _) => match is_opaque {
                Some(what) => {
                    let mut text = String::new();
                    write_string(&mut text, &bytes.iter().map(|byte| char::from(*byte)).collect::<String>());
                    Typed::Opaque(what, text.into())
                }
                None => Typed::Bytes(bytes.to_vec()),
            },
            (Datum::String(text), _) => Typed::String(text.to_string()),
            (Datum::Enum(symbol), NodeKind::Enum(symbols)) => {
                Typed::String(symbols.symbols.get(*symbol as usize).map_or_else(String::new, std::string::ToString::to_string))
            }
            (Datum::Union(at, inner), NodeKind::Union(branches)) => {
                let at = *at as usize;
                let branch = branches.get(at).copied().unwrap_or(id);
                let inner = match ty {
                    DataType::Union(types) => self.value(branch, types.get(at).unwrap_or(&DataType::Any), inner)?,
                    _ => return self.value(branch, &DataType::Any, inner),
                };
                Typed::Branch(at, Box::new(inner))
            }
            (Datum::Record(values), NodeKind::Record(record)) => {
                let DataType::Record(shape) = ty else { return Ok(Typed::Null) };
                let shapes = self.shapes;
                let fields = shapes.records.get(*shape).map_or(&[][..], |shape| &shape.fields);
                let mut made = Vec::with_capacity(values.len());
                for ((field, shape), value) in record.fields.iter().zip(fields).zip(values) {
                    made.push(Some(self.value(field.ty, &shape.ty, value)?));
                }
                Typed::Record(Box::new(TypedRecord { shape: *shape, values: made, others: Vec::new() }))
            }
            (Datum::Array(values), NodeKind::Array(items)) => {
                let item = if let DataType::List(item) = ty { &**item } else { &DataType::Any };
                Typed::List(values.iter().map(|value| self.value(*items, item, value)).collect::<Result<_, _>>()?)
            }
            (Datum::Map(entries), NodeKind::Map(values)) => {
                let item = if let DataType::Map(item) = ty { &**item } else { &DataType::Any };
                let mut made = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    self.take(key.len())?;
                    made.push((Typed::String(key.to_string()), self.value(*values, item, value)?));
                }
                Typed::Map(made)
            }
            // but for null, values are made by the same schema that they are read by
            (Datum::Null | Datum::Enum(_) | Datum::Union(..) | Datum::Record(_) | Datum::Array(_) | Datum::Map(_), _) => {
                Typed::Null
            }
        })
    }
}
