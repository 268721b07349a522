//! Data as values of expressions, back from them, and as JSON.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cel::{CelValue, EvaluationStop, MessageValue, duration as duration_of, print_timestamp, timestamp};
use crate::schema::json::{write_float, write_string};
use crate::schema::meter::{self, Exhausted};
use crate::schema::typed::{BytesForm, DataType, LeafKind, MAX_TYPE_DEPTH, Shapes, Typed, TypedRecord};

/// The value of some data. Recursion is bounded by the depth of data.
pub(super) fn value_of(shapes: &Arc<Shapes>, typed: &Typed) -> Result<CelValue, Exhausted> {
    meter::charge(1)?;
    let value = match typed {
        Typed::Null => CelValue::Null,
        Typed::Bool(value) => CelValue::Bool(*value),
        Typed::Int(value) => CelValue::Int(*value),
        Typed::Uint(value) => CelValue::Uint(*value),
        Typed::Double(value) => CelValue::Double(*value),
        Typed::String(text) => CelValue::string(text),
        Typed::Bytes(bytes) => CelValue::Bytes(bytes.as_slice().into()),
        Typed::Timestamp(micros) => CelValue::Timestamp(*micros),
        Typed::Duration(micros) => CelValue::Duration(*micros),
        Typed::Opaque(what, text) => CelValue::Opaque(what, Arc::clone(text)),
        Typed::List(items) => CelValue::list(items.iter().map(|item| value_of(shapes, item)).collect::<Result<_, _>>()?),
        Typed::Map(entries) => {
            let pair = |(key, value): &(Typed, Typed)| Ok::<_, Exhausted>((value_of(shapes, key)?, value_of(shapes, value)?));
            CelValue::Map(Arc::new(entries.iter().map(pair).collect::<Result<_, _>>()?))
        }
        Typed::Branch(_, inner) => return value_of(shapes, inner),
        Typed::Record(record) => record_value(shapes, record)?,
    };
    meter::reserve(value.weight())?;
    Ok(value)
}

fn record_value(shapes: &Arc<Shapes>, record: &TypedRecord) -> Result<CelValue, Exhausted> {
    let Some(shape) = shapes.records.get(record.shape) else { return Ok(CelValue::Null) };
    let values = record.values.iter().map(|value| value.as_ref().map(|value| value_of(shapes, value)).transpose());
    let values: Vec<Option<CelValue>> = values.collect::<Result<_, _>>()?;
    if shape.is_message {
        return Ok(CelValue::Message(Arc::new(MessageValue { shapes: Arc::clone(shapes), shape: record.shape, values })));
    }
    let fields = shape.fields.iter().zip(values).filter_map(|(field, value)| Some((CelValue::string(&field.name), value?)));
    let mut entries: Vec<(CelValue, CelValue)> = fields.collect();
    for (name, value) in &record.others {
        entries.push((CelValue::string(name), value_of(shapes, value)?));
    }
    Ok(CelValue::Map(Arc::new(entries)))
}

/// Why the result of a transform is no data of the schema.
#[derive(Debug)]
pub(super) enum Misfit {
    /// What, and where.
    Wrong(String),
    Exhausted,
}

