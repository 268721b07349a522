//! Canonical, normalized and resolved texts.

use super::{lax, record, strict};
use accordant::schema::Format as _;

#[test]
fn attributes_are_put_in_order() {
    let table = [
        (r#"{"type":"boolean"}"#, r#""boolean""#),
        (r#"{"b":1,"type":"long","doc":"gone","a":2}"#, r#"{"type":"long","b":1,"a":2}"#),
        (
            r#"{"size":3,"k":[],"aliases":["b","a","b"],"doc":"","name":"x.y.F","namespace":"ignored","type":"fixed"}"#,
            r#"{"type":"fixed","name":"F","namespace":"x.y","doc":"","size":3,"k":[],"aliases":["b","a"]}"#,
        ),
        (
            r#"{"symbols":["Q","P"],"default":"P","name":"E","type":"enum","aliases":[],"size":1}"#,
            r#"{"type":"enum","name":"E","symbols":["Q","P"],"default":"P"}"#,
        ),
        (
            r#"{"values":{"type":"array","items":"int","default":[1]},"type":"map","name":"gone"}"#,
            r#"{"type":"map","values":{"type":"array","items":"int","default":[1]}}"#,
        ),
        (
            r#"{"name":"R","type":"error","fields":[{"x":1,"aliases":["q"],"order":"IGNORE","default":2,"doc":"d","type":"int","name":"p","namespace":"kept"}],"default":0}"#,
            r#"{"type":"error","name":"R","fields":[{"name":"p","type":"int","doc":"d","default":2,"order":"ignore","aliases":["q"],"x":1,"namespace":"kept"}],"default":0}"#,
        ),
    ];
    for (text, canonical) in table {
        assert_eq!(strict(text).canonical(), canonical);
    }
}

#[test]
fn names_are_written_relative_to_the_enclosing_namespace() {
    let text = r#"{"type":"record","name":"a.b.R","aliases":["int","a.b.Old","c.Other",".Bare"],"fields":[
        {"name":"p","type":{"type":"enum","name":"E","symbols":["U"]}},
        {"name":"q","type":{"type":"record","name":"map","fields":[]}},
        {"name":"r","type":{"type":"fixed","name":"F","namespace":"","size":1}},
        {"name":"s","type":["a.b.E","map","F"]}]}"#;
    let canonical = concat!(
        r#"{"type":"record","name":"R","namespace":"a.b","fields":["#,
        r#"{"name":"p","type":{"type":"enum","name":"E","symbols":["U"]}},"#,
        r#"{"name":"q","type":{"type":"record","name":"map","fields":[]}},"#,
        r#"{"name":"r","type":{"type":"fixed","name":"F","namespace":"","size":1}},"#,
        r#"{"name":"s","type":["E","a.b.map","F"]}],"aliases":["a.b.int","Old","c.Other","Bare"]}"#
    );
    assert_eq!(strict(text).canonical(), canonical);
}

#[test]
fn definitions_move_to_their_first_use() {
    let text = record(
        r#"{"name":"p","type":["null","S"]},{"name":"q","type":{"type":"record","name":"S","doc":"s","fields":[{"name":"r","type":"R"}]}}"#,
    );
    let canonical = record(
        r#"{"name":"p","type":["null",{"type":"record","name":"S","doc":"s","fields":[{"name":"r","type":"R"}]}]},{"name":"q","type":"S"}"#,
    );
    assert_eq!(strict(&text).canonical(), canonical);
}

