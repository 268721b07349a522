//! What changed between two schemas, by meaning.

use accordant::compat::diff::changes;
use accordant::schema::{ParseMode, ParseOptions, Parsed};
use accordant::types::SchemaType;

fn parse(schema_type: SchemaType, text: &str) -> Parsed {
    Parsed::parse(schema_type, text, &[], &ParseOptions::new(ParseMode::Lookup, 60)).unwrap()
}

fn said(schema_type: SchemaType, old: &str, new: &str) -> Vec<String> {
    let found = changes(&parse(schema_type, old), &parse(schema_type, new));
    assert!(found.is_whole);
    found.changes.iter().map(ToString::to_string).collect()
}

fn avro(old: &str, new: &str) -> Vec<String> {
    let record = |fields: &str| format!(r#"{{"type":"record","name":"a.R","fields":[{fields}]}}"#);
    said(SchemaType::Avro, &record(old), &record(new))
}

fn proto(old: &str, new: &str) -> Vec<String> {
    let file = |body: &str| format!("syntax = \"proto3\";\npackage p;\n{body}\n");
    said(SchemaType::Protobuf, &file(old), &file(new))
}

fn json(old: &str, new: &str) -> Vec<String> {
    said(SchemaType::Json, old, new)
}

#[test]
fn layout_and_the_order_of_keys_are_no_changes() {
    assert_eq!(avro(r#"{"name":"x","type":"int"}"#, r#" { "type" : "int" , "name" : "x" } "#), Vec::<String>::new());
    assert_eq!(proto("message M { int32 a = 1; }", "// words\nmessage M {\n int32 a=1;}"), Vec::<String>::new());
    let [old, new] = [r#"{"properties":{"a":{"type":"string"},"b":{}}}"#, r#"{"properties":{"b":{},"a":{"type":"string"}}}"#];
    assert_eq!(json(old, new), Vec::<String>::new());
}

#[test]
fn fields_of_records_come_go_and_change() {
    let old = r#"{"name":"x","type":"int","doc":"d"},{"name":"y","type":["null","string"],"default":null}"#;
    let new = r#"{"name":"x","type":"long","default":0},{"name":"z","type":{"type":"array","items":"bytes"}}"#;
    assert_eq!(
        avro(old, new),
        [
            "field a.R.x: type changed from `int` to `long`",
            "field a.R.x: doc changed from `d` to nothing",
            "field a.R.x: default changed from nothing to `0`",
            "field a.R.y removed",
            "field a.R.z added",
        ]
    );
}

#[test]
fn an_alias_tells_that_a_field_has_another_name() {
    let said = avro(r#"{"name":"x","type":"int"}"#, r#"{"name":"y","type":"int","aliases":["x"]}"#);
    assert_eq!(said, ["field a.R.y renamed from a.R.x", "field a.R.y: aliases changed from nothing to `x`"]);
}

#[test]
fn a_type_that_is_gone_takes_its_parts_along() {
    let old = r#"{"name":"x","type":{"type":"enum","name":"E","symbols":["A","B"]}}"#;
    let said = avro(old, r#"{"name":"x","type":"string"}"#);
    assert_eq!(said, ["field a.R.x: type changed from `a.E` to `string`", "enum a.E removed, with the 2 declarations inside"]);
}

#[test]
fn the_root_is_the_same_type_whatever_it_is_called() {
    let [old, new] =
        ["A", "B"].map(|name| format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"x","type":"int"}}]}}"#));
    assert_eq!(said(SchemaType::Avro, &old, &new), ["record B renamed from A"]);
}

#[test]
fn symbols_in_another_order_are_told_once() {
    let symbols = |symbols: &str| format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]}}"#);
    let said = said(SchemaType::Avro, &symbols(r#""A","B","C""#), &symbols(r#""C","B","A","D""#));
    assert_eq!(said, ["enum E: same parts in another order", "symbol E.D added"]);
}

#[test]
fn a_message_field_is_known_by_its_number() {
    let said = proto("message M { int32 a = 1; string b = 2; }", "message M { int64 c = 1; string b = 2; bool d = 3; }");
    assert_eq!(
        said,
        ["field p.M.c renamed from p.M.a", "field p.M.c: type changed from `int32` to `int64`", "field p.M.d added"]
    );
}

#[test]
fn a_field_that_enters_a_oneof_is_the_same_field() {
    let said = proto("message M { int32 a = 1; }", "message M { oneof o { int32 a = 1; } }");
    assert_eq!(said, ["oneof p.M.o added", "field p.M.a: oneof changed from nothing to `o`"]);
}

#[test]
fn a_message_that_moves_keeps_its_fields() {
    let said = proto("message A { message B { int32 x = 1; } }", "message A {}\nmessage B { int32 x = 1; }");
    assert_eq!(said, ["message p.B moved from p.A.B"]);
}

#[test]
fn properties_are_compared_with_what_is_required_of_them() {
    let old = r#"{"type":"object","properties":{"a":{"type":"string","maxLength":5},"b":{"enum":[1]}},"required":["b"]}"#;
    let new = r#"{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"enum":[1,2]}},"required":["a"]}"#;
    assert_eq!(
        json(old, new),
        [
            "property /properties/a: type changed from `string` to `string | null`",
            "property /properties/a: maxLength changed from `5` to nothing",
            "property /properties/a: required changed from nothing to `true`",
            "property /properties/b: type changed from `enum [1]` to `enum [1, 2]`",
            "property /properties/b: required changed from `true` to nothing",
        ]
    );
}

#[test]
fn the_largest_schemas_are_compared_within_bounds() {
    let fields: Vec<String> = (0..30_000).map(|at| format!(r#"{{"name":"f{at}","type":"int"}}"#)).collect();
    let text = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","));
    let other = text.replace(r#""type":"int""#, r#""type":"long""#);
    let [old, new] = [text, other].map(|text| parse(SchemaType::Avro, &text));
    let found = changes(&old, &new);
    assert!(!found.is_whole);
    assert_eq!(found.changes.len(), 5_000);
}
