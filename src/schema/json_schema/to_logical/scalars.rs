//! Numbers and strings.

use super::error;
use crate::schema::java_properties::{Props, java_text};
use crate::schema::json_schema::model::StringKeywords;
use crate::schema::json_schema::number::Decimal;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{Kind, MAX_LENGTH};

pub(super) fn number(integer: bool, props: Props<'_>) -> Result<Kind, ConversionError> {
    let Some(ty) = props.cast_text("connect.type")? else {
        return Ok(if integer { Kind::Bigint } else { Kind::Double });
    };
    let title = props.text("title");
    let precision = || Ok::<_, ConversionError>(props.integer("flink.precision")?.unwrap_or(3));
    Ok(match ty {
        "int8" => Kind::Tinyint,
        "int16" => Kind::Smallint,
        "int32" => match title {
            Some("org.apache.kafka.connect.data.Time") => Kind::of_precision(Kind::Time, precision()?)?,
            Some("org.apache.kafka.connect.data.Date") => Kind::Date,
            _ => Kind::Int,
        },
        "int64" if title == Some("org.apache.kafka.connect.data.Timestamp") => {
            Kind::of_precision(Kind::TimestampLtz, precision()?)?
        }
        "int64" if props.text("flink.type") == Some("timestamp") => Kind::of_precision(Kind::Timestamp, precision()?)?,
        "int64" => Kind::Bigint,
        "float32" => Kind::Float,
        "float64" => Kind::Double,
        "bytes" if title == Some("org.apache.kafka.connect.data.Decimal") => decimal(props)?,
        "bytes" => return error("Expected decimal type"),
        other => return error(format!("Unsupported type {other}")),
    })
}

fn decimal(props: Props<'_>) -> Result<Kind, ConversionError> {
    let parameters = props.get("connect.parameters").and_then(|value| value.as_object());
    let parameter = |name: &str, default| match parameters.and_then(|parameters| parameters.get(name)) {
        None => Ok(default),
        Some(value) => {
            let text = java_text(value);
            text.parse::<i32>().map_err(|_| ConversionError::new(format!("For input string: \"{text}\"")))
        }
    };
    Ok(Kind::Decimal { precision: parameter("connect.decimal.precision", 38)?, scale: parameter("scale", 18)? })
}

pub(super) fn string(string: &StringKeywords, props: Props<'_>) -> Result<Kind, ConversionError> {
    if props.cast_text("connect.type")? == Some("bytes") {
        let (least, most) = (props.integer("flink.minLength")?, props.integer("flink.maxLength")?);
        return Ok(match most {
            Some(most) if least == Some(most) => Kind::Binary(most),
            most => Kind::Varbinary(most.unwrap_or(MAX_LENGTH)),
        });
    }
    let length = |size: &Option<Decimal>| size.as_ref().map(Decimal::to_i32);
    Ok(match (length(&string.min_length), length(&string.max_length)) {
        (Some(least), Some(most)) if least == most => Kind::Char(most),
        (_, most) => Kind::Varchar(most.unwrap_or(MAX_LENGTH)),
    })
}
