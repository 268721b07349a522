//! Default values. One that does not fit its type is no default.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Converter, ReachedNode};
use crate::schema::java_number::as_double;
use crate::schema::json::{JsonKind, Value};
use crate::schema::json_schema::model::NodeKind;
use crate::schema::logical::default_value::{BigDecimal, DefaultValue};
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::java_time;
use crate::schema::logical::model::{Type, TypeKind};
use crate::schema::meter;

impl Converter<'_> {
    /// The default that stands at what a property refers to in the end.
    pub(super) fn default_of(&self, seen: ReachedNode, ty: &Type) -> Result<Option<DefaultValue>, ConversionError> {
        let mut current = seen;
        for _ in 0..MAX_REFERENCES {
            let NodeKind::Ref(target) = self.node(current).kind else { break };
            meter::charge(1)?;
            current = ReachedNode::of(target);
        }
        Ok(self.props(current)?.get("default").and_then(|value| default_value(&ty.kind, value)))
    }
}

/// References that lead to one another.
const MAX_REFERENCES: usize = 1_000;

fn default_value(kind: &TypeKind, value: &Value) -> Option<DefaultValue> {
    let number = value.as_number();
    let text = value.as_str();
    let long = || number.map(long_of);
    #[expect(clippy::cast_possible_truncation, reason = "Java narrows like this")]
    Some(match kind {
        TypeKind::Boolean => DefaultValue::Boolean(value.as_bool()?),
        TypeKind::Tinyint => DefaultValue::Int(i32::from(long()? as i8)),
        TypeKind::Smallint => DefaultValue::Int(i32::from(long()? as i16)),
        TypeKind::Int => DefaultValue::Int(long()? as i32),
        TypeKind::Bigint => DefaultValue::Long(long()?),
        TypeKind::Float => DefaultValue::Float(as_double(number?) as f32),
        TypeKind::Double => DefaultValue::Double(as_double(number?)),
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Enum(_) => DefaultValue::Text(text?.to_owned()),
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => DefaultValue::Bytes(STANDARD.decode(text?).ok()?),
        TypeKind::Decimal { .. } => DefaultValue::Decimal(BigDecimal::parse(text.or(number)?)?),
        TypeKind::Date => DefaultValue::Date(java_time::parse_date(text?)?),
        TypeKind::Time(_) => DefaultValue::Time(java_time::parse_time(text?)?),
        TypeKind::Timestamp(_) => {
            let (seconds, nanos) = java_time::parse_timestamp(text?)?;
            DefaultValue::Timestamp(seconds, nanos)
        }
        TypeKind::TimestampLtz(_) => {
            let (seconds, nanos) = match &value.kind {
                JsonKind::Number(number) => {
                    let millis = long_of(number);
                    (millis.div_euclid(1_000), u32::try_from(millis.rem_euclid(1_000) * 1_000_000).ok()?)
                }
                _ => java_time::parse_instant(text?)?,
            };
            DefaultValue::Instant(seconds, nanos)
        }
        TypeKind::Union(branches) => return default_value(&branches.first()?.ty.kind, value),
        _ => return None,
    })
}

/// Java's `longValue`.
fn long_of(text: &str) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "Java narrows like this")]
    text.parse::<i64>().unwrap_or_else(|_| as_double(text) as i64)
}
