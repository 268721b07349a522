//! The text of a schema in a message: names and unknown properties first, then keywords.

use super::java_hash;
use crate::schema::json::{Kind, Member, Value, write_string};
use crate::schema::json_schema::dialect::{Dialect, is_data_keyword};
use crate::schema::json_schema::print::canonical;
use crate::schema::meter::{self, Exhausted};

/// Keywords that belong to the types of values.
const KEYWORDS: [&str; 36] = [
    "type",
    "enum",
    "const",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "$ref",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependencies",
    "items",
    "additionalItems",
    "contains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "prefixItems",
    "dependentRequired",
];

/// Longest text in a message.
const MAX_BYTES: usize = 64 << 10;

pub(super) fn describe(value: &Value, dialect: Dialect) -> Result<String, Exhausted> {
    let mut out = String::new();
    write(&mut out, value, dialect)?;
    if out.len() > MAX_BYTES {
        let end = (0..=MAX_BYTES).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
        out.truncate(end);
        out.push_str("...");
    }
    Ok(out)
}

/// Which members come first.
fn rank(member: &Member) -> usize {
    match &*member.key {
        "title" => 0,
        "description" => 1,
        "$id" | "id" => 2,
        key if !KEYWORDS.contains(&key) => 3,
        "enum" | "const" => 4,
        _ => 5,
    }
}

fn write(out: &mut String, value: &Value, dialect: Dialect) -> Result<(), Exhausted> {
    meter::charge(5)?;
    if out.len() > MAX_BYTES {
        return Ok(());
    }
    match &value.kind {
        Kind::Object(object) => {
            let mut members: Vec<&Member> = object.members().iter().collect();
            members.sort_by_key(|member| rank(member));
            out.push('{');
            for (at, member) in members.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_string(out, if &*member.key == "$id" { "id" } else { &member.key });
                out.push(':');
                match (&*member.key, &member.value.kind) {
                    ("enum", Kind::Array(values)) => list(out, java_hash::as_set(values, dialect)?.into_iter(), dialect)?,
                    (key, _) if is_data_keyword(key) => out.push_str(&canonical(&member.value).0),
                    _ => write(out, &member.value, dialect)?,
                }
            }
            out.push('}');
        }
        Kind::Array(items) => list(out, items.iter(), dialect)?,
        _ => out.push_str(&canonical(value).0),
    }
    Ok(())
}

fn list<'v>(out: &mut String, items: impl Iterator<Item = &'v Value>, dialect: Dialect) -> Result<(), Exhausted> {
    out.push('[');
    for (at, item) in items.enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        write(out, item, dialect)?;
    }
    out.push(']');
    Ok(())
}
