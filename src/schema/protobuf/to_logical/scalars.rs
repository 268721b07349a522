//! Scalars and well-known messages, and the default values that are written for them.

use super::meta::Meta;
use crate::schema::logical::default_value::DefaultValue;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{MAX_LENGTH, TypeKind};
use crate::schema::protobuf::model::{FieldType, OptionValue, is_scalar};

/// Whether a field's type is a message or an enum.
pub(super) fn is_named(name: &str) -> bool {
    !is_scalar(name)
}

/// What a scalar is under the field's parameters; `None` for messages and enums.
pub(super) fn scalar(name: &str, meta: &Meta) -> Result<Option<TypeKind>, ConversionError> {
    Ok(Some(match name {
        "int32" | "sint32" | "sfixed32" => match meta.param("connect.type") {
            Some("int8") => TypeKind::Tinyint,
            Some("int16") => TypeKind::Smallint,
            _ => TypeKind::Int,
        },
        "uint32" | "fixed32" | "int64" | "uint64" | "sint64" | "fixed64" | "sfixed64" => TypeKind::Bigint,
        "float" => TypeKind::Float,
        "double" => TypeKind::Double,
        "bool" => TypeKind::Boolean,
        "string" => bounded(meta, TypeKind::Char, TypeKind::Varchar)?,
        "bytes" => bounded(meta, TypeKind::Binary, TypeKind::Varbinary)?,
        _ => return Ok(None),
    }))
}

fn bounded(meta: &Meta, fixed: fn(i32) -> TypeKind, varying: fn(i32) -> TypeKind) -> Result<TypeKind, ConversionError> {
    let least = integer(meta, "flink.minLength")?.unwrap_or(-1);
    let most = integer(meta, "flink.maxLength")?.unwrap_or(MAX_LENGTH);
    Ok(if least > 0 && least == most { fixed(most) } else { varying(most) })
}

fn integer(meta: &Meta, name: &str) -> Result<Option<i32>, ConversionError> {
    meta.integer(name).transpose().map_err(ConversionError::new)
}

/// Messages that stand for a type of columns.
pub(super) fn well_known(full: &str, meta: &Meta) -> Result<Option<TypeKind>, ConversionError> {
    let precision = || Ok::<_, ConversionError>(integer(meta, "flink.precision")?.unwrap_or(9));
    Ok(Some(match full {
        "confluent.type.Decimal" => {
            // what is no number counts as left out
            let param = |name, default| meta.integer(name).and_then(Result::ok).unwrap_or(default);
            TypeKind::Decimal { precision: param("precision", 10), scale: param("scale", 0) }
        }
        "google.type.Date" => TypeKind::Date,
        "google.type.TimeOfDay" => TypeKind::of_precision(TypeKind::Time, precision()?)?,
        "google.protobuf.Timestamp" if meta.param("flink.type") == Some("timestamp") => {
            TypeKind::of_precision(TypeKind::Timestamp, precision()?)?
        }
        "google.protobuf.Timestamp" => TypeKind::of_precision(TypeKind::TimestampLtz, precision()?)?,
        "confluent.type.Variant" => TypeKind::Variant,
        _ => return Ok(None),
    }))
}

/// Messages that are one value that may be null.
pub(super) fn wrapped(full: &str) -> Option<TypeKind> {
    Some(match full {
        "google.protobuf.DoubleValue" => TypeKind::Double,
        "google.protobuf.FloatValue" => TypeKind::Float,
        "google.protobuf.Int64Value" | "google.protobuf.UInt64Value" | "google.protobuf.UInt32Value" => TypeKind::Bigint,
        "google.protobuf.Int32Value" => TypeKind::Int,
        "google.protobuf.BoolValue" => TypeKind::Boolean,
        "google.protobuf.StringValue" => TypeKind::STRING,
        "google.protobuf.BytesValue" => TypeKind::BYTES,
        "confluent.type.Variant" => TypeKind::Variant,
        _ => return None,
    })
}

/// A default of proto2, as Java's library holds it.
pub(super) fn native_default(kind: &FieldType, value: &OptionValue) -> Option<DefaultValue> {
    let text = value.as_text();
    Some(match kind.name()? {
        "bytes" => match value {
            OptionValue::String(bytes) => DefaultValue::Bytes(bytes.to_vec()),
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
pub(super) fn of_text(kind: &TypeKind, text: &str) -> Result<DefaultValue, ConversionError> {
    crate::schema::logical::default_text::of_text(kind, text)
}
