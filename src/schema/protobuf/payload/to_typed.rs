//! Messages for the rules of data contracts, and their types.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::decode;
use super::message::{FieldValue, Message, Value};
use super::scalar::Scalar;
use super::types::{Field, FieldContent, Types};
use super::well_known::WellKnown;
use crate::schema::payload::{Fault, FaultKind, Work};
use crate::schema::typed::{BytesForm, FieldShape, Kind, Shape, Shapes, Type, Typed, TypedRecord, afford_field, afford_type};

const DECIMAL: &str = "confluent.type.Decimal";
const VARIANT: &str = "confluent.type.Variant";

/// The types of a message and of all that it may hold.
pub(super) fn shapes(types: &Types, root: u32) -> Shapes {
    let mut builder = Builder { types, places: HashMap::new(), records: Vec::new(), waiting: Vec::new() };
    let root = builder.message(root);
    while let Some((at, id)) = builder.waiting.pop().filter(|_| afford_type()) {
        let shape = builder.shape(id);
        if let Some(slot) = builder.records.get_mut(at) {
            *slot = shape;
        }
    }
    Shapes { records: builder.records, root, root_path: "", skips_null: false, bytes: BytesForm::Base64 }
}

struct Builder<'t> {
    types: &'t Types,
    places: HashMap<u32, usize>,
    records: Vec<Shape>,
    /// Messages that have a place and no fields yet.
    waiting: Vec<(usize, u32)>,
}

fn kind_of(scalar: Scalar) -> Kind {
    match scalar {
        Scalar::Double | Scalar::Float => Kind::Double,
        Scalar::Bool => Kind::Bool,
        Scalar::String => Kind::String,
        Scalar::Bytes => Kind::Bytes,
        _ if scalar.is_unsigned() => Kind::Uint,
        _ => Kind::Int,
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

impl Builder<'_> {
    fn message(&mut self, id: u32) -> Type {
        let Some(message) = self.types.messages.get(id as usize) else { return Type::Any };
        match (message.well_known, &*message.full) {
            (Some(WellKnown::Timestamp), _) => return Type::leaf(Kind::Timestamp, "LONG"),
            (Some(WellKnown::Duration), _) => return Type::leaf(Kind::Duration, "RECORD"),
            (Some(WellKnown::Wrapper(scalar)), _) => return Type::Wrapper(kind_of(scalar)),
            (_, DECIMAL) => return Type::leaf(Kind::Opaque("decimal"), "BYTES"),
            (_, VARIANT) => return Type::leaf(Kind::Opaque("variant"), "RECORD"),
            _ => {}
        }
        let at = *self.places.entry(id).or_insert_with(|| {
            self.records.push(Shape::default());
            self.waiting.push((self.records.len() - 1, id));
            self.records.len() - 1
        });
        Type::Record(at)
    }

    /// The type of one value of a field.
    fn value(&mut self, field: &Field) -> Type {
        match field.content {
            FieldContent::Scalar(scalar) => Type::leaf(kind_of(scalar), word_of(scalar)),
            FieldContent::Enum(_) => Type::leaf(Kind::Int, "ENUM"),
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
                (Type::Map(Box::new(value.map_or(Type::Any, |value| self.value(value)))), "MAP")
            } else {
                let one = self.value(field);
                let word = one.word();
                (if field.repeated { Type::List(Box::new(one)) } else { one }, word)
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
    message: &Message<'_>,
    work: &mut Work<'_>,
) -> Result<Typed, Fault> {
    Converter { types, shapes, work }.message(root, &shapes.root, message)
}

/// What a value takes, roughly, apart from its text.
const VALUE: usize = size_of::<Typed>() * 2;

struct Converter<'c, 'w, 's> {
    types: &'c Types,
    shapes: &'c Shapes,
    work: &'w mut Work<'s>,
}

impl Converter<'_, '_, '_> {
    fn take(&mut self, bytes: usize) -> Result<(), Fault> {
        if self.work.step() && self.work.take_memory(bytes + VALUE) {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Memory, "", "the data takes too much memory when rules are run on it"))
    }

    fn message(&mut self, id: u32, ty: &Type, message: &Message<'_>) -> Result<Typed, Fault> {
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
            Some(Value::Int(value)) => *value,
            _ => 0,
        };
        // clients cut off what is finer than a microsecond
        let micros = || int(1).saturating_mul(1_000_000).saturating_add(int(2).div_euclid(1000));
        match ty {
            Type::Leaf { kind: Kind::Timestamp, .. } => return Ok(Typed::Timestamp(micros())),
            Type::Leaf { kind: Kind::Duration, .. } => return Ok(Typed::Duration(micros())),
            Type::Leaf { kind: Kind::Opaque(what), .. } => {
                let bytes = match one(1) {
                    Some(Value::Bytes(bytes)) => &**bytes,
                    _ => &[],
                };
                self.take(bytes.len() * 2)?;
                return Ok(Typed::Opaque(what, format!("\"{}\"", STANDARD.encode(bytes)).into()));
            }
            Type::Wrapper(_) => {
                let Some(field) = found.fields.first() else { return Ok(Typed::Null) };
                return match one(1) {
                    Some(value) => self.value(field, &Type::Any, value),
                    None => self.value(field, &Type::Any, &decode::default(types, field)),
                };
            }
            _ => {}
        }
        let Type::Record(place) = ty else { return Ok(Typed::Null) };
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

    fn field(&mut self, field: &Field, ty: &Type, written: &FieldValue<'_>) -> Result<Typed, Fault> {
        match (written, ty) {
            (FieldValue::One(value), ty) => self.value(field, ty, value),
            (FieldValue::List(values), Type::List(item)) => {
                Ok(Typed::List(values.iter().map(|value| self.value(field, item, value)).collect::<Result<_, _>>()?))
            }
            (FieldValue::Map(entries), Type::Map(item)) => {
                let FieldContent::Map(entry) = field.content else { return Ok(Typed::Null) };
                let types = self.types;
                let Some([key_field, value_field, ..]) = types.messages.get(entry as usize).map(|entry| entry.fields.as_slice())
                else {
                    return Ok(Typed::Null);
                };
                let mut made = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.value(key_field, &Type::Any, &key.to_value())?;
                    made.push((key, self.value(value_field, item, value)?));
                }
                Ok(Typed::Map(made))
            }
            _ => Ok(Typed::Null),
        }
    }

    fn value(&mut self, field: &Field, ty: &Type, value: &Value<'_>) -> Result<Typed, Fault> {
        self.take(match value {
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        })?;
        Ok(match value {
            Value::Bool(value) => Typed::Bool(*value),
            Value::Int(value) => Typed::Int(*value),
            Value::Uint(value) => Typed::Uint(*value),
            Value::Enum(value) => Typed::Int(i64::from(*value)),
            Value::Float(value) => Typed::Double(f64::from(*value)),
            Value::Double(value) => Typed::Double(*value),
            Value::String(text) => Typed::String(text.to_string()),
            Value::Bytes(bytes) => Typed::Bytes(bytes.to_vec()),
            Value::Message(message) => match field.content {
                FieldContent::Message(id) | FieldContent::Group(id) | FieldContent::Map(id) => {
                    return self.message(id, ty, message);
                }
                _ => Typed::Null,
            },
        })
    }
}