impl From<Exhausted> for Misfit {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueSource {
    Cel,
    /// What JSON has no word for is a text there.
    Json,
}

/// Data of a type out of a value.
pub(super) fn typed_of(
    (shapes, source): (&Arc<Shapes>, ValueSource),
    ty: &DataType,
    value: &CelValue,
    path: &str,
    depth: usize,
) -> Result<Typed, Misfit> {
    meter::charge(1)?;
    let wrong = || {
        Misfit::Wrong(format!(
            "{}: {} does not fit the schema",
            if path.is_empty() { "the result" } else { path },
            value.type_name()
        ))
    };
    if depth > MAX_TYPE_DEPTH * 2 {
        return Err(wrong());
    }
    match (ty, value) {
        (_, CelValue::Opaque(what, text)) => Ok(Typed::Opaque(what, Arc::clone(text))),
        (DataType::Any, value) => any_of((shapes, source), value, path, depth),
        (DataType::Wrapper(_), CelValue::Null) => Ok(Typed::Null),
        (DataType::Leaf { kind, .. } | DataType::Wrapper(kind), value) => {
            leaf_of((shapes, source), *kind, value).ok_or_else(wrong)
        }
        (DataType::List(ty), CelValue::List(items)) => {
            let item = |(at, item): (usize, &CelValue)| typed_of((shapes, source), ty, item, &format!("{path}[{at}]"), depth + 1);
            Ok(Typed::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?))
        }
        (DataType::Map(ty), CelValue::Map(entries)) => {
            let mut made = Vec::new();
            for (key, value) in entries.iter() {
                let key = typed_of((shapes, source), &DataType::Any, key, path, depth + 1)?;
                made.push((key, typed_of((shapes, source), ty, value, path, depth + 1)?));
            }
            Ok(Typed::Map(made))
        }
        // the first branch that takes it, as clients do
        (DataType::Union(branches), value) => {
            for (at, branch) in branches.iter().enumerate() {
                match typed_of((shapes, source), branch, value, path, depth + 1) {
                    Ok(typed) => return Ok(Typed::Branch(at, Box::new(typed))),
                    Err(Misfit::Exhausted) => return Err(Misfit::Exhausted),
                    Err(Misfit::Wrong(_)) => {}
                }
            }
            Err(wrong())
        }
        (DataType::Record(at), CelValue::Map(entries)) => {
            let shape = shapes.records.get(*at).ok_or_else(wrong)?;
            let mut record = TypedRecord { shape: *at, values: vec![None; shape.fields.len()], others: Vec::new() };
            for (key, value) in entries.iter() {
                let CelValue::String(name) = key else { return Err(wrong()) };
                let inner = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                match shape.field(name) {
                    Some((place, field)) => {
                        let typed = typed_of((shapes, source), &field.ty, value, &inner, depth + 1)?;
                        if let Some(slot) = record.values.get_mut(place) {
                            *slot = Some(typed);
                        }
                    }
                    None if shape.is_open => {
                        record.others.push((name.to_string(), any_of((shapes, source), value, &inner, depth + 1)?));
                    }
                    None => return Err(Misfit::Wrong(format!("{inner}: the schema has no such field"))),
                }
            }
            Ok(Typed::Record(Box::new(record)))
        }
        (DataType::Record(at), CelValue::Message(message)) if message.shape == *at => {
            let shape = shapes.records.get(*at).ok_or_else(wrong)?;
            let field = |(field, value): (&crate::schema::typed::FieldShape, &Option<CelValue>)| {
                value.as_ref().map(|value| typed_of((shapes, source), &field.ty, value, &field.name, depth + 1)).transpose()
            };
            let values = shape.fields.iter().zip(&message.values).map(field).collect::<Result<_, _>>()?;
            Ok(Typed::Record(Box::new(TypedRecord { shape: *at, values, others: Vec::new() })))
        }
        _ => Err(wrong()),
    }
}

