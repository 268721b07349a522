//! What format a file of a folder has: by its name, and for `.json` by what is in it.

use crate::cli::check::references::max_depth;
use crate::schema::json::{self, Object, ReadOptions, Value};
use crate::types::SchemaType;

/// Whether a name may be a schema's at all; for `.json` the text decides.
pub(super) fn may_be_schema(path: &str) -> bool {
    ["avsc", "proto", "json", "jsonschema"].contains(&extension(path).as_str())
}

fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase()
}

/// Whether nothing but what is in it can tell that it is a schema.
pub(super) fn is_any_json(path: &str) -> bool {
    extension(path) == "json" && !path.to_ascii_lowercase().ends_with(".schema.json")
}

/// The format of a text under a name; `None` for JSON that is no schema.
pub(in crate::cli) fn kind_of(path: &str, text: &str) -> Option<SchemaType> {
    match extension(path).as_str() {
        "avsc" => Some(SchemaType::Avro),
        "proto" => Some(SchemaType::Protobuf),
        "jsonschema" => Some(SchemaType::Json),
        "json" => of_json(path, text),
        _ => None,
    }
}

fn of_json(path: &str, text: &str) -> Option<SchemaType> {
    let promised = path.to_ascii_lowercase().ends_with(".schema.json").then_some(SchemaType::Json);
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: max_depth(SchemaType::Json) };
    let Ok(value) = json::read(text, options) else { return promised };
    let Some(object) = value.as_object() else { return promised };
    if is_avro(object) { Some(SchemaType::Avro) } else { promised.or_else(|| is_json_schema(object).then_some(SchemaType::Json)) }
}

/// A named type is what stands in files; its `type` is no type of JSON Schema.
fn is_avro(object: &Object) -> bool {
    let has = |key: &str, fits: fn(&Value) -> bool| object.get(key).is_some_and(fits);
    let named = has("name", |name| name.as_str().is_some());
    match object.get("type").and_then(Value::as_str) {
        Some("record" | "error") => named && has("fields", |fields| fields.as_array().is_some()),
        Some("enum") => named && has("symbols", |symbols| symbols.as_array().is_some()),
        Some("fixed") => named && has("size", |size| size.as_number().is_some()),
        _ => false,
    }
}

/// JSON that says so, or that has the keywords of schemas where they belong. `$schema` alone is no sign: editors read it in all
/// kinds of files.
fn is_json_schema(object: &Object) -> bool {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if let Some(dialect) = text("$schema") {
        return dialect.contains("json-schema.org/");
    }
    let is_object = |key: &str| object.get(key).is_some_and(|value| value.as_object().is_some());
    let typed =
        text("type").is_some_and(|name| ["object", "array", "string", "number", "integer", "boolean", "null"].contains(&name));
    let lists = ["allOf", "anyOf", "oneOf"].iter().any(|key| object.get(key).is_some_and(|value| value.as_array().is_some()));
    typed || lists || is_object("$defs") || (is_object("properties") && text("name").is_none()) || text("$ref").is_some()
}

#[cfg(test)]
mod tests {
    use super::kind_of;
    use crate::types::SchemaType::{Avro, Json, Protobuf};

    #[test]
    fn json_says_what_it_is() {
        let record = r#"{"type": "record", "name": "R", "fields": []}"#;
        for (path, text, kind) in [
            ("a.avsc", "not even JSON", Some(Avro)),
            ("A.PROTO", "", Some(Protobuf)),
            ("a.json", record, Some(Avro)),
            ("a.schema.json", record, Some(Avro)),
            ("a.schema.json", "{", Some(Json)),
            ("a.json", r#"{"type": "object"}"#, Some(Json)),
            ("a.json", r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#, Some(Json)),
            ("tsconfig.json", r#"{"$schema": "https://json.schemastore.org/tsconfig", "allOf": []}"#, None),
            ("package.json", r#"{"name": "x", "type": "module", "properties": {}}"#, None),
            ("a.json", "[1]", None),
            ("a.json", "{", None),
            ("data.avro", record, None),
            ("README", record, None),
        ] {
            assert_eq!(kind_of(path, text), kind, "{path} {text}");
        }
    }
}
