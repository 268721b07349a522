//! Scalars and well-known messages, and the default values that are written for them.

use super::meta::Meta;
use crate::schema::logical::default_value::DefaultValue;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{Kind, MAX_LENGTH};
use crate::schema::protobuf::model::{FieldType, Value, is_scalar};

/// Whether a field's type is a message or an enum.
pub(super) fn is_named(name: &str) -> bool {
    !is_scalar(name)
}

/// What a scalar is under the field's parameters; `None` for messages and enums.
pub(super) fn scalar(name: &str, meta: &Meta) -> Result<Option<Kind>, ConversionError> {
    Ok(Some(match name {
        "int32" | "sint32" | "sfixed32" => match meta.param("connect.type") {
            Some("int8") => Kind::Tinyint,
            Some("int16") => Kind::Smallint,
            _ => Kind::Int,
        },
        "uint32" | "fixed32" | "int64" | "uint64" | "sint64" | "fixed64" | "sfixed64" => Kind::Bigint,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bool" => Kind::Boolean,
        "string" => bounded(meta, Kind::Char, Kind::Varchar)?,
        "bytes" => bounded(meta, Kind::Binary, Kind::Varbinary)?,
        _ => return Ok(None),
    }))
}

fn bounded(meta: &Meta, fixed: fn(i32) -> Kind, varying: fn(i32) -> Kind) -> Result<Kind, ConversionError> {
    let least = integer(meta, "flink.minLength")?.unwrap_or(-1);
    let most = integer(meta, "flink.maxLength")?.unwrap_or(MAX_LENGTH);
    Ok(if least > 0 && least == most { fixed(most) } else { varying(most) })
}

fn integer(meta: &Meta, name: &str) -> Result<Option<i32>, ConversionError> {
    meta.integer(name).transpose().map_err(ConversionError::new)
}

/// Messages that stand for a type of columns.
pub(super) fn well_known(full: &str, meta: &Meta) -> Result<Option<Kind>, ConversionError> {
    let precision = || Ok::<_, ConversionError>(integer(meta, "flink.precision")?.unwrap_or(9));
    Ok(Some(match full {
        "confluent.type.Decimal" => {
            // what is no number counts as left out
            let param = |name, default| meta.integer(name).and_then(Result::ok).unwrap_or(default);
            Kind::Decimal { precision: param("precision", 10), scale: param("scale", 0) }
        }
        "google.type.Date" => Kind::Date,
        "google.type.TimeOfDay" => Kind::of_precision(Kind::Time, precision()?)?,
        "google.protobuf.Timestamp" if meta.param("flink.type") == Some("timestamp") => {
            Kind::of_precision(Kind::Timestamp, precision()?)?
        }
        "google.protobuf.Timestamp" => Kind::of_precision(Kind::TimestampLtz, precision()?)?,
        "confluent.type.Variant" => Kind::Variant,
        _ => return Ok(None),
    }))
}

/// Messages that are one value that may be null.
pub(super) fn wrapped(full: &str) -> Option<Kind> {
    Some(match full {
        "google.protobuf.DoubleValue" => Kind::Double,
        "google.protobuf.FloatValue" => Kind::Float,
        "google.protobuf.Int64Value" | "google.protobuf.UInt64Value" | "google.protobuf.UInt32Value" => Kind::Bigint,
        "google.protobuf.Int32Value" => Kind::Int,
        "google.protobuf.BoolValue" => Kind::Boolean,
        "google.protobuf.StringValue" => Kind::STRING,
        "google.protobuf.BytesValue" => Kind::BYTES,
        "confluent.type.Variant" => Kind::Variant,
        _ => return None,
    })
}

/// A default of proto2, as Java's library holds it.
pub(super) fn native_default(kind: &FieldType, value: &Value) -> Option<DefaultValue> {
    let text = value.as_text();
    Some(match kind.name()? {
        "bytes" => match value {
            Value::String(bytes) => DefaultValue::Bytes(bytes.to_vec()),
            _ => return None,
        },
        "bool" => DefaultValue::Boolean(text? == "true"),
        #[expect(clippy::cast_possible_truncation, reason = "the nearest float is meant")]
        "float" => DefaultValue::Float(double(text?)? as f32),
        "double" => DefaultValue::Double(double(text?)?),
        #[expect(clippy::cast_possible_truncation, reason = "Java has no unsigned numbers")]
        "int32" | "sint32" | "sfixed32" | "uint32" | "fixed32" => DefaultValue::Int(integer_of(text?)? as i32),
        "int64" | "sint64" | "sfixed64" | "uint64" | "fixed64" => DefaultValue::Long(integer_of(text?)?),
        _ => DefaultValue::Text(text?.to_owned()),
    })
}

fn double(text: &str) -> Option<f64> {
    match text {
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        "nan" | "-nan" => Some(f64::NAN),
        text => text.strip_suffix(['f', 'F']).unwrap_or(text).parse().ok(),
    }
}

/// An integer of at most 64 bits in any of the spellings of Protobuf; those without a sign wrap, as in Java.
fn integer_of(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let value = magnitude.cast_signed();
    Some(if negative { value.wrapping_neg() } else { value })
}

/// A default that is written as text, under its logical type.
pub(super) fn of_text(kind: &Kind, text: &str) -> Result<DefaultValue, ConversionError> {
    crate::schema::logical::default_text::of_text(kind, text)
}
