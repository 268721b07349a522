//! Default values: what Avro's Java library makes of their JSON, and what that is as a logical value.

use crate::schema::avro::model::{Model, NodeId, NodeKind, Primitive};
use crate::schema::java_number::{self as number, JavaNumber};
use crate::schema::json::{JsonKind, Value};
use crate::schema::logical::default_value::{BigDecimal, DefaultValue};
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::java_time::NANOS_OF_DAY;
use crate::schema::logical::model::{Type, TypeKind};
use crate::schema::meter;

/// The default of a field; `None` where Java's library finds no value in it.
pub(super) fn default_value(
    model: &Model,
    id: NodeId,
    ty: &Type,
    value: &Value,
) -> Result<Option<DefaultValue>, ConversionError> {
    match native(model, id, value)? {
        None => Ok(None),
        Some(DefaultValue::Null) => Ok(Some(DefaultValue::Null)),
        Some(value) => logical(ty, value).map(Some),
    }
}

/// The value as Java's library holds it. A value that does not fit the first type of a union is none.
fn native(model: &Model, id: NodeId, value: &Value) -> Result<Option<DefaultValue>, ConversionError> {
    meter::charge(1)?;
    let id = model.first_definition(id);
    let kind = &model.node(id).kind;
    if let NodeKind::Union(branches) = kind {
        return branches.first().map_or(Ok(None), |first| native(model, *first, value));
    }
    let primitive = match kind {
        NodeKind::Primitive(primitive) => Some(*primitive),
        _ => None,
    };
    Ok(match &value.kind {
        JsonKind::Null => Some(DefaultValue::Null),
        JsonKind::Bool(flag) => Some(DefaultValue::Boolean(*flag)),
        JsonKind::Number(text) => primitive.and_then(|primitive| native_number(primitive, text)),
        JsonKind::String(text) => match kind {
            NodeKind::Primitive(Primitive::String) | NodeKind::Enum(_) => Some(DefaultValue::Text(text.to_string())),
            NodeKind::Primitive(Primitive::Bytes) | NodeKind::Fixed(_) => {
                // one byte a character; what has no byte becomes a question mark
                Some(DefaultValue::Bytes(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()))
            }
            _ => None,
        },
        JsonKind::Array(items) => {
            let NodeKind::Array(element) = kind else { return Ok(None) };
            let items = items.iter().map(|item| native(model, *element, item).map(|item| item.unwrap_or(DefaultValue::Null)));
            Some(DefaultValue::List(items.collect::<Result<_, _>>()?))
        }
        JsonKind::Object(object) => {
            let mut entries = Vec::with_capacity(object.len());
            for member in object.members() {
                let inner = match kind {
                    NodeKind::Map(values) => Some(*values),
                    NodeKind::Record(record) => {
                        record.find(&member.key, entries.len()).and_then(|at| record.fields.get(at)).map(|field| field.ty)
                    }
                    _ => None,
                };
                let Some(inner) = inner else { continue };
                let value = native(model, inner, &member.value)?.unwrap_or(DefaultValue::Null);
                entries.push((DefaultValue::Text(member.key.to_string()), value));
            }
            Some(DefaultValue::Map(entries))
        }
    })
}

fn native_number(primitive: Primitive, text: &str) -> Option<DefaultValue> {
    #[expect(clippy::cast_possible_truncation, reason = "Java narrows like this")]
    let float = |value: f64| DefaultValue::Float(value as f32);
    match number::classify(text) {
        JavaNumber::Integer(_) => {
            let value = number::as_long(text)?;
            match primitive {
                Primitive::Int => Some(i32::try_from(value).map_or(DefaultValue::Long(value), DefaultValue::Int)),
                Primitive::Long => Some(DefaultValue::Long(value)),
                Primitive::Float => Some(float(number::as_double(text))),
                Primitive::Double => Some(DefaultValue::Double(number::as_double(text))),
                _ => None,
            }
        }
        JavaNumber::Double(value) => match primitive {
            Primitive::Double => Some(DefaultValue::Double(value)),
            Primitive::Float => Some(float(value)),
            _ => None,
        },
    }
}

