//! What a schema declares: its properties, definitions and parts, by their JSON pointers. Other documents are named and not listed.

use super::print;
use crate::schema::json::{JsonKind, Object, Value};
use crate::schema::outline::{Declaration, DeclarationKind, NOWHERE, Outline, OutlineBuilder};
use crate::schema::pointer;

/// Keywords with one schema, with a list of schemas, and with schemas by name.
const ONE: [&str; 11] = [
    "items",
    "additionalItems",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
];
const SOME: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
const NAMED: [(&str, DeclarationKind); 5] = [
    ("properties", DeclarationKind::Property),
    ("patternProperties", DeclarationKind::Property),
    ("dependentSchemas", DeclarationKind::Part),
    ("definitions", DeclarationKind::Definition),
    ("$defs", DeclarationKind::Definition),
];
/// Shown as the type, or as a fact of each property.
const ELSEWHERE: [&str; 5] = ["type", "$ref", "required", "enum", "const"];

/// The nesting of the text is bounded, and so is the recursion along it; to be run where the stack is deep enough for it.
pub(super) fn outline(root: &Value) -> Outline {
    let mut out = OutlineBuilder::default();
    let name = root.as_object().and_then(|root| root.get("title")).and_then(Value::as_str).unwrap_or("");
    visit(
        &mut out,
        root,
        DeclarationContext { kind: DeclarationKind::Schema, parent: None, name, is_required: false },
        &mut String::new(),
    );
    out.finish()
}

#[derive(Clone, Copy)]
struct DeclarationContext<'v> {
    kind: DeclarationKind,
    parent: Option<usize>,
    name: &'v str,
    is_required: bool,
}

fn visit(out: &mut OutlineBuilder, value: &Value, place: DeclarationContext<'_>, path: &mut String) {
    if out.is_full() {
        return;
    }
    let DeclarationContext { kind, parent, name, is_required } = place;
    let mut facts = Vec::new();
    if is_required {
        facts.push(("required".to_owned(), "true".to_owned()));
    }
    let object = value.as_object();
    facts.extend(object.and_then(required_beside).map(|names| ("required".to_owned(), names)));
    facts.extend(object.into_iter().flat_map(facts_of));
    let own = Declaration {
        kind,
        parent,
        path: path.clone(),
        name: name.to_owned(),
        ty: type_text(value),
        facts,
        identities: Vec::new(),
        at: if parent.is_none() { NOWHERE } else { value.offset },
    };
    let Some(at) = out.add(own) else { return };
    let Some(object) = object else { return };
    let length = path.len();
    for (keyword, kind) in NAMED {
        for member in object.get(keyword).and_then(Value::as_object).map_or(&[][..], Object::members) {
            pointer::push(path, keyword);
            pointer::push(path, &member.key);
            let is_required = keyword == "properties" && is_required_by(object, &member.key);
            visit(out, &member.value, DeclarationContext { kind, parent: Some(at), name: &member.key, is_required }, path);
            path.truncate(length);
        }
    }
    for keyword in SOME {
        for (index, part) in object.get(keyword).and_then(Value::as_array).unwrap_or_default().iter().enumerate() {
            pointer::push(path, keyword);
            pointer::push(path, &index.to_string());
            let name = format!("{keyword}[{index}]");
            visit(
                out,
                part,
                DeclarationContext { kind: DeclarationKind::Part, parent: Some(at), name: &name, is_required: false },
                path,
            );
            path.truncate(length);
        }
    }
    for keyword in ONE {
        let Some(part) = object.get(keyword).filter(|part| part.as_object().is_some()) else { continue };
        pointer::push(path, keyword);
        visit(
            out,
            part,
            DeclarationContext { kind: DeclarationKind::Part, parent: Some(at), name: keyword, is_required: false },
            path,
        );
        path.truncate(length);
    }
}

fn is_required_by(object: &Object, name: &str) -> bool {
    let required = object.get("required").and_then(Value::as_array).unwrap_or_default();
    required.iter().any(|required| required.as_str() == Some(name))
}

/// What is required without being among the properties.
fn required_beside(object: &Object) -> Option<String> {
    let properties = object.get("properties").and_then(Value::as_object);
    let required = object.get("required").and_then(Value::as_array).unwrap_or_default().iter().filter_map(Value::as_str);
    let names: Vec<&str> = required.filter(|name| properties.is_none_or(|properties| properties.get(name).is_none())).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Every keyword that holds no schema.
fn facts_of(object: &Object) -> impl Iterator<Item = (String, String)> {
    let holds_schemas = |key: &str, value: &Value| {
        NAMED.iter().any(|(keyword, _)| *keyword == key)
            || SOME.contains(&key) && value.as_array().is_some()
            || ONE.contains(&key) && value.as_object().is_some()
    };
    let members = object.members().iter();
    members
        .filter(move |member| !ELSEWHERE.contains(&&*member.key) && !holds_schemas(&member.key, &member.value))
        .map(|member| (member.key.to_string(), text(&member.value)))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| print::canonical(value).0, str::to_owned)
}

fn type_text(value: &Value) -> String {
    let Some(object) = value.as_object() else { return text(value) };
    let list = |values: &[Value]| values.iter().map(text).collect::<Vec<_>>().join(" | ");
    let plain = match object.get("type").map(|ty| &ty.kind) {
        Some(JsonKind::String(word)) => word.to_string(),
        Some(JsonKind::Array(words)) => list(words),
        _ => String::new(),
    };
    let special = if let Some(target) = object.get("$ref").and_then(Value::as_str) {
        format!("→ {target}")
    } else if let Some(constant) = object.get("const") {
        format!("const {}", print::canonical(constant).0)
    } else if let Some(values) = object.get("enum").and_then(Value::as_array) {
        format!("enum [{}]", values.iter().map(|value| print::canonical(value).0).collect::<Vec<_>>().join(", "))
    } else {
        String::new()
    };
    [plain, special].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
