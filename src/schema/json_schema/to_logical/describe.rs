//! The text of a schema in a message, as Confluent's loader of JSON Schema prints what it made of it.

use super::java_hash;
use crate::schema::json::{JsonKind, Member, Value, write_string};
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

/// Which members come first where a schema speaks of several types of values, or of none.
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

/// The members of a schema that speaks of one type of values, in the order in which Confluent's loader prints them: some keywords,
/// what any schema may have (`""`), the other keywords.
const PRINTED: [&[&str]; 7] = [
    &["type", "minLength", "maxLength", "pattern", "format", ""],
    &["type", "minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum", ""],
    &["type", "uniqueItems", "minItems", "maxItems", "", "items", "additionalItems", "contains"],
    &[
        "type",
        "minProperties",
        "maxProperties",
        "dependencies",
        "",
        "required",
        "propertyNames",
        "additionalProperties",
        "patternProperties",
        "properties",
    ],
    &["type", ""],
    &["", "type"],
    &["$ref", ""],
];

/// The order for the members of a schema; none where it speaks of several types.
fn order(members: &[Member]) -> Option<&'static [&'static str]> {
    let mut named = None;
    for member in members.iter().filter(|member| KEYWORDS.contains(&&*member.key)) {
        let row = match (&*member.key, member.value.as_str()) {
            ("type", Some("string")) => 0,
            ("type", Some("number" | "integer")) => 1,
            ("type", Some("array")) => 2,
            ("type", Some("object")) => 3,
            ("type", Some("null")) => 4,
            ("type", Some("boolean")) => 5,
            ("$ref", _) => 6,
            ("type", _) => return None,
            (key, _) => PRINTED.iter().position(|row| row.contains(&key))?,
        };
        if named.is_some_and(|named| named != row) {
            return None;
        }
        named = Some(row);
    }
    named.and_then(|row| PRINTED.get(row).copied())
}

/// The formats that Confluent's loader knows: those of draft-04, what draft-06 adds, and draft-07.
const FORMATS: [&[&str]; 3] = [
    &["date-time", "email", "hostname", "ipv4", "ipv6", "uri"],
    &["uri-reference", "uri-template", "json-pointer"],
    &["date", "time", "relative-json-pointer", "regex"],
];

/// Keywords that say what holds without them, and unknown formats, are not printed.
fn is_silent(member: &Member, dialect: Dialect) -> bool {
    match &*member.key {
        "additionalProperties" | "additionalItems" => matches!(member.value.kind, JsonKind::Bool(true)),
        "uniqueItems" => matches!(member.value.kind, JsonKind::Bool(false)),
        "properties" | "patternProperties" | "dependencies" | "required" => match &member.value.kind {
            JsonKind::Object(object) => object.members().is_empty(),
            JsonKind::Array(items) => items.is_empty(),
            _ => false,
        },
        "format" => {
            let known = match dialect {
                Dialect::Draft4 => 1,
                Dialect::Draft6 => 2,
                _ => FORMATS.len(),
            };
            member.value.as_str().is_some_and(|name| !FORMATS.iter().take(known).any(|formats| formats.contains(&name)))
        }
        _ => false,
    }
}

/// The members of a schema that are printed, in order.
fn printed(members: &[Member], dialect: Dialect) -> Vec<&Member> {
    let Some(order) = order(members).filter(|_| !dialect.is_modern()) else {
        let is_told = |member: &&Member| &*member.key != "$schema" || !dialect.is_modern();
        let mut members: Vec<&Member> = members.iter().filter(is_told).collect();
        members.sort_by_key(|member| rank(member));
        return members;
    };
    let place = |key: &str| order.iter().position(|printed| *printed == key);
    let annotations = place("").unwrap_or(order.len());
    // `false` stands with the keywords that are printed first
    let is_closed = |member: &Member| matches!(member.value.kind, JsonKind::Bool(false)) && member.key.starts_with("additional");
    let mut members: Vec<&Member> = members.iter().filter(|member| !is_silent(member, dialect)).collect();
    members.sort_by_key(|member| match place(&member.key) {
        Some(_) if is_closed(member) => (annotations, 0),
        Some(place) => (place, 1),
        None => (
            annotations,
            match &*member.key {
                "title" => 1,
                "description" => 2,
                "default" => 3,
                "readOnly" => 4,
                "writeOnly" => 5,
                "$id" | "id" => 6,
                _ => 7,
            },
        ),
    });
    members
}

fn write(out: &mut String, value: &Value, dialect: Dialect) -> Result<(), Exhausted> {
    meter::charge(5)?;
    if out.len() > MAX_BYTES {
        return Ok(());
    }
    match &value.kind {
        JsonKind::Object(object) => {
            out.push('{');
            for (at, member) in printed(object.members(), dialect).into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_string(out, if &*member.key == "$id" { "id" } else { &member.key });
                out.push(':');
                match (&*member.key, &member.value.kind) {
                    ("enum", JsonKind::Array(values)) => list(out, java_hash::as_set(values, dialect)?.into_iter(), dialect)?,
                    (key, _) if is_data_keyword(key) => out.push_str(&canonical(&member.value).0),
                    _ => write(out, &member.value, dialect)?,
                }
            }
            out.push('}');
        }
        JsonKind::Array(items) => list(out, items.iter(), dialect)?,
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
