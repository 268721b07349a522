//! The fingerprint that names a schema in single-object encoding: CRC-64-AVRO over the Parsing Canonical Form.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::schema::avro::model::{Model, NodeId, NodeKind};

/// Rabin's polynomial, as the Avro specification gives it.
const EMPTY: u64 = 0xC15D_213A_A4D7_A795;

pub(super) fn of(model: &Model, root: NodeId) -> u64 {
    crc(canonical(model, root).as_bytes())
}

fn crc(bytes: &[u8]) -> u64 {
    let mut sum = EMPTY;
    for byte in bytes {
        sum ^= u64::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (EMPTY & (sum & 1).wrapping_neg());
        }
    }
    sum
}

/// What is still to be written.
enum CanonicalPiece<'m> {
    Text(&'static str),
    Name(&'m str),
    Type(NodeId),
}

/// The Parsing Canonical Form: full names, only what decoding needs, no blanks. The stack is explicit: types may be nested deep.
fn canonical(model: &Model, root: NodeId) -> String {
    let mut out = String::new();
    let mut known: HashSet<NodeId> = HashSet::new();
    let mut stack = vec![CanonicalPiece::Type(root)];
    while let Some(piece) = stack.pop() {
        let id = match piece {
            CanonicalPiece::Text(text) => {
                out.push_str(text);
                continue;
            }
            CanonicalPiece::Name(name) => {
                quote(&mut out, name);
                continue;
            }
            CanonicalPiece::Type(id) => model.first_definition(id),
        };
        let node = model.node(id);
        let name = node.named().map(|named| model.full_name(&named.name));
        if let Some(name) = &name
            && !known.insert(id)
        {
            quote(&mut out, name);
            continue;
        }
        let name = name.unwrap_or_default();
        match &node.kind {
            NodeKind::Primitive(primitive) => quote(&mut out, primitive.word()),
            NodeKind::Array(items) => {
                out.push_str(r#"{"type":"array","items":"#);
                stack.extend([CanonicalPiece::Text("}"), CanonicalPiece::Type(*items)]);
            }
            NodeKind::Map(values) => {
                out.push_str(r#"{"type":"map","values":"#);
                stack.extend([CanonicalPiece::Text("}"), CanonicalPiece::Type(*values)]);
            }
            NodeKind::Union(branches) => {
                out.push('[');
                stack.push(CanonicalPiece::Text("]"));
                for (at, branch) in branches.iter().enumerate().rev() {
                    stack.push(CanonicalPiece::Type(*branch));
                    if at > 0 {
                        stack.push(CanonicalPiece::Text(","));
                    }
                }
            }
            NodeKind::Enum(symbols) => {
                out.push_str(r#"{"name":"#);
                quote(&mut out, &name);
                out.push_str(r#","type":"enum","symbols":["#);
                for (at, symbol) in symbols.symbols.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quote(&mut out, symbol);
                }
                out.push_str("]}");
            }
            NodeKind::Fixed(fixed) => {
                out.push_str(r#"{"name":"#);
                quote(&mut out, &name);
                // a String takes everything
                let _ = write!(out, r#","type":"fixed","size":{}}}"#, fixed.size);
            }
            NodeKind::Record(record) => {
                out.push_str(r#"{"name":"#);
                quote(&mut out, &name);
                out.push_str(r#","type":"record","fields":["#);
                stack.push(CanonicalPiece::Text("]}"));
                for (at, field) in record.fields.iter().enumerate().rev() {
                    stack.extend([
                        CanonicalPiece::Text("}"),
                        CanonicalPiece::Type(field.ty),
                        CanonicalPiece::Text(r#","type":"#),
                        CanonicalPiece::Name(&field.name),
                    ]);
                    stack.push(CanonicalPiece::Text(if at > 0 { r#",{"name":"# } else { r#"{"name":"# }));
                }
            }
            NodeKind::Pending(name) => quote(&mut out, &model.full_name(name)),
        }
    }
    out
}

/// Only names and symbols that are not valid in new schemas need escapes.
fn quote(out: &mut String, text: &str) {
    crate::schema::json::write_string(out, text);
}