/// The value under its logical type. What does not fit stays as it is.
fn logical(ty: &Type, value: DefaultValue) -> Result<DefaultValue, ConversionError> {
    meter::charge(1)?;
    Ok(match (&ty.kind, value) {
        #[expect(clippy::cast_possible_truncation, reason = "Java narrows like this")]
        (TypeKind::Tinyint, value) => value.as_long().map_or(value, |long| DefaultValue::Int(i32::from(long as i8))),
        #[expect(clippy::cast_possible_truncation, reason = "Java narrows like this")]
        (TypeKind::Smallint, value) => value.as_long().map_or(value, |long| DefaultValue::Int(i32::from(long as i16))),
        (TypeKind::Decimal { scale, .. }, DefaultValue::Bytes(bytes)) => match BigDecimal::of_bytes(&bytes, *scale)? {
            Some(decimal) => DefaultValue::Decimal(decimal),
            None => return Err(ConversionError::new("Zero length BigInteger")),
        },
        (TypeKind::Date, DefaultValue::Int(days)) => DefaultValue::Date(i64::from(days)),
        (TypeKind::Date, DefaultValue::Long(days)) => DefaultValue::Date(epoch_day(days)?),
        (TypeKind::Time(_), DefaultValue::Int(millis)) => DefaultValue::Time(nano_of_day(i64::from(millis), 1_000_000)?),
        (TypeKind::Time(_), DefaultValue::Long(micros)) => DefaultValue::Time(nano_of_day(micros, 1_000)?),
        (TypeKind::TimestampLtz(precision), DefaultValue::Long(value)) => {
            let (seconds, nanos) = instant(*precision, value);
            DefaultValue::Instant(seconds, nanos)
        }
        (TypeKind::Timestamp(precision), DefaultValue::Long(value)) => {
            let (seconds, nanos) = instant(*precision, value);
            DefaultValue::Timestamp(seconds, nanos)
        }
        (TypeKind::Array(element), DefaultValue::List(items)) => {
            DefaultValue::List(items.into_iter().map(|item| logical(element, item)).collect::<Result<_, _>>()?)
        }
        (TypeKind::Map(pair), DefaultValue::Map(entries)) => {
            let entry = |(key, value)| Ok((logical(&pair.0, key)?, logical(&pair.1, value)?));
            DefaultValue::Map(entries.into_iter().map(entry).collect::<Result<_, ConversionError>>()?)
        }
        (TypeKind::Multiset(element), DefaultValue::Map(entries)) => {
            let entry = |(key, value)| Ok((logical(element, key)?, value));
            DefaultValue::Map(entries.into_iter().map(entry).collect::<Result<_, ConversionError>>()?)
        }
        (TypeKind::Union(branches), value) => match branches.first() {
            Some(first) => logical(&first.ty, value)?,
            None => value,
        },
        (_, value) => value,
    })
}

fn epoch_day(days: i64) -> Result<i64, ConversionError> {
    const RANGE: std::ops::RangeInclusive<i64> = -365_243_219_162..=365_241_780_471;
    if RANGE.contains(&days) {
        return Ok(days);
    }
    let (least, most) = (RANGE.start(), RANGE.end());
    Err(ConversionError::new(format!("Invalid value for EpochDay (valid values {least} - {most}): {days}")))
}

fn nano_of_day(value: i64, unit: i64) -> Result<u64, ConversionError> {
    let nanos = value.wrapping_mul(unit);
    match u64::try_from(nanos) {
        Ok(nanos) if nanos < NANOS_OF_DAY => Ok(nanos),
        _ => Err(ConversionError::new(format!("Invalid value for NanoOfDay (valid values 0 - {}): {nanos}", NANOS_OF_DAY - 1))),
    }
}

/// Seconds and nanoseconds of a value whose unit the precision names.
fn instant(precision: i32, value: i64) -> (i64, u32) {
    let unit = match precision {
        ..=3 => 1_000,
        4..=6 => 1_000_000,
        _ => 1_000_000_000,
    };
    let nanos = value.rem_euclid(unit) * (1_000_000_000 / unit);
    (value.div_euclid(unit), u32::try_from(nanos).unwrap_or(0))
}
