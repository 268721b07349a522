//! Values as JSON: Avro's JSON encoding, or plain JSON.

use std::fmt::Write as _;

use super::datum::Datum;
use super::json::UnionEncoding;
use crate::schema::avro::model::{Model, NodeId, NodeKind};
use crate::schema::json::{write_float, write_string};
use crate::schema::payload::{DataFault, FaultKind};

/// Writes a value. Recursion is bounded by the depth of data.
///
/// # Errors
/// The text is longer than `limit` bytes.
pub(super) fn write(
    model: &Model,
    root: NodeId,
    datum: &Datum<'_>,
    unions: UnionEncoding,
    limit: usize,
) -> Result<String, DataFault> {
    let mut writer = JsonWriter { model, unions, limit, out: String::new() };
    writer.datum(root, datum)?;
    Ok(writer.out)
}

struct JsonWriter<'a> {
    model: &'a Model,
    unions: UnionEncoding,
    limit: usize,
    out: String,
}

impl JsonWriter<'_> {
    fn datum(&mut self, id: NodeId, datum: &Datum<'_>) -> Result<(), DataFault> {
        if self.out.len() > self.limit {
            return Err(DataFault::new(FaultKind::Memory, "", format!("the data takes more than {} bytes as JSON", self.limit)));
        }
        let kind = &self.model.node(id).kind;
        match (datum, kind) {
            (Datum::Null, _) => self.out.push_str("null"),
            (Datum::Boolean(value), _) => self.out.push_str(if *value { "true" } else { "false" }),
            (Datum::Int(value), _) => self.display(value),
            (Datum::Long(value), _) => self.display(value),
            (Datum::Float(value), _) => write_float(&mut self.out, *value),
            (Datum::Double(value), _) => write_float(&mut self.out, *value),
            (Datum::Bytes(bytes) | Datum::Fixed(bytes), _) => {
                let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                write_string(&mut self.out, &text);
            }
            (Datum::String(text), _) => write_string(&mut self.out, text),
            (Datum::Enum(symbol), NodeKind::Enum(symbols)) => {
                write_string(&mut self.out, symbols.symbols.get(*symbol as usize).map_or("", |symbol| symbol));
            }
            (Datum::Union(at, value), NodeKind::Union(branches)) => {
                let branch = branches.get(*at as usize).copied().unwrap_or(id);
                if self.unions == UnionEncoding::Plain || **value == Datum::Null {
                    return self.datum(branch, value);
                }
                self.out.push('{');
                write_string(&mut self.out, &self.model.branch_name(branch));
                self.out.push(':');
                self.datum(branch, value)?;
                self.out.push('}');
            }
            (Datum::Record(values), NodeKind::Record(record)) => {
                self.out.push('{');
                for (at, (field, value)) in record.fields.iter().zip(values).enumerate() {
                    self.key(at, &field.name);
                    self.datum(field.ty, value)?;
                }
                self.out.push('}');
            }
            (Datum::Array(values), NodeKind::Array(items)) => {
                self.out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.datum(*items, value)?;
                }
                self.out.push(']');
            }
            (Datum::Map(entries), NodeKind::Map(values)) => {
                self.out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    self.key(at, key);
                    self.datum(*values, value)?;
                }
                self.out.push('}');
            }
            // values are made by the same schema that they are written by
            (Datum::Enum(_) | Datum::Union(..) | Datum::Record(_) | Datum::Array(_) | Datum::Map(_), _) => {
                self.out.push_str("null");
            }
        }
        Ok(())
    }

    fn key(&mut self, at: usize, key: &str) {
        if at > 0 {
            self.out.push(',');
        }
        write_string(&mut self.out, key);
        self.out.push(':');
    }

    fn display(&mut self, value: impl std::fmt::Display) {
        // a String takes everything
        let _ = write!(self.out, "{value}");
    }
}