fn leaf_of((shapes, source): (&Arc<Shapes>, ValueSource), kind: LeafKind, value: &CelValue) -> Option<Typed> {
    Some(match (kind, value) {
        (LeafKind::Bytes, CelValue::String(text)) if source == ValueSource::Json => Typed::Bytes(match shapes.bytes {
            BytesForm::Characters => text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<_>>()?,
            BytesForm::Base64 => STANDARD.decode(text.as_bytes()).ok()?,
        }),
        (LeafKind::Timestamp, CelValue::String(text)) if source == ValueSource::Json => Typed::Timestamp(timestamp(text)?),
        (LeafKind::Duration, CelValue::String(text)) if source == ValueSource::Json => Typed::Duration(duration_of(text)?),
        (LeafKind::Opaque(what), value) if source == ValueSource::Json => {
            let typed = any_of((shapes, source), value, "", 0).ok()?;
            Typed::Opaque(what, json_of(shapes, &typed, super::report::MAX_SHOWN)?.into())
        }
        (LeafKind::Null, CelValue::Null) => Typed::Null,
        (LeafKind::Bool, CelValue::Bool(value)) => Typed::Bool(*value),
        (LeafKind::Int | LeafKind::Number, CelValue::Int(value)) => Typed::Int(*value),
        (LeafKind::Int, CelValue::Uint(value)) => Typed::Int(i64::try_from(*value).ok()?),
        (LeafKind::Uint, CelValue::Uint(value)) => Typed::Uint(*value),
        (LeafKind::Uint, CelValue::Int(value)) => Typed::Uint(u64::try_from(*value).ok()?),
        (LeafKind::Double | LeafKind::Number, CelValue::Double(value)) => Typed::Double(*value),
        #[expect(clippy::cast_precision_loss, reason = "as every client writes a whole number as double")]
        (LeafKind::Double, CelValue::Int(value)) => Typed::Double(*value as f64),
        (LeafKind::String, CelValue::String(text)) => Typed::String(text.to_string()),
        (LeafKind::Bytes, CelValue::Bytes(bytes)) => Typed::Bytes(bytes.to_vec()),
        (LeafKind::Timestamp, CelValue::Timestamp(micros)) => Typed::Timestamp(*micros),
        (LeafKind::Duration, CelValue::Duration(micros)) => Typed::Duration(*micros),
        _ => return None,
    })
}

fn any_of((shapes, source): (&Arc<Shapes>, ValueSource), value: &CelValue, path: &str, depth: usize) -> Result<Typed, Misfit> {
    let any = |value: &CelValue| typed_of((shapes, source), &DataType::Any, value, path, depth + 1);
    Ok(match value {
        CelValue::Null => Typed::Null,
        CelValue::Bool(value) => Typed::Bool(*value),
        CelValue::Int(value) => Typed::Int(*value),
        CelValue::Uint(value) => Typed::Uint(*value),
        CelValue::Double(value) => Typed::Double(*value),
        CelValue::String(text) => Typed::String(text.to_string()),
        CelValue::Bytes(bytes) => Typed::Bytes(bytes.to_vec()),
        CelValue::Timestamp(micros) => Typed::Timestamp(*micros),
        CelValue::Duration(micros) => Typed::Duration(*micros),
        CelValue::List(items) => Typed::List(items.iter().map(any).collect::<Result<_, _>>()?),
        CelValue::Map(entries) => {
            let pair = |(key, value): &(CelValue, CelValue)| Ok::<_, Misfit>((any(key)?, any(value)?));
            Typed::Map(entries.iter().map(pair).collect::<Result<_, _>>()?)
        }
        CelValue::Message(message) => typed_of((shapes, source), &DataType::Record(message.shape), value, path, depth + 1)?,
        CelValue::Type(_) | CelValue::Opaque(..) => {
            return Err(Misfit::Wrong(format!("{path}: {} is no data", value.type_name())));
        }
    })
}

/// Data as JSON; `None` when the text would be longer than `limit` bytes.
pub(super) fn json_of(shapes: &Shapes, typed: &Typed, limit: usize) -> Option<String> {
    let mut out = String::new();
    write(shapes, typed, &mut out, limit)?;
    Some(out)
}

