//! Messages for the rules of data contracts, and their types.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::decode;
use super::message::{DecodedMessage, DecodedValue, FieldValue};
use super::scalar::Scalar;
use super::types::{FieldContent, MessageField, Types};
use super::well_known::WellKnown;
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::typed::{
    BytesForm, DataType, FieldShape, LeafKind, Shape, Shapes, Typed, TypedRecord, afford_field, afford_type,
};

const DECIMAL: &str = "confluent.type.Decimal";
const VARIANT: &str = "confluent.type.Variant";

/// The types of a message and of all that it may hold.
pub(super) fn shapes(types: &Types, root: u32) -> Shapes {
    let mut builder = ShapeBuilder { types, places: HashMap::new(), records: Vec::new(), waiting: Vec::new() };
    let root = builder.message(root);
    while let Some((at, id)) = builder.waiting.pop().filter(|_| afford_type()) {
        let shape = builder.shape(id);
        if let Some(slot) = builder.records.get_mut(at) {
            *slot = shape;
        }
    }
    Shapes { records: builder.records, root, root_path: "", skips_null: false, bytes: BytesForm::Base64 }
}

struct ShapeBuilder<'t> {
    types: &'t Types,
    places: HashMap<u32, usize>,
    records: Vec<Shape>,
    /// Messages that have a place and no fields yet.
    waiting: Vec<(usize, u32)>,
}

fn kind_of(scalar: Scalar) -> LeafKind {
    match scalar {
        Scalar::Double | Scalar::Float => LeafKind::Double,
        Scalar::Bool => LeafKind::Bool,
        Scalar::String => LeafKind::String,
        Scalar::Bytes => LeafKind::Bytes,
        _ if scalar.is_unsigned() => LeafKind::Uint,
        _ => LeafKind::Int,
    }
}

fn word_of(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Double => "DOUBLE",
        Scalar::Float => "FLOAT",
        Scalar::Bool => "BOOLEAN",
        Scalar::String => "STRING",
        Scalar::Bytes => "BYTES",
        _ if scalar.is_long() => "LONG",
        _ => "INT",
    }
}

impl ShapeBuilder<'_> {
    fn message(&mut self, id: u32) -> DataType {
        let Some(message) = self.types.messages.get(id as usize) else { return DataType::Any };
        match (message.well_known, &*message.full) {
            (Some(WellKnown::Timestamp), _) => return DataType::leaf(LeafKind::Timestamp, "LONG"),
            (Some(WellKnown::Duration), _) => return DataType::leaf(LeafKind::Duration, "RECORD"),
            (Some(WellKnown::Wrapper(scalar)), _) => return DataType::Wrapper(kind_of(scalar)),
            (_, DECIMAL) => return DataType::leaf(LeafKind::Opaque("decimal"), "BYTES"),
            (_, VARIANT) => return DataType::leaf(LeafKind::Opaque("variant"), "RECORD"),
            _ => {}
        }
        let at = *self.places.entry(id).or_insert_with(|| {
            self.records.push(Shape::default());
            self.waiting.push((self.records.len() - 1, id));
            self.records.len() - 1
        });
        DataType::Record(at)
    }

    /// The type of one value of a field.
    fn value(&mut self, field: &MessageField) -> DataType {
        match field.content {
            FieldContent::Scalar(scalar) => DataType::leaf(kind_of(scalar), word_of(scalar)),
            FieldContent::Enum(_) => DataType::leaf(LeafKind::Int, "ENUM"),
            FieldContent::Message(id) | FieldContent::Group(id) | FieldContent::Map(id) => self.message(id),
        }
    }

    fn shape(&mut self, id: u32) -> Shape {
        let types = self.types;
        let Some(message) = types.messages.get(id as usize) else { return Shape::default() };
        let mut fields = Vec::with_capacity(message.fields.len());
        for field in &message.fields {
            if !afford_field(message.full.len() + 2 * field.name.len()) {
                break;
            }
            let (ty, word) = if let FieldContent::Map(entry) = field.content {
                let value = types.messages.get(entry as usize).and_then(|entry| entry.fields.get(1));
                (DataType::Map(Box::new(value.map_or(DataType::Any, |value| self.value(value)))), "MAP")
            } else {
                let one = self.value(field);
                let word = one.word();
                (if field.repeated { DataType::List(Box::new(one)) } else { one }, word)
            };
            let meta = field.meta.as_deref();
            fields.push(FieldShape {
                name: field.name.to_string(),
                full_name: format!("{}.{}", message.full, field.name),
                ty,
                word,
                tags: meta.map(|meta| meta.tags.iter().cloned().collect()).unwrap_or_default(),
                rules: meta.map(|meta| meta.rules.clone()).unwrap_or_default(),
                has_presence: !field.repeated && !field.implicit,
            });
        }
        let rules = message.meta.as_deref().map(|meta| meta.rules.clone()).unwrap_or_default();
        Shape { is_message: true, ..Shape::new(message.full.to_string(), fields, rules) }
    }
}

/// The value of a message. Recursion is bounded by the depth of data.
///
/// # Errors
/// It takes too much memory.
pub(super) fn typed(
    types: &Types,
    root: u32,
    shapes: &Shapes,
    message: &DecodedMessage<'_>,
    work: &mut Work<'_>,
) -> Result<Typed, DataFault> {
    ValueBuilder { types, shapes, work }.message(root, &shapes.root, message)
}

