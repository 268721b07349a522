//! Default values that are written as texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::default_value::{BigDecimal, DefaultValue};
use super::error::ConversionError;
use super::java_time;
use super::model::TypeKind;

/// The value of a type that a text stands for, as Java reads it.
pub(crate) fn of_text(kind: &TypeKind, text: &str) -> Result<DefaultValue, ConversionError> {
    let not_a_number = || ConversionError::new(format!("For input string: \"{text}\""));
    let not_a_time = || ConversionError::new(format!("Text '{text}' could not be parsed at index 0"));
    let integer = |least: i64, most: i64| {
        let value = text.parse::<i64>().map_err(|_| not_a_number())?;
        let message = || ConversionError::new(format!("Value out of range. Value:\"{text}\" Radix:10"));
        if (least..=most).contains(&value) { Ok(value) } else { Err(message()) }
    };
    let small = |least: i64, most: i64| integer(least, most).map(|value| DefaultValue::Int(i32::try_from(value).unwrap_or(0)));
    Ok(match kind {
        TypeKind::Boolean => DefaultValue::Boolean(text.eq_ignore_ascii_case("true")),
        TypeKind::Tinyint => small(i64::from(i8::MIN), i64::from(i8::MAX))?,
        TypeKind::Smallint => small(i64::from(i16::MIN), i64::from(i16::MAX))?,
        TypeKind::Int => DefaultValue::Int(text.parse().map_err(|_| not_a_number())?),
        TypeKind::Bigint => DefaultValue::Long(text.parse().map_err(|_| not_a_number())?),
        TypeKind::Float => DefaultValue::Float(text.trim().parse().map_err(|_| not_a_number())?),
        TypeKind::Double => DefaultValue::Double(text.trim().parse().map_err(|_| not_a_number())?),
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Enum(_) => DefaultValue::Text(text.to_owned()),
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            DefaultValue::Bytes(STANDARD.decode(text).map_err(|_| ConversionError::new(format!("Illegal base64: {text}")))?)
        }
        TypeKind::Decimal { .. } => DefaultValue::Decimal(BigDecimal::parse(text).ok_or_else(not_a_number)?),
        TypeKind::Date => DefaultValue::Date(java_time::parse_date(text).ok_or_else(not_a_time)?),
        TypeKind::Time(_) => DefaultValue::Time(java_time::parse_time(text).ok_or_else(not_a_time)?),
        TypeKind::Timestamp(_) => {
            let (seconds, nanos) = java_time::parse_timestamp(text).ok_or_else(not_a_time)?;
            DefaultValue::Timestamp(seconds, nanos)
        }
        TypeKind::TimestampLtz(_) => {
            let (seconds, nanos) = java_time::parse_instant(text).ok_or_else(not_a_time)?;
            DefaultValue::Instant(seconds, nanos)
        }
        TypeKind::Union(branches) if !branches.is_empty() => match branches.first() {
            Some(first) => of_text(&first.ty.kind, text)?,
            None => DefaultValue::Null,
        },
        other => {
            let message = format!("Default values are not supported for type: {}", other.word());
            return Err(ConversionError::new(message));
        }
    })
}
