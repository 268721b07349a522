//! What an incompatibility means in plain words: who fails on which data, and what would help.

use super::incompatibility::{Incompatibility, IncompatibilityType};
use crate::schema::avro::model::{Model, NodeId, NodeKind, Primitive};
use crate::schema::format::Direction;
use crate::schema::json::write_string;

pub(super) struct Sentences {
    pub(super) explanation: String,
    pub(super) remedy: String,
    pub(super) counter_example: Option<String>,
}

/// Longest sample value and longest quote in a sentence, in characters.
const SAMPLE: usize = 200;

/// The remedy is always something that the author of the candidate can do, whichever side it is on.
pub(super) fn explain(incompatibility: &Incompatibility, models: (&Model, &Model), direction: Direction) -> Sentences {
    let (r, w) = (direction.reader(), direction.writer());
    let place = quote(if incompatibility.path == "/" { "the root" } else { &incompatibility.path });
    let (reader, writer) = (models.0.node(incompatibility.reader), models.1.node(incompatibility.writer));
    let (rt, wt) = (reader.type_name().to_lowercase(), writer.type_name().to_lowercase());
    let candidate_reads = direction == Direction::Backward;
    let info = quote(&incompatibility.info);
    let (explanation, remedy) = match incompatibility.kind {
        IncompatibilityType::TypeMismatch => (
            format!(
                "A reader with the {r} schema expects {rt} at {place} and fails on data of the {w} schema, which has {wt} there."
            ),
            if candidate_reads {
                format!("Keep {wt}, or use a type that reads it, such as a union with {wt} as a branch.")
            } else {
                format!("Keep {rt}, or a type that {rt} can be read from.")
            },
        ),
        IncompatibilityType::NameMismatch => {
            let (ours, theirs) = (name(models.0, incompatibility.reader), name(models.1, incompatibility.writer));
            (
                format!(
                    "A reader with the {r} schema knows the type at {place} as {ours} and fails on data of the {w} schema, which calls it {theirs}."
                ),
                if candidate_reads {
                    format!("Add \"{theirs}\" to the aliases of {ours}, or keep the name.")
                } else {
                    format!("Keep the name {ours}: aliases help a new reader only.")
                },
            )
        }
        IncompatibilityType::FixedSizeMismatch => (
            format!("A reader with the {r} schema fails on every value of the {w} schema at {place}: the sizes differ ({info})."),
            "Keep the size, or add a fixed type of another name.".to_owned(),
        ),
        IncompatibilityType::MissingEnumSymbols => (
            format!("A reader with the {r} schema fails when data of the {w} schema has one of the symbols {info} at {place}."),
            if candidate_reads {
                "Keep the symbols, or give the enum a \"default\" symbol to read unknown ones as.".to_owned()
            } else {
                "Leave the new symbols out until readers have an enum \"default\".".to_owned()
            },
        ),
        IncompatibilityType::MissingUnionBranch => (
            format!(
                "A reader with the {r} schema has no branch for {wt} at {place} and fails when data of the {w} schema has one there."
            ),
            if candidate_reads {
                format!("Keep a branch that reads {wt}.")
            } else {
                format!("Leave {wt} out of the union until readers know it.")
            },
        ),
        IncompatibilityType::ReaderFieldMissingDefaultValue => (
            format!(
                "A reader with the {r} schema fails on all data of the {w} schema: it has no field \"{info}\", and the reader has no default for it."
            ),
            if candidate_reads { format!("Give the field \"{info}\" a default.") } else { format!("Keep the field \"{info}\".") },
        ),
        IncompatibilityType::AmbiguousField => (
            format!(
                "A reader with the {r} schema can't tell which field of the {w} schema to read at {place}: its name and aliases name several."
            ),
            "Remove the alias that names another existing field.".to_owned(),
        ),
    };
    Sentences { explanation, remedy, counter_example: counter_example(incompatibility, models) }
}

fn name(model: &Model, id: NodeId) -> String {
    quote(&model.branch_name(id))
}

/// A text, cut to a length that a sentence can hold.
fn quote(text: &str) -> String {
    match text.char_indices().nth(SAMPLE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// A value that the writer may write there, if there is a short one.
fn counter_example(incompatibility: &Incompatibility, models: (&Model, &Model)) -> Option<String> {
    let writer = models.1;
    match (incompatibility.kind, &models.0.node(incompatibility.reader).kind, &writer.node(incompatibility.writer).kind) {
        (IncompatibilityType::AmbiguousField | IncompatibilityType::NameMismatch, ..) => None,
        (IncompatibilityType::MissingEnumSymbols, NodeKind::Enum(reader), NodeKind::Enum(writer)) => {
            let symbol = writer.symbols.iter().enumerate().find(|(at, symbol)| !reader.has(symbol, *at));
            symbol.filter(|(_, symbol)| symbol.len() <= SAMPLE).map(|(_, symbol)| quoted(symbol))
        }
        _ => {
            let mut out = String::new();
            sample(writer, incompatibility.writer, 4, &mut out).then_some(out)
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(&mut out, text);
    out
}

/// Appends a value of a type in Avro's JSON encoding; false when it would not be short.
fn sample(model: &Model, id: NodeId, depth: usize, out: &mut String) -> bool {
    if depth == 0 || out.len() > SAMPLE {
        return false;
    }
    match &model.node(id).kind {
        NodeKind::Primitive(primitive) => out.push_str(match primitive {
            Primitive::Null => "null",
            Primitive::Boolean => "true",
            Primitive::Int => "1",
            Primitive::Long => "4294967296",
            Primitive::Float | Primitive::Double => "0.5",
            Primitive::Bytes => "\"\\u00FF\"",
            Primitive::String => "\"x\"",
        }),
        NodeKind::Array(_) => out.push_str("[]"),
        NodeKind::Map(_) => out.push_str("{}"),
        NodeKind::Fixed(fixed) => {
            let Some(size) = usize::try_from(fixed.size).ok().filter(|size| *size <= 16) else { return false };
            out.push_str(&quoted(&"0".repeat(size)));
        }
        NodeKind::Enum(e) => match e.symbols.first() {
            Some(symbol) if symbol.len() <= SAMPLE => out.push_str(&quoted(symbol)),
            _ => return false,
        },
        NodeKind::Union(branches) => return branches.first().is_some_and(|branch| tagged(model, *branch, depth, out)),
        NodeKind::Record(record) => {
            if record.fields.len() > 8 || record.fields.iter().any(|field| field.name.len() > SAMPLE) {
                return false;
            }
            out.push('{');
            for (at, field) in record.fields.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(out, &field.name);
                out.push(':');
                if !sample(model, field.ty, depth - 1, out) {
                    return false;
                }
            }
            out.push('}');
        }
        NodeKind::Pending(_) => return false,
    }
    out.len() <= SAMPLE
}

/// A branch's value wrapped in the branch's name, as a union has it.
fn tagged(model: &Model, branch: NodeId, depth: usize, out: &mut String) -> bool {
    if matches!(model.node(branch).kind, NodeKind::Primitive(Primitive::Null)) {
        out.push_str("null");
        return true;
    }
    out.push('{');
    write_string(out, &quote(&model.branch_name(branch)));
    out.push(':');
    let short = sample(model, branch, depth - 1, out);
    out.push('}');
    short
}