#[test]
fn of_equal_definitions_the_first_is_written() {
    let text = record(
        r#"{"name":"p","type":{"type":"fixed","name":"F","doc":"first","size":2}},{"name":"q","type":{"type":"fixed","name":"F","doc":"second","size":2,"aliases":["G"]}}"#,
    );
    let canonical = record(r#"{"name":"p","type":{"type":"fixed","name":"F","doc":"first","size":2}},{"name":"q","type":"F"}"#);
    let schema = strict(&text);
    assert_eq!(schema.canonical(), canonical);
    assert!(schema.equivalent(&strict(&canonical)));
}

#[test]
fn numbers_print_as_in_java() {
    let table = [
        ("0", "0"),
        ("-0", "0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1.0", "1.0"),
        ("-0.0", "-0.0"),
        ("9999999.0", "9999999.0"),
        ("1e7", "1.0E7"),
        ("0.001", "0.001"),
        ("0.00099", "9.9E-4"),
        ("5e-324", "4.9E-324"),
        ("2e-323", "2.0E-323"),
        ("1.7976931348623157e308", "1.7976931348623157E308"),
        ("1e23", "1.0E23"),
        ("123456.789", "123456.789"),
        ("-1e999", r#""-Infinity""#),
    ];
    for (number, printed) in table {
        let schema = lax(&format!(r#"{{"type":"int","n":{number}}}"#));
        assert_eq!(schema.canonical(), format!(r#"{{"type":"int","n":{printed}}}"#));
    }
}

#[test]
fn strings_are_escaped_as_little_as_possible() {
    let schema = strict(r#"{"type":"int","k":"\u0001\u001f\b\/\u00e9\ud83d\ude00\u007f\"\\\ud800"}"#);
    assert_eq!(schema.canonical(), "{\"type\":\"int\",\"k\":\"\\u0001\\u001F\\b/é😀\u{7f}\\\"\\\\?\"}");
}

#[test]
fn normalization_sorts_and_converts() {
    let text = r#"{"type":"error","name":"n.R","doc":"","aliases":["z","m.b","a"],"zz":{"b":1,"a":[{"d":1,"c":2}]},"aa":1,"fields":[
        {"name":"p","type":{"type":"bytes","scale":0,"precision":4,"logicalType":"decimal"},"doc":"","default":"x"},
        {"name":"q","type":"float","default":16777217,"aliases":["y","x"]},
        {"name":"r","type":["null",{"type":"map","values":"double"}],"default":{"v":1,"u":2.50}},
        {"name":"s","type":{"type":"int","x":1,"logicalType":"date","a":2}},
        {"name":"t","type":{"type":"string","x":1,"logicalType":"date","a":2}}]}"#;
    let normalized = concat!(
        r#"{"type":"record","name":"R","namespace":"n","fields":["#,
        r#"{"name":"p","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":0},"doc":"","default":"x"},"#,
        r#"{"name":"q","type":"float","default":1.6777216E7,"aliases":["x","y"]},"#,
        r#"{"name":"r","type":["null",{"type":"map","values":"double"}],"default":{"u":2.5,"v":1.0}},"#,
        r#"{"name":"s","type":{"type":"int","logicalType":"date","a":2,"x":1}},"#,
        r#"{"name":"t","type":{"type":"string","a":2,"logicalType":"date","x":1}}],"#,
        r#""aa":1,"zz":{"a":[{"c":2,"d":1}],"b":1},"aliases":["m.b","a","z"]}"#
    );
    let schema = strict(text);
    assert_eq!(schema.normalized().expect("normalized"), normalized);
    assert_eq!(strict(normalized).normalized().expect("normalized"), normalized);
}

#[test]
fn normalization_keeps_what_it_can_not_convert() {
    let text = record(
        r#"{"name":"p","type":"long","default":12345678901234567890},{"name":"q","type":["null","int"],"default":"no"},{"name":"r","type":{"type":"record","name":"S","fields":[]},"default":{"b":1,"a":2}}"#,
    );
    let kept = text.replace(r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#);
    assert_eq!(lax(&text).normalized().expect("normalized"), kept);
}

#[test]
fn default_and_resolved_are_the_only_formats() {
    let schema = strict(r#"{"type":"int"}"#);
    for format in ["", "default", "DEFAULT", "Resolved"] {
        assert_eq!(schema.formatted(format), Some(Ok("\"int\"".to_owned())), "{format}");
    }
    assert_eq!(schema.formatted("avro"), None);
    assert_eq!((schema.name(), schema.root_fields()), (None, vec![]));
    let schema = strict(r#"{"type":"record","name":"a.R","fields":[{"name":"p","type":"int"}]}"#);
    assert_eq!((schema.name(), schema.root_fields()), (Some("a.R".to_owned()), vec!["p".to_owned()]));
}
