//! Which logical types are valid where they stand (avro 1.5). Only normalization asks: an invalid one is an ordinary property and
//! never an error.

use super::model::{Model, Node, NodeId, NodeKind, Primitive};
use crate::schema::java_number as number;
use crate::schema::json::{Member, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logical {
    /// None, or one that does not fit.
    None,
    /// A valid decimal.
    Decimal { scale: i64 },
    /// Any other valid one.
    Other,
}

fn property<'a>(props: &'a [Member], key: &str) -> Option<&'a Value> {
    props.iter().find(|member| &*member.key == key).map(|member| &member.value)
}

pub(super) fn of(model: &Model, id: NodeId) -> Logical {
    let node = model.node(id);
    let Some(word) = property(&node.props, "logicalType").and_then(Value::as_str) else { return Logical::None };
    if word == "decimal" {
        return decimal(node).map_or(Logical::None, |scale| Logical::Decimal { scale });
    }
    let valid = match (&node.kind, word) {
        (NodeKind::Primitive(Primitive::Bytes), "big-decimal")
        | (NodeKind::Primitive(Primitive::String), "uuid")
        | (NodeKind::Primitive(Primitive::Int), "date" | "time-millis")
        | (
            NodeKind::Primitive(Primitive::Long),
            "time-micros"
            | "timestamp-millis"
            | "timestamp-micros"
            | "timestamp-nanos"
            | "local-timestamp-millis"
            | "local-timestamp-micros"
            | "local-timestamp-nanos",
        ) => true,
        (NodeKind::Fixed(fixed), "uuid") => fixed.size == 16,
        (NodeKind::Fixed(fixed), "duration") => fixed.size == 12,
        (NodeKind::Array(items), "map") => is_entry(model, *items),
        (NodeKind::Record(record), "variant") => {
            let bytes =
                |name: &str| record.fields.iter().any(|f| &*f.name == name && is_primitive(model, f.ty, Primitive::Bytes));
            record.fields.len() == 2 && bytes("metadata") && bytes("value")
        }
        _ => false,
    };
    if valid { Logical::Other } else { Logical::None }
}

fn is_primitive(model: &Model, id: NodeId, wanted: Primitive) -> bool {
    matches!(model.node(id).kind, NodeKind::Primitive(primitive) if primitive == wanted)
}

/// Confluent's `map`: an array of records of exactly `key` and `value`.
fn is_entry(model: &Model, id: NodeId) -> bool {
    match &model.node(id).kind {
        NodeKind::Record(record) => record.fields.iter().map(|field| &*field.name).eq(["key", "value"]),
        _ => false,
    }
}

fn decimal(node: &Node) -> Option<i64> {
    let integer = |key: &str| property(&node.props, key).map(|value| value.as_number().and_then(number::as_long));
    let precision = integer("precision")??;
    let scale = match integer("scale") {
        None => 0,
        Some(scale) => scale?,
    };
    let limit = match &node.kind {
        NodeKind::Primitive(Primitive::Bytes) => i64::from(i32::MAX),
        NodeKind::Fixed(fixed) => digits(fixed.size),
        _ => return None,
    };
    (precision > 0 && precision <= limit && (0..=precision).contains(&scale)).then_some(scale)
}

/// How many decimal digits a signed number of so many bytes always holds: floor(log10(2^(8n-1) - 1)).
fn digits(bytes: u32) -> i64 {
    if bytes == 0 {
        return 0;
    }
    // no power of two is a power of ten, so taking one off never crosses a digit
    #[expect(clippy::cast_possible_truncation, reason = "at most 5.2e9, and not negative")]
    let digits = ((f64::from(bytes) * 8.0 - 1.0) * std::f64::consts::LOG10_2).floor() as i64;
    digits
}