/// What a value takes, roughly, apart from its text.
const VALUE: usize = size_of::<Typed>() * 2;

struct ValueBuilder<'c, 'w, 's> {
    types: &'c Types,
    shapes: &'c Shapes,
    work: &'w mut Work<'s>,
}

impl ValueBuilder<'_, '_, '_> {
    fn take(&mut self, bytes: usize) -> Result<(), DataFault> {
        if self.work.step() && self.work.take_memory(bytes + VALUE) {
            return Ok(());
        }
        Err(DataFault::new(FaultKind::Memory, "", "the data takes too much memory when rules are run on it"))
    }

    fn message(&mut self, id: u32, ty: &DataType, message: &DecodedMessage<'_>) -> Result<Typed, DataFault> {
        let (types, shapes) = (self.types, self.shapes);
        let Some(found) = types.messages.get(id as usize) else { return Ok(Typed::Null) };
        let one = |number: u32| {
            let (at, _) = found.field(number)?;
            match message.fields.get(&at) {
                Some(FieldValue::One(value)) => Some(value),
                _ => None,
            }
        };
        let int = |number: u32| match one(number) {
            Some(DecodedValue::Int(value)) => *value,
            _ => 0,
        };
        // clients cut off what is finer than a microsecond
        let micros = || int(1).saturating_mul(1_000_000).saturating_add(int(2).div_euclid(1000));
        match ty {
            DataType::Leaf { kind: LeafKind::Timestamp, .. } => return Ok(Typed::Timestamp(micros())),
            DataType::Leaf { kind: LeafKind::Duration, .. } => return Ok(Typed::Duration(micros())),
            DataType::Leaf { kind: LeafKind::Opaque(what), .. } => {
                let bytes = match one(1) {
                    Some(DecodedValue::Bytes(bytes)) => &**bytes,
                    _ => &[],
                };
                self.take(bytes.len() * 2)?;
                return Ok(Typed::Opaque(what, format!("\"{}\"", STANDARD.encode(bytes)).into()));
            }
            DataType::Wrapper(_) => {
                let Some(field) = found.fields.first() else { return Ok(Typed::Null) };
                return match one(1) {
                    Some(value) => self.value(field, &DataType::Any, value),
                    None => self.value(field, &DataType::Any, &decode::default(types, field)),
                };
            }
            _ => {}
        }
        let DataType::Record(place) = ty else { return Ok(Typed::Null) };
        let Some(shape) = shapes.records.get(*place) else { return Ok(Typed::Null) };
        self.take(shape.fields.len() * VALUE)?;
        let mut values = vec![None; shape.fields.len()];
        for (at, written) in &message.fields {
            let (Some(field), Some(shape), Some(slot)) = (found.fields.get(*at), shape.fields.get(*at), values.get_mut(*at))
            else {
                continue;
            };
            *slot = Some(self.field(field, &shape.ty, written)?);
        }
        Ok(Typed::Record(Box::new(TypedRecord { shape: *place, values, others: Vec::new() })))
    }

    fn field(&mut self, field: &MessageField, ty: &DataType, written: &FieldValue<'_>) -> Result<Typed, DataFault> {
        match (written, ty) {
            (FieldValue::One(value), ty) => self.value(field, ty, value),
            (FieldValue::List(values), DataType::List(item)) => {
                Ok(Typed::List(values.iter().map(|value| self.value(field, item, value)).collect::<Result<_, _>>()?))
            }
            (FieldValue::Map(entries), DataType::Map(item)) => {
                let FieldContent::Map(entry) = field.content else { return Ok(Typed::Null) };
                let types = self.types;
                let Some([key_field, value_field, ..]) = types.messages.get(entry as usize).map(|entry| entry.fields.as_slice())
                else {
                    return Ok(Typed::Null);
                };
                let mut made = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.value(key_field, &DataType::Any, &key.to_value())?;
                    made.push((key, self.value(value_field, item, value)?));
                }
                Ok(Typed::Map(made))
            }
            _ => Ok(Typed::Null),
        }
    }

    fn value(&mut self, field: &MessageField, ty: &DataType, value: &DecodedValue<'_>) -> Result<Typed, DataFault> {
        self.take(match value {
            DecodedValue::String(text) => text.len(),
            DecodedValue::Bytes(bytes) => bytes.len(),
            _ => 0,
        })?;
        Ok(match value {
            DecodedValue::Bool(value) => Typed::Bool(*value),
            DecodedValue::Int(value) => Typed::Int(*value),
            DecodedValue::Uint(value) => Typed::Uint(*value),
            DecodedValue::Enum(value) => Typed::Int(i64::from(*value)),
            DecodedValue::Float(value) => Typed::Double(f64::from(*value)),
            DecodedValue::Double(value) => Typed::Double(*value),
            DecodedValue::String(text) => Typed::String(text.to_string()),
            DecodedValue::Bytes(bytes) => Typed::Bytes(bytes.to_vec()),
            DecodedValue::Message(message) => match field.content {
                FieldContent::Message(id) | FieldContent::Group(id) | FieldContent::Map(id) => {
                    return self.message(id, ty, message);
                }
                _ => Typed::Null,
            },
        })
    }
}
