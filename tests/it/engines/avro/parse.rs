//! What is accepted, and why the rest is not.

use accordant::schema::Format as _;
use accordant::schema::{ParseMode, Stage};

use super::{lax, read, record, refusal, strict};

#[test]
fn refusals_have_the_texts_of_confluent() {
    let table = [
        ("3.5", "Schema not yet supported: 3.5"),
        ("\n\t ", "Cannot parse <null> schema"),
        (r#""int" "int""#, r#"dangling content after end of schema: "int""#),
        (r#"{"doc":"x"}"#, r#"No type: {"doc":"x"}"#),
        (r#"{"type":{"type":"long"}}"#, r#"No type: {"type":{"type":"long"}}"#),
        (r#"{"type":["int"]}"#, r#"No type: {"type":["int"]}"#),
        (r#"{"type":"record","fields":[]}"#, r#"No name in schema: {"type":"record","fields":[]}"#),
        (r#"{"type":"record","name":"P.","fields":[]}"#, "Empty name"),
        (r#"{"type":"record","name":"9P","fields":[]}"#, "Illegal initial character: 9P"),
        (r#"{"type":"record","name":"P#","fields":[]}"#, "Illegal character in: P#"),
        (r#"{"type":"record","name":"P","fields":null}"#, r#"Record has no fields: {"type":"record","name":"P","fields":null}"#),
        (r#"{"type":"fixed","name":"x.9y.P","size":1}"#, r#"Namespace part "9y" is invalid: Illegal initial character: 9y"#),
        (r#"{"type":"fixed","name":"x..P","size":1}"#, r#"Namespace part "" is invalid: Empty name"#),
        (r#"{"type":"fixed","name":"long","size":1}"#, "Schemas may not be named after primitives: long"),
        (r#"{"type":"fixed","name":"P","size":-4}"#, "Malformed data. Length is negative: -4"),
        (r#"{"type":"fixed","name":"P","size":2147483640}"#, "Cannot read arrays longer than 2147483639 bytes in Java library"),
        (r#"{"type":"fixed","name":"P","size":"4"}"#, r#"Invalid or no size: {"type":"fixed","name":"P","size":"4"}"#),
        (r#"{"type":"fixed","name":"P","size":1,"aliases":["Q-"]}"#, "Illegal character in: Q-"),
        (
            r#"{"type":"fixed","name":"P","size":1,"aliases":null}"#,
            r#"aliases not an array: {"type":"fixed","name":"P","size":1,"aliases":null}"#,
        ),
        (r#"{"type":"fixed","name":"P","size":1,"aliases":[{}]}"#, "alias not a string: {}"),
        (r#"{"type":"enum","name":"P","symbols":{}}"#, r#"Enum has no symbols: {"type":"enum","name":"P","symbols":{}}"#),
        (r#"{"type":"enum","name":"P","symbols":["U","V","U"]}"#, "Duplicate enum symbol: U"),
        (r#"{"type":"enum","name":"P","symbols":["U",null]}"#, "Null name"),
        (
            r#"{"type":"enum","name":"P","symbols":["U","V"],"default":"W"}"#,
            "The Enum Default: W is not in the enum symbol set: [U, V]",
        ),
        (r#"{"type":"array"}"#, r#"Array has no items type: {"type":"array"}"#),
        (r#"{"type":"map","value":"int"}"#, r#"Map has no values type: {"type":"map","value":"int"}"#),
        (r#"["int",{"type":"map","values":"int"},["long"]]"#, r#"Nested union: ["int",{"type":"map","values":"int"},["long"]]"#),
        (r#"["int",{"type":"int","logicalType":"date"}]"#, "Duplicate in union:int"),
        (r#"[{"type":"map","values":"int"},{"type":"map","values":"long"}]"#, "Duplicate in union:map"),
        (r#"["Later","Later",{"type":"fixed","name":"Later","size":1}]"#, "Duplicate in union:Later"),
        (r#""Nobody""#, "Undefined schema: Nobody"),
        (r#"{"type":"array","items":{"type":"Nobody"}}"#, "Undefined schema: Nobody"),
    ];
    for (text, message) in table {
        assert_eq!(refusal(text), message, "{text}");
    }
}

#[test]
fn bad_fields_are_refused_with_the_texts_of_confluent() {
    let table = [
        ("17", "No field name: 17"),
        (r#"{"type":"int"}"#, r#"No field name: {"type":"int"}"#),
        (r#"{"name":"p"}"#, r#"No field type: {"name":"p"}"#),
        (r#"{"name":"p","type":null}"#, "Schema not yet supported: null"),
        (r#"{"name":"p-q","type":"int"}"#, "Illegal character in: p-q"),
        (r#"{"name":"p","type":"int","order":"up"}"#, "No enum constant org.apache.avro.Schema.Field.Order.UP"),
        (r#"{"name":"p","type":"int","aliases":{}}"#, r#"aliases not an array: {"name":"p","type":"int","aliases":{}}"#),
        (
            r#"{"name":"p","type":"long"},{"name":"q","type":"int"},{"name":"p","type":["null"]}"#,
            "Duplicate field p in record R: p type:UNION pos:2 and p type:LONG pos:0.",
        ),
        (
            r#"{"name":"p","type":{"type":"fixed","name":"F","size":1}},{"name":"q","type":{"type":"fixed","name":"F","size":2}}"#,
            "Can't redefine: F",
        ),
        (r#"{"name":"p","type":{"type":"record","name":"R","fields":[]}}"#, "Can't redefine: R"),
    ];
    for (fields, message) in table {
        assert_eq!(refusal(&record(fields)), message, "{fields}");
    }
}

#[test]
fn defaults_are_checked_for_new_schemas_only() {
    let wrong = [
        ("int", r#""7""#),
        ("int", "7.0"),
        ("int", "-2147483649"),
        ("long", "9223372036854775808"),
        ("boolean", "1"),
        ("null", "0"),
        ("string", "7"),
        ("double", "true"),
    ];
    for (ty, default) in wrong {
        let text = record(&format!(r#"{{"name":"p","type":"{ty}","default":{default}}}"#));
        assert_eq!(refusal(&text), format!(r#"Invalid default for field p: {default} not a "{ty}""#));
        let known = read(&text, ParseMode::Lookup).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(known.canonical().contains(default), "{}", known.canonical());
    }
    // only the field's own default may be a number in quotes
    let inside = record(r#"{"name":"p","type":{"type":"array","items":"float"},"default":["NaN"]}"#);
    assert_eq!(refusal(&inside), r#"Invalid default for field p: ["NaN"] not a {"type":"array","items":"float"}"#);
    let right = [
        (r#""long""#, "-9223372036854775808"),
        (r#""float""#, "3"),
        (r#""double""#, r#"" 0x1.8p1 ""#),
        (r#""double""#, r#""-Infinity""#),
        (r#""bytes""#, r#""\u20ac""#),
        (r#"{"type":"enum","name":"E","symbols":["U"]}"#, r#""elsewhere""#),
        (r#"{"type":"fixed","name":"F","size":4}"#, r#""short""#),
        (r#"["null",{"type":"map","values":"int"}]"#, r#"{"k":1}"#),
        (
            r#"{"type":"record","name":"S","fields":[{"name":"u","type":"int"},{"name":"v","type":"int","default":2}]}"#,
            r#"{"u":1,"w":null}"#,
        ),
    ];
    for (ty, default) in right {
        strict(&record(&format!(r#"{{"name":"p","type":{ty},"default":{default}}}"#)));
    }
}

#[test]
fn a_default_may_be_of_a_type_defined_later() {
    let fields = |default: &str| {
        record(&format!(
            r#"{{"name":"p","type":"S","default":{default}}},
               {{"name":"q","type":{{"type":"record","name":"S","fields":[{{"name":"u","type":"int"}}]}}}}"#
        ))
    };
    strict(&fields(r#"{"u":3}"#));
    let message = refusal(&fields(r#"{"u":"x"}"#));
    assert!(message.starts_with(r#"Invalid default for field p: {"u":"x"} not a {"type":"record","name":"S""#), "{message}");
    // a record can't be looked into while it is being read
    let open = record(r#"{"name":"p","type":["null","R"],"default":{}}"#);
    assert_eq!(refusal(&open), "Schema fields not set yet");
    assert_eq!(refusal(&record(r#"{"name":"p","type":"double","default":"one"}"#)), "For input string: \"one\"");
}

#[test]
fn lax_reading_takes_what_may_be_stored() {
    for text in [
        r#"{"type":"record","name":"Größe","fields":[{"name":"wert٣","type":"int"}]}"#,
        r#"{"type":"record","name":"P","namespace":"a-b..c","fields":[]}"#,
        r#"{"type":"record","name":"P","aliases":["not a name"],"fields":[]}"#,
    ] {
        assert!(read(text, ParseMode::New).is_err(), "{text}");
        for mode in [ParseMode::Lookup, ParseMode::Import, ParseMode::Stored] {
            let schema = read(text, mode).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(lax(schema.canonical()).canonical(), schema.canonical());
        }
    }
    for (name, message) in [
        ("😀", "Illegal initial character: 😀"),
        ("a-b", "Illegal character in: a-b"),
        ("٣a", "Illegal initial character: ٣a"),
        ("", "Empty name"),
    ] {
        let text = format!(r#"{{"type":"fixed","name":"{name}","size":1}}"#);
        let error = read(&text, ParseMode::Stored).expect_err(&text);
        assert_eq!(error.message, message);
    }
}

#[test]
fn unusual_texts_are_accepted() {
    for (text, canonical) in [
        ("/* a */ [ \"int\" // b\n ]", r#"["int"]"#),
        ("[]", "[]"),
        (r#"{"type":"enum","name":"E","symbols":[],"default":7}"#, r#"{"type":"enum","name":"E","symbols":[]}"#),
        (r#"{"type":"fixed","name":"F","size":0}"#, r#"{"type":"fixed","name":"F","size":0}"#),
        (r#"{"type":"record","name":"enum","fields":[]}"#, r#"{"type":"record","name":"enum","fields":[]}"#),
        (r#"{"type":"error","name":"n.int","fields":[]}"#, r#"{"type":"error","name":"int","namespace":"n","fields":[]}"#),
        (r#"{"type":"int","type":"long"}"#, r#""long""#),
        (
            r#"[{"type":"fixed","name":"a.X","size":1},{"type":"fixed","name":"b.X","size":1}]"#,
            r#"[{"type":"fixed","name":"X","namespace":"a","size":1},{"type":"fixed","name":"X","namespace":"b","size":1}]"#,
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":-1,"scale":"none"}"#,
            r#"{"type":"bytes","logicalType":"decimal","precision":-1,"scale":"none"}"#,
        ),
    ] {
        assert_eq!(strict(text).canonical(), canonical);
    }
}

#[test]
fn errors_carry_their_place() {
    let text = "{\n  \"type\": \"record\", \"name\": \"R\",\n  \"fields\": [{\"name\": \"p\", \"type\": \"Nobody\"}]\n}";
    let error = read(text, ParseMode::New).expect_err("an unknown name");
    let position = error.position.expect("a position");
    assert_eq!((error.stage, position.line, position.column), (Stage::Parse, 3, 36));
    let error = read("{\"type\":\n bool}", ParseMode::New).expect_err("not JSON");
    assert_eq!((error.stage, error.position.map(|p| (p.line, p.column))), (Stage::Parse, Some((2, 2))));
}
