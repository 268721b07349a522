//! What a text calls its own, and what it needs from others.

use std::collections::HashSet;

use crate::cli::check::references::{imports, max_depth};
use crate::schema::json::{self, JsonKind, ReadOptions, Value};
use crate::schema::json_schema::uri;
use crate::types::SchemaType;

/// The names in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Full names of Avro types; the identifiers of a JSON Schema and of what is inside it.
    pub(super) own: Vec<String>,
    /// What is used, in the order of the text. Names that are the text's own are not among them.
    pub(super) needs: Vec<Need>,
}

/// A name that stands for something in another text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Need {
    /// What the reference to it is called: a full name, an import path, an address as it is written.
    pub(super) name: String,
    /// The name that it may also be found under: an Avro name without namespace, the whole address of a `$ref`.
    pub(super) otherwise: Option<String>,
}

/// The names of a text; none when it can't be read, which whoever parses it will say.
pub(super) fn names(schema_type: SchemaType, text: &str) -> Names {
    let read = |max_depth| json::read(text, ReadOptions { comments: false, replace_lone_surrogates: false, max_depth });
    let mut names = Names::default();
    match schema_type {
        SchemaType::Protobuf => {
            names.needs = imports(text).into_iter().map(|name| Need { name, otherwise: None }).collect();
        }
        SchemaType::Avro => {
            if let Ok(value) = read(max_depth(schema_type)) {
                avro(&value, "", &mut names);
            }
        }
        SchemaType::Json => {
            if let Ok(value) = read(max_depth(schema_type)) {
                json_schema(&value, "", &mut names);
            }
        }
    }
    let own: HashSet<&String> = names.own.iter().collect();
    let is_own = |need: &Need| own.contains(&need.name) || need.otherwise.as_ref().is_some_and(|name| own.contains(name));
    let mut seen = HashSet::new();
    let needs = names.needs.iter().filter(|need| !is_own(need) && seen.insert(*need)).cloned().collect();
    Names { needs, ..names }
}

const PRIMITIVE: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// The nesting is that of the text, which the reader has bounded.
fn avro(value: &Value, namespace: &str, names: &mut Names) {
    match &value.kind {
        JsonKind::String(name) => avro_use(name, namespace, names),
        JsonKind::Array(branches) => branches.iter().for_each(|branch| avro(branch, namespace, names)),
        JsonKind::Object(object) => {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            match object.get("type").map(|kind| &kind.kind) {
                Some(JsonKind::String(kind)) => match &**kind {
                    "record" | "error" | "enum" | "fixed" => {
                        let simple = text("name").unwrap_or_default();
                        let given = text("namespace");
                        let full =
                            if simple.contains('.') { simple.to_owned() } else { within(given.unwrap_or(namespace), simple) };
                        let inner = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
                        names.own.push(full);
                        for field in object.get("fields").and_then(Value::as_array).unwrap_or_default() {
                            if let Some(kind) = field.as_object().and_then(|field| field.get("type")) {
                                avro(kind, &inner, names);
                            }
                        }
                    }
                    "array" => object.get("items").into_iter().for_each(|items| avro(items, namespace, names)),
                    "map" => object.get("values").into_iter().for_each(|values| avro(values, namespace, names)),
                    other => avro_use(other, namespace, names),
                },
                Some(_) => object.get("type").into_iter().for_each(|kind| avro(kind, namespace, names)),
                None => {}
            }
        }
        _ => {}
    }
}

fn within(namespace: &str, simple: &str) -> String {
    if namespace.is_empty() { simple.to_owned() } else { format!("{namespace}.{simple}") }
}

fn avro_use(name: &str, namespace: &str, names: &mut Names) {
    if PRIMITIVE.contains(&name) {
        return;
    }
    let is_full = name.contains('.') || namespace.is_empty();
    let otherwise = (!is_full).then(|| name.to_owned());
    names.needs.push(Need { name: if is_full { name.to_owned() } else { within(namespace, name) }, otherwise });
}

/// Keywords that hold data, not schemas.
const DATA: [&str; 4] = ["const", "enum", "default", "examples"];

fn json_schema(value: &Value, base: &str, names: &mut Names) {
    match &value.kind {
        JsonKind::Array(items) => items.iter().for_each(|item| json_schema(item, base, names)),
        JsonKind::Object(object) => {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            let id = text("$id").or_else(|| text("id").filter(|id| id.contains("://")));
            let id = id.map(|id| uri::split_fragment(id).0).filter(|id| !id.is_empty());
            let base = id.map_or_else(|| base.to_owned(), |id| uri::resolve(base, id));
            if id.is_some() {
                names.own.push(base.clone());
            }
            if let Some(reference) = text("$ref") {
                let address = uri::split_fragment(reference).0;
                if !address.is_empty() {
                    let whole = uri::resolve(&base, address);
                    let otherwise = (whole != address).then_some(whole);
                    names.needs.push(Need { name: address.to_owned(), otherwise });
                }
            }
            for member in object.members().iter().filter(|member| !DATA.contains(&&*member.key)) {
                json_schema(&member.value, &base, names);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::types::SchemaType;

    fn needs(schema_type: SchemaType, text: &str) -> Vec<String> {
        names(schema_type, text).needs.into_iter().map(|need| need.name).collect()
    }

    #[test]
    fn an_avro_text_needs_the_types_that_it_does_not_define() {
        let text = r#"{"type": "record", "name": "a.R", "fields": [
            {"name": "x", "type": ["null", "E", {"type": "array", "items": "b.M"}]},
            {"name": "y", "type": {"type": "enum", "name": "E", "symbols": []}},
            {"name": "z", "type": {"type": "map", "values": {"type": "Other"}}},
            {"name": "r", "type": "R"}]}"#;
        assert_eq!(needs(SchemaType::Avro, text), ["b.M", "a.Other"]);
        assert_eq!(names(SchemaType::Avro, text).own, ["a.R", "a.E"]);
    }

    #[test]
    fn a_json_schema_needs_the_documents_that_it_refers_to() {
        let text = r##"{"$id": "https://x.example/order.json", "properties": {
            "a": {"$ref": "money.json#/$defs/m"}, "b": {"$ref": "#/x"}, "c": {"$ref": "https://x.example/in"},
            "d": {"const": {"$ref": "no.json"}}},
            "$defs": {"in": {"$id": "in"}}}"##;
        assert_eq!(needs(SchemaType::Json, text), ["money.json"]);
    }
}
