//! Numbers and strings.

use super::error;
use crate::schema::java_properties::{Props, java_text};
use crate::schema::json_schema::model::StringKeywords;
use crate::schema::json_schema::number::Decimal;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{MAX_LENGTH, TypeKind};

pub(super) fn number(integer: bool, props: Props<'_>) -> Result<TypeKind, ConversionError> {
    let Some(ty) = props.cast_text("connect.type")? else {
        return Ok(if integer { TypeKind::Bigint } else { TypeKind::Double });
    };
    let title = props.text("title");
    let precision = || Ok::<_, ConversionError>(props.integer("flink.precision")?.unwrap_or(3));
    Ok(match ty {
        "int8" => TypeKind::Tinyint,
        "int16" => TypeKind::Smallint,
        "int32" => match title {
            Some("org.apache.kafka.connect.data.Time") => TypeKind::of_precision(TypeKind::Time, precision()?)?,
            Some("org.apache.kafka.connect.data.Date") => TypeKind::Date,
            _ => TypeKind::Int,
        },
        "int64" if title == Some("org.apache.kafka.connect.data.Timestamp") => {
            TypeKind::of_precision(TypeKind::TimestampLtz, precision()?)?
        }
        "int64" if props.text("flink.type") == Some("timestamp") => TypeKind::of_precision(TypeKind::Timestamp, precision()?)?,
        "int64" => TypeKind::Bigint,
        "float32" => TypeKind::Float,
        "float64" => TypeKind::Double,
        "bytes" if title == Some("org.apache.kafka.connect.data.Decimal") => decimal(props)?,
        "bytes" => return error("Expected decimal type"),
        other => return error(format!("Unsupported type {other}")),
    })
}

fn decimal(props: Props<'_>) -> Result<TypeKind, ConversionError> {
    let parameters = props.get("connect.parameters").and_then(|value| value.as_object());
    let parameter = |name: &str, default| match parameters.and_then(|parameters| parameters.get(name)) {
        None => Ok(default),
        Some(value) => {
            let text = java_text(value);
            text.parse::<i32>().map_err(|_| ConversionError::new(format!("For input string: \"{text}\"")))
        }
    };
    Ok(TypeKind::Decimal { precision: parameter("connect.decimal.precision", 38)?, scale: parameter("scale", 18)? })
}

pub(super) fn string(string: &StringKeywords, props: Props<'_>) -> Result<TypeKind, ConversionError> {
    if props.cast_text("connect.type")? == Some("bytes") {
        let (least, most) = (props.integer("flink.minLength")?, props.integer("flink.maxLength")?);
        return Ok(match most {
            Some(most) if least == Some(most) => TypeKind::Binary(most),
            most => TypeKind::Varbinary(most.unwrap_or(MAX_LENGTH)),
        });
    }
    let length = |size: &Option<Decimal>| size.as_ref().map(Decimal::to_i32);
    Ok(match (length(&string.min_length), length(&string.max_length)) {
        (Some(least), Some(most)) if least == most => TypeKind::Char(most),
        (_, most) => TypeKind::Varchar(most.unwrap_or(MAX_LENGTH)),
    })
}