fn write(shapes: &Shapes, typed: &Typed, out: &mut String, limit: usize) -> Option<()> {
    if out.len() > limit {
        return None;
    }
    match typed {
        Typed::Null => out.push_str("null"),
        Typed::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Typed::Int(value) => out.push_str(&value.to_string()),
        Typed::Uint(value) => out.push_str(&value.to_string()),
        Typed::Double(value) => write_float(out, *value),
        Typed::String(text) => write_string(out, text),
        Typed::Bytes(bytes) => match shapes.bytes {
            BytesForm::Characters => write_string(out, &bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
            BytesForm::Base64 => write_string(out, &STANDARD.encode(bytes)),
        },
        Typed::Timestamp(micros) => write_string(out, &print_timestamp(*micros)),
        Typed::Duration(micros) => write_string(out, &duration(*micros)),
        Typed::Opaque(_, text) => out.push_str(text),
        Typed::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(shapes, item, out, limit)?;
            }
            out.push(']');
        }
        Typed::Map(entries) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                match key {
                    Typed::String(text) => write_string(out, text),
                    other => write_string(out, &json_of(shapes, other, limit)?),
                }
                out.push(':');
                write(shapes, value, out, limit)?;
            }
            out.push('}');
        }
        Typed::Branch(_, inner) => write(shapes, inner, out, limit)?,
        Typed::Record(record) => {
            let fields = shapes.records.get(record.shape).map_or(&[][..], |shape| &shape.fields);
            let known = fields.iter().zip(&record.values).filter_map(|(field, value)| Some((&field.name, value.as_ref()?)));
            let others = record.others.iter().map(|(name, value)| (name, value));
            out.push('{');
            for (at, (name, value)) in known.chain(others).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(out, name);
                out.push(':');
                write(shapes, value, out, limit)?;
            }
            out.push('}');
        }
    }
    (out.len() <= limit).then_some(())
}

/// As `ProtoJSON` writes it.
fn duration(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    if rest == 0 { format!("{sign}{seconds}s") } else { format!("{sign}{seconds}.{rest:06}s") }
}

/// A value as JSON, for reports; `None` where it has none or is too long.
pub(super) fn json_of_value(shapes: &Arc<Shapes>, value: &CelValue, limit: usize) -> Result<Option<String>, EvaluationStop> {
    match any_of((shapes, ValueSource::Cel), value, "", 0) {
        Ok(typed) => Ok(json_of(shapes, &typed, limit)),
        Err(Misfit::Exhausted) => Err(EvaluationStop::Exhausted),
        Err(Misfit::Wrong(_)) => Ok(match value {
            CelValue::Opaque(_, text) if text.len() <= limit => Some(text.to_string()),
            _ => None,
        }),
    }
}

/// The shapes of data whose fields nothing is known about.
pub fn opened(shapes: &Shapes) -> Shapes {
    Shapes { bytes: shapes.bytes, ..Shapes::default() }
}

/// Data without its types.
///
/// # Errors
/// The request has spent what it may spend.
pub fn open(shapes: &Arc<Shapes>, typed: &Typed) -> Result<Typed, Exhausted> {
    let open = |value: &Typed| open(shapes, value);
    meter::charge(1)?;
    Ok(match typed {
        Typed::Branch(_, inner) => return open(inner),
        Typed::List(items) => Typed::List(items.iter().map(open).collect::<Result<_, _>>()?),
        Typed::Map(entries) => {
            let pair = |(key, value): &(Typed, Typed)| Ok::<_, Exhausted>((open(key)?, open(value)?));
            Typed::Map(entries.iter().map(pair).collect::<Result<_, _>>()?)
        }
        Typed::Record(record) => {
            let fields = shapes.records.get(record.shape).map_or(&[][..], |shape| &shape.fields);
            let known = fields.iter().zip(&record.values).filter_map(|(field, value)| Some((&field.name, value.as_ref()?)));
            let others = record.others.iter().map(|(name, value)| (name, value));
            let pair = |(name, value): (&String, &Typed)| Ok::<_, Exhausted>((Typed::String(name.clone()), open(value)?));
            Typed::Map(known.chain(others).map(pair).collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// Data as JSON; `None` when the text would be too long.
pub fn print(shapes: &Shapes, typed: &Typed) -> Option<String> {
    json_of(shapes, typed, super::report::MAX_DATA)
}
